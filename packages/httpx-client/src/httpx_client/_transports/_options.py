"""From what a client's transport is told to what a pool is told: names and primitives. It makes no connections."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import TYPE_CHECKING, Any, Union

from httpx_urls import URL

from .._arguments import checked, converted, switch
from .._config import CertTypes, Limits, Proxy, ProxyTypes
from .._ssl import context_for

if TYPE_CHECKING:
    import ssl

# A real union at run time: other packages evaluate annotations that name it.
SOCKET_OPTION = Union[  # noqa: UP007
    tuple[int, int, int],
    tuple[int, int, bytes | bytearray],
    tuple[int, int, None, int],
]
"""What `socket.setsockopt` takes: level, option, and a value, or None and a length."""


def pool_options(
    *,
    verify: ssl.SSLContext | str | bool,
    cert: CertTypes | None,
    trust_env: bool,
    http1: bool,
    http2: bool,
    limits: Limits,
    proxy: ProxyTypes | None,
    uds: str | None,
    local_address: str | None,
    retries: int,
    socket_options: Iterable[SOCKET_OPTION] | None,
) -> dict[str, Any]:
    """Return the keyword arguments for a pool; the arguments are those of `HTTPTransport`.

    Raises:
        OSError: A path cannot be read.
        TypeError: An argument has a type that cannot be used.
    """
    checked("limits", limits, Limits, "Limits")
    checked("retries", retries, int, "an int")
    for switched, on in (("trust_env", trust_env), ("http1", http1), ("http2", http2)):
        switch(switched, on)
    for named, text in (("uds", uds), ("local_address", local_address)):
        checked(named, text, (str, NoneType), "a str")
    http1, http2 = bool(http1 or not http2), bool(http2)  # something has to be spoken
    alpn = ("h2",) * http2 + ("http/1.1",) * http1
    return {
        "ssl_context": context_for(verify, cert, trust_env, alpn=alpn),
        "http1": http1,
        "http2": http2,
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
        "max_connections_per_origin": limits.max_connections_per_origin,
        "proxy": None if proxy is None else proxy_options(proxy, trust_env),
        "uds": uds,
        "local_address": local_address,
        "retries": retries,
        "socket_options": None if socket_options is None else converted("socket_options", list, socket_options),
        "timeout": None,  # each request says it
    }


def proxy_options(proxy: ProxyTypes, trust_env: bool = True) -> dict[str, Any]:
    """Return a proxy as primitives: url, auth, headers and ssl_context, as far as they are there.

    Args:
        proxy: A proxy, or its URL.
        trust_env: Whether SSL_CERT_FILE and SSL_CERT_DIR count for an https proxy that has no context.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(proxy, Proxy):
        proxy = Proxy(url=checked("proxy", proxy, (str, URL), "a URL, a str or a Proxy"))
    url = proxy.url
    if url.scheme == "socks5":  # a client of 0.28 leaves names to the proxy in both cases
        url = url.copy_with(scheme="socks5h")
    context: Any = proxy.ssl_context
    if context is None and url.scheme == "https" and not trust_env:
        context = context_for(trust_env=False)
    options: dict[str, Any] = {
        "url": str(url),
        "auth": proxy.raw_auth,
        "headers": None if url.scheme.startswith("socks") else proxy.headers.raw or None,  # SOCKS has no place for them
        "ssl_context": context,
    }
    return {name: value for name, value in options.items() if value is not None}
