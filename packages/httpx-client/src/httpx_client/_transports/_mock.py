"""The transport whose responses a function makes. It knows requests, responses and the function, and does no I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from httpx_models import Request, Response

from .._arguments import function
from ._interface import AsyncBaseTransport, BaseTransport

SyncHandler: TypeAlias = Callable[[Request], Response]
AsyncHandler: TypeAlias = Callable[[Request], Awaitable[Response]]


class MockTransport(AsyncBaseTransport, BaseTransport):
    """A transport for both clients that asks a function for each response, instead of a server.

    The function gets the request with its content read. What it raises is raised to the caller: raising a
    `ConnectTimeout` is how to try what a program does about one.

    Args:
        handler: A function from a `Request` to a `Response`. For an `AsyncClient` it may be an `async def`.

    Raises:
        TypeError: It cannot be called.
    """

    def __init__(self, handler: SyncHandler | AsyncHandler) -> None:
        self.handler: SyncHandler | AsyncHandler = function("handler", handler)

    def handle_request(self, request: Request) -> Response:
        """Read the request; return what the handler makes of it.

        Raises:
            RuntimeError: The request's body is asynchronous.
            TypeError: The handler is asynchronous, or has returned something else than a response.
        """
        request.read()
        response = self.handler(request)
        if isinstance(response, Response):
            return response
        if isinstance(response, Awaitable):
            _dismiss(response)
            raise TypeError("Cannot use an async handler in a sync Client")
        raise _no_response(response)

    async def handle_async_request(self, request: Request) -> Response:
        """Read the request; return what the handler makes of it, awaited if need be.

        Raises:
            RuntimeError: The request's body is not asynchronous.
            TypeError: The handler has returned something else than a response.
        """
        await request.aread()
        response: Any = self.handler(request)
        if not isinstance(response, Response):
            if isinstance(response, Awaitable):
                response = await response
            if not isinstance(response, Response):
                raise _no_response(response)
        return response


def _dismiss(coroutine: Awaitable[Response]) -> None:
    """Close a coroutine that nobody will await, so that nobody is warned of it."""
    close = getattr(coroutine, "close", None)
    if close is not None:
        close()


def _no_response(result: object) -> TypeError:
    return TypeError(f"The handler of a MockTransport must return a Response, not {type(result)}")
