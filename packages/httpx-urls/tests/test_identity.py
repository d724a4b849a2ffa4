"""What makes a URL a value: equality, hash, immutability, copies, pickles, the repr without the password."""

from __future__ import annotations

import copy
import pickle
import weakref

import pytest

from httpx_urls import URL, InvalidURL

TEXTS = [
    "",
    "http://x",
    "https://u:p@[::1]:8/a b?q='é'#f",
    "//h",
    "./a:b",
    "custom:/.//a",
    "mailto:a@b",
    "http://x/" + "é" * 30_000,
]


def test_equality() -> None:
    url = URL("http://x/a b")
    assert url == URL("HTTP://X:80/a b") == "http://x/a b" == url
    assert url == "http://x/a%20b"
    assert url != "http://x/a"
    assert url != URL("http://x/a")
    assert url != "http://x:port/"
    assert url != b"http://x/a%20b"
    assert url != 1
    assert URL("http://x") != "http://x/"


def test_hash() -> None:
    assert {URL("http://x"): 1}[URL("http://X:80")] == 1
    assert {URL("http://x/a"): 1}["http://x/a"] == 1  # type: ignore[index]


def test_repr_hides_the_password_and_str_does_not() -> None:
    assert repr(URL("http://user:secret@x/")) == "URL('http://user:[secure]@x/')"
    assert repr(URL("http://:secret@x/")) == "URL('http://:[secure]@x/')"
    assert repr(URL("http://user:@x/")) == "URL('http://user:[secure]@x/')"
    assert repr(URL("//user:secret@x/")) == "URL('//user:[secure]@x/')"
    assert repr(URL("http://user@x/")) == "URL('http://user@x/')"
    assert repr(URL("http://x//secret")) == "URL('http://x//secret')"
    assert str(URL("http://user:secret@x/")) == "http://user:secret@x/"


def test_a_subclass_shows_its_name() -> None:
    class Link(URL):
        __slots__ = ()

    assert repr(Link("http://x")) == "Link('http://x')"
    assert type(Link("http://x").copy_with(path="/a")) is URL


@pytest.mark.parametrize("text", TEXTS)
def test_copies_and_pickles(text: str) -> None:
    url = URL(text)
    assert copy.copy(url) is copy.deepcopy(url) is url
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(url, protocol))
        assert type(again) is URL
        assert (again, again.raw, hash(again)) == (url, url.raw, hash(url))


def test_it_cannot_be_changed() -> None:
    url = URL("http://x")
    with pytest.raises(AttributeError, match=r"URL is immutable: 'host' cannot be set, use copy_with\(\)"):
        url.host = "y"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="URL is immutable: '_parts' cannot be set"):
        url._parts = URL("http://y")._parts
    with pytest.raises(AttributeError, match="URL is immutable: '_parts' cannot be deleted"):
        del url._parts
    with pytest.raises(AttributeError):
        url.extra = 1
    assert not hasattr(url, "__dict__")
    assert weakref.ref(url)() is url


def test_every_form_is_made_once() -> None:
    url = URL("http://x/a?b=c")
    assert str(url) is str(url)
    assert url.raw is url.raw
    assert url.netloc is url.netloc
    assert url.params is url.params
    assert url.origin is url.origin
    assert URL(url).raw is url.raw
    assert not hasattr(url._parts, "another")


class Marked(URL):
    """A subclass, with an attribute of its own."""


def test_a_subclass_is_pickled_as_itself() -> None:
    url = Marked("http://a/b?c#d")
    object.__setattr__(url, "mark", 1)
    again = pickle.loads(pickle.dumps(url))
    assert (type(again), str(again), again.mark) == (Marked, "http://a/b?c#d", 1)
    assert type(copy.copy(url)) is Marked


def test_the_error_can_be_pickled_and_copied() -> None:
    error = InvalidURL("Invalid port: 'x'")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is InvalidURL
        assert str(again) == "Invalid port: 'x'"
    assert InvalidURL.__bases__ == (Exception,)
