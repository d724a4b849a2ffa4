"""The server that every client is measured against: a small response for each request head, in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import sys

HEAD = (
    b'HTTP/1.1 200 OK\r\nServer: toy\r\nContent-Type: application/json\r\nContent-Length: 1024\r\nETag: "a"\r\n'
    b"Cache-Control: max-age=60\r\nX-Request-Id: %08x\r\n\r\n"
)
CONTENT = b"x" * 1024

# No two heads are the same, as where servers number requests; or all of them are, as where only the second is told.
NUMBERS = itertools.repeat(1) if "--repeating" in sys.argv else itertools.count(1)


class Small(asyncio.Protocol):
    """Answers each head that arrives; requests with content are not its business."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer."""
        for _ in range(data.count(b"\r\n\r\n")):
            self._transport.write(HEAD % next(NUMBERS) + CONTENT)


async def main() -> None:
    """Print the port, and serve until killed."""
    server = await asyncio.get_running_loop().create_server(Small, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
