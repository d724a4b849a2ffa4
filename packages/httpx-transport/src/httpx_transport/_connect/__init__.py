"""From an origin to an open connection: name, TCP, TLS.

The connector has to be asked for by its module: whoever only wants a TLS context shall not pay for the rest.
"""

from ._contexts import ClientCertificate, default_ssl_context, shared_ssl_context

__all__ = ["ClientCertificate", "default_ssl_context", "shared_ssl_context"]
