"""The pool under hundreds of schedules: whatever goes wrong, whoever is cancelled, nothing is lost and nothing is wrong."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_transport import ReadError, TransportError
from httpx_transport.testing import Faults, Network, Peer, SimulatedPool, Task, answer

from .simulation import Chunks, echo, fetch, full, network_of

SIZE: Final = 3  # connections of the pool
REQUESTS: Final = 15


Heard = Counter[bytes]
"""How often which target has been heard of by a server."""


async def plain(heard: Heard, peer: Peer) -> None:
    """Answer each request."""
    while (request := await peer.request()) is not None:
        heard[request.target] += 1
        await peer.send(echo(request))


async def in_chunks(heard: Heard, peer: Peer) -> None:
    """Answer in chunks of seven bytes, with the beginning of the content only."""
    while (request := await peer.request()) is not None:
        heard[request.target] += 1
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        content = request.target + b":" + request.content[:100]
        for start in range(0, len(content), 7):
            chunk = content[start : start + 7]
            await peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await peer.send(b"0\r\n\r\n")


async def closing(heard: Heard, peer: Peer) -> None:
    """Answer one request, and close without having said so."""
    if (request := await peer.request()) is not None:
        heard[request.target] += 1
        await peer.send(echo(request))


async def hasty(heard: Heard, peer: Peer) -> None:
    """Answer before the content has been read, and go."""
    if (request := await peer.head()) is not None:
        heard[request.target] += 1
        await peer.send(echo(request))


async def early(heard: Heard, peer: Peer) -> None:
    """Answer before the content has been read, read it, and go on."""
    while (request := await peer.head()) is not None:
        heard[request.target] += 1
        await peer.send(echo(request))
        await peer.content(request)


SERVERS: Final = {
    b"plain.test": plain,
    b"chunks.test": in_chunks,
    b"closing.test": closing,
    b"hasty.test": hasty,
    b"early.test": early,
}


class Trial:
    """Many requests through a small pool in a network of that seed."""

    def __init__(self, seed: int, rate: float) -> None:
        self.network = Network(seed, Faults.mixed(rate))
        self.heard = Heard()
        for host, script in SERVERS.items():
            self.network.serve(host.decode(), 80, functools.partial(script, self.heard))
            self.network.serve(host.decode(), 443, functools.partial(script, self.heard))
        self.pool = self.network.pool(
            max_connections=SIZE, max_keepalive_connections=2, keepalive_expiry=1.0, timeout=2.0
        )
        self.outcomes: list[str] = []

    async def request(self, number: int) -> None:
        """Send one request; its end is the whole right answer or a TransportError."""
        host = list(SERVERS)[number % len(SERVERS)]
        content = b"%d" % number * (200_000 if number % 3 == 0 else 1)
        target = b"/%d" % number
        if number % 2:
            headers, body = [(b"Content-Length", b"%d" % len(content))], content
        else:
            headers, body = [(b"Transfer-Encoding", b"chunked")], Chunks(self.network, content[:2], content[2:])  # type: ignore[assignment]
        scheme, method = b"https" if number % 3 == 0 else b"http", b"POST" if number % 2 else b"PUT"
        try:
            got = await fetch(self.pool, host, method=method, scheme=scheme, target=target, headers=headers, body=body)
        except TransportError as error:
            self.outcomes.append(type(error).__name__)
        else:
            told = {b"hasty.test": b"", b"early.test": b"", b"chunks.test": content[:100]}.get(host, content)
            assert got == target + b":" + told
            self.outcomes.append("answered")

    async def all(self, cancel_at: int, late: bool, close_at: float | None) -> list[Task[None]]:
        """Send all requests, every other cancelled at a step of its own; return their tasks, ended."""
        tasks = []
        for number in range(REQUESTS):
            step = (cancel_at + number) % 13 + 1 if cancel_at and number % 2 else None
            tasks.append(self.network.start(self.request(number), cancel_at=step, cancel_late=late))
            await self.network.sleep(0.05 * (number % 3))
        if close_at is not None:
            await self.network.sleep(close_at)
            await self.pool.aclose()
        for task in tasks:
            await task.ended()
        return tasks

    def check(self) -> None:
        """Nothing is left open that is not idle, and as many requests as allowed go through at once, without waiting."""
        assert len(self.network.open_streams) <= 2
        self.network.faults = Faults()
        self.network.run(self.network.sleep(2))  # what is idle expires
        assert self.network.run(full(self.network, self.pool, SIZE)) == [b"/:"] * SIZE
        self.network.run(self.pool.aclose())
        assert self.network.open_streams == []


def trial(seed: int, rate: float, cancel_at: int, late: bool, close_at: float | None) -> Trial:
    """Run a trial to its end."""
    made = Trial(seed, rate)
    tasks = made.network.run(made.all(cancel_at, late, close_at))
    for task in tasks:
        if not task.cancelled:
            task.result()
    assert len(made.outcomes) == REQUESTS - sum(task.cancelled for task in tasks)
    for target, times in made.heard.items():
        assert times <= (1 if int(target[1:]) % 2 else 2)  # a POST is never sent again, a PUT once
    return made


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.0, 0.01, 0.03, 0.1]),
    cancel_at=st.integers(0, 12),
    late=st.booleans(),
)
def test_every_request_ends_and_the_pool_is_whole(seed: int, rate: float, cancel_at: int, late: bool) -> None:
    trial(seed, rate, cancel_at, late, None).check()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), close_at=st.floats(0, 1), cancel_at=st.integers(0, 12), late=st.booleans())
def test_a_pool_closed_at_any_time_leaves_nothing_open(seed: int, close_at: float, cancel_at: int, late: bool) -> None:
    assert trial(seed, 0.03, cancel_at, late, close_at).network.open_streams == []


def test_the_trials_see_answers_and_every_kind_of_error() -> None:
    seen = {outcome for seed in range(40) for outcome in trial(seed, 0.05, 0, False, None).outcomes}
    assert seen >= {
        "answered",
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ReadError",
        "ReadTimeout",
        "RemoteProtocolError",
    }


def test_the_same_seed_is_the_same_schedule() -> None:
    runs = [trial(seed, 0.05, 3, True, None) for seed in (5, 5, 6)]
    assert runs[0].network.log == runs[1].network.log
    assert runs[0].outcomes == runs[1].outcomes
    assert runs[0].network.log != runs[2].network.log


def test_without_faults_and_cancellations_every_request_is_answered() -> None:
    assert trial(0, 0.0, 0, False, None).outcomes == ["answered"] * REQUESTS


@pytest.mark.parametrize(("method", "most"), [(b"POST", 1), (b"PUT", 2)])
@pytest.mark.parametrize("phase", range(3))
def test_only_what_does_no_harm_twice_is_heard_twice(method: bytes, most: int, phase: int) -> None:
    heard = Heard()

    async def abrupt(peer: Peer) -> None:
        """Break the connection at every third request, without an answer."""
        while (request := await peer.request()) is not None:
            heard[request.target] += 1
            if heard.total() % 3 == phase:
                return peer.reset()
            await peer.send(echo(request))
        return None

    network = network_of(abrupt)
    pool = network.pool()
    failed = []
    for number in range(6):
        try:
            network.run(fetch(pool, method=method, target=b"/%d" % number))
        except ReadError:
            failed.append(number)
    assert heard[b"/0"] == 1  # on a fresh connection nothing is sent again
    assert max(heard.values()) == most
    assert (0 in failed) == (phase == 1)
    assert len(failed) == (2 if method == b"POST" else phase == 1)


# Cancelled at each of its waits, an exchange gives back what it holds.


async def uploading(network: Network, pool: SimulatedPool) -> bytes:
    content = bytes(200_000)
    headers = [(b"Content-Length", b"%d" % len(content))]
    return await fetch(pool, method=b"PUT", scheme=b"https", headers=headers, body=Chunks(network, content, b""))


async def downloading(network: Network, pool: SimulatedPool) -> bytes:
    return await fetch(pool, target=b"/" + b"x" * 50_000)


async def queueing(network: Network, pool: SimulatedPool) -> bytes:
    """Wait for a slot behind others, of whom some will have to wait as well."""
    others = [network.start(fetch(pool, target=b"/other%d" % number)) for number in range(SIZE + 1)]
    try:
        await network.sleep(0)
        return await fetch(pool)
    finally:
        for other in others:
            await other.ended()


async def again(network: Network, pool: SimulatedPool) -> bytes:
    """Meet a connection that the server is closing, and be sent once more."""
    await fetch(pool, b"closing.test")
    return await fetch(pool, b"closing.test")


SCENARIOS: Final = [uploading, downloading, queueing, again]


def slow_network() -> Network:
    """Return a network where everything takes its time, and comes in pieces."""
    network = network_of(answer(echo), seed=1, faults=Faults(delay=1.0, split=1.0, longest=0.01))
    network.serve("closing.test", 80, functools.partial(closing, Heard()))
    return network


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_cancelled_at_any_wait_an_exchange_gives_back_what_it_holds(scenario: Any, late: bool) -> None:
    def attempt(step: int | None) -> Task[bytes]:
        network = slow_network()
        pool = network.pool(max_connections=SIZE, timeout=None)

        async def main() -> Task[bytes]:
            task = network.start(scenario(network, pool), cancel_at=step, cancel_late=late)
            await task.ended()
            return task

        task = network.run(main())
        network.faults = Faults()
        assert network.run(full(network, pool, SIZE)) == [b"/:"] * SIZE
        network.run(pool.aclose())
        assert network.open_streams == []
        return task

    whole = attempt(None)
    assert whole.result().startswith(b"/")
    assert whole.steps > 3
    for step in range(1, whole.steps + 1):
        task = attempt(step)
        assert (task.cancelled, task.steps >= step) == (True, True)
