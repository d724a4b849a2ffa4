"""The HTTP client of httpx: `Client` and `AsyncClient`, over any transport.

>>> from httpx_client import Client
>>> client = Client(headers={"Accept": "application/json"})
"""

from .__about__ import __version__
from ._api import delete, get, head, options, patch, post, put, request, stream
from ._async_client import AsyncClient
from ._auth import Auth, BasicAuth, BearerAuth, DigestAuth, FunctionAuth, NetRCAuth
from ._client import Client
from ._config import USE_CLIENT_DEFAULT, Limits, Proxy, Timeout
from ._ssl import create_ssl_context
from ._transports import (
    ASGITransport,
    AsyncBaseTransport,
    AsyncHTTPTransport,
    AsyncRawTransport,
    BaseTransport,
    HTTPTransport,
    MockTransport,
    RawTransport,
    WSGITransport,
)

__all__ = [
    "USE_CLIENT_DEFAULT",
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncClient",
    "AsyncHTTPTransport",
    "AsyncRawTransport",
    "Auth",
    "BaseTransport",
    "BasicAuth",
    "BearerAuth",
    "Client",
    "DigestAuth",
    "FunctionAuth",
    "HTTPTransport",
    "Limits",
    "MockTransport",
    "NetRCAuth",
    "Proxy",
    "RawTransport",
    "Timeout",
    "WSGITransport",
    "__version__",
    "create_ssl_context",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "stream",
]
