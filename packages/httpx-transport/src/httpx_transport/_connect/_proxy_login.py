"""Who we are to one HTTP proxy: the fields that go to it with each request. It knows the last challenge, and no I/O."""

from __future__ import annotations

import binascii
import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..interface import Field

if TYPE_CHECKING:
    from ._proxy import Proxy
    from ._proxy_digest import Challenge

AUTHORIZATION: Final = b"proxy-authorization"
LOGIN_REQUIRED: Final = 407  # Proxy Authentication Required, RFC 9110 §15.5.8


class Login:
    """The fields for one proxy; shared by all connections of a pool, from any thread.

    Basic credentials go with the first request already, as no proxy minds. A Digest challenge is remembered, and each
    request from then on answers it, with a count of its own.

    Args:
        proxy: The proxy, its headers and its credentials. Where the headers say Proxy-Authorization, nothing else does.
    """

    __slots__ = ("_asked", "_auth", "_basic", "_headers")

    def __init__(self, proxy: Proxy) -> None:
        self._headers = proxy.headers
        said = any(name.lower() == AUTHORIZATION for name, _ in proxy.headers)
        self._auth = None if said else proxy.auth
        self._basic: list[Field] = []
        if self._auth is not None and not proxy.digest:
            pair = binascii.b2a_base64(b":".join(self._auth), newline=False)
            self._basic.append((b"Proxy-Authorization", b"Basic " + pair))
        self._asked: tuple[Challenge, Iterator[int]] | None = None  # replaced as a whole: threads need no lock

    def fields(self, method: bytes, target: bytes) -> list[Field]:
        """Return the fields for a request of that method and target, as they stand in its first line."""
        if self._asked is None or self._auth is None:
            return [*self._headers, *self._basic]
        from ._proxy_digest import digest_credentials

        challenge, uses = self._asked
        answer = digest_credentials(challenge, *self._auth, method, target, next(uses), os.urandom(16).hex())
        return [*self._headers, (b"Proxy-Authorization", answer)]

    def learn(self, fields: list[Field]) -> bool:
        """Take the fields of a 407; return whether a request with what `fields` returns now is worth a try."""
        if self._auth is None:
            return False
        from ._proxy_digest import read_challenge

        challenge = read_challenge(fields)
        if challenge is None:
            return False
        self._asked = challenge, itertools.count(1)
        return True
