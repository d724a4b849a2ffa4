"""Streams that note how long a response took: from when its request was sent until the stream is closed.

They know streams and the attribute in which models look for the seconds. They have no clock of their own.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from httpx_models import AsyncByteStream, Response, SyncByteStream


class Watch:
    """What all timed streams share: they time nothing until they are begun."""

    _stream: Any
    _response: weakref.ref[Response] | None = (
        None  # weak: a response that is dropped unread ends with its last reference
    )
    _started: float
    _clock: Callable[[], float]

    def begin(self, response: Response, started: float, clock: Callable[[], float]) -> None:
        """Begin to time.

        Args:
            response: Whose stream this is.
            started: When the request was sent.
            clock: What tells the time, in seconds.
        """
        self._response = weakref.ref(response)
        self._started = started
        self._clock = clock

    def note(self) -> None:
        """Note the time, once."""
        if self._response is not None:
            response, self._response = self._response(), None
            if response is not None:
                response._elapsed = self._clock() - self._started

    def whole(self) -> bytes | None:
        """Return the content if the stream has all of it at hand, and note the time; None where it has to be iterated."""
        whole: Callable[[], bytes | None] | None = getattr(self._stream, "whole", None)  # not every stream has it
        content = None if whole is None else whole()
        if content is not None:
            self.note()
        return content


class TimedStream(Watch, SyncByteStream):
    """A stream for blocking code, timed.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        """Close the stream, and note the time."""
        try:
            self._stream.close()
        finally:
            self.note()


class AsyncTimedStream(Watch, AsyncByteStream):
    """A stream for asynchronous code, timed.

    Args:
        stream: The stream.

    Attributes:
        shield: What returns a context into which no cancellation comes; the stream is closed in it.
    """

    shield: Callable[[], AbstractContextManager[Any]] = nullcontext

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Close the stream, also when the caller has been cancelled, and note the time."""
        try:
            with self.shield():
                await self._stream.aclose()
        finally:
            self.note()
