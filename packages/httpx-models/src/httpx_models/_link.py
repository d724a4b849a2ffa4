"""The Link header field (RFC 8288 §3). It knows the field's grammar, and is lenient where servers are careless."""

from __future__ import annotations

import re

from ._parameters import TO_NEXT_LINK, scan, take

_MAX_LENGTH = 262_144  # characters that are read: a field of a megabyte would become a hundred of them in memory
_SEPARATORS = re.compile(r"[\s,]*(?=<)|\s*")
_TARGET = re.compile(r"<[^>]*>?")


def parse_links(value: str) -> dict[str | None, dict[str, str]]:
    """Return the links of a Link field, by their `rel`, or by their URL where they have none.

    Each is a dict of its parameters, and of its target as `url`. Of several with one key the last one counts. Only the first
    262,144 characters are read.

    Args:
        value: The field's value.
    """
    value = value[:_MAX_LENGTH]
    links: dict[str | None, dict[str, str]] = {}
    _, position = take(_SEPARATORS, value, 0)
    while position < len(value):
        if value.startswith("<", position):
            target, position = take(_TARGET, value, position)
            _, position = take(TO_NEXT_LINK, value, position)
        else:
            target, position = take(TO_NEXT_LINK, value, position)
        found, position = scan(value, position, TO_NEXT_LINK)
        link = {"url": target.strip("<> '\"")}
        link.update((name, text.strip("'")) for name, text in found)
        links[link.get("rel") or link["url"]] = link
        if value.startswith(",", position):
            _, position = take(_SEPARATORS, value, position + 1)
    return links
