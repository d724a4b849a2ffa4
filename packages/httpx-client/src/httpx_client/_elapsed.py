"""Streams that note how long a response took: from when its request was sent until the stream is closed.

They know streams and the attribute in which models look for the seconds. They have no clock of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from httpx_models import AsyncByteStream, Response, SyncByteStream


class _Watch:
    """What both streams share.

    Args:
        response: Whose stream it is; it is let go of once the time is noted.
        started: When the request was sent.
        clock: What tells the time, in seconds.
    """

    _stream: Any

    def __init__(self, response: Response, started: float, clock: Callable[[], float]) -> None:
        self._stream = response.stream
        self._response: Response | None = response
        self._started = started
        self._clock = clock

    def whole(self) -> bytes | None:
        """Return the body if the stream has all of it at hand, and note the time; None where it has to be iterated."""
        whole = getattr(self._stream, "whole", None)  # a stream need not be a subclass of ours
        content: bytes | None = None if whole is None else whole()
        if content is not None:
            self._note()
        return content

    def _note(self) -> None:
        if self._response is not None:
            self._response._elapsed = self._clock() - self._started
            self._response = None


class TimedStream(_Watch, SyncByteStream):
    """A response's stream, timed, for blocking code."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        """Close the stream, and note the time."""
        try:
            self._stream.close()
        finally:
            self._note()


class AsyncTimedStream(_Watch, AsyncByteStream):
    """A response's stream, timed, for asynchronous code.

    Args:
        response: As above.
        started: As above.
        clock: As above.
        shield: What returns a context into which no cancellation comes.
    """

    def __init__(
        self,
        response: Response,
        started: float,
        clock: Callable[[], float],
        shield: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        super().__init__(response, started, clock)
        self._shield = shield

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Close the stream, also when the caller has been cancelled, and note the time."""
        try:
            with self._shield():
                await self._stream.aclose()
        finally:
            self._note()
