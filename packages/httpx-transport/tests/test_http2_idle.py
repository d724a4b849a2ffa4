"""HTTP/2 connections that nobody uses: what a peer says meanwhile is answered, and one that is gone is noticed."""

from __future__ import annotations

import functools
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import h2.events
import pytest
import trio
import trio.testing

from httpx_transport import AsyncConnectionPool
from httpx_transport._extensions import read_options
from httpx_transport._pool._attendance import _look
from httpx_transport._pool._channel import Channel
from httpx_transport.testing import Network

from .conftest import Face, Server, TestPool
from .frames import Attacker, raw
from .http2_peer import OK, Speaker, answer_all, get, network_of, send, speaking
from .test_http2_connection import ORIGIN, Pipe, over
from .test_http2_pool import PRIOR, echo
from .test_http2_pool import Speaker as SocketSpeaker
from .test_http2_pool import speaking as speaking_on_sockets

Serve = Callable[..., Server]


@pytest.fixture(params=["asyncio", "trio"])
def loop_face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)


async def note_pings(network: Network, speaker: Speaker, pings: list[float]) -> None:
    """Answer whatever asks whether somebody is there."""
    while await speaker.next(h2.events.PingReceived) is not None:
        pings.append(network.now)


def test_a_silent_peer_is_asked_now_and_then() -> None:
    pings: list[float] = []

    async def play(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"x")
        await note_pings(network, speaker, pings)

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        await get(pool)
        await network.sleep(61)
        assert pool.stats()["idle"] == 1
        await pool.aclose()
        await network.sleep(60)

    network.run(main())
    assert pings == [10.0, 25.0, 40.0, 55.0]
    assert network.connections == 1


def test_a_peer_that_does_not_answer_is_given_up_before_anybody_needs_it() -> None:
    async def fall_asleep(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"x")
        await speaker.peer.sleep(1_000)

    network = network_of(speaking(fall_asleep))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        assert await get(pool) == b"x"
        await network.sleep(14.9)
        assert pool.stats()["idle"] == 1
        await network.sleep(0.2)
        assert pool.stats()["connections"] == 0
        assert network.open_streams == []
        assert await get(pool, method=b"POST") == b"x"
        await pool.aclose()

    network.run(main())
    assert network.now == pytest.approx(15.1)


def test_pings_and_settings_are_answered_while_nobody_uses_the_connection() -> None:
    answered: list[tuple[str, float]] = []

    async def ask(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"x")
        await speaker.peer.sleep(1)
        speaker.h2.ping(b"12345678")
        speaker.h2.update_settings({3: 7})
        for _ in range(2):
            event = await speaker.next(h2.events.PingAckReceived, h2.events.SettingsAcknowledged)
            answered.append((type(event).__name__, network.now))
        await answer_all(speaker)

    network = network_of(speaking(ask))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        await get(pool)
        await network.sleep(6)
        assert await get(pool) == b"1-3:"
        await pool.aclose()

    network.run(main())
    # The acknowledgement of the first settings came with the request.
    assert ("PingAckReceived", 5.0) in answered


def test_goaway_ends_an_idle_connection() -> None:
    async def leave(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"%d" % speaker.peer.number)
        await speaker.peer.sleep(1)
        await speaker.peer.send(raw(0x7, 0, 0, bytes(8)))
        await speaker.peer.sleep(1_000)

    network = network_of(speaking(leave))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        assert await get(pool) == b"1"
        await network.sleep(4)
        assert pool.stats()["idle"] == 1
        await network.sleep(2)
        assert pool.stats()["connections"] == 0
        await pool.aclose()

    network.run(main())


def test_a_connection_that_is_used_is_left_to_its_users() -> None:
    pings: list[float] = []

    async def play(speaker: Speaker) -> None:
        first = await speaker.request()
        await speaker.respond(first, b"x")
        second = await speaker.request()
        await speaker.peer.sleep(100)
        await speaker.respond(second, b"y")
        await note_pings(network, speaker, pings)

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        assert await get(pool) == b"x"
        await network.sleep(2)
        assert await get(pool, extensions={"timeout": {"read": None}}) == b"y"
        assert pings == []
        await pool.aclose()

    network.run(main())
    assert network.connections == 1


def test_one_that_was_used_again_has_its_time_from_then_on() -> None:
    pings: list[float] = []

    async def play(speaker: Speaker) -> None:
        for _ in range(2):
            await speaker.respond(await speaker.request(), b"x")
        await note_pings(network, speaker, pings)

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        await get(pool)
        await network.sleep(4)
        await get(pool)
        await network.sleep(11)
        await pool.aclose()

    network.run(main())
    assert pings == [14.0]


def test_an_event_loop_that_is_told_answers_at_once(serve: Serve) -> None:
    """Also while a response that nobody reads is open."""
    answers: list[Any] = []
    answered = threading.Event()

    def ask(speaker: SocketSpeaker) -> None:
        for content in (b"x", b""):
            stream = speaker.request()
            if content:
                speaker.respond(stream, content)
            else:
                speaker.h2.send_headers(stream, [(b":status", b"200")])
            speaker.h2.ping(b"12345678")
            speaker.flush()
            answers.append(speaker.next(h2.events.PingAckReceived).ping_data)
            answered.set()
        speaker.h2.close_connection()
        speaker.flush()
        speaker.peer.sock.recv(65_536)  # the client's end
        answered.set()

    server = serve(speaking_on_sockets(ask))

    async def scenario() -> None:
        async with Face("asyncio").pool(keepalive_expiry=None, **PRIOR) as pool:
            assert await pool.get(server.port) == b"x"
            await anyio.to_thread.run_sync(answered.wait)
            answered.clear()
            url = (b"http", b"127.0.0.1", server.port, b"/")
            assert isinstance(pool.pool, AsyncConnectionPool)
            _, _, body, _ = await pool.pool.handle_async_request(b"GET", url, [(b"Host", b"a")], b"", {})
            await anyio.to_thread.run_sync(answered.wait)
            answered.clear()
            await body.aclose()
            await anyio.to_thread.run_sync(answered.wait)

    Face("asyncio").run(scenario)
    assert answers == [b"12345678"] * 2


def test_trio_looks_when_it_is_time(serve: Serve) -> None:
    asked, answered = threading.Event(), threading.Event()

    def ask(speaker: SocketSpeaker) -> None:
        speaker.respond(speaker.request(), b"x")
        speaker.h2.ping(b"12345678")
        speaker.flush()
        asked.set()
        speaker.next(h2.events.PingAckReceived)
        answered.set()
        echo(speaker)

    server = serve(speaking_on_sockets(ask))
    clock = trio.testing.MockClock()

    async def main() -> None:
        async with AsyncConnectionPool(keepalive_expiry=None, **PRIOR) as pool:
            assert await TestPool(pool).get(server.port) == b"x"
            await anyio.to_thread.run_sync(asked.wait)
            clock.jump(5.1)
            await anyio.to_thread.run_sync(answered.wait)

    trio.run(main, clock=clock)


def test_a_pool_that_was_forgotten_is_not_kept_for_it(loop_face: Face, serve: Serve) -> None:
    closed = threading.Event()

    def play(speaker: SocketSpeaker) -> None:
        echo(speaker)
        closed.set()

    server = serve(speaking_on_sockets(play))

    async def scenario() -> None:
        pool = TestPool(AsyncConnectionPool(keepalive_expiry=0.01, **PRIOR))
        assert await pool.get(server.port) == b""
        alive = weakref.ref(pool.pool)
        del pool
        await anyio.to_thread.run_sync(closed.wait)
        gc.collect()
        assert alive() is None

    loop_face.run(scenario)


def test_what_has_come_is_left_to_who_reads() -> None:
    connection = over(Pipe(Attacker().settings()))
    connection._led = True
    connection._overhear()
    assert not connection.known
    connection._led = False
    assert connection.attend()
    assert connection.known


def test_what_breaks_while_nobody_waits_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bytes:
        raise ConnectionResetError("gone")

    pipe = Pipe()
    connection = over(pipe)
    monkeypatch.setattr(pipe, "receive", broken)
    assert not connection.attend()
    assert connection.dead


def test_nobody_looks_for_a_pool_that_is_gone() -> None:
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        await get(pool)
        inside: Any = pool._pool
        attendance = weakref.ref(inside._sharing._attendance)
        del inside
        look = functools.partial(_look, attendance)
        await pool.aclose()
        del pool
        gc.collect()
        assert attendance() is None
        look()

    network.run(main())


def test_a_newcomer_need_not_wait_for_the_news_that_there_are_more_streams() -> None:
    connection = over(Pipe(Attacker().settings({3: 2})))
    channel = Channel(ORIGIN)
    lease: Any = object()
    channel.add(connection, lease)
    assert channel.join(None) is connection
    assert channel.join(None) is None, "one stream until the peer has said more"
    assert connection.attend()
    assert channel.join(connection) is None
    assert channel.join(None) is connection
    assert channel.join(None) is None


def test_news_that_another_thread_has_left_is_looked_at_by_the_next_request() -> None:
    async def begin(speaker: Speaker) -> None:
        speaker.h2.send_headers(await speaker.request(), OK)
        await speaker.flush()

    network = network_of(speaking(begin))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, content, _ = await send(pool)
        inside: Any = pool._pool
        sharing = inside._sharing
        shared = next(iter(sharing._channels.values())).leases.copy().popitem()[0]
        sharing._news.append(shared)
        found = await sharing.obtain(shared.connection.origin, read_options({}, None), None, None)
        assert found is shared
        assert not sharing._news
        found.unreserve()
        await content.aclose()
        await pool.aclose()

    network.run(main())


def test_a_response_that_is_left_after_its_connection_was_closed_is_no_error() -> None:
    connection = over(Pipe(Attacker().settings()))
    connection.promise()
    stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True)
    assert stream is not None
    connection.goodbye()
    connection.abandon(stream)
    connection._backend.catch_up()
    assert connection.unused()
