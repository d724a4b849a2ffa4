"""What may be given as `proxy`, what is refused at once, without showing credentials, and what a proxy is told of us."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from httpx_transport import AsyncConnectionPool, ConnectionPool
from httpx_transport._connect import proxies_of
from httpx_transport._connect._proxy import Proxy
from httpx_transport._connect._proxy_login import Login

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.parametrize(
    ("given", "proxies"),
    [
        (None, ()),
        ("http://a.test", (Proxy(b"http", b"a.test", 80),)),
        (b"HTTP://A.test:3128/path?query#fragment", (Proxy(b"http", b"a.test", 3128),)),
        ("https://a.test", (Proxy(b"https", b"a.test", 443),)),
        ("socks4://[::1]", (Proxy(b"socks4", b"::1", 1080),)),
        ("socks4a://me@a.test", (Proxy(b"socks4a", b"a.test", 1080, (b"me", b"")),)),
        ("socks5://a.test:1", (Proxy(b"socks5", b"a.test", 1),)),
        ("socks5h://u%20%C3%A9:p%3a%40@a.test", (Proxy(b"socks5h", b"a.test", 1080, (b"u \xc3\xa9", b"p:@")),)),
        ("http://u:p:q@a.test", (Proxy(b"http", b"a.test", 80, (b"u", b"p:q")),)),
        ("http://a.test#@b.test", (Proxy(b"http", b"a.test", 80),)),
        ("http://a.test/@b.test?@c.test", (Proxy(b"http", b"a.test", 80),)),
        ("http://@a.test", (Proxy(b"http", b"a.test", 80),)),
        (
            {"url": "http://x:y@a.test", "auth": ("é", b"\xff"), "digest": True, "headers": {"A": "é"}, "tunnel": True},
            (Proxy(b"http", b"a.test", 80, ("é".encode(), b"\xff"), True, ((b"A", "é".encode()),), None, True),),
        ),
        (
            {"url": b"https://x@a.test", "auth": None, "headers": [(b"a", "b"), ("a", b"c")], "ssl_context": CONTEXT},
            (Proxy(b"https", b"a.test", 443, (b"x", b""), False, ((b"a", b"b"), (b"a", b"c")), CONTEXT),),
        ),
        (
            ["http://a.test", {"url": "socks5://b.test"}],
            (Proxy(b"http", b"a.test", 80), Proxy(b"socks5", b"b.test", 1080)),
        ),
        (("http://a.test",), (Proxy(b"http", b"a.test", 80),)),
    ],
)
def test_what_a_proxy_is(given: Any, proxies: tuple[Proxy, ...]) -> None:
    assert proxies_of(given) == proxies


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (7, TypeError, "proxy must be a URL, a dict, or a sequence of those, not <class 'int'>"),
        ([], ValueError, "a chain of proxies must not be empty"),
        ([None], TypeError, "a proxy is a URL or a dict, not <class 'NoneType'>"),
        ([["http://a.test"]], TypeError, "a proxy is a URL or a dict, not <class 'list'>"),
        ({}, TypeError, "a proxy's 'url' must be str or bytes, not <class 'NoneType'>"),
        ({"url": "http://a.test", "ssl": None}, ValueError, "a proxy has no option 'ssl': there are auth, digest"),
        ("", ValueError, "must be absolute, ASCII and percent-encoded"),
        ("a.test:80", ValueError, "must be absolute"),
        ("http://", ValueError, "must be absolute"),
        ("http://u:hunter2@", ValueError, "must be absolute"),
        ("http://u:hunter2@ä.test", ValueError, "must be absolute"),
        ("http://u:hunter2@a b", ValueError, "must be absolute"),
        ("http://u:hunter2@a.test:80\r\n", ValueError, "must be absolute"),
        ("http://u:hunter2@evil@a.test", ValueError, "must be absolute"),
        ("http://u:hunter2@a.test\\@b.test", ValueError, "must be absolute"),
        ("ftp://u:hunter2@a.test", ValueError, "unknown scheme of a proxy: 'ftp' .known: http, https, socks4"),
        ("http://u:hunter2@a.test:65536", ValueError, "a number from 1 to 65535, not 65536"),
        ("http://u:hunter2@a.test:0", ValueError, "a number from 1 to 65535, not 0"),
        ("http://u:hunter2%00@a.test", ValueError, "a proxy's password must not hold NUL, CR or LF"),
        ("socks5://u%0d:hunter2@a.test", ValueError, "a proxy's user must not hold NUL, CR or LF"),
        ("socks4://u:hunter2@a.test", ValueError, "SOCKS 4 knows a user, but no password"),
        ("socks5://u:hunter2" + "x" * 249 + "@a.test", ValueError, "a proxy's password may have 255 bytes .* not 256"),
        ({"url": "http://a.test", "auth": "u:hunter2"}, TypeError, "'auth' must be a pair"),
        ({"url": "http://a.test", "auth": ("hunter2",)}, TypeError, "'auth' must be a pair"),
        ({"url": "http://a.test", "auth": ("u", 5)}, TypeError, "a proxy's password must be str or bytes"),
        (
            {"url": "http://a.test", "headers": "hunter2"},
            TypeError,
            "'headers' must be a mapping, or pairs, not <class 'str'>",
        ),
        ({"url": "http://a.test", "headers": 5}, TypeError, "'headers' must be a mapping, or pairs, not <class 'int'>"),
        ({"url": "http://a.test", "headers": ["A:hunter2"]}, TypeError, "must be a pair: name, value"),
        ({"url": "http://a.test", "headers": [("A", 5)]}, TypeError, "the header 'A' of a proxy must be str or bytes"),
        ({"url": "http://a.test", "headers": [(5, "A")]}, TypeError, "a header's name must be str or bytes"),
        ({"url": "http://a.test", "headers": {"A": "hunter2\r\nB: c"}}, ValueError, "header value of 'A'"),
        ({"url": "http://a.test", "headers": {"A": "hunter2\0"}}, ValueError, "header value of 'A'"),
        ({"url": "http://a.test", "headers": {"A:": "hunter2"}}, ValueError, "header name"),
        (
            {"url": "http://a.test", "headers": {"Content-Length": "5"}},
            ValueError,
            "'Content-Length' .* not the caller's",
        ),
        ({"url": "http://a.test", "headers": [(b"HOST", b"b")]}, ValueError, "b'HOST' .* not the caller's"),
        (
            {"url": "https://a.test", "ssl_context": True},
            TypeError,
            "must be a TLS context, or make one, not <class 'bool'>",
        ),
        ({"url": "http://a.test", "ssl_context": CONTEXT}, ValueError, "an 'ssl_context' is for https proxies only"),
        ({"url": "socks5://a.test", "headers": {"A": "b"}}, ValueError, "a SOCKS proxy takes no 'headers'"),
        ({"url": "socks5://a.test", "digest": True}, ValueError, "a SOCKS proxy takes no 'digest'"),
    ],
)
def test_what_no_proxy_is(given: Any, error: type[Exception], message: str) -> None:
    for pool in (ConnectionPool, AsyncConnectionPool):
        with pytest.raises(error, match=message) as caught:
            pool(proxy=given)
        assert "hunter2" not in str(caught.value)


def test_a_proxy_shows_its_address_only() -> None:
    (proxy,) = proxies_of({"url": "socks5h://u:hunter2@[::1]:1"})
    assert repr(proxy) == "<socks5h proxy [::1]:1>"
    assert f"{proxy}" == "<socks5h proxy [::1]:1>"


def test_a_header_that_says_who_we_are_is_all_that_is_said() -> None:
    login = Login(Proxy(b"http", b"a.test", 80, (b"u", b"p"), headers=((b"Proxy-authorization", b"Bearer x"),)))
    assert not login.learn([(b"Proxy-Authenticate", b"Digest nonce=n")])
    assert login.fields(b"GET", b"/") == [(b"Proxy-authorization", b"Bearer x")]


def test_without_credentials_nothing_is_said() -> None:
    login = Login(Proxy(b"http", b"a.test", 80))
    assert not login.learn([(b"Proxy-Authenticate", b"Digest nonce=n")])
    assert login.fields(b"GET", b"/") == []
