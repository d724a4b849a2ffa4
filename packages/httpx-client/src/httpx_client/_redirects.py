"""What follows from a redirect (RFC 9110 §15.4): where to, by which method, with which fields. Pure; tested as tables.

Responsibility: which fields, extensions and credentials of a request belong to the request that follows it. Not here:
clients, cookies, connections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from httpx_models import Headers, UnsupportedProtocol
from httpx_urls import URL

from ._origins import raw_origin, same_credentials

_WEB: Final = frozenset({"http", "https"})
# Fields that describe content, or are meaningless without it.
_CONTENT_FIELDS: Final = (
    *("Content-Length", "Transfer-Encoding", "Trailer"),
    *("Content-Type", "Content-Encoding", "Content-Language", "Content-Location"),  # RFC 9110 §15.4, as the next two
    *("Digest", "Last-Modified"),
    *("Content-Digest", "Repr-Digest", "Content-MD5", "Content-Range", "Content-Disposition"),
    "Expect",  # 100-continue needs content (RFC 9110 §10.1.1)
)
_ONE_REQUEST: Final = frozenset({"target", "trailers", "duplex"})  # extensions that describe a single message
_ORIGIN: Final = "credentials_origin"
_AUTHORITY: Final = re.compile(rb"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#\\]*")
_NOT_ASCII: Final = re.compile(r"[\x80-\xff]")
_NO_HOST: Final = re.compile(r"(https?://)(?=(?::[0-9]*)?(?:[/?#]|\Z))", re.IGNORECASE)


def redirect_method(method: str, status: int) -> str:
    """Return the method of the request that follows.

    Args:
        method: The method that was redirected.
        status: By which status: 301 turns POST into GET, 302 and 303 everything but HEAD; 307 and 308 change nothing.
    """
    if (status in {302, 303} and method != "HEAD") or (status == 301 and method == "POST"):
        return "GET"
    return method


def loses_body(old_method: str, new_method: str) -> bool:
    """Return whether the request that follows goes without the body: its method has become GET."""
    return new_method == "GET" != old_method


def read_location(field: bytes) -> str:
    """Return the URL reference in a Location field as text.

    The field is decoded by itself: the encoding of other fields says nothing about it. UTF-8 is a reference with
    international characters. Any other octet is percent-encoded as it is; in the authority, which has no such
    octets in a URL, it is a Latin-1 character of an international name.

    Args:
        field: The field's value.
    """
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        found = _AUTHORITY.match(field)
        end = found.end() if found else 0
        return field[:end].decode("latin-1") + _NOT_ASCII.sub(_escaped, field[end:].decode("latin-1"))


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def redirect_url(url: URL, location: str) -> URL:
    """Return where a redirect leads.

    A Location without a host, such as "https://:8443/", means the host that was asked. Without a fragment it means the one
    that the URL has (RFC 9110 §10.2.2).

    Args:
        url: What was asked.
        location: The Location field.

    Raises:
        InvalidURL: The field is no URL.
    """
    if without := _NO_HOST.match(location):
        host = url.raw_host.decode("ascii")
        location = f"{without[1]}{f'[{host}]' if ':' in host else host}{location[without.end() :]}"
    target = url.join(location)
    inherited = str(url).partition("#")[2]  # as it is written: it is not decoded and encoded again
    if inherited and not target.fragment:
        target = URL(f"{str(target).removesuffix('#')}#{inherited}")
    return target


def refuse_scheme(old: URL, new: URL) -> None:
    """Refuse to follow from the web to anywhere else, and to files from anywhere.

    Args:
        old: What was asked.
        new: Where the redirect leads.

    Raises:
        UnsupportedProtocol: The scheme is neither http nor https, nor the same as before.
    """
    scheme = new.scheme
    if scheme not in _WEB and (scheme != old.scheme or scheme == "file"):
        raise UnsupportedProtocol(f"Request URL has an unsupported protocol '{scheme}://'.")


def redirect_headers(headers: Headers, old: URL, new: URL, *, loses_body: bool) -> Headers:
    """Return the fields of the request that follows.

    Credentials stay with their origin; only Authorization is kept when the same host is asked by https instead of http.
    Cookies are added by the jar. Without its content, a request has none of the fields that describe content.

    Args:
        headers: The fields of the request that was redirected; they are not changed.
        old: What was asked.
        new: Where the redirect leads.
        loses_body: Whether the body stays behind.
    """
    kept = Headers(headers)
    dropped = ["Cookie"]
    if old.raw[:3] != new.raw[:3]:
        if raw_origin(old) != raw_origin(new):
            dropped.append("Proxy-Authorization")
        if not same_credentials(raw_origin(old), raw_origin(new)):
            dropped.append("Authorization")
        kept["Host"] = new.netloc.decode("ascii")
    if loses_body:
        dropped += _CONTENT_FIELDS
    for name in dropped:
        kept.pop(name, None)
    return kept


def redirect_extensions(extensions: Mapping[str, Any], old: URL, new: URL) -> dict[str, Any]:
    """Return the extensions of the request that follows.

    `target`, `trailers` and `duplex` describe one message, and `sni_hostname` one host: they stay behind. The origin that
    the first request was sent to is recorded as `credentials_origin` when a redirect leads away from it.

    Args:
        extensions: Those of the request that was redirected; they are not changed.
        old: What was asked.
        new: Where the redirect leads.
    """
    kept = {name: value for name, value in extensions.items() if name not in _ONE_REQUEST}
    before, after = raw_origin(old), raw_origin(new)
    if before[1] != after[1]:
        kept.pop("sni_hostname", None)
    if not same_credentials(before, after):
        kept.setdefault(_ORIGIN, before)
    return kept


def may_have_credentials(extensions: Mapping[str, Any], url: URL) -> bool:
    """Return whether a request may be sent the client's own credentials: its `auth`, and cookies without a domain.

    They are for the origin that the caller chose, not for those that its redirects lead to.

    Args:
        extensions: The request's.
        url: Where the request goes.
    """
    origin = extensions.get(_ORIGIN)
    return origin is None or same_credentials(tuple(origin), raw_origin(url))
