"""What a client sends its requests through."""

from ._asgi import ASGITransport
from ._border import AsyncHTTPTransport, AsyncRawTransport, HTTPTransport, RawTransport
from ._interface import AsyncBaseTransport, BaseTransport
from ._mock import MockTransport
from ._wsgi import WSGITransport

__all__ = [
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncHTTPTransport",
    "AsyncRawTransport",
    "BaseTransport",
    "HTTPTransport",
    "MockTransport",
    "RawTransport",
    "WSGITransport",
]
