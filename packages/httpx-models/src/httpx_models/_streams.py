"""The bodies of requests and responses: bytes, iterators of bytes, files; blocking and asynchronous.

It knows how a body is iterated, and whether it can be iterated again. It must not know its length or its media type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import StreamClosed, StreamConsumed

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

CHUNK_SIZE = 65_536  # bytes per read of a file
_CO_COROUTINE = 0x80  # among a function's flags: it is an `async def`


class SyncByteStream:
    """A body that blocking code iterates; subclasses give `__iter__`, and `close` where there is something to close."""

    def __iter__(self) -> Iterator[bytes]:
        """Return an iterator over the body's bytes.

        Raises:
            NotImplementedError: The subclass does not say what the bytes are.
        """
        raise NotImplementedError("The '__iter__' method must be implemented.")

    def whole(self) -> bytes | None:
        """Return the body, and hand it over, if all of it is at hand; None, as here, where it has to be iterated."""
        return None

    def close(self) -> None:
        """Give back what the body holds: a connection, a file. Does nothing here."""


class AsyncByteStream:
    """A body that asynchronous code iterates; subclasses give `__aiter__`, and `aclose` where there is need."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the body's bytes.

        Raises:
            NotImplementedError: The subclass does not say what the bytes are.
        """
        raise NotImplementedError("The '__aiter__' method must be implemented.")

    def whole(self) -> bytes | None:
        """Return the body, and hand it over, if all of it is at hand; None, as here, where it has to be iterated."""
        return None

    async def aclose(self) -> None:
        """Give back what the body holds: a connection, a file. Does nothing here."""


class AsyncChunks:
    """An asynchronous iterator over what a blocking iterator has at hand."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


class ByteStream(AsyncByteStream, SyncByteStream):
    """A body whose bytes are known: it can be iterated any number of times, from both kinds of code.

    Args:
        stream: The bytes. They are also to be had as `content`, without iterating.
    """

    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    @property
    def content(self) -> bytes:
        """The bytes themselves."""
        return self._stream

    def whole(self) -> bytes | None:
        """Return the bytes."""
        return self._stream

    def __iter__(self) -> Iterator[bytes]:
        """Return an iterator that gives the bytes in one piece."""
        yield self._stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator that gives the bytes in one piece."""
        return AsyncChunks(iter(self))


class IteratorByteStream(SyncByteStream):
    """A body made of the caller's iterable or binary file.

    A file is read in pieces, and rewound to where it stood when the body is needed again. An iterator can be used
    once; a list, or an object with its own `__iter__`, any number of times.

    Args:
        stream: The iterable of bytes.
    """

    CHUNK_SIZE = CHUNK_SIZE

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream: Any = stream
        self._is_stream_consumed = False
        self._start = _position(stream)

    def __iter__(self) -> Iterator[bytes]:
        """Return an iterator over the pieces.

        Raises:
            StreamConsumed: The pieces were handed out before, and cannot be had again.
        """
        stream = self._stream
        read = getattr(stream, "read", None)
        if self._is_stream_consumed:
            _rewind(stream, self._start, once=read is not None or _is_iterator(stream))
        self._is_stream_consumed = True
        if read is None:
            yield from stream
        else:
            while chunk := read(self.CHUNK_SIZE):
                yield chunk


class AsyncIteratorByteStream(AsyncByteStream):
    """A body made of the caller's asynchronous iterable, or of a file that is read with `await`.

    Args:
        stream: The asynchronous iterable of bytes, or an object with `aread`, or `read` to be awaited.
    """

    CHUNK_SIZE = CHUNK_SIZE

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream: Any = stream
        self._is_stream_consumed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the pieces.

        Raises:
            StreamConsumed: The pieces were handed out before, and cannot be had again (raised when it is iterated).
        """
        stream = self._stream
        read = async_read(stream)
        if self._is_stream_consumed and (read is not None or hasattr(stream, "__anext__")):
            return _Gone()
        self._is_stream_consumed = True
        # The caller's own iterator: whoever does not iterate it to its end sees whether it is a generator to be closed.
        return aiter(stream) if read is None else AsyncReads(read, self.CHUNK_SIZE)


class _Gone:
    """The pieces of a body that were handed out before."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise StreamConsumed


class AsyncReads:
    """An asynchronous iterator over the pieces of a file that is read with `await`.

    Args:
        read: The file's read method.
        size: How many bytes to ask for at a time.
    """

    def __init__(self, read: Any, size: int) -> None:
        self._read = read
        self._size = size

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk: bytes = await self._read(self._size)
        if not chunk:
            raise StopAsyncIteration
        return chunk


class UnattachedStream(AsyncByteStream, SyncByteStream):
    """The body of a request or response that came out of a pickle: the connection did not travel with it."""

    def __iter__(self) -> Iterator[bytes]:
        """Refuse.

        Raises:
            StreamClosed: Always.
        """
        raise StreamClosed

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Refuse.

        Raises:
            StreamClosed: Always.
        """
        raise StreamClosed


async def end(iterator: object) -> None:
    """Close an asynchronous iterator, if it can be closed."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        await close()


def async_read(file: Any) -> Any:
    """Return the method with which a file is read with `await`, or None when it has none.

    Args:
        file: Any object: it is a method `aread`, or an `async def read`.
    """
    method = getattr(file, "read", None)
    code = getattr(method, "__code__", None)
    is_coroutine = code is not None and code.co_flags & _CO_COROUTINE
    return getattr(file, "aread", None) or (method if is_coroutine else None)


def _is_iterator(stream: Any) -> bool:
    return hasattr(stream, "__next__")


def _position(stream: Any) -> int | None:
    """Return where a file stands, in bytes from its beginning, or None when it cannot say."""
    try:
        position: int = stream.tell()
    except (AttributeError, OSError):  # io.UnsupportedOperation, which pipes raise, is an OSError
        return None
    return position


def _rewind(stream: Any, start: int | None, *, once: bool) -> None:
    """Put a file back to where it stood, or raise StreamConsumed for what can only be had once."""
    if start is not None:
        try:
            stream.seek(start)
        except (AttributeError, OSError):
            raise StreamConsumed from None
    elif once:
        raise StreamConsumed
