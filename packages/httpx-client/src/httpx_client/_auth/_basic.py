"""The scheme Basic (RFC 7617): a user name and a password with every request. It knows nothing of responses."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Generator

from httpx_models import Request, Response

from ._credentials import to_octets
from ._flow import Auth


class BasicAuth(Auth):
    """Sends a user name and a password with every request (RFC 7617). Anybody who sees the request can read them.

    Args:
        username: The user; str is sent as UTF-8. It cannot contain a colon: the server takes what follows for the password.
        password: The password; str is sent as UTF-8.

    Raises:
        TypeError: An argument is neither str nor bytes.
        ValueError: An argument contains lone surrogates.
    """

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._auth_header = basic_credentials(username, password)

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send the request with the credentials."""
        request.headers["Authorization"] = self._auth_header
        yield request


def basic_credentials(username: str | bytes, password: str | bytes) -> str:
    """Return what stands in the Authorization field.

    Args:
        username: The user.
        password: The password.

    Raises:
        TypeError: An argument is neither str nor bytes.
        ValueError: An argument contains lone surrogates.
    """
    pair = to_octets("username", username) + b":" + to_octets("password", password)
    return "Basic " + b2a_base64(pair, newline=False).decode("ascii")
