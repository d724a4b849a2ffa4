"""HTTP connections for Python: one pool behind a blocking and an asynchronous face, spoken to in primitives.

>>> from httpx_transport import ConnectionPool
>>> with ConnectionPool() as pool:  # doctest: +SKIP
...     print(pool.request("GET", "https://www.example.org/").read())

`httpx_transport.interface` has the Protocols that a transport follows.
"""

from .__about__ import __version__
from ._certificate import certificate_facts
from ._connect import default_ssl_context, deferred_ssl_context, shared_ssl_context
from ._errors import (
    ConnectError,
    ConnectTimeout,
    LocalProtocolError,
    PoolClosed,
    PoolTimeout,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._facade import AsyncConnectionPool, ConnectionPool
from ._response import AsyncRawResponse, RawResponse

__all__ = [
    "AsyncConnectionPool",
    "AsyncRawResponse",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionPool",
    "LocalProtocolError",
    "PoolClosed",
    "PoolTimeout",
    "ProxyError",
    "RawResponse",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "__version__",
    "certificate_facts",
    "default_ssl_context",
    "deferred_ssl_context",
    "shared_ssl_context",
]
