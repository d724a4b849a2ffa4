"""Percent-encoding by the WHATWG URL standard's sets (§1.3). It knows bytes and characters, not what a URL is."""

from __future__ import annotations

import re
from typing import Final

_C0_CONTROL: Final = frozenset({*range(0x20), *range(0x7F, 0x100)})
_FRAGMENT: Final = _C0_CONTROL | frozenset(b' "<>`')
_QUERY: Final = _C0_CONTROL | frozenset(b" \"#<>'")
_PATH: Final = (_QUERY - frozenset(b"'")) | frozenset(b"?`{}^")
_USERINFO: Final = _PATH | frozenset(b"/:;=@[\\]|")


class PercentEncodeSet:
    """One component's set of bytes that may not stand for themselves.

    Args:
        members: The byte values to encode. Existing %XX escapes are kept, so encoding twice is encoding once.
    """

    __slots__ = ("_table", "_unsafe")

    def __init__(self, members: frozenset[int]) -> None:
        self._unsafe = re.compile(b"[%b]" % b"".join(b"\\x%02x" % byte for byte in sorted(members)))
        self._table = {bytes([byte]): b"%%%02X" % byte for byte in members}

    def encode(self, text: str) -> str:
        """Return `text` in ASCII: UTF-8, each byte of the set as %XX.

        Raises:
            UnicodeEncodeError: `text` has a lone surrogate.
        """
        return self._unsafe.sub(lambda match: self._table[match[0]], text.encode()).decode("ascii")


PATH: Final = PercentEncodeSet(_PATH)
QUERY: Final = PercentEncodeSet(_QUERY)
FRAGMENT: Final = PercentEncodeSet(_FRAGMENT)
USERINFO: Final = PercentEncodeSet(_USERINFO)
