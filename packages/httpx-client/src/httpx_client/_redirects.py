"""What follows from a redirect (RFC 9110 §15.4): where to, by which method, with which fields. Pure; tested as tables.

It knows which fields are credentials, and for whom. It must not know clients, cookies or connections.
"""

from __future__ import annotations

import re
from typing import Final

from httpx_models import Headers, UnsupportedProtocol
from httpx_urls import URL

_WEB: Final = frozenset({"http", "https"})
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
    if url.fragment and not target.fragment:
        target = target.copy_with(fragment=url.fragment)
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

    Credentials stay with their origin; only Authorization may go along when the same host is asked by https instead of
    http. Cookies are for the jar to add.

    Args:
        headers: The fields of the request that was redirected; they are not changed.
        old: What was asked.
        new: Where the redirect leads.
        loses_body: Whether the body stays behind.
    """
    kept = Headers(headers)
    dropped = ["Cookie"]
    if old.raw[:3] != new.raw[:3]:
        dropped.append("Proxy-Authorization")
        if not _is_upgrade(old, new):
            dropped.append("Authorization")
        kept["Host"] = new.netloc.decode("ascii")
    if loses_body:
        dropped += ("Content-Length", "Transfer-Encoding")
    for name in dropped:
        kept.pop(name, None)
    return kept


def _is_upgrade(old: URL, new: URL) -> bool:
    """Return whether only http has become https, on the ports that belong to them."""
    return old.raw[:3] == (b"http", new.raw_host, None) and new.raw[:3] == (b"https", new.raw_host, None)
