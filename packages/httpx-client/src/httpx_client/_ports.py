"""How the exchange meets code that has a colour: transports and responses, blocking or for `await`.

The blocking port calls straight through: a sync transport needs to know nothing of how the exchange is written.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

from httpx_models import Request, Response
from httpx_transport.blocking import run

from ._transports import AsyncBaseTransport, BaseTransport

__all__ = ["ASYNC", "BLOCKING", "AsyncPort", "BlockingPort", "Port", "run"]

Tr_contra = TypeVar("Tr_contra", contravariant=True)


class Port(Protocol[Tr_contra]):
    """What the exchange needs done by code of one colour."""

    async def send(self, transport: Tr_contra, request: Request) -> Response:
        """Send a request through a transport."""
        ...

    async def read(self, response: Response) -> None:
        """Read a response to its end."""
        ...

    async def close(self, response: Response) -> None:
        """Close a response."""
        ...


class BlockingPort:
    """Calls blocking code."""

    async def send(self, transport: BaseTransport, request: Request) -> Response:
        """Send a request through a transport.

        Raises:
            TypeError: The transport did not return a blocking response.
        """
        return transport.handle_request(request)

    async def read(self, response: Response) -> None:
        """Read a response to its end."""
        response.read()

    async def close(self, response: Response) -> None:
        """Close a response."""
        response.close()


class AsyncPort:
    """Awaits asynchronous code."""

    async def send(self, transport: AsyncBaseTransport, request: Request) -> Response:
        """Send a request through a transport."""
        return await transport.handle_async_request(request)

    async def read(self, response: Response) -> None:
        """Read a response to its end."""
        await response.aread()

    async def close(self, response: Response) -> None:
        """Close a response."""
        await response.aclose()


BLOCKING: Final = BlockingPort()
ASYNC: Final = AsyncPort()
