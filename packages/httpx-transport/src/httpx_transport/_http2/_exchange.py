"""One request and its response on one stream of a shared connection: the choreography of HTTP/2, written once.

Sending and receiving are interleaved: each wait lets both go on, so that an early answer is seen, and a peer that answers
while it reads is read while we send. How the connection is shared is not known here.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterable, Iterable
from typing import Any

from .._backends import Backend, Source
from .._errors import ReadError, ReadTimeout, WriteTimeout
from .._extensions import Options
from .._http11 import Head
from .._wire import IDEMPOTENT, PATIENCE, READING, SENDING, WAITING, Wire
from ..interface import Field
from ._connection import Http2Connection
from ._conversation import StreamConversation
from ._stream import UNANSWERED, Stream, StreamState


class NoRoom(Exception):
    """The peer has taken back the room for one more stream: nothing was sent, and another connection may do."""


class Http2Exchange(Wire):
    """One request and its response.

    Args:
        backend: How I/O is done.
        shared: The connection, with the right to open a stream.
        options: What the request asks for beside itself.
        began: When the request came, by the backend's clock.
        started: When it was given the connection.
        timings: Seconds by phase, to be filled in; those before `started` are there.
    """

    __slots__ = (
        "_answered_at",
        "_asked",
        "_began",
        "_conversation",
        "_method",
        "_over",
        "_pending",
        "_sending",
        "_shared",
        "_source",
        "_timings",
        "stream",
    )

    stream: Stream
    _waits = True  # for the answer, as soon as the request has been said

    def __init__(
        self,
        backend: Backend,
        shared: Http2Connection,
        options: Options,
        began: float,
        started: float,
        timings: dict[str, float],
    ) -> None:
        super().__init__(backend, shared.connection, options, started)
        self._shared = shared
        self._began = began
        self._timings = timings
        self._answered_at = started
        self._method = b""
        self._asked = False  # whether any of a body that comes in chunks has been asked for
        self._sending = False  # whether there is more of the request to send
        self._pending = memoryview(b"")  # what has been asked of the body, and has not left
        self._source: Source | None = None  # the rest of the body
        self._conversation: StreamConversation | None = None
        self._over = False  # the stream has ended both ways, or has been given up

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head as soon as it is here.

        Raises:
            NoRoom: The peer has taken back the room for a stream.
            LocalProtocolError: The request cannot be said in HTTP/2, or its body is not as long as declared.
            TransportError: There is no response.
        """
        stream = self.stream = self._open(method, target, fields, body)
        try:
            await self._send_request(fields)
            sent = self._clock()
            head, state = await self._receive_head()
            self._answered_at = answered = self._clock()
            self._timings["send"] = sent - self._started
            self._timings["first_byte"] = answered - sent
            await self._settle(state)
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._shared.abandon(stream)
            raise
        except BaseException:
            await self._stop()
            raise
        return head

    def _open(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Stream:
        """Begin the request, and make ready what follows; whatever prevents it, the right to a stream is used."""
        opened: Stream | None = None
        try:
            self._method = method
            if isinstance(body, bytes):
                self._pending = memoryview(body)
            else:
                self._source = self._backend.source(body)
            more = body != b"" or self._options.trailers is not None or self._options.duplex
            scheme = self._connection.origin[0]
            opened = self._shared.open(method, scheme, target, fields, end=not more, waits=self._waits)
        finally:
            if opened is None:
                self._shared.unreserve()
        if opened is None:
            raise NoRoom
        self._sending = more
        self._reused = opened.number > 1
        return opened

    def facts(self, head: Head) -> dict[str, Any]:
        """Return the response's extensions."""
        stream = self.stream
        facts = {
            "http_version": head.version,
            "stream_id": stream.number,
            "trailers": stream.trailers,
            "timings": self._timings,
            "connection": self._shared.facts(self._reused),
        }
        informational = self._shared.informational(stream, 0)
        if informational:
            facts["informational"] = informational
        return facts

    def info(self, name: str) -> Any:
        """Return what is known of the connection by one of the names of a network stream's `get_extra_info`."""
        if name == "is_readable":
            return self._shared.readable(self.stream)
        return self._stream.get_extra_info(name)

    def conversation(self) -> StreamConversation:
        """Return the stream as the caller's, to read and write himself.

        Raises:
            RuntimeError: It is not his: he has not asked for it, and it is no tunnel.
        """
        if self._conversation is None:
            head = self._shared.state(self.stream).head
            tunnel = self._method == b"CONNECT" and head is not None and head.status < 300
            if not tunnel and not self._options.duplex:
                raise RuntimeError(
                    "the network stream is the caller's with the extension 'duplex', or a 2xx to CONNECT, only"
                )
            self._conversation = StreamConversation(self._backend, self._shared, self.stream)
        return self._conversation

    def whole(self) -> bytes | None:
        """Return the content if all of it is here, and forget it; None where it has to be read, or its end to be seen to."""
        return self._shared.rest(self.stream) if "total" in self._timings else None

    def repeatable(self, method: bytes, body: object) -> bool:
        """Return whether a request that failed may be sent again (RFC 9113 §8.7, RFC 9110 §9.2.2).

        That is where the peer says that it did nothing with it, or where the connection may have been closed before it came.
        """
        stream = self.stream
        if self._asked and not isinstance(body, bytes):
            return False
        shared = self._shared
        unheard = shared.state(stream).head is None and not shared.informational(stream, 0)
        return shared.unprocessed(stream) or (self._reused and unheard and shared.dead and method in IDEMPOTENT)

    @property
    def unprocessed(self) -> bool:
        """Whether the peer has declared that it did nothing with the request (RFC 9113 §8.7)."""
        return self._shared.unprocessed(self.stream)

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last. What is left of the request is sent meanwhile.

        Raises:
            TransportError: The content will never be complete.
        """
        stream = self.stream
        try:
            while True:
                content, state = self._shared.take(stream)
                if content or state.complete:
                    break
                if not self._sending or not await self._send_some():
                    await self._progress(state, self._options.read, READING)
            await self._settle(state)
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._shared.abandon(stream)
            raise
        except BaseException:
            await self._stop()
            raise
        return content

    async def close(self) -> None:
        """Give up what has not been read, and what has not been sent. The connection's other streams do not notice."""
        await self._stop()

    async def _stop(self) -> None:
        self.give_up()
        await self._close_source()

    def give_up(self) -> None:
        """Give the stream back, the first time. What still reads it fails at once."""
        self._sending = False
        if not self._over:
            self._shared.give_up(self.stream)
            self._over = True

    def abandon(self) -> None:
        """Record that the stream is to be given back; finalizers may use it."""
        if not self._over:
            self._over = True
            self._shared.abandon(self.stream)

    def __del__(self) -> None:
        if hasattr(self, "stream"):  # there is none where the request could not be said
            self.abandon()

    async def _settle(self, state: StreamState) -> None:
        """End what is left of the request once the response is complete: it serves nothing any more."""
        if not state.complete or "total" in self._timings:
            return
        now = self._clock()
        self._timings["receive"] = now - self._answered_at
        self._timings["total"] = now - self._began
        self._connection.reused = True
        if state.ended:
            self._over = True
        elif not self._options.duplex:
            await self._stop()

    async def _close_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            await source.close()

    async def _receive_head(self) -> tuple[Head, StreamState]:
        state = UNANSWERED  # if it has been answered, there is nothing to wait for
        while state.head is None:
            state = await self._progress(state, self._options.read, WAITING)
        return state.head, state

    async def _send_request(self, fields: list[Field]) -> None:
        """Send the body until it has left, or the response has come.

        An answer that is no success ends it: the peer does not want the rest. To a peer that answers while it still reads,
        the rest is sent when the content is read.
        """
        if self._sending and any(
            name.lower() == b"expect" and value.lower() == b"100-continue" for name, value in fields
        ):
            await self._await_permission()
        while self._sending:
            state = self._shared.state(self.stream)
            head = state.head
            if state.complete or state.failure is not None or (head is not None and head.status >= 300):
                self._sending = False
            elif await self._send_some():
                if self._source is not None:
                    await self._shared.glance()
            elif head is not None:
                return
            else:
                await self._progress(state, self._options.write, SENDING)

    async def _send_some(self) -> bool:
        """Send what fits, asking the body for at most one chunk; return whether more may fit."""
        stream, options = self.stream, self._options
        if not self._pending and self._source is not None:
            self._asked = True
            chunk = await self._next(self._source)
            if chunk is None:
                await self._close_source()
            else:
                self._pending = memoryview(chunk)
        last = self._source is None
        end = last and options.trailers is None and not options.duplex
        taken = self._shared.send(stream, self._pending, end=end)
        self._pending = self._pending[taken:]
        if self._pending:
            return False
        if last:
            self._sending = False
            if options.trailers is not None:
                self._shared.send_trailers(stream, list(options.trailers()))
        return True

    async def _await_permission(self) -> None:
        """Wait a little for the peer's word whether the body is to be sent (RFC 9110 §10.1.1)."""
        stream = self.stream
        self._shared.send(stream, b"", end=False)
        deadline = self._clock() + PATIENCE
        with contextlib.suppress(TimeoutError):
            await self._shared.until(
                stream, lambda: stream.progress > 0, lambda: self._limit(max(deadline - self._clock(), 0.0))
            )
        self._listen()

    async def _progress(self, state: StreamState, seconds: float | None, doing: str) -> StreamState:
        """Wait until the response comes forward of `state`, or more of the request may leave; return the state then.

        Raises:
            TransportError: It will not.
        """
        stream, shared, seen = self.stream, self._shared, state.progress
        deadline = None if seconds is None else self._clock() + seconds

        def ready() -> bool:
            return stream.progress != seen or (self._sending and shared.sendable(stream))

        def limit() -> float | None:
            return self._limit(None if deadline is None else max(deadline - self._clock(), 0.0))

        if state.failure is None:
            try:
                await shared.until(stream, ready, limit)
            except TimeoutError as error:
                kind = WriteTimeout if doing is SENDING else ReadTimeout
                raise self._explained(error, kind, ReadError, doing, seconds) from error
            self._listen()
            state = shared.state(stream)
        failure = state.failure
        if failure is not None:
            raise type(failure)(self._explain(failure, doing, None)) from None
        return state

    def _listen(self) -> None:
        """Tell of the 1xx responses that have come."""
        listener = self._options.on_informational
        if listener is not None:
            for status, fields in self._shared.informational(self.stream, self._told):
                self._told += 1
                listener(status, fields)
