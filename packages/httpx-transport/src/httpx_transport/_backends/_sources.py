"""Request bodies that come in chunks, as the exchange asks for them: one at a time. They know no I/O.

A body is iterated from the first chunk that is asked for, and not before: a request that finds no connection or stream at first
leaves its body untouched, and can be sent on another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Generator, Iterable, Iterator
from typing import Any

_END: Any = object()


class IterableSource:
    """The chunks of an ordinary iterable.

    Args:
        body: What the caller gave as the request's body.

    Raises:
        TypeError: It is not iterable; an asynchronous one belongs to the asynchronous face.
    """

    __slots__ = ("_body", "_chunks")

    def __init__(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        if not isinstance(body, Iterable):
            raise TypeError(f"the body of a blocking request must be bytes or an iterable of bytes, not {type(body)}")
        self._body = body
        self._chunks: Iterator[bytes] | None = None

    async def next(self, timeout: float | None) -> bytes | None:  # noqa: ARG002 - nothing can interrupt it
        """Return the next chunk, None after the last."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = iter(self._body)
        chunk: object = next(chunks, _END)
        return None if chunk is _END else _checked(chunk)

    async def close(self) -> None:
        """Let a generator that was not read to its end clean up."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()


class AsyncIterableSource(ABC):
    """The chunks of an asynchronous iterable.

    Args:
        body: What the caller gave as the request's body.

    Raises:
        TypeError: It is not asynchronously iterable; a plain iterable would block the event loop.
    """

    __slots__ = ("_body", "_chunks")

    def __init__(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        if not isinstance(body, AsyncIterable):
            raise TypeError(f"the body of an asynchronous request must be bytes or an async iterable, not {type(body)}")
        self._body = body
        self._chunks: AsyncIterator[bytes] | None = None

    async def next(self, timeout: float | None) -> bytes | None:
        """Return the next chunk, None after the last; raise TimeoutError where it does not come in time."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = aiter(self._body)
        coming = anext(chunks, _END)
        chunk: object = await (coming if timeout is None else self._within(coming, timeout))
        return None if chunk is _END else _checked(chunk)

    @abstractmethod
    async def _within(self, coming: Awaitable[object], timeout: float) -> object:
        """Await a chunk; raise TimeoutError after `timeout` seconds."""

    async def close(self) -> None:
        """Let a generator that was not read to its end clean up, here and not when it is collected."""
        if isinstance(self._chunks, AsyncGenerator):
            await self._chunks.aclose()


def _checked(chunk: object) -> bytes:
    """Return a chunk as bytes; what is none, None too, must not pass for the end."""
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, bytearray | memoryview):
        return bytes(chunk)
    raise TypeError(f"the chunks of a request's body must be bytes, not {type(chunk)}")
