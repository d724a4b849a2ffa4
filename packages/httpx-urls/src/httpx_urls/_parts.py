"""A URL cut into its components, and the forms it is shown in. It trusts what it is given: `_parse` and `_compose` check.

RFC 3986 §5.3 (recomposition). The forms are made when first asked for, and kept: every `URL` of one text shares them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ._errors import InvalidURL
from ._host import decode_host
from ._origin import Origin
from ._query import QueryParams


class RawURL(NamedTuple):
    """The primitive that crosses to a transport: wire form, in bytes.

    Args:
        raw_scheme: The scheme in lower case.
        raw_host: The host in ASCII, IPv6 without brackets.
        port: The port, or None for the scheme's default.
        raw_path: The request-target in origin-form (RFC 9112 §3.2.1): path and query.
    """

    raw_scheme: bytes
    raw_host: bytes
    port: int | None
    raw_path: bytes


class Parts:
    """The components of one URL, each encoded as it stands in the text.

    Args:
        scheme: In lower case; empty in a relative reference.
        userinfo: Without "@"; empty for none.
        host: ASCII, IPv6 without brackets; empty for none.
        port: None where absent or the scheme's default.
        path: May be empty.
        query: Without "?"; None for none.
        fragment: Without "#"; None for none.
        exact: The very text, where the URL is to be kept as it was given; else None.
    """

    __slots__ = ("exact", "fragment", "host", "netloc", "origin", "params", "path", "port", "query", "raw", "safe_text",
                 "scheme", "shown_host", "text", "userinfo")  # fmt: skip

    netloc: bytes
    origin: Origin
    params: QueryParams
    raw: RawURL
    safe_text: str
    shown_host: str
    text: str

    def __init__(
        self,
        scheme: str,
        userinfo: str,
        host: str,
        port: int | None,
        path: str,
        query: str | None,
        fragment: str | None,
        exact: str | None = None,
    ) -> None:
        self.scheme = scheme
        self.userinfo = userinfo
        self.host = host
        self.port = port
        self.path = path
        self.query = query
        self.fragment = fragment
        self.exact = exact

    def __getattr__(self, name: str) -> Any:
        # Called only for a slot that is still empty.
        make = _FORMS.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = make(self)
        setattr(self, name, value)
        return value

    @property
    def has_authority(self) -> bool:
        """Whether the text has a "//" part."""
        return bool(self.host or self.userinfo) or self.port is not None

    def render(self) -> str:
        """Return the text of the URL."""
        text = f"{self.scheme}:" if self.scheme else ""
        if self.has_authority:
            text += f"//{self.userinfo}@" if self.userinfo else "//"
            text += self.netloc.decode("ascii")
        elif self.path.startswith("//"):
            text += "/."  # else the path would read as an authority (WHATWG URL standard §4.5)
        text += self.path
        if self.query is not None:
            text += f"?{self.query}"
        return text if self.fragment is None else f"{text}#{self.fragment}"


def _text(parts: Parts) -> str:
    return parts.render() if parts.exact is None else parts.exact


def _safe_text(parts: Parts) -> str:
    user, colon, _ = parts.userinfo.partition(":")
    if not colon:
        return parts.text
    start = parts.text.index("//") + len("//")
    return f"{parts.text[:start]}{user}:[secure]{parts.text[start + len(parts.userinfo) :]}"


def _netloc(parts: Parts) -> bytes:
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return (host if parts.port is None else f"{host}:{parts.port}").encode("ascii")


def _raw(parts: Parts) -> RawURL:
    path = parts.path or "/"
    target = path if parts.query is None else f"{path}?{parts.query}"
    return RawURL(parts.scheme.encode("ascii"), parts.host.encode("ascii"), parts.port, target.encode("ascii"))


def _origin(parts: Parts) -> Origin:
    if not parts.scheme or not parts.host:
        raise InvalidURL("Invalid URL: only an absolute URL, with a scheme and a host, has an origin")
    return Origin(parts.scheme, parts.host, parts.port)


_FORMS: Final[dict[str, Any]] = {
    "netloc": _netloc,
    "origin": _origin,
    "params": lambda parts: QueryParams(parts.query),
    "raw": _raw,
    "safe_text": _safe_text,
    "shown_host": lambda parts: decode_host(parts.host),
    "text": _text,
}
