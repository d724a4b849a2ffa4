"""Timeouts, limits and proxies as values."""

from __future__ import annotations

import pickle
import ssl
from typing import Any

import pytest

from httpx_client import Limits, Proxy, Timeout
from httpx_client._config import DEFAULT_LIMITS, DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG, UNSET
from httpx_urls import URL, InvalidURL

PHASES = ("connect", "read", "write", "pool")


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (Timeout(5), (5, 5, 5, 5)),
        (Timeout(None), (None, None, None, None)),
        (Timeout(5, read=None, pool=1), (5, None, 5, 1)),
        (Timeout((1, 2, 3, 4)), (1, 2, 3, 4)),
        (Timeout((1, 2, 3)), (1, 2, 3, None)),  # type: ignore[arg-type]
        (Timeout((1, 2)), (1, 2, None, None)),  # type: ignore[arg-type]
        (Timeout(Timeout(1, read=2)), (1, 2, 1, 1)),
        (Timeout(connect=1, read=2, write=3, pool=None), (1, 2, 3, None)),
        (Timeout(0, read=0.5), (0, 0.5, 0, 0)),
    ],
)
def test_the_four_limits(timeout: Timeout, expected: Any) -> None:
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool, timeout.total) == (*expected, None)
    assert timeout.as_dict() == dict(zip(PHASES, expected, strict=True))
    assert timeout == Timeout(expected)
    assert timeout != Timeout(expected, total=9)
    assert timeout != expected
    assert pickle.loads(pickle.dumps(timeout)) == timeout


@pytest.mark.parametrize(
    ("timeout", "four", "total"),
    [
        (Timeout(5, total=60), (5, 5, 5, 5), 60),
        (Timeout(None, total=60), (None, None, None, None), 60),
        (Timeout((1, 2, 3, 4), total=60), (1, 2, 3, 4), 60),
        (Timeout(connect=1, read=2, write=3, pool=4, total=60), (1, 2, 3, 4), 60),
        (Timeout(Timeout(5, total=60)), (5, 5, 5, 5), 60),
        (Timeout(Timeout(5, total=60), total=1), (5, 5, 5, 5), 1),
    ],
)
def test_a_limit_for_everything_together(timeout: Timeout, four: Any, total: float) -> None:
    assert timeout.as_dict() == {**dict(zip(PHASES, four, strict=True)), "total": total}
    assert timeout.total == total
    assert pickle.loads(pickle.dumps(timeout)) == timeout


def test_a_total_that_is_taken_away() -> None:
    assert Timeout(Timeout(5, total=60), total=None).as_dict() == Timeout(5).as_dict()


def test_how_a_timeout_looks() -> None:
    assert repr(Timeout(5.0)) == "Timeout(timeout=5.0)"
    assert repr(Timeout(5.0, read=None)) == "Timeout(connect=5.0, read=None, write=5.0, pool=5.0)"
    assert repr(Timeout(5.0, total=60)) == "Timeout(timeout=5.0, total=60)"
    assert repr(Timeout(5, read=1, total=60)) == "Timeout(connect=5, read=1, write=5, pool=5, total=60)"


def test_a_timeout_can_be_changed_and_so_has_no_hash() -> None:
    timeout = Timeout(5)
    timeout.read = 1
    assert timeout.as_dict()["read"] == 1
    with pytest.raises(TypeError, match="unhashable type: 'Timeout'"):
        hash(timeout)


EITHER = r"^httpx\.Timeout must either include a default, or set all four parameters explicitly\.$"


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, EITHER),
        ((), {"read": 1}, EITHER),
        ((), {"total": 60}, EITHER),
        ((UNSET,), {"connect": 1, "read": 1, "write": 1}, EITHER),
        (((1, 2, 3, 4),), {"read": 1}, "not both: 'read'$"),
        ((Timeout(1),), {"pool": 1}, "not both: 'pool'$"),
        (((1,),), {}, r"^A timeout tuple is \(connect, read, write, pool\), not \(1,\)$"),
        (((1, 2, 3, 4, 5),), {}, "^A timeout tuple is"),
        ((-1,), {}, "^'timeout' must be a number of seconds, zero or more, not -1$"),
        ((5,), {"write": -0.1}, "^'write' must be a number of seconds"),
        (((1, 2, 3, float("nan")),), {}, "^'pool' must be a number of seconds, zero or more, not nan$"),
        ((5,), {"total": -1}, "^'total' must be a number of seconds"),
    ],
)
def test_what_is_no_timeout(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Timeout(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "name"),
    [
        (("5",), {}, "timeout"),
        (([1, 2, 3, 4],), {}, "timeout"),
        (((1, 2, 3, "4"),), {}, "pool"),
        ((5,), {"read": "5"}, "read"),
        ((5,), {"total": "5"}, "total"),
    ],
)
def test_a_timeout_of_another_type(arguments: Any, options: Any, name: str) -> None:
    expected = rf"^Invalid type for {name!r}\. Expected a number of seconds or None, got <class '(str|list)'>: "
    with pytest.raises(TypeError, match=expected):
        Timeout(*arguments, **options)


def test_limits() -> None:
    assert repr(Limits()) == "Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=5.0)"
    assert repr(Limits(max_connections_per_origin=2)).endswith(", keepalive_expiry=5.0, max_connections_per_origin=2)")
    limits = Limits(max_connections=10, max_keepalive_connections=0, keepalive_expiry=None)
    assert (limits.max_connections, limits.max_keepalive_connections, limits.keepalive_expiry) == (10, 0, None)
    assert limits.max_connections_per_origin is None
    assert Limits() == Limits(keepalive_expiry=5)
    assert Limits() != Limits(max_connections_per_origin=1)
    assert Limits() != 5
    assert pickle.loads(pickle.dumps(limits)) == limits
    with pytest.raises(TypeError, match="unhashable type: 'Limits'"):
        hash(limits)
    with pytest.raises(TypeError, match="positional"):
        Limits(5)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["max_connections", "max_keepalive_connections", "max_connections_per_origin"])
def test_what_is_no_limit(name: str) -> None:
    with pytest.raises(TypeError, match=f"^Invalid type for '{name}'. Expected int or None, got <class 'str'>: '5'$"):
        Limits(**{name: "5"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"^'{name}' must be zero or more, or None for no limit, not -1$"):
        Limits(**{name: -1})


def test_what_is_no_expiry() -> None:
    with pytest.raises(TypeError, match="'keepalive_expiry'"):
        Limits(keepalive_expiry="5")  # type: ignore[arg-type]


def test_the_defaults() -> None:
    assert Timeout(5.0) == DEFAULT_TIMEOUT_CONFIG
    assert repr(DEFAULT_LIMITS) == "Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)"
    assert DEFAULT_MAX_REDIRECTS == 20


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks4a", "socks5", "socks5h"])
def test_a_proxy(scheme: str) -> None:
    proxy = Proxy(f"{scheme}://example.org:8080")
    assert (str(proxy.url), proxy.auth, proxy.raw_auth) == (f"{scheme}://example.org:8080", None, None)
    assert (dict(proxy.headers), proxy.ssl_context) == ({}, None)
    assert repr(proxy) == f"Proxy('{scheme}://example.org:8080')"


@pytest.mark.parametrize(
    ("proxy", "auth", "raw_auth", "shown"),
    [
        (Proxy("http://u:p@x"), ("u", "p"), (b"u", b"p"), "Proxy('http://x', auth=('u', '********'))"),
        (Proxy("http://u@x"), ("u", ""), (b"u", b""), "Proxy('http://x', auth=('u', '********'))"),
        (Proxy("http://:p@x"), ("", "p"), (b"", b"p"), "Proxy('http://x', auth=('', '********'))"),
        (Proxy("http://u%40:p%3A@x"), ("u@", "p:"), (b"u@", b"p:"), "Proxy('http://x', auth=('u@', '********'))"),
        (
            Proxy("http://x", auth=("u", "é")),
            ("u", "é"),
            (b"u", b"\xc3\xa9"),
            "Proxy('http://x', auth=('u', '********'))",
        ),
        (Proxy("http://u:p@x", auth=("a", "b")), ("u", "p"), (b"u", b"p"), "Proxy('http://x', auth=('u', '********'))"),
    ],
)
def test_a_proxys_user_and_password(proxy: Proxy, auth: Any, raw_auth: Any, shown: str) -> None:
    assert (str(proxy.url), proxy.auth, proxy.raw_auth, repr(proxy)) == ("http://x", auth, raw_auth, shown)


def test_what_only_the_proxy_is_told() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy = Proxy(URL("https://x"), ssl_context=context, headers={"X-A": "1", "Proxy-Authorization": "secret"})
    assert proxy.ssl_context is context
    assert proxy.headers["proxy-authorization"] == "secret"
    assert repr(proxy) == "Proxy('https://x', headers={'x-a': '1', 'proxy-authorization': '[secure]'})"


@pytest.mark.parametrize("url", ["ftp://u:secret@x", "x:80", "x", ""])
def test_a_url_that_is_no_proxys(url: str) -> None:
    with pytest.raises(ValueError, match=r"^Unknown scheme for proxy URL URL\('") as caught:
        Proxy(url)
    assert "secret" not in str(caught.value)


def test_arguments_of_a_proxy_that_are_none() -> None:
    with pytest.raises(InvalidURL):
        Proxy("http://")
    with pytest.raises(TypeError, match=r"^Invalid type for url\."):
        Proxy(3)  # type: ignore[arg-type]
    with pytest.raises(
        TypeError, match=r"^Invalid type for 'ssl_context'\. Expected ssl\.SSLContext or None, got <class"
    ):
        Proxy("https://x", ssl_context=True)  # type: ignore[arg-type]
    for auth in ("user:secret", ("user",), (b"user", b"secret")):
        with pytest.raises(
            TypeError, match=r"^Invalid type for 'auth'\. Expected a tuple \(user, password\)"
        ) as caught:
            Proxy("http://x", auth=auth)  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("user:password@host:3128", "URL('[secure]@host:3128')"),
        ("user:pass/w@rd@host:3128", "URL('[secure]@host:3128')"),
        ("user://password@host", "URL('user://[secure]@host')"),
        ("socks9://user:password@host", "URL('socks9://user:[secure]@host')"),
        ("http//user:password@host", "URL('[secure]@host')"),
        ("ftp://host", "URL('ftp://host')"),
    ],
)
def test_a_proxy_of_an_unknown_scheme_shows_no_password(url: str, shown: str) -> None:
    with pytest.raises(ValueError, match="^Unknown scheme for proxy URL ") as caught:
        Proxy(url)
    assert str(caught.value) == f"Unknown scheme for proxy URL {shown}"
