"""How the exchange meets code that has a colour: transports, hooks, auth flows and responses, blocking or for `await`.

The blocking port calls straight through: a sync transport needs to know nothing of how the exchange is written. They know
the time, which nobody else in this package does.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias, cast

from httpx_models import AsyncByteStream, Request, Response, SyncByteStream
from httpx_transport.blocking import run

from ._auth import Auth
from ._elapsed import AsyncTimedStream, TimedStream
from ._followed import Kept
from ._transports import AsyncBaseTransport, BaseTransport

__all__ = ["ASYNC", "BLOCKING", "AsyncPort", "BlockingPort", "Port", "run"]

Leaving: TypeAlias = tuple[Any, Any, Any]
"""What a context manager is told when it is left: the exception's type, the exception, its traceback; or three None."""


class Port(Protocol):
    """What the exchange needs done by code of one colour; nearly each call returns something to await."""

    ours: frozenset[Callable[..., Any]]
    """The methods of the face that only lead back into the exchange."""

    @property
    def clock(self) -> Callable[[], float]:
        """What tells the time, in seconds."""
        ...

    def call(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Awaitable[Any]:
        """Call a method of the client, one that others may have replaced."""
        ...

    def send(self, transport: Any, request: Request) -> Awaitable[Response]:
        """Send a request through a transport."""
        ...

    def hook(self, hook: Callable[[Any], Any], subject: Request | Response) -> Awaitable[None]:
        """Call an event hook."""
        ...

    def flow(self, auth: Auth, request: Request) -> Any:
        """Return an auth flow that has not begun."""
        ...

    def step(self, flow: Any, response: Response | None) -> Awaitable[Request | None]:
        """Return the first request of a flow, or the one after a response; None at its end."""
        ...

    def end(self, flow: Any) -> Awaitable[None]:
        """Close an auth flow."""
        ...

    def watch(self, response: Response, started: float) -> None:
        """Let a response note how long it took.

        Raises:
            TypeError: Its stream has the other colour.
        """
        ...

    def read(self, response: Response) -> Awaitable[bytes]:
        """Read a response to its end."""
        ...

    def keep(self, response: Response) -> Awaitable[None]:
        """Read a response that is followed by another request, within the bound, and close it."""
        ...

    def close(self, response: Response) -> Awaitable[None]:
        """Close a response."""
        ...

    def enter(self, transport: Any) -> Awaitable[Any]:
        """Enter a transport's context."""
        ...

    def leave(self, transport: Any, leaving: Leaving) -> Awaitable[Any]:
        """Leave a transport's context."""
        ...

    def shut(self, transport: Any) -> Awaitable[None]:
        """Close a transport."""
        ...


class BlockingPort:
    """Calls blocking code."""

    ours: frozenset[Callable[..., Any]] = frozenset()
    clock = staticmethod(monotonic)

    async def call(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """Call a method of the client."""
        return function(*arguments, **options)

    async def send(self, transport: BaseTransport, request: Request) -> Response:
        """Send a request through a transport.

        Raises:
            RuntimeError: The request's body is asynchronous.
        """
        if not isinstance(request.stream, SyncByteStream):
            raise RuntimeError("Attempted to send an async request with a sync Client instance.")  # noqa: TRY004 - 0.28's type
        return transport.handle_request(request)

    async def hook(self, hook: Callable[[Any], Any], subject: Request | Response) -> None:
        """Call an event hook.

        Raises:
            TypeError: It is an `async def`.
        """
        result = hook(subject)
        if hasattr(result, "__await__"):
            getattr(result, "close", int)()
            raise TypeError(f"An event hook of a Client must not be async: {hook!r}")

    def flow(self, auth: Auth, request: Request) -> Generator[Request, Response, None]:
        """Return an auth flow that has not begun."""
        return auth.sync_auth_flow(request)

    async def step(self, flow: Generator[Request, Response, None], response: Response | None) -> Request | None:
        """Return the first request of a flow, or the one after a response; None at its end."""
        try:
            return next(flow) if response is None else flow.send(response)
        except StopIteration:
            return None

    async def end(self, flow: Generator[Request, Response, None]) -> None:
        """Close an auth flow."""
        flow.close()

    def watch(self, response: Response, started: float) -> None:
        """Let a response note how long it took."""
        stream = response.stream
        if response.is_closed:
            response._elapsed = self.clock() - started
            return
        if not isinstance(stream, TimedStream):
            if not hasattr(stream, "__iter__"):
                raise TypeError(f"A transport of a Client returned an asynchronous stream: {type(stream)}")
            response.stream = stream = TimedStream(stream)
        stream.begin(response, started, self.clock)

    async def read(self, response: Response) -> bytes:
        """Read a response to its end."""
        return response.read()

    async def keep(self, response: Response) -> None:
        """Read a response that is followed by another request, within the bound, and close it."""
        if response.is_stream_consumed or response.is_closed:
            response.close()
            return
        kept, pieces = Kept(), response.iter_raw()
        for piece in pieces:
            if not kept.feed(piece):
                cast("Generator[bytes, None, None]", pieces).close()
                break
        response.close()
        kept.leave_with(response)

    async def close(self, response: Response) -> None:
        """Close a response."""
        response.close()

    async def enter(self, transport: BaseTransport) -> Any:
        """Enter a transport's context."""
        return transport.__enter__()

    async def leave(self, transport: BaseTransport, leaving: Leaving) -> Any:
        """Leave a transport's context."""
        return transport.__exit__(*leaving)

    async def shut(self, transport: BaseTransport) -> None:
        """Close a transport."""
        transport.close()


class AsyncPort:
    """Hands on the awaitables of asynchronous code."""

    ours: frozenset[Callable[..., Any]] = frozenset()
    clock = staticmethod(monotonic)

    def call(self, function: Callable[..., Awaitable[Any]], /, *arguments: Any, **options: Any) -> Awaitable[Any]:
        """Call a method of the client."""
        return function(*arguments, **options)

    def send(self, transport: AsyncBaseTransport, request: Request) -> Awaitable[Response]:
        """Send a request through a transport.

        Raises:
            RuntimeError: The request's body is not asynchronous.
        """
        if not isinstance(request.stream, AsyncByteStream):
            raise RuntimeError("Attempted to send an sync request with an AsyncClient instance.")  # noqa: TRY004 - 0.28's type
        return transport.handle_async_request(request)

    async def hook(self, hook: Callable[[Any], Any], subject: Request | Response) -> None:
        """Call an event hook.

        Raises:
            TypeError: It is no `async def`.
        """
        result = hook(subject)
        if not hasattr(result, "__await__"):
            raise TypeError(f"An event hook of an AsyncClient must be async: {hook!r}")
        await result

    def flow(self, auth: Auth, request: Request) -> Any:
        """Return an auth flow that has not begun."""
        flow: Any = auth.async_auth_flow(request)
        return flow if hasattr(flow, "__anext__") else _NoFlow(flow)

    async def step(self, flow: AsyncGenerator[Request, Response], response: Response | None) -> Request | None:
        """Return the first request of a flow, or the one after a response; None at its end."""
        try:
            return await (anext(flow) if response is None else flow.asend(response))
        except StopAsyncIteration:
            return None

    def end(self, flow: AsyncGenerator[Request, Response]) -> Awaitable[None]:
        """Close an auth flow."""
        return flow.aclose()

    def watch(self, response: Response, started: float) -> None:
        """Let a response note how long it took."""
        stream = response.stream
        if response.is_closed:
            response._elapsed = self.clock() - started
            return
        if not isinstance(stream, AsyncTimedStream):
            if not hasattr(stream, "__aiter__"):
                raise TypeError(f"A transport of an AsyncClient returned a blocking stream: {type(stream)}")
            response.stream = stream = AsyncTimedStream(stream)
        stream.shield = _shield
        stream.begin(response, started, self.clock)

    def read(self, response: Response) -> Awaitable[bytes]:
        """Read a response to its end."""
        return response.aread()

    async def keep(self, response: Response) -> None:
        """Read a response that is followed by another request, within the bound, and close it."""
        if response.is_stream_consumed or response.is_closed:
            await response.aclose()
            return
        kept, pieces = Kept(), response.aiter_raw()
        async for piece in pieces:
            if not kept.feed(piece):
                await cast("AsyncGenerator[bytes, None]", pieces).aclose()
                break
        await response.aclose()
        kept.leave_with(response)

    def close(self, response: Response) -> Awaitable[None]:
        """Close a response."""
        return response.aclose()

    def enter(self, transport: AsyncBaseTransport) -> Awaitable[Any]:
        """Enter a transport's context."""
        return transport.__aenter__()

    def leave(self, transport: AsyncBaseTransport, leaving: Leaving) -> Awaitable[Any]:
        """Leave a transport's context."""
        return transport.__aexit__(*leaving)

    def shut(self, transport: AsyncBaseTransport) -> Awaitable[None]:
        """Close a transport."""
        return transport.aclose()


class _NoFlow:
    """What an `async def async_auth_flow` without `yield` returns: it is awaited for the error that it raises.

    Args:
        coroutine: That.
    """

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    async def __anext__(self) -> Request:
        await self._coroutine
        raise TypeError("async_auth_flow is no asynchronous generator: it has no `yield`")

    async def aclose(self) -> None:
        """Close what was not awaited."""
        getattr(self._coroutine, "close", int)()


BLOCKING: Final = BlockingPort()
ASYNC: Final = AsyncPort()


def _shield() -> AbstractContextManager[Any]:
    """Return what keeps a cancellation that is under way from the awaits inside, on event loops that anyio knows."""
    cause = sys.exception()
    if cause is None or isinstance(cause, Exception):
        return nullcontext()
    import anyio

    try:
        return anyio.CancelScope(shield=True)
    except RuntimeError:  # a loop of somebody else's
        return nullcontext()
