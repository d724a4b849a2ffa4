"""Listeners that raise, or are cancelled, while they are told of a step of HTTP/2: nothing that was acquired is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import anyio
import anyio.lowlevel
import h2.exceptions
import pytest

from httpx_transport.testing import Network

from .conftest import Face, Server
from .http2_peer import Speaker, get, network_of, send, speaking
from .test_http2_pool import PRIOR
from .test_http2_pool import Speaker as ThreadSpeaker
from .test_http2_pool import speaking as speaking_in_thread

Serve = Callable[..., Server]
LIMITS: dict[str, Any] = {"max_connections": 1, "timeout": 5.0}
EVENTS = 17  # two of connecting, two of TLS where there is any, and those of the steps


class Heard(Exception):
    """What a listener raises."""


async def answer_each(speaker: Speaker) -> None:
    while stream := await speaker.request():
        await speaker.respond(stream, b"x")


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_listener_that_raises_at_any_event_costs_nothing(warm: bool, method: bytes) -> None:
    told: list[str] = []
    number = 0
    for number in range(30):
        network = network_of(speaking(answer_each, {3: 1}))
        raised = network.run(raise_at(network, number, warm=warm, method=method, told=told))
        assert network.open_streams == []
        if not raised:
            break
    assert number > 8
    assert "http2.receive_response_body.started" in told
    assert warm or "connection.connect_tcp.complete" in told


async def raise_at(network: Network, number: int, *, warm: bool, method: bytes, told: list[str]) -> bool:
    """Let a listener raise at an event; check that nothing is lost, and return whether there was such an event."""
    events = 0

    async def listen(event: str, details: dict[str, Any]) -> None:
        nonlocal events
        events += 1
        if events == number + 1:
            told.append(event)
            raise Heard

    pool = network.pool(http2=True, **LIMITS)
    if warm:
        await get(pool)
    raised = False
    try:
        await get(pool, method=method, body=b"y" if method == b"POST" else b"", extensions={"trace": listen})
    except Heard:
        raised = True
    assert pool.stats()["active"] == 0, told[-1:]
    assert await get(pool, extensions={"timeout": {"pool": 0.0}}) == b"x"
    await pool.aclose()
    return raised


def echo_what_is_wanted(speaker: ThreadSpeaker) -> None:
    """Answer each request with its content, unless it has been given up."""
    while stream := speaker.request():
        with contextlib.suppress(h2.exceptions.ProtocolError):
            speaker.respond(stream, speaker.bodies[stream])


@pytest.mark.parametrize("number", range(EVENTS))
def test_a_listener_that_raises_at_any_event_on_every_face(face: Face, serve: Serve, number: int) -> None:
    server = serve(speaking_in_thread(echo_what_is_wanted))
    heard: list[str] = []

    def listen(event: str, details: dict[str, Any]) -> None:
        heard.append(event)
        if len(heard) == number + 1:
            raise Heard

    async def scenario() -> None:
        async with face.pool(**LIMITS, **PRIOR) as pool:
            try:
                await pool.get(server.port, method=b"POST", body=b"x", extensions={"trace": listen})
            except Heard:
                assert len(heard) > number
            assert pool.pool.stats()["active"] == 0
            assert await pool.get(server.port, method=b"POST", body=b"y") == b"y"

    face.run(scenario)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("number", range(EVENTS))
def test_a_task_that_is_cancelled_in_a_listener_costs_nothing(name: str, serve: Serve, number: int) -> None:
    server, face = serve(speaking_in_thread(echo_what_is_wanted)), Face(name)
    heard: list[str] = []

    async def scenario() -> None:
        async with face.pool(**LIMITS, **PRIOR) as pool:
            with anyio.CancelScope() as scope:

                async def listen(event: str, details: dict[str, Any]) -> None:
                    heard.append(event)
                    if len(heard) == number + 1:
                        scope.cancel()
                        await anyio.lowlevel.checkpoint()

                await pool.get(server.port, method=b"POST", body=b"x", extensions={"trace": listen})
            assert pool.pool.stats()["active"] == 0
            assert await pool.get(server.port, method=b"POST", body=b"y") == b"y"

    face.run(scenario)


class Suspended:
    """What a listener awaits in a task that is collected there."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@pytest.mark.parametrize("event", ["http2.send_request_headers.started", "http2.receive_response_body.started"])
def test_a_task_that_is_collected_in_a_listener_costs_nothing(event: str) -> None:
    network = network_of(speaking(answer_each, {3: 1}))

    async def listen(told: str, details: dict[str, Any]) -> None:
        if told == event:
            await Suspended()

    async def main() -> None:
        pool = network.pool(http2=True, **LIMITS)
        await get(pool)
        extensions = {"trace": listen}
        coming: Any
        if "body" in event:
            _, _, content, _ = await send(pool, extensions=extensions)
            coming = content.__anext__()
        else:
            coming = get(pool, extensions=extensions)
        coming.send(None)
        coming.close()
        assert pool.stats()["active"] == 0
        assert await get(pool, extensions={"timeout": {"pool": 0.0}}) == b"x"
        await pool.aclose()

    network.run(main())
    assert network.open_streams == []


def test_a_listener_may_raise_when_it_is_told_of_a_retry() -> None:
    network = Network()

    def listen(told: str, details: dict[str, Any]) -> None:
        if told == "connection.retry.complete":
            raise Heard

    async def main() -> None:
        pool = network.pool(http2=True, retries=1, **LIMITS)
        with pytest.raises(Heard):
            await get(pool, extensions={"trace": listen})
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())
