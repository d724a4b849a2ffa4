"""The connection under a response: what is known of it and, where HTTP ends with the response, the connection itself.

After a 101, or a 2xx to CONNECT, the caller reads and writes in a protocol of his own; one thread or task may read while
another writes. It knows streams, no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from ._errors import ReadError, ReadTimeout, TransportError, WriteError, WriteTimeout, explain
from .blocking import run

if TYPE_CHECKING:
    import ssl

    from ._backends import Backend
    from ._connection import Connection

_READING: Final = "reading from"
_WRITING: Final = "writing to"
_CLOSED: Final = "the network stream was closed while it was in use"
_TLS: Final = "in the TLS handshake with"


class Conversation:
    """Bytes both ways on a connection that HTTP has left.

    Args:
        backend: How I/O is done.
        connection: The connection.
        received: What came behind the response's head.
        give_up: What gives the connection's slot back.
    """

    __slots__ = ("_clock", "_closed", "_connection", "_give_up", "_lock", "_received", "_stream", "_waiting")

    def __init__(self, backend: Backend, connection: Connection, received: bytes, give_up: Callable[[], None]) -> None:
        self._clock: Callable[[], float] = backend.clock
        self._connection = connection
        self._stream = connection.stream
        self._received = received
        self._give_up = give_up
        self._lock = backend.lock()  # TLS allows no two calls at once
        self._waiting: list[None] = []  # an element for each task or thread that waits for the stream
        self._closed = False

    async def read(self, max_bytes: int, timeout: float | None) -> bytes:
        """Return at most `max_bytes`, b"" at the end."""
        if not self._received:
            self._received = await self._receive(timeout)
        data, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return data

    async def _receive(self, timeout: float | None) -> bytes:
        started = self._clock()
        try:
            while True:
                with self._lock:
                    data = self._stream.receive()
                if data is not None:
                    return data
                await self._wait(True, False, self._left(timeout, started))
        except OSError as error:
            raise self._explained(error, ReadTimeout, ReadError, _READING, started) from error

    async def write(self, data: bytes, timeout: float | None) -> None:
        """Send all of `data`, waiting at most `timeout` seconds for the peer to take some."""
        started = self._clock()
        pending = memoryview(data)
        try:
            while pending:
                with self._lock:
                    sent = self._stream.send(pending)
                pending = pending[sent:]
                if not sent:
                    await self._wait(False, True, self._left(timeout, started))
        except OSError as error:
            raise self._explained(error, WriteTimeout, WriteError, _WRITING, started) from error

    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> None:
        self._waiting.append(None)  # before the look: `close` looks the other way round
        try:
            if self._closed:
                raise ConnectionAbortedError(_CLOSED)
            await self._stream.wait(readable, writable, timeout)
        finally:
            self._waiting.pop()

    async def write_eof(self) -> None:
        """Refuse: a connection that says no more is taken for one that was lost."""
        raise RuntimeError("only a stream of HTTP/2 can be ended one way: close the connection instead")

    async def start_tls(self, context: ssl.SSLContext, hostname: str | None, timeout: float | None) -> None:
        """Go on under TLS; what came before, and has not been read, would seem to have come under it."""
        if self._received:
            raise ReadError(explain("bytes before the TLS handshake", _TLS, self._connection.peer, 0.0))
        started = self._clock()
        try:
            await self._stream.start_tls(context, hostname or self._connection.origin[1].decode("ascii"), timeout)
        except OSError as error:
            self.close()
            raise self._explained(error, ReadTimeout, ReadError, _TLS, started) from error

    def close(self) -> None:
        """Close the connection, and give its slot back. A task or thread that waits for it gets an error at once."""
        self._closed = True
        if self._waiting:
            self._stream.abort(_CLOSED)
        self._give_up()

    def _left(self, timeout: float | None, started: float) -> float | None:
        return None if timeout is None else max(timeout - (self._clock() - started), 0.0)

    def _explained(
        self,
        error: OSError,
        timeout_type: type[TransportError],
        error_type: type[TransportError],
        doing: str,
        started: float,
    ) -> TransportError:
        timed_out = isinstance(error, TimeoutError) and error.errno is None
        message = explain("timed out" if timed_out else error, doing, self._connection.peer, self._clock() - started)
        return timeout_type(message) if timed_out else error_type(message)


class Dialogue(Protocol):
    """Bytes both ways: those of a connection, or of one stream of it."""

    async def read(self, max_bytes: int, timeout: float | None) -> bytes:
        """Return at most `max_bytes`, b"" at the end."""
        ...

    async def write(self, data: bytes, timeout: float | None) -> None:
        """Send all of `data`."""
        ...

    async def write_eof(self) -> None:
        """Say that nothing more will be sent."""
        ...

    async def start_tls(self, context: ssl.SSLContext, hostname: str | None, timeout: float | None) -> None:
        """Go on under TLS."""
        ...

    def close(self) -> None:
        """End it, both ways."""
        ...


class Holder(Protocol):
    """What a network stream needs of an exchange."""

    def info(self, name: str) -> Any:
        """Return what is known of the connection."""
        ...

    def conversation(self) -> Dialogue:
        """Return the connection, or the stream, as the caller's."""
        ...


class NetworkStream:
    """The connection under a response, for blocking callers.

    Args:
        holder: The exchange that has it.
    """

    __slots__ = ("_holder",)

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return bytes that the peer has sent, b"" when it sends no more.

        Args:
            max_bytes: How many at most.
            timeout: Seconds to wait for any; None is no limit.

        Raises:
            ReadError, ReadTimeout: There are none.
            RuntimeError: HTTP has not ended here: only after a 101, or a 2xx to CONNECT, is the connection the caller's.
        """
        return run(self._holder.conversation().read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes, all of them.

        Args:
            buffer: The bytes.
            timeout: Seconds within which the peer has to take them; None is no limit.

        Raises:
            WriteError, WriteTimeout: The peer did not take them all.
            RuntimeError: As for `read`.
        """
        run(self._holder.conversation().write(buffer, timeout))

    def write_eof(self) -> None:
        """Say that nothing more will be written, and go on reading: the end of a `duplex` request (RFC 9113 §8.1).

        Raises:
            RuntimeError: As for `read`; or the connection is not HTTP/2.
        """
        run(self._holder.conversation().write_eof())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """Go on under TLS; return this stream.

        Args:
            ssl_context: How the peer is checked.
            server_hostname: Its name; None is the host of the request's URL.
            timeout: Seconds for the handshake; None is no limit.

        Raises:
            ReadError, ReadTimeout: There was no handshake; the connection is closed.
            RuntimeError: As for `read`.
        """
        run(self._holder.conversation().start_tls(ssl_context, server_hostname, timeout))
        return self

    def close(self) -> None:
        """Close the connection.

        Raises:
            RuntimeError: As for `read`: close the response instead.
        """
        self._holder.conversation().close()

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection, None where that is nothing.

        Args:
            info: `client_addr`, `server_addr`, `ssl_object`, `socket`, or `is_readable`.
        """
        return self._holder.info(info)


class AsyncNetworkStream:
    """The connection under a response, for tasks.

    Args:
        holder: The exchange that has it.
    """

    __slots__ = ("_holder",)

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return bytes that the peer has sent, as `NetworkStream.read` does."""
        return await self._holder.conversation().read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes, all of them, as `NetworkStream.write` does."""
        await self._holder.conversation().write(buffer, timeout)

    async def write_eof(self) -> None:
        """Say that nothing more will be written, as `NetworkStream.write_eof` does."""
        await self._holder.conversation().write_eof()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Go on under TLS, as `NetworkStream.start_tls` does; return this stream."""
        await self._holder.conversation().start_tls(ssl_context, server_hostname, timeout)
        return self

    async def aclose(self) -> None:
        """Close the connection, as `NetworkStream.close` does."""
        self._holder.conversation().close()

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection, as `NetworkStream.get_extra_info` does."""
        return self._holder.info(info)
