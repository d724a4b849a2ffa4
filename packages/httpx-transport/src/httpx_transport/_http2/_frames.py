"""Cutting what the peer sends into frames (RFC 9113 §4), and refusing before anything is kept what no frame may be.

It knows sizes, types, the order within a field section, and how much may come that brings nobody forward; it knows no
stream and no field.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8

PROTOCOL_ERROR: Final = 0x1
FLOW_CONTROL_ERROR: Final = 0x3
FRAME_SIZE_ERROR: Final = 0x6
ENHANCE_YOUR_CALM: Final = 0xB

HEADER_SIZE: Final = 9

MAX_FRAME: Final = 16_384
"""Bytes of payload that a frame may have: the protocol's own default, which every peer knows without being told."""

MAX_BLOCK: Final = 102_400
"""Bytes that a field section may have, compressed, and uncompressed as RFC 9113 §6.5.2 counts: HTTP/1.1's bound of a head."""

MAX_CONTINUATIONS: Final = 50
"""CONTINUATION frames that one field section may have."""

MAX_IDLE_FRAMES: Final = 10_000
"""Frames that may come between two that bring an exchange forward."""

_HEADER: Final = Struct(">HBBBL")
_WEIGHTS: Final = {SETTINGS: 10, GOAWAY: 10}  # those that cost more than to be read


class Fault(Exception):
    """The peer broke a rule, for which the whole connection ends.

    Args:
        message: What it did.
        code: The error code to end the connection with (RFC 9113 §7).
    """

    def __init__(self, message: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


def empty_data(number: int, flags: int) -> bytes:
    """Return a DATA frame without content, with only these flags."""
    return _HEADER.pack(0, 0, DATA, flags, number)


class Frame(NamedTuple):
    """One whole frame."""

    type: int
    flags: int
    stream_id: int
    data: bytes
    """The frame as it came, with its 9 bytes of header."""


class FrameReader:
    """The state between two pieces of what the peer sends.

    Attributes:
        begun: Whether the peer has begun, as it has to, with its settings.
    """

    __slots__ = ("_block", "_block_frames", "_block_size", "_buffer", "_idle", "begun")

    def __init__(self) -> None:
        self._buffer = b""
        self.begun = False
        self._block = 0  # the stream whose field section is not complete
        self._block_frames = 0
        self._block_size = 0
        self._idle = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes; yield the frames that they complete. All of them have to be taken.

        Raises:
            Fault: This is no HTTP/2, or a frame that may not be, as soon as its header is here.
        """
        if self._buffer:
            data = self._buffer + data
        if not self.begun:
            self._begin(data)
        position, end = 0, len(data)
        while end - position >= HEADER_SIZE:
            high, low, kind, flags, stream_id = _HEADER.unpack_from(data, position)
            length = high << 8 | low
            stream_id &= 0x7FFFFFFF
            if length > MAX_FRAME:
                raise Fault(f"a frame of {length} bytes, more than the {MAX_FRAME} we allow", FRAME_SIZE_ERROR)
            in_block = kind == CONTINUATION or self._block
            if in_block:
                self._check_block(kind, stream_id, length)
            following = position + HEADER_SIZE + length
            if following > end:
                break
            if in_block or kind == HEADERS:
                self._count_block(flags, stream_id, length)
            yield Frame(kind, flags, stream_id, data[position:following])
            position = following
        self._buffer = data[position:]

    def useful(self) -> None:
        """Note that an exchange came forward."""
        self._idle = 0

    def count(self, kind: int) -> None:
        """Count a frame that may not bring anything forward.

        Raises:
            Fault: There were too many in a row.
        """
        self._idle += _WEIGHTS.get(kind, 1)
        if self._idle > MAX_IDLE_FRAMES:
            raise Fault("a flood of frames that bring no response forward", ENHANCE_YOUR_CALM)

    def _begin(self, data: bytes) -> None:
        """Check that the connection begins as RFC 9113 §3.4 says: with SETTINGS."""
        if data.startswith(b"HTTP/1."):
            raise Fault("the peer answers in HTTP/1")
        if len(data) >= HEADER_SIZE:
            self.begun = True
            if data[3] != SETTINGS or data[4] & ACK:
                raise Fault("the peer's first frame is not SETTINGS")

    def _check_block(self, kind: int, stream_id: int, length: int) -> None:
        """Refuse what may not stand in a field section, and one that grows too large (RFC 9113 §6.10)."""
        if kind != CONTINUATION or stream_id != self._block:
            raise Fault("a field section that is interrupted, or continued where there is none")
        if self._block_size + length > MAX_BLOCK:
            raise Fault(f"a field section of more than {MAX_BLOCK} bytes", ENHANCE_YOUR_CALM)
        if self._block_frames > MAX_CONTINUATIONS:
            raise Fault(f"a field section in more than {MAX_CONTINUATIONS} CONTINUATION frames", ENHANCE_YOUR_CALM)

    def _count_block(self, flags: int, stream_id: int, length: int) -> None:
        """Add a whole frame to the field section that it belongs to."""
        if flags & END_HEADERS:
            self._block = self._block_frames = self._block_size = 0
        else:
            self._block = stream_id
            self._block_frames += 1
            self._block_size += length
