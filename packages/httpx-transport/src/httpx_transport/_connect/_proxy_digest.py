"""Digest authentication (RFC 7616, and RFC 2069 for those that know no better) as pure functions. No I/O, no state.

Everything that goes into a credential is given, the client's nonce too, so the same question has the same answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ..interface import Field

_ALGORITHMS: Final = {"": "md5", "md5": "md5", "sha-256": "sha256"}
_SESSION: Final = "-sess"

# RFC 9110 §11.2, §11.3: a scheme with its parameters, or with one token68, in a list where other schemes may follow.
_WORD: Final = r"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_SCHEME: Final = re.compile(
    rf"[ \t,]*+({_WORD})(?>(?:[ \t]++[-._~+/0-9A-Za-z]++=*+)?)(?=[ \t]*+(?:,|$))|[ \t,]*+({_WORD})[ \t]++"
)
_PARAMETER: Final = re.compile(rf'[ \t,]*+({_WORD})[ \t]*+=[ \t]*+(?:({_WORD})|"((?>(?:[^"\\]|\\.)*))")')
_ESCAPE: Final = re.compile(r"\\(.)")


class Challenge(NamedTuple):
    """What a Digest challenge says, as far as it is understood."""

    realm: str
    nonce: str
    algorithm: str
    """As it was written; "" where it was not."""
    opaque: str | None
    qop: bool
    """Whether it offers `auth` as quality of protection; without, it is answered by the rules of RFC 2069."""


def read_challenge(fields: Iterable[Field]) -> Challenge | None:
    """Return the first Digest challenge among Proxy-Authenticate fields that can be answered, None without one."""
    for name, value in fields:
        if name.lower() != b"proxy-authenticate":
            continue
        for scheme, parameters in _challenges(value.decode("latin-1")):
            if scheme == "digest" and (challenge := _understand(parameters)) is not None:
                return challenge
    return None


def digest_credentials(
    challenge: Challenge, user: bytes, password: bytes, method: bytes, target: bytes, count: int, client_nonce: str
) -> bytes:
    """Return the value of Proxy-Authorization that answers a challenge (RFC 7616 §3.4).

    Args:
        challenge: What was asked.
        user: The user's name.
        password: The password; only a hash of it is in what is returned.
        method: The request's method.
        target: The request-target, as it stands in the request line.
        count: How many times, with this one, the challenge's nonce is used.
        client_nonce: Unpredictable hexadecimal digits.
    """
    name = challenge.algorithm.lower()
    session = name.endswith(_SESSION)
    kind = _ALGORITHMS[name.removesuffix(_SESSION)]

    def hashed(*parts: bytes) -> bytes:
        return hashlib.new(kind, b":".join(parts), usedforsecurity=False).hexdigest().encode()

    realm, nonce, cnonce = (text.encode("latin-1") for text in (challenge.realm, challenge.nonce, client_nonce))
    secret = hashed(user, realm, password)
    if session:
        secret = hashed(secret, nonce, cnonce)
    request = hashed(method, target)
    uses = b"%08x" % count
    answer = hashed(secret, nonce, uses, cnonce, b"auth", request) if challenge.qop else hashed(secret, nonce, request)
    parts = [b"username=%b" % _quoted(user), b"realm=%b" % _quoted(realm), b"nonce=%b" % _quoted(nonce)]
    parts += [b"uri=%b" % _quoted(target), b'response="%b"' % answer]
    if challenge.algorithm:
        parts.append(b"algorithm=%b" % challenge.algorithm.encode())
    if challenge.opaque is not None:
        parts.append(b"opaque=%b" % _quoted(challenge.opaque.encode("latin-1")))
    if challenge.qop:
        parts.append(b"qop=auth, nc=%b" % uses)
    if challenge.qop or session:
        parts.append(b'cnonce="%b"' % cnonce)
    return b"Digest " + b", ".join(parts)


def _challenges(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the schemes of a field's value with their parameters; nothing more after what cannot be read."""
    scheme, parameters, position = "", dict[str, str](), 0
    while match := _PARAMETER.match(text, position) or _SCHEME.match(text, position):
        position = match.end()
        if match.re is _PARAMETER:
            name, token, quoted = match.groups()
            parameters[name.lower()] = _ESCAPE.sub(r"\1", quoted) if token is None else token
        else:
            yield scheme, parameters
            scheme, parameters = (match[1] or match[2]).lower(), {}
    yield scheme, parameters


def _understand(parameters: dict[str, str]) -> Challenge | None:
    """Return a challenge, None where it is none, or asks for what we do not know."""
    algorithm = parameters.get("algorithm", "")
    if algorithm.lower().removesuffix(_SESSION) not in _ALGORITHMS or "nonce" not in parameters:
        return None
    offered = [each.strip().lower() for each in parameters.get("qop", "").split(",")]
    if offered != [""] and "auth" not in offered:
        return None
    return Challenge(
        parameters.get("realm", ""),
        parameters["nonce"],
        algorithm,
        parameters.get("opaque"),
        "auth" in offered,
    )


def _quoted(text: bytes) -> bytes:
    return b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
