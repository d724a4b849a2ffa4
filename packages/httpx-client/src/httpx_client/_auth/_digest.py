"""The scheme Digest (RFC 7616), as callers know it. What it does is `_digest_user`'s, which is loaded when there is a user."""

from __future__ import annotations

from collections.abc import Generator

from httpx_models import Request, Response

from ._credentials import to_octets
from ._flow import Auth


class DigestAuth(Auth):
    """Answers a server's challenge with a hash of user name, password and request (RFC 7616, RFC 2069).

    The first request to an origin goes out as it is; when it comes back with 401 and a challenge, it is sent once more with
    the answer. What the server asked for is remembered, so that later requests answer at once. One instance may be used for
    any number of origins, clients and threads.

    Args:
        username: The user; str is hashed as UTF-8.
        password: The password; str is hashed as UTF-8.

    Raises:
        TypeError: An argument is neither str nor bytes.
        ValueError: An argument contains lone surrogates, or the user name a line break or NUL.
        ProtocolError: When a request is sent: a challenge is malformed, or asks for what cannot be done.
        StreamConsumed: When a request is sent: its body can be read only once, and the server wants to have it hashed
            ("auth-int" alone), or sent again.
    """

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        from ._digest_user import DigestUser

        user = to_octets("username", username)
        if any(octet in user for octet in b"\r\n\0"):
            raise ValueError("Argument 'username' contains a line break or NUL")
        self._user = DigestUser(user, to_octets("password", password))

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send the request, with an answer if one is known; answer a challenge once, and again if only its nonce was stale."""
        return self._user.converse(request)

    def _wants_content_of(self, request: Request, response: Response | None) -> Request | None:
        hashed = self._user.hashes_content_of(request, response)
        return super()._wants_content_of(request, response) if hashed is None else hashed
