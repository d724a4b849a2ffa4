"""The transport that calls an ASGI application in the caller's event loop, and streams both ways.

It knows when the application is called and with what, and that nothing of it outlives `aclose`. The messages are
`_asgi_exchange`'s and `_asgi_lifespan`'s, the tasks `_asgi_loops`'.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Self

from .._arguments import checked, function, switch
from ._interface import AsyncBaseTransport

if TYPE_CHECKING:
    from httpx_models import Request, Response

    from ._asgi_call import ASGIApplication
    from ._asgi_exchange import Exchange
    from ._asgi_lifespan import Lifespan
    from ._asgi_loops import Loop


class ASGITransport(AsyncBaseTransport):
    """A transport that hands requests to an ASGI application, without a server or a network. asyncio and trio.

    The application runs in a task of its own, with the context variables of the caller. The response is returned when it
    has sent the head; chunks are handed on as it sends them, and it waits until each was taken. The end of the content
    comes when the application has ended, and so is all that it does after its response. Closing a response that is not
    complete tells the application "http.disconnect", lets it run for a few turns of the event loop, and cancels it.
    Timeouts do not apply.

    Args:
        app: The application (ASGI 3).
        raise_app_exceptions: Whether to raise what the application raises. When False, it becomes a response with
            status 500, or a RemoteProtocolError where the head was already sent.
        root_path: The path that the application is mounted at.
        client: Host and port that requests seem to come from.
        lifespan: Whether to run the application's startup, at `async with` or else before the first request, and its
            shutdown at `aclose`.

    Raises:
        TypeError: An argument has a type that cannot be used; the message names it.
    """

    def __init__(
        self,
        app: ASGIApplication,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
        *,
        lifespan: bool = False,
    ) -> None:
        self.app: ASGIApplication = function("app", app)
        self.raise_app_exceptions: bool = switch("raise_app_exceptions", raise_app_exceptions)
        self.root_path: str = checked("root_path", root_path, str, "a str")
        self.client: tuple[str, int] = checked("client", client, (tuple, list, NoneType), "a pair of host and port")
        self.lifespan: bool = switch("lifespan", lifespan)
        self._running: set[Exchange] = set()
        self._alive: Lifespan | None = None

    async def handle_async_request(self, request: Request) -> Response:
        """Call the application; return its response, whose content is still to come.

        Raises:
            ConnectError: The application's startup has failed.
            Exception: Whatever the application raises before it has sent its head.
            RemoteProtocolError: It does not keep to ASGI; the message says how.
            RuntimeError: The request's body is not asynchronous, or the event loop is neither asyncio's nor trio's.
        """
        from ._asgi_exchange import Exchange
        from ._asgi_loops import running_loop
        from ._asgi_messages import http_scope

        if not hasattr(request.stream, "__aiter__"):
            raise RuntimeError("Attempted to send an sync request with an AsyncClient instance.")
        loop = running_loop()
        state = await self._started(loop) if self.lifespan else None
        scope = http_scope(request, self.root_path, self.client, state)
        exchange = Exchange(self.app, scope, loop, request, self.raise_app_exceptions, self._running)
        return await exchange.response()

    async def _started(self, loop: Loop) -> dict[str, Any]:
        """Return what the application's startup has left for requests; let it start up first, if need be."""
        from ._asgi_lifespan import Lifespan

        lifespan = self._alive
        if lifespan is None or not (lifespan.is_here() or lifespan.is_alive()):
            lifespan = self._alive = Lifespan(self.app, loop)
            lifespan.start()
        elif not lifespan.is_here():
            raise RuntimeError("The application's lifespan is running in another event loop")
        try:
            await lifespan.started()
        except BaseException:
            if lifespan.is_over and self._alive is lifespan:
                self._alive = None  # the next request tries again
            raise
        return lifespan.state

    async def aclose(self) -> None:
        """End what is still running of the application, then let it shut down if it was started.

        Raises:
            CloseError: The application says that its shutdown has failed.
            Exception: What it raises at its shutdown.
        """
        running = list(self._running)
        lifespan, self._alive = self._alive, None
        try:
            for exchange in running:
                await exchange.leave()
        finally:
            for exchange in running:
                exchange.abandon()  # when this was cancelled half-way
            if lifespan is not None:
                await lifespan.shut_down()

    async def __aenter__(self) -> Self:
        if self.lifespan:
            from ._asgi_loops import running_loop

            try:
                await self._started(running_loop())
            except BaseException:
                await self.aclose()
                raise
        return self
