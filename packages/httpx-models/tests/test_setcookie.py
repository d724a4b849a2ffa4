"""The Set-Cookie field and its dates, against the algorithms of RFC 6265bis written down once more, step by step."""

from __future__ import annotations

import datetime as dt
import time
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models._setcookie import MAX_AGE, SetCookie, expiry, parse_date, parse_set_cookie

NOW = 1_700_000_000.5


def by_the_book(field: str) -> tuple[str, str, dict[str, str]] | None:
    """Follow §5.6 to the letter."""
    if any((ord(c) <= 8) or (0x0A <= ord(c) <= 0x1F) or ord(c) == 0x7F for c in field):
        return None
    if ";" in field:
        pair, unparsed = field[: field.index(";")], field[field.index(";") :]
    else:
        pair, unparsed = field, ""
    if "=" not in pair:
        name, value = "", pair
    else:
        name, value = pair[: pair.index("=")], pair[pair.index("=") + 1 :]
    name, value = name.strip(" \t"), value.strip(" \t")
    if len(name.encode()) + len(value.encode()) > 4096 or (not name and not value):
        return None
    attributes: dict[str, str] = {}
    while unparsed:
        unparsed = unparsed[1:]
        end = unparsed.index(";") if ";" in unparsed else len(unparsed)
        item, unparsed = unparsed[:end], unparsed[end:]
        key, _, text = item.partition("=")
        key, text = key.strip(" \t"), text.strip(" \t")
        if len(text.encode()) <= 1024:
            attributes[key.lower()] = text
    attributes.pop("", None)  # no rule asks for it
    return name, value, attributes


@given(st.text(st.sampled_from('ab=;; \t"é,\x00\x7f') | st.characters(codec="utf-8"), max_size=40))
@settings(max_examples=300)
def test_any_field_is_read_by_the_book(field: str) -> None:
    said = parse_set_cookie(field)
    assert (None if said is None else said[:3]) == by_the_book(field)


@pytest.mark.parametrize(
    ("field", "name", "value", "attributes"),
    [
        ("a=b", "a", "b", {}),
        (" a = b ; path", "a", "b", {"path": ""}),
        ("a=b=c; Path=/x; HttpOnly", "a", "b=c", {"path": "/x", "httponly": ""}),
        ('a="q;r"', "a", '"q', {'r"': ""}),
        ("a=b; Path=/x; path=/y", "a", "b", {"path": "/y"}),
        ("novalue", "", "novalue", {}),
        ("=v", "", "v", {}),
        ("a=", "a", "", {}),
        ("a=b\tc", "a", "b\tc", {}),
    ],
)
def test_fields(field: str, name: str, value: str, attributes: dict[str, str]) -> None:
    said = parse_set_cookie(field)
    assert said is not None
    assert said[:3] == (name, value, attributes)


@pytest.mark.parametrize("field", ["", "=", " ; path=/", "a=b\0", "a=b\rc", "a=b\nc", "a\x7f=b", "a=b; path=\x01"])
def test_what_must_be_ignored(field: str) -> None:
    assert parse_set_cookie(field) is None


def test_sizes_are_bounded() -> None:
    assert parse_set_cookie("a=" + "x" * 4095) is not None
    assert parse_set_cookie("a=" + "x" * 4096) is None
    assert parse_set_cookie("a=" + "é" * 2048) is None
    said = parse_set_cookie(f"a=b; path=/{'x' * 1023}; domain={'x' * 1025}")
    assert said == SetCookie("a", "b", {"path": "/" + "x" * 1023}, {"path": "path"})


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, None),
        ({"max-age": "60"}, 1_700_000_060),
        ({"max-age": "0"}, 0),
        ({"max-age": "-5"}, 0),
        ({"max-age": "-"}, None),
        ({"max-age": "abc"}, None),
        ({"max-age": "+5"}, None),
        ({"max-age": "٣"}, None),
        ({"max-age": ""}, None),
        ({"max-age": "9" * 5000}, 1_700_000_000 + MAX_AGE),
        ({"max-age": "60", "expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1_700_000_060),
        ({"max-age": "abc", "expires": "Thu, 01 Jan 1970 00:00:09 GMT"}, 9),
        ({"expires": "Wed, 21 Oct 2099 07:28:00 GMT"}, 1_700_000_000 + MAX_AGE),
        ({"expires": "nonsense"}, None),
    ],
)
def test_expiry(attributes: dict[str, str], expected: int | None) -> None:
    assert expiry(attributes, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", (2015, 10, 21, 7, 28, 0)),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", (2015, 10, 21, 7, 28, 0)),
        ("Wed Oct 21 07:28:00 2015", (2015, 10, 21, 7, 28, 0)),
        ("21 OCTOBER 2015 7:8:0", (2015, 10, 21, 7, 8, 0)),
        ("07:28:00 21 Oct 99", (1999, 10, 21, 7, 28, 0)),
        ("1 Jan 69 00:00:00", (2069, 1, 1, 0, 0, 0)),
        ("1 Jan 70 00:00:00", (1970, 1, 1, 0, 0, 0)),
        ("29 Feb 2024 23:59:59x", (2024, 2, 29, 23, 59, 59)),
    ],
)
def test_dates(text: str, expected: tuple[int, int, int, int, int, int]) -> None:
    year, month, day, hour, minute, second = expected
    assert parse_date(text) == dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "21 Oct 2015",
        "Oct 2015 07:28:00",
        "21 2015 07:28:00",
        "21 Oct 07:28:00",
        "32 Oct 2015 07:28:00",
        "0 Oct 2015 07:28:00",
        "29 Feb 2023 07:28:00",
        "21 Oct 1600 07:28:00",
        "21 Oct 2015 24:00:00",
        "21 Oct 2015 07:60:00",
        "21 Oct 2015 07:28:60",
        "21 Oct 20155 07:28:00",
        "٢١ Oct 2015 07:28:00",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_a_date_before_1970_is_in_the_past() -> None:
    assert parse_date("1 Jan 1601 00:00:00") == 0


@given(st.integers(0, 4_000_000_000))
def test_every_second_is_read_back(seconds: int) -> None:
    assert parse_date(formatdate(seconds, usegmt=True)) == seconds
    assert parse_date(time.asctime(time.gmtime(seconds))) == seconds


@given(st.text(max_size=60))
def test_no_text_is_too_odd_for_a_date(text: str) -> None:
    assert parse_date(text) is None or isinstance(parse_date(text), int)
