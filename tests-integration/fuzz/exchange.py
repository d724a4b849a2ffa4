"""One request to a scripted peer of the simulated network, and what became of it as a value that compares equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from httpx_transport import TransportError
from httpx_transport.testing import Network, Peer


class Outcome(NamedTuple):
    """What a caller gets: a response, or an error of the transport.

    An error excludes the rest: a fault behind the head is raised before the response is returned where both arrive in
    one piece, and after it where they do not. Both are right.
    """

    status: int | None
    fields: tuple[tuple[bytes, bytes], ...]
    content: bytes
    error: type[TransportError] | None


def outcome(data: Sequence[bytes], method: bytes = b"GET", http2: bool = False, close: bool = True) -> Outcome:
    """Return what a request gets from a server that sends `data`, a piece at a time.

    It then closes the connection, over HTTP/1.1 and where `close` is true; else it keeps silent, so that a client that
    waits for more than there is gets a timeout.

    Any exception that is not a `TransportError` propagates, and so does the network's `Deadlock`: a hang.
    """
    network = Network()

    async def script(peer: Peer) -> None:
        await peer.read()
        for piece in data:
            await peer.send(piece)
            await peer.sleep(0.001)  # the client reads each piece before it gets the next
        if http2 or not close:  # over HTTP/2 an end of the connection would race the frames that the client sends
            await peer.stall()

    network.serve("example.org", 80, script)

    async def main() -> Outcome:
        async with network.pool(http1=not http2, http2=http2) as pool:
            content = b""
            try:
                status, raw, stream, _ = await pool.handle_async_request(
                    method, (b"http", b"example.org", None, b"/"), [(b"Host", b"example.org")], b"", {}
                )
                async for piece in stream:
                    content += piece
            except TransportError as error:
                return Outcome(None, (), b"", type(error))
            return Outcome(status, tuple(raw), content, None)

    return network.run(main())
