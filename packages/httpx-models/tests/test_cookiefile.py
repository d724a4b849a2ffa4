"""Cookies in files: what is written is read back, by us and by others, and nobody else can read it."""

from __future__ import annotations

import http.cookiejar
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models import Cookies, Request, Response

NOW = 1_700_000_000.0
FORMATS = ["json", "netscape"]


def clock() -> float:
    return NOW


@pytest.fixture
def cookies() -> Cookies:
    made = Cookies(clock=clock)
    headers = [
        ("Set-Cookie", "session=1"),
        ("Set-Cookie", "wide=2; Domain=example.org; Path=/; Max-Age=600; Secure"),
        ("Set-Cookie", "hidden=3; HttpOnly; SameSite=Lax; Path=/x"),
        ("Set-Cookie", "nameless"),
    ]
    made.extract_cookies(Response(200, headers=headers, request=Request("GET", "https://www.example.org/")))
    made.set("everywhere", "4")
    made.set("narrow", "5", "example.org")
    return made


def facts(cookies: Cookies) -> list[tuple[Any, ...]]:
    return sorted(
        (
            c.name,
            c.value,
            c.domain.removeprefix("."),
            c.domain_specified,
            c.path,
            c.secure,
            c.expires,
            c.discard,
            c.has_nonstandard_attr("HttpOnly"),
        )
        for c in cookies.jar
        if c.domain
    )


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_saved_is_loaded(cookies: Cookies, tmp_path: Path, form: str) -> None:
    path = tmp_path / "cookies"
    cookies.save(path, format=form)
    loaded = Cookies.load(path, clock=clock)
    assert facts(loaded) == facts(cookies)
    assert loaded["everywhere"] == "4"
    assert len(loaded) == 6


def test_the_default_is_json_with_everything(cookies: Cookies, tmp_path: Path) -> None:
    cookies.save(tmp_path / "cookies")
    items = {item["name"]: item for item in json.loads((tmp_path / "cookies").read_text())}
    assert items["hidden"] == {
        "name": "hidden",
        "value": "3",
        "domain": "www.example.org",
        "host_only": True,
        "path": "/x",
        "secure": False,
        "expires": None,
        "rest": {"HttpOnly": None, "SameSite": "Lax"},
    }


def test_the_standard_library_reads_our_cookies_txt(cookies: Cookies, tmp_path: Path) -> None:
    path = str(tmp_path / "cookies.txt")
    cookies.save(path, format="netscape")
    jar = http.cookiejar.MozillaCookieJar()
    jar.load(path, ignore_discard=True, ignore_expires=True)
    assert {cookie.name for cookie in jar} == {"session", "wide", "hidden", "nameless", "everywhere", "narrow"}


def test_we_read_the_cookies_txt_of_the_standard_library(cookies: Cookies, tmp_path: Path) -> None:
    path = str(tmp_path / "cookies.txt")
    jar = http.cookiejar.MozillaCookieJar(path)
    for cookie in cookies.jar:
        if cookie.domain.startswith((".", "www")):
            jar.set_cookie(cookie)
    jar.save(ignore_discard=True, ignore_expires=True)
    assert sorted(Cookies.load(path, clock=clock)) == ["", "hidden", "session", "wide"]


def test_a_cookies_txt_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    path.write_bytes(
        b"# Netscape HTTP Cookie File\r\n\r\n# a comment\r\n"
        b"#HttpOnly_example.org\tFALSE\t/\tTRUE\t0\ta\tb\r\n"
        b"example.org\tTRUE\t/\tFALSE\t1800000000\tempty\r\n"
        b"example.org\tTRUE\t/\tFALSE\t1600000000\told\tx\r\n"
    )
    loaded = Cookies.load(path, clock=clock)
    assert dict(loaded) == {"a": "b", "empty": ""}


def test_a_cookie_without_a_value_is_saved(tmp_path: Path) -> None:
    cookies = Cookies({"flag": "x"})
    next(iter(cookies.jar)).value = None
    cookies.save(tmp_path / "c.txt", format="netscape")
    assert [cookie.value for cookie in Cookies.load(tmp_path / "c.txt").jar] == ["flag"]
    cookies.save(tmp_path / "c.json")
    assert [cookie.value for cookie in Cookies.load(tmp_path / "c.json").jar] == [None]


@pytest.mark.parametrize("form", FORMATS)
def test_expired_cookies_are_left_out(cookies: Cookies, tmp_path: Path, form: str) -> None:
    cookies.save(tmp_path / "c", format=form)
    assert "wide" not in Cookies.load(tmp_path / "c", clock=lambda: NOW + 600)
    cookies._clock = lambda: NOW + 600
    cookies.save(tmp_path / "d", format=form)
    assert b"wide" not in (tmp_path / "d").read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_only_the_owner_can_read_it(cookies: Cookies, tmp_path: Path, form: str) -> None:
    path = tmp_path / "c"
    path.write_text("old")
    path.chmod(0o644)
    cookies.save(path, format=form)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(cookies: Cookies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        cookies.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(cookies: Cookies, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    cookies.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(Cookies.load(tmp_path / "target", clock=clock)) == 6


def test_an_unknown_format(cookies: Cookies, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Unknown format 'xml': 'json' or 'netscape'"):
        cookies.save(tmp_path / "c", format="xml")


def test_what_cookies_txt_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Cookie 'a' contains a tab or a line break") as caught:
        Cookies({"a": "s3cret\t"}).save(tmp_path / "c", format="netscape")
    assert "s3cret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3cret", "neither JSON nor a cookies.txt: line 1"),
        ("# comment\na\tTRUE\t/\tTRUE\ts3cret\tn\tv", "neither JSON nor a cookies.txt: line 2"),
        ('[{"s3cret": ', "no JSON: line 1, column 13"),
        ('[{"s3cret": 1}]', "not a list of cookies"),
        ("[1]", "not a list of cookies"),
        (
            '[{"name":"a","value":"s3cret","domain":"","path":"/","host_only":true,"secure":true,"expires":"x","rest":{}}]',
            "not a list",
        ),
    ],
)
def test_files_of_another_kind(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        Cookies.load(tmp_path / "c")
    assert "s3cret" not in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Cookies.load(tmp_path / "missing")


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8)


@given(st.dictionaries(WORD.filter(bool), WORD, max_size=4), st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None)
def test_any_value_is_read_back(pairs: dict[str, str], form: str) -> None:
    import tempfile

    cookies = Cookies(clock=clock)
    for name, value in pairs.items():
        cookies.set(name, value, "example.org")
    with tempfile.TemporaryDirectory() as folder:
        cookies.save(Path(folder) / "c", format=form)
        assert dict(Cookies.load(Path(folder) / "c", clock=clock)) == pairs


@pytest.mark.parametrize(
    "change", [{"expires": 1e400}, {"value": 3}, {"rest": 3}, {"rest": "ab"}, {"domain": None, "expires": "x"}]
)
def test_json_that_holds_no_cookies_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    cookie = {"name": "a", "value": "b", "domain": "a.example", "host_only": True, "path": "/", "secure": False}
    path = tmp_path / "cookies.json"
    path.write_text(json.dumps([cookie | {"expires": None, "rest": {}} | change]))
    with pytest.raises(ValueError, match="^The cookie file is JSON, but not a list of cookies"):
        Cookies.load(path)
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match="^The cookie file is "):
        Cookies.load(path)
