"""One request and its response on one leased connection: the choreography of HTTP/1.1, written once.

What the bytes mean is the codec's; how they move is the stream's. While a body is sent the peer is listened to, so an
answer that comes early is seen. Whatever ends an exchange gives its slot back here, through the lease.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ._backends import Backend, Bytes, Source
from ._connection import Connection
from ._errors import (
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TransportError,
    WriteError,
    WriteTimeout,
    explain,
)
from ._extensions import InformationalListener, Timeouts
from ._http11 import BodyFramer, Head, RequestHead, ResponseDecoder
from .interface import Field

if TYPE_CHECKING:
    from ._pool._lease import Lease

_ONE_WRITE: Final = 65_536  # bytes of a body that leave together with its head

_IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})

_SENDING: Final = "sending the request to"
_WAITING: Final = "waiting for the response from"
_READING: Final = "reading the content from"


class Exchange:
    """One request and its response.

    Args:
        backend: How I/O is done.
        lease: The slot that is given back when the response is complete, or given up.
        connection: The connection in that slot.
        timeouts: Seconds for each wait.
        started: When the request began, by the backend's clock.
        listener: What is told of each 1xx response, as it comes.
    """

    __slots__ = (
        "_backend",
        "_connection",
        "_decoder",
        "_heard",
        "_lease",
        "_listener",
        "_started",
        "_stream",
        "_timeouts",
        "_told",
        "_uploaded",
    )

    _decoder: ResponseDecoder

    def __init__(
        self,
        backend: Backend,
        lease: Lease,
        connection: Connection,
        timeouts: Timeouts,
        started: float,
        listener: InformationalListener | None = None,
    ) -> None:
        self._backend = backend
        self._lease = lease
        self._connection = connection
        self._stream = connection.stream
        self._timeouts = timeouts
        self._started = started
        self._uploaded = True
        self._heard = False
        self._listener = listener
        self._told = 0

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head as soon as it is here.

        Raises:
            LocalProtocolError: The request cannot be said in HTTP/1.1, or its body is not as long as declared.
            TransportError: There is no response.
        """
        request = self._connection.encoder.encode(method, target, fields)
        self._decoder = decoder = ResponseDecoder(method, request.close)
        if isinstance(body, bytes):
            self._uploaded = await self._send_whole(request, body)
        else:
            source = self._backend.source(body)
            try:
                self._uploaded = await self._send_chunks(request, source)
            finally:
                await source.close()
        while decoder.head is None:
            self._feed(await self._receive(_WAITING), _WAITING)
        self._settle()
        return decoder.head

    def facts(self, head: Head) -> dict[str, Any]:
        """Return the response's extensions."""
        facts = {"http_version": head.version, "reason_phrase": head.reason, "trailers": self._decoder.trailers}
        if self._decoder.informational:
            facts["informational"] = list(self._decoder.informational)
        return facts

    def whole(self) -> bytes | None:
        """Return the content if all of it is here, and forget it; None where it has to be read."""
        return self._decoder.take() if self._decoder.complete else None

    def repeatable(self, method: bytes, body: object) -> bool:
        """Return whether a request that failed may be sent again: it cannot have been answered, nor harm twice.

        RFC 9110 §9.2.2: an idempotent method, over a connection that may have been closed before the request came.
        """
        return self._connection.reused and not self._heard and method in _IDEMPOTENT and isinstance(body, bytes)

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last.

        Raises:
            TransportError: The content will never be complete.
        """
        decoder = self._decoder
        while not (content := decoder.take()) and not decoder.complete:
            try:
                self._feed(await self._receive(_READING), _READING)
            except BaseException:
                self.close()
                raise
            self._settle()
        return content

    def close(self) -> None:
        """Give up what has not been read; the connection goes with it."""
        self._lease.release(reusable=False)

    def _settle(self) -> None:
        """Give the slot back as soon as the response has arrived, read or not."""
        if self._decoder.complete:
            self._connection.reused = True
            self._lease.release(reusable=self._uploaded and self._decoder.reusable)

    async def _send_whole(self, request: RequestHead, body: bytes) -> bool:
        """Send head and body, in one write where they are small; return whether all of it left."""
        if body or request.length:
            framer = BodyFramer(request.length)
            framed = framer.frame(body)
            end = framer.end()
            if len(framed) > _ONE_WRITE:
                return await self._send(request.data) and await self._send(framed) and await self._send(end)
            return await self._send(request.data + framed + end)
        return await self._send(request.data)

    async def _send_chunks(self, request: RequestHead, source: Source) -> bool:
        """Send head and body chunk by chunk, asking for the next when the last has left; return whether all did."""
        framer = BodyFramer(request.length)
        head = request.data
        while (chunk := await source.next()) is not None:
            if await self._interrupted():
                return False
            framed = framer.frame(chunk)
            if len(framed) > _ONE_WRITE and head:
                if not await self._send(head):
                    return False
                head = b""
            if not await self._send(head + framed):
                return False
            head = b""
        return await self._send(head + framer.end())

    async def _send(self, data: Bytes) -> bool:
        """Send all of `data` unless the response comes first; return whether it left."""
        try:
            sent = self._stream.send(data)
            if sent == len(data):
                return True
            pending = memoryview(data)[sent:]
            while pending:
                readable, _ = await self._stream.wait(True, True, self._timeouts.write)
                if readable and self._answered():
                    return False
                pending = pending[self._stream.send(pending) :]
        except TimeoutError as error:
            raise self._explained(error, WriteTimeout, WriteError, _SENDING, self._timeouts.write) from error
        except OSError as error:
            if await self._answer_left_behind():
                return False
            raise self._explained(error, WriteTimeout, WriteError, _SENDING, None) from error
        return True

    async def _interrupted(self) -> bool:
        """Return whether the response has come while the body was asked for its next chunk."""
        try:
            return await self._stream.heard() and self._answered()
        except OSError as error:
            raise self._explained(error, WriteTimeout, WriteError, _SENDING, None) from error

    def _answered(self) -> bool:
        """Take what the peer says while we send; return whether it is the response."""
        received = self._stream.receive()
        if received is not None:
            self._feed(received, _SENDING)
        return self._decoder.head is not None

    async def _answer_left_behind(self) -> bool:
        """Return whether a peer that takes no more has answered before: the answer is worth more than the error."""
        try:
            while self._decoder.head is None:
                self._feed(await self._receive(_WAITING), _WAITING)
        except TransportError:
            return False
        return True

    async def _receive(self, doing: str) -> bytes:
        try:
            return await self._stream.read(self._timeouts.read)
        except OSError as error:
            raise self._explained(error, ReadTimeout, ReadError, doing, self._timeouts.read) from error

    def _feed(self, data: bytes, doing: str) -> None:
        if data:
            self._heard = True
        try:
            self._decoder.feed(data)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(self._explain(error, doing, None)) from None
        if self._listener is not None:
            for status, fields in self._decoder.informational[self._told :]:
                self._told += 1
                self._listener(status, fields)

    def _explained(
        self,
        error: OSError,
        timeout_type: type[TransportError],
        error_type: type[TransportError],
        doing: str,
        limit: float | None,
    ) -> TransportError:
        if isinstance(error, TimeoutError) and error.errno is None:  # with a number it is the system's own timeout
            return timeout_type(self._explain("timed out", doing, limit))
        return error_type(self._explain(error, doing, None))

    def _explain(self, what: object, doing: str, seconds: float | None) -> str:
        if seconds is None:
            seconds = self._backend.clock() - self._started
        return explain(what, doing, self._connection.peer, seconds, self._connection.reused)
