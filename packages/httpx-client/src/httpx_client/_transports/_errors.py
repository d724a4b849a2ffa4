"""The one table from a transport's errors to the client's. It knows both vocabularies, and no I/O."""

from __future__ import annotations

from typing import Final

import httpx_models
import httpx_transport

# Looked up along the error's own bases, so the most specific line wins.
_TABLE: Final[dict[type[Exception], type[httpx_models.TransportError]]] = {
    httpx_transport.ConnectTimeout: httpx_models.ConnectTimeout,
    httpx_transport.ReadTimeout: httpx_models.ReadTimeout,
    httpx_transport.WriteTimeout: httpx_models.WriteTimeout,
    httpx_transport.PoolTimeout: httpx_models.PoolTimeout,
    httpx_transport.ConnectError: httpx_models.ConnectError,
    httpx_transport.ProxyError: httpx_models.ProxyError,
    httpx_transport.ReadError: httpx_models.ReadError,
    httpx_transport.WriteError: httpx_models.WriteError,
    httpx_transport.LocalProtocolError: httpx_models.LocalProtocolError,
    httpx_transport.RemoteProtocolError: httpx_models.RemoteProtocolError,
    httpx_transport.UnsupportedProtocol: httpx_models.UnsupportedProtocol,
    httpx_transport.TransportError: httpx_models.TransportError,
    # For transports that know nothing of ours: all that they have are the built-ins.
    TimeoutError: httpx_models.TimeoutException,
    ConnectionError: httpx_models.NetworkError,
}

OURS: Final = (httpx_transport.TransportError,)
"""What our own pool raises; other errors that come out of it are the caller's, from the body he gave."""

ANYBODYS: Final = (httpx_transport.TransportError, TimeoutError, ConnectionError)
"""What somebody else's transport may raise because there is no response."""


def translate(error: Exception) -> httpx_models.TransportError:
    """Return the client's error for one of those."""
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)(str(error))
