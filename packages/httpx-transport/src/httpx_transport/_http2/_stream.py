"""One stream: the state of one request and its response (RFC 9113 §5). It knows no other stream, and sends nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from .._errors import TransportError
from .._http11 import Head
from ..interface import Field
from ._fields import UNDECLARED

STREAM_WINDOW: Final = 2_097_152
"""Bytes of one response that may arrive unread: what a fast line carries in a round trip."""

_SMALL: Final = 1_024  # bytes of content below which a piece is joined with the one before it


class StreamState(NamedTuple):
    """What a stream was at one moment. Threads that share a connection look at this, not at the stream itself.

    Attributes:
        head: The final response's head, once it has arrived.
        complete: Whether the response has arrived to its end.
        ended: Whether the request has left to its end, or shall not any more.
        failure: Why the response will never be complete; None while it may be.
        progress: How many times the response came forward.
    """

    head: Head | None
    complete: bool
    ended: bool
    failure: TransportError | None
    progress: int


UNANSWERED: Final = StreamState(None, complete=False, ended=False, failure=None, progress=0)
"""The state of a stream before anything has come."""


class Stream:
    """One request and its response on a connection that has many. Made by the codec, which alone changes it.

    Args:
        number: The stream's number.
        method: The request's method: it decides whether there is content.
        length: The declared length of the request's body in bytes, or -1.

    Attributes:
        number: As above.
        head: The final response's head, once it has arrived.
        complete: Whether the response has arrived to its end.
        ended: Whether the request has left to its end, or shall not any more.
        informational: Status and fields of each 1xx response so far.
        trailers: A list that has the trailer fields when the response is complete.
        failure: Why the response will never be complete; None while it may be.
        unprocessed: Whether the peer has said that it did nothing with the request (RFC 9113 §8.7).
        progress: How many times the response came forward: a number that changes when it does.
    """

    __slots__ = (
        "_ready",
        "complete",
        "ended",
        "expected",
        "failure",
        "head",
        "informational",
        "method",
        "number",
        "owed",
        "progress",
        "received",
        "trailers",
        "undelivered",
        "unprocessed",
        "window",
    )

    def __init__(self, number: int, method: bytes, length: int) -> None:
        self.number = number
        self.method = method
        self.undelivered = length  # bytes of the request's body that were declared and have not been sent
        self.head: Head | None = None
        self.complete = False
        self.ended = False
        self.informational: list[tuple[int, list[Field]]] = []
        self.trailers: list[Field] = []
        self.failure: TransportError | None = None
        self.unprocessed = False
        self.progress = 0
        self.expected = UNDECLARED  # bytes of content that the response's head has declared
        self.received = 0  # bytes of content that have arrived
        self.window = STREAM_WINDOW  # bytes that may arrive
        self.owed = 0  # bytes that were taken, and for which the peer has no credit yet
        self._ready: list[bytes | bytearray] = []

    @property
    def settled(self) -> bool:
        """Whether nothing more will come."""
        return self.complete or self.failure is not None

    @property
    def readable(self) -> bool:
        """Whether there is content to be taken, or the end."""
        return bool(self._ready) or self.settled

    def state(self) -> StreamState:
        """Return what the stream is now. Where threads share it, the connection's lock is held."""
        return StreamState(self.head, self.complete, self.ended, self.failure, self.progress)

    def add(self, content: bytes) -> None:
        """Keep content until it is taken.

        Small pieces are joined: as objects of their own, those of two bytes would take twenty times the room of the window.
        """
        self.received += len(content)
        ready = self._ready
        if ready and len(content) < _SMALL:
            last = ready[-1]
            if isinstance(last, bytearray):
                last += content
                return
            if len(last) < _SMALL:
                ready[-1] = bytearray(last) + content
                return
        ready.append(content)

    def take(self) -> bytes:
        """Return the content that has arrived since the last call, and forget it."""
        ready = self._ready
        if not ready:
            return b""
        self._ready = []
        first = ready[0]
        return first if len(ready) == 1 and isinstance(first, bytes) else b"".join(ready)
