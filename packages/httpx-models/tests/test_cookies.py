"""Cookies: which are stored, which are sent, in a jar of the standard library's and by the rules of RFC 6265bis."""

from __future__ import annotations

import copy
import http.cookiejar
import pickle
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models import CookieConflict, Cookies, LocalProtocolError, Request, Response, _jar
from httpx_models import _cookies as cookies_module
from httpx_models._cookierules import default_path, path_matches, shadows_secure
from httpx_models._jar import MAX_PER_DOMAIN
from httpx_models._suffixes import _list, domain_matches, is_address, is_public_suffix

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_700_000_000.0


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def receive(cookies: Cookies, url: str, *fields: str | bytes) -> None:
    headers: Any = [(b"Set-Cookie", field.encode() if isinstance(field, str) else field) for field in fields]
    cookies.extract_cookies(Response(200, headers=headers, request=Request("GET", url)))


def sent(cookies: Cookies, url: str) -> str | None:
    request = Request("GET", url)
    cookies.set_cookie_header(request)
    value: str | None = request.headers.get("cookie")
    return value


def stored(url: str, *fields: str | bytes) -> Cookies:
    cookies = Cookies(clock=Clock())
    receive(cookies, url, *fields)
    return cookies


# The mapping.


@pytest.mark.parametrize("made_of", [{"a": "1", "b": "2"}, [("a", "1"), ("b", "2")], (("a", "1"), ("b", "2"))])
def test_making(made_of: Any) -> None:
    cookies = Cookies(made_of)
    assert dict(cookies) == {"a": "1", "b": "2"} == cookies
    assert list(cookies) == ["a", "b"]
    assert len(cookies) == 2
    assert Cookies(cookies).jar is not cookies.jar
    assert dict(Cookies(cookies)) == dict(cookies)


def test_a_jar_is_used_and_not_copied() -> None:
    jar = http.cookiejar.CookieJar()
    cookies = Cookies(jar)
    cookies["a"] = "1"
    assert [cookie.name for cookie in jar] == ["a"]
    cookies.jar = other = http.cookiejar.CookieJar()
    assert cookies.jar is other
    assert not cookies


@pytest.mark.parametrize("odd", [3, "a=b"])
def test_making_of_something_else(odd: Any) -> None:
    with pytest.raises(TypeError, match="^Invalid type for cookies: <class"):
        Cookies(odd)


def test_an_empty_one() -> None:
    cookies = Cookies(Cookies())
    assert not cookies
    assert len(cookies) == 0
    assert list(cookies) == []
    assert repr(cookies) == "<Cookies[]>"
    cookies.update()
    cookies.update(Cookies())
    assert cookies._jar is None
    assert cookies.get("a") is None
    with pytest.raises(KeyError, match="^'a'$"):
        cookies["a"]


def test_what_a_set_cookie_is() -> None:
    cookie = next(iter(Cookies({"a": "b"}).jar))
    assert (cookie.name, cookie.value, cookie.domain, cookie.path) == ("a", "b", "", "/")
    assert (cookie.domain_specified, cookie.path_specified, cookie.secure, cookie.expires) == (False, True, False, None)


def test_names_that_occur_twice() -> None:
    cookies = Cookies({"a": "1"})
    cookies.set("a", "2", domain="example.org")
    cookies.set("a", "3", domain="example.org", path="/x")
    asks: list[Callable[[], object]] = [
        lambda: cookies["a"],
        lambda: cookies.get("a", "default"),
        lambda: cookies.get("a", domain="example.org"),
    ]
    for ask in asks:
        with pytest.raises(CookieConflict, match="^Multiple cookies exist with name=a$"):
            ask()
    assert cookies.get("a", domain="") == "1"
    assert cookies.get("a", domain="example.org", path="/x") == "3"
    assert cookies.get("a", path="/x") == "3"
    assert list(cookies) == ["a", "a", "a"]
    cookies.delete("a", domain="example.org", path="/x")
    with pytest.raises(KeyError):
        cookies.delete("a", domain="example.org", path="/x")
    cookies.delete("a", domain="example.org")
    assert dict(cookies) == {"a": "1"}


def test_removing() -> None:
    cookies = Cookies({"a": "1", "b": "2"})
    cookies.set("c", "3", "example.org", "/x")
    cookies.set("d", "4", "example.org", "/")
    del cookies["a"]
    del cookies["missing"]
    cookies.clear("example.org", "/x")
    assert sorted(cookies) == ["b", "d"]
    cookies.clear("example.org")
    assert list(cookies) == ["b"]
    with pytest.raises(KeyError):
        cookies.clear("missing.org")
    with pytest.raises(ValueError, match="together with its domain"):
        cookies.clear(path="/")
    cookies.clear()
    assert not cookies


def test_updating() -> None:
    cookies = Cookies({"a": "1", "b": "2"})
    cookies.update({"a": "3"})
    cookies.update(Cookies({"c": "4"}))
    cookies.update([("d", "5")])
    cookies.update(http.cookiejar.CookieJar())
    assert dict(cookies) == {"a": "3", "b": "2", "c": "4", "d": "5"}


@pytest.mark.parametrize("cookies", [{"a": 3}, {3: "a"}, [("a", b"b")]])
def test_names_and_values_are_text(cookies: Any) -> None:
    with pytest.raises(TypeError, match="^Cookie .*: name and value must be str, not"):
        Cookies(cookies)


@pytest.mark.parametrize("breaking", ["\r", "\n", "\0", "\x01", "\x7f", "\ud800"])
def test_nothing_breaks_out_of_its_line(breaking: str) -> None:
    with pytest.raises(
        ValueError, match="^Cookie 'a': the name or the value contains control characters that cannot be sent$"
    ):
        Cookies({"a": f"s3cret{breaking}"})
    with pytest.raises(ValueError, match="control characters"):
        Cookies()[f"a{breaking}"] = "b"


@pytest.mark.parametrize("odd", ["2\r\nX: y", "2\x01", "\udc80"])
def test_a_jar_from_elsewhere_with_odd_cookies_breaks_nothing(odd: str) -> None:
    elsewhere = Cookies({"a": "1", "b": "2", "c": "3"})
    for cookie in elsewhere.jar:
        if cookie.name == "b":
            cookie.value = odd
    assert sent(elsewhere, "https://example.org/") == "a=1; c=3"


def test_repr_shows_no_values() -> None:
    cookies = Cookies({"a": "s3cret"})
    cookies.set("b", "s3cret", "example.org", "/x")
    assert repr(cookies) == "<Cookies[<Cookie a=[secure] for  />, <Cookie b=[secure] for example.org /x>]>"


def test_copies() -> None:
    cookies = Cookies({"a": "1"}, clock=Clock())
    assert copy.copy(cookies).jar is cookies.jar
    for twin in (pickle.loads(pickle.dumps(cookies)), copy.deepcopy(cookies)):
        assert dict(twin) == {"a": "1"}
        twin["a"] = "2"
        assert cookies["a"] == "1"
        assert twin._clock() == NOW


# Sending.


@pytest.mark.parametrize(
    ("domain", "path", "url", "goes"),
    [
        ("", "/", "https://example.org/", True),
        ("example.org", "/", "https://example.org/", True),
        ("example.org", "/", "https://www.example.org/", True),
        (".example.org", "/", "https://www.example.org/", True),
        ("www.example.org", "/", "https://example.org/", False),
        ("example.org", "/", "https://notexample.org/", False),
        ("example.org", "/", "https://example.org.evil.com/", False),
        ("localhost", "/", "http://localhost/", True),
        ("localhost.local", "/", "http://localhost/", False),
        ("127.0.0.1", "/", "http://127.0.0.1/", True),
        ("0.0.1", "/", "http://127.0.0.1/", False),
        ("example.org", "/x", "https://example.org/x", True),
        ("example.org", "/x", "https://example.org/x/y?q=1", True),
        ("example.org", "/x", "https://example.org/xy", False),
        ("example.org", "/x/", "https://example.org/x", False),
        ("example.org", "/x", "https://example.org/?/x", False),
    ],
)
def test_domain_and_path_decide(domain: str, path: str, url: str, goes: bool) -> None:
    cookies = Cookies()
    cookies.set("a", "b", domain, path)
    assert (sent(cookies, url) is not None) is goes


def test_longer_paths_come_first_then_older_cookies() -> None:
    cookies = Cookies(clock=iter(range(9)).__next__)
    cookies.set("a", "1", "www.example.org")
    cookies.set("b", "2", "example.org")
    cookies.set("c", "3", "www.example.org", "/x")
    cookies.set("d", "4")
    cookies.set("e", "5", ".example.org", "/x/y")
    cookies.set("a", "6", "www.example.org")
    cookies._clock = Clock()
    assert sent(cookies, "https://www.example.org/x/y/z") == "e=5; c=3; b=2; d=4; a=6"


def test_a_cookie_field_is_left_alone() -> None:
    request = Request("GET", "https://example.org/", headers={"Cookie": "k=1"})
    Cookies({"a": "b"}).set_cookie_header(request)
    assert request.headers.get_list("cookie") == ["k=1"]


def test_without_a_match_there_is_no_field() -> None:
    cookies = Cookies()
    cookies.set("a", "b", "example.org")
    assert sent(cookies, "https://other.org/") is None


def test_odd_bytes_survive_the_next_request() -> None:
    assert sent(stored("https://x.org/", "a=grün"), "https://x.org/") == "a=grün"
    assert sent(stored("https://x.org/", b"a=gr\xfcn"), "https://x.org/") == "a=grün"
    assert sent(stored("https://x.org/", b"x=gr\xfcn; Path=/y", "a=grün"), "https://x.org/") == "a=grün"
    assert sent(stored("https://x.org/", b"a=b\x01", b"c=d"), "https://x.org/") == "c=d"


# Storing.

SITE = "https://www.example.org/a/b"


@pytest.mark.parametrize(
    ("url", "field", "domain", "path"),
    [
        (SITE, "a=b", "www.example.org", "/a"),
        (SITE, "a=b; Path=/x", "www.example.org", "/x"),
        (SITE, "a=b; Path=x", "www.example.org", "/a"),
        (SITE, "a=b; Domain=example.org", ".example.org", "/a"),
        (SITE, "a=b; Domain=.EXAMPLE.org", ".example.org", "/a"),
        (SITE, "a=b; Domain=", "www.example.org", "/a"),
        ("http://localhost/", "a=b", "localhost", "/"),
        ("http://localhost/", "a=b; Domain=localhost", "localhost", "/"),
        ("http://127.0.0.1/", "a=b; Domain=127.0.0.1", "127.0.0.1", "/"),
        ("http://[::1]/", "a=b", "::1", "/"),
        ("http://[::1]/", "a=b; Domain=[::1]", "::1", "/"),
        ("https://co.uk/", "a=b; Domain=co.uk", "co.uk", "/"),
        ("http://münchen.de/", "a=b; Domain=münchen.de", ".xn--mnchen-3ya.de", "/"),
        ("http://www.münchen.de/", "a=b; Domain=xn--mnchen-3ya.de", ".xn--mnchen-3ya.de", "/"),
    ],
)
def test_what_a_response_may_set(url: str, field: str, domain: str, path: str) -> None:
    cookie = next(iter(stored(url, field).jar))
    assert (cookie.domain, cookie.path) == (domain, path)
    assert cookie.domain_specified is domain.startswith(".")


@pytest.mark.parametrize(
    ("url", "field"),
    [
        (SITE, "a=b; Domain=evil.com"),
        (SITE, "a=b; Domain=sub.www.example.org"),
        (SITE, "a=b; Domain=org"),
        (SITE, "a=b; Domain=ample.org"),
        (SITE, "a=b; Domain=a b"),
        (SITE, "a=b; Domain=ü ü"),
        ("https://a.co.uk/", "a=b; Domain=co.uk"),
        ("http://127.0.0.1/", "a=b; Domain=0.0.1"),
        ("http://127.0.0.1/", "a=b; Domain=1"),
        ("http://10.127.0.0.1.example.org/", "a=b; Domain=127.0.0.1"),
        ("http://www.example.org/", "a=b; Secure"),
        ("http://www.example.org/", "__Host-a=b; Path=/; Secure"),
        (SITE, "__Host-a=b; Path=/"),
        (SITE, "__Host-a=b; Secure"),
        (SITE, "__Host-a=b; Secure; Path=/a"),
        (SITE, "__Host-a=b; Secure; Path=/; Domain=www.example.org"),
        (SITE, "__hOST-a=b; Path=/"),
        (SITE, "__Secure-a=b"),
        (SITE, "__SECURE-a=b"),
        (SITE, "=__Host-a=b; Path=/; Secure"),
        (SITE, "__Secure-a; Secure"),
        (SITE, "a=b\x01"),
        (SITE, "a=b; Max-Age=0"),
        (SITE, "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ],
)
def test_what_a_response_may_not_set(url: str, field: str) -> None:
    assert not stored(url, field)


@pytest.mark.parametrize(
    "field", ["__Host-a=b; Secure; Path=/", "__Secure-a=b; Secure; Domain=example.org", "novalue", "=v"]
)
def test_prefixes_that_keep_their_promise_and_cookies_without_a_name(field: str) -> None:
    assert sent(stored(SITE, field), SITE) == field.partition(";")[0].removeprefix("=")


def test_a_host_only_cookie_stays_with_its_host() -> None:
    cookies = stored("https://example.org/", "a=b", "c=d; Domain=example.org")
    assert sent(cookies, "https://example.org/") == "a=b; c=d"
    assert sent(cookies, "https://www.example.org/") == "c=d"


def test_a_secure_cookie_needs_a_secure_connection() -> None:
    cookies = stored(SITE, "a=b; Secure; Path=/")
    assert sent(cookies, SITE) == "a=b"
    assert sent(cookies, "http://www.example.org/") is None


@pytest.mark.parametrize("field", ["a=evil; Path=/", "a=evil; Path=/x", "a=evil; Path=/; Domain=example.org"])
def test_an_open_connection_cannot_replace_a_secure_cookie(field: str) -> None:
    cookies = stored(SITE, "a=b; Secure; Path=/")
    receive(cookies, "http://www.example.org/", field, "other=fine")
    assert sorted(cookies) == ["a", "other"]
    assert cookies["a"] == "b"
    receive(cookies, SITE, field)
    assert "evil" in [cookie.value for cookie in cookies.jar]


def test_attributes_are_kept_in_the_jar() -> None:
    cookie = next(iter(stored(SITE, "a=b; HTTPONLY; SameSite=Lax; Priority=High; ; Max-Age=60").jar))
    assert vars(cookie)["_rest"] == {"HttpOnly": None, "SameSite": "Lax", "Priority": "High"}
    assert (cookie.expires, cookie.discard, cookie.version) == (int(NOW) + 60, False, 0)


def test_an_unreadable_max_age_is_ignored() -> None:
    assert next(iter(stored(SITE, "a=b; Max-Age=abc").jar)).expires is None


def test_cookies_expire() -> None:
    clock = Clock()
    cookies = Cookies(clock=clock)
    receive(cookies, SITE, "a=b; Max-Age=60; Path=/")
    assert sent(cookies, SITE) == "a=b"
    clock.now += 60
    assert sent(cookies, SITE) is None


def test_a_response_can_delete() -> None:
    cookies = stored(SITE, "a=b; Path=/", "c=d; Path=/")
    receive(cookies, SITE, "a=; Path=/; Max-Age=0", "missing=; Max-Age=0")
    assert list(cookies) == ["c"]


def test_a_replaced_cookie_keeps_its_age() -> None:
    clock = Clock()
    cookies = Cookies(clock=clock)
    receive(cookies, SITE, "a=1; Path=/; Domain=example.org")
    clock.now += 1
    receive(cookies, SITE, "b=2; Path=/")
    clock.now += 1
    receive(cookies, SITE, "a=3; Path=/; Domain=example.org")
    assert sent(cookies, SITE) == "a=3; b=2"


def test_a_response_without_set_cookie_costs_nothing() -> None:
    cookies = Cookies()
    cookies.extract_cookies(Response(200))
    assert cookies._jar is None
    with pytest.raises(RuntimeError, match="The request instance has not been set"):
        cookies.extract_cookies(Response(200, headers={"Set-Cookie": "a=b"}))


def test_the_number_of_cookies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    cookies = Cookies(clock=clock)
    for number in range(MAX_PER_DOMAIN + 5):
        clock.now += 1
        receive(cookies, "https://example.org/", f"c{number}=x")
    assert len(cookies) == MAX_PER_DOMAIN
    assert "c4" not in cookies
    assert "c5" in cookies
    monkeypatch.setattr("httpx_models._jar.MAX_TOTAL", MAX_PER_DOMAIN)
    receive(cookies, "https://other.org/", "new=x")
    assert len(cookies) == MAX_PER_DOMAIN - MAX_PER_DOMAIN // 16
    assert "new" in cookies
    assert "c5" not in cookies


def test_a_domain_whose_cookies_are_gone_leaves_no_tables() -> None:
    cookies = Cookies(clock=Clock())
    for number in range(20):
        receive(cookies, f"https://h{number}.example/", "a=x; Path=/p")
        receive(cookies, f"https://h{number}.example/", "a=x; Path=/p; Max-Age=0")
    assert cookies.jar._cookies == {}  # type: ignore[attr-defined]


def test_a_cookie_is_found_without_a_look_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = Cookies({f"c{number}": str(number) for number in range(200)})
    looked_at: list[str] = []
    real = cookies_module._is

    def watched(cookie: Any, *arguments: Any) -> bool:
        looked_at.append(cookie.name)
        return real(cookie, *arguments)

    monkeypatch.setattr(cookies_module, "_is", watched)
    assert dict(cookies) == {f"c{number}": str(number) for number in range(200)}
    assert len(looked_at) == 200
    assert Cookies().get("c1", "default") == "default"


class ListJar(http.cookiejar.CookieJar):
    """A jar with an iteration of its own, as `http.cookiejar` allows."""

    def __iter__(self) -> Any:
        return iter(list(super().__iter__()))


def test_other_jars_are_asked_for_all_their_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = Cookies(ListJar())
    for number in range(3):
        receive(cookies, "https://a.example/", f"c{number}=x")
    assert cookies["c1"] == "x"
    receive(cookies, "https://a.example/", "c1=x; Max-Age=0")
    assert dict(cookies) == {"c0": "x", "c2": "x"}


@pytest.mark.parametrize("with_list", [True, False])
def test_a_trailing_dot_hides_no_public_suffix(with_list: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_list:
        monkeypatch.setattr("httpx_models._suffixes._list", lambda: None)
    assert is_public_suffix("com.")
    assert not is_public_suffix("id.me")
    assert not is_public_suffix("example.com.")
    cookies = Cookies()
    receive(cookies, "https://evil.com./", "a=x; Domain=com.")
    assert not cookies


# Jars and policies of the standard library's.


def test_what_the_standard_library_stored_is_sent() -> None:
    from urllib.request import Request as Foreign

    class Answer:
        def info(self) -> Any:
            import email.message

            message = email.message.Message()
            message["Set-Cookie"] = "a=b"
            return message

    jar = http.cookiejar.CookieJar()
    answer: Any = Answer()
    jar.extract_cookies(answer, Foreign("http://localhost/"))
    assert next(iter(jar)).domain == "localhost.local"
    assert sent(Cookies(jar), "http://localhost/") == "a=b"


def test_what_we_stored_the_standard_library_sends() -> None:
    from urllib.request import Request as Foreign

    cookies = Cookies()
    receive(cookies, SITE, "a=b; Domain=example.org; Path=/", "c=d; Path=/")
    foreign = Foreign("https://www.example.org/")
    cookies.jar.add_cookie_header(foreign)
    assert sorted(str(foreign.get_header("Cookie")).split("; ")) == ["a=b", "c=d"]


def test_a_cookie_for_some_ports() -> None:
    cookies = Cookies({"a": "b"})
    cookie = next(iter(cookies.jar))
    cookie.port, cookie.port_specified = "80,8080", True
    assert sent(cookies, "http://example.org/") == "a=b"
    assert sent(cookies, "http://example.org:8080/") == "a=b"
    assert sent(cookies, "https://example.org/") is None


class OwnJar(http.cookiejar.CookieJar):
    """A jar that keeps its cookies somewhere else."""

    def __iter__(self) -> Any:
        return iter(Cookies({"own": "1"}).jar)


def test_a_jar_of_another_make_is_iterated() -> None:
    assert sent(Cookies(OwnJar()), SITE) == "own=1"


class Bare:
    """The least that can be called a jar."""

    def __init__(self) -> None:
        self.cookies: list[http.cookiejar.Cookie] = []

    def __iter__(self) -> Any:
        return iter(self.cookies)

    def __len__(self) -> int:
        return len(self.cookies)

    def set_cookie(self, cookie: http.cookiejar.Cookie) -> None:
        self.cookies.append(cookie)


def test_the_least_that_can_be_called_a_jar() -> None:
    jar: Any = Bare()
    cookies = Cookies(jar)
    receive(cookies, SITE, "a=b")
    assert sent(cookies, SITE) == "a=b"


class Picky(http.cookiejar.DefaultCookiePolicy):
    """A policy of somebody's own, which looks at requests in every way that policies do."""

    def set_ok(self, cookie: http.cookiejar.Cookie, request: Any) -> bool:
        assert request.get_full_url().startswith(f"{request.type}://{request.host}/")
        assert request.has_header("X") is False
        assert request.get_header("X", "none") == "none"
        return super().set_ok(cookie, request) and cookie.name != "no"

    def return_ok(self, cookie: http.cookiejar.Cookie, request: Any) -> bool:
        return super().return_ok(cookie, request) and cookie.name != "keep"


def test_a_policy_of_ones_own_is_asked_too() -> None:
    cookies = Cookies(http.cookiejar.CookieJar(Picky()))
    receive(cookies, SITE, "yes=1; Path=/", "no=1; Path=/", "keep=1; Path=/")
    assert sorted(cookies) == ["keep", "yes"]
    assert sent(cookies, SITE) == "yes=1"


@pytest.mark.parametrize("url", ["http://localhost/", "http://[::1]:80/", "http://u:s3cret@127.0.0.1/"])
def test_a_policy_is_asked_about_hosts_in_its_own_words(url: str) -> None:
    cookies = Cookies(http.cookiejar.CookieJar(Picky()))
    receive(cookies, url, "yes=1; Path=/")
    cookies.set("everywhere", "2")
    assert sent(cookies, url) == "yes=1; everywhere=2"


def test_the_default_policy_with_other_settings_is_asked_too() -> None:
    policy = http.cookiejar.DefaultCookiePolicy(blocked_domains=["example.org", ".example.org"])
    cookies = Cookies(http.cookiejar.CookieJar(policy))
    receive(cookies, SITE, "a=b")
    assert not cookies
    cookies.set("a", "b", ".example.org")
    assert sent(cookies, SITE) is None
    assert sent(Cookies({"a": "b"}), SITE) == "a=b"


def test_several_threads_at_once() -> None:
    cookies = Cookies()
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(60):
                receive(cookies, f"https://h{number}.org/", f"c{turn}=x")
                sent(cookies, f"https://h{number}.org/")
                cookies.set(f"s{number}-{turn}", "x", "example.org")
                list(cookies)
                len(cookies)
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(cookies) == 6 * 60 * 2


# Names, suffixes and paths.


@pytest.fixture
def no_list(monkeypatch: pytest.MonkeyPatch) -> Any:
    _list.cache_clear()
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    yield
    _list.cache_clear()


SUFFIXES = ["com", "co.uk", "com.au", "org"]
NO_SUFFIXES = ["example.com", "example.co.uk", "a.b.example.org", "co.com"]


@pytest.mark.parametrize("domain", SUFFIXES)
def test_public_suffixes(domain: str) -> None:
    assert is_public_suffix(domain)


def test_suffixes_that_only_the_list_knows() -> None:
    assert is_public_suffix("github.io")
    assert not stored("https://me.github.io/", "a=b; Domain=github.io")


@pytest.mark.parametrize("domain", NO_SUFFIXES[:3])
def test_other_domains(domain: str) -> None:
    assert not is_public_suffix(domain)


@pytest.mark.usefixtures("no_list")
def test_without_the_list() -> None:
    assert [domain for domain in SUFFIXES + NO_SUFFIXES if is_public_suffix(domain)] == SUFFIXES
    assert not stored("https://a.co.uk/", "a=b; Domain=co.uk")
    assert stored("https://a.example.org/", "a=b; Domain=example.org")


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("::1", True), ("1.2.3", False), ("a.1", False)])
def test_addresses(host: str, expected: bool) -> None:
    assert is_address(host) is expected


LABELS = st.lists(st.sampled_from(["a", "b", "example", "org"]), min_size=1, max_size=4)


@given(LABELS, LABELS)
def test_domains_match_on_label_borders(host: list[str], domain: list[str]) -> None:
    assert domain_matches(".".join(host), ".".join(domain)) is (host[-len(domain) :] == domain)


PATHS = st.lists(st.sampled_from(["", "a", "b", "ab"]), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(PATHS, PATHS)
@settings(max_examples=300)
def test_paths_match_by_the_book(path: str, cookie_path: str) -> None:
    expected = path == cookie_path or (
        path.startswith(cookie_path) and (cookie_path[-1] == "/" or path[len(cookie_path)] == "/")
    )
    assert path_matches(path, cookie_path) is expected


@pytest.mark.parametrize(
    ("path", "expected"), [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("", "/"), ("*", "/")]
)
def test_default_paths(path: str, expected: str) -> None:
    assert default_path(path) == expected


def test_the_field_is_checked_like_any_other() -> None:
    with pytest.raises(LocalProtocolError):
        Request("GET", SITE, headers={"Cookie": "a=b\r\nX: y"})


def test_what_a_jar_holds_is_not_gone_through_for_each_field(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    shadows = shadows_secure

    def watched(cookie: Any, other: Any) -> bool:
        compared.append(other.name)
        return shadows(cookie, other)

    cookies, request = Cookies(), Request("GET", "https://a.example/")
    names = [b"s%d=1; Secure" % number for number in range(50)]
    cookies.extract_cookies(Response(200, headers=[(b"Set-Cookie", name) for name in names], request=request))
    monkeypatch.setattr(_jar, "shadows_secure", watched)
    fields = [(b"Set-Cookie", b"n%d=1" % number) for number in range(50)] + [(b"Set-Cookie", b"s7=2")]
    cookies.extract_cookies(Response(200, headers=fields, request=Request("GET", "http://a.example/")))
    assert compared == ["s7"]
    assert (len(cookies), cookies["s7"]) == (100, "1")


def test_what_a_program_has_set_stays_where_a_response_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_jar, "MAX_TOTAL", 3)
    cookies, request = Cookies({f"own{number}": "1" for number in range(5)}), Request("GET", "https://a.example/")
    for field in ("gone=1; Max-Age=0", "other=1; Domain=b.example"):
        cookies.extract_cookies(Response(200, headers={"Set-Cookie": field}, request=request))
    assert len(cookies) == 5
    cookies.extract_cookies(Response(200, headers={"Set-Cookie": "new=1"}, request=request))
    assert (len(cookies), cookies["new"]) == (3, "1")


def test_one_name_twice_from_an_open_connection() -> None:
    cookies, request = Cookies(), Request("GET", "http://a.example/")
    fields = [(b"Set-Cookie", b"a=1; Path=/x"), (b"Set-Cookie", b"a=2; Path=/y")]
    cookies.extract_cookies(Response(200, headers=fields, request=request))
    assert [cookies.get("a", path=path) for path in ("/x", "/y")] == ["1", "2"]
