"""From components by name to `Parts`: what `URL(..., host=...)` and `copy_with` take. It knows names and types.

Components are Python values: text that is not yet encoded, or bytes that are ASCII.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from . import _percent
from ._errors import InvalidURL
from ._origin import check_port
from ._parse import MAX_LENGTH, Components, assemble, check_usable, keep, read_port, split_netloc
from ._query import QueryParams

if TYPE_CHECKING:
    from ._parts import Parts

_TYPES: Final[dict[str, type]] = {
    "scheme": str,
    "username": str,
    "password": str,
    "userinfo": bytes,
    "host": str,
    "port": int,
    "netloc": bytes,
    "path": str,
    "query": bytes,
    "raw_path": bytes,
    "fragment": str,
    "params": object,
}
_SYNTAX: Final = {
    "scheme": re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*)?"),
    "userinfo": re.compile(r"[^@]*"),
    "host": re.compile(r"\[.*\]|[^:]*"),
    "path": re.compile(r"[^?#]*"),
    "query": re.compile(r"[^#]*"),
    "fragment": re.compile(r".*"),
}


def replace(components: Components, given: dict[str, Any], *, exact: bool = False) -> Parts:
    """Return a URL with some components changed.

    Args:
        components: What to start from.
        given: Components by name, as `read_changes` returns them; the dictionary is used up.
        exact: The new components are encoded already; with the old ones they are kept as they are.

    Raises:
        InvalidURL: A component cannot stand where it is put.
        TypeError: `params` are none.
    """
    _split_compounds(given)
    for name in _SYNTAX:
        if value := given.get(name):
            _check(name, value, exact=exact)
    scheme, userinfo, host, port, path, query, fragment = components
    port = given.get("port", port)
    if port is not None:
        check_port(port)
    new = (
        (given.get("scheme", scheme) or "").lower(),
        given.get("userinfo", userinfo) or "",
        _in_brackets(given.get("host", host) or ""),
        port,
        given.get("path", path) or "",
        given.get("query", query),
        given.get("fragment", fragment),
    )
    if not exact:
        return assemble(*new)
    kept = keep(*new)
    kept.exact = kept.text
    return kept


def components_of(parts: Parts) -> Components:
    """Return the components of a URL, to start from."""
    host = _in_brackets(parts.host)
    return parts.scheme, parts.userinfo, host, parts.port, parts.path, parts.query, parts.fragment


def read_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the components that `URL` was given by name, with bytes as text.

    Raises:
        InvalidURL: Bytes are not ASCII.
        TypeError: There is no component of that name, or its value has the wrong type.
    """
    given: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in _TYPES:
            raise TypeError(f"{name!r} is an invalid keyword argument for URL()")
        kind = _TYPES[name]
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"Argument {name!r} must be {kind.__name__} but got {type(value).__name__}")
        given[name] = _decode(name, changes[name]) if kind is bytes and value is not None else value
    return given


def _decode(name: str, value: bytes) -> str:
    try:
        return value.decode("ascii")
    except UnicodeDecodeError as error:
        wrong = f"byte {value[error.start]:#x} at position {error.start} is not ASCII"
        raise InvalidURL(f"Invalid URL component {name!r}: {wrong}") from None


def _split_compounds(given: dict[str, Any]) -> None:
    """Put the simple components in the place of `params`, `netloc`, `username`, `password` and `raw_path`."""
    if "params" in given:
        # As in 0.28.1: parameters take the query's place, and no parameters leave no query.
        given["query"] = str(QueryParams(given.pop("params"))) or None
    if "netloc" in given:
        netloc = given.pop("netloc") or ""
        given["host"], port = split_netloc(netloc)
        given["port"] = read_port(port, secret="@" in netloc) if port else None
    if "username" in given or "password" in given:
        username = _percent.USERINFO.encode(given.pop("username", None) or "")
        password = _percent.USERINFO.encode(given.pop("password", None) or "")
        given["userinfo"] = f"{username}:{password}" if password else username
    if "raw_path" in given:
        given["path"], mark, query = (given.pop("raw_path") or "").partition("?")
        given["query"] = query if mark else None


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host and not (host.startswith("[") and host.endswith("]")) else host


def _check(name: str, value: str, *, exact: bool) -> None:
    if len(value) > MAX_LENGTH:
        raise InvalidURL(f"URL component {name!r} too long: {len(value)} characters, at most {MAX_LENGTH} are read")
    check_usable(value, f"URL {name} component")
    syntax = _SYNTAX[name]
    if name == "host":
        value = _in_brackets(value)
    if not syntax.fullmatch(value):
        raise InvalidURL(f"Invalid URL component {name!r}")
    if exact and (wrong := _percent.find_unencoded(value)):
        raise InvalidURL(
            f"Invalid URL component {name!r}: {wrong[0]!r} at position {wrong.start()} is not percent-encoded"
        )
