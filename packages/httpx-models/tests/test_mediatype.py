"""Content-Type, its parameters and charsets; Link fields."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models._link import parse_links
from httpx_models._mediatype import boundary, charset, is_text_charset, parameters
from httpx_models._parameters import scan


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html;charset="utf-8"', "utf-8"),
        ("text/html; charset = utf-8 ; q=1", "utf-8"),
        ("text/html; CHARSET=Utf-8", "utf-8"),
        ("charset=utf-8", "utf-8"),
        ('text/html; a="x;charset=b"; charset=c', "c"),
        ("text/html; charset=a; charset=b", "a"),
        (r'text/html; charset="a\"b"', 'a"b'),
        ("text/html; charset='latin-1'", "'latin-1'"),
        ("text/html; charset=", ""),
        ('text/html; charset="unclosed', "unclosed"),
        ('text/html; charset="x"y; a=b', "x"),
        ("text/html", None),
        ("text/html; charset", None),
        ("", None),
    ],
)
def test_charset(content_type: str, expected: str | None) -> None:
    assert charset(content_type) == expected


def test_parameters() -> None:
    assert parameters('form-data; name="a"; filename="b;c"; =d;; e') == {"name": "a", "filename": "b;c", "": "d"}


@pytest.mark.parametrize(
    "name",
    [
        "utf-8",
        "UTF8",
        "latin-1",
        "iso-8859-15",
        "Shift_JIS",
        "windows-1252",
        "koi8-u",
        "utf-16",
        "gb2312",
        "big5",
        "euc-kr",
        "us-ascii",
        "cp874",
    ],
)
def test_text_charsets(name: str) -> None:
    assert is_text_charset(name)
    codecs.lookup(name)


@pytest.mark.parametrize(
    "name",
    [
        "base64",
        "hex",
        "zlib",
        "bz2",
        "rot13",
        "rot_13",
        "uu",
        "quopri",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "mbcs",
        "dbcs",
        "foo",
        "",
        "'utf-8'",
        "a\0b",
        "ü",
        "x" * 10_000,
        "encodings",
        "../aliases",
        ".",
    ],
)
def test_what_is_no_text_charset(name: str) -> None:
    assert not is_text_charset(name)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (None, None),
        (b"multipart/form-data; boundary=BB", b"BB"),
        (b'Multipart/Form-Data; charset=x; BOUNDARY="a b"', b"a b"),
        (b"multipart/form-data", None),
        (b"multipart/form-data; boundary=", None),
        (b"multipart/mixed; boundary=BB", None),
        (b"text/plain; boundary=BB", None),
    ],
)
def test_boundary(content_type: bytes | None, expected: bytes | None) -> None:
    assert boundary(content_type) == expected


@pytest.mark.parametrize(
    ("value", "links"),
    [
        (
            '<http://a>; rel="next", <b>; rel=prev; title="x,y"',
            {"next": {"url": "http://a", "rel": "next"}, "prev": {"url": "b", "rel": "prev", "title": "x,y"}},
        ),
        ("<a>", {"a": {"url": "a"}}),
        ("<>", {"": {"url": ""}}),
        ("garbage", {"garbage": {"url": "garbage"}}),
        ("a; rel=x", {"x": {"url": "a", "rel": "x"}}),
        ("<a,b>; rel=c", {"c": {"url": "a,b", "rel": "c"}}),
        ("<a;b>; rel=c", {"c": {"url": "a;b", "rel": "c"}}),
        ("<a>; rel='q'", {"q": {"url": "a", "rel": "q"}}),
        ('<a>; rel=""', {"a": {"url": "a", "rel": ""}}),
        ("<a>; rel=x, <b>; rel=x", {"x": {"url": "b", "rel": "x"}}),
        ("<a>,,<b>", {"a": {"url": "a"}, "b": {"url": "b"}}),
        ("<a", {"a": {"url": "a"}}),
        ("<a> odd; rel=x", {"x": {"url": "a", "rel": "x"}}),
        ("", {}),
        ("  ", {}),
    ],
)
def test_links(value: str, links: dict[str | None, dict[str, str]]) -> None:
    assert parse_links(value) == links


@given(st.text(st.sampled_from('<>;,= "\\ab'), max_size=60))
@settings(max_examples=300)
def test_any_text_is_read_to_its_end(text: str) -> None:
    parse_links(text)
    _, end = scan(f";{text}", 0)
    assert end == len(text) + 1


@pytest.mark.parametrize("unit", ['<a>;b="', ';a="\\', ", ", "<", '<a>;b="\\";', "<a> ", ";;", "=;"])
def test_long_fields_are_read_in_one_pass(unit: str) -> None:
    # Some seconds with a parser that goes back; the test's own time limit is the judge.
    parse_links(unit * 40_000)
    scan(f";{unit * 40_000}", 0)


def test_only_the_beginning_of_a_long_link_field_is_read() -> None:
    links = parse_links("<a>; rel=a, " * 100_000 + "<b>; rel=b")
    assert list(links) == ["a"]
