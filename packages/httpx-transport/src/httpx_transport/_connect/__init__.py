"""From an origin to an open connection: name, TCP, proxies, TLS.

The connector has to be asked for by its module: whoever only wants a TLS context shall not pay for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._contexts import ClientCertificate, default_ssl_context, deferred_ssl_context, shared_ssl_context

if TYPE_CHECKING:
    from ..interface import ProxyTypes
    from ._proxy import Proxy

__all__ = ["ClientCertificate", "default_ssl_context", "deferred_ssl_context", "proxies_of", "shared_ssl_context"]


def proxies_of(given: ProxyTypes | None) -> tuple[Proxy, ...]:
    """Return what `_proxy.read_proxies` does, which is imported only where there is something to read."""
    if given is None:
        return ()
    from ._proxy import read_proxies

    return read_proxies(given)
