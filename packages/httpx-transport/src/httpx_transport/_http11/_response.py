"""From bytes to one response (RFC 9112 §4, §5, §6). A fast path reads what is well-formed; h11 judges all else.

Whatever the fast path accepts, h11 reads to the same status, fields, content and reuse; whatever h11 rejects, the fast
path has not accepted. A property test holds both to that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from .._errors import RemoteProtocolError
from ..interface import Field
from ._chunks import ChunkedReader
from ._grammar import HEAD_END, MAX_HEAD
from ._head import CHUNKED, UNCLEAR, UNDECLARED, HeadReader
from ._judge import Informational, Judge
from ._keep_alive import read_keep_alive

_TOO_LONG: Final = f"response head longer than {MAX_HEAD} bytes"


class Head(NamedTuple):
    """The head of a final response."""

    status: int
    reason: bytes
    version: bytes
    fields: list[Field]


# What `Head(...)` does, without a call of Python's own.
_head: Final[Callable[[tuple[int, bytes, bytes, list[Field]]], Head]] = functools.partial(tuple.__new__, Head)


class ResponseDecoder:
    """The state of receiving the one response to one request.

    Args:
        heads: What reads the heads of this connection.
        method: The request's method: it decides whether there is content (RFC 9112 §6.3).
        close: Whether the request said `Connection: close`.
        upgrade: Whether the request offered another protocol (RFC 9110 §7.8).

    Attributes:
        head: The final response's head, once it has arrived.
        complete: Whether the response has arrived to its end.
        reusable: Whether, when complete, the connection may serve again.
        keep_alive: Seconds after which the peer has said to close an idle connection; None where it has not.
        informational: Status and fields of each 1xx response so far (RFC 9110 §15.2).
        switched: Whether another protocol begins behind the head: after a 101, or a 2xx to CONNECT.
        surplus: What came behind the head when it does.
        trailers: A list that has the trailer fields when the response is complete (RFC 9110 §6.5).
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_close",
        "_heads",
        "_judge",
        "_method",
        "_missing",
        "_ready",
        "_upgrade",
        "complete",
        "head",
        "informational",
        "keep_alive",
        "reusable",
        "surplus",
        "switched",
        "trailers",
    )

    def __init__(self, heads: HeadReader, method: bytes, close: bool, upgrade: bool = False) -> None:
        self._heads = heads
        self._method = method
        self._close = close
        self._upgrade = upgrade
        self._buffer = self._ready = self.surplus = b""
        self._missing = 0
        self._chunks: ChunkedReader | None = None
        self._judge: Judge | None = None
        self.informational: Sequence[Informational] = ()
        self.trailers: list[Field] = []
        self.head: Head | None = None
        self.keep_alive: float | None = None
        self.complete = self.reusable = self.switched = False

    def feed(self, data: bytes) -> None:
        """Take what came from the wire; b"" is the end of it.

        Raises:
            RemoteProtocolError: This is not HTTP, or it ended too early.
        """
        if self._judge is not None:
            self._ask(self._judge, data)
        elif self.head is None:
            self._feed_head(data)
        elif data:
            self._feed_content(data)
        elif not self.complete:
            raise RemoteProtocolError(self._truncation())

    def take(self) -> bytes:
        """Return the content that has arrived since the last call, and forget it."""
        ready, self._ready = self._ready, b""
        return ready

    def _feed_head(self, data: bytes) -> None:
        ended, start = not data, 0
        if self._buffer:
            start = max(len(self._buffer) - 3, 0)
            data = self._buffer + data
        # In a later piece only the end of the head is looked for: one in tiny pieces is not matched again and again.
        head = self._heads.read(data) if not start or HEAD_END.search(data, start) else None
        if head is None:
            self._buffer = data
            self._await_or_judge(start, ended)
            return
        octets, status, reason, fields, length, close, keep_alive = head
        end = len(octets)
        if end > MAX_HEAD:
            raise RemoteProtocolError(_TOO_LONG)
        if length != UNCLEAR and (status in (204, 304) or self._method == b"HEAD"):
            length = 0
        if length <= UNDECLARED or self._method == b"CONNECT":
            self._buffer = data
            self._judge_from_here()
            return
        self.head = _head((status, reason, b"HTTP/1.1", fields.copy()))
        self._buffer = b""
        self._close = self._close or close
        self.keep_alive = keep_alive
        if len(data) - end == length:  # all of it, and not a byte more
            self._ready = data[end:]
            self.complete = True
            self.reusable = not self._close
            return
        if length == CHUNKED:
            self._chunks = ChunkedReader()
        self._missing = length
        self._feed_content(data[end:])

    def _await_or_judge(self, start: int, end: bool) -> None:
        """No head for the fast path: wait for more of it while it can still become one."""
        received = self._buffer
        plausible = received.startswith(b"HTTP/1.1 "[: len(received)]) and not received.startswith(b"HTTP/1.1 1")
        if end or not plausible or HEAD_END.search(received, start):
            self._judge_from_here(end)
        elif len(received) > MAX_HEAD:
            raise RemoteProtocolError(_TOO_LONG)

    def _feed_content(self, data: bytes) -> None:
        if self._chunks is not None:
            self._add(self._chunks.feed(data))
            self.complete = self._chunks.complete
            self.trailers += self._chunks.trailers
            surplus = bool(self._chunks.surplus)
        else:
            surplus = len(data) > self._missing
            self._add(data[: self._missing] if surplus else data)
            self._missing = max(self._missing - len(data), 0)
            self.complete = not self._missing
        # A byte too many means that we and the peer disagree about where messages end.
        self.reusable = self.complete and not surplus and not self._close

    def _judge_from_here(self, end: bool = False) -> None:
        self._judge = Judge(self._method, self._close, self._upgrade)
        self.informational, self._judge.trailers = self._judge.informational, self.trailers
        received, self._buffer = self._buffer, b""
        if received:
            self._ask(self._judge, received)
        if end:
            self._ask(self._judge, b"")

    def _ask(self, judge: Judge, data: bytes) -> None:
        self._add(judge.feed(data))
        if self.head is None and judge.final is not None:
            self.head = Head(*judge.final)
            for name, value in self.head.fields:
                if name.lower() == b"keep-alive":
                    self.keep_alive = read_keep_alive(value, self.keep_alive)
        self.complete, self.reusable = judge.complete, judge.reusable
        self.switched, self.surplus = judge.switched, judge.surplus

    def _add(self, content: bytes) -> None:
        self._ready = self._ready + content if self._ready else content

    def _truncation(self) -> str:
        return "peer closed connection without sending complete message body (" + (
            "incomplete chunked read)" if self._chunks is not None else f"{self._missing} bytes are missing)"
        )
