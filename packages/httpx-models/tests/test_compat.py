"""What other packages take from httpx 0.28's private modules."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from httpx_models import ByteStream, DecodingError, ReadTimeout, Request, StreamError, compat
from httpx_models.compat import (
    SUPPORTED_DECODERS,
    AsyncIteratorByteStream,
    BrotliDecoder,
    ByteChunker,
    ContentDecoder,
    DeflateDecoder,
    GZipDecoder,
    IdentityDecoder,
    IteratorByteStream,
    LineDecoder,
    MultiDecoder,
    TextChunker,
    TextDecoder,
    ZStandardDecoder,
    encode_content,
    encode_html,
    encode_json,
    encode_multipart_data,
    encode_request,
    encode_response,
    encode_text,
    encode_urlencoded_data,
    get_multipart_boundary_from_content_type,
    peek_filelike_length,
    primitive_value_to_str,
    request_context,
    to_bytes,
    to_bytes_or_str,
    to_str,
    unquote,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def test_every_name_is_there() -> None:
    assert all(hasattr(compat, name) for name in compat.__all__)


def test_supported_decoders() -> None:
    assert list(SUPPORTED_DECODERS) == ["identity", "gzip", "deflate", "br", "zstd"]
    assert all(issubclass(decoder, ContentDecoder) for decoder in SUPPORTED_DECODERS.values())


def test_decoders_return_what_they_have_at_once() -> None:
    encoded = gzip.compress(b"content")
    decoder = GZipDecoder()
    assert decoder.decode(encoded[:-4]) + decoder.decode(encoded[-4:]) + decoder.flush() == b"content"
    cut = GZipDecoder()
    cut.decode(encoded[:-1])
    with pytest.raises(DecodingError):
        cut.flush()
    with pytest.raises(DecodingError):
        DeflateDecoder().decode(b"\xff" * 9)
    assert IdentityDecoder().decode(b"x") + IdentityDecoder().flush() == b"x"
    assert BrotliDecoder().flush() == ZStandardDecoder().flush() == b""


def test_several_decoders() -> None:
    decoder = MultiDecoder([DeflateDecoder(), GZipDecoder()])
    assert decoder.decode(gzip.compress(zlib.compress(b"content"))) + decoder.flush() == b"content"


def test_a_decoder_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setitem(sys.modules, "brotlicffi", None)
    with pytest.raises(ImportError, match="content coding 'br'"):
        BrotliDecoder()


def test_a_decoder_must_be_filled() -> None:
    with pytest.raises(NotImplementedError):
        ContentDecoder().decode(b"")
    with pytest.raises(NotImplementedError):
        ContentDecoder().flush()


def test_chunkers_and_text() -> None:
    chunker = ByteChunker(chunk_size=2)
    assert (chunker.decode(b"abc"), chunker.flush()) == ([b"ab"], [b"c"])
    text = TextChunker()
    assert (text.decode("abc"), text.flush()) == (["abc"], [])
    decoder = TextDecoder(encoding="utf-8")
    assert (decoder.decode(b"a\xc3"), decoder.flush()) == ("a", "\N{REPLACEMENT CHARACTER}")
    lines = LineDecoder()
    assert (lines.decode("a\nb"), lines.flush()) == (["a"], ["b"])


def test_one_stream_for_both_kinds_of_code() -> None:
    class Stream:
        def __iter__(self) -> Iterator[bytes]:
            yield b"x"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"

    class Both(AsyncIteratorByteStream, IteratorByteStream):
        def __init__(self) -> None:
            AsyncIteratorByteStream.__init__(self, stream=Stream())
            IteratorByteStream.__init__(self, stream=Stream())

    async def collect() -> list[bytes]:
        return [piece async for piece in Both()]

    assert list(Both()) == anyio.run(collect) == [b"x"]


def content(encoded: tuple[dict[str, str], Any]) -> tuple[dict[str, str], bytes]:
    return encoded[0], b"".join(encoded[1])


def test_encoders() -> None:
    length = {"Content-Length": "1"}
    assert (
        content(encode_content("x"))
        == content(encode_request(b"x"))
        == content(encode_response(b"x"))
        == (length, b"x")
    )
    assert content(encode_request()) == content(encode_response()) == ({}, b"")
    assert content(encode_json(1)) == ({**length, "Content-Type": "application/json"}, b"1")
    assert content(encode_text("x")) == ({**length, "Content-Type": "text/plain; charset=utf-8"}, b"x")
    assert content(encode_html("x")) == ({**length, "Content-Type": "text/html; charset=utf-8"}, b"x")
    assert content(encode_urlencoded_data({"a": [1, None]}))[1] == b"a=1&a="
    headers, stream = encode_multipart_data({"a": "1"}, {"f": b"x"}, b"BB")
    assert headers == {"Content-Length": str(len(b"".join(stream))), "Content-Type": "multipart/form-data; boundary=BB"}
    assert b"".join(stream.iter_chunks()) == b"".join(stream)


def test_a_request_context_gives_errors_their_request() -> None:
    request = Request("GET", "https://example.org/")
    with pytest.raises(ReadTimeout) as caught, request_context(request=request):
        raise ReadTimeout("slow")
    assert caught.value.request is request
    with pytest.raises(ReadTimeout) as caught, request_context():
        raise ReadTimeout("slow")
    assert caught.value._request is None
    with pytest.raises(StreamError), request_context(request):
        raise StreamError("odd")
    with request_context(request):
        assert ByteStream(b"").content == b""


def test_small_things() -> None:
    assert get_multipart_boundary_from_content_type(b"multipart/form-data; boundary=BB") == b"BB"
    assert [primitive_value_to_str(value) for value in (True, False, None, 1.5, "x")] == [
        "true",
        "false",
        "",
        "1.5",
        "x",
    ]
    assert to_bytes("é") == to_bytes("é".encode()) == "é".encode()
    assert to_str("é".encode()) == to_str("é") == "é"
    assert to_bytes_or_str("x", match_type_of=b"") == b"x"
    assert to_bytes_or_str("x", match_type_of="") == "x"
    assert unquote('"x"') == unquote("x") == "x"
    assert peek_filelike_length(io.BytesIO(b"abc")) == 3
    assert peek_filelike_length(object()) is None
