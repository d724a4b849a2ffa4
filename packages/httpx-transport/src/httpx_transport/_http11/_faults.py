"""How errors describe what is malformed in a response: by names, positions and single bytes, and never by a value.

Error messages end in logs and in the hands of others, and a line that breaks the grammar may be a Set-Cookie field, or content
that is taken for a line because peer and client disagree about where messages end. h11 quotes such lines whole, so its
messages do not pass: those without data are known, and the others are worded here.
"""

from __future__ import annotations

import re
from typing import Final

from ._grammar import TOKEN, VALUE

_NAME: Final = re.compile(TOKEN)
_LEGAL: Final = re.compile(VALUE)
_LINES: Final = re.compile(rb"[^\n]*\n|[^\n]+")
# Whatever looks like a field, an assignment or a parameter ends what is shown.
_STATUS_LINE: Final = re.compile(rb"HTTP/[\x20-\x39<>-\x7e]{0,35}|[-0-9A-Za-z.]{0,8}")
_CHUNK_HEAD: Final = re.compile(rb"[0-9A-Fa-f]{0,17}(?:;|[^\r\n;]{0,2})")
_QUOTED: Final = re.compile(r"(illegal \w+ (?:line|header)): (?:bytearray\()?(b(?:'.*'|\".*\"))\)?", re.DOTALL)
_HARMLESS: Final = (
    "Can't receive data when peer state is ",
    "Got data when expecting EOF",
    "Only Transfer-Encoding: chunked is supported",
    "Receive buffer too long",
    "bad Content-Length",
    "can't handle event type ",
    "conflicting Content-Length headers",
    "continuation line at start of headers",
    "illegal request line",  # where a response begins with an octet that no line begins with
    "multiple Transfer-Encoding headers",
    "no response line received",
    "peer closed connection without sending complete message body ",
    "peer unexpectedly closed connection",
)


def shown_status_line(data: bytes) -> str:
    """Return how the line with which a response begins is shown, as far as it looks like a status line or a word."""
    return _prefix(_STATUS_LINE, data)


def shown_chunk_head(data: bytes) -> str:
    """Return how the line is shown that should hold a chunk's size: its digits, and at most two bytes more."""
    return _prefix(_CHUNK_HEAD, data)


def field_fault(line: bytes) -> str:
    """Return the name of a field line that breaks RFC 9112 §5, and what is wrong with it.

    Args:
        line: The line, with or without its end.
    """
    ending = ", which ends in LF without CR" if line.endswith(b"\n") and not line.endswith(b"\r\n") else ""
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    match = _NAME.match(line)
    if match is None:
        return "a line that begins with no field name" + ending
    name, rest = match.group()[:40], line[match.end() :]
    octet = rest[len(_value_part(rest)) :][:1]
    if not rest:
        what = " without a colon"
    elif rest.startswith(b":"):
        what = f" with 0x{octet.hex()} in its value" if octet else ""
    elif rest[:1] in b" \t":
        what = " with a blank behind its name"
    else:
        what = f" with 0x{rest[:1].hex()} in its name"
    return f"the field {name!r}{what}{ending}"


def trailer_fault(data: bytes) -> str:
    """Return the same of the first malformed line in trailer fields (RFC 9112 §7.1.2)."""
    for line in _LINES.findall(data):
        match = _NAME.match(line)
        rest = b"" if match is None else line[match.end() :]
        if not rest.startswith(b":") or rest[len(_value_part(rest)) :] != b"\r\n":
            return field_fault(line)
    return "no end"


def reworded(message: str) -> str:
    """Return a message of h11 without what it quotes from the response; one that is not known is not passed on."""
    quoted = _QUOTED.fullmatch(message)
    if quoted is None:
        if message.startswith("malformed chunk footer"):
            return "bad end of chunk"
        return message if message.startswith(_HARMLESS) else "malformed response"
    import ast

    kind, line = quoted[1], ast.literal_eval(quoted[2])
    if kind == "illegal header line":
        return f"{kind}: {field_fault(line)}"
    return f"{kind}: {shown_status_line(line) if kind == 'illegal status line' else shown_chunk_head(line)}"


def _value_part(rest: bytes) -> bytes:
    """Return a colon with the legal octets behind it, of what follows a field's name."""
    match = _LEGAL.match(rest, 1)
    return rest[:1] if match is None else rest[: match.end()]


def _prefix(pattern: re.Pattern[bytes], data: bytes) -> str:
    match = pattern.match(data)
    shown = b"" if match is None else match.group()
    return repr(shown) if data[len(shown) : len(shown) + 1] in b"\r\n" else f"{shown!r}…"
