"""How the exchange meets code that has a colour: transports and responses, blocking or for `await`.

The blocking port calls straight through: a sync transport needs to know nothing of how the exchange is written.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, Protocol, TypeVar

from httpx_models import AsyncByteStream, Request, Response, SyncByteStream
from httpx_transport.blocking import run

from ._transports import AsyncBaseTransport, BaseTransport

__all__ = ["ASYNC", "BLOCKING", "AsyncPort", "BlockingPort", "Port", "run"]

Tr_contra = TypeVar("Tr_contra", contravariant=True)


class Port(Protocol[Tr_contra]):
    """What the exchange needs done by code of one colour; each call returns something to await."""

    def send(self, transport: Tr_contra, request: Request) -> Awaitable[Response]:
        """Send a request through a transport."""
        ...

    def read(self, response: Response) -> Awaitable[bytes]:
        """Read a response to its end."""
        ...

    def close(self, response: Response) -> Awaitable[None]:
        """Close a response."""
        ...


class BlockingPort:
    """Calls blocking code."""

    async def send(self, transport: BaseTransport, request: Request) -> Response:
        """Send a request through a transport.

        Raises:
            RuntimeError: The request's body is asynchronous.
        """
        if not isinstance(request.stream, SyncByteStream):
            raise RuntimeError("Attempted to send an async request with a sync Client instance.")  # noqa: TRY004 - 0.28's type
        return transport.handle_request(request)

    async def read(self, response: Response) -> bytes:
        """Read a response to its end."""
        return response.read()

    async def close(self, response: Response) -> None:
        """Close a response."""
        response.close()


class AsyncPort:
    """Hands on the awaitables of asynchronous code."""

    def send(self, transport: AsyncBaseTransport, request: Request) -> Awaitable[Response]:
        """Send a request through a transport.

        Raises:
            RuntimeError: The request's body is not asynchronous.
        """
        if not isinstance(request.stream, AsyncByteStream):
            raise RuntimeError("Attempted to send an sync request with an AsyncClient instance.")  # noqa: TRY004 - 0.28's type
        return transport.handle_async_request(request)

    def read(self, response: Response) -> Awaitable[bytes]:
        """Read a response to its end."""
        return response.aread()

    def close(self, response: Response) -> Awaitable[None]:
        """Close a response."""
        return response.aclose()


BLOCKING: Final = BlockingPort()
ASYNC: Final = AsyncPort()
