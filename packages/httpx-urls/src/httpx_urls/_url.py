"""The URL type: parsed once, immutable, cheap to ask. It knows how parts are shown; cutting them up is `_parse`'s."""

from __future__ import annotations

from functools import lru_cache

from ._parse import Parts, parse

_parse_recent = lru_cache(maxsize=512)(parse)


class URL:
    """An absolute http or https URL in normal form.

    Args:
        url: The URL as text, or another `URL`.

    Raises:
        InvalidURL: The text is no absolute http or https URL.
        TypeError: `url` is neither str nor URL.
    """

    __slots__ = ("_parts", "_string")

    _parts: Parts
    _string: str

    def __init__(self, url: URL | str) -> None:
        if isinstance(url, URL):
            self._parts = url._parts
        elif isinstance(url, str):
            self._parts = _parse_recent(url)
        else:
            raise TypeError(f"Invalid type for url. Expected str or httpx.URL, got {type(url)}: {url!r}")

    @property
    def scheme(self) -> str:
        """The scheme in lower case: "http" or "https"."""
        return self._parts.scheme

    @property
    def host(self) -> str:
        """The host, lower case; an international name as Unicode, IPv6 without brackets."""
        host = self._parts.host
        if host.startswith("xn--") or ".xn--" in host:
            import idna

            return idna.decode(host)
        return host

    @property
    def raw_host(self) -> bytes:
        """The host as it goes on the wire: ASCII, IPv6 without brackets."""
        return self._parts.host.encode("ascii")

    @property
    def port(self) -> int | None:
        """The port, or None where it is the scheme's default (RFC 9110 §4.2)."""
        return self._parts.port

    @property
    def netloc(self) -> bytes:
        """Host and port as the Host field wants them (RFC 9110 §7.2): no userinfo, no default port."""
        parts = self._parts
        host = f"[{parts.host}]" if ":" in parts.host else parts.host
        return (host if parts.port is None else f"{host}:{parts.port}").encode("ascii")

    @property
    def raw_path(self) -> bytes:
        """Path and query as they go on the wire (RFC 9112 §3.2.1, origin-form)."""
        parts = self._parts
        return (parts.path if parts.query is None else f"{parts.path}?{parts.query}").encode("ascii")

    @property
    def raw(self) -> tuple[bytes, bytes, int | None, bytes]:
        """The primitive that crosses to a transport: scheme, host, port, target."""
        return self._parts.scheme.encode("ascii"), self.raw_host, self._parts.port, self.raw_path

    def __str__(self) -> str:
        try:
            return self._string
        except AttributeError:
            self._string = self._render(self._parts.userinfo)
            return self._string

    def __repr__(self) -> str:
        user, colon, _ = self._parts.userinfo.partition(":")
        return f"URL({self._render(f'{user}:[secure]' if colon else user)!r})"

    def _render(self, userinfo: str) -> str:
        parts = self._parts
        at = f"{userinfo}@" if userinfo else ""
        fragment = "" if parts.fragment is None else f"#{parts.fragment}"
        return f"{parts.scheme}://{at}{self.netloc.decode('ascii')}{self.raw_path.decode('ascii')}{fragment}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL | str) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))
