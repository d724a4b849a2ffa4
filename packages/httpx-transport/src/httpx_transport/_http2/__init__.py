"""HTTP/2 (RFC 9113) as pure state: bytes in, streams that change, bytes out. No I/O, no clock, no waiting.

h2 is the engine, and is imported with this package: who imports it must want HTTP/2.
"""

from ._codec import Codec
from ._stream import Stream

__all__ = ["Codec", "Stream"]
