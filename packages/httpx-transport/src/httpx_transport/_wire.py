"""A connection in the hands of one exchange: waits within its limits, and errors in its words.

It knows streams, options and the decoder that is fed; neither slots nor what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ._backends import Backend, Source
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
from ._extensions import Options
from ._http11 import ResponseDecoder

SENDING: Final = "sending the request to"
WAITING: Final = "waiting for the response from"
READING: Final = "reading the content from"

PATIENCE: Final = 1.0
"""Seconds for a peer that was asked whether it wants the body (RFC 9110 §10.1.1)."""

IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})
"""The methods of requests that may be sent again (RFC 9110 §9.2.2)."""


class Wire:
    """What an exchange does with its connection, whatever it says on it.

    Args:
        backend: How I/O is done.
        connection: The connection.
        options: What the request asks for beside itself.
        started: When the request was given the connection, by the backend's clock.
    """

    __slots__ = (
        "_backend",
        "_clock",
        "_connection",
        "_decoder",
        "_heard",
        "_options",
        "_reused",
        "_started",
        "_stream",
        "_told",
    )

    _decoder: ResponseDecoder

    def __init__(self, backend: Backend, connection: Connection, options: Options, started: float) -> None:
        self._backend = backend
        self._clock: Callable[[], float] = backend.clock
        self._connection = connection
        self._stream = connection.stream
        self._reused = connection.reused  # as it was: it changes when the response is complete
        self._options = options
        self._started = started
        self._heard = False
        self._told = 0

    async def receive(self, doing: str) -> None:
        """Wait for bytes, and let the decoder have them.

        Raises:
            ReadError, ReadTimeout: There are none.
            RemoteProtocolError: They are not HTTP/1.1.
        """
        try:
            data = await self._stream.read(self._limit(self._options.read))
        except OSError as error:
            self.note_cut(error, doing)
            raise self._explained(error, ReadTimeout, ReadError, doing, self._options.read) from error
        self.feed(data, doing)

    def note_cut(self, error: OSError, doing: str) -> None:
        """Take a TLS peer that hung up without a goodbye as one that hung up, where HTTP says what is missing then.

        Raises:
            RemoteProtocolError: There is no response, or not all of it.
        """
        if type(error).__name__ == "SSLEOFError":  # by its name: who speaks no TLS need not import `ssl`
            self.feed(b"", doing)

    def feed(self, data: bytes, doing: str) -> None:
        """Let the decoder have bytes, b"" being the end; tell of the 1xx responses in them."""
        if data:
            self._heard = True
        try:
            self._decoder.feed(data)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(self._explain(error, doing, None)) from None
        listener = self._options.on_informational
        if listener is not None:
            for status, fields in self._decoder.informational[self._told :]:
                self._told += 1
                listener(status, fields)

    async def _next(self, source: Source) -> bytes | None:
        """Return the next chunk of the body, within what the total leaves for it."""
        if self._options.deadline is None:
            return await source.next(None)
        try:
            return await source.next(self._limit(None))
        except TimeoutError as error:
            if not self._options.expired(self._clock()):
                raise  # the body's own
            raise self._explained(TimeoutError(), WriteTimeout, WriteError, SENDING, None) from error

    def _limit(self, seconds: float | None) -> float | None:
        """Return how long a wait may be.

        Raises:
            TimeoutError: The total is over: a peer that always has something for us, or takes it, is never waited for.
        """
        if self._options.deadline is None:
            return seconds
        now = self._clock()
        if self._options.expired(now):
            raise TimeoutError
        return self._options.limit(seconds, now)

    def _explained(
        self,
        error: OSError,
        timeout_type: type[TransportError],
        error_type: type[TransportError],
        doing: str,
        limit: float | None,
    ) -> TransportError:
        if not is_timeout(error):
            return error_type(self._explain(error, doing, None))
        if self._options.expired(self._clock()):
            return timeout_type(
                self._explain(
                    f"timed out: the total is over, of which {self._options.total:g} s were left", doing, None
                )
            )
        return timeout_type(self._explain("timed out", doing, limit))

    def _explain(self, what: object, doing: str, seconds: float | None) -> str:
        if seconds is None:
            seconds = self._clock() - self._started
        return explain(what, doing, self._connection.peer, seconds, self._reused)


def is_timeout(error: OSError) -> bool:
    """Return whether a wait was too long for us; with a number it is the system's own, long, timeout."""
    return isinstance(error, TimeoutError) and error.errno is None


def is_ours(error: OSError) -> bool:
    """Return whether it was we who ended it: a wait was too long for us, or the pool has broken the connection off."""
    return is_timeout(error) or (isinstance(error, ConnectionAbortedError) and error.errno is None)


def is_alert(error: OSError) -> bool:
    """Return whether it is a TLS peer's alert (RFC 8446 §6), told by its reason: who speaks no TLS need not import `ssl`."""
    return "_ALERT_" in (getattr(error, "reason", None) or "")
