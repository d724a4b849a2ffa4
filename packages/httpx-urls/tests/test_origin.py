"""Origins: who is spoken to."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from httpx_urls import URL, InvalidURL, Origin


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("HTTPS://u:p@Example.org/a?b#c", ("https", "example.org", 443), "https://example.org"),
        ("http://example.org:443", ("http", "example.org", 443), "http://example.org:443"),
        ("ws://example.org:0", ("ws", "example.org", 0), "ws://example.org:0"),
        ("http://[::0:1]/", ("http", "::1", 80), "http://[::1]"),
        ("http://0x7f.1:8/", ("http", "127.0.0.1", 8), "http://127.0.0.1:8"),
        ("http://münchen.example", ("http", "xn--mnchen-3ya.example", 80), "http://xn--mnchen-3ya.example"),
        ("custom://a%2Eb/", ("custom", "a%2eb", None), "custom://a%2eb"),
        ("custom://a:1/", ("custom", "a", 1), "custom://a:1"),
    ],
)
def test_the_origin_of_a_url(text: str, key: tuple[str, str, int | None], shown: str) -> None:
    origin = URL(text).origin
    assert (origin.scheme, origin.host, origin.port) == key
    assert origin == Origin(*key)
    assert str(origin) == shown
    assert repr(origin) == f"Origin{key!r}"
    assert URL(str(origin)).origin == origin
    assert hash(origin) == hash(Origin(*key))


def test_it_is_a_value() -> None:
    origin = Origin("HTTPS", "Example.ORG")
    assert origin == Origin("https", "example.org", 443)
    assert origin != Origin("https", "example.org", 444)
    assert origin != Origin("http", "example.org", 443)
    assert origin != ("https", "example.org", 443)
    assert pickle.loads(pickle.dumps(origin)) == copy.copy(origin) == copy.deepcopy(origin) == origin
    assert Origin("http", "::0:1") == Origin("http", "[::1]")
    with pytest.raises(AttributeError, match="Origin is immutable: 'host' cannot be set"):
        origin.host = "y"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Origin is immutable: '_key' cannot be deleted"):
        del origin._key


@pytest.mark.parametrize("text", ["", "/a", "//example.org", "mailto:a", "file:///a"])
def test_what_has_no_host_or_no_scheme_has_no_origin(text: str) -> None:
    with pytest.raises(InvalidURL, match="only an absolute URL, with a scheme and a host, has an origin"):
        _ = URL(text).origin


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("", "x"), InvalidURL, "Invalid scheme: ''"),
        (("1a", "x"), InvalidURL, "Invalid scheme: '1a'"),
        (("a b", "x"), InvalidURL, "Invalid scheme: 'a b'"),
        (("é", "x"), InvalidURL, "Invalid scheme: 'é'"),
        (("http", ""), InvalidURL, "Invalid host: '', 'http' without a host is no origin"),
        (("http", "a/b"), InvalidURL, "Invalid host: 'a/b', '/' stands in no name"),
        (("http", "a\\b"), InvalidURL, "Invalid host: 'a\\\\b', "),
        (("http", "x", -1), InvalidURL, "Invalid port: '-1', it is a number from 0 to 65535"),
        (("http", "x", 65_536), InvalidURL, "Invalid port: '65536', it is a number from 0 to 65535"),
        ((b"http", "x"), TypeError, "Argument 'scheme' must be str but got bytes"),
        (("http", b"x"), TypeError, "Argument 'host' must be str but got bytes"),
        (("http", "x", "80"), TypeError, "Argument 'port' must be int but got str"),
        (("http", "x", True), TypeError, "Argument 'port' must be int but got bool"),
    ],
)
def test_no_origin(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Origin(*arguments)
    assert str(caught.value).startswith(message)


def test_schemes_with_signs() -> None:
    assert Origin("git+ssh.2-x", "x").scheme == "git+ssh.2-x"
