"""The HTTP client of httpx: `Client` and `AsyncClient`, over any transport.

>>> from httpx_client import Client
>>> client = Client(headers={"Accept": "application/json"})
"""

from .__about__ import __version__
from ._api import get, post, request
from ._async_client import AsyncClient
from ._client import Client
from ._config import Timeout
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
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncClient",
    "AsyncHTTPTransport",
    "AsyncRawTransport",
    "BaseTransport",
    "Client",
    "HTTPTransport",
    "MockTransport",
    "RawTransport",
    "Timeout",
    "WSGITransport",
    "__version__",
    "get",
    "post",
    "request",
]
