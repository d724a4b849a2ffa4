"""A jar by the book: RFC 6265bis §5.7 and §5.8 written down once more as a plain list, and compared step by step."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from httpx_models import Cookies, Request, Response

HOSTS = ["example.org", "www.example.org", "a.www.example.org", "badexample.org", "localhost", "127.0.0.1"]
URLS = [
    f"{scheme}://{host}{path}" for scheme in ("http", "https") for host in HOSTS for path in ("/", "/x", "/x/y", "/xy")
]


@dataclass
class Stored:
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float | None
    created: float

    def matches_domain(self, host: str) -> bool:
        return host == self.domain if self.host_only else by_domain(host, self.domain)


def by_domain(host: str, domain: str) -> bool:
    return host == domain or (host.endswith("." + domain) and host != "127.0.0.1")


def by_path(path: str, cookie_path: str) -> bool:
    if path == cookie_path:
        return True
    return path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")


class Book:
    """The store of §5.7, with its steps in their order."""

    def __init__(self) -> None:
        self.cookies: list[Stored] = []

    def receive(self, url: str, name: str, value: str, attributes: dict[str, str], now: float) -> None:
        where = urlsplit(url)
        host, secure_scheme = where.hostname or "", where.scheme == "https"
        domain = attributes.get("Domain", "").removeprefix(".").lower()
        if domain and ("." not in domain or domain == "127.0.0.1"):  # a public suffix, or an address
            if domain != host:
                return
            domain = ""
        if domain and not by_domain(host, domain):
            return
        path = attributes.get("Path", "")
        if not path.startswith("/"):
            path = where.path[: where.path.rindex("/")] or "/"
        secure = "Secure" in attributes
        if secure and not secure_scheme:
            return
        if name.lower().startswith("__secure-") and not secure:
            return
        if name.lower().startswith("__host-") and not (
            secure and not attributes.get("Domain") and attributes.get("Path") == "/"
        ):
            return
        new = Stored(name, value, domain or host, not domain, path, secure, None, now)
        if "Max-Age" in attributes:
            new.expires = now + int(attributes["Max-Age"]) if int(attributes["Max-Age"]) > 0 else 0
        if not secure_scheme:
            for old in self.cookies:
                related = by_domain(old.domain, new.domain) or by_domain(new.domain, old.domain)
                if old.secure and old.name == name and related and by_path(new.path, old.path):
                    return
        for old in list(self.cookies):
            if (old.name, old.domain, old.host_only, old.path) == (name, new.domain, new.host_only, path):
                new.created = old.created
                self.cookies.remove(old)
        if new.expires is None or new.expires > now:
            self.cookies.append(new)

    def send(self, url: str, now: float) -> str | None:
        where = urlsplit(url)
        going = [
            cookie
            for cookie in self.cookies
            if cookie.matches_domain(where.hostname or "")
            and by_path(where.path, cookie.path)
            and (where.scheme == "https" or not cookie.secure)
            and (cookie.expires is None or cookie.expires > now)
        ]
        going.sort(key=lambda cookie: (-len(cookie.path), cookie.created))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in going) or None


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "Domain": st.sampled_from([*HOSTS, ".example.org", "org", "", "WWW.example.org"]),
        "Path": st.sampled_from(["/", "/x", "/x/", "/x/y", "x", ""]),
        "Secure": st.just(""),
        "Max-Age": st.sampled_from(["0", "-1", "3", "60"]),
    },
)
STEP = st.tuples(
    st.sampled_from(URLS), st.sampled_from(["a", "b", "__Host-a", "__Secure-a"]), ATTRIBUTES, st.sampled_from(URLS)
)


@given(st.lists(STEP, min_size=1, max_size=12))
@example(
    [
        ("https://www.example.org/", "a", {"Secure": ""}, "http://example.org/"),
        ("http://example.org/", "a", {}, "http://example.org/"),
    ]
)
@settings(max_examples=300, deadline=None)
def test_a_jar_does_what_the_book_says(steps: list[tuple[str, str, dict[str, str], str]]) -> None:
    now = 1_700_000_000.0
    book = Book()
    cookies = Cookies(clock=lambda: now)
    for number, (url, name, attributes, next_url) in enumerate(steps):
        now += 1
        field = "; ".join([f"{name}={number}", *(f"{key}={text}" for key, text in attributes.items())])
        book.receive(url, name, str(number), attributes, now)
        cookies.extract_cookies(Response(200, headers={"Set-Cookie": field}, request=Request("GET", url)))
        request = Request("GET", next_url)
        cookies.set_cookie_header(request)
        assert request.headers.get("cookie") == book.send(next_url, now), field
