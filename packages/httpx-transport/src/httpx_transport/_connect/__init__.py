"""From an origin to an open connection: name, TCP, proxies, TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._connector import Connector
from ._contexts import ClientCertificate, default_ssl_context, shared_ssl_context

if TYPE_CHECKING:
    from ..interface import ProxyTypes
    from ._proxy import Proxy

__all__ = [
    "ClientCertificate",
    "Connector",
    "default_ssl_context",
    "proxies_of",
    "shared_ssl_context",
]


def proxies_of(given: ProxyTypes | None) -> tuple[Proxy, ...]:
    """Return what `_proxy.read_proxies` does, which is imported only where there is something to read."""
    if given is None:
        return ()
    from ._proxy import read_proxies

    return read_proxies(given)
