"""What holds for every text: one normal form, one kind of error, time that grows with the length and no faster."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from httpx_urls import URL, InvalidURL, Origin, QueryParams, _parse

SIGNS = st.text(
    st.sampled_from("aZ09.-_~!$&'()*+,;=:@/?#[]%\\ \t\"<>^`{|}éß\u3002\uff0e\uff11\u200d\ud800\x00אx"), max_size=12
)
PIECES = st.sampled_from(
    ["http://", "https:", "ws://", "custom:", "//", "/", "..", "%2e", ":", "@", "?", "#", "[", "]", "::1", "xn--", "0x7f", "1.",
     ":80", ":99999", "example", ".org", "a=b", "&", "+", "é"]
)  # fmt: skip
TEXTS = st.lists(PIECES | SIGNS, max_size=8).map("".join) | st.text()
VALUES = st.none() | st.booleans() | st.integers() | st.binary() | st.text() | st.lists(st.text(), max_size=2)
NAMES = st.sampled_from(
    ["scheme", "username", "password", "userinfo", "host", "port", "netloc", "path", "query", "raw_path", "fragment",
     "params", "other"]
)  # fmt: skip
FIELDS = ("scheme", "userinfo", "host", "port", "path", "query", "fragment", "exact", "text", "raw")
LIMIT = settings(max_examples=300, deadline=None)


def read(text: str, **options: Any) -> URL | None:
    with contextlib.suppress(InvalidURL):
        return URL(text, **options)
    return None


def check_normal_form(url: URL) -> None:
    again = URL(str(url))
    assert again._uri_reference == url._uri_reference
    assert str(again) == str(url)
    assert str(url).isascii()
    assert url.raw.raw_path.startswith(b"/") or not url.is_absolute_url
    for name in ("host", "username", "password", "path", "fragment", "params", "netloc"):
        getattr(url, name)
    assert repr(url).isprintable()


@LIMIT
@given(TEXTS)
@example("xn--")
@example("http://xn--4db./")
@example("http://א..x/")
@example("custom:/..//a")
def test_parsing_the_text_of_a_url_gives_the_url(text: str) -> None:
    if url := read(text):
        check_normal_form(url)


@LIMIT
@given(st.lists(st.sampled_from([*map(chr, range(33, 127)), "/.", "/..", "%2e", "/", "?", "#", ":8"])).map("".join))
@example(":443/")
@example(":70000/")
@example(":8/a/%2E./b?c#d")
@example("..")
def test_the_short_way_leads_where_the_whole_way_leads(rest: str) -> None:
    text = f"https://example.org{rest}"
    plain = _parse._parse_plain(text)
    if plain is not None:
        whole = _parse.assemble(*_parse.cut(text)[0])
        assert [getattr(plain, name) for name in FIELDS] == [getattr(whole, name) for name in FIELDS]


def test_most_urls_go_the_short_way() -> None:
    for text in (
        "http://x",
        "https://api.example.org:8443/v1/a-b/c_d.html?page=2&q=a%20b#top",
        "https://1.2.3.4/../~a/",
    ):
        assert _parse._parse_plain(text) is not None


@LIMIT
@given(TEXTS)
def test_an_encoded_url_is_its_text(text: str) -> None:
    url = read(text, encoded=True)
    if url is not None:
        assert str(url) == text
        assert url.raw.raw_host == URL(text).raw_host


@LIMIT
@given(TEXTS, TEXTS)
@example("", "//")
@example("a", "..//b")
@example("a:b", "//@")
def test_join_gives_a_url_or_the_error(base: str, reference: str) -> None:
    start = read(base)
    if start is not None:
        with contextlib.suppress(InvalidURL):
            joined = start.join(reference)
            check_normal_form(joined)
            assert joined.fragment == URL(reference).fragment or ":" in reference


@LIMIT
@given(TEXTS, st.dictionaries(NAMES, VALUES, max_size=4), st.booleans())
def test_components_give_a_url_or_an_error(text: str, components: dict[str, Any], encoded: bool) -> None:
    with contextlib.suppress(InvalidURL, TypeError):
        url = URL(text, encoded=encoded, **components)
        if not encoded:
            check_normal_form(url)


@LIMIT
@given(st.lists(st.tuples(st.text(), st.text())))
def test_params_say_what_they_are_given(pairs: list[tuple[str, str]]) -> None:
    params = QueryParams(tuple(pairs))
    with contextlib.suppress(InvalidURL):
        assert QueryParams(str(params)).multi_items() == pairs
        url = URL("http://x/", params=params)
        assert url.params.multi_items() == pairs
        check_normal_form(url)


@LIMIT
@given(
    st.one_of(
        VALUES, st.dictionaries(VALUES.filter(lambda value: not isinstance(value, list)), VALUES), st.lists(VALUES)
    )
)
def test_params_of_anything(value: Any) -> None:
    with contextlib.suppress(InvalidURL, TypeError):
        str(QueryParams(value))
        str(QueryParams.omit_none(value))


@LIMIT
@given(VALUES, VALUES, VALUES)
def test_origins_of_anything(scheme: Any, host: Any, port: Any) -> None:
    with contextlib.suppress(InvalidURL, TypeError):
        origin = Origin(scheme, host, port)
        assert URL(str(origin)).origin == origin


def count_lines(text: str) -> int:
    """Return how many lines of Python are run to read `text`: time that no clock has to measure."""
    lines = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "é",
        "/",
        "../",
        "%2e/",
        "@",
        ":",
        "http:",
        "?a=b&",
        "[",
        "\\",
        "%",
        "%41",
        ".",
        "a.",
        "1.",
        "xn--",
        "#",
        " ",
        "ß.",
        "0x",
    ],
)
@pytest.mark.parametrize("start", ["", "http://", "http://x/", "http://x/?", "custom:"])
def test_time_grows_with_the_length(start: str, unit: str) -> None:
    size = (65_536 - len(start)) // len(unit)
    assert count_lines(start + unit * size) <= 8 * count_lines(start + unit * (size // 4)) + 1000
