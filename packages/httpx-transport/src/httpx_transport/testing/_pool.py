"""The pool's face in a simulated network: signatures, docstrings, one call. The pool is the one that all faces share."""

from __future__ import annotations

from collections.abc import AsyncIterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._body import AsyncResponseBody
from ..interface import Field, RawURL

if TYPE_CHECKING:
    from .._pool import Pool


class SimulatedPool:
    """Connections of a simulated network, kept and used again. Made by `Network.pool`.

    It is an `httpx_transport.interface.AsyncTransport`.

    Args:
        pool: The pool, over the network's backend.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def handle_async_request(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], AsyncResponseBody, dict[str, Any]]:
        """Send a request as `httpx_transport.AsyncConnectionPool` does, raising what it raises.

        Args:
            method: The method, as it goes on the wire.
            url: Scheme (http or https), host, port (None: the scheme's), target.
            headers: The field lines, with Host, and with Content-Length or `Transfer-Encoding: chunked` for a body.
            body: The content: all of it, or its chunks.
            extensions: `timeout` is a dict of virtual seconds: connect, read, write, pool; None is no limit.

        Raises:
            TransportError: There is no response; the subclass says why.
            TypeError: The body is neither bytes nor an asynchronous iterable.
        """
        status, fields, exchange, facts = await self._pool.handle(method, url, headers, body, extensions)
        return status, fields, AsyncResponseBody(exchange), facts

    async def aclose(self) -> None:
        """Close idle connections now, and each of the others when its response ends."""
        self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
