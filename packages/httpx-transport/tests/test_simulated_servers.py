"""The pool against servers that say anything at any time: every request ends, and nothing is left open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from httpx_transport import TransportError
from httpx_transport.testing import Faults, Network, Peer, SimulatedPool, response

from .simulation import full, network_of

SIZE: Final = 2  # connections of the pool
SAYINGS: Final = [
    response(b"hello"),
    response(b"y" * 100_000),
    response(b"bye", fields=[(b"Connection", b"close")]),
    response(status=408),
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: yes\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    b"nonsense\r\n\r\n",
    b"\0",
    b"x" * 100_000,
]
ACTS: Final = st.one_of(st.sampled_from(SAYINGS), st.sampled_from(["read", "wait", "half_close", "reset", "stall"]))
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "OPTIONS"]


async def act(peer: Peer, acts: list[bytes | str]) -> None:
    """Do what was drawn, in its order."""
    for what in acts:
        if isinstance(what, bytes):
            await peer.send(what)
        elif what == "read":
            await peer.read()
        elif what == "wait":
            await peer.sleep(0.3)
        elif what == "stall":
            await peer.stall()
        elif what == "half_close":
            peer.half_close()
        else:
            peer.reset()
            return


async def upload(network: Network) -> AsyncIterator[bytes]:
    """Yield a body; its end takes a while, also where it is given up."""
    try:
        for size in (1, 100_000, 1):
            await network.sleep(0.1)
            yield bytes(size)
    finally:
        await network.sleep(0.1)


async def request(network: Network, pool: SimulatedPool, number: int) -> None:
    """Send a request, and read its response or leave it."""
    method = METHODS[number % len(METHODS)]
    scheme = "https" if number % 3 == 1 else "http"
    heard: list[int] = []
    told = "a.test:"
    extensions = {"on_informational": lambda status, fields: heard.append(status)}
    body = upload(network) if method in {"POST", "PUT"} else b""
    try:
        answered = await pool.request(method, f"{scheme}://a.test/", body=body, extensions=extensions)
        assert 200 <= answered.status < 600 or answered.status == 101
        await (answered.aclose() if number % 4 == 3 else answered.aread())
    except TransportError as error:
        told = str(error)
    assert "a.test:" in told
    assert set(heard) <= {100, 103}


@settings(max_examples=200, deadline=None)
@given(
    scripts=st.lists(st.lists(ACTS, max_size=6), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
    faults=st.sampled_from([Faults(), Faults(split=0.5, delay=0.3, reorder=0.5)]),
    cancelled=st.lists(st.integers(0, 20), min_size=8, max_size=8),
    late=st.booleans(),
)
@example([[b"\0"]], 0, Faults(), [0] * 8, False)
def test_whatever_servers_say_requests_end_and_slots_come_back(
    scripts: list[list[bytes | str]], seed: int, faults: Faults, cancelled: list[int], late: bool
) -> None:
    async def script(peer: Peer) -> None:
        await act(peer, scripts[peer.number % len(scripts)])

    network = network_of(script, seed=seed, faults=faults)
    pool = network.pool(max_connections=SIZE, keepalive_expiry=1.0, timeout=2.0)

    async def main() -> None:
        tasks = []
        for number, step in enumerate(cancelled):
            tasks.append(network.start(request(network, pool, number), cancel_at=step, cancel_late=late))
            await network.sleep(0.2 * (number % 3))
        for task in tasks:
            await task.ended()
            if not task.cancelled:
                task.result()

    network.run(main())
    network.faults = Faults()
    network.run(network.sleep(2))  # what is idle expires
    assert network.run(full(network, pool, SIZE)) == [b"/:"] * SIZE
    network.run(pool.aclose())
    assert network.open_streams == []
