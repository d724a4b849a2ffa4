"""Where references lead: RFC 3986 §5.4 whole, and what lies beside it."""

from __future__ import annotations

import pytest

from httpx_urls import URL, InvalidURL

BASE = "http://a/b/c/d;p?q"


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        # §5.4.1, normal examples.
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        # §5.4.2, abnormal examples; of the two readings of "http:g" the compatible one.
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
        ("http:g", "http://a/b/c/g"),
        # Beside the RFC.
        ("HTTP:/g", "http://a/g"),
        ("http:", "http://a/b/c/d;p?q"),
        ("http:c:d", "http://a/b/c/c:d"),
        ("http://g", "http://g"),
        ("https://g/", "https://g/"),
        ("//u:p@G:80/x", "http://u:p@g/x"),
        ("//[::0:1]:81", "http://[::1]:81"),
        ("%2e%2E/g", "http://a/b/g"),
        ("?", "http://a/b/c/d;p?"),
        ("#", "http://a/b/c/d;p?q#"),
        ("?'", "http://a/b/c/d;p?%27"),
        ("mailto:x", "mailto:x"),
        ("a b/é", "http://a/b/c/a%20b/%C3%A9"),
    ],
)
def test_rfc_3986(reference: str, target: str) -> None:
    assert str(URL(BASE).join(reference)) == target
    assert str(URL("ws" + BASE[4:]).join(reference.replace("http:", "ws:").replace("HTTP:", "WS:"))) == target.replace(
        "http:", "ws:"
    )


@pytest.mark.parametrize(
    ("base", "reference", "target"),
    [
        ("http://a", "g", "http://a/g"),
        ("http://a?q", "", "http://a?q"),
        ("http://a/b#f", "", "http://a/b"),
        ("http://u:p@a:8/b", "g", "http://u:p@a:8/g"),
        ("http://[::1]:8/b", "g", "http://[::1]:8/g"),
        ("http://u:p@a:8/b", "//c", "http://c"),
        ("https://a/b", "//c:443", "https://c"),
        ("custom://a/b/c", "../d", "custom://a/d"),
        ("custom://a", "d", "custom://a/d"),
        ("custom:a/b", "c", "custom:a/c"),
        ("custom:a", "custom:b", "custom:b"),
        ("custom:/a/b", "..//c", "custom:/.//c"),
        ("mailto:a", "b", "mailto:b"),
        ("/a/b", "c", "/a/c"),
        ("/a/b", "..//c", "/.//c"),
        ("/a/b", "?c", "/a/b?c"),
        ("a/b", "../../c", "c"),
        ("a/b", "..", ""),
        ("a/b", "", "a/b"),
        ("a/b", "../c:d", "./c:d"),
        ("a/b", "./:d", "a/:d"),
        ("b", "./:d", "./:d"),
        ("//a/b", "c", "//a/c"),
        ("", "c", "c"),
        ("", "http://c", "http://c"),
        ("", "//c", "//c"),
    ],
)
def test_other_bases(base: str, reference: str, target: str) -> None:
    joined = URL(base).join(reference)
    assert str(joined) == str(URL(base).join(URL(reference))) == target
    assert str(URL(target)) == target


@pytest.mark.parametrize("reference", ["//", "///g", "//?y", "//#s", "//\\g", "/\\g", "\\\\g", "\\/g", "http:\\\\g"])
def test_references_that_browsers_read_as_another_host_are_refused(reference: str) -> None:
    with pytest.raises(InvalidURL, match="Invalid host: ''"):
        URL(BASE).join(reference)


def test_bad_references() -> None:
    with pytest.raises(InvalidURL, match="Invalid port: '99999'"):
        URL(BASE).join("//g:99999")
    with pytest.raises(InvalidURL, match="Invalid host: '', a URL of the scheme 'https' needs one, at position 6"):
        URL(BASE).join("https:g")
    with pytest.raises(TypeError, match="Invalid type for url"):
        URL(BASE).join(b"g")  # type: ignore[arg-type]
