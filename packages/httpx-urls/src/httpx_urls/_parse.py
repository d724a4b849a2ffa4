"""From text to the parts of an absolute http or https URL (RFC 3986 §3). It knows syntax; hosts are `_host`'s."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from . import _percent
from ._errors import InvalidURL
from ._host import encode_host

MAX_LENGTH: Final = 65_536

_SYNTAX: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<userinfo>[^/?#\\]*)@)?(?P<host>\[[^\]/?#@\\]*\]|[^:/?#@\\\[\]]*)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:\#(?P<fragment>.*))?"
)
_NON_PRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Parts(NamedTuple):
    """A URL in normal form, cut up; each part as it stands in the string."""

    scheme: str
    userinfo: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None


def parse(url: str) -> Parts:
    """Cut `url` up and bring every part into normal form.

    Raises:
        InvalidURL: It is too long, has control characters, or is no absolute http or https URL.
    """
    if len(url) > MAX_LENGTH:
        raise InvalidURL(f"URL too long: {len(url)} characters, at most {MAX_LENGTH}")
    if found := _NON_PRINTABLE.search(url):
        raise InvalidURL(f"Invalid non-printable ASCII character in URL, {found[0]!r} at position {found.start()}.")
    match = _SYNTAX.fullmatch(url)
    if match is None:
        raise InvalidURL("Invalid URL: an absolute http:// or https:// URL with a host is needed")
    scheme = match["scheme"].lower()
    if scheme not in _DEFAULT_PORTS:
        raise InvalidURL(f"Unsupported scheme {scheme!r}: an absolute http:// or https:// URL is needed")
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if port > 65_535:
        raise InvalidURL(f"Invalid port: {match['port']!r}")
    query, fragment = match["query"], match["fragment"]
    try:
        return Parts(
            scheme=scheme,
            userinfo=":".join(_percent.USERINFO.encode(part) for part in (match["userinfo"] or "").split(":", 1)),
            host=encode_host(match["host"]),
            port=None if port == _DEFAULT_PORTS[scheme] else port,
            path=_percent.PATH.encode(match["path"] or "/"),
            query=None if query is None else _percent.QUERY.encode(query),
            fragment=None if fragment is None else _percent.FRAGMENT.encode(fragment),
        )
    except UnicodeEncodeError as error:
        raise InvalidURL(f"Invalid character in URL: {error.object[error.start]!r} is half a surrogate pair") from None
