"""What 0.28's private modules exported, and libraries read."""

from __future__ import annotations

import pytest

from httpx_urls import URL, InvalidURL, QueryParams, compat
from httpx_urls.compat import ParseResult, is_ipv4_hostname, is_ipv6_hostname, primitive_value_to_str, urlparse

FULL = ParseResult("http", "u:p", "::1", 8, "/a", "b", "c")


def test_the_names_are_those_of_the_package() -> None:
    assert compat.URL is URL
    assert compat.QueryParams is QueryParams
    assert {name for name in compat.__all__ if not hasattr(compat, name)} == set()


def test_the_components_of_a_url() -> None:
    url = URL("http://u:p@[::1]:8/a?b#c")
    assert url._uri_reference == urlparse(str(url)) == FULL
    assert url._uri_reference.path == "/a"
    assert str(FULL) == str(url)
    assert (FULL.authority, FULL.netloc) == ("u:p@[::1]:8", "[::1]:8")
    assert urlparse("http://x").authority == "x"
    assert urlparse() == ParseResult("", "", "", None, "", None, None)


def test_components_replace() -> None:
    assert FULL.copy_with() is FULL
    assert FULL.copy_with(path="/x") == FULL._replace(path="/x")
    assert FULL.copy_with(authority="y:9") == FULL._replace(userinfo="", host="y", port=9)
    assert FULL.copy_with(authority=None, scheme=None) == ParseResult("", "", "", None, "/a", "b", "c")
    assert FULL.copy_with(netloc="y") == FULL._replace(host="y", port=None)
    assert urlparse("http://x", port="9", query="é b") == ParseResult("http", "", "x", 9, "", "%C3%A9%20b", None)
    assert urlparse("//x", scheme="http", raw_path="/a?b", username="u", password="p") == ParseResult(
        "http", "u:p", "x", None, "/a", "b", None
    )


def test_ports_may_be_text() -> None:
    assert urlparse("http://x:8", port="").port is None
    assert urlparse("http://x:8", port=None).port is None
    assert urlparse("http://x:8", port="443").netloc == "x:443"


def test_errors() -> None:
    with pytest.raises(InvalidURL, match="Invalid port: 'x'"):
        urlparse("http://a:x")
    with pytest.raises(TypeError, match=r"'foo' is an invalid keyword argument for urlparse\(\)"):
        urlparse("http://a", foo="b")
    with pytest.raises(TypeError, match=r"Invalid type for url\.  Expected str, got <class 'bytes'>"):
        urlparse(b"http://a")  # type: ignore[arg-type]


def test_the_small_ones() -> None:
    assert [is_ipv4_hostname(name) for name in ("1.2.3.4", "10.0.0.0/8", "::1", "x", "1.2.3")] == [
        True,
        True,
        *[False] * 3,
    ]
    assert [is_ipv6_hostname(name) for name in ("::1", "fe80::/10", "[::1]", "1.2.3.4")] == [True, True, False, False]
    assert [primitive_value_to_str(value) for value in (True, False, None, 1, 1.5, "a")] == [
        "true", "false", "", "1", "1.5", "a",
    ]  # fmt: skip
