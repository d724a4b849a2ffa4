"""Percent-encoding: every byte in every component, as a file beside this one says."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import pytest

from httpx_urls import URL, InvalidURL, QueryParams

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = pathlib.Path(__file__).with_name("percent-encoding.txt")
SAMPLES = [*map(chr, range(0x800)), *map(chr, range(0x800, 0xD800, 0x40)), *map(chr, range(0xE000, 0x110000, 0x1000))]
BYTES = {byte: character for character in reversed(SAMPLES) for byte in character.encode()}


def between(text: bytes | str) -> str:
    """Return what stands between the "a" and the "z" that the text was wrapped in."""
    shown = text.decode("ascii") if isinstance(text, bytes) else text
    return shown.removeprefix("/").removeprefix("a").removesuffix("z") if shown.endswith("z") else "ends"


COMPONENTS: dict[str, Callable[[str], str]] = {
    "path": lambda sign: between(URL(f"https://h/a{sign}z").raw_path.partition(b"?")[0]),
    "query": lambda sign: between(URL(f"https://h/?a{sign}z").query),
    "other-query": lambda sign: between(URL(f"custom://h/?a{sign}z").query),
    "fragment": lambda sign: between(str(URL(f"https://h/#a{sign}z")).partition("#")[2]),
    "username": lambda sign: between(URL("https://h", username=f"a{sign}z").userinfo),
    "password": lambda sign: between(URL("https://h", password=f"a{sign}z").userinfo[1:]),
    "form": lambda sign: between(str(QueryParams({"k": f"a{sign}z"}))[2:]),
}


def cell(component: str, byte: int) -> str:
    """Say what becomes of a byte: itself, an escape, "ends" (the component), "refused", or "never" (in UTF-8)."""
    if byte not in BYTES:
        return "never"
    character = BYTES[byte]
    try:
        shown = COMPONENTS[component](character)
    except InvalidURL:
        return "refused"
    if len(character.encode()) == 1:
        return shown
    position = character.encode().index(byte)
    return shown[3 * position : 3 * position + 3]


def test_every_byte_in_every_component() -> None:
    heading, *lines = GOLDEN.read_text().splitlines()
    assert heading.split() == ["byte", *COMPONENTS]
    assert len(lines) == 256
    for byte, line in enumerate(lines):
        assert line.split() == [f"{byte:02X}", *(cell(component, byte) for component in COMPONENTS)]


@pytest.mark.parametrize("component", COMPONENTS.keys() - {"form"})
@pytest.mark.parametrize("text", ["%41", "%zz", "%", "%e2%82", "%2F", "a%20b c"])
def test_encoding_twice_is_encoding_once(component: str, text: str) -> None:
    once = COMPONENTS[component](text)
    assert COMPONENTS[component](once) == once == text.replace(" ", "%20")


def test_a_form_says_what_it_is_given() -> None:
    assert str(QueryParams({"k": "%41 +"})) == "k=%2541+%2B"
    assert QueryParams("k=%2541+%2B")["k"] == "%41 +"


def test_bytes_that_are_no_utf8_are_shown_as_such() -> None:
    url = URL("https://h/%e2%82%28%zz?%ff")
    assert (url.path, url.raw_path) == ("/\ufffd(%zz", b"/%e2%82%28%zz?%ff")
    assert url.params["\ufffd"] == ""
