"""The escape hatch: a URL that is kept exactly as it was given."""

from __future__ import annotations

import pickle

import pytest

from httpx_urls import URL, InvalidURL

SIGNED = "https://Bucket.example:443/a/../b//%7e'%2f?X-Sig=a'b%zz^{}&x=~*+#f`"


def test_every_byte_stays() -> None:
    url = URL(SIGNED, encoded=True)
    assert str(url) == SIGNED
    assert url == SIGNED
    assert url.raw == (b"https", b"bucket.example", None, b"/a/../b//%7e'%2f?X-Sig=a'b%zz^{}&x=~*+")
    assert (url.host, url.port, url.netloc) == ("bucket.example", None, b"bucket.example")
    assert (url.path, url.fragment, url.query) == ("/a/../b//~'/", "f`", b"X-Sig=a'b%zz^{}&x=~*+")
    assert str(URL(url)) == str(url.copy_with()) == str(pickle.loads(pickle.dumps(url))) == SIGNED
    assert url != URL(SIGNED)


def test_copies_keep_their_components() -> None:
    url = URL("http://u'@X:80/a/./b?c'", encoded=True)
    assert str(url.copy_with(host="Y")) == "http://u'@y/a/./b?c'"
    assert str(url.copy_with(raw_path=b"/%7e/../'?'")) == "http://u'@x/%7e/../'?'"
    assert str(url.copy_with(path=None, query=None, fragment="g")) == "http://u'@x#g"
    assert str(url.copy_set_param("a", "é '")) == "http://u'@x/a/./b?c%27=&a=%C3%A9+%27"
    assert str(url.copy_with(userinfo=None).copy_with(username="é")) == "http://%C3%A9@x/a/./b?c'"


def test_a_url_can_be_kept_from_now_on() -> None:
    url = URL("http://x/a b").copy_with(encoded=True)
    assert str(url) == "http://x/a%20b"
    assert str(url.copy_with(raw_path=b"/a/../'")) == "http://x/a/../'"
    assert str(URL("http://x/", encoded=True, raw_path=b"/a/../'")) == "http://x/a/../'"
    assert URL(URL(url, encoded=True))._parts is url._parts


def test_joining_to_it_gives_the_normal_form() -> None:
    url = URL("http://X/a/../b?c'", encoded=True)
    assert str(url.join("")) == "http://x/b?c%27"
    assert str(url.join("c")) == "http://x/c"
    assert str(URL("http://x").join(url)) == str(url)


def test_the_password_is_hidden_as_everywhere() -> None:
    assert repr(URL("HTTP://u:secret@X/a'", encoded=True)) == 'URL("HTTP://u:[secure]@X/a\'")'
    assert repr(URL("http://u@x/", encoded=True)) == "URL('http://u@x/')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://x/a b", "Invalid URL: ' ' at position 10 is not percent-encoded"),
        ("http://x/é", "Invalid URL: 'é' at position 9 is not percent-encoded"),
        ("http://é/", "Invalid URL: 'é' at position 7 is not percent-encoded"),
        ("http://x/\n", "Invalid URL: '\\n' at position 9 is not percent-encoded"),
        ("/a", "Invalid URL: only an absolute URL, with a scheme and a host, can be kept as it is, at position 0"),
        (
            "mailto:a",
            "Invalid URL: only an absolute URL, with a scheme and a host, can be kept as it is, at position 7",
        ),
        ("http://a..b/", "Invalid host: 'a..b', a label is empty, at position 7"),
        ("http://x:a/", "Invalid port: 'a' at position 9, "),
    ],
)
def test_what_cannot_be_kept(text: str, message: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(text, encoded=True)
    assert str(caught.value).startswith(message)


def test_components_that_cannot_be_kept() -> None:
    url = URL("http://x/", encoded=True)
    with pytest.raises(InvalidURL, match="Invalid URL component 'path': ' ' at position 2 is not percent-encoded"):
        url.copy_with(path="/a b")
    with pytest.raises(InvalidURL, match="For absolute URLs, path must be empty or begin with '/'"):
        url.copy_with(path="a")
    with pytest.raises(InvalidURL, match="only an absolute URL"):
        url.copy_with(host=None)
