"""From text to `Parts`: RFC 3986 §3 cuts, each component is encoded, and what could be read in two ways is refused.

It knows syntax; hosts are `_host`'s, dot segments `_path`'s, bytes `_percent`'s.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from . import _percent
from ._errors import InvalidURL
from ._host import WEB_SCHEMES, encode_host, encode_web_host
from ._origin import DEFAULT_PORTS, HIGHEST_PORT
from ._parts import Parts
from ._path import check_path, remove_dot_segments

MAX_LENGTH: Final = 65_536

_SYNTAX: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)?:)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?:\#(?P<fragment>[\s\S]*))?"
)
# A URL of the web in which nothing has to be encoded: a shorter way to what the whole way gives.
_PLAIN: Final = re.compile(
    r"(https?)://([a-z0-9.-]+)(?::([0-9]{1,5}))?(|/[!$-;=@-\[\]_a-z|~]*)(?:\?([!$-&(-;=?-~]*))?(?:\#([!#-;=?-_a-~]*))?"
)
_LONGEST_PLAIN: Final = 2048
_ABSOLUTE: Final = re.compile(r" *(?:[A-Za-z][A-Za-z0-9+.-]*://|(?:https?|wss?):)", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PORT_DIGITS: Final = len(str(HIGHEST_PORT))


# Scheme, userinfo, host (IPv6 in brackets), port, path, query, fragment: encoded or not, what is missing empty or None.
Components: TypeAlias = tuple[str, str, str, int | None, str, str | None, str | None]


def parse(url: str) -> Parts:
    """Cut `url` up and bring every component into normal form.

    Raises:
        InvalidURL: It is too long, has control characters, no valid host or port, or could be read in two ways.
    """
    if plain := _parse_plain(url):
        return plain
    components, position = cut(url)
    try:
        return assemble(*components)
    except InvalidURL as error:
        raise InvalidURL(f"{error}, at position {position}") from None


def _parse_plain(url: str) -> Parts | None:
    """Return the parts of a URL that needs no more than to be cut up: what most are. None is for the whole way."""
    if len(url) > _LONGEST_PLAIN or (match := _PLAIN.fullmatch(url)) is None:
        return None
    scheme, host, port_text, path, query, fragment = match.groups()
    port = int(port_text) if port_text else None
    if port is not None and (port > HIGHEST_PORT or port == DEFAULT_PORTS[scheme]):
        return None
    try:
        host = encode_web_host(host)
    except InvalidURL:
        return None
    if "/." in path or "%2" in path:
        path = remove_dot_segments(path)
    return Parts(scheme, "", host, port, path, query, fragment)


def parse_encoded(url: str) -> Parts:
    """Cut `url` up and keep its text as it is; only the host is brought into normal form, for `host` and `raw`.

    Raises:
        InvalidURL: As `parse`; also if it is not absolute, or has a character that cannot stand in a URL as it is.
    """
    if wrong := _percent.find_unencoded(url):
        raise InvalidURL(f"Invalid URL: {wrong[0]!r} at position {wrong.start()} is not percent-encoded")
    components, position = cut(url)
    try:
        parts = keep(*components)
    except InvalidURL as error:
        raise InvalidURL(f"{error}, at position {position}") from None
    parts.exact = url
    return parts


def cut(url: str) -> tuple[Components, int]:
    """Cut `url` up by RFC 3986, appendix B; return the components, and the position of the host, or else of the path.

    Raises:
        InvalidURL: It is too long, has control characters, spaces around it, or a port that is none.
    """
    if len(url) > MAX_LENGTH:
        raise InvalidURL(f"URL too long: {len(url)} characters, at most {MAX_LENGTH} are read")
    check_usable(url, "URL")
    if url[:1] == " " or url[-1:] == " ":
        _check_surrounding_spaces(url)
    match: re.Match[str] = _SYNTAX.fullmatch(url)  # type: ignore[assignment] # every text fits this syntax
    scheme, authority, path, query, fragment = match.groups()
    scheme = scheme.lower() if scheme else ""
    if not authority:
        position = match.start("path") if authority is None else match.start("authority")
        return (scheme, "", "", None, path, query, fragment), position
    if "\\" in authority:
        position = match.start("authority") + authority.index("\\")
        raise InvalidURL(f"Invalid URL: '\\\\' at position {position}, some programs read it as the end of the host")
    userinfo, _, netloc = authority.rpartition("@")
    host, port_text = split_netloc(netloc)
    end = match.end("authority")
    # What follows "user:" up to an unescaped "/" reads as a port, and is the beginning of a password.
    port = read_port(port_text, secret="@" in url[end:], position=end - len(port_text)) if port_text else None
    return (scheme, userinfo, host, port, path, query, fragment), end - len(netloc)


def assemble(
    scheme: str, userinfo: str, host: str, port: int | None, path: str, query: str | None, fragment: str | None
) -> Parts:
    """Encode each component and put them together.

    Args:
        scheme: In lower case, or empty.
        userinfo: Without "@", encoded or not, or empty.
        host: As written, or empty; IPv6 in brackets.
        port: Of the right range, or None.
        path: Encoded or not, as are `query` and `fragment`; None is none.

    Raises:
        InvalidURL: The host is none, a web scheme has no host, or the path would read as something else.
    """
    has_authority = bool(host or userinfo) or port is not None
    path = check_path(path, scheme, has_authority=has_authority)
    path = _percent.PATH.encode(path)
    if fragment is not None:
        fragment = _percent.FRAGMENT.encode(fragment)
    if query is not None:
        query = (_percent.SPECIAL_QUERY if scheme in WEB_SCHEMES else _percent.QUERY).encode(query)
    return Parts(
        scheme,
        _encode_userinfo(userinfo) if userinfo else "",
        _encode_host(scheme, host),
        None if port is None or port == DEFAULT_PORTS.get(scheme) else port,
        remove_dot_segments(path) if scheme or has_authority else path,
        query,
        fragment,
    )


def keep(
    scheme: str, userinfo: str, host: str, port: int | None, path: str, query: str | None, fragment: str | None
) -> Parts:
    """Put components together that are encoded already, and stay as they are; the arguments are those of `assemble`.

    Raises:
        InvalidURL: As `assemble`; also if there is no scheme or no host.
    """
    if not scheme or not host:
        raise InvalidURL("Invalid URL: only an absolute URL, with a scheme and a host, can be kept as it is")
    check_path(path, scheme, has_authority=True)
    port = None if port == DEFAULT_PORTS.get(scheme) else port
    return Parts(scheme, userinfo, encode_host(scheme, host), port, path, query, fragment)


def split_netloc(netloc: str) -> tuple[str, str]:
    """Cut "host:port" in two; a missing port is empty. An IPv6 address keeps its brackets."""
    end = netloc.rfind("]") + 1 if netloc.startswith("[") else 0
    if end:
        return netloc[:end], netloc[end:].removeprefix(":")
    host, _, port = netloc.partition(":")
    return host, port


def read_port(text: str, *, secret: bool = False, position: int | None = None) -> int:
    """Return the port's number (RFC 3986 §3.2.3).

    Args:
        text: What stands there, not empty.
        secret: Whether it may be a part of a password, and is not to be shown.
        position: Where it stands in the URL, for the message.

    Raises:
        InvalidURL: It is not digits only, or above 65,535.
    """
    digits = text.lstrip("0") or "0"
    if not (text.isascii() and text.isdecimal() and len(digits) <= _PORT_DIGITS and int(digits) <= HIGHEST_PORT):
        shown = "[secure]" if secret else text
        where = "" if position is None else f" at position {position}"
        raise InvalidURL(f"Invalid port: {shown!r}{where}, it is a number from 0 to {HIGHEST_PORT}")
    return int(digits)


def check_usable(text: str, what: str) -> None:
    """Refuse characters that no URL can have, not even encoded for us.

    Raises:
        InvalidURL: `text`, which the message calls `what`, has an ASCII control character or half a surrogate pair.
    """
    if _UNUSABLE.search(text):
        if control := _CONTROL.search(text):
            kind = "Invalid non-printable ASCII character in"
            raise InvalidURL(f"{kind} {what}, {control[0]!r} at position {control.start()}.")
        raise InvalidURL(f"Invalid character in {what}: {_percent.describe_surrogate(text)}")


def _check_surrounding_spaces(url: str) -> None:
    if _ABSOLUTE.match(url):
        position = 0 if url[0] == " " else len(url) - 1
        raise InvalidURL(f"Invalid URL: ' ' at position {position}, an absolute URL has no spaces around it")


def _encode_userinfo(userinfo: str) -> str:
    user, colon, password = userinfo.partition(":")
    return f"{_percent.USERINFO.encode(user)}{colon}{_percent.USERINFO.encode(password)}"


def _encode_host(scheme: str, host: str) -> str:
    if host:
        return encode_host(scheme, host)
    if scheme in WEB_SCHEMES:
        raise InvalidURL(f"Invalid host: '', a URL of the scheme {scheme!r} needs one")
    return ""
