"""The codings gzip and deflate (RFC 9110 §8.4.1.2 and §8.4.1.3). It knows zlib, and how many bytes to ask of it."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from httpx_models._errors import DecodingError

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 262_144  # bytes that one step may produce
SLICE = 65_536  # bytes that a decoder gets at once: what it does not take of them is copied each time

_GZIP = 16 + zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"


class Sliced(ABC):
    """A decoder that is fed slices, whatever the size of the pieces that come."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data becomes.

        Raises:
            DecodingError: The data is malformed, or its checksum is wrong.
        """
        for start in range(0, len(data), SLICE):
            yield from self._feed(data[start : start + SLICE])

    @abstractmethod
    def _feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what a slice becomes; it is not empty."""


class _Inflater:
    """One zlib stream: its output in bounded steps, and what follows its end."""

    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        """Whether the stream is over."""
        return self._zlib.eof

    @property
    def rest(self) -> bytes:
        """What came behind its end."""
        return self._zlib.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data becomes.

        Raises:
            DecodingError: The data is malformed, or its checksum is wrong.
        """
        more = True
        while more:
            try:
                piece = self._zlib.decompress(data, STEP)
            except zlib.error as error:
                raise DecodingError(str(error)) from error
            data = self._zlib.unconsumed_tail
            # At its end a stream goes on saying that its tail is unconsumed, although that is `unused_data` then.
            more = not self._zlib.eof and (bool(data) or len(piece) == STEP)
            if piece:
                yield piece


class GzipDecoder(Sliced):
    """gzip with all its members (RFC 1952 §2.2). Checksums, lengths and the end of the last member are checked.

    Zero bytes after a member are padding. Anything else that is no further member is ignored, as gzip(1) does.
    """

    def __init__(self) -> None:
        self._inflater: _Inflater | None = None
        self._between = b""
        self._garbage = False

    def _feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            self._inflater = _Inflater(_GZIP)
        while data and not self._garbage:
            if self._inflater.ended:
                data = self._next_member(data)
            else:
                yield from self._inflater.feed(data)
                data = self._inflater.rest

    def _next_member(self, data: bytes) -> bytes:
        """Return the data of the next member, or b"" when it has not begun."""
        found = (self._between + data).lstrip(b"\0")
        self._between = b""
        if found.startswith(_MAGIC):
            self._inflater = _Inflater(_GZIP)
            return found
        if found in (b"", _MAGIC[:1]):
            self._between = found
        else:
            self._garbage = True
        return b""

    def flush(self) -> Iterator[bytes]:
        """Yield nothing.

        Raises:
            DecodingError: The data ended within a member.
        """
        if self._between or not (self._inflater is None or self._inflater.ended):
            raise DecodingError("The gzip data ended too early")
        yield from ()


class DeflateDecoder(Sliced):
    """deflate, both as the standard says (in a zlib wrapper, RFC 1950) and as many servers send it (bare, RFC 1951)."""

    def __init__(self) -> None:
        self._inflater: _Inflater | None = None
        self._head = b""

    def _feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            # The header of RFC 1950 §2.2; a bare deflate block cannot begin so.
            wrapped = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflater = _Inflater(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        if not self._inflater.ended:
            yield from self._inflater.feed(data)

    def flush(self) -> Iterator[bytes]:
        """Yield nothing.

        Raises:
            DecodingError: The data ended too early.
        """
        if self._head if self._inflater is None else not self._inflater.ended:
            raise DecodingError("The deflate data ended too early")
        yield from ()
