"""Who is spoken to: scheme, host and port (RFC 6454 §4, RFC 9110 §4.3.1). It knows no paths and no credentials."""

from __future__ import annotations

from typing import Final

from ._errors import InvalidURL
from ._host import encode_host

DEFAULT_PORTS: Final = {"ftp": 21, "http": 80, "https": 443, "ws": 80, "wss": 443}
HIGHEST_PORT: Final = 65_535
_SHOWN_WHOLE: Final = 10**12


def check_port(port: int) -> None:
    """Refuse a number that is no port (RFC 3986 §3.2.3).

    Raises:
        InvalidURL: It is True or False, or not from 0 to 65,535.
    """
    if isinstance(port, bool) or not 0 <= port <= HIGHEST_PORT:
        shown = str(port) if abs(port) < _SHOWN_WHOLE else f"{port:#x}"[:16]  # long ones have no decimal text
        raise InvalidURL(f"Invalid port: {shown!r}, it is a number from 0 to {HIGHEST_PORT}")


class Origin:
    """Scheme, host and port, in normal form: two URLs are of one origin if and only if their `origin` is equal.

    It is immutable and hashable, so it can be the key of a dictionary, and can be pickled.

    >>> from httpx_urls import URL, Origin
    >>> URL("https://Example.org/a").origin == URL("https://example.org:443/b").origin == Origin("https", "example.org")
    True

    Args:
        scheme: For example "https"; in any case.
        host: A name or an address, international or ASCII; IPv6 with or without brackets.
        port: From 0 to 65,535. None stands for the scheme's default.

    Raises:
        InvalidURL: The scheme or the host is empty or wrong, or the port is out of range.
        TypeError: An argument has the wrong type.
    """

    __slots__ = ("_key",)

    _key: tuple[str, str, int | None]

    def __init__(self, scheme: str, host: str, port: int | None = None) -> None:
        _check_type("scheme", scheme, str)
        _check_type("host", host, str)
        if port is not None:
            _check_type("port", port, int)
        scheme = scheme.lower()
        if not scheme.isascii() or not scheme[:1].isalpha() or not scheme.translate(_SCHEME_SIGNS).isalnum():
            raise InvalidURL(f"Invalid scheme: {scheme!r}")
        if not host:
            raise InvalidURL(f"Invalid host: '', {scheme!r} without a host is no origin")
        if port is None:
            port = DEFAULT_PORTS.get(scheme)
        else:
            check_port(port)
        _set_key(self, (scheme, encode_host(scheme, f"[{host}]" if ":" in host and host[0] != "[" else host), port))

    @property
    def scheme(self) -> str:
        """The scheme in lower case."""
        return self._key[0]

    @property
    def host(self) -> str:
        """The host as it goes on the wire: ASCII, lower case, IPv6 without brackets."""
        return self._key[1]

    @property
    def port(self) -> int | None:
        """The port that is contacted, also where it is the default; None if the scheme has none."""
        return self._key[2]

    def __str__(self) -> str:
        scheme, host, port = self._key
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}" if port == DEFAULT_PORTS.get(scheme) else f"{scheme}://{shown}:{port}"

    def __repr__(self) -> str:
        scheme, host, port = self._key
        return f"Origin({scheme!r}, {host!r}, {port!r})"

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Origin) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Origin is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Origin is immutable: {name!r} cannot be deleted")

    def __reduce__(self) -> tuple[type[Origin], tuple[str, str, int | None]]:
        return Origin, self._key


def _check_type(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"Argument {name!r} must be {kind.__name__} but got {type(value).__name__}")


_SCHEME_SIGNS: Final = dict.fromkeys(map(ord, "+-."), "0")
# Past the guard of `__setattr__`: the constructor alone uses it.
_set_key: Final = Origin.__dict__["_key"].__set__
