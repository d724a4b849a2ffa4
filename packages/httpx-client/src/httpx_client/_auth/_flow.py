"""The conversation between a client and a scheme: requests go out, responses come back, for both clients.

It knows when bodies have to be read, and that whatever was begun is closed. It must not know any scheme.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from httpx_models import Request, Response


class Auth:
    """The base of all schemes. A scheme of your own overrides `auth_flow`.

    ```python
    class TokenAuth(Auth):
        def auth_flow(self, request):
            response = yield request
            if response.status_code == 401:
                request.headers["X-Authentication"] = "token"
                yield request
    ```

    A scheme that does I/O of its own overrides `sync_auth_flow`, `async_auth_flow` or both instead, and reads bodies itself.
    """

    requires_request_body = False
    """Whether `request.content` must be there when the flow begins: the body is then read into memory."""

    requires_response_body = False
    """Whether `response.content` must be there when the flow gets a response."""

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Yield each request that is to be sent; `yield` returns its response. The last one is what the caller gets.

        It is the same for both clients, so it must not do I/O.

        Args:
            request: What the caller wants to send; it may be changed.
        """
        yield request

    def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Run `auth_flow` for a `Client`: read the bodies that it needs, and close it when this is closed.

        Args:
            request: What the caller wants to send.

        Raises:
            StreamConsumed: The flow needs the body, which can be read only once, and was.
        """
        flow = self.auth_flow(request)
        try:
            wanted = self._wants_content_of(request, None)
            if wanted is not None:
                wanted.read()
            request = _begin(flow)
            while True:
                response = yield request
                if self.requires_response_body:
                    response.read()
                wanted = self._wants_content_of(request, response)
                if wanted is not None:
                    wanted.read()
                following = _go_on(flow, response)
                if following is None:
                    return
                request = following
        finally:
            flow.close()

    def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Run `auth_flow` for an `AsyncClient`; the rest as `sync_auth_flow`."""
        return _AsyncFlow(self, request)

    def _wants_content_of(self, request: Request, response: Response | None) -> Request | None:
        """Return the request whose content the next step of the flow needs, if it needs any.

        The request is the last one that went out, the response its answer; None before the first.
        """
        return request if response is None and self.requires_request_body else None


class _AsyncFlow(AsyncGenerator[Request, Response]):
    """What an asynchronous generator does with `auth_flow`; an object, so that abandoning it leaves nothing behind."""

    def __init__(self, auth: Auth, request: Request) -> None:
        self._auth = auth
        self._request = request
        self._flow: Generator[Request, Response, None] | None = None
        self._ended = False

    async def asend(self, value: Response | None) -> Request:
        if self._ended:
            raise StopAsyncIteration
        if self._flow is None and value is not None:
            raise TypeError("can't send non-None value to a just-started async generator")
        try:
            self._request = await self._step(value)
        except BaseException:
            self._end()
            raise
        return self._request

    async def athrow(self, typ: Any, val: Any = None, tb: Any = None) -> Request:
        self._end()
        error = typ if val is None else val
        if isinstance(error, type):
            error = error()
        raise error if tb is None else error.with_traceback(tb)

    async def _step(self, response: Any) -> Request:
        begun = self._flow is not None
        if self._flow is None:
            self._flow = self._auth.auth_flow(self._request)
        if begun and self._auth.requires_response_body:
            await response.aread()
        wanted = self._auth._wants_content_of(self._request, response)
        if wanted is not None:
            await wanted.aread()
        if not begun:
            return _begin(self._flow)
        following = _go_on(self._flow, response)
        if following is None:
            raise StopAsyncIteration
        return following

    def _end(self) -> None:
        self._ended = True
        if self._flow is not None:
            self._flow.close()


def _begin(flow: Generator[Request, Response, None]) -> Request:
    """Return the first request of a flow.

    Raises:
        RuntimeError: It has none.
        TypeError: It yielded something else.
    """
    try:
        return _checked(next(flow))
    except StopIteration:
        raise RuntimeError("An auth flow must yield at least one request") from None


def _go_on(flow: Generator[Request, Response, None], response: Response) -> Request | None:
    """Return the next request of a flow, or None at its end.

    Raises:
        TypeError: It yielded something else.
    """
    try:
        return _checked(flow.send(response))
    except StopIteration:
        return None


def _checked(request: Any) -> Request:
    if not isinstance(request, Request):
        raise TypeError(f"An auth flow must yield requests, not {type(request)}")
    return request
