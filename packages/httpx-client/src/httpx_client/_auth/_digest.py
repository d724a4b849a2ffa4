"""The scheme Digest (RFC 7616) between a client and servers: when to answer, what, and for which of them.

Challenges are read by `_digest_challenge`, answers worked out by `_digest_answer`, nonces kept by `_spaces`.
"""

from __future__ import annotations

from collections.abc import Generator

from httpx_models import Cookies, Headers, ProtocolError, Request, Response

from ._challenge import parse_challenges, parse_parameters
from ._credentials import to_octets
from ._digest_answer import answer_digest
from ._digest_challenge import DigestChallenge, MalformedDigest, choose_digest
from ._flow import Auth
from ._hashes import DigestError
from ._spaces import Place, ProtectionSpace, ProtectionSpaces, place_of


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
        self._username = to_octets("username", username)
        self._password = to_octets("password", password)
        if any(octet in self._username for octet in b"\r\n\0"):
            raise ValueError("Argument 'username' contains a line break or NUL")
        self._spaces = ProtectionSpaces()

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send the request, with an answer if one is known; answer a challenge once, and once more if only its nonce was stale."""
        space = self._spaces.find(request.url)
        if space is not None:
            self._authorize(request, space)
        response = yield request
        for again in (False, True):
            answered = _answered(request, response)
            challenge = _challenge_in(request, response)
            if answered is None or challenge is None or (again and not challenge.stale):
                break
            request = answered
            space = self._spaces.learn(request.url, challenge)
            _carry_cookies(request, response)
            self._authorize(request, space)
            response = yield request
        if space is not None and _answered(request, response) is not None:
            nonce = parse_parameters(_fields(response.headers, b"authentication-info")).get("nextnonce")
            if nonce:
                space.renew(nonce)

    def _wants_content_of(self, request: Request, response: Response | None) -> Request | None:
        sent: Request | None = request
        if response is None:
            space = self._spaces.find(request.url)
            challenge = None if space is None else space.challenge
        else:
            sent = _answered(request, response)
            challenge = None if sent is None else _challenge_in(request, response)
        if challenge is not None and challenge.qop == "auth-int":
            return sent
        return super()._wants_content_of(request, response)

    def _authorize(self, request: Request, space: ProtectionSpace) -> None:
        """Put the answer to a space's challenge into a request."""
        challenge, nc, cnonce = space.take()
        target = request.extensions.get("target", request.url.raw_path)
        answer = answer_digest(
            challenge,
            method=request.method,
            uri=target.decode("latin-1"),
            username=self._username,
            password=self._password,
            cnonce=cnonce,
            nc=nc,
            content=request.content if challenge.qop == "auth-int" else b"",
        )
        request.headers.update([(b"Authorization", answer.encode("latin-1"))])


def _answered(request: Request, response: Response) -> Request | None:
    """Return the request that a response answers: the one sent, or where a redirect led, unless that is a stranger's."""
    try:
        last = response.request
    except RuntimeError:  # a response that somebody made by hand
        return request
    return last if _is_trusted(place_of(request.url), place_of(last.url)) else None


def _is_trusted(asked: Place, came_to: Place) -> bool:
    """Return whether one place may have what another got: the same one, or the same host after an upgrade to https."""
    return came_to == asked or (asked == (b"http", asked[1], None) and came_to == (b"https", asked[1], None))


def _challenge_in(request: Request, response: Response) -> DigestChallenge | None:
    if response.status_code != 401:
        return None
    try:
        return choose_digest(parse_challenges(_fields(response.headers, b"www-authenticate")))
    except MalformedDigest as error:
        raise ProtocolError(f"Malformed Digest WWW-Authenticate header: {error}", request=request) from None
    except DigestError as error:
        raise ProtocolError(str(error), request=request) from None


def _fields(headers: Headers, name: bytes) -> list[str]:
    """Return the values of a name's fields, a character for each octet."""
    return [value.decode("latin-1") for key, value in headers.raw if key.lower() == name]


def _carry_cookies(request: Request, response: Response) -> None:
    """Let a request have the cookies that came with the challenge, in the place of those of the same name."""
    fresh = Cookies()
    try:
        fresh.extract_cookies(response)
    except RuntimeError:  # nobody knows who set them
        return
    added = _pairs(Request("GET", request.url, cookies=fresh).headers)
    if added:
        names = {pair.partition("=")[0] for pair in added}
        kept = [pair for pair in _pairs(request.headers) if pair.partition("=")[0] not in names]
        request.headers.update([(b"Cookie", "; ".join(kept + added).encode("latin-1"))])


def _pairs(headers: Headers) -> list[str]:
    """Return the cookies of a Cookie field, each as it stands there."""
    return [pair for field in _fields(headers, b"cookie") for pair in field.split("; ") if pair]
