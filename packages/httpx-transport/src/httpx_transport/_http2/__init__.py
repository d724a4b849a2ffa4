"""HTTP/2 (RFC 9113): a codec that is pure state, the connection that exchanges share, and the exchange.

h2 is the engine, and is imported with this package: who imports it must want HTTP/2.
"""

from ._codec import Codec
from ._connection import Http2Connection
from ._exchange import Http2Exchange, NoRoom
from ._stream import Stream
from ._traced import TracedHttp2Exchange

__all__ = ["Codec", "Http2Connection", "Http2Exchange", "NoRoom", "Stream", "TracedHttp2Exchange"]
