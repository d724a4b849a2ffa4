"""The client's own side of a transport: a request in, a response out. It knows models, no primitives."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from httpx_models import Request, Response


class BaseTransport:
    """What a `Client` sends its requests through. Subclass it, and write `handle_request`."""

    def handle_request(self, request: Request) -> Response:
        """Send a request; return its response, whose stream has not been read.

        Args:
            request: The request, complete; its `extensions` hold the timeouts.

        Raises:
            TransportError: There is no response.
        """
        raise NotImplementedError("The 'handle_request' method must be implemented.")

    def close(self) -> None:
        """Give back what the transport holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class AsyncBaseTransport:
    """What an `AsyncClient` sends its requests through. Subclass it, and write `handle_async_request`."""

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request; return its response, whose stream has not been read.

        Args:
            request: The request, complete; its `extensions` hold the timeouts.

        Raises:
            TransportError: There is no response.
        """
        raise NotImplementedError("The 'handle_async_request' method must be implemented.")

    async def aclose(self) -> None:
        """Give back what the transport holds."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
