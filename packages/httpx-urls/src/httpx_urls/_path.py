"""Paths: dot segments, and which paths may stand where. It knows encoded text, not URLs.

RFC 3986 §3.3, §4.2, §5.2.4; WHATWG URL standard §4.4 (`%2e` is a dot there, and so it is here).
"""

from __future__ import annotations

import re
from typing import Final

from ._errors import InvalidURL

_DOT_SEGMENT: Final = re.compile(r"(?:\A|/)(?:\.|%2[Ee]){1,2}(?:/|\Z)")
_DOTS: Final = re.compile(r"(?:\.|%2[Ee]){1,2}")
_READS_AS_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|:")


def remove_dot_segments(path: str) -> str:
    """Return `path` without its "." and ".." segments (RFC 3986 §5.2.4); above the root there is nothing."""
    if _DOT_SEGMENT.search(path) is None:
        return path
    rooted = path.startswith("/")
    output: list[str] = []
    segments = path[1:].split("/") if rooted else path.split("/")
    ends_in_dots = False
    for segment in segments:
        ends_in_dots = _DOTS.fullmatch(segment) is not None
        if not ends_in_dots:
            output.append(segment)
        elif output and len(segment.replace("%2e", ".").replace("%2E", ".")) == len(".."):
            output.pop()
    if ends_in_dots and (output or rooted):
        output.append("")  # a directory stays one
    return "/" + "/".join(output) if rooted else "/".join(output)


def check_path(path: str, scheme: str, *, has_authority: bool) -> str:
    """Return the path that says the same where it stands: a first segment with a colon gets "./" before it.

    Raises:
        InvalidURL: The path would be read as something else: the end of a host, an authority, a scheme.
    """
    if has_authority:
        if path and not path.startswith("/"):
            raise InvalidURL("For absolute URLs, path must be empty or begin with '/'")
    elif not scheme:
        if path.startswith("//"):
            raise InvalidURL("Relative URLs cannot have a path starting with '//'")
        if path.startswith(":"):
            raise InvalidURL("Relative URLs cannot have a path starting with ':'")
        return shield_colon(path)
    return path


def shield_colon(path: str) -> str:
    """Return a relative `path` that cannot be read as a scheme (RFC 3986 §4.2)."""
    return f"./{path}" if _READS_AS_SCHEME.match(path) else path
