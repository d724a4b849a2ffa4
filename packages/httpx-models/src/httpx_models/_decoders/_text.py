"""Bytes into text, and text into lines. It knows Python's incremental codecs and what ends a line."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_ENDS = "\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # besides "\r", which may be the first half of an end


class TextDecoder:
    """Decodes text, wherever its bytes are cut; what is malformed becomes U+FFFD.

    Args:
        encoding: The name of a codec.

    Raises:
        LookupError: There is no such codec.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text that is complete."""
        text = self._decoder.decode(data)
        if text:
            yield text

    def flush(self) -> Iterator[str]:
        """Yield what stands for an incomplete character at the end."""
        text = self._decoder.decode(b"", True)
        if text:
            yield text


class LineDecoder:
    """Cuts text into lines without their ends, as `str.splitlines` does, wherever the text is cut."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._carriage_return = False

    def feed(self, text: str) -> Iterator[str]:
        """Yield the lines that are complete."""
        if self._carriage_return:
            text = "\r" + text
        self._carriage_return = text.endswith("\r")
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
