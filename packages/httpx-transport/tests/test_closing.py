"""A response that is closed before its end: what is here already is taken, so that the connection can serve again."""

from __future__ import annotations

import pytest

from httpx_transport.testing import Network, Peer

from .simulation import fetch, network_of

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def close_after_a_chunk(network: Network) -> tuple[int, int]:
    """Read one chunk of a response, close it, and request again; return how many connections were kept, and made."""
    pool = network.pool()
    response = await pool.request("GET", "http://a.test/")
    await anext(response.body)
    await network.sleep(1)
    await response.aclose()
    await response.aclose()
    kept = pool.stats()["idle"]
    await fetch(pool)
    return kept, network.connections


@pytest.mark.parametrize(
    ("head", "first", "rest", "kept"),
    [
        (LENGTH % 5, b"a", [b"bcde"], True),
        (LENGTH % 5, b"a", [b"bcd"], False),
        (LENGTH % 65_537, b"a", [b"b" * 40_000, b"b" * 25_536], True),
        (LENGTH % 200_000, b"a", [b"b" * 60_000] * 3, False),
        (LENGTH % 5, b"a", [b"bcdeX"], False),
        (CHUNKED, b"1\r\na\r\n", [b"2\r\nbc\r\n", b"0\r\n\r\n"], True),
        (CHUNKED, b"1\r\na\r\n", [b"nonsense\r\n"], False),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a", [b"bcde"], False),
    ],
)
def test_a_short_rest_that_is_here_keeps_the_connection(
    head: bytes, first: bytes, rest: list[bytes], kept: bool
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request() is not None:
            await peer.send(head + first)
            await peer.sleep(0.5)
            for piece in rest:
                await peer.send(piece)
            if peer.number > 1:
                await peer.send(b"b" * 200_000)

    async def plain(peer: Peer) -> None:
        if peer.number == 1:
            await script(peer)
        while await peer.request() is not None:
            await peer.send(LENGTH % 0)

    network = network_of(plain if not kept else script)
    assert network.run(close_after_a_chunk(network)) == ((1, 1) if kept else (0, 2))


def test_a_rest_that_is_broken_off_does_not() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            await peer.send(LENGTH % 5 + b"a")
            peer.reset()
        else:
            await peer.send(LENGTH % 0)

    network = network_of(script)
    assert network.run(close_after_a_chunk(network)) == (0, 2)


def test_an_upload_that_was_not_finished_does_not() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(LENGTH % 5 + b"a")
        await peer.sleep(0.5)
        await peer.send(b"bcde")
        await peer.sleep(60)

    async def scenario() -> None:
        pool = network.pool()
        response = await pool.request("POST", "http://a.test/", body=b"x" * 1_000_000)
        assert await anext(response.body) == b"a"
        await network.sleep(1)
        await response.aclose()
        assert pool.stats()["connections"] == 0

    network = network_of(script)
    network.run(scenario())
