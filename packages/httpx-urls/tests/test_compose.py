"""URLs made of components: `URL(..., host=...)` and `copy_with`."""

from __future__ import annotations

from typing import Any

import pytest

from httpx_urls import URL, InvalidURL, QueryParams

FULL = "http://a:b@x:9/p?q#f"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "http://a:b@x:9/p?q#f"),
        ({"scheme": "HTTPS"}, "https://a:b@x:9/p?q#f"),
        ({"scheme": None}, "//a:b@x:9/p?q#f"),
        ({"username": "c"}, "http://c@x:9/p?q#f"),
        ({"password": "c"}, "http://:c@x:9/p?q#f"),
        ({"username": "c", "password": "1 2"}, "http://c:1%202@x:9/p?q#f"),
        ({"username": "a:b@c/d", "password": ":@%41%"}, "http://a%3Ab%40c%2Fd:%3A%40%41%@x:9/p?q#f"),
        ({"username": None}, "http://x:9/p?q#f"),
        ({"userinfo": b"c:d"}, "http://c:d@x:9/p?q#f"),
        ({"userinfo": b"c:d", "username": "e"}, "http://e@x:9/p?q#f"),
        ({"userinfo": None}, "http://x:9/p?q#f"),
        ({"host": "y"}, "http://a:b@y:9/p?q#f"),
        ({"host": "::0:1"}, "http://a:b@[::1]:9/p?q#f"),
        ({"host": "[::1]"}, "http://a:b@[::1]:9/p?q#f"),
        ({"port": 8}, "http://a:b@x:8/p?q#f"),
        ({"port": 80}, "http://a:b@x/p?q#f"),
        ({"port": None}, "http://a:b@x/p?q#f"),
        ({"netloc": b"y:8"}, "http://a:b@y:8/p?q#f"),
        ({"netloc": b"y"}, "http://a:b@y/p?q#f"),
        ({"netloc": b"y:"}, "http://a:b@y/p?q#f"),
        ({"netloc": b"[::1]:8"}, "http://a:b@[::1]:8/p?q#f"),
        ({"netloc": b"y:8", "host": "z", "port": 7}, "http://a:b@y:8/p?q#f"),
        ({"path": "/d e%20/é"}, "http://a:b@x:9/d%20e%20/%C3%A9?q#f"),
        ({"path": "/d/../e"}, "http://a:b@x:9/e?q#f"),
        ({"path": None}, "http://a:b@x:9?q#f"),
        ({"path": "//d"}, "http://a:b@x:9//d?q#f"),
        ({"raw_path": b"/d?e?f"}, "http://a:b@x:9/d?e?f#f"),
        ({"raw_path": b"/d"}, "http://a:b@x:9/d#f"),
        ({"raw_path": b"/d?"}, "http://a:b@x:9/d?#f"),
        ({"raw_path": b"?e"}, "http://a:b@x:9?e#f"),
        ({"raw_path": None}, "http://a:b@x:9#f"),
        ({"raw_path": b"/d", "path": "/e", "query": b"g"}, "http://a:b@x:9/d#f"),
        ({"query": b"a b"}, "http://a:b@x:9/p?a%20b#f"),
        ({"query": b""}, "http://a:b@x:9/p?#f"),
        ({"query": None}, "http://a:b@x:9/p#f"),
        ({"params": {"a": ["1", 2], "b": None}}, "http://a:b@x:9/p?a=1&a=2&b=#f"),
        ({"params": [("a", True)], "query": b"c"}, "http://a:b@x:9/p?a=true#f"),
        ({"params": {}}, "http://a:b@x:9/p#f"),
        ({"params": None}, "http://a:b@x:9/p#f"),
        ({"params": QueryParams.omit_none(a=None)}, "http://a:b@x:9/p#f"),
        ({"fragment": "g h#i"}, "http://a:b@x:9/p?q#g%20h#i"),
        ({"fragment": ""}, "http://a:b@x:9/p?q#"),
        ({"fragment": None}, "http://a:b@x:9/p?q"),
    ],
)
def test_components_replace(changes: dict[str, Any], shown: str) -> None:
    assert str(URL(FULL, **changes)) == str(URL(FULL).copy_with(**changes)) == str(URL(URL(FULL), **changes)) == shown


@pytest.mark.parametrize(
    ("components", "shown"),
    [
        ({"scheme": "http", "host": "x", "port": 80, "path": "/a", "query": b"b", "fragment": "c"}, "http://x/a?b#c"),
        ({"host": "x", "port": 80}, "//x:80"),
        ({"port": 80}, "//:80"),
        ({"username": "a"}, "//a@"),
        ({"path": "/a"}, "/a"),
        ({"path": "a:b"}, "./a:b"),
        ({"scheme": "custom", "path": "b"}, "custom:b"),
        ({"scheme": "custom", "path": "//b"}, "custom:/.//b"),
    ],
)
def test_urls_of_components_alone(components: dict[str, Any], shown: str) -> None:
    url = URL(**components)
    assert str(url) == shown
    assert URL(shown)._uri_reference == url._uri_reference


def test_components_take_the_place_of_the_text_before_it_is_judged() -> None:
    assert str(URL("http://", host="x")) == "http://x"
    assert str(URL("https://x:443", scheme="http")) == "http://x:443"
    assert str(URL("/a/../b", scheme="http", host="x")) == "http://x/b"
    assert str(URL("/a?'").copy_with(scheme="http", host="x")) == "http://x/a?%27"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scheme": "a b"}, "Invalid URL component 'scheme'"),
        ({"scheme": "https:"}, "Invalid URL component 'scheme'"),
        ({"userinfo": b"a@b"}, "Invalid URL component 'userinfo'"),
        ({"userinfo": b"\xff"}, "Invalid URL component 'userinfo': byte 0xff at position 0 is not ASCII"),
        ({"host": "y:80"}, "Invalid IPv6 address: '[y:80]'"),
        ({"host": "[]:80]"}, "Invalid IPv6 address: "),
        ({"host": "y/z"}, "Invalid host: 'y/z', '/' stands in no name"),
        ({"host": "y@z"}, "Invalid host: 'y@z', '@' stands in no name"),
        ({"host": "y\\z"}, "Invalid host: 'y\\\\z', '\\\\' stands in none: some programs read it as '/'"),
        ({"host": "[y"}, "Invalid host: '[y', '[' stands in no name"),
        ({"host": ""}, "Invalid host: '', a URL of the scheme 'http' needs one"),
        ({"host": None}, "Invalid host: '', a URL of the scheme 'http' needs one"),
        ({"host": "\n"}, "Invalid non-printable ASCII character in URL host component, '\\n' at position 0."),
        ({"netloc": b""}, "Invalid host: '', a URL of the scheme 'http' needs one"),
        ({"netloc": b"y:x"}, "Invalid port: 'x', "),
        ({"netloc": b"u:pass@y:8"}, "Invalid port: '[secure]', "),
        ({"port": -1}, "Invalid port: '-1', it is a number from 0 to 65535"),
        ({"port": 65_536}, "Invalid port: '65536', it is a number from 0 to 65535"),
        ({"port": True}, "Invalid port: 'True', "),
        ({"port": 10**5000}, "Invalid port: '0x"),
        ({"params": {"a": 10**5000}}, "Invalid params: int without a text, "),
        ({"path": "d"}, "For absolute URLs, path must be empty or begin with '/'"),
        ({"path": "/d?e"}, "Invalid URL component 'path'"),
        ({"path": "/\n"}, "Invalid non-printable ASCII character in URL path component, '\\n' at position 1."),
        (
            {"path": "/\udfff"},
            "Invalid character in URL path component: '\\udfff' at position 1 is half a surrogate pair",
        ),
        ({"path": "/" + "a" * 65_536}, "URL component 'path' too long: 65537 characters, at most 65536 are read"),
        ({"username": "\ud800"}, "Invalid character in URL: '\\ud800' at position 0 is half a surrogate pair"),
        ({"username": "a" * 65_537}, "URL component 'userinfo' too long: 65537 characters"),
        ({"raw_path": b"*"}, "For absolute URLs, path must be empty or begin with '/'"),
        ({"raw_path": b"/d#e"}, "Invalid URL component 'path'"),
        ({"raw_path": b"/d?e#f"}, "Invalid URL component 'query'"),
        ({"raw_path": b"/\xff"}, "Invalid URL component 'raw_path': byte 0xff at position 1 is not ASCII"),
        ({"query": b"a#b"}, "Invalid URL component 'query'"),
        ({"params": {"a": "\ud800"}}, "Invalid character in URL: '\\ud800' at position 0 is half a surrogate pair"),
        (
            {"scheme": None, "netloc": None, "userinfo": None, "path": "//a"},
            "Relative URLs cannot have a path starting",
        ),
        ({"scheme": None, "netloc": None, "userinfo": None, "path": ":a"}, "Relative URLs cannot have a path starting"),
    ],
)
def test_components_that_cannot_stand_there(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(FULL).copy_with(**changes)
    assert str(caught.value).startswith(message)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"foo": 1}, "'foo' is an invalid keyword argument for URL()"),
        ({"authority": "y"}, "'authority' is an invalid keyword argument for URL()"),
        ({"allow_relative": True}, "'allow_relative' is an invalid keyword argument for URL()"),
        ({"scheme": b"http"}, "Argument 'scheme' must be str but got bytes"),
        ({"userinfo": "a"}, "Argument 'userinfo' must be bytes but got str"),
        ({"port": "8"}, "Argument 'port' must be int but got str"),
        ({"port": 8.0}, "Argument 'port' must be int but got float"),
        ({"query": "a"}, "Argument 'query' must be bytes but got str"),
        ({"raw_path": "/a"}, "Argument 'raw_path' must be bytes but got str"),
        ({"params": 3}, "Invalid type for params. Expected a mapping, pairs, str or bytes, got <class 'int'>"),
    ],
)
def test_components_of_the_wrong_name_or_type(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        URL(FULL, **changes)
    assert str(caught.value) == message


def test_copies_with_other_parameters() -> None:
    url = URL("http://x/?a=1&b=2&a=3")
    assert str(url.copy_set_param("a", 4)) == "http://x/?a=4&b=2"
    assert str(url.copy_set_param("c")) == "http://x/?a=1&b=2&a=3&c="
    assert str(url.copy_add_param("b", True)) == "http://x/?a=1&b=2&a=3&b=true"
    assert str(url.copy_add_param("c")) == "http://x/?a=1&b=2&a=3&c="
    assert str(url.copy_remove_param("a")) == "http://x/?b=2"
    assert str(url.copy_remove_param("a").copy_remove_param("b")) == "http://x/"
    assert str(url.copy_merge_params({"b": "é ", "c": None})) == "http://x/?a=1&b=%C3%A9+&a=3&c="
