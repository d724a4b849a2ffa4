"""The form encoding of pairs, `a=1&b=2` (WHATWG URL standard §5). It knows text, not who gives it.

A space is `+`, and every `%` that is not part of the encoding itself is encoded: what is written is what is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from . import _percent

if TYPE_CHECKING:
    from collections.abc import Iterable

Pair: TypeAlias = tuple[str, str]


def parse_form(text: str) -> tuple[Pair, ...]:
    """Return the pairs of a query, in order; a missing "=" reads as an empty value."""
    if not text:
        return ()
    text = text.replace("+", " ")
    pairs = (field.partition("=") for field in text.split("&") if field)
    return tuple((_percent.decode(name), _percent.decode(value)) for name, _, value in pairs)


def serialise_form(pairs: Iterable[Pair]) -> str:
    """Return the query that says `pairs`.

    Raises:
        InvalidURL: A text has half a surrogate pair.
    """
    encode = _percent.FORM.encode
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in pairs])
