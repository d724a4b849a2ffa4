"""A function as a scheme: it changes a request, and that is all."""

from __future__ import annotations

from collections.abc import Callable, Generator

from httpx_models import Request, Response

from ._flow import Auth


class FunctionAuth(Auth):
    """Sends what a function makes of each request. `auth=function` is the same.

    Args:
        func: Takes the request, changes it or makes another, and returns it.

    Raises:
        TypeError: `func` is not callable; when a request is sent: it returned no request.
    """

    def __init__(self, func: Callable[[Request], Request]) -> None:
        if not callable(func):
            raise TypeError(f"Argument 'func' must be callable but got {type(func).__name__}")
        self._func = func

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send what the function returns."""
        sent = self._func(request)
        if not isinstance(sent, Request):
            raise TypeError(f"The function given as auth must return the request, but returned {type(sent).__name__}")
        yield sent
