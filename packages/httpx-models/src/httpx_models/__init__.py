"""The vocabulary of HTTP: headers, cookies, requests, responses, content, decoders, status codes, errors.

>>> from httpx_models import Request, Response
>>> request = Request("POST", "https://example.org/", json={"hello": "world"})
>>> request.headers["Content-Type"]
'application/json'
>>> Response(200, text="Hello", request=request).text
'Hello'
"""

from __future__ import annotations

from . import types as types
from .__about__ import __version__
from ._cookies import Cookies
from ._decoders import supported_codings
from ._errors import (
    CloseError,
    ConnectError,
    ConnectTimeout,
    CookieConflict,
    DecodingError,
    HTTPError,
    HTTPStatusError,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    StreamClosed,
    StreamConsumed,
    StreamError,
    TimeoutException,
    TooManyRedirects,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._headers import Headers
from ._request import Request
from ._response import Response
from ._status import codes
from ._streams import AsyncByteStream, ByteStream, SyncByteStream
from ._timings import Timings

__all__ = [
    "AsyncByteStream",
    "ByteStream",
    "CloseError",
    "ConnectError",
    "ConnectTimeout",
    "CookieConflict",
    "Cookies",
    "DecodingError",
    "HTTPError",
    "HTTPStatusError",
    "Headers",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "RequestError",
    "RequestNotRead",
    "Response",
    "ResponseNotRead",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "SyncByteStream",
    "TimeoutException",
    "Timings",
    "TooManyRedirects",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "__version__",
    "codes",
    "supported_codings",
]
