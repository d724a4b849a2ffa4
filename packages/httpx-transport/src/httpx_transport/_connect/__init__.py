"""From an origin to an open connection: name, TCP, TLS."""

from ._connector import Connector
from ._contexts import ClientCertificate, default_ssl_context, shared_ssl_context

__all__ = ["ClientCertificate", "Connector", "default_ssl_context", "shared_ssl_context"]
