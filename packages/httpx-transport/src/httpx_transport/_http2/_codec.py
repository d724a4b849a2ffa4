"""One HTTP/2 connection (RFC 9113) as pure state: bytes are fed, streams change, bytes to send collect.

It knows what may be sent, and when the connection can take no more streams. It does no I/O, has no clock, and does not know
who waits. Of threads it knows nothing either: whoever shares it locks it.
"""

from __future__ import annotations

from typing import Final

from .._errors import LocalProtocolError, ReadError, RemoteProtocolError, TransportError
from ..interface import Field
from ._engine import Engine
from ._fields import UNDECLARED, RequestEncoder, request_trailers
from ._receiver import Receiver
from ._stream import Stream
from ._streams import Streams

_MAX_BACKLOG: Final = 131_072  # bytes to send, above which no content is taken
_MAX_UNSENT: Final = 1_048_576  # bytes to send, above which the peer cannot be taking them
_NO_ERROR: Final = 0x0
_CANCEL: Final = 0x8


class Codec:
    """The state of one connection, from its first byte on."""

    __slots__ = ("_encoder", "_engine", "_out", "_out_size", "_receiver", "_streams")

    def __init__(self) -> None:
        self._engine = Engine()
        self._streams = Streams(self._engine)
        self._receiver = Receiver(self._engine, self._streams)
        self._encoder = RequestEncoder()
        self._out: list[bytes] = []
        self._out_size = 0
        self._collect()

    # What the exchanges ask.

    @property
    def failure(self) -> TransportError | None:
        """Why the connection has ended; None while it lives."""
        return self._streams.failure

    @property
    def known(self) -> bool:
        """Whether the peer has sent its settings."""
        return self._receiver.reader.begun

    @property
    def leaving(self) -> bool:
        """Whether there will be no more streams: by GOAWAY, by an error, or because one side has closed."""
        return self._streams.leaving

    @property
    def spent(self) -> bool:
        """Whether there will be no more streams, after some that were answered."""
        return self._streams.leaving and self._streams.answers > 0

    @property
    def answers(self) -> int:
        """How many requests have had a response."""
        return self._streams.answers

    @property
    def pings(self) -> int:
        """How many PINGs of ours have not been answered."""
        return self._receiver.pings

    def room(self) -> int:
        """Return how many more streams may be opened now."""
        return self._streams.room()

    def live(self) -> int:
        """Return how many streams are open."""
        return len(self._streams.open)

    def open(self, method: bytes, scheme: bytes, target: bytes, fields: list[Field], *, end: bool) -> Stream:
        """Begin a request; only while there is room.

        Args:
            method: The method.
            scheme: The scheme, for `:scheme`.
            target: The path with its query, or `*`; host and port for CONNECT.
            fields: The field lines, with Host.
            end: Whether there is no body.

        Raises:
            LocalProtocolError: The request cannot be said in HTTP/2. Nothing has been sent.
        """
        section, length = self._encoder.encode(method, scheme, target, fields)
        if end and length > 0:
            raise LocalProtocolError("Too little data for declared Content-Length")
        stream = Stream(self._streams.next, method, length)
        self._engine.send_section(stream.number, section, end=end)
        self._streams.add(stream)
        stream.ended = end
        self._collect()
        return stream

    def send(self, stream: Stream, data: bytes | memoryview, *, end: bool) -> int:
        """Take content of a request; return how many bytes, which the peer's windows and our backlog limit.

        Args:
            stream: Whose content it is. One that is over takes all, and sends none.
            data: The content.
            end: Whether it is the last: said with its last byte.

        Raises:
            LocalProtocolError: There is more, or at the end less, than was declared.
        """
        size, number, taken = len(data), stream.number, 0
        self._check_length(stream, size, end)
        if stream.ended:
            return size
        self._streams.blocked.pop(stream, None)
        room = min(self._engine.local_flow_control_window(number), _MAX_BACKLOG - self._out_size)
        largest = self._engine.max_outbound_frame_size
        while taken < size and room > 0:
            piece = data[taken : taken + min(room, largest)]
            taken += len(piece)
            room -= len(piece)
            self._engine.send_data(number, piece, end_stream=end and taken == size)
        if taken:
            self._receiver.reader.useful()
        if stream.undelivered != UNDECLARED:
            stream.undelivered -= taken
        if taken < size:
            self._streams.blocked[stream] = None
        elif end:
            if not size:
                self._engine.end_stream(number)
            self._request_ended(stream)
        self._collect()
        return taken

    def sendable(self, stream: Stream) -> bool:
        """Return whether `send` would take content, or forget it because the stream is over."""
        return stream.ended or (
            self._out_size < _MAX_BACKLOG and self._engine.local_flow_control_window(stream.number) > 0
        )

    def send_trailers(self, stream: Stream, fields: list[Field]) -> None:
        """End a request's body by trailer fields; without any, just end it.

        Raises:
            LocalProtocolError: A field that HTTP/2 does not allow, or less content than was declared.
        """
        section = request_trailers(fields)
        if not section:
            self.send(stream, b"", end=True)
            return
        self._check_length(stream, 0, end=True)
        if not stream.ended:
            self._engine.send_section(stream.number, section, end=True)
            self._request_ended(stream)
            self._collect()

    def take(self, stream: Stream) -> bytes:
        """Return the content that has arrived, forget it, and give the peer credit for it."""
        content = stream.take()
        self._streams.taken(stream, len(content))
        self._collect()
        return content

    def reset(self, stream: Stream) -> None:
        """Give a stream up; the others do not notice. One that has ended both ways is none any more.

        A response that is not complete never will be: `failure` says so to whatever still reads it.
        """
        if stream.number in self._streams.open:
            self._streams.reset(stream, _NO_ERROR if stream.complete else _CANCEL)
            self._collect()
        if not stream.complete:  # else its content is whole, and still to be read
            stream.take()
            if stream.failure is None:
                self._streams.abandon(stream, ReadError("the response was closed"))

    def ping(self) -> None:
        """Ask the peer whether it is alive (RFC 9113 §6.7)."""
        self._receiver.pings += 1
        self._engine.ping(b"\0\0\0\0\0\0\0\0")
        self._collect()

    def close(self) -> None:
        """Say goodbye (RFC 9113 §6.8); there will be no more streams."""
        if self.failure is None:
            self._streams.leaving = True
            self._engine.close_connection()
            self._collect()

    def leave(self) -> None:
        """Take no more streams."""
        self._streams.leaving = True

    # What the connection moves.

    def unsent(self) -> bytes:
        """Return the bytes that have to be sent; `sent` says how many of them were."""
        if len(self._out) > 1:
            self._out = [b"".join(self._out)]
        return self._out[0] if self._out else b""

    def sent(self, count: int) -> None:
        """Forget bytes of `unsent` that were sent."""
        self._out_size -= count
        self._out = [self.unsent()[count:]] if self._out_size else []

    def feed(self, data: bytes) -> list[Stream]:
        """Take what came from the wire, b"" being its end; return the streams that changed. It raises nothing.

        A stream that a violation breaks has a `failure`; a violation that ends the connection is every stream's.
        """
        streams = self._streams
        if streams.failure is None:
            self._receiver.feed(data)
            self._collect()
            if self._out_size > _MAX_UNSENT and streams.failure is None:
                streams.fail(RemoteProtocolError("HTTP/2 violation: the peer asks for answers and takes none"))
        return self.changed()

    def fail(self, error: TransportError) -> list[Stream]:
        """End the connection for an error of I/O; return the streams that changed."""
        if self._streams.failure is None:
            self._streams.fail(error)
        return self.changed()

    def changed(self) -> list[Stream]:
        """Return the streams of which there is something new; when there is room again, also those that wait for it."""
        streams = self._streams
        if streams.blocked and self._out_size < _MAX_BACKLOG // 2:
            streams.changed.update((stream, None) for stream in streams.blocked if self.sendable(stream))
        changed = list(streams.changed)
        streams.changed.clear()
        return changed

    def _request_ended(self, stream: Stream) -> None:
        stream.ended = True
        if stream.complete:
            self._streams.drop(stream)

    def _check_length(self, stream: Stream, size: int, end: bool) -> None:
        if stream.undelivered != UNDECLARED:
            if size > stream.undelivered:
                raise LocalProtocolError("Too much data for declared Content-Length")
            if end and size < stream.undelivered:
                raise LocalProtocolError("Too little data for declared Content-Length")

    def _collect(self) -> None:
        data = self._engine.outgoing()
        if data:
            self._out.append(data)
            self._out_size += len(data)
