"""What a proxy is: read from the primitives that a caller gives, checked at once. It knows no connection.

A proxy's address may be shown to anybody; its credentials, and the values of its headers, never are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._errors import LocalProtocolError
from .._http11 import RequestEncoder
from ..interface import Field, ProxyTypes

if TYPE_CHECKING:
    import ssl

_PORTS: Final = {b"http": 80, b"https": 443, b"socks4": 1080, b"socks4a": 1080, b"socks5": 1080, b"socks5h": 1080}
_KEYS: Final = frozenset({"url", "auth", "digest", "headers", "ssl_context", "tunnel"})
_OF_HTTP: Final = ("digest", "headers", "tunnel")  # what no SOCKS proxy understands

# RFC 3986 §3.2, with no sign before the host that another reader could take for its end; what follows says nothing here.
_URL: Final = re.compile(
    rb"([A-Za-z][A-Za-z0-9+.-]*)://(?:([!\"$-.0->A-\[\]-~]*)@)?"
    rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?:[/?#].*)?",
    re.DOTALL,
)
_NOT_TO_SAY: Final = frozenset({b"host", b"content-length", b"transfer-encoding"})
_HOST: Final = re.compile(rb"[^\0-\x20#/?@\\\[\]\x7f-\xff]+")
_UNSAYABLE: Final = re.compile(rb"[\0\r\n]")
_LONGEST: Final = 255  # bytes of a user's name, or password, in SOCKS 5 (RFC 1929 §2)


class Proxy(NamedTuple):
    """One proxy.

    Attributes:
        scheme: How it is spoken to: http, https, socks4, socks4a, socks5, socks5h.
        host: Its name or address.
        port: Its port.
        auth: User and password; None where it asks for none.
        digest: Whether the password may be used for Digest only, and never sent itself.
        headers: Fields that are sent to it, and to nobody else.
        ssl_context: For an https proxy, or what makes it when called with `alpn`; None is the pool's default.
        tunnel: Whether it is asked for a tunnel for http targets too.
    """

    scheme: bytes
    host: bytes
    port: int
    auth: tuple[bytes, bytes] | None = None
    digest: bool = False
    headers: tuple[Field, ...] = ()
    ssl_context: ssl.SSLContext | Callable[..., ssl.SSLContext] | None = None
    tunnel: bool = False

    @property
    def name(self) -> str:
        """How messages call it: without credentials."""
        host = self.host.decode("ascii")
        return f"proxy [{host}]:{self.port}" if ":" in host else f"proxy {host}:{self.port}"

    @property
    def forwards(self) -> bool:
        """Whether it takes requests for http targets as they are (RFC 9112 §3.2.2), without a tunnel."""
        return self.scheme in (b"http", b"https") and not self.tunnel

    def __repr__(self) -> str:
        return f"<{self.scheme.decode('ascii')} {self.name}>"


def read_proxies(given: ProxyTypes) -> tuple[Proxy, ...]:
    """Return the proxies that `given` names, the first to be connected to first.

    Raises:
        TypeError: Something has another type than documented.
        ValueError: A URL, or an option, that says nothing clear; the message holds no credentials.
        ImportError: A SOCKS proxy, and socksio is not installed.
    """
    one = isinstance(given, str | bytes | Mapping)
    if not one and not isinstance(given, Sequence):
        raise TypeError(f"proxy must be a URL, a dict, or a sequence of those, not {type(given)}")
    if not given and not isinstance(given, str | bytes | Mapping):
        raise ValueError("a chain of proxies must not be empty")
    proxies = tuple(_read(each) for each in ([given] if one else given))
    if any(proxy.scheme.startswith(b"socks") for proxy in proxies):
        try:
            import socksio  # noqa: F401
        except ImportError:
            raise ImportError(
                "Using SOCKS proxy, but the 'socksio' package is not installed. "
                "Make sure to install httpx using `pip install httpx[socks]`."
            ) from None
    return proxies


def sayable(host: bytes) -> bytes:
    """Return a host as it stands before a port (RFC 3986 §3.2.2): an IPv6 address in brackets.

    Raises:
        LocalProtocolError: It could be taken for more than a host.
    """
    if _HOST.fullmatch(host) is None:
        raise LocalProtocolError("this host's name cannot be said to a proxy")
    return b"[%b]" % host if b":" in host else host


def _read(given: object) -> Proxy:
    if isinstance(given, str | bytes):
        return _checked(_read_url(given))
    if not isinstance(given, Mapping):
        raise TypeError(f"a proxy is a URL or a dict, not {type(given)}")
    if unknown := sorted(map(str, given.keys() - _KEYS)):
        raise ValueError(f"a proxy has no option {unknown[0]!r}: there are {', '.join(sorted(_KEYS))}")
    if not isinstance(url := given.get("url"), str | bytes):
        raise TypeError(f"a proxy's 'url' must be str or bytes, not {type(url)}")
    proxy = _read_url(url)
    if proxy.scheme.startswith(b"socks") and (foreign := [key for key in _OF_HTTP if given.get(key)]):
        raise ValueError(f"a SOCKS proxy takes no {foreign[0]!r}")
    context = given.get("ssl_context")
    if context is not None and proxy.scheme != b"https":
        raise ValueError("an 'ssl_context' is for https proxies only")
    if not (context is None or callable(context) or hasattr(context, "set_alpn_protocols")):
        raise TypeError(f"a proxy's 'ssl_context' must be a TLS context, or make one, not {type(context)}")
    return _checked(
        proxy._replace(
            auth=proxy.auth if given.get("auth") is None else _read_auth(given["auth"]),
            digest=bool(given.get("digest")),
            headers=tuple(_read_headers(given.get("headers") or ())),
            ssl_context=context,
            tunnel=bool(given.get("tunnel")),
        )
    )


def _read_url(url: str | bytes) -> Proxy:
    try:
        match = _URL.fullmatch(url.encode("ascii") if isinstance(url, str) else url)
    except UnicodeEncodeError:
        match = None
    if match is None:
        raise ValueError("a proxy's URL must be absolute, ASCII and percent-encoded: scheme://user:password@host:port")
    scheme, userinfo, host, port = match.groups()
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(
            f"unknown scheme of a proxy: {scheme.decode('ascii')!r} (known: {b', '.join(_PORTS).decode()})"
        )
    number = int(port) if port else _PORTS[scheme]
    if not 0 < number <= 65_535:
        raise ValueError(f"a proxy's port is a number from 1 to 65535, not {number}")
    auth = None
    if userinfo:
        from urllib.parse import unquote_to_bytes

        user, _, password = userinfo.partition(b":")
        auth = (unquote_to_bytes(user), unquote_to_bytes(password))
    return Proxy(scheme, host.lower().strip(b"[]"), number, auth)


def _read_auth(auth: Any) -> tuple[bytes, bytes]:
    if not isinstance(auth, tuple | list) or len(auth) != 2:
        raise TypeError("a proxy's 'auth' must be a pair: user, password")
    return _encode(auth[0], "a proxy's user"), _encode(auth[1], "a proxy's password")


def _read_headers(headers: Any) -> Iterable[Field]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    if not isinstance(pairs, Iterable) or isinstance(pairs, str | bytes):
        raise TypeError(f"a proxy's 'headers' must be a mapping, or pairs, not {type(headers)}")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError("each of a proxy's 'headers' must be a pair: name, value")
        name, value = pair
        field = _encode(name, "a header's name"), _encode(value, f"the header {name!r} of a proxy")
        if field[0].lower() in _NOT_TO_SAY:
            raise ValueError(f"the header {name!r} of a proxy is not the caller's to say")
        yield field


def _checked(proxy: Proxy) -> Proxy:
    """Return the proxy as it is.

    Raises:
        ValueError: It has what cannot be said to it; the message does not hold it.
    """
    for what, text in zip(("user", "password"), proxy.auth or (), strict=False):
        if _UNSAYABLE.search(text):
            raise ValueError(f"a proxy's {what} must not hold NUL, CR or LF")
        if len(text) > _LONGEST and proxy.scheme.startswith(b"socks5"):
            raise ValueError(f"a proxy's {what} may have {_LONGEST} bytes in SOCKS 5, not {len(text)}")
    if proxy.auth is not None and proxy.scheme.startswith(b"socks4") and proxy.auth[1]:
        raise ValueError("SOCKS 4 knows a user, but no password")
    RequestEncoder().encode(b"CONNECT", b"-", [(b"Host", b"-"), *proxy.headers])
    return proxy


def _encode(text: object, what: str) -> bytes:
    if isinstance(text, str):
        return text.encode()
    if isinstance(text, bytes):
        return text
    raise TypeError(f"{what} must be str or bytes, not {type(text)}")
