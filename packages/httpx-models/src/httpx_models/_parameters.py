"""The parameters behind a value: `; name=value; name="quoted; value"` (RFC 9110 §5.6.6), read in one pass.

It knows the grammar only, and is lenient: what is no parameter is stepped over, an unclosed quote ends the text. Each
character is looked at a fixed number of times, so that no field of a server's can keep us busy.
"""

from __future__ import annotations

import re

_NAME = re.compile(r'[^=;,"\s]*')
_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

TO_SEMICOLON = re.compile(r"[^;]*")
TO_NEXT_LINK = re.compile(r"[^;,]*(?:,(?!\s*<)[^;,]*)*")


def take(pattern: re.Pattern[str], text: str, position: int) -> tuple[str, int]:
    """Return what a pattern matches at a position ("" when nothing), and where it ends."""
    matched = pattern.match(text, position)
    return (matched[0], matched.end()) if matched else ("", position)


def scan(text: str, position: int, bare: re.Pattern[str] = TO_SEMICOLON) -> tuple[list[tuple[str, str]], int]:
    """Return the parameters that begin at a position, as pairs of name and value, and where they end.

    Args:
        text: The field's value.
        position: Where the first semicolon is expected.
        bare: How far a value without quotes may reach.
    """
    found: list[tuple[str, str]] = []
    while text.startswith(";", position):
        _, position = take(_SPACE, text, position + 1)
        name, position = take(_NAME, text, position)
        _, position = take(_SPACE, text, position)
        if text.startswith("=", position):
            value, position = _value(text, position + 1, bare)
            found.append((name, value))
        else:
            _, position = take(bare, text, position)
    return found, position


def _value(text: str, position: int, bare: re.Pattern[str]) -> tuple[str, int]:
    """Return one value without its quotes, and where the next parameter begins."""
    _, position = take(_SPACE, text, position)
    if not text.startswith('"', position):
        value, position = take(bare, text, position)
        return value.strip(), position
    value, position = take(_QUOTED, text, position + 1)
    _, position = take(bare, text, position)  # the closing quote, and what should not follow it
    return _ESCAPED.sub(r"\1", value), position
