"""Which cookies may be stored, and which go with a request (RFC 6265bis §5.7 and §5.8).

It knows the rules as functions of a host, a path and a time. It must not know jars, requests or responses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ._setcookie import SetCookie, expiry
from ._suffixes import domain_matches, is_address, is_public_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.cookiejar import Cookie

_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_OWN_ATTRIBUTES = frozenset({"domain", "path", "secure", "expires", "max-age"})


class Place(NamedTuple):
    """Where a request goes, as far as cookies care."""

    host: str
    """In lower case, ASCII, IPv6 without brackets, without the dot of a fully qualified name."""
    path: str
    """Without the query."""
    secure: bool
    """Whether nobody can listen."""
    port: int | None = None


def make_cookie(said: SetCookie, place: Place, now: float) -> Cookie | None:
    """Return the cookie that a response from a place may store, or None when it may not.

    The cookie's `expires` is in the past when the response deletes it.

    Args:
        said: What the Set-Cookie field says.
        place: Where the response comes from.
        now: The time, in seconds since 1970.
    """
    domain = _domain(said, place.host)
    attributes = said.attributes
    secure = "secure" in attributes
    given_path = attributes.get("path", "")
    path = given_path if given_path.startswith("/") else default_path(place.path)
    if domain is None or (secure and not place.secure):
        return None
    if not _prefix_allows(said, secure=secure, host_only=not domain, path=given_path):
        return None
    expires = expiry(attributes, now)
    rest: dict[str, Any] = {
        said.spelled[key]: attributes[key] or None for key in attributes if key not in _OWN_ATTRIBUTES
    }
    if "httponly" in attributes:
        del rest[said.spelled["httponly"]]
        rest["HttpOnly"] = None
    from http.cookiejar import Cookie

    return Cookie(
        version=0,
        name=said.name,
        value=said.value,
        port=None,
        port_specified=False,
        domain=f".{domain}" if domain else place.host,
        domain_specified=bool(domain),
        domain_initial_dot=attributes.get("domain", "").startswith("."),
        path=path,
        path_specified=given_path.startswith("/"),
        secure=secure,
        expires=expires,
        discard=expires is None,
        comment=None,
        comment_url=None,
        rest=rest,
    )


def _domain(said: SetCookie, host: str) -> str | None:
    """Return the Domain that a cookie is for, "" for the host alone, None when the host may not say that."""
    domain = said.attributes.get("domain", "").removeprefix(".").removesuffix(".").lower()
    if not domain.isascii():
        domain = _to_ascii(domain)
    if not domain:
        return ""
    if is_address(domain) or is_address(host) or is_public_suffix(domain):
        return "" if domain.strip("[]") == host else None
    return domain if domain_matches(host, domain) else None


def _to_ascii(domain: str) -> str:
    """Return an international domain as it is on the wire, or what no host matches."""
    from httpx_urls import URL, InvalidURL

    try:
        return URL(f"http://{domain}/").raw_host.decode("ascii")
    except InvalidURL:
        return "invalid."


def _prefix_allows(said: SetCookie, *, secure: bool, host_only: bool, path: str) -> bool:
    """Return whether a cookie is what its name promises: `__Secure-`, `__Host-` (RFC 6265bis §4.1.3)."""
    name = said.name.lower()
    if not name:
        return not said.value.lower().startswith(("__secure-", "__host-"))
    if name.startswith("__host-"):
        return secure and host_only and not said.attributes.get("domain") and path == "/"
    return secure or not name.startswith("__secure-")


def default_path(path: str) -> str:
    """Return the path of a cookie that does not say: all but the last segment of the request's (§5.1.4).

    Args:
        path: The request's path.
    """
    return path.rpartition("/")[0] or "/" if path.startswith("/") else "/"


def path_matches(path: str, cookie_path: str) -> bool:
    """Return whether a request's path is a cookie's path, or below it (§5.1.4).

    Args:
        path: The request's path.
        cookie_path: The cookie's.
    """
    below = cookie_path if cookie_path.endswith("/") else f"{cookie_path}/"
    return path == cookie_path or path.startswith(below)


def goes_to(cookie: Cookie, place: Place, now: float) -> bool:
    """Return whether a cookie is sent to a place.

    A cookie without a domain, which only a program can make, goes everywhere.

    Args:
        cookie: The cookie.
        place: Where the request goes.
        now: The time, in seconds since 1970.
    """
    domain = cookie.domain.lower().removesuffix(".")
    if not cookie.domain_specified:
        # The standard library writes "localhost.local" for a host without a dot.
        here = domain in {"", place.host} or ("." not in place.host and domain == f"{place.host}.local")
    else:
        here = domain_matches(place.host, domain.removeprefix("."))
    return (
        here
        and path_matches(place.path, cookie.path)
        and (place.secure or not cookie.secure)
        and not cookie.is_expired(now)  # type: ignore[arg-type]
        and (not cookie.port_specified or str(place.port) in (cookie.port or "").split(","))
    )


def cookie_string(cookies: Iterable[Cookie]) -> str:
    """Return the value of a Cookie field: longer paths first, then older cookies (§5.8.3).

    A cookie that would break the field is left out; only a jar from elsewhere can hold one.

    Args:
        cookies: The cookies that go with the request.
    """
    ordered = sorted(cookies, key=lambda cookie: (-len(cookie.path), getattr(cookie, "_created", 0)))
    pairs = (
        f"{cookie.name}={cookie.value}"
        if cookie.name and cookie.value is not None
        else cookie.name or cookie.value or ""
        for cookie in ordered
    )
    return "; ".join(pair for pair in pairs if can_be_sent(pair))


def can_be_sent(text: str) -> bool:
    """Return whether a text may stand in a header: without control characters and lone surrogates.

    Args:
        text: A name, a value or both.
    """
    return _UNSENDABLE.search(text) is None


def shadows_secure(cookie: Cookie, other: Cookie) -> bool:
    """Return whether a cookie from an open connection would stand before one that only goes over secure ones.

    Args:
        cookie: The new cookie.
        other: A cookie that is there.
    """
    ours, theirs = cookie.domain.removeprefix("."), other.domain.removeprefix(".")
    return (
        other.secure
        and other.name == cookie.name
        and (domain_matches(ours, theirs) or domain_matches(theirs, ours))
        and path_matches(cookie.path, other.path)
    )
