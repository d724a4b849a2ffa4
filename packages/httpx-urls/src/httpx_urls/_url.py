"""The URL type: parsed once, immutable, cheap to ask. It says what can be asked; how it is found out is others' work."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from . import _percent
from ._compose import components_of, read_changes, replace
from ._errors import InvalidURL
from ._host import WEB_SCHEMES
from ._parse import cut, parse, parse_encoded
from ._parts import Parts, RawURL
from ._path import shield_colon
from ._resolve import resolve

if TYPE_CHECKING:
    from ._origin import Origin
    from ._query import QueryParams, QueryParamTypes
    from .compat import ParseResult

_parse_recent: Final = lru_cache(maxsize=1024)(parse)
_LONGEST_REMEMBERED: Final = 2048  # characters: 1024 of these are a few megabytes at most
_NO_AUTHORITY: Final = re.compile(r"//(?:[/?#\\]|\Z)|/\\|\\[/\\]")
_PASSWORD: Final = re.compile(r"(//[^/?#:@]*:).*@")


class URL:
    """A URL in normal form, or a relative reference (RFC 3986): immutable, hashable, equal to the text that means it.

    >>> url = URL("HTTPS://user:pa ss@Example.org:443/a b/../c?q=é#top")
    >>> url
    URL('https://user:[secure]@example.org/c?q=%C3%A9#top')
    >>> url.host, url.port, url.path, url.password
    ('example.org', None, '/c', 'pa ss')
    >>> url.copy_with(host="münchen.example", params={"page": 2}).raw
    RawURL(raw_scheme=b'https', raw_host=b'xn--mnchen-3ya.example', port=None, raw_path=b'/c?page=2')

    Args:
        url: The text, or another `URL`.
        encoded: Keep the text exactly as it is: an absolute URL that is percent-encoded already, and of which somebody
            else counts the bytes (a presigned URL). Only the scheme, the host and the port are read in their normal
            form. Every copy keeps its components as they are, too.
        **kwargs: Components that take the place of those in `url`; None takes one away. As text: `scheme`, `username`,
            `password`, `host`, `path`, `fragment`. As ASCII bytes: `userinfo`, `netloc` (host and port), `query`,
            `raw_path` (path and query). As int: `port`. As anything that `QueryParams` takes: `params`, which takes
            the place of the whole query.

    Raises:
        InvalidURL: It is no URL we could use; the message names the part and its position.
        TypeError: `url` is neither str nor URL, or a component is unknown or has the wrong type.
    """

    __slots__ = ("__weakref__", "_parts")

    _parts: Parts

    def __init__(self, url: URL | str = "", *, encoded: bool = False, **kwargs: Any) -> None:
        given: object = url
        if isinstance(given, str):
            text = given if type(given) is str else str.__str__(given)  # a subclass could say another thing each time
            if kwargs or encoded:
                parts = _read(text, kwargs, exact=encoded)
            else:
                parts = _parse_recent(text) if len(text) <= _LONGEST_REMEMBERED else parse(text)
        elif isinstance(given, URL):
            parts = given._parts
            if kwargs or (encoded and parts.exact is None):
                exact = encoded or parts.exact is not None
                parts = replace(components_of(parts), read_changes(kwargs), exact=exact)
        else:
            raise TypeError(f"Invalid type for url.  Expected str or httpx.URL, got {type(given)}: {_show(given)}")
        _set_parts(self, parts)

    @property
    def scheme(self) -> str:
        """The scheme in lower case, "https"; empty in a relative reference."""
        return self._parts.scheme

    @property
    def raw_scheme(self) -> bytes:
        """The scheme as bytes."""
        return self._parts.raw.raw_scheme

    @property
    def userinfo(self) -> bytes:
        """The credentials as they stand in the URL, `b"user:pa%20ss"`; empty for none."""
        userinfo = self._parts.userinfo
        return userinfo.encode("ascii") if userinfo else b""

    @property
    def username(self) -> str:
        """The user's name, decoded; empty for none."""
        return _percent.decode(self._parts.userinfo.partition(":")[0])

    @property
    def password(self) -> str:
        """The password, decoded; empty for none."""
        return _percent.decode(self._parts.userinfo.partition(":")[2])

    @property
    def host(self) -> str:
        """The host as people read it: lower case, an international name in Unicode, IPv6 without brackets."""
        return self._parts.shown_host

    @property
    def raw_host(self) -> bytes:
        """The host as it goes on the wire: ASCII, IPv6 without brackets."""
        return self._parts.raw.raw_host

    @property
    def port(self) -> int | None:
        """The port, or None where it is absent or the scheme's default (RFC 9110 §4.2)."""
        return self._parts.port

    @property
    def netloc(self) -> bytes:
        """Host and port as the Host field wants them (RFC 9110 §7.2): no credentials, no default port."""
        return self._parts.netloc

    @property
    def path(self) -> str:
        """The path, decoded; "/" for an empty one."""
        return _percent.decode(self._parts.path or "/")

    @property
    def query(self) -> bytes:
        """The query as it stands in the URL, without the "?"; empty for none."""
        return (self._parts.query or "").encode("ascii")

    @property
    def params(self) -> QueryParams:
        """The query, read as parameters."""
        return self._parts.params

    @property
    def raw_path(self) -> bytes:
        """Path and query as they go on the wire (RFC 9112 §3.2.1, origin-form)."""
        return self._parts.raw.raw_path

    @property
    def fragment(self) -> str:
        """The fragment, decoded, without the "#"; empty for none."""
        return _percent.decode(self._parts.fragment or "")

    @property
    def raw(self) -> RawURL:
        """The primitive that crosses to a transport: the tuple (scheme, host, port, target) of the wire's forms."""
        return self._parts.raw

    @property
    def origin(self) -> Origin:
        """Scheme, host and port, hashable, with the default port filled in.

        Raises:
            InvalidURL: The URL has no scheme or no host, so it has no origin.
        """
        return self._parts.origin

    @property
    def is_absolute_url(self) -> bool:
        """Whether it has a scheme and a host, so that it can be requested."""
        return bool(self._parts.scheme and self._parts.host)

    @property
    def is_relative_url(self) -> bool:
        """Whether it is not absolute."""
        return not self.is_absolute_url

    @property
    def _uri_reference(self) -> ParseResult:
        # Libraries read this private name of 0.28; see `compat`.
        from .compat import ParseResult

        parts = self._parts
        return ParseResult(
            parts.scheme, parts.userinfo, parts.host, parts.port, parts.path, parts.query, parts.fragment
        )

    def copy_with(self, **kwargs: Any) -> URL:
        """Return a copy with some components changed; the arguments are those of `URL`, as are the errors."""
        return URL(self, **kwargs)

    def copy_set_param(self, key: str, value: Any = None) -> URL:
        """Return a copy in whose query `key` has this one value (see `QueryParams.set`)."""
        return self.copy_with(params=self.params.set(key, value))

    def copy_add_param(self, key: str, value: Any = None) -> URL:
        """Return a copy with one more parameter at the end of its query (see `QueryParams.add`)."""
        return self.copy_with(params=self.params.add(key, value))

    def copy_remove_param(self, key: str) -> URL:
        """Return a copy without the parameter `key` (see `QueryParams.remove`)."""
        return self.copy_with(params=self.params.remove(key))

    def copy_merge_params(self, params: QueryParamTypes) -> URL:
        """Return a copy with `params` merged into its query (see `QueryParams.merge`)."""
        return self.copy_with(params=self.params.merge(params))

    def join(self, url: URL | str) -> URL:
        """Return the URL to which a reference leads, seen from this one (RFC 3986 §5.2), in normal form.

        >>> str(URL("https://example.org/a/b?c").join("../d#e"))
        'https://example.org/d#e'

        Args:
            url: An absolute URL, which is returned as it is, or a relative reference.

        Raises:
            InvalidURL: The reference is no URL.
            TypeError: It is neither str nor URL.
        """
        base = self._parts if self._parts.exact is None else parse(self._parts.exact)
        if isinstance(url, str) and base.scheme in WEB_SCHEMES:
            url = _web_reference(str.__str__(url), base.scheme)
        reference = URL(url)._parts
        return _from_parts(resolve(base, reference))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, URL):
            return self._parts is other._parts or self._parts.text == other._parts.text
        if not isinstance(other, str):
            return False
        try:
            return self._parts.text == other or self._parts.text == URL(other)._parts.text
        except InvalidURL:
            return False

    def __hash__(self) -> int:
        return hash(self._parts.text)

    def __str__(self) -> str:
        return self._parts.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._parts.safe_text!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"URL is immutable: {name!r} cannot be set, use copy_with()")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"URL is immutable: {name!r} cannot be deleted, use copy_with()")

    def __copy__(self) -> URL:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> URL:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self._parts
        fields = (parts.userinfo, parts.host, parts.port, parts.path, parts.query, parts.fragment, parts.exact)
        if type(self) is URL:
            return _restore, (parts.scheme, *fields)
        return _restore_as, (type(self), parts.scheme, *fields), getattr(self, "__dict__", None) or None


# Past the guard of `__setattr__`: this module alone uses it.
_set_parts: Final = URL.__dict__["_parts"].__set__


def _show(value: object) -> str:
    try:
        return _PASSWORD.sub(r"\1[secure]@", repr(value))
    except ValueError:  # an int may have too many digits
        return "…"


def _read(url: str, changes: dict[str, Any], *, exact: bool) -> Parts:
    return replace(cut(url)[0], read_changes(changes), exact=exact) if changes else parse_encoded(url)


def _from_parts(parts: Parts) -> URL:
    url = URL.__new__(URL)
    _set_parts(url, parts)
    return url


def _restore(*fields: Any) -> URL:
    return _from_parts(Parts(*fields))


def _restore_as(kind: type[URL], *fields: Any) -> URL:
    url = kind.__new__(kind)
    _set_parts(url, Parts(*fields))
    return url


def _web_reference(url: str, scheme: str) -> str:
    # RFC 3986 §5.2.2 allows it: "http:g" is relative, seen from an http URL. Browsers and 0.28.1 do it.
    start = len(scheme) + 1
    if url[:start].lower() == f"{scheme}:" and not url.startswith("//", start):
        url = shield_colon(url[start:])
    if _NO_AUTHORITY.match(url):
        raise InvalidURL(f"Invalid host: '', browsers read one after {url[:2]!r} and what follows, at position 2")
    return url
