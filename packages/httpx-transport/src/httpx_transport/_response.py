"""A response of a pool that is used alone: the four things that a transport returns, with names. It knows no I/O."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from ._body import AsyncResponseBody, ResponseBody
from .interface import Field


class RawResponse:
    """A response whose body is still to be read; use it in `with`.

    Args:
        status: The status code.
        headers: The field lines, as they came.
        body: The content: an iterator over bytes.
        extensions: What else is known, such as `http_version`.

    Attributes:
        status: As above, and likewise `headers`, `body`, `extensions`.
    """

    __slots__ = ("body", "extensions", "headers", "status")

    def __init__(self, status: int, headers: list[Field], body: ResponseBody, extensions: dict[str, Any]) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.extensions = extensions

    def read(self) -> bytes:
        """Return what has not been read of the content.

        Raises:
            ReadError, ReadTimeout, RemoteProtocolError: It will never be complete.
        """
        return b"".join(self.body)

    def close(self) -> None:
        """Give up what has not been read. Closing twice, or after the end, is allowed."""
        self.body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<RawResponse [{self.status}]>"


class AsyncRawResponse:
    """A response whose body is still to be read; use it in `async with`.

    Args:
        status: The status code.
        headers: The field lines, as they came.
        body: The content: an asynchronous iterator over bytes.
        extensions: What else is known, such as `http_version`.

    Attributes:
        status: As above, and likewise `headers`, `body`, `extensions`.
    """

    __slots__ = ("body", "extensions", "headers", "status")

    def __init__(self, status: int, headers: list[Field], body: AsyncResponseBody, extensions: dict[str, Any]) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.extensions = extensions

    async def aread(self) -> bytes:
        """Return what has not been read of the content.

        Raises:
            ReadError, ReadTimeout, RemoteProtocolError: It will never be complete.
        """
        return b"".join([chunk async for chunk in self.body])

    async def aclose(self) -> None:
        """Give up what has not been read. Closing twice, or after the end, is allowed."""
        await self.body.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncRawResponse [{self.status}]>"
