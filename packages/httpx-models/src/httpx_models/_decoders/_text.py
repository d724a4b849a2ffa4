"""Bytes into text, and text into lines. It knows Python's incremental codecs and what ends a line."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The codecs that want a byte order mark, and its length in bytes.
_MARKED = {"utf-16": 2, "utf-32": 4}

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def decode_text(data: bytes, encoding: str) -> str:
    """Return text that is here as a whole, as `TextDecoder` does piece by piece.

    Args:
        data: The bytes.
        encoding: The name of a codec.

    Raises:
        LookupError: There is no such codec.
    """
    if codecs.lookup(encoding).name not in _MARKED:
        return data.decode(encoding, "replace")
    decoder = TextDecoder(encoding)
    return "".join([*decoder.feed(data), *decoder.flush()])


class TextDecoder:
    """Decodes text, wherever its bytes are cut; what is malformed becomes U+FFFD.

    Args:
        encoding: The name of a codec.

    Raises:
        LookupError: There is no such codec.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._codec = codecs.lookup(encoding)
        self._marked = _MARKED.get(self._codec.name, 0)
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        if not self._marked:
            self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text that is complete."""
        if self._decoder is None:
            data = self._head + data
            if len(data) < self._marked:
                self._head = data
                return
            self._decoder = self._choose(data)
        try:
            text = self._decoder.decode(data)
        except UnicodeError:
            text = self._decode_bytewise(self._decoder, data)
        if text:
            yield text

    def _decode_bytewise(self, decoder: codecs.IncrementalDecoder, data: bytes) -> str:
        """Decode data that has an escape sequence with no end.

        The decoders of iso-2022 keep at most eight bytes of an incomplete sequence, and raise UnicodeError for more, whatever
        `errors` says; what they have kept is lost then. Such a sequence becomes U+FFFD.
        """
        parts = ["\ufffd"]
        for position in range(len(data)):
            try:
                parts.append(decoder.decode(data[position : position + 1]))
            except UnicodeError:
                decoder.reset()
                parts.append("\ufffd")
        return "".join(parts)

    def flush(self) -> Iterator[str]:
        """Yield what stands for an incomplete character at the end."""
        if self._decoder is None:
            self._decoder = self._choose(self._head)
            text = self._decoder.decode(self._head, True)
        else:
            text = self._decoder.decode(b"", True)
        if text:
            yield text

    def _choose(self, head: bytes) -> codecs.IncrementalDecoder:
        """Return a decoder for text that should begin with a byte order mark; without one it is little-endian."""
        little, big = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        if self._marked == 4:
            little, big = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
        name = self._codec.name if head.startswith((little, big)) else f"{self._codec.name}-le"
        return codecs.getincrementaldecoder(name)(errors="replace")


class LineDecoder:
    """Cuts text into lines without their ends, as `str.splitlines` does, wherever the text is cut."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._carriage_return = False

    def feed(self, text: str) -> Iterator[str]:
        """Yield the lines that are complete."""
        if self._carriage_return:
            text = "\r" + text
        self._carriage_return = text.endswith("\r")  # perhaps the first half of an end
        if self._carriage_return:
            text = text[:-1]
        if not text:
            return
        lines = text.splitlines()
        unfinished = "" if text[-1] in _LINE_ENDS else lines.pop()
        if lines:
            lines[0] = "".join(self._parts) + lines[0]
            self._parts = []
        if unfinished:
            self._parts.append(unfinished)
        yield from lines

    def flush(self) -> Iterator[str]:
        """Yield the last line, if nothing ended it."""
        if self._parts or self._carriage_return:
            yield "".join(self._parts)
        self._parts = []
        self._carriage_return = False
