"""The scheme Bearer (RFC 6750): a token with every request. Where tokens come from is the caller's business."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Final

from httpx_models import Request, Response

from ._flow import Auth

# Wider than RFC 6750 §2.1, for tokens in use have all kinds of signs; but nothing that would end the value.
_TOKEN: Final = re.compile(r"[!-~]+")


class BearerAuth(Auth):
    """Sends a token with every request (RFC 6750 §2.1). Whoever has the token is the user: send it over https only.

    Args:
        token: The token; or a function without arguments that returns it, which is asked before each request.

    Raises:
        TypeError: The token is neither str nor callable; when a request is sent: the function returned something else.
        ValueError: The token is empty, or has spaces, line breaks or signs that are not ASCII; the same of a function's
            when a request is sent.
    """

    def __init__(self, token: str | Callable[[], str]) -> None:
        if callable(token):
            self._token = token
        else:
            checked = _check(token)
            self._token = lambda: checked

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send the request with the token."""
        request.headers["Authorization"] = f"Bearer {_check(self._token())}"
        yield request


def _check(token: object) -> str:
    if not isinstance(token, str):
        raise TypeError(f"Argument 'token' must be str, or a function that returns one, but got {type(token).__name__}")
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            "Argument 'token' must be visible ASCII characters without spaces and line breaks, and not empty"
        )
    return token
