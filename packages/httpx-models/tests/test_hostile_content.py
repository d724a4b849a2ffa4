"""Content that a server could use to take time or to raise errors: charsets, tiny frames, large windows; and what is no JSON."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import pytest

from httpx_models import DecodingError, Request, Response
from httpx_models._decoders import _zstd
from httpx_models._decoders._text import TextDecoder
from httpx_models._mediatype import _known

zstd: Any = _zstd.library()


def decoded(data: bytes, charset: str, step: int) -> str:
    decoder = TextDecoder(charset)
    text = [piece for start in range(0, len(data), step) for piece in decoder.feed(data[start : start + step])]
    return "".join([*text, *decoder.flush()])


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("charset", sorted(_known()))
def test_no_charset_raises(charset: str, step: int) -> None:
    source = random.Random(step)
    for _ in range(30):
        data = bytes(
            source.choice(b"\x1b$()BJ@DN\x0e\x0f~{}a\xff\x81\x30\x8e\xa1") for _ in range(source.randrange(60))
        )
        assert isinstance(decoded(data, charset, step), str)


def test_an_escape_sequence_without_an_end_becomes_one_character() -> None:
    for length in (7, 40):
        text = decoded(b"a\x1b(" + b"~" * length + b"bcd", "iso2022_jp", 1)
        assert "\ufffd" in text
        assert (text[0], text[-3:]) == ("a", "bcd")
    decoder = TextDecoder("iso2022_jp")
    assert "".join(decoder.feed(b"\x1b(~~~~~~~")) == "\ufffd\ufffd"
    assert "".join(decoder.feed(b"bcd")) == "bcd"
    assert decoded(b"\x1b$B" + "\u3042".encode("iso2022_jp")[3:5] + b"\x1b(Bz", "iso2022_jp", 1) == "\u3042z"


def test_utf_7_is_not_a_charset_that_a_server_chooses() -> None:
    response = Response(200, headers={"Content-Type": "text/plain; charset=utf-7"}, content=b"+ADw-")
    assert (response.encoding, response.text) == ("utf-8", "+ADw-")
    response = Response(200, content=b"+ADw-")
    response.encoding = "utf-7"
    assert response.text == "<"


def test_frames_have_to_bring_some_bytes() -> None:
    headers = {"Content-Encoding": "zstd"}
    many = zstd.compress(b"") * 900 + zstd.compress(bytes(range(256)) * 4) * 5_000
    assert len(Response(200, headers=headers, content=many).content) == 1024 * 5_000
    for frame in (zstd.compress(b""), zstd.compress(b"a"), b"\x50\x2a\x4d\x18\0\0\0\0"):
        made: list[object] = []

        class Counting:
            DecompressionParameter = zstd.DecompressionParameter
            ZstdError = zstd.ZstdError

            @staticmethod
            def ZstdDecompressor(**options: Any) -> Any:  # noqa: N802
                made.append(options)  # noqa: B023
                return zstd.ZstdDecompressor(**options)

        decoder = _zstd.ZstdDecoder(Counting)
        data = frame * 100_000
        with pytest.raises(DecodingError, match="frames of less than 32 bytes on average"):
            list(decoder.feed(data))
        assert len(made) < 1_000 + len(data) // 32 + 1


def test_a_window_above_8_mib_is_refused() -> None:
    parameter = zstd.CompressionParameter
    for log, allowed in ((23, True), (24, False)):
        compressor = zstd.ZstdCompressor(options={parameter.window_log: log, parameter.content_size_flag: 0})
        data = compressor.compress(b"a" * 100) + compressor.flush()
        if allowed:
            assert Response(200, headers={"Content-Encoding": "zstd"}, content=data).content == b"a" * 100
        else:
            with pytest.raises(DecodingError, match=r"[Mm]emory|[Ww]indow"):
                Response(200, headers={"Content-Encoding": "zstd"}, content=data)


@pytest.mark.parametrize("content", ["<html>" + "x" * 100, ""])
def test_what_is_no_json_is_described(content: str) -> None:
    request = Request("GET", "http://user:secret@a.test/x")
    response = Response(502, html=content, request=request)
    with pytest.raises(json.JSONDecodeError) as caught:
        response.json()
    message = str(caught.value)
    assert message.startswith("Expecting value (GET http://user:[secure]@a.test/x, status 502, content type 'text/html")
    assert message.endswith(": line 1 column 1 (char 0)")
    assert (caught.value.doc, caught.value.pos) == (content, 0)
    assert ("…" in message) is bool(content)
    with pytest.raises(json.JSONDecodeError, match=r"^Expecting value \(status 200, content type None, content 'no'\)"):
        Response(200, content=b"no").json()


@pytest.mark.parametrize("layers", [2, 3])
def test_an_inner_coding_is_not_given_much_more_than_was_received(layers: int) -> None:
    headers = {"Content-Encoding": ", ".join(["gzip"] * layers)}
    content = random.Random(1).randbytes(3_000_000)
    coded = content
    for _ in range(layers):
        coded = gzip.compress(coded)
    assert Response(200, headers=headers, content=coded).content == content
    bomb = b"".join([gzip.compress(b"")] * 200_000)
    for _ in range(layers - 1):
        bomb = gzip.compress(bomb)
    with pytest.raises(DecodingError, match="^An outer coding expands the content to more than 4 times its size"):
        Response(200, headers=headers, content=bomb)
