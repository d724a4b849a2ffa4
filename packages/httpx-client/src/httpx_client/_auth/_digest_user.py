"""A user who talks Digest with servers (RFC 7616): when to answer, what, and which of them.

Challenges are read by `_digest_challenge`, answers worked out by `_digest_answer`, nonces kept by `_spaces`.
"""

from __future__ import annotations

from collections.abc import Generator

from httpx_models import Cookies, Headers, ProtocolError, Request, Response

from .._origins import raw_origin, same_credentials
from ._challenge import parse_challenges, parse_parameters
from ._digest_answer import answer_digest
from ._digest_challenge import DigestChallenge, MalformedDigest, choose_digest
from ._hashes import DigestError
from ._spaces import ProtectionSpace, ProtectionSpaces


class DigestUser:
    """A user name, a password, and what servers have asked of them.

    Args:
        username: The user name.
        password: The password.
    """

    def __init__(self, username: bytes, password: bytes) -> None:
        self._username = username
        self._password = password
        self._spaces = ProtectionSpaces()

    def converse(self, request: Request) -> Generator[Request, Response, None]:
        """Yield the request, with an answer if one is known; answer a challenge once, and again if only its nonce was stale.

        Args:
            request: What is to be sent; it is changed.

        Raises:
            ProtocolError: A challenge is malformed, or asks for what cannot be done.
            RequestNotRead: The content has to be hashed, and is not there.
        """
        space = self._spaces.find(request.url)
        if space is not None:
            self._authorize(request, space)
        response = yield request
        previous: DigestChallenge | None = None
        for _ in range(2):
            asked = _asked(request, response)
            if asked is None or (previous is not None and not _renews(asked[1], previous)):
                break
            request, previous = asked
            space = self._spaces.learn(request.url, previous)
            _carry_cookies(request, response)
            self._authorize(request, space)
            response = yield request
        if space is not None and _answered(request, response) is not None:
            nonce = parse_parameters(_fields(response.headers, b"authentication-info")).get("nextnonce")
            if nonce:
                space.renew(nonce)

    def hashes_content_of(self, request: Request, response: Response | None) -> Request | None:
        """Return the request whose content the next answer needs, if it does.

        Args:
            request: The last one that went out, or will go out first.
            response: Its response; None before there is one.

        Raises:
            ProtocolError: The response's challenge is malformed, or asks for what cannot be done.
        """
        if response is not None:
            asked = _asked(request, response)
        else:
            space = self._spaces.find(request.url)
            asked = None if space is None else (request, space.challenge)
        return asked[0] if asked is not None and asked[1].qop == "auth-int" else None

    def _authorize(self, request: Request, space: ProtectionSpace) -> None:
        """Put the answer to a space's challenge into a request."""
        challenge, nc, cnonce = space.take()
        target = request.extensions.get("target", request.url.raw_path)
        answer = answer_digest(
            challenge,
            method=request.method,
            uri=target if isinstance(target, str) else target.decode("latin-1"),
            username=self._username,
            password=self._password,
            cnonce=cnonce,
            nc=nc,
            content=request.content if challenge.qop == "auth-int" else b"",
        )
        request.headers.update([(b"Authorization", answer.encode("latin-1"))])


def _renews(challenge: DigestChallenge, previous: DigestChallenge) -> bool:
    """Return whether the answer to the previous challenge was right but for its nonce, and there is another now."""
    return challenge.stale and challenge.nonce != previous.nonce


def _answered(request: Request, response: Response) -> Request | None:
    """Return the request that a response answers: the one sent, or where redirects led, unless over a stranger's place."""
    asked = raw_origin(request.url)
    try:
        for hop in (response, *reversed(response.history)):
            if not same_credentials(asked, raw_origin(hop.request.url)):
                return None
            if hop.request is request:
                break
    except RuntimeError:  # a response that somebody made by hand
        return request
    return response.request


def _asked(request: Request, response: Response) -> tuple[Request, DigestChallenge] | None:
    """Return what a response wants to have answered: a request, and a challenge to it."""
    answered = _answered(request, response)
    if answered is None or response.status_code != 401:
        return None
    try:
        challenge = choose_digest(parse_challenges(_fields(response.headers, b"www-authenticate")))
    except MalformedDigest as error:
        raise ProtocolError(f"Malformed Digest WWW-Authenticate header: {error}", request=answered) from None
    except DigestError as error:
        raise ProtocolError(str(error), request=answered) from None
    return None if challenge is None else (answered, challenge)


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
