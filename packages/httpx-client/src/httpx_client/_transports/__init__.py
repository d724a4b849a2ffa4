"""What a client sends its requests through."""

from ._border import AsyncHTTPTransport, AsyncRawTransport, HTTPTransport, RawTransport
from ._interface import AsyncBaseTransport, BaseTransport

__all__ = [
    "AsyncBaseTransport",
    "AsyncHTTPTransport",
    "AsyncRawTransport",
    "BaseTransport",
    "HTTPTransport",
    "RawTransport",
]
