"""The pool of a simulated network: the one that tasks use, over another backend. It adds nothing to it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .._facade import AsyncConnectionPool
from .._pool import new_pool

if TYPE_CHECKING:
    import ssl

    from .._backends import Backend
    from .._settings import Resolver
    from ..interface import ProxyTypes


class SimulatedPool(AsyncConnectionPool):
    """Connections of a simulated network, kept and used again. Made by `Network.pool`.

    Args:
        backend: The network's.
        max_connections: How many connections may be open at once; None is no limit.
        max_keepalive_connections: How many of them may be idle; None is no limit.
        keepalive_expiry: Virtual seconds for which a connection may be idle; None is no limit.
        timeout: Virtual seconds for each phase that a request's `timeout` extension does not name; None is no limit.
        retries: How often making a connection is tried again: at once, after 0.5 virtual seconds, 1, 2, and so on.
        resolver: Called with host and port for each connection: it returns names of servers, or pairs of name and port.
        max_connections_per_origin: How many of the connections may be open to one origin; None is no limit.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken, to https origins that agree by ALPN; with `http1=False` to all, http ones
            too (RFC 9113 §3.3). It needs the extra `http2`.
        proxy: As for the pools that this one stands for; the proxies are servers of the network.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        max_connections: int | None = 100,
        max_keepalive_connections: int | None = 20,
        keepalive_expiry: float | None = 5.0,
        timeout: float | None = 5.0,
        retries: int = 0,
        resolver: Resolver | None = None,
        max_connections_per_origin: int | None = None,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
    ) -> None:
        super().__init__(
            ssl_context=_no_trust(),
            max_connections=max_connections,
            max_keepalive_connections=max_keepalive_connections,
            keepalive_expiry=keepalive_expiry,
            timeout=timeout,
            retries=retries,
            resolver=resolver,
            max_connections_per_origin=max_connections_per_origin,
            http1=http1,
            http2=http2,
            proxy=proxy,
        )
        self._pool = new_pool(backend, self._settings)  # the running event loop is not asked for: there is none


@functools.cache
def _no_trust() -> ssl.SSLContext:
    """Return a context for handshakes that look at none: making the default one would read certifi's roots."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
