"""What the tests of the simulated network share: a request in a line, and a body in chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from httpx_transport.interface import Field
from httpx_transport.testing import Network, Peer, Script, ServedRequest, SimulatedPool, response


class Chunks:
    """A body that comes in chunks, each after a wait."""

    def __init__(self, network: Network, *chunks: bytes) -> None:
        self.network = network
        self.chunks = list(chunks)

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        await self.network.sleep(0)
        if not self.chunks:
            raise StopAsyncIteration
        return self.chunks.pop(0)


async def fetch(
    pool: SimulatedPool,
    host: bytes = b"a.test",
    *,
    method: bytes = b"GET",
    scheme: bytes = b"http",
    target: bytes = b"/",
    headers: Iterable[Field] = (),
    body: Any = b"",
    timeout: dict[str, float | None] | None = None,
) -> bytes:
    """Send a request, and return the whole content of its response."""
    arguments = (method, (scheme, host, None, target), [(b"Host", host), *headers], body)
    _, _, content, _ = await pool.handle_async_request(*arguments, {"timeout": timeout or {}})
    return b"".join([chunk async for chunk in content])


def echo(request: ServedRequest) -> bytes:
    """Answer with the target and the content."""
    return response(request.target + b":" + request.content)


async def full(network: Network, pool: SimulatedPool, size: int) -> list[bytes]:
    """Use so many slots of the pool at once, allowing no wait for one."""

    async def slow(peer: Peer) -> None:
        if (request := await peer.request()) is not None:
            await peer.sleep(1)
            await peer.send(echo(request))

    network.serve("full.test", 80, slow)
    return await network.gather(*[fetch(pool, b"full.test", timeout={"pool": 0}) for _ in range(size)])


def network_of(script: Script, **options: Any) -> Network:
    """Return a network where `script` serves a.test, http and https."""
    network = Network(**options)
    for port in (80, 443):
        network.serve("a.test", port, script)
    return network
