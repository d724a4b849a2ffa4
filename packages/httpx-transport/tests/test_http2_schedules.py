"""Thousands of schedules of HTTP/2: random streams, windows, limits, resets, GOAWAYs, faults and cancellations.

The model is short: a request is answered with what it sent, or fails with an error of ours, or was cancelled; and when all
have ended, the pool holds nothing.
"""

from __future__ import annotations

import random
from typing import Any

import h2.events
import h2.exceptions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_transport import TransportError
from httpx_transport.testing import Cancelled, Faults, Network

from .http2_peer import OK, Speaker, network_of, send, speaking
from .simulation import Chunks

KINDS = ("answer", "answer", "answer", "slow", "trailers", "reset", "refuse", "goaway", "stall", "end", "garbage")


def server_of(dice: random.Random, unruly: bool) -> Any:
    """Return a script that answers each request in a way of its own."""

    async def play(speaker: Speaker) -> None:
        acknowledged = 0
        while (event := await speaker.next(h2.events.StreamEnded, h2.events.SettingsAcknowledged)) is not None:
            if isinstance(event, h2.events.SettingsAcknowledged):
                acknowledged += 1
                continue
            stream = event.stream_id
            if unruly and acknowledged > 0 and dice.random() < 0.3:  # h2 takes the first answer for the last question's
                acknowledged -= 1
                speaker.h2.update_settings({3: dice.choice((0, 1, 5, 100))})
                await speaker.flush()
            if speaker.h2.streams.get(stream) is None or speaker.h2.streams[stream].closed:
                continue
            kind = dice.choice(KINDS) if unruly else "answer"
            content = b"%d:" % len(speaker.bodies.get(stream, b"")) + bytes(dice.choice((0, 10, 40_000)))
            try:
                await act(speaker, kind, stream, content)
            except h2.exceptions.ProtocolError:
                continue  # the client has given the stream up meanwhile
            if kind in ("end", "garbage", "goaway"):
                return

    async def act(speaker: Speaker, kind: str, stream: int, content: bytes) -> None:
        if kind == "slow":
            await speaker.peer.sleep(dice.random() * 3)
        if kind in ("reset", "refuse"):
            speaker.h2.reset_stream(stream, 7 if kind == "refuse" else 2)
            await speaker.flush()
        elif kind == "goaway":
            last = dice.choice((0, stream, 2**31 - 1))
            await speaker.peer.send(b"\0\0\x08\x07\0\0\0\0\0" + last.to_bytes(4, "big") + bytes(4))
            if last >= stream:
                await speaker.respond(stream, content)
            speaker.peer.half_close()
        elif kind == "end":
            speaker.peer.half_close()
        elif kind == "garbage":
            await speaker.peer.send(dice.randbytes(40))
        elif kind != "stall":
            await speaker.respond(stream, content, trailers=[(b"x-end", b"1")] if kind == "trailers" else ())

    limits = {3: dice.choice((1, 2, 100)), 4: dice.choice((65_535, 1_000_000))}  # h2 enforces less at once

    async def bear(speaker: Speaker) -> None:
        try:
            await play(speaker)
        except h2.exceptions.TooManyStreamsError:  # h2 as a server minds streams that were opened before it said so
            raise ConnectionAbortedError from None

    return speaking(bear, limits)


async def one(network: Network, pool: Any, dice: random.Random, hurried: bool) -> str:
    """Send a request; return how it ended."""
    size = dice.choice((0, 1, 5_000, 90_000))
    body: Any = bytes(size) if dice.random() < 0.7 else Chunks(network, bytes(size // 2), bytes(size - size // 2))
    method = dice.choice((b"GET", b"POST"))
    timeouts = {"connect": 20.0, "pool": 20.0, "total": 4.0 if hurried and dice.random() < 0.5 else None}
    try:
        status, _, content, _ = await send(pool, method=method, body=body, extensions={"timeout": timeouts})
        assert status == 200
        if dice.random() < 0.1:
            await content.aclose()
            return "given up"
        received = b"".join([chunk async for chunk in content])
    except TransportError as error:
        return type(error).__name__ if "a.test:443" in str(error) else f"no place in {error}"
    assert received.startswith(b"%d:" % size)
    return "answered"


def trial(seed: int, faults: Faults, *, unruly: bool = True, cancel: bool = True) -> list[str]:
    """Let ten requests run; return how they ended."""
    dice = random.Random(seed)
    network = network_of(server_of(dice, unruly), seed=seed, faults=faults)
    ends: list[str] = []

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=dice.choice((1, 2, 10)))
        tasks = []
        for _ in range(10):
            when = dice.randrange(1, 30) if cancel and dice.random() < 0.3 else None
            late = dice.random() < 0.5
            tasks.append(network.start(one(network, pool, dice, unruly), cancel_at=when, cancel_late=late))
            await network.sleep(dice.choice((0, 0, 0.5)))
        for task in tasks:
            try:
                ends.append(await task)
            except Cancelled:
                ends.append("cancelled")
        stats = pool.stats()
        assert (stats["active"], stats["waiting"]) == (0, 0)
        await pool.aclose()
        assert network.open_streams == []

    network.run(main())
    return ends


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_every_request_ends_and_the_pool_is_whole(seed: int) -> None:
    trial(seed, Faults(delay=0.2, split=0.4, reset=0.01, half_close=0.01))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_without_faults_every_request_is_answered(seed: int) -> None:
    assert set(trial(seed, Faults(delay=0.2, split=0.4), unruly=False, cancel=False)) <= {"answered", "given up"}


def test_the_trials_see_everything() -> None:
    seen = {end for seed in range(120) for end in trial(seed, Faults(split=0.3))}
    assert {"answered", "given up", "cancelled", "RemoteProtocolError", "ReadTimeout"} <= seen


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("held", [False, True])
def test_cancelled_at_any_wait_an_exchange_gives_back_what_it_holds(late: bool, held: bool) -> None:
    """First alone, then where another request makes the connection, and a third waits for it."""
    step = 0
    while True:
        step += 1
        network = network_of(speaking(answer), faults=Faults(delay=0.5))
        cancelled: list[bool] = []

        async def main(step: int, network: Network, cancelled: list[bool]) -> None:
            pool = network.pool(http2=True, max_connections=1)
            others = [network.start(send(pool, method=b"POST", body=b"x"))] if held else []
            body = Chunks(network, b"x" * 40_000, b"y" * 40_000)
            task = network.start(read_all(pool, body), cancel_at=step, cancel_late=late)
            others.append(network.start(send(pool, method=b"POST", body=b"z")))
            try:
                await task
            except Cancelled:
                cancelled.append(True)
            for other in others:
                _, _, content, _ = await other
                await content.aclose()
            assert pool.stats()["active"] == 0
            _, _, content, _ = await send(pool)
            await content.aclose()
            await pool.aclose()

        network.run(main(step, network, cancelled))
        assert network.open_streams == []
        if not cancelled:
            break
    assert step > 5


async def answer(speaker: Speaker) -> None:
    while stream := await speaker.request():
        await speaker.respond(stream, b"x" * 10, OK)


async def read_all(pool: Any, body: Any) -> bytes:
    _, _, content, _ = await send(pool, method=b"POST", body=body)
    return b"".join([chunk async for chunk in content])
