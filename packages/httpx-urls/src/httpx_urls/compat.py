"""What httpx 0.28 exported from its private modules `_urls` and `_urlparse`, and other libraries import.

New code has no need of it: `URL` and `QueryParams` stand in `httpx_urls`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ._compose import replace
from ._parse import cut, parse, read_port
from ._parts import Parts, RawURL
from ._query import PrimitiveData, QueryParams, QueryParamTypes, primitive_value_to_str
from ._url import URL

__all__ = [
    "URL",
    "ParseResult",
    "PrimitiveData",
    "QueryParamTypes",
    "QueryParams",
    "RawURL",
    "is_ipv4_hostname",
    "is_ipv6_hostname",
    "primitive_value_to_str",
    "urlparse",
]

_NAMES: Final = frozenset(
    ("authority", "fragment", "host", "netloc", "password", "path", "port", "query", "raw_path", "scheme", "userinfo",
     "username")
)  # fmt: skip


class ParseResult(NamedTuple):
    """The components of a URL, each encoded as it stands in the text: 0.28's `URL._uri_reference`.

    Args:
        scheme: In lower case; empty for none.
        userinfo: Without "@"; empty for none.
        host: ASCII, IPv6 without brackets; empty for none.
        port: None where absent or the scheme's default.
        path: May be empty.
        query: Without "?"; None for none.
        fragment: Without "#"; None for none.
    """

    scheme: str
    userinfo: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def netloc(self) -> str:
        """Host and port."""
        return Parts(*self).netloc.decode("ascii")

    @property
    def authority(self) -> str:
        """Credentials, host and port."""
        return f"{self.userinfo}@{self.netloc}" if self.userinfo else self.netloc

    def copy_with(self, **kwargs: str | None) -> ParseResult:
        """Return a copy with some components changed; the arguments are those of `urlparse`, as are the errors."""
        return urlparse(str(self), **kwargs) if kwargs else self

    def __str__(self) -> str:
        return Parts(*self).text


def urlparse(url: str = "", **kwargs: str | None) -> ParseResult:
    """Cut a URL up, and bring its components into normal form.

    Args:
        url: An absolute URL or a relative reference.
        **kwargs: Components as text that take the place of those in `url`: those of `URL` without `params`, and
            `authority`.

    Raises:
        InvalidURL: It is no URL.
        TypeError: `url` is no text, or there is no component of that name.
    """
    if not isinstance(url, str):
        raise TypeError(f"Invalid type for url.  Expected str, got {type(url)}")
    given: dict[str, Any] = dict(kwargs)
    if not _NAMES.issuperset(given):
        raise TypeError(f"{min(given.keys() - _NAMES)!r} is an invalid keyword argument for urlparse()")
    if isinstance(port := given.get("port"), str):
        given["port"] = read_port(port) if port else None
    if "authority" in given:
        given["userinfo"], _, given["netloc"] = (given.pop("authority") or "").rpartition("@")
    parts = replace(cut(url)[0], given) if given else parse(url)
    return ParseResult(*(getattr(parts, field) for field in ParseResult._fields))


def is_ipv4_hostname(hostname: str) -> bool:
    """Say whether `hostname` is an IPv4 address; a network ("10.0.0.0/8") counts by its address."""
    import ipaddress

    try:
        ipaddress.IPv4Address(hostname.partition("/")[0])
    except ValueError:
        return False
    return True


def is_ipv6_hostname(hostname: str) -> bool:
    """Say whether `hostname` is an IPv6 address without brackets; a network counts by its address."""
    import ipaddress

    try:
        ipaddress.IPv6Address(hostname.partition("/")[0])
    except ValueError:
        return False
    return True
