"""The two faces of a response's content: iterate, close, `with`. Reading is the exchange's."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from .blocking import run


class Content(Protocol):
    """What a body needs of an exchange."""

    def whole(self) -> bytes | None:
        """Return the content if all of it is here, None where it has to be read."""
        ...

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last."""
        ...

    async def close(self) -> None:
        """Give up what has not been read."""
        ...

    def abandon(self) -> None:
        """Record that the rest is to be given up, for a thread that holds no lock; finalizers may use it."""
        ...


class ResponseBody:
    """The content of a response, for blocking callers; an iterator over bytes as they arrive.

    Args:
        exchange: What it is read from.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Content) -> None:
        self._exchange = exchange

    def whole(self) -> bytes | None:
        """Return the content if all of it has arrived with the head, None where it has to be read."""
        return self._exchange.whole()

    def __iter__(self) -> Chunks:
        return Chunks(self, self._exchange)

    def __next__(self) -> bytes:
        exchange = self._exchange
        content = exchange.whole()
        if content or (content is None and (content := run(exchange.read()))):
            return content
        raise StopIteration

    def close(self) -> None:
        """Give up what has not been read. Closing twice, or after the end, is allowed."""
        run(self._exchange.close())

    def __enter__(self) -> ResponseBody:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Chunks:
    """An iterator over a body whose `close` may be called by a finalizer.

    A generator that is suspended in `yield from body` calls the iterator's `close` when it is closed itself, and the garbage
    collector does that too, in the middle of anything.

    Args:
        body: The body.
        exchange: What it is read from.
    """

    __slots__ = ("_body", "_exchange")

    def __init__(self, body: ResponseBody, exchange: Content) -> None:
        self._body = body
        self._exchange = exchange

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> bytes:
        return next(self._body)

    def close(self) -> None:
        """Record that what has not been read is given up; a thread that holds no lock acts on it."""
        self._exchange.abandon()


class AsyncResponseBody:
    """The content of a response, for tasks; an asynchronous iterator over bytes as they arrive.

    Args:
        exchange: What it is read from.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Content) -> None:
        self._exchange = exchange

    def whole(self) -> bytes | None:
        """Return the content if all of it has arrived with the head, None where it has to be read."""
        return self._exchange.whole()

    def __aiter__(self) -> AsyncResponseBody:
        return self

    async def __anext__(self) -> bytes:
        exchange = self._exchange
        content = exchange.whole()
        if content or (content is None and (content := await exchange.read())):
            return content
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give up what has not been read. Closing twice, or after the end, is allowed."""
        await self._exchange.close()

    async def __aenter__(self) -> AsyncResponseBody:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
