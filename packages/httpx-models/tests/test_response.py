"""Responses: what the head says, what the body says, and when it may be read."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
import pickle
import zlib
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models import (
    AsyncByteStream,
    ByteStream,
    Cookies,
    DecodingError,
    Headers,
    HTTPStatusError,
    ReadError,
    Request,
    Response,
    ResponseNotRead,
    StreamClosed,
    StreamConsumed,
    SyncByteStream,
)
from httpx_models.compat import GZipDecoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

pytestmark = pytest.mark.anyio

REQUEST = Request("GET", "https://example.org/")


class Pieces(SyncByteStream, AsyncByteStream):
    """A body in pieces for both kinds of code, which fails when an exception is among them."""

    def __init__(self, *pieces: bytes | BaseException) -> None:
        self.pieces = pieces
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class OnlySync(SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"x"


class OnlyAsync(AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x"


def streamed(*pieces: bytes | BaseException, **arguments: Any) -> Response:
    return Response(200, stream=Pieces(*pieces), **arguments)


async def both(
    call: Callable[[Response], Any], acall: Callable[[Response], Any], make: Callable[[], Response]
) -> list[Any]:
    """Return what a way of iterating gives, after checking that its asynchronous twin gives the same."""
    first = list(call(make()))
    assert [item async for item in acall(make())] == first
    return first


# The head.


def test_the_parts_of_a_response() -> None:
    earlier = Response(301)
    response = Response(200, headers={"A": "1"}, request=REQUEST, extensions={"x": 1}, history=[earlier])
    assert response.status_code == 200
    assert response.headers == {"A": "1"}
    assert response.request is REQUEST
    assert response.url == REQUEST.url
    assert response.extensions == {"x": 1}
    assert response.history == [earlier]
    assert response.next_request is None
    assert response.is_closed
    assert response.is_stream_consumed
    assert response.num_bytes_downloaded == 0


def test_without_a_request() -> None:
    response = Response(200)
    for ask in (lambda: response.request, lambda: response.url, lambda: response.cookies):
        with pytest.raises(RuntimeError, match=r"^The request instance has not been set on this response\.$"):
            ask()
    with pytest.raises(RuntimeError, match="^Cannot call `raise_for_status` as the request instance has not been set"):
        response.raise_for_status()
    response.request = REQUEST
    assert response.url == REQUEST.url
    assert dict(response.cookies) == {}


@pytest.mark.parametrize(
    ("arguments", "fields", "content"),
    [
        ({}, [], b""),
        ({"content": b""}, [], b""),
        ({"content": b"x"}, [(b"Content-Length", b"1")], b"x"),
        ({"content": "é"}, [(b"Content-Length", b"2")], "é".encode()),
        ({"text": "é"}, [(b"Content-Length", b"2"), (b"Content-Type", b"text/plain; charset=utf-8")], "é".encode()),
        ({"text": ""}, [(b"Content-Length", b"0"), (b"Content-Type", b"text/plain; charset=utf-8")], b""),
        ({"html": "<p>"}, [(b"Content-Length", b"3"), (b"Content-Type", b"text/html; charset=utf-8")], b"<p>"),
        ({"json": {"a": 1}}, [(b"Content-Length", b"7"), (b"Content-Type", b"application/json")], b'{"a":1}'),
        ({"json": None}, [], b""),
        ({"content": b"x", "text": "y"}, [(b"Content-Length", b"1")], b"x"),
        ({"content": b"x", "headers": {"content-length": "5"}}, [(b"content-length", b"5")], b"x"),
        ({"json": 1, "stream": ByteStream(b"x")}, [], b"x"),
    ],
)
def test_the_fields_of_a_body(arguments: dict[str, Any], fields: list[tuple[bytes, bytes]], content: bytes) -> None:
    response = Response(200, **arguments)
    assert response.headers.raw == fields
    assert response.read() == response.content == content


def test_a_body_of_unknown_length() -> None:
    assert Response(200, content=iter([b"x"])).headers.raw == [(b"Transfer-Encoding", b"chunked")]
    sized = Response(200, content=iter([b"x"]), headers={"Content-Length": "1"})
    assert sized.headers.raw == [(b"Content-Length", b"1")]
    odd: Any = {"a": 1}
    with pytest.raises(TypeError, match="^Unexpected type for 'content', <class 'dict'>"):
        Response(200, content=odd)


def test_the_callers_objects_are_not_changed() -> None:
    headers, extensions = Headers({"a": "1"}), {"x": 1}
    response = Response(200, headers=headers, extensions=extensions)
    response.headers["b"] = "2"
    response.extensions["y"] = 2
    assert headers.raw == [(b"a", b"1")]
    assert extensions == {"x": 1}


@pytest.mark.parametrize(
    ("status", "extensions", "shown"),
    [
        (200, {}, "<Response [200 OK]>"),
        (999, {}, "<Response [999 ]>"),
        (200, {"reason_phrase": b"Fine"}, "<Response [200 Fine]>"),
        (200, {"reason_phrase": b""}, "<Response [200 ]>"),
        (200, {"reason_phrase": b"\xff"}, "<Response [200 ]>"),
    ],
)
def test_reason_phrase(status: int, extensions: dict[str, Any], shown: str) -> None:
    assert repr(Response(status, extensions=extensions)) == shown


def test_http_version() -> None:
    assert Response(200).http_version == "HTTP/1.1"
    assert Response(200, extensions={"http_version": b"HTTP/2"}).http_version == "HTTP/2"


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (100, {"is_informational"}),
        (204, {"is_success"}),
        (304, {"is_redirect"}),
        (404, {"is_client_error", "is_error"}),
        (503, {"is_server_error", "is_error"}),
        (600, set()),
    ],
)
def test_kinds_of_status(status: int, kinds: set[str]) -> None:
    every = {"is_informational", "is_success", "is_redirect", "is_client_error", "is_server_error", "is_error"}
    assert {kind for kind in every if getattr(Response(status), kind)} == kinds


@pytest.mark.parametrize(
    ("status", "expected"), [(200, False), (300, False), (301, True), (304, False), (307, True), (308, True)]
)
def test_has_redirect_location(status: int, expected: bool) -> None:
    assert Response(status, headers={"location": "/x"}).has_redirect_location is expected
    assert not Response(status).has_redirect_location


def test_links() -> None:
    response = Response(200, headers=[("Link", "<a>; rel=next"), ("link", '<b>; rel="prev"')])
    assert response.links == {"next": {"url": "a", "rel": "next"}, "prev": {"url": "b", "rel": "prev"}}
    assert Response(200).links == {}


def test_cookies_are_read_once() -> None:
    response = Response(200, headers={"Set-Cookie": "a=b"}, request=REQUEST)
    assert response.cookies["a"] == "b"
    assert response.cookies is response.cookies


def test_cookies_of_a_server_on_http_can_be_looked_at() -> None:
    headers = [("Set-Cookie", "a=b; Secure"), ("Set-Cookie", "c=d; Domain=other.org")]
    response = Response(200, headers=headers, request=Request("GET", "http://testserver/"))
    assert dict(response.cookies) == {"a": "b"}
    strict = Cookies()
    strict.extract_cookies(response)
    assert not strict


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (101, "Informational response '101 Switching Protocols'"),
        (304, "Redirect response '304 Not Modified'"),
        (404, "Client error '404 Not Found'"),
        (500, "Server error '500 Internal Server Error'"),
        (600, "Invalid status code '600 '"),
        (99, "Invalid status code '99 '"),
    ],
)
def test_raise_for_status(status: int, message: str) -> None:
    response = Response(status, request=REQUEST)
    with pytest.raises(HTTPStatusError) as caught:
        response.raise_for_status()
    assert str(caught.value) == (
        f"{message} for url 'https://example.org/'\n"
        f"For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/{status}"
    )
    assert caught.value.response is response
    assert caught.value.request is REQUEST
    assert not hasattr(caught.value, "__notes__")


def test_raise_for_status_returns_a_success() -> None:
    response = Response(204, request=REQUEST)
    assert response.raise_for_status() is response


def test_raise_for_status_shows_where_a_redirect_leads() -> None:
    with pytest.raises(HTTPStatusError, match=r"\nRedirect location: '/x'\nFor more"):
        Response(301, headers={"location": "/x"}, request=REQUEST).raise_for_status()


@pytest.mark.parametrize("location", ["https://u:s3cret@example.org/", "https://u:s3cret@example.org:99999/"])
def test_raise_for_status_shows_no_password(location: str) -> None:
    request = Request("GET", "https://u:s3cret@example.org/")
    with pytest.raises(HTTPStatusError) as caught:
        Response(301, headers={"location": location}, request=request).raise_for_status()
    assert "s3cret" not in str(caught.value)
    assert "[secure]@example.org" in str(caught.value)


def test_raise_for_status_notes_how_the_content_begins() -> None:
    with pytest.raises(HTTPStatusError) as caught:
        Response(500, text="x" * 500 + "\n", request=REQUEST).raise_for_status()
    assert caught.value.__notes__ == [f"The response's content begins: {'x' * 200!r}"]
    with pytest.raises(HTTPStatusError) as caught:
        Response(500, stream=Pieces(b"unread"), request=REQUEST).raise_for_status()
    assert not hasattr(caught.value, "__notes__")


def test_elapsed() -> None:
    response = Response(200)
    with pytest.raises(
        RuntimeError, match=r"^'\.elapsed' may only be accessed after the response has been read or closed"
    ):
        response.elapsed  # noqa: B018
    response._elapsed = 1.5
    assert response.elapsed == dt.timedelta(seconds=1.5)
    response.elapsed = dt.timedelta(1)
    assert response.elapsed == dt.timedelta(1)


def test_what_the_transport_tells() -> None:
    trailers: list[tuple[bytes, bytes]] = []
    response = Response(
        200,
        extensions={
            "trailers": trailers,
            "informational": [(103, [(b"link", b"</a>")])],
            "timings": {"connect": 0.25, "total": 1.0},
        },
    )
    trailers.append((b"Digest", b"x"))
    assert response.trailers == {"digest": "x"}
    assert response.informational == [(103, Headers({"link": "</a>"}))]
    assert response.timings.connect == 0.25
    assert response.timings.dns is None
    assert dict(response.timings) == {"connect": 0.25, "total": 1.0}
    assert len(response.timings) == 2
    assert repr(response.timings) == "Timings(connect=0.250000, total=1.000000)"
    with pytest.raises(AttributeError, match="There is no phase 'conect'"):
        response.timings.conect  # noqa: B018
    assert dict(pickle.loads(pickle.dumps(response.timings))) == dict(response.timings)


def test_what_the_transport_does_not_tell() -> None:
    response = Response(200)
    assert response.trailers == {}
    assert response.informational == []
    assert dict(response.timings) == {}
    assert not hasattr(response, "template")
    assert not hasattr(response, "context")


def test_template_and_context() -> None:
    response = Response(200, extensions={"template": "t", "context": {"a": 1}})
    assert response.template == "t"
    assert response.context == {"a": 1}
    response.template, response.context = "other", {}
    assert (response.template, response.context) == ("other", {})


# The body as text and JSON.


@pytest.mark.parametrize(
    ("content_type", "content", "encoding", "text"),
    [
        (None, "é".encode(), "utf-8", "é"),
        ("text/plain", b"\xff", "utf-8", "\N{REPLACEMENT CHARACTER}"),
        ("text/plain; charset=latin-1", b"\xe9", "latin-1", "é"),
        ("text/plain; charset=utf-16", "é".encode("utf-16"), "utf-16", "é"),
        ("text/plain; charset=utf-16", "é".encode("utf-16-le"), "utf-16", "é"),
        ("text/plain; charset=unknown", b"x", "utf-8", "x"),
        ("text/plain; charset=base64", b"eHg=", "utf-8", "eHg="),
        ("text/plain; charset=rot13", b"x", "utf-8", "x"),
        ("text/plain; charset=zlib", zlib.compress(b"x"), "utf-8", zlib.compress(b"x").decode("utf-8", "replace")),
        ("text/plain; charset=idna", b"xn--a", "utf-8", "xn--a"),
        ("text/plain; charset=undefined", b"x", "utf-8", "x"),
        (f"text/plain; charset=latin-1; x={'y' * 100}", b"\xe9", "latin-1", "é"),
    ],
)
def test_text(content_type: str | None, content: bytes, encoding: str, text: str) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = Response(200, headers=headers, content=content)
    assert response.encoding == encoding
    assert response.text == response.text == text
    again = streamed(*[content[i : i + 1] for i in range(len(content))], headers=headers)
    assert "".join(again.iter_text()) == text


def test_charset_encoding() -> None:
    assert Response(200, headers={"content-type": "text/plain; charset=Foo"}).charset_encoding == "foo"
    assert Response(200, headers={"content-type": "text/plain"}).charset_encoding is None
    assert Response(200).charset_encoding is None


def test_default_encoding() -> None:
    latin = {"content": b"\xe9"}
    assert Response(200, default_encoding="latin-1", **latin).text == "é"  # type: ignore[arg-type]
    assert Response(200, default_encoding=lambda content: "latin-1", **latin).text == "é"  # type: ignore[arg-type]
    assert Response(200, default_encoding=lambda content: None, **latin).encoding == "utf-8"  # type: ignore[arg-type]
    unread = streamed(b"\xe9", default_encoding=lambda content: "latin-1")
    assert unread.encoding == "utf-8"
    unread.read()
    assert unread.text == "é"
    with pytest.raises(LookupError, match="unknown encoding: foo"):
        Response(200, default_encoding="foo", **latin).text  # type: ignore[arg-type]  # noqa: B018


def test_the_encoding_can_be_set_until_the_text_is_read() -> None:
    response = Response(200, content=b"\xe9")
    response.encoding = "latin-1"
    assert response.encoding == "latin-1"
    assert response.text == "é"
    with pytest.raises(ValueError, match=r"^Setting encoding after `text` has been accessed is not allowed\.$"):
        response.encoding = "utf-8"
    wrong = Response(200, content=b"x")
    wrong.encoding = "foo"
    with pytest.raises(LookupError):
        wrong.text  # noqa: B018


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_json_in_any_unicode(encoding: str) -> None:
    assert Response(200, content='{"a": "é"}'.encode(encoding)).json() == {"a": "é"}


def test_json_arguments_errors_and_other_decoders() -> None:
    assert Response(200, content=b"1.5").json(parse_float=str) == "1.5"
    with pytest.raises(json.JSONDecodeError):
        Response(200, content=b"{").json()
    response = Response(200, content=b"<1>")
    response.json_decoder = lambda content, **kwargs: (content, kwargs)
    assert response.json(a=1) == (b"<1>", {"a": 1})


# Reading.


def test_before_it_is_read() -> None:
    response = streamed(b"x")
    assert not response.is_closed
    assert not response.is_stream_consumed
    for ask in (lambda: response.content, lambda: response.text, response.json):
        with pytest.raises(ResponseNotRead):
            ask()


async def test_reading() -> None:
    response = streamed(b"ab", b"", b"c")
    assert response.read() == response.read() == response.content == b"abc"
    assert response.is_closed
    assert response.is_stream_consumed
    assert response.num_bytes_downloaded == 3
    assert response.stream.closed == 1  # type: ignore[union-attr]
    twin = streamed(b"ab", b"", b"c")
    assert await twin.aread() == await twin.aread() == b"abc"
    assert twin.stream.closed == 1  # type: ignore[union-attr]
    assert twin.num_bytes_downloaded == 3


async def test_iterating() -> None:
    def make() -> Response:
        return streamed(b"h\xc3", b"", b"\xa9llo\nw", b"orld")

    assert await both(Response.iter_raw, Response.aiter_raw, make) == [b"h\xc3", b"\xa9llo\nw", b"orld"]
    assert await both(Response.iter_bytes, Response.aiter_bytes, make) == [b"h\xc3", b"\xa9llo\nw", b"orld"]
    assert await both(Response.iter_text, Response.aiter_text, make) == ["h", "éllo\nw", "orld"]
    assert await both(Response.iter_lines, Response.aiter_lines, make) == ["héllo", "world"]
    assert await both(lambda r: r.iter_raw(5), lambda r: r.aiter_raw(5), make) == [b"h\xc3\xa9ll", b"o\nwor", b"ld"]
    assert await both(lambda r: r.iter_bytes(5), lambda r: r.aiter_bytes(5), make) == [b"h\xc3\xa9ll", b"o\nwor", b"ld"]
    assert await both(lambda r: r.iter_text(5), lambda r: r.aiter_text(5), make) == ["héllo", "\nworl", "d"]


async def test_iterating_what_has_been_read() -> None:
    def make() -> Response:
        return Response(200, content=b"abc\ndef")

    assert await both(Response.iter_bytes, Response.aiter_bytes, make) == [b"abc\ndef"]
    assert await both(lambda r: r.iter_bytes(4), lambda r: r.aiter_bytes(4), make) == [b"abc\n", b"def"]
    assert await both(Response.iter_text, Response.aiter_text, make) == ["abc\ndef"]
    assert await both(Response.iter_lines, Response.aiter_lines, make) == ["abc", "def"]
    assert await both(Response.iter_bytes, Response.aiter_bytes, lambda: Response(200)) == []
    with pytest.raises(StreamConsumed):
        list(make().iter_raw())
    with pytest.raises(StreamConsumed):
        [piece async for piece in make().aiter_raw()]


@pytest.mark.parametrize("size", [0, -1])
def test_chunks_of_no_size(size: int) -> None:
    for response in (Response(200, content=b"abc"), streamed(b"abc")):
        with pytest.raises(ValueError, match="chunk_size must be at least 1"):
            list(response.iter_bytes(size))


async def test_a_body_is_iterated_once() -> None:
    response = streamed(b"x")
    list(response.iter_bytes())
    assert response.is_closed
    with pytest.raises(StreamConsumed):
        response.read()
    with pytest.raises(StreamConsumed):
        await response.aread()
    with pytest.raises(ResponseNotRead):
        response.content  # noqa: B018


async def test_a_closed_body_is_not_read() -> None:
    response = streamed(b"x")
    response.close()
    response.close()
    assert response.stream.closed == 1  # type: ignore[union-attr]
    with pytest.raises(StreamClosed):
        response.read()
    twin = streamed(b"x")
    await twin.aclose()
    await twin.aclose()
    assert twin.stream.closed == 1  # type: ignore[union-attr]
    with pytest.raises(StreamClosed):
        await twin.aread()


async def test_each_kind_of_stream_has_its_kind_of_code() -> None:
    with pytest.raises(RuntimeError, match=r"^Attempted to call a sync iterator on an async stream\.$"):
        Response(200, stream=OnlyAsync()).read()
    with pytest.raises(RuntimeError, match=r"^Attempted to call an sync close on an async stream\.$"):
        Response(200, stream=OnlyAsync()).close()
    with pytest.raises(RuntimeError, match=r"^Attempted to call an async iterator on an sync stream\.$"):
        await Response(200, stream=OnlySync()).aread()
    with pytest.raises(RuntimeError, match=r"^Attempted to call an async close on an sync stream\.$"):
        await Response(200, stream=OnlySync()).aclose()
    assert Response(200, stream=OnlySync()).read() == b"x"
    assert await Response(200, stream=OnlyAsync()).aread() == b"x"


async def test_the_streams_error_gets_the_request_and_closes_the_response() -> None:
    response = streamed(b"x", ReadError("gone"), request=REQUEST)
    with pytest.raises(ReadError) as caught:
        response.read()
    assert caught.value.request is REQUEST
    assert response.is_closed
    twin = streamed(b"x", ReadError("gone"), request=REQUEST)
    with pytest.raises(ReadError) as caught:
        await twin.aread()
    assert caught.value.request is REQUEST
    assert twin.is_closed
    with pytest.raises(ReadError) as caught:
        streamed(ReadError("gone")).read()
    assert caught.value._request is None


async def test_a_read_that_is_broken_off_closes_the_response() -> None:
    response = streamed(b"x", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        response.read()
    assert response.is_closed
    twin = streamed(b"x", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await twin.aread()
    assert twin.is_closed


async def test_an_iteration_that_is_abandoned_leaves_the_response_open() -> None:
    response = streamed(b"a", b"b")
    assert next(iter(response.iter_bytes())) == b"a"
    assert not response.is_closed
    twin = streamed(b"a\n", b"b")
    lines: Any = twin.aiter_lines()
    assert await lines.__anext__() == "a"
    await lines.aclose()
    with pytest.raises(StopAsyncIteration):
        await lines.__anext__()
    assert not twin.is_closed
    never: Any = streamed(b"a").aiter_raw()
    await never.aclose()
    read: Any = Response(200, content=b"a").aiter_bytes()
    await read.aclose()
    assert [piece async for piece in read] == []


# Content codings.


@pytest.mark.parametrize(
    ("coding", "encoded"),
    [
        ("gzip", gzip.compress(b"content")),
        ("X-GZip", gzip.compress(b"con") + gzip.compress(b"tent")),
        ("deflate", zlib.compress(b"content")),
        ("br", brotli.compress(b"content")),
        ("identity", b"content"),
        ("unknown", b"content"),
        ("deflate, gzip", gzip.compress(zlib.compress(b"content"))),
    ],
)
async def test_content_is_decoded(coding: str, encoded: bytes) -> None:
    def make() -> Response:
        return streamed(encoded[:5], encoded[5:], headers={"Content-Encoding": coding})

    response = make()
    assert response.read() == await make().aread() == b"content"
    assert response.num_bytes_downloaded == len(encoded)
    assert b"".join(await both(Response.iter_raw, Response.aiter_raw, make)) == encoded
    assert Response(200, headers={"Content-Encoding": coding}, content=encoded).content == b"content"


def test_several_content_encoding_fields() -> None:
    headers = [("Content-Encoding", "deflate"), ("Content-Encoding", "gzip")]
    assert Response(200, headers=headers, content=gzip.compress(zlib.compress(b"content"))).content == b"content"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_an_encoded_body_without_a_byte_is_empty(coding: str) -> None:
    assert Response(200, headers={"Content-Encoding": coding}, content=b"").content == b""
    assert streamed(headers={"Content-Encoding": coding}).read() == b""


async def test_a_broken_coding_is_an_error_with_its_request() -> None:
    def make(*pieces: bytes) -> Response:
        return streamed(*pieces, headers={"Content-Encoding": "gzip"}, request=REQUEST)

    for pieces in ([b"garbage"], [gzip.compress(b"content")[:-1]]):
        with pytest.raises(DecodingError) as caught:
            make(*pieces).read()
        assert caught.value.request is REQUEST
        response = make(*pieces)
        with pytest.raises(DecodingError):
            await response.aread()
        assert response.is_closed
    deep = streamed(b"x", headers={"Content-Encoding": ", ".join(["gzip"] * 6)}, request=REQUEST)
    with pytest.raises(DecodingError, match="6 times over") as caught:
        deep.read()
    assert caught.value.request is REQUEST
    assert deep.is_closed


async def test_nothing_comes_after_a_broken_coding() -> None:
    pieces: Any = streamed(b"garbage", b"more", headers={"Content-Encoding": "gzip"}).aiter_bytes()
    with pytest.raises(DecodingError):
        await pieces.__anext__()
    with pytest.raises(StopAsyncIteration):
        await pieces.__anext__()
    await pieces.aclose()


def test_a_bomb_stops_at_the_limit_of_its_size() -> None:
    response = streamed(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}, request=REQUEST)
    response.max_decoded_size = 1_000_000
    pieces = response.iter_bytes()
    seen = [len(next(pieces)) for _ in range(3)]
    with pytest.raises(DecodingError, match="larger than the 1000000 bytes of max_decoded_size") as caught:
        next(pieces)
    assert sum(seen) <= 1_000_000
    assert caught.value.request is REQUEST


def test_a_bomb_stops_at_the_limit_of_its_ratio() -> None:
    response = streamed(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"})
    response.max_decoded_ratio = 100
    with pytest.raises(DecodingError, match=r"more than max_decoded_ratio \(100\) times the \d+ bytes received"):
        response.read()
    plain = streamed(b"x" * 100)
    plain.max_decoded_ratio = 100
    assert plain.read()


def test_the_limit_of_the_size_holds_for_plain_content_too() -> None:
    response = streamed(b"x" * 10, b"x")
    response.max_decoded_size = 10
    with pytest.raises(DecodingError):
        response.read()
    exact = streamed(b"x" * 10)
    exact.max_decoded_size = 10
    assert exact.read() == b"x" * 10


def test_a_decoder_can_be_set() -> None:
    first = streamed(gzip.compress(b"content"), headers={"Content-Encoding": "gzip"})
    second = streamed(gzip.compress(b"content"))
    second._decoder = first._decoder
    assert second.read() == b"content"
    third = streamed(gzip.compress(b"content"))
    third._decoder = GZipDecoder()
    assert third.read() == b"content"
    plain = streamed(b"plain")
    assert plain._decoder is plain._get_content_decoder()
    assert plain.read() == b"plain"


def test_what_others_set() -> None:
    response = streamed(b"x")
    response._content = b"set"
    response._num_bytes_downloaded = 7
    response._request = REQUEST
    stream = ByteStream(b"y")
    response.stream = stream
    assert response.read() == b"set"
    assert response.num_bytes_downloaded == 7
    assert response.request is REQUEST
    del response._content
    assert response.read() == b"y"


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_chunks_join_to_the_content(pieces: list[bytes], size: int) -> None:
    whole = b"".join(pieces)
    assert streamed(*pieces).read() == whole
    chunks = list(streamed(*pieces).iter_bytes(size))
    assert b"".join(chunks) == whole
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert "".join(streamed(*pieces).iter_text(size)) == whole.decode("utf-8", "replace")
    assert list(streamed(*pieces).iter_lines()) == whole.decode("utf-8", "replace").splitlines()


# Pickles.


def test_pickle_and_copy() -> None:
    response = Response(
        200, text="body", request=REQUEST, extensions={"network_stream": print}, history=[Response(301)]
    )
    assert response.text == "body"
    response.elapsed = dt.timedelta(1)
    response.json_decoder = lambda content: content
    for twin in (pickle.loads(pickle.dumps(response)), copy.copy(response), copy.deepcopy(response)):
        assert (twin.status_code, twin.text, twin.content) == (200, "body", b"body")
        assert twin.headers == response.headers
        assert twin.url == REQUEST.url
        assert twin.history[0].status_code == 301
        assert twin.elapsed == dt.timedelta(1)
        assert twin.extensions == {}
        assert twin.is_closed


def test_a_stream_does_not_travel_in_a_pickle() -> None:
    twin = pickle.loads(pickle.dumps(streamed(b"x", headers={"Content-Encoding": "gzip"})))
    assert twin.is_closed
    with pytest.raises(StreamClosed):
        twin.read()
    decoded = streamed(gzip.compress(b"x"), headers={"Content-Encoding": "gzip"})
    decoded.read()
    assert pickle.loads(pickle.dumps(decoded)).content == b"x"


class Own(Response):
    """A subclass of somebody else's."""


def test_a_subclass_survives_a_pickle() -> None:
    assert type(pickle.loads(pickle.dumps(Own(200, text="x")))) is Own


class Whole(SyncByteStream, AsyncByteStream):
    """A stream that may have all of the body at hand, and notes whether it was iterated."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body
        self.iterated = False

    def whole(self) -> bytes | None:
        return self.body

    def __iter__(self) -> Iterator[bytes]:
        self.iterated = True
        return iter([b"iter", b"ated"])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_body_at_hand_is_taken_whole(asynchronous: bool) -> None:
    async def read(response: Response) -> bytes:
        return await response.aread() if asynchronous else response.read()

    for body, headers, expected, iterated in (
        (b"whole", {}, b"whole", False),
        (b"", {}, b"", False),
        (None, {}, b"iterated", True),
        (gzip.compress(b"x"), {"Content-Encoding": "unknown"}, b"iterated", True),
    ):
        stream = Whole(body)
        response = Response(200, headers=headers, stream=stream)
        assert await read(response) == expected
        assert await read(response) == response.content
        assert stream.iterated is iterated
        assert (response.is_closed, response.is_stream_consumed) == (True, True)
        assert response.num_bytes_downloaded == len(expected)
    closed = Response(200, stream=Whole(b"whole"))
    if asynchronous:
        await closed.aclose()
    else:
        closed.close()
    with pytest.raises(StreamClosed):
        await read(closed)


async def test_a_body_at_hand_has_a_colour_like_any_other() -> None:
    class Blocking(SyncByteStream):
        def whole(self) -> bytes:
            return b"whole"

    class Asynchronous(AsyncByteStream):
        def whole(self) -> bytes:
            return b"whole"

    assert Response(200, stream=Blocking()).read() == b"whole"
    assert await Response(200, stream=Asynchronous()).aread() == b"whole"
    with pytest.raises(RuntimeError):
        await Response(200, stream=Blocking()).aread()
    with pytest.raises(RuntimeError):
        Response(200, stream=Asynchronous()).read()


def test_a_response_of_what_came_over_the_wire() -> None:
    class Kind(Response):
        pass

    fields, extensions = [(b"Content-Type", b"text/plain"), (b"content-type", b"x")], {"http_version": b"HTTP/2"}
    response = Kind.from_raw(404, fields, ByteStream(b"none"), extensions)
    assert type(response) is Kind
    assert (response.status_code, response.http_version, response.history) == (404, "HTTP/2", [])
    assert response.headers.raw == fields
    assert not response.is_closed
    assert (response.read(), response.text, response.is_closed) == (b"none", "none", True)
    with pytest.raises(RuntimeError, match="request instance has not been set"):
        response.request  # noqa: B018


def test_what_came_over_the_wire_is_as_what_is_given_bit_by_bit() -> None:
    fields, stream = [(b"A", b"1")], ByteStream(b"a")
    made, given = Response.from_raw(200, fields, stream, {}), Response(200, headers=fields, stream=stream)
    assert pickle.loads(pickle.dumps(made)).headers == made.headers
    names = ("status_code", "headers", "stream", "extensions", "history", "default_encoding", "is_closed", "_request")
    assert [getattr(made, name) for name in names] == [getattr(given, name) for name in names]


def test_chunks_of_what_is_written_to_again() -> None:
    class Reused(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            space: Any = bytearray(4)
            for letter in b"abc":
                space[:] = bytes([letter]) * 4
                yield space
            yield memoryview(b"dddd").cast("H")  # type: ignore[misc]

    assert list(Response(200, stream=Reused()).iter_bytes(6)) == [b"aaaabb", b"bbcccc", b"dddd"]
