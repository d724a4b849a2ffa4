"""Content codings: whatever the libraries wrote is read back, however it is cut; what is broken is an error."""

from __future__ import annotations

import gzip
import random
import sys
import zlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import brotlicffi  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models import DecodingError, supported_codings
from httpx_models._decoders import Chain, Stage, _brotli, _zstd, content_decoder
from httpx_models._decoders._zlib import SLICE, STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate-raw": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
CONTENT = b"The quick brown fox jumps over the lazy dog. " * 40 + bytes(range(256))


def make(name: str) -> Stage[bytes, bytes]:
    decoder = content_decoder([name.removesuffix("-raw")])
    assert decoder is not None
    return decoder


def decode(decoder: Stage[bytes, bytes], pieces: list[bytes]) -> bytes:
    return b"".join([*[out for piece in pieces for out in decoder.feed(piece)], *decoder.flush()])


@pytest.mark.parametrize("name", ENCODERS)
@given(data=st.data(), content=st.binary(max_size=2000))
@settings(max_examples=40, deadline=None)
def test_any_content_cut_anywhere(name: str, data: st.DataObject, content: bytes) -> None:
    encoded = ENCODERS[name](content)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=6)))
    pieces = [encoded[a:b] for a, b in zip([0, *cuts], [*cuts, len(encoded)], strict=True)]
    assert decode(make(name), pieces) == content


@pytest.mark.parametrize("name", ENCODERS)
def test_byte_by_byte(name: str) -> None:
    encoded = ENCODERS[name](CONTENT)
    assert decode(make(name), [encoded[i : i + 1] for i in range(len(encoded))]) == CONTENT


@pytest.mark.parametrize("name", ENCODERS)
def test_truncation_at_every_byte_is_an_error(name: str) -> None:
    encoded = ENCODERS[name](CONTENT)
    for end in range(1, len(encoded)):
        with pytest.raises(DecodingError):
            decode(make(name), [encoded[:end]])


@pytest.mark.parametrize("name", ENCODERS)
def test_no_bytes_at_all_are_no_content(name: str) -> None:
    assert decode(make(name), []) == b""
    assert decode(make(name), [b"", b""]) == b""


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_garbage_is_an_error(name: str) -> None:
    with pytest.raises(DecodingError) as caught:
        decode(make(name), [b"\xff" * 64])
    assert str(caught.value)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
def test_a_wrong_checksum_is_an_error(name: str) -> None:
    if name == "zstd":
        encoded = bytearray(zstd.compress(CONTENT, options={zstd.CompressionParameter.checksum_flag: 1}))
    else:
        encoded = bytearray(ENCODERS[name](CONTENT))
    encoded[-5 if name == "gzip" else -1] ^= 1
    with pytest.raises(DecodingError):
        decode(make(name), [bytes(encoded)])


def test_a_wrong_length_in_gzip_is_an_error() -> None:
    encoded = bytearray(gzip.compress(CONTENT))
    encoded[-1] ^= 1
    with pytest.raises(DecodingError):
        decode(make("gzip"), [bytes(encoded)])


MEMBERS = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_all_members_of_gzip(size: int) -> None:
    assert decode(make("gzip"), [MEMBERS[i : i + size] for i in range(0, len(MEMBERS), size)]) == b"one two"


def test_a_member_that_is_cut_off_is_an_error() -> None:
    complete = {len(gzip.compress(b"one ")), len(gzip.compress(b"one ") + gzip.compress(b"")), len(MEMBERS)}
    for end in set(range(1, len(MEMBERS))) - complete:
        with pytest.raises(DecodingError):
            decode(make("gzip"), [MEMBERS[:end]])


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 600, b"garbage", b"\0\0x", b"\x1fx"])
def test_what_is_no_member_after_gzip_is_stepped_over(tail: bytes) -> None:
    encoded = gzip.compress(b"content") + tail
    assert decode(make("gzip"), [encoded, b"more"]) == b"content"
    assert decode(make("gzip"), [encoded[i : i + 1] for i in range(len(encoded))]) == b"content"


def test_padding_between_members_of_gzip() -> None:
    assert decode(make("gzip"), [gzip.compress(b"a") + b"\0\0" + gzip.compress(b"b")]) == b"ab"


def test_all_frames_of_zstd() -> None:
    encoded = zstd.compress(b"one ") + zstd.compress(b"two")
    assert decode(make("zstd"), [encoded]) == b"one two"
    assert decode(make("zstd"), [encoded[i : i + 1] for i in range(len(encoded))]) == b"one two"


@pytest.mark.parametrize("size", [1, 2, 10_000])
def test_bytes_after_the_end_of_brotli_are_an_error(size: int) -> None:
    encoded = brotli.compress(CONTENT) + b"tail"
    with pytest.raises(DecodingError):
        decode(make("br"), [encoded[i : i + size] for i in range(0, len(encoded), size)])


@pytest.mark.parametrize("name", ["deflate", "deflate-raw"])
def test_what_follows_the_end_is_ignored(name: str) -> None:
    decoder = make(name)
    assert decode(decoder, [ENCODERS[name](CONTENT) + b"tail", b"tail"]) == CONTENT


@pytest.mark.parametrize("size", [1, 300_000])
@pytest.mark.parametrize("tail", [b"\0", b"x" * 99, gzip.compress(b"more"), gzip.compress(b"m" * 300_000)])
@pytest.mark.parametrize("name", ["gzip", "deflate", "deflate-raw"])
def test_more_than_one_step_and_then_something_else(name: str, tail: bytes, size: int) -> None:
    content, more = b"a" * 600_000, gzip.decompress(tail) if name == "gzip" and tail[:1] == b"\x1f" else b""
    data = ENCODERS[name](content) + tail
    assert decode(make(name), [data[i : i + size] for i in range(0, len(data), size)]) == content + more


@pytest.mark.parametrize("name", ENCODERS)
def test_each_step_is_bounded(name: str) -> None:
    bomb = ENCODERS[name](bytes(40 * STEP))
    sizes = [len(piece) for piece in make(name).feed(bomb)]
    assert sum(sizes) == 40 * STEP
    assert max(sizes) <= 2 * STEP  # brotli rounds up to its own block


@pytest.mark.parametrize("name", ENCODERS)
def test_a_bomb_is_not_unpacked_before_its_pieces_are_taken(name: str) -> None:
    pieces = iter(make(name).feed(ENCODERS[name](bytes(40 * STEP))))
    assert len(next(pieces)) <= 2 * STEP


def test_an_output_of_exactly_one_step() -> None:
    for size in (STEP - 1, STEP, STEP + 1, 2 * STEP):
        for name, encode in ENCODERS.items():
            assert decode(make(name), [encode(bytes(size))]) == bytes(size)


def test_brotlicffi_does_as_well_as_brotli() -> None:
    encoded = brotli.compress(CONTENT)
    assert decode(_brotli.BrotliDecoder(brotlicffi), [encoded[:9], encoded[9:]]) == CONTENT
    with pytest.raises(DecodingError):
        decode(_brotli.BrotliDecoder(brotlicffi), [encoded[:9]])
    with pytest.raises(DecodingError):
        decode(_brotli.BrotliDecoder(brotlicffi), [b"\xff" * 64])


def test_codings_in_a_chain() -> None:
    encoded = gzip.compress(brotli.compress(zlib.compress(CONTENT)))
    decoder = content_decoder(["deflate", " BR ", "identity", "", "GZip"])
    assert decoder is not None
    assert decode(decoder, [encoded[i : i + 3] for i in range(0, len(encoded), 3)]) == CONTENT


def test_truncation_within_a_chain_is_an_error() -> None:
    inner = zlib.compress(CONTENT)
    decoder = content_decoder(["deflate", "gzip"])
    assert decoder is not None
    with pytest.raises(DecodingError, match="deflate"):
        decode(decoder, [gzip.compress(inner[:-3])])


def test_more_than_five_layers_are_an_error() -> None:
    assert isinstance(content_decoder(["gzip"] * 5), Chain)
    with pytest.raises(DecodingError, match="6 times over, which is more than 5"):
        content_decoder(["gzip"] * 6)


@pytest.mark.parametrize("codings", [[], ["identity"], ["unknown"], ["gzip", "unknown"], [""], ["compress"]])
def test_what_cannot_be_undone_is_passed_through(codings: list[str]) -> None:
    assert content_decoder(codings) is None


def test_what_an_unknown_coding_holds_is_passed_through() -> None:
    decoder = content_decoder(["gzip", "unknown", "deflate"])
    assert decoder is not None
    assert decode(decoder, [zlib.compress(b"\x00odd")]) == b"\x00odd"


def test_supported_codings() -> None:
    assert supported_codings() == ("gzip", "deflate", "br", "zstd")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def hide(name: str) -> None:
        monkeypatch.setitem(sys.modules, name, None)
        supported_codings.cache_clear()

    yield hide
    supported_codings.cache_clear()


def test_libraries_are_looked_for_once(without: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    without("brotli")
    without("brotlicffi")
    first = supported_codings()
    monkeypatch.setattr(_brotli, "library", None)  # who looks again fails
    assert supported_codings() == first


def test_without_brotli_there_is_brotlicffi(without: Callable[[str], None]) -> None:
    without("brotli")
    assert _brotli.library() is brotlicffi
    without("brotlicffi")
    assert _brotli.library() is None
    assert content_decoder(["br"]) is None
    assert "br" not in supported_codings()


def test_a_brotli_that_cannot_bound_its_output_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    old: Any = ModuleType("brotli")
    old.Decompressor = type("Decompressor", (), {})
    monkeypatch.setitem(sys.modules, "brotli", old)
    assert _brotli.library() is brotlicffi


def test_without_zstd(without: Callable[[str], None]) -> None:
    without("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    assert _zstd.library() is None
    assert content_decoder(["zstd"]) is None
    assert supported_codings() == ("gzip", "deflate", "br")


@pytest.mark.parametrize("name", ["gzip", "deflate", "deflate-raw"])
def test_a_decoder_never_gets_more_than_a_slice_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it leaves is copied at each step, so that a large piece would take longer and longer."""
    fed: list[int] = []

    class Watched:
        def __init__(self, window: int) -> None:
            self.zlib = real(window)

        def decompress(self, data: bytes, most: int) -> bytes:
            fed.append(len(data))
            return self.zlib.decompress(data, most)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.zlib, name)

    real = zlib.decompressobj
    content = random.Random(1).randbytes(1_000_000)
    encoded = ENCODERS[name](content)
    monkeypatch.setattr(zlib, "decompressobj", Watched)
    assert decode(make(name), [encoded]) == content
    assert max(fed) <= SLICE
