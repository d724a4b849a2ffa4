"""The hash functions of Digest by the names it has for them (RFC 7616 §3.3, and the two more of httpx)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

Hash: TypeAlias = Callable[[bytes], bytes]

_NAMES: Final = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512", "SHA-512-256": "sha512_256"}
_SESSION: Final = "-SESS"


class DigestError(ValueError):
    """A challenge cannot be answered; the message says why."""


def is_session(algorithm: str) -> bool:
    """Return whether an algorithm hashes the secret with the first nonces of a session.

    Args:
        algorithm: Its name in a challenge, in any case.
    """
    return algorithm.upper().endswith(_SESSION)


def hash_of(algorithm: str) -> Hash:
    """Return the hash function of an algorithm: from octets to hexadecimal digits.

    Args:
        algorithm: Its name in a challenge, in any case.

    Raises:
        DigestError: There is no such algorithm, or this Python does not have its hash function.
    """
    import hashlib

    name = _NAMES.get(algorithm.upper().removesuffix(_SESSION))
    if name is None:
        raise DigestError(f"Unexpected algorithm value {algorithm[:80]!r} in digest auth")
    try:
        blank = hashlib.new(name)
    except ValueError:
        reason = "this Python has no such hash function; systems in FIPS mode have no MD5"
        raise DigestError(f"Digest algorithm {algorithm!r} is not available: {reason}") from None

    def digest(octets: bytes) -> bytes:
        hashing = blank.copy()  # half the cost of another `new`
        hashing.update(octets)
        return hashing.hexdigest().encode("ascii")

    return digest
