"""What the scheme Digest makes of a challenge (RFC 7616 §3.3; RFC 2069 for those without qop).

Pure, and the same for a server and a proxy. It must not know how the answer is worked out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ._challenge import Challenge
from ._hashes import DigestError, hash_of


class MalformedDigest(DigestError):
    """A Digest challenge is against the grammar, or lacks what it must have; the message says which."""


class DigestChallenge(NamedTuple):
    """A challenge that can be answered. Text is in ISO-8859-1: a character for each octet."""

    realm: str
    """What the user name and the password are for."""

    nonce: str
    """What is hashed with them, so that each answer is another."""

    algorithm: str = "MD5"
    """The algorithm, as it is spelled in the challenge."""

    qop: str = ""
    """What is protected: "auth", or "auth-int" for the content too; empty as in RFC 2069."""

    opaque: str | None = None
    """What goes back as it came."""

    domain: str = ""
    """The URIs that the answer is good for, separated by spaces; empty for the whole server."""

    stale: bool = False
    """Whether the last answer was right but for its nonce."""

    utf8: bool = False
    """Whether user name and password are expected in UTF-8."""

    userhash: bool = False
    """Whether the user name is to be hashed as well."""


def choose_digest(challenges: Iterable[Challenge]) -> DigestChallenge | None:
    """Return the first Digest challenge that can be answered, for servers name what they like best first (RFC 7616 §3.7).

    A bare `Digest` without parameters is none.

    Args:
        challenges: All challenges of a response.

    Raises:
        DigestError: There are Digest challenges, but none that can be answered; the message tells of the first.
        MalformedDigest: The same, and the first is malformed.
    """
    problem: DigestError | None = None
    for challenge in challenges:
        if challenge.scheme != "digest" or not (challenge.parameters or challenge.flaw or challenge.token):
            continue
        try:
            return _read(challenge)
        except DigestError as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return None


def _read(challenge: Challenge) -> DigestChallenge:
    given = challenge.parameters
    if challenge.flaw:
        raise MalformedDigest(f"{challenge.flaw[:80]!r} is no parameter")
    for name in ("realm", "nonce"):
        if name not in given:
            raise MalformedDigest(f"it has no {name}")
    algorithm = given.get("algorithm", "MD5")
    hash_of(algorithm)
    return DigestChallenge(
        given["realm"],
        given["nonce"],
        algorithm,
        _choose_qop(given["qop"]) if "qop" in given else "",
        given.get("opaque"),
        given.get("domain", ""),
        given.get("stale", "").lower() == "true",
        given.get("charset", "").lower() == "utf-8",
        given.get("userhash", "").lower() == "true",
    )


def _choose_qop(offered: str) -> str:
    """Return "auth" if it is offered, for "auth-int" needs the whole content in memory."""
    options = {option.strip().lower() for option in offered.split(",")}
    for option in ("auth", "auth-int"):
        if option in options:
            return option
    raise DigestError(f"Unexpected qop value {offered[:80]!r} in digest auth")
