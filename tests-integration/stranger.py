"""A transport that imports nothing of ours, as somebody else would write it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Any

Answer = tuple[int, list[tuple[bytes, bytes]], "CannedBody", dict[str, Any]]


class CannedBody:
    """Content that is known from the start."""

    def __init__(self, content: bytes) -> None:
        self._chunks = [content]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def __enter__(self) -> CannedBody:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        """Do nothing."""

    async def __aenter__(self) -> CannedBody:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class CannedTransport:
    """Answers every request with what it was asked for."""

    def handle_request(
        self,
        method: bytes,
        url: tuple[bytes, bytes, int | None, bytes],
        headers: list[tuple[bytes, bytes]],
        body: Iterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> Answer:
        """Return an answer."""
        return 200, [(b"Content-Type", b"text/plain")], CannedBody(b"%b %b%b" % (method, url[1], url[3])), {}

    def close(self) -> None:
        """Do nothing."""

    async def handle_async_request(
        self,
        method: bytes,
        url: tuple[bytes, bytes, int | None, bytes],
        headers: list[tuple[bytes, bytes]],
        body: AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> Answer:
        """Return an answer."""
        return 200, [(b"Content-Type", b"text/plain")], CannedBody(b"%b %b%b" % (method, url[1], url[3])), {}

    async def aclose(self) -> None:
        """Do nothing."""
