"""HTTP/1.1 (RFC 9112) as pure state: bytes in, bytes out. No I/O, no clock, no connection."""

from ._head import HeadReader
from ._request import BodyFramer, Promises, RequestEncoder
from ._response import Head, ResponseDecoder

__all__ = ["BodyFramer", "Head", "HeadReader", "Promises", "RequestEncoder", "ResponseDecoder"]
