"""Settings as values: how long to wait, how many connections to keep, through whom to go. They know no client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Union

from httpx_models import Headers
from httpx_models.types import HeaderTypes
from httpx_urls import URL

from ._arguments import converted

if TYPE_CHECKING:
    import ssl


class UnsetType:
    """The type of UNSET, which tells "not given" from None."""


UNSET: Final = UnsetType()


class UseClientDefault:
    """The type of USE_CLIENT_DEFAULT, which tells "as the client has it" from None where a request is sent."""


USE_CLIENT_DEFAULT: Final = UseClientDefault()


class Timeout:
    """How many seconds to wait in each phase of a request; None is no limit.

    Either there is a default for the four phases, or all four are given by name. `total` is beside them: it has no
    default, and is none.

    >>> Timeout(5.0, read=None, total=60.0)
    Timeout(connect=5.0, read=None, write=5.0, pool=5.0, total=60.0)

    Args:
        timeout: One limit for all four phases; a tuple (connect, read, write, pool), of which the last two may be
            missing and are None then; or another Timeout.
        connect: For a connection: name lookup, TCP, proxies and TLS together.
        read: For the next bytes of the response.
        write: For the peer to take the next bytes of the request.
        pool: For a free connection of the pool.
        total: For everything from sending the request to the last byte of the response's content, redirects and
            authentication included.

    Raises:
        TypeError: A limit is neither a number nor None.
        ValueError: Neither a default nor all four are given; or a tuple or a Timeout together with one of the four;
            or a limit is negative or not a number.
    """

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    total: float | None

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: float | None | UnsetType = UNSET,
        read: float | None | UnsetType = UNSET,
        write: float | None | UnsetType = UNSET,
        pool: float | None | UnsetType = UNSET,
        total: float | None | UnsetType = UNSET,
    ) -> None:
        given = (connect, read, write, pool)
        defaults = _defaults(timeout, given)
        for name, default, value in zip(_PHASES, defaults, (*given, total), strict=True):
            setattr(self, name, _seconds(name, default if isinstance(value, UnsetType) else value))

    def as_dict(self) -> dict[str, float | None]:
        """Return the limits by name: a request's `timeout` extension. `total` is there only when it is set."""
        limits = {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}
        if self.total is not None:
            limits["total"] = self.total
        return limits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        limits = {name: getattr(self, name) for name in _PHASES[:4]}
        if len(set(limits.values())) == 1:
            limits = {"timeout": self.connect}
        if self.total is not None:
            limits["total"] = self.total
        return f"Timeout({', '.join(f'{name}={value}' for name, value in limits.items())})"


# Real unions at run time: other packages evaluate annotations that name them.
TimeoutTypes = Union[  # noqa: UP007
    float,
    None,
    tuple[float | None, float | None, float | None, float | None],
    Timeout,
]

_PHASES: Final = ("connect", "read", "write", "pool", "total")


def _defaults(timeout: TimeoutTypes | UnsetType, given: tuple[object, ...]) -> tuple[float | None, ...]:
    """Return what holds for each phase and in total where nothing is said by name."""
    by_name = [name for name, value in zip(_PHASES[:4], given, strict=True) if not isinstance(value, UnsetType)]
    if isinstance(timeout, UnsetType):
        if len(by_name) < len(given):
            raise ValueError("httpx.Timeout must either include a default, or set all four parameters explicitly.")
        return (None,) * 5
    if not isinstance(timeout, Timeout | tuple):
        return (*(_seconds("timeout", timeout),) * 4, None)
    if by_name:
        raise ValueError(f"httpx.Timeout takes a Timeout or a tuple, or limits by name, not both: {by_name[0]!r}")
    if isinstance(timeout, Timeout):
        return timeout.connect, timeout.read, timeout.write, timeout.pool, timeout.total
    if not 2 <= len(timeout) <= 4:
        raise ValueError(f"A timeout tuple is (connect, read, write, pool), not {timeout!r}")
    return (*timeout, *(None,) * (5 - len(timeout)))


def _seconds(name: str, value: Any) -> float | None:
    """Return a limit if it is one."""
    if value is None:
        return None
    if not isinstance(value, int | float):
        raise TypeError(
            f"Invalid type for {name!r}. Expected a number of seconds or None, got {type(value)}: {value!r}"
        )
    if not value >= 0:  # nor is NaN
        raise ValueError(f"{name!r} must be a number of seconds, zero or more, not {value!r}")
    return value


class Limits:
    """How many connections a pool may have, and for how long it keeps those that are idle.

    Args:
        max_connections: How many may be open at once; None is no limit.
        max_keepalive_connections: How many of them may be idle; None is no limit.
        keepalive_expiry: Seconds for which a connection may be idle; None is no limit.
        max_connections_per_origin: How many may be open at once to one scheme, host and port; None is no limit.

    Raises:
        TypeError: A limit has another type.
        ValueError: A limit is negative.
    """

    def __init__(
        self,
        *,
        max_connections: int | None = None,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = 5.0,
        max_connections_per_origin: int | None = None,
    ) -> None:
        self.max_connections = _count("max_connections", max_connections)
        self.max_keepalive_connections = _count("max_keepalive_connections", max_keepalive_connections)
        self.keepalive_expiry = _seconds("keepalive_expiry", keepalive_expiry)
        self.max_connections_per_origin = _count("max_connections_per_origin", max_connections_per_origin)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = vars(self).copy()
        if self.max_connections_per_origin is None:
            del shown["max_connections_per_origin"]
        return f"Limits({', '.join(f'{name}={value}' for name, value in shown.items())})"


def _count(name: str, value: Any) -> int | None:
    """Return a number of connections if it is one."""
    if value is not None and not isinstance(value, int):
        raise TypeError(f"Invalid type for {name!r}. Expected int or None, got {type(value)}: {value!r}")
    if value is not None and value < 0:
        raise ValueError(f"{name!r} must be zero or more, or None for no limit, not {value!r}")
    return value


class Proxy:
    """Whom to send requests through, and what to tell him.

    >>> Proxy("http://user:secret@proxy.example:3128")
    Proxy('http://proxy.example:3128', auth=('user', '********'))

    Args:
        url: Its URL: http, https, socks4, socks4a, socks5 or socks5h. User and password in it are taken out, and are used
            instead of `auth`.
        ssl_context: The TLS context for the connection to an https proxy.
        auth: User and password.
        headers: Fields for the proxy alone.

    Raises:
        InvalidURL: The URL is none.
        TypeError: An argument has another type.
        ValueError: The URL's scheme is none of a proxy.
    """

    def __init__(
        self,
        url: URL | str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        auth: tuple[str, str] | None = None,
        headers: HeaderTypes | None = None,
    ) -> None:
        url = URL(url)
        if url.scheme not in _PROXY_SCHEMES:
            raise ValueError(f"Unknown scheme for proxy URL {_redacted(url)}")
        if url.username or url.password:
            auth = (url.username, url.password)
            url = url.copy_with(username=None, password=None)
        elif auth is not None and not _is_credentials(auth):
            raise TypeError("Invalid type for 'auth'. Expected a tuple (user, password) of two str")
        if ssl_context is not None:
            _check_context(ssl_context)
        self.url = url
        self.auth = auth
        self.headers = converted("headers", Headers, headers)
        self.ssl_context = ssl_context

    @property
    def raw_auth(self) -> tuple[bytes, bytes] | None:
        """User and password in UTF-8, or None."""
        return None if self.auth is None else (self.auth[0].encode("utf-8"), self.auth[1].encode("utf-8"))

    def __repr__(self) -> str:
        shown = [repr(str(self.url))]
        if self.auth is not None:
            shown.append(f"auth={(self.auth[0], '********')!r}")
        if self.headers:
            fields = {n: "[secure]" if n in _SECRET_FIELDS else value for n, value in self.headers.items()}
            shown.append(f"headers={fields!r}")
        return f"Proxy({', '.join(shown)})"


_PROXY_SCHEMES: Final = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_SECRET_FIELDS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


def _redacted(url: URL) -> str:
    """Return the repr of a URL that may not have been meant as one, such as "user:password@proxy.example:3128"."""
    text = str(url)
    return repr(url) if url.host or "@" not in text else f"URL('[secure]@{text.rpartition('@')[2]}')"


def _is_credentials(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _check_context(value: object) -> None:
    import ssl

    if not isinstance(value, ssl.SSLContext):
        raise TypeError(
            f"Invalid type for 'ssl_context'. Expected ssl.SSLContext or None, got {type(value)}: {value!r}"
        )


ProxyTypes = Union[URL, str, Proxy]  # noqa: UP007
CertTypes = Union[str, tuple[str, str], tuple[str, str, str]]  # noqa: UP007

DEFAULT_TIMEOUT_CONFIG: Final = Timeout(timeout=5.0)
DEFAULT_LIMITS: Final = Limits(max_connections=100, max_keepalive_connections=20)
DEFAULT_MAX_REDIRECTS: Final = 20
