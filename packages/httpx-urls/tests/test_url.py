"""What a URL shows, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_urls import URL, InvalidURL


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("http://example.org", (b"http", b"example.org", None, b"/")),
        ("HTTP://EXAMPLE.org:80/", (b"http", b"example.org", None, b"/")),
        ("https://example.org:443/a?b#c", (b"https", b"example.org", None, b"/a?b")),
        ("https://example.org:8443/a b?q='é'", (b"https", b"example.org", 8443, b"/a%20b?q=%27%C3%A9%27")),
        ("http://example.org?", (b"http", b"example.org", None, b"/?")),
        ("http://127.0.0.1:8000/%2e%20", (b"http", b"127.0.0.1", 8000, b"/%2e%20")),
        ("http://[::0:1]:8000/", (b"http", b"::1", 8000, b"/")),
        ("http://münchen.example/", (b"http", b"xn--mnchen-3ya.example", None, b"/")),
        ("http://user:pw@example.org/", (b"http", b"example.org", None, b"/")),
    ],
)
def test_what_crosses_to_the_transport(text: str, raw: tuple[bytes, bytes, int | None, bytes]) -> None:
    assert URL(text).raw == raw


def test_parts() -> None:
    url = URL("https://us er:p:w@xn--mnchen-3ya.example:8443/a?b#c d")
    assert (url.scheme, url.host, url.raw_host, url.port) == (
        "https",
        "münchen.example",
        b"xn--mnchen-3ya.example",
        8443,
    )
    assert url.netloc == b"xn--mnchen-3ya.example:8443"
    assert URL("http://[::1]/").netloc == b"[::1]"
    assert URL("http://example.org").host == "example.org"
    assert str(url) == "https://us%20er:p%3Aw@xn--mnchen-3ya.example:8443/a?b#c%20d"


def test_repr_hides_the_password_and_str_does_not() -> None:
    assert repr(URL("http://user:secret@example.org/")) == "URL('http://user:[secure]@example.org/')"
    assert repr(URL("http://user@example.org/")) == "URL('http://user@example.org/')"
    assert str(URL("http://user:secret@example.org/")) == "http://user:secret@example.org/"


def test_equality_and_hash() -> None:
    url = URL("http://example.org")
    assert url == URL(url) == "http://example.org/"
    assert url != "http://example.org/a"
    assert url != 1
    assert {url: 1}[URL("http://EXAMPLE.org:80")] == 1
    assert str(url) is str(url)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "absolute"),
        ("/path", "absolute"),
        ("http://", "Invalid host: ''"),
        ("http:///path", "Invalid host: ''"),
        ("ftp://example.org/", "Unsupported scheme 'ftp'"),
        ("http://example.org:99999/", "Invalid port: '99999'"),
        ("http://example.org:x/", "absolute"),
        ("http://example.org\\@other.example/", "absolute"),
        ("http://a b.example/", "Invalid host: 'a b.example'"),
        ("http://%2e.example/", "Invalid host"),
        ("http://-a.example/", "Invalid host"),
        ("http://" + "a" * 64 + ".example/", "Invalid host"),
        ("http://0x7f.1/", "Invalid IPv4 address: '0x7f.1'"),
        ("http://256.0.0.1/", "Invalid IPv4 address"),
        ("http://[::g]/", "Invalid IPv6 address"),
        ("http://[fe80::1%25eth0]/", "Invalid IPv6 address"),
        ("http://xn--a-ecp.example\u3002\uff0f/", "Invalid IDNA hostname"),
        ("http://\ud800.example/", "Invalid"),
        ("http://example.org/\ud800", "half a surrogate pair"),
        ("http://example.org/\n", r"Invalid non-printable ASCII character in URL, '\\n' at position 19."),
        ("http://example.org/" + "a" * 65_536, "URL too long"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(InvalidURL, match=message):
        URL(text)


def test_type_error() -> None:
    with pytest.raises(TypeError, match="Expected str or httpx.URL, got <class 'int'>: 1"):
        URL(1)  # type: ignore[arg-type]


@given(st.text().map("http://example.org/".__add__) | st.text().map("http://".__add__) | st.text())
def test_any_text_is_a_stable_url_or_refused(text: str) -> None:
    try:
        url = URL(text)
    except InvalidURL:
        return
    assert str(URL(str(url))) == str(url)
    assert URL(str(url)).raw == url.raw
