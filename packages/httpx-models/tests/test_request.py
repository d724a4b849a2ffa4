"""Requests: which fields they get of themselves, their bodies, what they refuse, and what they never show."""

from __future__ import annotations

import copy
import io
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from httpx_models import (
    AsyncByteStream,
    ByteStream,
    Headers,
    LocalProtocolError,
    Request,
    RequestNotRead,
    StreamClosed,
    StreamConsumed,
)
from httpx_urls import URL, InvalidURL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.anyio

ADDRESS = "https://example.org/a?x=1"
HOST = (b"Host", b"example.org")


def gen() -> Iterator[bytes]:
    yield b"a"
    yield b"b"


async def agen() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


class Unsized:
    def __iter__(self) -> Iterator[bytes]:
        return gen()


def post(**arguments: Any) -> Request:
    return Request("POST", ADDRESS, **arguments)


def test_the_parts_of_a_request() -> None:
    request = Request("get", ADDRESS, headers={"A": "1"}, extensions={"timeout": {"read": 1}})
    assert request.method == "GET"
    assert request.url == URL(ADDRESS)
    assert request.headers == {"Host": "example.org", "A": "1"}
    assert request.extensions == {"timeout": {"read": 1}}
    assert request.content == b""
    assert isinstance(request.stream, ByteStream)


def test_primitives_are_enough() -> None:
    request = Request("GET", "https://example.org", headers=[(b"a", b"b")])
    assert request.headers.raw == [HOST, (b"a", b"b")]
    method: Any = b"get"
    assert Request(method, URL(ADDRESS)).method == "GET"


def test_params_replace_those_of_the_url() -> None:
    assert str(Request("GET", ADDRESS, params={"y": [2, 3]}).url) == "https://example.org/a?y=2&y=3"
    assert str(Request("GET", URL(ADDRESS), params={}).url) == "https://example.org/a"
    assert str(Request("GET", ADDRESS, params=None).url) == ADDRESS


def test_a_relative_url_has_no_host() -> None:
    assert Request("GET", "/x").headers.raw == []
    assert Request("GET", "/x", cookies={"a": "b"}).headers.raw == [(b"Cookie", b"a=b")]


def test_a_url_object_is_taken_as_it_is() -> None:
    url = URL(ADDRESS)
    assert Request("GET", url).url is url


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://h:8080/", b"h:8080"),
        ("http://h:80/", b"h"),
        ("http://[::1]:8080/", b"[::1]:8080"),
        ("http://u:p@h/", b"h"),
        ("http://münchen.de/", b"xn--mnchen-3ya.de"),
    ],
)
def test_host_comes_from_the_url(url: str, host: bytes) -> None:
    assert Request("GET", url).headers.raw == [(b"Host", host)]


@pytest.mark.parametrize(
    ("method", "arguments", "fields"),
    [
        ("GET", {}, []),
        ("DELETE", {}, []),
        ("POST", {}, [(b"Content-Length", b"0")]),
        ("PUT", {"data": {}}, [(b"Content-Length", b"0")]),
        ("PATCH", {"content": b""}, [(b"Content-Length", b"0")]),
        ("POST", {"files": {}}, [(b"Content-Length", b"0")]),
        ("POST", {"json": None}, [(b"Content-Length", b"0")]),
        ("GET", {"content": b""}, []),
        ("POST", {"headers": {"a": "b"}}, [(b"Content-Length", b"0"), (b"a", b"b")]),
        ("POST", {"headers": {"transfer-encoding": "chunked"}}, [(b"transfer-encoding", b"chunked")]),
        ("POST", {"content": b"x", "headers": {"a": "b"}}, [(b"a", b"b"), (b"Content-Length", b"1")]),
        ("POST", {"content": "é"}, [(b"Content-Length", b"2")]),
        ("POST", {"content": bytearray(b"xyz")}, [(b"Content-Length", b"3")]),
        ("POST", {"content": memoryview(b"xyz")}, [(b"Content-Length", b"3")]),
        ("POST", {"content": gen()}, [(b"Transfer-Encoding", b"chunked")]),
        ("POST", {"content": agen()}, [(b"Transfer-Encoding", b"chunked")]),
        ("POST", {"content": [b"a"]}, [(b"Transfer-Encoding", b"chunked")]),
        ("POST", {"content": Unsized()}, [(b"Transfer-Encoding", b"chunked")]),
        ("POST", {"content": io.BytesIO(b"hello")}, [(b"Content-Length", b"5")]),
        ("POST", {"json": 1}, [(b"Content-Length", b"1"), (b"Content-Type", b"application/json")]),
        (
            "POST",
            {"data": {"a": "1"}},
            [(b"Content-Length", b"3"), (b"Content-Type", b"application/x-www-form-urlencoded")],
        ),
    ],
)
def test_the_fields_of_a_body(method: str, arguments: dict[str, Any], fields: list[tuple[bytes, bytes]]) -> None:
    assert Request(method, ADDRESS, **arguments).headers.raw == [HOST, *fields]


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (
            {"headers": {"Host": "x", "content-length": "9"}, "content": b"a"},
            [(b"Host", b"x"), (b"content-length", b"9")],
        ),
        ({"headers": {"content-length": "2"}, "content": gen()}, [HOST, (b"content-length", b"2")]),
        ({"headers": {"content-type": "x"}, "json": 1}, [HOST, (b"content-type", b"x"), (b"Content-Length", b"1")]),
        # Both on the wire would be two opinions about where the body ends.
        ({"headers": {"transfer-encoding": "chunked"}, "content": b"a"}, [HOST, (b"transfer-encoding", b"chunked")]),
    ],
)
def test_what_the_caller_says_takes_precedence(arguments: dict[str, Any], fields: list[tuple[bytes, bytes]]) -> None:
    assert post(**arguments).headers.raw == fields


def test_the_callers_headers_are_not_changed() -> None:
    headers = Headers({"a": "1"})
    request = post(headers=headers, content=b"x")
    request.headers["b"] = "2"
    assert headers.raw == [(b"a", b"1")]


def test_a_stream_describes_itself() -> None:
    request = post(stream=ByteStream(b"x"))
    assert request.headers.raw == []
    with pytest.raises(RequestNotRead):
        request.content  # noqa: B018
    assert request.read() == b"x"


def test_the_bytes_are_to_be_had_without_iterating() -> None:
    stream = post(content=b"body").stream
    assert isinstance(stream, ByteStream)
    assert stream.content == b"body"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ({"a": "1", "b": [1, True, None, 1.5]}, b"a=1&b=1&b=true&b=&b=1.5"),
        ({"a": ("x", "y"), "c": False}, b"a=x&a=y&c=false"),
        ({"x y": "a&b+ /é~*"}, b"x+y=a%26b%2B+%2F%C3%A9~%2A"),
        ({1: "x"}, b"1=x"),
    ],
)
def test_forms(data: dict[Any, Any], body: bytes) -> None:
    assert post(data=data).content == body


def test_json_is_compact_and_strict() -> None:
    assert post(json={"a": [1, "é"], "b": {}}).content == '{"a":[1,"é"],"b":{}}'.encode()
    assert post(json=0).content == b"0"
    with pytest.raises(ValueError, match="not JSON compliant"):
        post(json=float("nan"))
    with pytest.raises(TypeError, match="not JSON serializable"):
        post(json=object())


def test_json_can_be_written_by_somebody_else() -> None:
    request = post(json={"a": 1}, json_encoder=lambda value: f"<{value['a']}>")
    assert request.content == b"<1>"
    assert request.headers["Content-Length"] == "3"

    class Own(Request):
        json_encoder = staticmethod(lambda value: b"bytes")

    assert Own("POST", ADDRESS, json=1).content == b"bytes"
    with pytest.raises(TypeError, match="^json_encoder must return str or bytes, not <class 'int'>$"):
        post(json=1, json_encoder=lambda value: 1)


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ({"content": b"a", "data": {"b": 1}, "json": 1}, b"a"),
        ({"data": {"b": 1}, "json": 1}, b"b=1"),
        ({"data": {}, "json": {"a": 1}}, b'{"a":1}'),
    ],
)
def test_the_first_body_counts(arguments: dict[str, Any], body: bytes) -> None:
    assert post(**arguments).content == body


def test_data_that_is_no_form_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match=r"Use 'content=<\.\.\.>' to upload raw bytes/text content\."):
        assert post(data=b"raw").content == b"raw"


def test_data_of_another_type() -> None:
    with (
        pytest.warns(DeprecationWarning, match="content="),
        pytest.raises(TypeError, match="^Unexpected type for 'data', <class 'int'>"),
    ):
        post(data=3)


@pytest.mark.parametrize("content", [{"a": 1}, 3, 1.5])
def test_content_of_another_type(content: Any) -> None:
    with pytest.raises(TypeError, match="^Unexpected type for 'content', <class"):
        post(content=content)


def test_content_in_text_mode() -> None:
    with pytest.raises(TypeError, match="binary mode"):
        post(content=io.StringIO("x"))


def test_a_file_is_sent_from_where_it_stands() -> None:
    file = io.BytesIO(b"hello")
    file.read(2)
    request = post(content=file)
    assert request.headers["Content-Length"] == "3"
    assert request.read() == b"llo"


def test_a_file_beyond_its_end() -> None:
    file = io.BytesIO(b"hello")
    file.seek(9)
    assert post(content=file).headers["Content-Length"] == "0"


def test_reading_makes_a_body_that_can_be_sent_again() -> None:
    request = post(content=gen())
    with pytest.raises(RequestNotRead):
        request.content  # noqa: B018
    assert request.read() == request.read() == request.content == b"ab"
    assert isinstance(request.stream, ByteStream)
    consumed = post(content=gen())
    assert list(consumed.stream) == [b"a", b"b"]  # type: ignore[arg-type]
    with pytest.raises(StreamConsumed):
        consumed.read()


async def test_reading_asynchronously() -> None:
    request = post(content=agen())
    with pytest.raises(RuntimeError, match="sync iterator on an async stream"):
        request.read()
    assert await request.aread() == await request.aread() == request.content == b"ab"
    assert isinstance(request.stream, ByteStream)
    with pytest.raises(RuntimeError, match="async iterator on an sync stream"):
        await post(content=gen()).aread()
    assert await post(stream=ByteStream(b"x")).aread() == b"x"


def test_a_stream_can_be_replaced() -> None:
    request = post(content=b"x")
    stream = AsyncByteStream()
    request.stream = stream
    assert request.stream is stream


@pytest.mark.parametrize(
    ("cookies", "header"),
    [({"a": "b", "c": "d"}, "a=b; c=d"), ([("a", "b")], "a=b"), ({"a": ""}, "a="), ({"g": "é"}, "g=é")],
)
def test_cookies(cookies: Any, header: str) -> None:
    assert Request("GET", ADDRESS, cookies=cookies).headers["Cookie"] == header


def test_a_cookie_field_takes_precedence_over_cookies() -> None:
    assert Request("GET", ADDRESS, cookies={"a": "b"}, headers={"cookie": "z=1"}).headers.get_list("cookie") == ["z=1"]
    assert "cookie" not in Request("GET", ADDRESS, cookies={}).headers


@pytest.mark.parametrize("method", [3, None])
def test_a_method_of_another_type(method: Any) -> None:
    with pytest.raises(TypeError, match="Invalid type for method"):
        Request(method, ADDRESS)


@pytest.mark.parametrize("url", [3, None])
def test_a_url_of_another_type(url: Any) -> None:
    with pytest.raises(TypeError, match="Invalid type for url"):
        Request("GET", url)


def test_a_url_that_is_none() -> None:
    with pytest.raises(InvalidURL):
        Request("GET", "https://example.org:port/")


@pytest.mark.parametrize("breaking", ["\r", "\n", "\0", "\r\nX: y"])
def test_nothing_breaks_out_of_its_line(breaking: str) -> None:
    with pytest.raises(LocalProtocolError, match="The method contains a line break or NUL") as caught:
        Request(f"GET{breaking}", ADDRESS)
    assert str(caught.value.request.url) == ADDRESS
    with pytest.raises(LocalProtocolError, match="A header's name contains a line break or NUL"):
        Request("GET", ADDRESS, headers={f"a{breaking}": "b"})
    with pytest.raises(
        LocalProtocolError, match="The value of header 'X-Token' contains a line break or NUL"
    ) as caught:
        Request("GET", ADDRESS, headers={"A": "b", "X-Token": f"s3cret{breaking}"})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(LocalProtocolError):
        post(stream=ByteStream(b""), headers={"a": f"b{breaking}"})
    with pytest.raises(ValueError, match="Cookie 'a'"):
        Request("GET", ADDRESS, cookies={"a": f"b{breaking}"})


def test_an_unusual_method_is_sent() -> None:
    assert Request("x-own", ADDRESS).method == "X-OWN"


def test_repr_shows_no_password() -> None:
    assert repr(Request("GET", ADDRESS)) == "<Request('GET', 'https://example.org/a?x=1')>"
    shown = repr(Request("GET", "https://user:s3cret@example.org/", headers={"Authorization": "s3cret"}))
    assert shown == "<Request('GET', 'https://user:[secure]@example.org/')>"


def test_pickle_and_copy() -> None:
    request = post(json=[1], extensions={"trace": print})
    for twin in (pickle.loads(pickle.dumps(request)), copy.copy(request), copy.deepcopy(request)):
        assert (twin.method, twin.url, twin.content) == ("POST", request.url, b"[1]")
        assert twin.headers == request.headers
        assert twin.extensions == {}
        stream: Any = twin.stream
        with pytest.raises(StreamClosed):
            list(stream)


def test_a_stream_does_not_travel_in_a_pickle() -> None:
    twin = pickle.loads(pickle.dumps(post(content=gen())))
    with pytest.raises(RequestNotRead):
        twin.content  # noqa: B018
    with pytest.raises(StreamClosed):
        twin.read()


def test_fields_that_were_clean_once_are_looked_at_again_when_they_change() -> None:
    def change_item(headers: Headers) -> None:
        headers["A"] = "c\nd"

    def update(headers: Headers) -> None:
        headers.update({"B": "c\rd"})

    for change in (change_item, update):
        headers = Headers({"A": "b"})
        Request("GET", "https://example.org/", headers=headers)
        change(headers)
        with pytest.raises(LocalProtocolError, match="contains a line break or NUL"):
            Request("GET", "https://example.org/", headers=headers)


def test_fields_that_serve_again_and_again() -> None:
    headers = Headers({"A": "1"})
    for address, host in ((ADDRESS, b"example.org"), (ADDRESS, b"example.org"), ("http://b.test:81/", b"b.test:81")):
        request = Request("GET", address, headers=headers)
        assert request.headers.raw == [(b"Host", host), (b"A", b"1")]
        request.headers["A"] = "2"  # is nobody else's
    headers["A"] = "3"
    assert Request("GET", ADDRESS, headers=headers).headers.raw == [HOST, (b"A", b"3")]
    headers["host"] = "own"
    assert Request("GET", ADDRESS, headers=headers).headers.raw == [(b"A", b"3"), (b"host", b"own")]
    assert headers.raw == [(b"A", b"3"), (b"host", b"own")]


def test_a_method_that_is_a_kind_of_str() -> None:
    class Name(str):
        __slots__ = ()

    assert Request(Name("get"), ADDRESS).method == "GET"
