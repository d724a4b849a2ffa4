"""One stream as the caller's, to read and write at will: `duplex`, and tunnels. It knows no request and no response.

One thread or task may read while another writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from .._backends import Backend
from .._errors import ReadTimeout, TransportError, WriteError, WriteTimeout, explain
from ._connection import Http2Connection
from ._stream import Stream
from ._turns import Limit

if TYPE_CHECKING:
    import ssl

_READING = "reading from"
_WRITING = "writing to"


class StreamConversation:
    """Bytes both ways on one stream.

    Args:
        backend: How I/O is done.
        shared: The stream's connection.
        stream: The stream.
    """

    __slots__ = ("_clock", "_received", "_shared", "_stream")

    def __init__(self, backend: Backend, shared: Http2Connection, stream: Stream) -> None:
        self._clock: Callable[[], float] = backend.clock
        self._shared = shared
        self._stream = stream
        self._received = b""

    async def read(self, max_bytes: int, timeout: float | None) -> bytes:
        """Return at most `max_bytes`, b"" at the end."""
        stream = self._stream
        limit = self._limit(timeout)
        while not self._received:
            self._received, state = self._shared.take(stream)
            if self._received or state.complete:
                break
            if state.failure is not None:
                raise self._explained(state.failure, _READING)
            await self._until(lambda: stream.readable, limit, ReadTimeout, _READING, timeout)
        data, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return data

    async def write(self, data: bytes, timeout: float | None) -> None:
        """Send all of `data`, waiting at most `timeout` seconds for the peer to want some."""
        stream = self._stream
        if self._shared.state(stream).ended:
            raise WriteError(explain("the request has ended", _WRITING, self._shared.connection.peer, 0.0))
        pending = memoryview(data)
        while pending := pending[self._shared.send(stream, pending, end=False) :]:
            await self._until(
                lambda: self._shared.sendable(stream), self._limit(timeout), WriteTimeout, _WRITING, timeout
            )
        failure = self._shared.state(stream).failure
        if failure is not None:
            raise self._explained(failure, _WRITING)

    async def write_eof(self) -> None:
        """Say that nothing more will be written."""
        self._shared.send_trailers(self._stream, [])

    async def start_tls(self, context: ssl.SSLContext, hostname: str | None, timeout: float | None) -> NoReturn:  # noqa: ARG002
        """Refuse: TLS is the connection's, which others share."""
        raise RuntimeError("there is no TLS on a stream of HTTP/2")

    def close(self) -> None:
        """End the stream, at once."""
        self._shared.give_up(self._stream)

    async def _until(
        self,
        ready: Callable[[], bool],
        limit: Limit,
        timeout_type: type[TransportError],
        doing: str,
        seconds: float | None,
    ) -> None:
        try:
            await self._shared.until(self._stream, ready, limit)
        except TimeoutError as error:
            peer = self._shared.connection.peer
            raise timeout_type(explain("timed out", doing, peer, seconds or 0.0)) from error

    def _limit(self, timeout: float | None) -> Limit:
        if timeout is None:
            return lambda: None
        deadline = self._clock() + timeout
        return lambda: max(deadline - self._clock(), 0.0)

    def _explained(self, failure: TransportError, doing: str) -> TransportError:
        return type(failure)(explain(failure, doing, self._shared.connection.peer, 0.0))
