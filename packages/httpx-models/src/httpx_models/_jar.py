"""What is done to a jar of the standard library's: finding, storing and making room, under the jar's own lock.

It knows jars, and asks `_cookierules` what may go in and out, and the jar's own policy besides.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from http.cookiejar import Cookie, CookieJar
from typing import TYPE_CHECKING, Any

from ._cookiepolicy import may_return, may_set, own_policy
from ._cookierules import Place, cookie_string, goes_to, make_cookie, shadows_secure
from ._setcookie import parse_set_cookie

if TYPE_CHECKING:
    from ._request import Request
    from ._response import Response

MAX_PER_DOMAIN = 180  # cookies of one domain; older ones make room
MAX_TOTAL = 3000


def locked(jar: CookieJar) -> AbstractContextManager[Any]:
    """Return the jar's own lock, which everybody who uses the jar shares."""
    return getattr(jar, "_cookies_lock", None) or nullcontext()


def receive(jar: CookieJar, response: Response, place: Place, now: float) -> None:
    """Store the cookies that a response sets, as far as it may set them.

    Args:
        jar: Where to.
        response: The response, with its request.
        place: Where it comes from.
        now: The time, in seconds since 1970.
    """
    with locked(jar):
        # Found once for each name, as there may be thousands of fields; an open connection adds none to them.
        secure: dict[str, list[Cookie]] = {}
        grown = False
        for name, field in response.headers.raw:
            said = parse_set_cookie(_text(field)) if name.lower() == b"set-cookie" else None
            cookie = None if said is None else make_cookie(said, place, now)
            if cookie is None:
                continue
            if not place.secure:
                if cookie.name not in secure:
                    secure[cookie.name] = [other for other in named(jar, cookie.name) if other.secure]
                if any(shadows_secure(cookie, other) for other in secure[cookie.name]):
                    continue
            grown = _store(jar, cookie, place, response.request, now) or grown
        if grown and _count(jar) > MAX_TOTAL:
            # Some more than necessary: finding the oldest means looking at all of them.
            _make_room(jar, list(jar), MAX_TOTAL - MAX_TOTAL // 16)


def field_for(jar: CookieJar, request: Request, now: float, *, without_domain: bool) -> str:
    """Return the value of the Cookie field for a request, "" when no cookie goes with it.

    Args:
        jar: Where from.
        request: The request.
        now: The time, in seconds since 1970.
        without_domain: Whether cookies without a domain are included.
    """
    place = place_of(request)
    with locked(jar):
        going = [
            cookie
            for cookie in _near(jar, place.host)
            if goes_to(cookie, place, now) and (without_domain or cookie.domain)
        ]
        policy = own_policy(jar) if going else None
        if policy is not None:
            going = [cookie for cookie in going if may_return(policy, cookie, request, now)]
    return cookie_string(going) if going else ""


def _near(jar: CookieJar, host: str) -> list[Cookie]:
    """Return the cookies that may concern a host, without looking at all the others."""
    by_domain = _tables(jar)
    if by_domain is None:
        return list(jar)
    if not by_domain:
        return []
    domains = ["", f"{host}.local"]
    while host:
        # A program may have given a domain with the dot of a fully qualified name.
        domains += (host, f".{host}", f"{host}.", f".{host}.")
        host = host.partition(".")[2]
    return [
        cookie
        for domain in domains
        if domain in by_domain
        for by_name in by_domain[domain].values()
        for cookie in by_name.values()
    ]


def named(jar: CookieJar, name: str) -> list[Cookie]:
    """Return the cookies of a name, without a look at those of other names.

    Args:
        jar: Where from.
        name: The name.
    """
    with locked(jar):
        by_domain = _tables(jar)
        if by_domain is None:
            return [cookie for cookie in jar if cookie.name == name]
        tables = (by_name for by_path in by_domain.values() for by_name in by_path.values())
        return [by_name[name] for by_name in tables if name in by_name]


def _tables(jar: CookieJar) -> dict[str, dict[str, dict[str, Cookie]]] | None:
    """Return the cookies by domain, path and name, None where the jar does not keep them as the standard library does."""
    if type(jar).__iter__ is not CookieJar.__iter__:
        return None
    tables: dict[str, dict[str, dict[str, Cookie]]] | None = getattr(jar, "_cookies", None)
    return tables


def remove(jar: CookieJar, cookie: Cookie) -> None:
    """Remove a cookie, and the tables around it that are empty then: the standard library keeps those for ever.

    Args:
        jar: Where from.
        cookie: The cookie.
    """
    jar.clear(cookie.domain, cookie.path, cookie.name)
    by_domain = _tables(jar)
    by_path = None if by_domain is None else by_domain.get(cookie.domain)
    if by_domain is not None and by_path is not None:
        if not by_path.get(cookie.path, True):
            del by_path[cookie.path]
        if not by_path:
            del by_domain[cookie.domain]


def _count(jar: CookieJar) -> int:
    by_domain = _tables(jar)
    if by_domain is None:
        return len(list(jar))
    return sum(len(by_name) for by_path in by_domain.values() for by_name in by_path.values())


def _store(jar: CookieJar, cookie: Cookie, place: Place, request: Request, now: float) -> bool:
    """Store a cookie that a response sets, or remove what it deletes (RFC 6265bis §5.7, the last steps).

    Returns:
        Whether there is one more.
    """
    policy = own_policy(jar)
    if policy is not None and not may_set(policy, cookie, request, now):
        return False
    near = _near(jar, place.host)
    key = (cookie.domain, cookie.path, cookie.name)
    old = next((other for other in near if (other.domain, other.path, other.name) == key), None)
    if cookie.expires is not None and cookie.expires <= now:
        if old is not None:
            remove(jar, old)
        return False
    vars(cookie)["_created"] = now if old is None else getattr(old, "_created", 0)
    jar.set_cookie(cookie)
    if old is None:
        _make_room(jar, [other for other in near if other.domain == cookie.domain], MAX_PER_DOMAIN - 1)
    return old is None


def _make_room(jar: CookieJar, cookies: list[Cookie], most: int) -> None:
    """Remove the oldest cookies until no more than so many are left."""
    if len(cookies) > most:
        cookies.sort(key=lambda cookie: getattr(cookie, "_created", 0))
        for cookie in cookies[: len(cookies) - most]:
            remove(jar, cookie)


def place_of(request: Request) -> Place:
    """Return where a request goes."""
    url = request.url
    path = url.raw_path.partition(b"?")[0].decode("ascii", "replace") or "/"
    secure = url.scheme in {"https", "wss"}
    host = url.raw_host.decode("ascii").lower().removesuffix(".")
    return Place(host, path, secure, url.port or (443 if secure else 80))


def _text(field: bytes) -> str:
    """Return a field as text, whatever the other fields are encoded in."""
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("latin-1")
