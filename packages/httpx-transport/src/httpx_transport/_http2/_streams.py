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
_HALF_WINDOW: Final = CONNECTION_WINDOW // 2  # bytes for which the connection's credit is withheld at most
_MAX_RESET: Final = 1_000  # streams that were reset of which the rest is expected
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
        answers: How many requests have had a response.
    """

    __slots__ = (
        *("_engine", "_reset", "_withheld"),
        *("answers", "blocked", "changed", "failure", "leaving", "limit", "next", "open"),
    )

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._withheld = 0  # bytes of all DATA frames so far for which the connection has not been given credit
        self._reset: dict[int, int] = {}  # bytes that may still arrive on streams that were reset here, by number
        self.open: dict[int, Stream] = {}
        self.changed: dict[Stream, None] = {}
        self.blocked: dict[Stream, None] = {}
        self.next = 1
        self.limit = _FIRST_LIMIT
        self.failure: TransportError | None = None
        self.leaving = False
        self.answers = 0

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
        self.reset(stream, PROTOCOL_ERROR)
        self.abandon(stream, RemoteProtocolError(f"HTTP/2 violation: {what}"))

    def abandon(self, stream: Stream, failure: TransportError, *, unprocessed: bool = False) -> None:
        """Count a stream no more; its response will never be complete, unless it is."""
        self.drop(stream)
        self.advance(stream)
        if not stream.complete:
            stream.failure, stream.unprocessed = failure, unprocessed

    def reset(self, stream: Stream, code: int) -> None:
        """Tell the peer that an open stream has ended, unless both sides have ended it. It is open no more: this is done once."""
        self.drop(stream)
        with contextlib.suppress(h2.exceptions.ProtocolError):  # it is closed, or the whole connection is
            self._engine.reset_stream(stream.number, code)
        if not stream.complete:
            self.expect_rest(stream)

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

    def arrive(self, size: int) -> None:
        """Account for a DATA frame, and give the connection credit for such frames in large pieces.

        Every DATA frame counts here, and nowhere else, whatever its stream has come to: two accounts that each wait for
        a threshold could withhold the whole window together, and the peer could send nothing any more. Credit is given as
        frames arrive, so that a stream that is not read delays no other (RFC 9113 §5.2.2, §6.9).
        """
        self._withheld += size
        if self._withheld >= _HALF_WINDOW:
            self._engine.credit(0, self._withheld)
            self._withheld = 0

    def discard(self, number: int, size: int, *, end: bool) -> bool:
        """Account for a DATA frame on a stream that is not open; return whether it was under way when that was reset.

        Such frames are no flood: there are no more of them than the stream had credit for.
        """
        window = self._reset.pop(number, 0)
        if not size or size > window:
            return False
        if not end:
            self._reset[number] = window - size
        return True

    def expect_rest(self, stream: Stream) -> None:
        """Expect what may be under way on a stream that was reset, unless too many others were reset since."""
        if len(self._reset) == _MAX_RESET:
            del self._reset[next(iter(self._reset))]
        self._reset[stream.number] = stream.window

    def consume(self, stream: Stream, size: int) -> None:
        """Take the bytes of a DATA frame from an open stream's window.

        Raises:
            Fault: There was no credit for them.
        """
        stream.window -= size
        if stream.window < 0:
            raise Fault("more content than there was credit for", FLOW_CONTROL_ERROR)

    def taken(self, stream: Stream, size: int) -> None:
        """Note bytes that need not be kept any more, and give the stream credit for them in large pieces."""
        stream.owed += size
        if stream.owed >= STREAM_WINDOW // 2 and not stream.settled and stream.number in self.open:
            self._engine.credit(stream.number, stream.owed)
            stream.window += stream.owed
            stream.owed = 0
