"""What a client sends its requests through."""

from ._base import AsyncBaseTransport, BaseTransport
from ._default import AsyncHTTPTransport, AsyncRawTransport, HTTPTransport, RawTransport

__all__ = [
    "AsyncBaseTransport",
    "AsyncHTTPTransport",
    "AsyncRawTransport",
    "BaseTransport",
    "HTTPTransport",
    "RawTransport",
]
