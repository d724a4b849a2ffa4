"""Requests that a peer refuses (REFUSED_STREAM, RFC 9113 §8.7): they are sent again, for as long as that may lead anywhere."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import h2.events
import pytest

from httpx_transport import PoolTimeout, RemoteProtocolError
from httpx_transport._pool import _http2_pool
from httpx_transport.testing import Faults, Network

from .conftest import Face, Server
from .http2_peer import Speaker, answer_all, get, network_of, speaking
from .test_http2_pool import PRIOR
from .test_http2_pool import Speaker as ThreadSpeaker
from .test_http2_pool import speaking as speaking_in_thread

Serve = Callable[..., Server]
REFUSED = 7


def limit_of(streams: int) -> bytes:
    """Return SETTINGS that say how many streams there may be."""
    return b"\0\0\x06\x04\0\0\0\0\0\0\x03" + streams.to_bytes(4, "big")


async def refuse(speaker: Speaker, stream: int) -> None:
    speaker.h2.reset_stream(stream, REFUSED)
    await speaker.flush()


@pytest.mark.parametrize("max_connections", [1, 2, 10])
@pytest.mark.parametrize("seed", range(5))
def test_many_tasks_are_answered_by_a_server_that_keeps_refusing_and_changes_its_limit(
    max_connections: int, seed: int
) -> None:
    dice = random.Random(seed)
    counts = {"answered": 0, "refused": 0}

    async def play(speaker: Speaker) -> None:
        while (event := await speaker.next(h2.events.StreamEnded)) is not None:
            if dice.random() < 0.3:
                await speaker.peer.send(limit_of(dice.choice((1, 2, 5, 20))))
            if (counts["answered"] + counts["refused"]) % 5:
                counts["refused"] += 1
                await refuse(speaker, event.stream_id)
            else:
                counts["answered"] += 1
                await speaker.respond(event.stream_id, b"ok")

    network = network_of(speaking(play, {3: 20}), seed=seed)

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=max_connections, timeout=60.0)
        posts = [get(pool, method=b"POST", body=b"x") for _ in range(15)]
        assert await network.gather(*[get(pool) for _ in range(15)], *posts) == [b"ok"] * 30
        stats = pool.stats()
        assert (stats["active"], stats["waiting"]) == (0, 0)
        await pool.aclose()

    network.run(main())
    assert counts["answered"] == 30
    assert counts["refused"] > 100


@pytest.mark.parametrize("refusals", [11, 12])
def test_one_request_is_sent_twelve_times(refusals: int) -> None:
    seen = {"refused": 0}

    async def play(speaker: Speaker) -> None:
        while stream := await speaker.request():
            if seen["refused"] < refusals:
                seen["refused"] += 1
                await refuse(speaker, stream)
            else:
                await speaker.respond(stream, b"ok")

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True, timeout=None)
        if refusals < 12:
            assert await get(pool, method=b"POST", body=b"x") == b"ok"
        else:
            with pytest.raises(RemoteProtocolError, match="REFUSED_STREAM"):
                await get(pool, method=b"POST", body=b"x")
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())
    assert network.now == pytest.approx(0.02 + 0.04 + 0.08 + 0.16 + 0.32 + 0.64 + 1.0, abs=0.1)


def holding_the_first(seconds: float) -> Network:
    """Return a network whose server answers the first request late, refuses all others until then, and answers later ones."""
    state = {"held": False, "answered": False}

    async def answer_late(speaker: Speaker, stream: int) -> None:
        await speaker.peer.sleep(seconds)
        state["answered"] = True
        await speaker.respond(stream, b"held")

    async def play(speaker: Speaker) -> None:
        while stream := await speaker.request():
            if not state["held"]:
                state["held"] = True
                network.start(answer_late(speaker, stream))
            elif state["answered"]:
                await speaker.respond(stream, b"later")
            else:
                await refuse(speaker, stream)

    network = network_of(speaking(play, {3: 10}))
    return network


def test_a_server_that_is_busy_is_given_time_to_answer() -> None:
    network = holding_the_first(10)

    async def main() -> None:
        pool = network.pool(http2=True, timeout=20.0)
        held = network.start(get(pool))
        await network.sleep(1)
        assert await get(pool) == b"later"
        assert await held == b"held"
        assert network.now == pytest.approx(10, abs=0.1)
        await pool.aclose()

    network.run(main())


def test_the_time_to_wait_for_a_busy_server_is_the_one_for_the_pool() -> None:
    network = holding_the_first(10)

    async def main() -> None:
        pool = network.pool(http2=True, timeout=20.0)
        held = network.start(get(pool))
        await network.sleep(1)
        with pytest.raises(PoolTimeout, match=r"the server refused the request 5 times .waiting to reach a.test:443"):
            await get(pool, extensions={"timeout": {"read": 20.0, "pool": 2.0}})
        assert network.now == pytest.approx(3, abs=0.1)
        assert await held == b"held"
        assert await get(pool) == b"later"
        await pool.aclose()

    network.run(main())


def test_a_connection_that_is_made_and_full_is_waited_for_as_the_pool_is() -> None:
    async def slow(speaker: Speaker) -> None:
        stream = await speaker.request()
        await speaker.peer.sleep(3)
        await speaker.respond(stream, b"slow")
        await answer_all(speaker)

    network = network_of(speaking(slow, {3: 1}), faults=Faults(delay=1.0, longest=0.1))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        timeouts = {"connect": 1.0, "pool": 10.0}
        third = get(pool, extensions={"timeout": timeouts})
        assert await network.gather(get(pool), get(pool), third) == [b"slow", b"1-3:", b"1-5:"]
        await pool.aclose()

    network.run(main())


class Threaded:
    """A server that answers one request of so many, whatever connections they come on."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.lock = threading.Lock()
        self.requests = 0

    def play(self, speaker: ThreadSpeaker) -> None:
        while stream := speaker.request():
            with self.lock:
                self.requests += 1
                answers = self.requests % self.every == 1
            if answers:
                speaker.respond(stream, b"ok")
            else:
                speaker.h2.reset_stream(stream, REFUSED)
                speaker.flush()


async def together(face: Face, works: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Do several things at once: in threads, or in tasks."""
    if face.name == "blocking":
        threads = [threading.Thread(target=face.run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        async with anyio.create_task_group() as tasks:
            for work in works:
                tasks.start_soon(work)


@pytest.mark.parametrize("max_connections", [1, 3])
def test_requests_at_once_that_are_refused_are_all_answered(
    face: Face, serve: Serve, max_connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http2_pool, "_PAUSE", 0.0)
    served = Threaded(6)
    server = serve(speaking_in_thread(served.play))
    answers: list[bytes] = []

    async def scenario() -> None:
        async with face.pool(max_connections=max_connections, timeout=30, **PRIOR) as pool:

            async def work() -> None:
                answers.append(await pool.get(server.port, method=b"POST", body=b"x"))

            await together(face, [work] * 8)
            assert pool.pool.stats()["active"] == 0

    face.run(scenario)
    assert answers == [b"ok"] * 8
    assert served.requests > 40


def test_the_answers_of_a_thousand_origins_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http2_pool, "_REMEMBERED", 2)
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True)
        for name in ("one", "two", "two", "three"):
            await get(pool, extensions={"sni_hostname": name})
        assert list(pool._pool._answers.values()) == [1]  # type: ignore[union-attr]
        await pool.aclose()

    network.run(main())
