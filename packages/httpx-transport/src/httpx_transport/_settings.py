"""What both faces are told when a pool is made, in one place. It knows no connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ._backends import SocketOption
from ._connect import deferred_ssl_context
from ._extensions import check_seconds

if TYPE_CHECKING:
    import ssl

    from ._connect._proxy import Proxy

TlsContext: TypeAlias = "ssl.SSLContext | Callable[..., ssl.SSLContext] | None"
"""A context; or what makes one when it is first needed, called with `alpn=`, the protocols to offer; or the default."""

Resolver: TypeAlias = Callable[[str, int], Any]
"""From host and port to addresses, or on the asynchronous face to what they may be awaited from."""


class Settings(NamedTuple):
    """The settings of one pool; the faces say what each is for."""

    ssl_context: TlsContext = None
    max_connections: int | None = 100
    max_keepalive_connections: int | None = 20
    keepalive_expiry: float | None = 5.0
    timeout: float | None = 5.0
    retries: int = 0
    local_address: str | None = None
    uds: str | None = None
    socket_options: tuple[SocketOption, ...] = ()
    resolver: Resolver | None = None
    max_connections_per_origin: int | None = None
    http1: bool = True
    http2: bool = False
    proxies: tuple[Proxy, ...] = ()

    def check(self) -> Settings:
        """Return it, with what makes the default context where no context is given, also for an https proxy.

        Raises:
            ValueError: No request could ever be sent.
            TypeError: The timeout is no number of seconds, or the context is none.
            ImportError: HTTP/2 is wanted, and its engine is not installed.
        """
        check_seconds("timeout", self.timeout)
        context = self.ssl_context  # asked by what it can do: `ssl` is not imported for http
        if not (context is None or callable(context) or hasattr(context, "wrap_bio")):
            raise TypeError(f"ssl_context must be an ssl.SSLContext, or a function that makes one, not {type(context)}")
        if not self.http1 and not self.http2:
            raise ValueError("at least one of http1 and http2 must be True")
        if self.http2 and not _installed("h2"):
            raise ImportError(
                "Using http2=True, but the 'h2' package is not installed. "
                "Make sure to install httpx using `pip install httpx[http2]`."
            )
        if self.max_connections_per_origin is not None and self.max_connections_per_origin < 1:
            raise ValueError(
                f"max_connections_per_origin must be at least 1, or None, not {self.max_connections_per_origin!r}"
            )
        # The environment counts as it is now, not as it will be at the first connection.
        default = deferred_ssl_context()
        proxies = [
            proxy._replace(ssl_context=default) if (proxy.scheme, proxy.ssl_context) == (b"https", None) else proxy
            for proxy in self.proxies
        ]
        return self._replace(ssl_context=default if context is None else context, proxies=tuple(proxies))

    def alpn(self) -> tuple[str, ...]:
        """Return the protocols to offer in TLS handshakes, the preferred one first (RFC 7301)."""
        return ("h2",) * self.http2 + ("http/1.1",) * self.http1


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def read_socket_options(given: Iterable[Any] | None) -> tuple[SocketOption, ...]:
    """Return socket options as they are.

    Raises:
        TypeError: One of them is not what `setsockopt` could be called with.
    """
    options = tuple(given or ())
    for option in options:
        if not isinstance(option, tuple | list) or not 3 <= len(option) <= 4:
            raise TypeError(f"a socket option is (level, name, value) or (level, name, None, size), not {option!r}")
    return options
