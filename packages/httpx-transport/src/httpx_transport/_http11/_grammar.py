"""The grammar of RFC 9112 and RFC 9110 §5 in one place, as strict as the fast path is.

Repeated groups are atomic, `(?>(?:...)*)`, and never possessive, `(?:...)*+`: CPython before 3.11.5 gives wrong matches for
possessive repeats of a group (CPython issues 100061 and 106052). Possessive repeats of a character class are correct.
"""

from __future__ import annotations

import re
from typing import Final

TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"  # RFC 9110 §5.6.2
VALUE: Final = rb"[\t \x21-\x7e\x80-\xff]*+"  # field-content and the whitespace around it, RFC 9110 §5.5
TRIMMED: Final = rb"(?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"

FIELD_VALUE: Final = re.compile(TRIMMED)
REQUEST_LINE: Final = re.compile(rb"%b [\x21-\x7e]++ HTTP/1\.1\r\n" % TOKEN)
FIELD_LINES: Final = re.compile(rb"(?>(?:%b: %b\r\n)*)\r\n" % (TOKEN, TRIMMED))

# A final response that needs no thought: status-line, then field lines without folds, nothing behind a value.
RESPONSE_HEAD: Final = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9]{2})(?: (%b))?\r\n((?>(?:%b:%b(?<![\t ])\r\n)*))\r\n" % (VALUE, TOKEN, VALUE)
)
FIELDS: Final = re.compile(rb"([^:]++):[ \t]*+([^\r]*+)\r\n")  # of lines that a rule above has accepted

# The end of a head for anyone lenient, h11 included: from here on somebody must decide.
HEAD_END: Final = re.compile(rb"\n\r?\n")

# RFC 9112 §7.1; trailing blanks are what some servers pad the size with.
CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*+(?:;%b)?\r\n" % VALUE)
TRAILERS: Final = re.compile(rb"((?>(?:%b:%b\r\n)*))\r\n" % (TOKEN, VALUE))

MAX_HEAD: Final = 102_400
"""Bytes a head, or the trailers, may have; the bound that httpx has had for years."""

MAX_INFORMATIONAL: Final = 100
"""1xx responses that may come before the final one."""

MAX_LENGTH: Final = 18
"""Digits a Content-Length may have."""

MAX_CHUNK_LINE: Final = 4_096
"""Bytes a chunk's size and extensions may have."""


def is_length(value: bytes) -> bool:
    """Return whether a Content-Length is one: digits, and nothing else (RFC 9110 §8.6)."""
    return value.isdigit() and len(value) <= MAX_LENGTH
