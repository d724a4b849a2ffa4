"""The open streams of one connection, what became of them, and the credit they owe. It knows the engine, and no frame."""

from __future__ import annotations

import contextlib
from typing import Final

import h2.exceptions

from .._errors import RemoteProtocolError, TransportError
from ._engine import CONNECTION_WINDOW, Engine
from ._frames import FLOW_CONTROL_ERROR, PROTOCOL_ERROR, Fault
from ._stream import STREAM_WINDOW, Stream

LAST_NUMBER: Final = 2**31 - 1
_FIRST_LIMIT: Final = 1  # streams that may be open before the peer has said how many: it would refuse what is too many


class Streams:
    """The streams of one connection.

    Args:
        engine: h2's part.

    Attributes:
        open: Those that are not complete both ways, and not broken, by number.
        changed: Those of which there is something new since somebody last asked.
        blocked: Those whose content could not be taken for want of credit or room.
        next: The number of the next one.
        limit: How many may be open at once.
        failure: Why the connection has ended; None while it lives.
        leaving: Whether there will be no more.
        answered: Whether any request has had a response.
    """

    __slots__ = (
        *("_engine", "_owed", "_window"),
        *("answered", "blocked", "changed", "failure", "leaving", "limit", "next", "open"),
    )

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._window = CONNECTION_WINDOW  # bytes that may arrive, of those that h2 does not see
        self._owed = 0  # bytes that h2 has seen, and for which the connection has no credit yet
        self.open: dict[int, Stream] = {}
        self.changed: dict[Stream, None] = {}
        self.blocked: dict[Stream, None] = {}
        self.next = 1
        self.limit = _FIRST_LIMIT
        self.failure: TransportError | None = None
        self.leaving = False
        self.answered = False

    def room(self) -> int:
        """Return how many more streams may be opened now."""
        if self.leaving or self.next > LAST_NUMBER:
            return 0
        return max(self.limit - len(self.open), 0)

    def add(self, stream: Stream) -> None:
        """Count a stream that has been opened."""
        self.next += 2
        self.open[stream.number] = stream
        self._engine.live = len(self.open)

    def advance(self, stream: Stream) -> None:
        """Note that a response came forward."""
        stream.progress += 1
        self.changed[stream] = None

    def break_off(self, stream: Stream, what: str) -> None:
        """End one stream for a violation that is its alone (RFC 9113 §5.4.2)."""
        self.abandon(stream, RemoteProtocolError(f"HTTP/2 violation: {what}"))
        self.reset(stream, PROTOCOL_ERROR)

    def abandon(self, stream: Stream, failure: TransportError, *, unprocessed: bool = False) -> None:
        """Count a stream no more; its response will never be complete, unless it is."""
        self.drop(stream)
        self.advance(stream)
        if not stream.complete:
            stream.failure, stream.unprocessed = failure, unprocessed

    def reset(self, stream: Stream, code: int) -> None:
        """Tell the peer that a stream has ended, unless both sides have ended it."""
        self.drop(stream)
        with contextlib.suppress(h2.exceptions.ProtocolError):  # it is closed, or the whole connection is
            self._engine.reset_stream(stream.number, code)

    def drop(self, stream: Stream) -> None:
        """Count a stream no more."""
        stream.ended = True
        self.blocked.pop(stream, None)
        if self.open.pop(stream.number, None) is not None:
            self._engine.live = len(self.open)
            self._engine.forget_closed()

    def fail(self, error: TransportError) -> list[Stream]:
        """End the connection for `error`; return the streams that were open."""
        self.failure = error
        self.leaving = True
        streams = list(self.open.values())
        for stream in streams:
            self.abandon(stream, error)
        return streams

    def unblock(self) -> None:
        """Let all that wait for credit or room try again."""
        self.changed.update(self.blocked)
        self.blocked.clear()

    def arrive(self, stream: Stream, size: int) -> None:
        """Note bytes that h2 has not seen.

        Raises:
            Fault: There was no credit for them.
        """
        stream.window -= size
        self._window -= size
        if stream.window < 0 or self._window < 0:
            raise Fault("more content than there was credit for", FLOW_CONTROL_ERROR)
        if self._window <= CONNECTION_WINDOW // 2:  # given as it arrives: a stream that nobody reads starves no other
            self._engine.credit(0, CONNECTION_WINDOW - self._window)
            self._window = CONNECTION_WINDOW

    def ended_with(self, size: int) -> None:
        """Note bytes of the last frame of a stream, which h2 has counted."""
        self._owed += size
        if self._owed >= CONNECTION_WINDOW // 4:
            self._engine.increment_flow_control_window(self._owed)
            self._owed = 0

    def taken(self, stream: Stream, size: int) -> None:
        """Note bytes that need not be kept any more, and give the stream credit for them in large pieces."""
        stream.owed += size
        if stream.owed >= STREAM_WINDOW // 2 and not stream.settled and stream.number in self.open:
            self._engine.credit(stream.number, stream.owed)
            stream.window += stream.owed
            stream.owed = 0
