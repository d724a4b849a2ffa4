"""Text, lines and chunks: the same whatever the cuts, and in time that grows with the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models._decoders import Chain, Chunker, LineDecoder, Stage, TextDecoder

LINE_ENDS = st.sampled_from([*"\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\r\n"])
TEXT = st.lists(st.one_of(LINE_ENDS, st.text(max_size=3)), max_size=12).map("".join)


def run(stage: Stage[str, str], pieces: list[str]) -> list[str]:
    return [*[out for piece in pieces for out in stage.feed(piece)], *stage.flush()]


def cut(text: str, cuts: list[int]) -> list[str]:
    places = sorted(place % (len(text) + 1) for place in cuts)
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(TEXT, st.lists(st.integers(0, 100), max_size=6))
@settings(max_examples=300)
def test_lines_are_those_of_splitlines(text: str, cuts: list[int]) -> None:
    assert run(LineDecoder(), cut(text, cuts)) == text.splitlines()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["a\r", "\nb"], ["a", "b"]),
        (["a\r", "b"], ["a", "b"]),
        (["a\r", "\r"], ["a", ""]),
        (["a", "b", "c\n", ""], ["abc"]),
        (["\r", ""], [""]),
        (["a\n\n", "b"], ["a", "", "b"]),
        ([], []),
    ],
)
def test_lines_across_pieces(pieces: list[str], lines: list[str]) -> None:
    assert run(LineDecoder(), pieces) == lines


def test_a_long_line_in_many_pieces_is_joined_once() -> None:
    decoder = LineDecoder()
    for _ in range(20_000):
        assert not list(decoder.feed("x" * 50))
    assert len(decoder._parts) == 20_000
    assert [len(line) for line in decoder.feed("\n")] == [1_000_000]


@given(
    st.binary(max_size=60), st.sampled_from(["utf-8", "utf-16", "shift_jis", "latin-1", "utf-8-sig"]), st.integers(1, 5)
)
@settings(max_examples=300)
def test_text_is_that_of_the_whole(data: bytes, encoding: str, size: int) -> None:
    decoder = TextDecoder(encoding)
    pieces = [out for i in range(0, len(data), size) for out in decoder.feed(data[i : i + size])]
    whole = TextDecoder(encoding)
    assert "".join([*pieces, *decoder.flush()]) == "".join([*whole.feed(data), *whole.flush()])


@given(st.text(max_size=40), st.integers(1, 3))
def test_text_survives_any_cut(text: str, size: int) -> None:
    data = text.encode("utf-8", "surrogatepass")
    decoder = TextDecoder()
    pieces = [out for i in range(0, len(data), size) for out in decoder.feed(data[i : i + size])]
    assert "".join([*pieces, *decoder.flush()]) == data.decode("utf-8", "replace")
    assert "" not in pieces


def test_an_incomplete_character_at_the_end() -> None:
    decoder = TextDecoder()
    assert list(decoder.feed("é".encode()[:1])) == []
    assert list(decoder.flush()) == ["\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("encoding", ["utf-16", "UTF_32"])
@pytest.mark.parametrize("variant", ["", "-le", "-be"])
def test_a_byte_order_mark_decides(encoding: str, variant: str) -> None:
    mark = "\ufeff" if variant == "-be" else ""
    data = f"{mark}grün".encode(encoding + variant)
    for size in (1, 3, 100):
        decoder = TextDecoder(encoding)
        pieces = [out for i in range(0, len(data), size) for out in decoder.feed(data[i : i + size])]
        assert "".join([*pieces, *decoder.flush()]) == "grün"


def test_less_than_a_byte_order_mark() -> None:
    decoder = TextDecoder("utf-32")
    assert list(decoder.feed(b"a")) == []
    assert list(decoder.flush()) == ["\N{REPLACEMENT CHARACTER}"]
    assert list(TextDecoder("utf-16").flush()) == []


def test_an_unknown_encoding() -> None:
    with pytest.raises(LookupError):
        TextDecoder("no such")


@given(st.lists(st.binary(max_size=9)), st.integers(1, 7))
@settings(max_examples=200)
def test_chunks_have_one_size(pieces: list[bytes], size: int) -> None:
    chunker: Chunker[bytes] = Chunker(size)
    chunks = [*[out for piece in pieces for out in chunker.feed(piece)], *chunker.flush()]
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert b"" not in chunks


def test_chunks_of_text_and_chunks_as_they_come() -> None:
    assert run(Chunker(4), ["abcde", "f"]) == ["abcd", "ef"]
    assert run(Chunker(None), ["ab", "", "c"]) == ["ab", "c"]


@pytest.mark.parametrize("size", [0, -1])
def test_chunks_of_no_size(size: int) -> None:
    with pytest.raises(ValueError, match=f"chunk_size must be at least 1, not {size}"):
        Chunker(size)


def test_stages_in_a_chain_flush_one_after_the_other() -> None:
    chain = Chain(Chunker(4), Chunker(3))
    assert list(chain.feed("abcde")) == ["abc"]
    assert list(chain.flush()) == ["de"]
    assert list(Chain().feed("x")) == ["x"]
    assert list(Chain().flush()) == []
