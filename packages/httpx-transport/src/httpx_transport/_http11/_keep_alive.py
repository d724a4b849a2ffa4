"""What a peer says of how long it keeps an idle connection, in the field that HTTP/1.1 took over from before it.

RFC 2068 §19.7.1.1 has its form, `timeout=5, max=100`; nobody has to keep to it, so what cannot be read says nothing.
"""

from __future__ import annotations

import re
from typing import Final

# More than nine digits is no limit that matters.
_TIMEOUT: Final = re.compile(rb'(?:^|[,; \t])timeout[ \t]*=[ \t]*"?([0-9]{1,9})(?![0-9])', re.IGNORECASE)
_NO_MORE: Final = re.compile(rb'(?:^|[,; \t])max[ \t]*=[ \t]*"?0+(?![0-9])', re.IGNORECASE)


def read_keep_alive(value: bytes, known: float | None = None) -> float | None:
    """Return the seconds that a `Keep-Alive` field allows, 0 where it allows no further request, None if it says nothing.

    Args:
        value: The field's value.
        known: What an earlier field of that name has allowed; the shorter counts.
    """
    if _NO_MORE.search(value):
        return 0.0
    match = _TIMEOUT.search(value)
    if match is None:
        return known
    seconds = float(match[1])
    return seconds if known is None else min(seconds, known)
