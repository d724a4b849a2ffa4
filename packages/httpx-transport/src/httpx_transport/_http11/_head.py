"""The head of a final response, by the fast path (RFC 9112 §4, §5): what it says, and how it frames the content.

It knows what is well-formed, and what the peer said last. It must not know of the request that is answered, nor of what
comes behind a head.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ..interface import Field
from ._grammar import FIELDS, RESPONSE_HEAD, is_length
from ._keep_alive import read_keep_alive

# Only names of these lengths are looked at: connection and keep-alive, content-length, transfer-encoding.
_LENGTHS: Final = frozenset({10, 14, 17})
_REMEMBERED: Final = 4_096  # bytes a head may have that is kept for the next one

FinalHead: TypeAlias = tuple[bytes, int, bytes, list[Field], int, bool, float | None]
"""A head, and what its fields say of the content (a bare tuple: each response has one).

Its bytes, to the end of the empty line; status; reason; fields, to be copied for whoever may change them; the length of the
content in bytes, or one of the signs below; whether the peer closes the connection after it; seconds after which the
peer has said to close an idle connection, None where it has not.
"""

CHUNKED: Final = -1
UNDECLARED: Final = -2  # neither a length nor chunked
UNCLEAR: Final = -3  # what is declared contradicts itself


class HeadReader:
    """Reads the heads of one connection's responses. One that is the last one again is not read again."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: FinalHead | None = None

    def read(self, data: bytes) -> FinalHead | None:
        """Return the head with which `data` begins; None where that is not one, or not all of one, for the fast path."""
        last = self._last
        if last is not None and data.startswith(last[0]):
            return last
        match = RESPONSE_HEAD.match(data)
        if match is None:
            return None
        code, reason, lines = match.groups()
        fields: list[Field] = FIELDS.findall(lines)
        octets, (length, close, keep_alive) = match.group(), _framing(fields)
        head = octets, int(code), reason or b"", fields, length, close, keep_alive
        if len(octets) <= _REMEMBERED:
            self._last = head
        return head


def _framing(fields: list[Field]) -> tuple[int, bool, float | None]:
    """Return the length of the content, or one of the signs, whether the peer closes after it, and its Keep-Alive."""
    length, close, keep_alive = UNDECLARED, False, None
    for name, value in fields:
        if len(name) not in _LENGTHS:
            continue
        name = name.lower()
        if name == b"content-length":
            if length != UNDECLARED or not is_length(value):
                return UNCLEAR, False, None
            length = int(value)
        elif name == b"transfer-encoding":
            if length != UNDECLARED or value.lower() != b"chunked":
                return UNCLEAR, False, None
            length = CHUNKED
        elif name == b"connection" and b"close" in [word.strip(b" \t") for word in value.lower().split(b",")]:
            close = True
        elif name == b"keep-alive":
            keep_alive = read_keep_alive(value, keep_alive)
    return length, close, keep_alive
