"""Proxies in a simulated network: one deadline for all handshakes, and nothing left behind, wherever it ends."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_transport import ConnectTimeout, ProxyError, TransportError
from httpx_transport.testing import Faults, Network, Peer, SimulatedPool, Task

from .simulation import echo, fetch

CHALLENGE: Final = b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n\r\n'
GRANTED: Final = b"HTTP/1.1 200 OK\r\n\r\n"


async def socks5(peer: Peer) -> str:
    """Grant a connection by SOCKS 5, with a password; return for whom."""
    _, count = await peer.read_exactly(2)
    assert 2 in await peer.read_exactly(count)
    await peer.send(b"\5\2")
    _, size = await peer.read_exactly(2)
    await peer.read_exactly(size)
    await peer.read_exactly((await peer.read_exactly(1))[0])
    await peer.send(b"\1\0")
    assert await peer.read_exactly(4) == b"\5\1\0\3"
    name = await peer.read_exactly((await peer.read_exactly(1))[0])
    port = int.from_bytes(await peer.read_exactly(2), "big")
    await peer.send(b"\5\0\0\1\0\0\0\0\0\0")
    return f"{name.decode()}:{port}"


async def connect(peer: Peer, answer: bytes = GRANTED) -> str | None:
    """Answer a CONNECT; return whom it is for, None where the client has gone."""
    request = await peer.request()
    if request is None:
        return None
    assert request.method == b"CONNECT"
    await peer.send(answer)
    return request.target.decode()


async def serve(peer: Peer) -> None:
    """Answer as the target."""
    while (request := await peer.request()) is not None:
        await peer.send(echo(request))


async def chain(peer: Peer) -> None:
    """Play an https proxy, a SOCKS proxy behind it, an http proxy that wants Digest behind that, and the target."""
    if await connect(peer) is None:
        return
    assert await socks5(peer) == "third.test:3128"
    request = await peer.request()
    if request is None:
        return
    if b"Digest" not in (request.field(b"Proxy-Authorization") or b""):
        await peer.send(CHALLENGE)
        return
    await peer.send(GRANTED)
    assert request.target in (b"a.test:443", b"full.test:80")
    await serve(peer)


CHAIN: Final[Any] = [
    "https://first.test",
    "socks5h://u:p@second.test",
    {"url": "http://u:p@third.test:3128", "digest": True, "tunnel": True},
]


def network_with(script: Any, **options: Any) -> Network:
    network = Network(**options)
    network.serve("first.test", 443, script)
    network.serve("first.test", 80, script)
    return network


def test_a_chain_with_tls_in_tls() -> None:
    network = network_with(chain)
    pool = network.pool(proxy=CHAIN)
    assert network.run(fetch(pool, scheme=b"https", target=b"/1")) == b"/1:"
    assert network.run(fetch(pool, scheme=b"https", target=b"/2")) == b"/2:"
    assert network.connections == 2  # the first was asked for Digest
    assert [line.partition(" ")[2] for line in network.log if "TLS for" in line] == [
        "TLS for first.test on connection 1",
        "TLS for first.test on connection 2",
        "TLS for a.test on connection 2",
    ]


@pytest.mark.parametrize("phase", range(5))
def test_one_deadline_for_all_of_it(phase: int) -> None:
    """Each step takes a second, but for one that takes for ever."""

    async def slow(peer: Peer) -> None:
        async def step(number: int) -> None:
            await (peer.stall() if number == phase else peer.sleep(1))

        await step(0)
        await connect(peer)
        await step(1)
        await peer.read_exactly(4)
        await peer.send(b"\5\2")
        await step(2)
        await peer.read_exactly(5)
        await peer.send(b"\1\0")
        await step(3)
        await peer.read()
        await peer.send(b"\5\0\0\1\0\0\0\0\0")
        await step(4)
        await peer.stall()

    network = network_with(slow)
    proxies: Any = ["http://first.test", "socks5h://u:p@second.test"]
    pool = network.pool(proxy=proxies, max_connections=1)
    which = "first.test:80 for second.test:1080" if phase == 0 else "second.test:1080 for a.test:443"
    for number in (1, 2):
        message = rf"^timed out \(asking proxy {which}, after"
        with pytest.raises(ConnectTimeout, match=message):
            network.run(fetch(pool, scheme=b"https", timeout={"connect": 5.5}))
        assert network.now == 5.5 * number
        assert network.open_streams == []
        assert pool.stats()["connections"] == 0


def test_a_proxy_that_drips_does_not_outlive_the_deadline() -> None:
    async def dripping(peer: Peer) -> None:
        await peer.request()
        while True:
            await peer.send(b"x")
            await peer.sleep(0.5)

    network = network_with(dripping)
    pool = network.pool(proxy="http://first.test")
    with pytest.raises(ConnectTimeout, match="asking proxy"):
        network.run(fetch(pool, scheme=b"https", timeout={"connect": 5.25}))
    assert network.now == 5.25


def test_the_total_counts_through_a_challenge() -> None:
    async def late(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.sleep(2)
            await peer.send(CHALLENGE.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"))

    network = network_with(late)
    pool = network.pool(proxy="http://u:p@first.test")
    with pytest.raises(TimeoutError, match="total|timed out"):
        network.run(fetch(pool, timeout={"total": 3.0}))
    assert network.now == 3.0


async def through(network: Network, pool: SimulatedPool) -> bytes:
    return await fetch(pool, scheme=b"https", target=b"/end")


async def forwarded(network: Network, pool: SimulatedPool) -> bytes:
    return await fetch(pool, target=b"/end")


async def forward_after_challenge(peer: Peer) -> None:
    while (request := await peer.request()) is not None:
        if b"Digest" in (request.field(b"Proxy-Authorization") or b""):
            await peer.send(echo(request))
        else:
            await peer.send(CHALLENGE.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"))


SCENARIOS: Final[list[Any]] = [
    (through, chain, CHAIN),
    (forwarded, forward_after_challenge, "https://u:p@first.test"),
]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("scenario", "script", "proxy"), SCENARIOS)
def test_cancelled_at_any_wait_it_leaves_nothing(scenario: Any, script: Any, proxy: Any, late: bool) -> None:
    def attempt(step: int | None) -> Task[bytes]:
        network = network_with(script, seed=1, faults=Faults(delay=1.0, split=1.0, longest=0.01))
        pool = network.pool(proxy=proxy, max_connections=1, timeout=None)

        async def main() -> Task[bytes]:
            task = network.start(scenario(network, pool), cancel_at=step, cancel_late=late)
            await task.ended()
            return task

        task = network.run(main())
        if task.cancelled:
            assert network.open_streams == []
            assert pool.stats()["connections"] == 0
        network.faults = Faults()
        assert network.run(scenario(network, pool)).endswith(b"/end:")
        network.run(pool.aclose())
        assert network.open_streams == []
        return task

    task = attempt(None)
    assert task.result().endswith(b"/end:")
    assert task.steps > 8
    for step in range(1, task.steps + 1):
        assert attempt(step).cancelled


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.01, 0.05, 0.2]),
    scenario=st.sampled_from(SCENARIOS),
    late=st.booleans(),
)
def test_whatever_goes_wrong_nothing_is_lost(seed: int, rate: float, scenario: Any, late: bool) -> None:
    send, script, proxy = scenario

    async def tolerant(peer: Peer) -> None:
        try:
            await script(peer)
        except (AssertionError, ValueError):
            if not network.faults.half_close:
                raise

    network = network_with(tolerant, seed=seed, faults=Faults.mixed(rate))
    pool = network.pool(proxy=proxy, max_connections=1, timeout=2.0)
    for _ in range(4):
        began = network.now
        try:
            assert network.run(send(network, pool)).endswith(b"/end:")
        except TransportError:
            assert network.now - began <= 30
        assert len(network.open_streams) == pool.stats()["idle"] == pool.stats()["connections"]
    network.run(pool.aclose())
    assert network.open_streams == []


def test_a_challenge_is_answered_once_in_each_attempt() -> None:
    async def never(peer: Peer) -> None:
        await connect(peer, CHALLENGE)

    network = network_with(never)
    pool = network.pool(proxy="http://u:p@first.test", max_connections=1)
    for number in (1, 2):
        with pytest.raises(ProxyError, match="^407 No "):
            network.run(fetch(pool, scheme=b"https"))
        assert network.connections == 2 * number
        assert network.open_streams == []
