"""Cookies as a mapping from name to value.

It knows what a user does with cookies. How they lie in a jar of the standard library's is `_jar`'s, what goes into it and
out of it `_cookierules`'s, files are `_cookiefile`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from . import _pickling
from ._errors import CookieConflict

if TYPE_CHECKING:
    import os
    from http.cookiejar import Cookie, CookieJar

    from ._request import Request
    from ._response import Response
    from .types import CookieTypes


class Cookies(MutableMapping[str, str]):
    """Cookies by name, each with a domain and a path, which say where it is sent (RFC 6265bis).

    They are stored in a `http.cookiejar.CookieJar`: the one that is given, or one that is made when the first cookie
    comes. Reading and writing are safe from several threads.

    Args:
        cookies: A mapping or a list of pairs; other `Cookies`, which are copied; or a `CookieJar`, which is used.
        clock: What tells the time, in seconds since 1970.

    Raises:
        TypeError: `cookies` is none of these.
        ValueError: A name or a value contains control characters or lone surrogates.
    """

    _jar: CookieJar | None = None

    def __init__(self, cookies: CookieTypes | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        if cookies is None:
            return
        if isinstance(cookies, Cookies):
            if cookies._jar is not None:
                self._take(cookies)
        elif isinstance(cookies, Mapping):
            for name, value in cookies.items():
                self.set(name, value)
        elif isinstance(cookies, list | tuple):
            for name, value in cookies:
                self.set(name, value)
        elif hasattr(cookies, "set_cookie"):
            self._jar = cookies
        else:
            raise TypeError(f"Invalid type for cookies: {type(cookies)}")

    @property
    def jar(self) -> CookieJar:
        """The jar that holds the cookies."""
        jar = self._jar
        if jar is None:
            from http.cookiejar import CookieJar

            # One step, so that two threads get the same jar.
            made: CookieJar = self.__dict__.setdefault("_jar", CookieJar())
            return made
        return jar

    @jar.setter
    def jar(self, jar: CookieJar) -> None:
        self._jar = jar

    def set(self, name: str, value: str, domain: str = "", path: str = "/") -> None:
        """Add a cookie, or replace the one with this name, domain and path.

        Args:
            name: The name.
            value: The value.
            domain: The host, and all hosts below it, that the cookie is sent to; "" for every host.
            path: The path, and all paths below it, that the cookie is sent to.

        Raises:
            TypeError: The name or the value is no str.
            ValueError: The name or the value contains control characters or lone surrogates.
        """
        from http.cookiejar import Cookie

        from ._cookierules import can_be_sent

        _check_types(name, value)
        if not can_be_sent(f"{name}{value or ''}"):
            raise ValueError(f"Cookie {name!r}: the name or the value contains control characters that cannot be sent")
        self._store(
            Cookie(
                version=0,
                name=name,
                value=value,
                port=None,
                port_specified=False,
                domain=domain,
                domain_specified=bool(domain),
                domain_initial_dot=domain.startswith("."),
                path=path,
                path_specified=bool(path),
                secure=False,
                expires=None,
                discard=True,
                comment=None,
                comment_url=None,
                rest={"HttpOnly": None},  # type: ignore[dict-item]
            )
        )

    def get(  # type: ignore[override]
        self, name: str, default: str | None = None, domain: str | None = None, path: str | None = None
    ) -> str | None:
        """Return the value of a cookie, or the default when there is none.

        Args:
            name: The name.
            default: What to return without it.
            domain: Only a cookie with exactly this domain.
            path: Only a cookie with exactly this path.

        Raises:
            CookieConflict: Several cookies are meant.
        """
        if self._jar is None:
            return default
        from ._jar import named

        found = [cookie for cookie in named(self._jar, name) if _is(cookie, name, domain, path)]
        if len(found) > 1:
            raise CookieConflict(f"Multiple cookies exist with name={name}")
        return found[0].value if found and found[0].value is not None else default

    def delete(self, name: str, domain: str | None = None, path: str | None = None) -> None:
        """Remove the cookies of a name. It is no error when there are none.

        Args:
            name: The name.
            domain: Only those with exactly this domain.
            path: Only those with exactly this path.

        Raises:
            KeyError: Domain and path are given, and there is no such cookie.
        """
        if domain is not None and path is not None:
            self.jar.clear(domain, path, name)
            return
        from ._jar import locked

        with locked(self.jar):
            for cookie in self._all():
                if _is(cookie, name, domain, path):
                    self.jar.clear(cookie.domain, cookie.path, cookie.name)

    def clear(self, domain: str | None = None, path: str | None = None) -> None:
        """Remove all cookies, or those of a domain, or of a path of a domain.

        Args:
            domain: The domain.
            path: The path.

        Raises:
            KeyError: There are no such cookies.
            ValueError: A path without a domain.
        """
        if path is not None and domain is None:
            raise ValueError("A path can only be cleared together with its domain")
        self.jar.clear(*(part for part in (domain, path) if part is not None))

    def update(self, cookies: CookieTypes | None = None) -> None:  # type: ignore[override]
        """Add cookies, replacing those with the same name, domain and path.

        Args:
            cookies: What the constructor accepts.
        """
        other = Cookies(cookies)
        if other._jar is not None:
            self._take(other)

    def extract_cookies(self, response: Response) -> None:
        """Store the cookies that a response sets, as far as it may set them.

        Args:
            response: A response with its request.

        Raises:
            RuntimeError: The response sets cookies, and its request has not been set.
        """
        if response.headers._tells(b"set-cookie"):
            from ._jar import place_of, receive

            receive(self.jar, response, place_of(response.request), self._clock())

    def _show_cookies(self, response: Response) -> None:
        """Store the cookies of a response to look at them, on http also those that only https may set."""
        if "set-cookie" in response.headers:
            from ._jar import place_of, receive

            receive(self.jar, response, place_of(response.request)._replace(secure=True), self._clock())

    def set_cookie_header(self, request: Request, *, without_domain: bool = True) -> None:
        """Add the Cookie field with the cookies that go with a request, unless it has one already.

        Args:
            request: The request.
            without_domain: Whether cookies without a domain, which match every host, are included.
        """
        if self._jar is None:
            return
        from ._jar import field_for

        value = field_for(self._jar, request, self._clock(), without_domain=without_domain)
        if value and "cookie" not in request.headers:
            request.headers["Cookie"] = value

    def save(self, path: str | os.PathLike[str], *, format: str = "json") -> None:  # noqa: A002
        """Write the cookies to a file that only its owner can read. Expired ones are left out.

        Args:
            path: The file; it is replaced in one step.
            format: "json", or "netscape" for the cookies.txt of browsers and curl.

        Raises:
            OSError: The file cannot be written.
            ValueError: There is no such format.
        """
        from ._cookiefile import write

        write(self._all(), path, format, self._clock())

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.time) -> Cookies:
        """Return the cookies of a file that `save` wrote, or of a cookies.txt. Expired ones are left out.

        Args:
            path: The file.
            clock: What tells the time, in seconds since 1970.

        Raises:
            OSError: The file cannot be read.
            ValueError: The file is in neither format; the message gives the line, never its content.
        """
        from ._cookiefile import read

        cookies = cls(clock=clock)
        for cookie in read(path, clock()):
            cookies._store(cookie)
        return cookies

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[str]:
        return iter([cookie.name for cookie in self._all()])

    def __bool__(self) -> bool:
        return self._jar is not None and any(True for _ in self._all())

    def __repr__(self) -> str:
        shown = ", ".join(
            f"<Cookie {cookie.name}=[secure] for {cookie.domain} {cookie.path}>" for cookie in self._all()
        )
        return f"<Cookies[{shown}]>"

    def __copy__(self) -> Cookies:
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.restore, (_pickling.reference(type(self)),), (self._clock, self._all())

    def __setstate__(self, state: tuple[Callable[[], float], list[Cookie]]) -> None:
        self._clock, cookies = state
        for cookie in cookies:
            self.jar.set_cookie(cookie)

    def _all(self) -> list[Cookie]:
        """Return the cookies as they are at this moment."""
        if self._jar is None:
            return []
        from ._jar import locked

        with locked(self._jar):
            return list(self._jar)

    def _store(self, cookie: Cookie) -> None:
        vars(cookie).setdefault("_created", self._clock())
        self.jar.set_cookie(cookie)

    def _take(self, other: Cookies) -> None:
        for cookie in other._all():
            self.jar.set_cookie(cookie)


def _is(cookie: Cookie, name: str, domain: str | None, path: str | None) -> bool:
    """Return whether a cookie is one of those that are meant."""
    return cookie.name == name and (domain is None or cookie.domain == domain) and (path is None or cookie.path == path)


def _check_types(name: object, value: object) -> None:
    """Refuse what is no text; None is the value of a cookie that has none."""
    if not isinstance(name, str) or not isinstance(value, str | None):
        raise TypeError(f"Cookie {name!r}: name and value must be str, not {type(name)} and {type(value)}")
