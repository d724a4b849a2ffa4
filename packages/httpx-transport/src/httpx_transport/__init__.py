"""HTTP connections for Python: one pool behind a blocking and an asynchronous face, spoken to in primitives.

>>> from httpx_transport import ConnectionPool
>>> pool = ConnectionPool()

`httpx_transport.interface` has the Protocols that a transport follows.
"""

from .__about__ import __version__
from ._errors import (
    ConnectError,
    ConnectTimeout,
    LocalProtocolError,
    PoolClosed,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._facade import AsyncConnectionPool, ConnectionPool

__all__ = [
    "AsyncConnectionPool",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionPool",
    "LocalProtocolError",
    "PoolClosed",
    "PoolTimeout",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "__version__",
]
