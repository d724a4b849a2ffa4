"""From an origin to an open connection: name, TCP, proxies, TLS."""

from ._connector import Connector
from ._contexts import ClientCertificate, default_ssl_context, shared_ssl_context
from ._proxy import Proxy, read_proxies

__all__ = [
    "ClientCertificate",
    "Connector",
    "Proxy",
    "default_ssl_context",
    "read_proxies",
    "shared_ssl_context",
]
