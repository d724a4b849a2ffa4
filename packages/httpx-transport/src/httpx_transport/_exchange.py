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
    LocalProtocolError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TransportError,
    WriteError,
    WriteTimeout,
)
from ._extensions import Options
from ._http11 import BodyFramer, Head, Promises, ResponseDecoder
from ._network_stream import Conversation
from ._reader import CLOSED, ContentReader
from ._wire import IDEMPOTENT, PATIENCE, READING, SENDING, WAITING, Wire, is_alert, is_ours, is_timeout
from .interface import Field

if TYPE_CHECKING:
    from ._pool._lease import Lease

_ONE_WRITE: Final = 65_536  # bytes of a body that leave together with its head
_DRAINED: Final = 65_536  # bytes of an unread body that are taken, where they are here, to keep the connection
_DEAF: Final = 262_144  # bytes of a body that are sent before the peer is listened to again,
_DEAF_FOR: Final = 0.005  # or seconds, where they come slowly


class Exchange(Wire):
    """One request and its response.

    Args:
        backend: How I/O is done.
        lease: The slot that is given back when the response is complete, or given up.
        connection: The connection in that slot.
        options: What the request asks for beside itself.
        began: When the request came, by the backend's clock.
        started: When it was given the connection.
        timings: Seconds by phase, to be filled in; those before `started` are there.
    """

    __slots__ = ("_answered_at", "_began", "_conversation", "_lease", "_reader", "_timings", "_uploaded")

    def __init__(
        self,
        backend: Backend,
        lease: Lease,
        connection: Connection,
        options: Options,
        began: float,
        started: float,
        timings: dict[str, float],
    ) -> None:
        super().__init__(backend, connection, options, started)
        self._lease = lease
        self._began = began
        self._timings = timings
        self._uploaded = True
        self._answered_at = started
        self._conversation: Conversation | None = None
        self._reader = ContentReader()

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head as soon as it is here.

        Raises:
            LocalProtocolError: The request cannot be said in HTTP/1.1, or its body is not as long as declared.
            TransportError: There is no response.
        """
        if self._options.duplex:
            raise LocalProtocolError("the extension 'duplex' needs HTTP/2, and this connection speaks HTTP/1.1")
        encoder, clock = self._connection.encoder, self._clock
        data = encoder.encode(method, target, fields)
        promises = encoder.promises
        self._decoder = decoder = ResponseDecoder(self._connection.heads, method, promises.close, promises.upgrade)
        if type(body) is bytes and not body and not promises.length and self._options.trailers is None:
            self._uploaded = await self._send(data)
        else:
            self._uploaded = await self._send_request(data, promises, body)
        sent = clock()
        while (head := decoder.head) is None:
            await self.receive(WAITING)
        self._answered_at = answered = clock()
        self._timings["send"] = sent - self._started
        self._timings["first_byte"] = answered - sent
        self._settle(answered)
        return head

    def facts(self, head: Head) -> dict[str, Any]:
        """Return the response's extensions."""
        decoder = self._decoder
        facts = {
            "http_version": head.version,
            "reason_phrase": head.reason,
            "trailers": decoder.trailers,
            "timings": self._timings,
            "connection": self._connection.facts(self._reused),
        }
        if decoder.informational:
            facts["informational"] = list(decoder.informational)
        return facts

    def info(self, name: str) -> Any:
        """Return what is known of the connection by one of the names of a network stream's `get_extra_info`."""
        return self._stream.get_extra_info(name)

    def conversation(self) -> Conversation:
        """Return the connection as the caller's, for a protocol of his own.

        Raises:
            RuntimeError: It is not his: the response is none that HTTP ends with.
        """
        if self._conversation is None:
            if not self._decoder.switched:
                raise RuntimeError("the network stream is the caller's after a 101, or a 2xx to CONNECT, only")
            self._conversation = Conversation(self._backend, self._connection, self._decoder.surplus, self.give_up)
        return self._conversation

    def whole(self) -> bytes | None:
        """Return the content if all of it is here, and forget it; None where it has to be read."""
        return self._decoder.take() if self._decoder.complete else None

    def repeatable(self, method: bytes, body: object) -> bool:
        """Return whether a request that failed may be sent again: it cannot have been answered, nor harm twice.

        RFC 9110 §9.2.2: an idempotent method, over a connection that may have been closed before the request came.
        """
        return self._reused and not self._heard and method in IDEMPOTENT and isinstance(body, bytes)

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last.

        Raises:
            TransportError: The content will never be complete, or the response has been closed, or is read already.
        """
        decoder = self._decoder
        if (content := decoder.take()) or decoder.complete:
            return content
        if refusal := self._reader.enter():
            raise ReadError(self._explain(refusal, READING, None))
        try:
            while not (content := decoder.take()) and not decoder.complete:
                await self.receive(READING)
                self._refuse_closed()
                self._settle(self._clock())
        except BaseException:
            self.give_up()
            raise
        finally:
            self._reader.leave()
        return content

    def _refuse_closed(self) -> None:
        if self._reader.closed:  # what came may be the end that closing has made
            raise ReadError(self._explain(CLOSED, READING, None))

    async def close(self) -> None:
        """Give up what has not been read. The connection is kept where the rest is short, and here already.

        A task or thread that waits for the content gets a ReadError at once.
        """
        if self._reader.close(self._lease, self._stream):
            if self._lease.held and self._uploaded:
                self._drain()
            self.give_up()

    def abandon(self) -> None:
        """Record that the slot is to be given back; finalizers may use it."""
        self._lease.abandon()

    def give_up(self) -> None:
        """Give the slot back without the connection, unless both have been given back already."""
        self._lease.release(reusable=False)

    def _settle(self, now: float) -> None:
        """Give the slot back as soon as the response has arrived, read or not."""
        decoder = self._decoder
        if not decoder.complete:
            return
        self._timings["receive"] = now - self._answered_at
        self._timings["total"] = now - self._began
        if not decoder.switched:
            self._connection.reused = True
            self._lease.release(self._uploaded and decoder.reusable, decoder.keep_alive)

    def _drain(self) -> None:
        """Take what is here of the rest, and nothing that would have to be waited for."""
        decoder, left = self._decoder, _DRAINED
        try:
            while not decoder.complete and left > 0 and (data := self._stream.receive()):
                left -= len(data)
                decoder.feed(data)
                decoder.take()
        except (OSError, RemoteProtocolError):
            return
        self._settle(self._clock())

    async def _send_request(
        self, head: bytes, promises: Promises, body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> bool:
        """Send head and body; return whether all of it left: the response may come first."""
        if isinstance(body, bytes):
            return await self._send_whole(head, promises, body)
        source = self._backend.source(body)
        try:
            return await self._send_chunks(head, promises, source)
        finally:
            await source.close()

    async def _send_whole(self, head: bytes, promises: Promises, body: bytes) -> bool:
        """Send head and body, in one write where they are small."""
        framer = BodyFramer(promises.length)
        framed = framer.frame(body)
        end = framer.end(self._trailers())
        if promises.expect:
            if not await self._permitted(head):
                return False
            head = b""
        if len(framed) > _ONE_WRITE:
            return await self._send(head) and await self._send(framed) and await self._send(end)
        return await self._send(head + framed + end)

    async def _send_chunks(self, head: bytes, promises: Promises, source: Source) -> bool:
        """Send head and body chunk by chunk, asking for the next when the last has left."""
        framer = BodyFramer(promises.length)
        if promises.expect:
            if not await self._permitted(head):
                return False
            head = b""
        deaf, listened = 0, self._clock()
        while (chunk := await self._next(source)) is not None:
            deaf += len(chunk)
            if deaf > _DEAF or self._clock() - listened > _DEAF_FOR:
                if await self._interrupted():
                    return False
                deaf, listened = 0, self._clock()
            framed = framer.frame(chunk)
            if len(framed) > _ONE_WRITE and head:
                if not await self._send(head):
                    return False
                head = b""
            if not await self._send(head + framed):
                return False
            head = b""
        return await self._send(head + framer.end(self._trailers()))

    def _trailers(self) -> list[Field]:
        """Return the trailer fields, asked for when the content has left."""
        trailers = self._options.trailers
        return [] if trailers is None else list(trailers())

    async def _permitted(self, head: bytes) -> bool:
        """Send the head, and wait a little for the peer's word; return whether the body is to be sent (RFC 9110 §10.1.1)."""
        if not await self._send(head):
            return False
        decoder, deadline = self._decoder, self._clock() + PATIENCE
        while decoder.head is None and not any(status == 100 for status, _ in decoder.informational):
            try:
                data = await self._stream.read(self._limit(max(deadline - self._clock(), 0.0)))
            except OSError as error:
                if is_timeout(error) and not self._options.expired(self._clock()):
                    return True  # it does not know the question
                self.note_cut(error, WAITING)
                raise self._explained(error, ReadTimeout, ReadError, WAITING, None) from error
            self.feed(data, WAITING)
        return decoder.head is None

    async def _send(self, data: Bytes) -> bool:
        """Send all of `data` unless the response comes first; return whether it left."""
        try:
            sent = self._stream.send(data)
            if sent == len(data):
                return True
            pending = memoryview(data)[sent:]
            while pending:
                readable, _ = await self._stream.wait(True, True, self._limit(self._options.write))
                if readable and self._answered():
                    return False
                pending = pending[self._stream.send(pending) :]
        except OSError as error:
            await self._receive_last(error)
            return False
        return True

    async def _interrupted(self) -> bool:
        """Return whether the response has come while the body was asked for its next chunk."""
        try:
            return await self._stream.heard() and self._answered()
        except OSError as error:
            await self._receive_last(error)
            return True

    def _answered(self) -> bool:
        """Take what the peer says while we send; return whether it is the response."""
        try:
            received = self._stream.receive()
        except OSError as error:
            self.note_cut(error, SENDING)
            raise
        if received is not None:
            self.feed(received, SENDING)
        return self._decoder.head is not None

    async def _receive_last(self, cut: OSError) -> None:
        """Receive what a peer that takes no more has said: its answer, or why it went, is worth more than that it did.

        Raises:
            TransportError: It has not answered, or it was we who ended it.
        """
        if is_ours(cut):
            raise self._explained(cut, WriteTimeout, WriteError, SENDING, self._options.write) from cut
        if is_alert(cut):  # met while we listened: nothing follows it
            raise self._explained(cut, ReadTimeout, ReadError, WAITING, None) from cut
        try:
            while self._decoder.head is None:
                await self.receive(WAITING)
        except TransportError as error:
            error.__cause__ = error.__cause__ or cut
            raise
