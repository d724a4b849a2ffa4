"""A jar's own policy, when it has one that is not the default: it is asked besides the rules of `_cookierules`.

It knows what the standard library's policies expect of a request. It must not know the rules.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.cookiejar import Cookie, CookieJar

    from ._request import Request


class PolicyRequest:
    """A request in the shape that policies know: that of `urllib.request.Request`.

    Args:
        request: The request.
    """

    unverifiable = False

    def __init__(self, request: Request) -> None:
        self._request = request
        self.type = request.url.scheme
        self.host = request.url.netloc.decode("ascii")
        self.origin_req_host = request.url.raw_host.decode("ascii")

    def get_full_url(self) -> str:
        """Return the URL without its userinfo, which policies would take for a part of the host."""
        return f"{self.type}://{self.host}{self._request.url.raw_path.decode('ascii')}"

    def has_header(self, name: str) -> bool:
        """Return whether there is such a header."""
        return name in self._request.headers

    def get_header(self, name: str, default: Any = None) -> Any:
        """Return the value of a header, or the default."""
        return self._request.headers.get(name, default)


def own_policy(jar: CookieJar) -> Any:
    """Return a jar's policy if somebody has made it say something of its own, else None.

    Args:
        jar: The jar.
    """
    from http.cookiejar import DefaultCookiePolicy

    policy: Any = getattr(jar, "_policy", None)
    if policy is None or (type(policy) is DefaultCookiePolicy and _settings(policy) == _default_settings()):
        return None
    return policy


def may_set(policy: Any, cookie: Cookie, request: Request, now: float) -> bool:
    """Return whether a policy lets a response to a request set a cookie."""
    policy._now = int(now)  # as the jar itself tells it
    asked = PolicyRequest(request)
    return bool(policy.set_ok(_as_expected(cookie, asked), asked))


def may_return(policy: Any, cookie: Cookie, request: Request, now: float) -> bool:
    """Return whether a policy lets a cookie go with a request."""
    policy._now = int(now)
    asked = PolicyRequest(request)
    cookie = _as_expected(cookie, asked)
    return bool(
        policy.domain_return_ok(cookie.domain, asked)
        and policy.path_return_ok(cookie.path, asked)
        and policy.return_ok(cookie, asked)
    )


def _as_expected(cookie: Cookie, asked: PolicyRequest) -> Cookie:
    """Return a cookie as the library would have stored it: for "localhost" it writes "localhost.local"."""
    if "." in cookie.domain or not cookie.domain:
        return cookie
    host = asked.origin_req_host
    twin = copy(cookie)
    twin.domain = f"[{host}].local" if ":" in host else f"{host}.local"
    return twin


def _settings(policy: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(policy).items() if name != "_now"}


@lru_cache(maxsize=1)
def _default_settings() -> dict[str, Any]:
    from http.cookiejar import DefaultCookiePolicy

    return _settings(DefaultCookiePolicy())
