"""The server's end of one connection, as a script sees it: read, send, and every way of going wrong on purpose."""

from __future__ import annotations

from ._http import ServedRequest, read_content, read_head
from ._link import End
from ._scheduler import Scheduler


class Peer:
    """The server's end of one connection. Made by the network for the script that serves it.

    Args:
        scheduler: Whose time passes.
        end: What it reads from and sends to.
        host: The name that the client connected to.
        port: The port.
        number: Which connection of the network it is, counted from 1.

    Attributes:
        server_name: The name for which the client has begun TLS; None while it has not.
    """

    __slots__ = ("_buffer", "_end", "_scheduler", "host", "number", "port", "server_name")

    def __init__(self, scheduler: Scheduler, end: End, host: str, port: int, number: int) -> None:
        self._scheduler = scheduler
        self._end = end
        self._buffer = b""
        self.host = host
        self.port = port
        self.number = number
        self.server_name: str | None = None

    async def read(self, timeout: float | None = None) -> bytes:
        """Wait for bytes; return them, b"" where the client sends no more.

        Args:
            timeout: Virtual seconds; None is no limit.

        Raises:
            ConnectionResetError: The connection broke.
            TimeoutError: Nothing came in time.
        """
        if self._buffer:
            data, self._buffer = self._buffer, b""
            return data
        end = self._end
        await end.until(end.readable, "bytes", timeout)
        return end.receive() or b""

    async def readline(self) -> bytes:
        """Return the next line with its end, b"" where the client sends no more.

        Raises:
            ConnectionError: The connection broke, or the client stopped in the middle of a line.
        """
        received = self._buffer
        self._buffer = b""
        while b"\n" not in received:
            data = await self.read()
            if not data:
                if received:
                    raise ConnectionError(f"the client stopped in the middle of the line {received!r}")
                return b""
            received += data
        line, _, self._buffer = received.partition(b"\n")
        return line + b"\n"

    async def read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises:
            ConnectionError: The connection broke, or the client stopped before.
        """
        received = b""
        while len(received) < size:
            data = await self.read()
            if not data:
                raise ConnectionError(f"the client stopped after {len(received)} of {size} bytes")
            received += data
        self._buffer = received[size:] + self._buffer
        return received[:size]

    async def request(self) -> ServedRequest | None:
        """Read one request with its content; return None where the client has sent its last.

        Raises:
            ConnectionError: The connection broke, or the client stopped in the middle.
            ValueError: This is no HTTP/1.1.
        """
        request = await self.head()
        return None if request is None else request._replace(content=await self.content(request))

    async def head(self) -> ServedRequest | None:
        """Read one request up to its content; return None where the client has sent its last.

        Raises:
            ConnectionError: The connection broke, or the client stopped in the middle.
            ValueError: This is no HTTP/1.1.
        """
        return await read_head(self)

    async def content(self, request: ServedRequest) -> bytes:
        """Read the content of the request whose `head` was read last; return it without chunk framing.

        Raises:
            ConnectionError: The connection broke, or the client stopped in the middle.
            ValueError: Its framing is no HTTP/1.1.
        """
        return await read_content(self, request)

    async def send(self, data: bytes) -> None:
        """Send all of `data`, waiting while the client reads less than it gets.

        Raises:
            ConnectionError: The connection broke, or was half-closed.
        """
        pending = memoryview(data)
        while pending:
            await self._end.until(self._end.writable, "room to send", None)
            pending = pending[self._end.send(pending) :]

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so many virtual seconds."""
        await self._scheduler.sleep(seconds)

    async def stall(self) -> None:
        """Read nothing and say nothing until the client has gone."""
        await self._end.until(self._end.over, "the client to go", None)

    def half_close(self) -> None:
        """Send no more, but go on receiving."""
        self._end.finish()

    def reset(self) -> None:
        """Break the connection; the client reads what was sent before, then an error."""
        self._end.reset()

    def close(self) -> None:
        """Close the connection; so does the end of the script. Closing twice is allowed."""
        self._end.close()
