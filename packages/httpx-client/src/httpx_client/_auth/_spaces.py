"""What servers have asked for before, by origin and realm, so that the next request can answer unasked (RFC 7616 §3.6).

It knows which nonce was used how often, and may be used by any number of threads: each step on shared state is one step of
a built-in type. It must not know users, passwords or answers.
"""

from __future__ import annotations

import itertools
import os
from typing import Any, Final, NamedTuple, TypeVar

from httpx_urls import URL, InvalidURL

from .._origins import RawOrigin, raw_origin
from ._digest_challenge import DigestChallenge
from ._hashes import is_session

K = TypeVar("K")

_MOST_ORIGINS: Final = 256
_MOST_REALMS: Final = 16
_MOST_NONCES: Final = 16


class Turn(NamedTuple):
    """One use of a nonce."""

    challenge: DigestChallenge
    nc: int
    cnonce: str


class ProtectionSpace:
    """One realm of one origin: its latest challenge, and how often each nonce was used.

    Args:
        challenge: The first challenge.
        paths: What the paths begin with for which it holds.
    """

    def __init__(self, challenge: DigestChallenge, paths: tuple[str, ...]) -> None:
        self.challenge = challenge
        self.paths = paths
        self._uses: dict[str, tuple[itertools.count[int], str]] = {}

    def take(self) -> Turn:
        """Use the current nonce once more."""
        challenge = self.challenge
        counter, first = self._uses.setdefault(challenge.nonce, (itertools.count(1), new_cnonce()))
        _drop_oldest(self._uses, _MOST_NONCES)
        return Turn(challenge, next(counter), first if is_session(challenge.algorithm) else new_cnonce())

    def renew(self, nonce: str) -> None:
        """Take the nonce that the server wants next time.

        Args:
            nonce: The nonce.
        """
        self.challenge = self.challenge._replace(nonce=nonce)

    def reach(self, path: str) -> int:
        """Return how much of a path its own paths have in common with it, or -1 if it does not hold there.

        Args:
            path: The path of a request.
        """
        return max((len(own) for own in self.paths if path.startswith(own)), default=-1)


class ProtectionSpaces:
    """All protection spaces that a user has met with, within bounds."""

    def __init__(self) -> None:
        self._known: dict[RawOrigin, dict[str, ProtectionSpace]] = {}

    def find(self, url: URL) -> ProtectionSpace | None:
        """Return the space that a URL is in, as far as is known: that with the longest path.

        Args:
            url: Where a request goes.
        """
        spaces = self._known.get(raw_origin(url))
        if not spaces:
            return None
        path = _path_of(url)
        best = max(reversed(list(spaces.values())), key=lambda space: space.reach(path))
        return best if best.reach(path) >= 0 else None

    def learn(self, url: URL, challenge: DigestChallenge) -> ProtectionSpace:
        """Keep a challenge; return its space.

        Args:
            url: Whose answer it came with.
            challenge: The challenge.
        """
        paths = _paths_in(challenge.domain, url)
        spaces = self._known.setdefault(raw_origin(url), {})
        space = spaces.setdefault(challenge.realm, ProtectionSpace(challenge, paths))
        space.challenge, space.paths = challenge, paths
        _drop_oldest(spaces, _MOST_REALMS)
        _drop_oldest(self._known, _MOST_ORIGINS)
        return space


def new_cnonce() -> str:
    """Return sixteen random hexadecimal digits."""
    return os.urandom(8).hex()


def _path_of(url: URL) -> str:
    return url.raw_path.decode("latin-1").partition("?")[0]


def _paths_in(domain: str, url: URL) -> tuple[str, ...]:
    """Return the paths of this origin in a list of URIs (RFC 7616 §3.3). Other origins are asked when they ask themselves."""
    if not domain.strip():
        return ("",)
    paths = []
    for reference in domain.split():
        try:
            named = url.join(reference)
        except InvalidURL:
            continue
        if raw_origin(named) == raw_origin(url):
            paths.append(_path_of(named))
    return tuple(paths)


def _drop_oldest(known: dict[K, Any], most: int) -> None:
    if len(known) > most:
        for key in list(known)[:-most]:
            known.pop(key, None)
