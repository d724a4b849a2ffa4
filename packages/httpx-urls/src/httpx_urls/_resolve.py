"""Where a reference leads, seen from a base (RFC 3986 §5.2). It knows components, not how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._compose import components_of
from ._parse import assemble
from ._path import remove_dot_segments, shield_colon

if TYPE_CHECKING:
    from ._parts import Parts


def resolve(base: Parts, reference: Parts) -> Parts:
    """Return the target of `reference`; both are in normal form, and either may be relative.

    Raises:
        InvalidURL: The reference's host is none by the rules of the base's scheme.
    """
    if reference.scheme:
        return reference
    source = reference if reference.has_authority else base
    query = reference.query
    if reference.has_authority or reference.path.startswith("/"):
        path = remove_dot_segments(reference.path)
    elif reference.path:
        path = remove_dot_segments(_merge(base, reference.path))
    else:
        path = base.path
        query = base.query if query is None else query
    if not base.scheme and not source.has_authority:
        # The text of a relative reference has to be read as the same reference (§4.2).
        path = f"/.{path}" if path.startswith("//") else shield_colon(path)
    _, userinfo, host, port, *_ = components_of(source)
    return assemble(base.scheme, userinfo, host, port, path, query, reference.fragment)


def _merge(base: Parts, path: str) -> str:
    if base.has_authority and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path
