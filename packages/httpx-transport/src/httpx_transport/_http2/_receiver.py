"""What the peer says, made into changes of streams (RFC 9113 §5, §6, §8). It sends nothing but what h2 must answer."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

import h2.events
import h2.exceptions
import h2.settings
import hpack
import hyperframe.exceptions

from .._errors import RemoteProtocolError
from .._http11 import Head
from ..interface import Field
from ._engine import Engine
from ._fields import UNDECLARED, FieldError, check_fields, response_status
from ._frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_STREAM,
    GOAWAY,
    HEADER_SIZE,
    HEADERS,
    PADDED,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Fault,
    Frame,
    FrameReader,
    empty_data,
)
from ._stream import Stream
from ._streams import LAST_NUMBER, Streams

_MAX_INFORMATIONAL: Final = 100  # 1xx responses before the final one
_REFUSED_STREAM: Final = 0x7
_NAMES: Final = (
    *("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"),
    *("FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"),
    *("INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"),
)
_FRAMES: Final = (
    *("DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE"),
    "CONTINUATION",
)
_VIOLATIONS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (hpack.OversizedHeaderListError, "fields that are too large uncompressed"),
    (h2.exceptions.DenialOfServiceError, "fields that are too large uncompressed"),
    (hpack.InvalidTableIndexError, "a reference to no entry of the table (HPACK)"),
    (hpack.InvalidTableSizeError, "a table larger than allowed (HPACK)"),
    (hpack.HPACKError, "fields that cannot be decompressed (HPACK)"),
    (h2.exceptions.FlowControlError, "more credit than a window can hold"),
    (h2.exceptions.InvalidSettingsValueError, "a value that is not allowed"),
    ((h2.exceptions.FrameDataMissingError, hyperframe.exceptions.InvalidFrameError), "a wrong length"),
    (hyperframe.exceptions.InvalidDataError, "a value that is not allowed"),
)
_FieldsEvent: TypeAlias = (
    h2.events.ResponseReceived | h2.events.InformationalResponseReceived | h2.events.TrailersReceived
)
_GOAWAY: Final = Struct(">LL")
_ENGINE_ERRORS: Final = (
    h2.exceptions.H2Error,
    hpack.HPACKError,
    hyperframe.exceptions.HyperframeError,
    ValueError,
)


class Receiver:
    """The receiving half of one connection.

    Args:
        engine: h2's part.
        streams: What it changes.

    Attributes:
        reader: Cuts frames, and counts those that bring nobody forward.
        pings: How many PINGs of ours have not been answered.
    """

    __slots__ = ("_engine", "_handlers", "_last_processed", "_streams", "_why_leaving", "pings", "reader")

    def __init__(self, engine: Engine, streams: Streams) -> None:
        self._engine = engine
        self._streams = streams
        self._last_processed = LAST_NUMBER
        self._why_leaving = ""
        self.reader = FrameReader()
        self.pings = 0
        self._handlers: dict[type[h2.events.Event], Callable[[Any], None]] = {
            h2.events.ResponseReceived: self._fields_received,
            h2.events.InformationalResponseReceived: self._fields_received,
            h2.events.TrailersReceived: self._fields_received,
            h2.events.StreamEnded: self._stream_ended,
            h2.events.StreamReset: self._stream_reset,
            h2.events.WindowUpdated: self._window_updated,
            h2.events.RemoteSettingsChanged: self._settings_changed,
            h2.events.PingAckReceived: self._ping_answered,
        }

    def feed(self, data: bytes) -> None:
        """Take what came from the wire, b"" being its end. What it breaks fails by itself: nothing is raised."""
        if not data:
            self._end()
            return
        frame: Frame | None = None
        try:
            for frame in self.reader.feed(data):
                self._take(frame)
        except Fault as fault:
            self._engine.close_connection(fault.code)
            self._streams.fail(RemoteProtocolError(f"HTTP/2 violation: {fault}"))
        except h2.exceptions.StreamClosedError as error:
            what = f"HTTP/2 violation: a frame on stream {error.stream_id}, which has ended"
            self._streams.fail(RemoteProtocolError(what))
        except _ENGINE_ERRORS as error:  # h2 has said goodbye itself
            what = _violation(error, DATA if frame is None else frame.type)
            self._streams.fail(RemoteProtocolError(f"HTTP/2 violation: {what}"))

    def _take(self, frame: Frame) -> None:
        kind, flags, number, data = frame
        stream = self._streams.open.get(number)
        if kind == DATA:
            self._take_data(number, stream, flags, data)
            return
        self.reader.count(kind)
        if kind == HEADERS:
            self._engine.fields.last = last = bool(flags & END_STREAM)
            if stream is not None and stream.head is not None and not last:
                self._streams.break_off(stream, "a second response, or trailers that do not end the stream")
                stream = None
            self._engine.fields.final = last or stream is None
        elif kind == GOAWAY:
            self._going_away(number, data)
            return
        elif kind > CONTINUATION or kind == PRIORITY:
            return  # RFC 9113 §5.3, §5.5: neither says anything
        if stream is None and number:
            self._check_opened(number)
            if kind not in (WINDOW_UPDATE, RST_STREAM):  # these were sent before the peer knew, or change nothing
                self._engine.receive_late(data)
            return
        if kind == WINDOW_UPDATE and stream is not None and not int.from_bytes(data[HEADER_SIZE:]) & LAST_NUMBER:
            self._streams.break_off(stream, "a WINDOW_UPDATE of nothing")  # RFC 9113 §6.9: the stream's error alone
            return
        self._handle(self._engine.receive_data(data))
        if kind == SETTINGS and not flags & ACK:
            self._engine.bound_table()
            self._streams.limit = self._engine.remote_settings.max_concurrent_streams

    def _check_opened(self, number: int) -> None:
        if number and (number % 2 == 0 or number >= self._streams.next):
            raise Fault(f"a frame on stream {number}, which nobody has opened")

    def _handle(self, events: list[h2.events.Event]) -> None:
        for event in events:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _take_data(self, number: int, stream: Stream | None, flags: int, data: bytes) -> None:
        """Take a DATA frame. Windows and content are ours: h2 receives an empty frame, and only where states change.

        h2 would need ten times as long, keep an account of credit beside ours, and answer each frame on a stream that was
        reset by another RST_STREAM.
        """
        size, start, end = len(data) - HEADER_SIZE, HEADER_SIZE, len(data)
        if flags & PADDED:
            padding = data[HEADER_SIZE] if size else 0
            if padding >= size:
                raise Fault("padding longer than its frame")
            start, end = start + 1, end - padding
        streams, last = self._streams, flags & END_STREAM
        streams.arrive(size)
        if stream is not None and stream.head is None:
            streams.break_off(stream, "content before the response's head")
            stream = None
        if stream is None:
            self._check_opened(number)
            if not streams.discard(number, size, end=bool(last)):
                self.reader.count(DATA)
                self._engine.receive_late(empty_data(number, last))
            return
        if start == end:
            self.reader.count(DATA)
        streams.consume(stream, size)
        if stream.complete:  # what comes after the end is for h2 to refuse
            self._handle(self._engine.receive_data(empty_data(number, last)))
            return
        if last:
            self._engine.receive_data(empty_data(number, last))
        self._add(stream, data[start:end], size)
        if last and stream.failure is None:
            self._finish(stream)

    def _fields_received(self, event: _FieldsEvent) -> None:
        stream = self._streams.open[event.stream_id or 0]
        try:
            self._accept(stream, self._engine.fields.fields, last=self._engine.fields.last)
        except FieldError as error:
            self._streams.break_off(stream, str(error))
        else:
            self._streams.advance(stream)

    def _accept(self, stream: Stream, fields: list[Field], *, last: bool) -> None:
        """Take a field section: trailers, a final response, or an informational one."""
        if stream.head is not None:
            check_fields(fields)
            stream.trailers += fields
            return
        status = response_status(fields)
        fields = fields[1:]
        length = check_fields(fields)
        if status < 200:
            if last:
                raise FieldError("an informational response that ends the stream")
            if len(stream.informational) == _MAX_INFORMATIONAL:
                raise FieldError(f"more than {_MAX_INFORMATIONAL} informational responses to one request")
            stream.informational.append((status, fields))
            return
        self.reader.useful()
        if stream.method == b"HEAD" or status in (204, 304):
            length = 0
        elif stream.method == b"CONNECT" and status < 300:  # RFC 9110 §8.6: it means nothing there
            length = UNDECLARED
        stream.expected = length
        stream.head = Head(status, b"", b"HTTP/2", fields)
        self._streams.answers += 1

    def _add(self, stream: Stream, content: bytes, size: int) -> None:
        """Add content that came in a frame of `size` bytes."""
        if content:
            self.reader.useful()
            stream.add(content)
            self._streams.advance(stream)
        if stream.expected != UNDECLARED and stream.received > stream.expected:
            self._streams.break_off(stream, f"more content than the {stream.expected} bytes declared or allowed")
        elif size > len(content):  # padding is as good as read
            self._streams.taken(stream, size - len(content))

    def _stream_ended(self, event: h2.events.StreamEnded) -> None:
        stream = self._streams.open.get(event.stream_id or 0)
        if stream is not None:
            self._finish(stream)

    def _finish(self, stream: Stream) -> None:
        """Note that the peer has ended a stream."""
        if stream.expected not in (UNDECLARED, stream.received):
            missing = stream.expected - stream.received
            self._streams.break_off(stream, f"the stream ended, but {missing} bytes of the message body are missing")
        else:
            stream.complete = True
            self.reader.useful()
            self._streams.advance(stream)
            if stream.ended:
                self._streams.drop(stream)

    def _stream_reset(self, event: h2.events.StreamReset) -> None:
        stream = self._streams.open[event.stream_id or 0]
        code = int(event.error_code or 0)
        unheard = stream.head is None and not stream.informational
        if event.remote_reset:
            failure = RemoteProtocolError(f"the peer reset the stream: {_named(code)}")
        else:  # h2's own
            failure = RemoteProtocolError("HTTP/2 violation: more credit than a window can hold")
            self._streams.expect_rest(stream)
        # After a complete response it says that the rest of the request is not wanted (RFC 9113 §8.1).
        self._streams.abandon(stream, failure, unprocessed=unheard and code == _REFUSED_STREAM)

    def _going_away(self, number: int, data: bytes) -> None:
        """Read GOAWAY ourselves: h2 would end all streams, also those that the peer promises to answer."""
        if number or len(data) < HEADER_SIZE + _GOAWAY.size:
            raise Fault("a malformed GOAWAY")
        last, code = _GOAWAY.unpack_from(data, HEADER_SIZE)
        last &= LAST_NUMBER
        if last > self._last_processed:
            raise Fault("a GOAWAY that takes back an earlier one")
        self._last_processed, self._streams.leaving = last, True
        debug = data[HEADER_SIZE + _GOAWAY.size :][:100]
        self._why_leaving = f"the peer is going away: {_named(code)}" + (f" {debug!r}" if debug else "")
        for stream in [stream for number, stream in self._streams.open.items() if number > last]:
            self._streams.abandon(stream, RemoteProtocolError(self._why_leaving), unprocessed=True)

    def _window_updated(self, event: h2.events.WindowUpdated) -> None:
        streams = self._streams
        if not event.stream_id:
            streams.unblock()
            return
        stream = streams.open.get(event.stream_id)
        if stream in streams.blocked:
            del streams.blocked[stream]
            streams.changed[stream] = None

    def _settings_changed(self, event: h2.events.RemoteSettingsChanged) -> None:
        if h2.settings.SettingCodes.INITIAL_WINDOW_SIZE in event.changed_settings:
            self._streams.unblock()

    def _ping_answered(self, event: h2.events.PingAckReceived) -> None:  # noqa: ARG002 - all of ours say the same
        self.pings = max(self.pings - 1, 0)

    def _end(self) -> None:
        """Note that the peer has closed."""
        what = "Server disconnected without sending a response."
        if self._why_leaving:
            what = f"Server disconnected: {self._why_leaving}"
        for stream in self._streams.fail(RemoteProtocolError(what)):
            if stream.failure is not None and stream.head is not None:
                stream.failure = RemoteProtocolError("peer closed connection without sending complete message body")


def _violation(error: Exception, kind: int) -> str:
    """Return in words which frame h2 refused, and why. The words of h2 and hpack may quote fields, and are not passed on."""
    if isinstance(error.__cause__, hpack.HPACKError):
        error = error.__cause__
    words = next((words for types, words in _VIOLATIONS if isinstance(error, types)), "not allowed here")
    return f"an illegal {_FRAMES[kind]} frame: {words}"


def _named(code: int) -> str:
    """Return an error code in words (RFC 9113 §7)."""
    return f"{_NAMES[code] if code < len(_NAMES) else 'unknown error'} (0x{code:x})"
