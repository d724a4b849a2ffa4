"""What a URL shows of its text, and which texts are none."""

from __future__ import annotations

import pytest

from httpx_urls import URL, InvalidURL, RawURL


def test_all_that_can_be_asked() -> None:
    url = URL("HTTPS://us er:p:%77@Www.MÜNCHEN.example:8443/a b/%2F?q=1&é#frag ment")
    assert (url.scheme, url.raw_scheme) == ("https", b"https")
    assert (url.userinfo, url.username, url.password) == (b"us%20er:p%3A%77", "us er", "p:w")
    assert (url.host, url.raw_host) == ("www.münchen.example", b"www.xn--mnchen-3ya.example")
    assert (url.port, url.netloc) == (8443, b"www.xn--mnchen-3ya.example:8443")
    assert (url.path, url.raw_path) == ("/a b//", b"/a%20b/%2F?q=1&%C3%A9")
    assert (url.query, url.fragment) == (b"q=1&%C3%A9", "frag ment")
    assert url.params.multi_items() == [("q", "1"), ("é", "")]
    assert url.raw == (b"https", b"www.xn--mnchen-3ya.example", 8443, b"/a%20b/%2F?q=1&%C3%A9")
    assert isinstance(url.raw, RawURL)
    assert url.is_absolute_url
    assert not url.is_relative_url
    assert str(url) == "https://us%20er:p%3A%77@www.xn--mnchen-3ya.example:8443/a%20b/%2F?q=1&%C3%A9#frag%20ment"


def test_nothing_that_can_be_asked() -> None:
    url = URL()
    assert (url.scheme, url.userinfo, url.username, url.password, url.host) == ("", b"", "", "", "")
    assert (url.port, url.netloc, url.path, url.raw_path, url.query, url.fragment) == (None, b"", "/", b"/", b"", "")
    assert url.raw == (b"", b"", None, b"/")
    assert url.is_relative_url
    assert str(url) == str(URL("")) == ""


@pytest.mark.parametrize(
    ("text", "shown", "target"),
    [
        ("http://example.org", "http://example.org", b"/"),
        ("http://example.org?", "http://example.org?", b"/?"),
        ("http://example.org?a=b", "http://example.org?a=b", b"/?a=b"),
        ("http://example.org#f", "http://example.org#f", b"/"),
        ("http://example.org#", "http://example.org#", b"/"),
        ("http://example.org/a#f?g#h", "http://example.org/a#f?g#h", b"/a"),
        ("http://example.org:80/", "http://example.org/", b"/"),
        ("https://example.org:00443/", "https://example.org/", b"/"),
        ("https://example.org:/", "https://example.org/", b"/"),
        ("https://example.org:0/", "https://example.org:0/", b"/"),
        ("HtTp://example.org:80", "http://example.org", b"/"),
        ("ws://example.org:80/", "ws://example.org/", b"/"),
        ("wss://example.org:443/", "wss://example.org/", b"/"),
        ("ftp://example.org:21/", "ftp://example.org/", b"/"),
        ("custom://example.org:80/", "custom://example.org:80/", b"/"),
        ("http://@example.org/", "http://example.org/", b"/"),
        ("http://:@example.org/", "http://:@example.org/", b"/"),
        ("http://u:@example.org/", "http://u:@example.org/", b"/"),
        ("http://a@b@example.org/", "http://a%40b@example.org/", b"/"),
        ("http://example.org/a//b", "http://example.org/a//b", b"/a//b"),
        ("http://example.org/a\\b", "http://example.org/a\\b", b"/a\\b"),
        ("http://example.org/?'", "http://example.org/?%27", b"/?%27"),
        ("//example.org/a", "//example.org/a", b"/a"),
        ("://example.org/a", "//example.org/a", b"/a"),
        ("/a/../b", "/a/../b", b"/a/../b"),
        ("a?b", "a?b", b"a?b"),
        ("?b", "?b", b"/?b"),
        ("1:b", "1:b", b"1:b"),
        ("///a", "/a", b"/a"),
        ("//u@/a", "//u@/a", b"/a"),
        ("//:80", "//:80", b"/"),
        (" a ", "%20a%20", b"%20a%20"),
        ("mailto:a@example.org", "mailto:a@example.org", b"a@example.org"),
        ("file:///a/b", "file:/a/b", b"/a/b"),
        ("custom:////a", "custom:/.//a", b"//a"),
        ("custom:/.//a", "custom:/.//a", b"//a"),
        ("custom:a/../b", "custom:b", b"b"),
    ],
)
def test_normal_form(text: str, shown: str, target: bytes) -> None:
    url = URL(text)
    assert str(url) == shown
    assert url.raw_path == url.raw.raw_path == target
    assert str(URL(shown)) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a//../b", "/a/b"),
        ("/a/%2e/b", "/a/b"),
        ("/a/%2E%2e/b", "/b"),
        ("/a/.%2e", "/"),
        ("/a/%2e.", "/"),
        ("/...", "/..."),
        ("/.a/b.", "/.a/b."),
        ("/%2ea", "/%2ea"),
    ],
)
def test_dot_segments_are_removed(path: str, shown: str) -> None:
    assert str(URL(f"http://example.org{path}")) == f"http://example.org{shown}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://example.org/\n", "Invalid non-printable ASCII character in URL, '\\n' at position 19."),
        ("http://exa\tmple.org/", "Invalid non-printable ASCII character in URL, '\\t' at position 10."),
        ("\x00http://example.org/", "Invalid non-printable ASCII character in URL, '\\x00' at position 0."),
        ("http://\ud800/\x7f", "Invalid non-printable ASCII character in URL, '\\x7f' at position 9."),
        ("http://example.org/\ud800", "Invalid character in URL: '\\ud800' at position 19 is half a surrogate pair"),
        ("http://example.org/" + "a" * 65_536, "URL too long: 65555 characters, at most 65536 are read"),
        (" http://example.org/", "Invalid URL: ' ' at position 0, an absolute URL has no spaces around it"),
        ("http://example.org/ ", "Invalid URL: ' ' at position 19, an absolute URL has no spaces around it"),
        (" custom://example.org/", "Invalid URL: ' ' at position 0, an absolute URL has no spaces around it"),
        ("http://example.org:80a/", "Invalid port: '80a' at position 19, it is a number from 0 to 65535"),
        ("http://example.org:65536/", "Invalid port: '65536' at position 19, it is a number from 0 to 65535"),
        ("http://example.org:999999999999/", "Invalid port: '999999999999' at position 19, it is a number"),
        ("http://example.org: 80/", "Invalid port: ' 80' at position 19, "),
        ("http://example.org:+80/", "Invalid port: '+80' at position 19, "),
        ("http://example.org:8_0/", "Invalid port: '8_0' at position 19, "),
        ("http://example.org:\u0663/", "Invalid port: '\u0663' at position 19, "),
        ("http://example.org:-1/", "Invalid port: '-1' at position 19, "),
        ("http://[::1/", "Invalid port: ':1' at position 9, "),
        ("http://::1]/", "Invalid port: ':1]' at position 8, "),
        ("http://[::1]x/", "Invalid port: 'x' at position 12, "),
        ("http://user:pass/word@example.org/", "Invalid port: '[secure]' at position 12, "),
        ("http://user:pass?word@example.org/", "Invalid port: '[secure]' at position 12, "),
        ("http://example.org\\@other.example/", "Invalid URL: '\\\\' at position 18, some programs read it"),
        ("http://other.example\\/", "Invalid URL: '\\\\' at position 20, some programs read it as the end of the host"),
        ("custom://a\\b/", "Invalid URL: '\\\\' at position 10, "),
        ("http:\\\\example.org/", "Invalid host: '', a URL of the scheme 'http' needs one, at position 5"),
        ("http://", "Invalid host: '', a URL of the scheme 'http' needs one, at position 7"),
        ("http:", "Invalid host: '', a URL of the scheme 'http' needs one, at position 5"),
        ("https:example.org", "Invalid host: '', a URL of the scheme 'https' needs one, at position 6"),
        ("http:///example.org", "Invalid host: '', a URL of the scheme 'http' needs one, at position 7"),
        ("http://u:p@/", "Invalid host: '', a URL of the scheme 'http' needs one, at position 11"),
        ("ws://:80", "Invalid host: '', a URL of the scheme 'ws' needs one, at position 5"),
        ("http://u:p@a b/", "Invalid host: 'a b', ' ' stands in no name, at position 11"),
        ("////a", "Relative URLs cannot have a path starting with '//', at position 2"),
    ],
)
def test_refusals_name_the_part_and_its_position(text: str, message: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(text)
    assert str(caught.value).startswith(message)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://good.example#@evil.example/", "good.example"),
        ("http://good.example?@evil.example/", "good.example"),
        ("http://good.example/@evil.example/", "good.example"),
        ("http://evil.example@good.example/", "good.example"),
        ("http://evil.example:80@good.example/", "good.example"),
        ("http://evil.example%2f@good.example/", "good.example"),
        ("http://evil.example%23@good.example/", "good.example"),
        ("http://[::1]@good.example/", "good.example"),
    ],
)
def test_delimiters_decide_which_host_is_meant(text: str, host: str) -> None:
    assert URL(text).host == host


@pytest.mark.parametrize("value", [1, None, b"http://example.org", ["http://example.org"], [10**5000]])
def test_what_is_no_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=r"Invalid type for url\.  Expected str or httpx\.URL, got <class"):
        URL(value)  # type: ignore[arg-type]


def test_a_type_error_shows_no_password() -> None:
    with pytest.raises(TypeError) as caught:
        URL(b"http://user:pa/ss@example.org/")  # type: ignore[arg-type]
    assert "b'http://user:[secure]@example.org/'" in str(caught.value)


def test_a_subclass_of_str_is_read_as_its_text() -> None:
    class Liar(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "http://evil.example/"

    assert URL(Liar("http://good.example/")).host == "good.example"


def test_the_longest_url_is_read_and_remembered_or_not() -> None:
    long = "http://example.org/" + "a" * (65_536 - 19)
    assert str(URL(long)) == long
    assert URL("http://example.org/")._parts is URL("http://example.org/")._parts
    assert URL(long)._parts is not URL(long)._parts
