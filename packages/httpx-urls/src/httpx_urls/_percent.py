"""Percent-encoding by the WHATWG URL standard's sets (§1.3, §5.2). It knows bytes and text, not what a URL is."""

from __future__ import annotations

import re
from typing import Final

from ._errors import InvalidURL

_ALL: Final = frozenset(range(0x100))
_ALPHANUMERIC: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_C0_CONTROL: Final = _ALL - frozenset(range(0x20, 0x7F))
_QUERY: Final = _C0_CONTROL | frozenset(b' "#<>')
_PATH: Final = _QUERY | frozenset(b"?^`{}")
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_NOT_ENCODED: Final = re.compile(r"[^!-~]")


class PercentEncodeSet:
    """One component's set of bytes that may not stand for themselves.

    Args:
        members: The byte values to encode.
        space: What stands for a space that is to be encoded.
    """

    __slots__ = ("_members", "_space", "_table", "_unsafe")

    _table: list[bytes]

    def __init__(self, members: frozenset[int], space: bytes = b"%20") -> None:
        self._members = members
        self._space = space
        self._unsafe: re.Pattern[str] | None = None  # and the table: made when they are first needed

    def _prepare(self) -> re.Pattern[str]:
        members = self._members
        self._table = [b"%%%02X" % byte if byte in members else bytes([byte]) for byte in range(0x100)]
        self._table[0x20] = self._space
        # The search is over text: what is beyond ASCII becomes bytes that are members of every set.
        safe = "".join(f"\\x{byte:02x}" for byte in range(0x80) if byte not in members)
        self._unsafe = unsafe = re.compile(f"[^{safe}]+")
        return unsafe

    def encode(self, text: str) -> str:
        """Return `text` in ASCII: UTF-8, each byte of the set as %XX, everything else (also every `%`) as it is.

        Raises:
            InvalidURL: `text` has half a surrogate pair, which no UTF-8 can say.
        """
        unsafe = self._unsafe or self._prepare()
        if unsafe.search(text) is None:
            return text
        try:
            return unsafe.sub(self._escape, text)
        except UnicodeEncodeError:
            raise InvalidURL(f"Invalid character in URL: {describe_surrogate(text)}") from None

    def _escape(self, match: re.Match[str]) -> str:
        table = self._table
        return b"".join([table[byte] for byte in match[0].encode()]).decode("ascii")


def describe_surrogate(text: str) -> str:
    """Say which character of `text` is half a surrogate pair, and where; `text` has one."""
    position = next(index for index, character in enumerate(text) if "\ud800" <= character <= "\udfff")
    return f"{text[position]!r} at position {position} is half a surrogate pair"


def find_unencoded(text: str) -> re.Match[str] | None:
    """Return the first character that cannot stand in a URL as it is (a space, a control, not ASCII), or None."""
    return _NOT_ENCODED.search(text)


def decode(text: str) -> str:
    """Return ASCII `text` with its %XX escapes read as UTF-8; bytes that are no UTF-8 become U+FFFD."""
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace"), text)


PATH: Final = PercentEncodeSet(_PATH)
QUERY: Final = PercentEncodeSet(_QUERY)
SPECIAL_QUERY: Final = PercentEncodeSet(_QUERY | frozenset(b"'"))
FRAGMENT: Final = PercentEncodeSet(_C0_CONTROL | frozenset(b' "<>`'))
USERINFO: Final = PercentEncodeSet(_PATH | frozenset(b"/:;=@[\\]|"))
HOST: Final = PercentEncodeSet(_C0_CONTROL | frozenset(b" #/:<>?@[]^"))
FORM: Final = PercentEncodeSet(_ALL - _ALPHANUMERIC - frozenset(b"*-._"), space=b"+")
