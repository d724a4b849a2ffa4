"""What may be said in a request's head, and how bodies are framed."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_transport import LocalProtocolError
from httpx_transport._http11 import BodyFramer, Promises, RequestEncoder
from httpx_transport.interface import Field

HOST = (b"Host", b"example.org")


def encode_request(method: bytes, target: bytes, fields: list[Field]) -> tuple[bytes, Promises]:
    encoder = RequestEncoder()
    return encoder.encode(method, target, fields), encoder.promises


def test_fields_that_are_said_again_are_said_the_same() -> None:
    encoder, fields = RequestEncoder(), [HOST, (b"Content-Length", b"5"), (b"Connection", b"close")]
    first = encoder.encode(b"POST", b"/", fields)
    assert encoder.encode(b"PUT", b"/a", [*fields]) == first.replace(b"POST /", b"PUT /a")
    assert encoder.promises == (5, True, False, False)
    fields[1] = (b"Content-Length", b"6")
    assert encoder.encode(b"POST", b"/", fields) == first.replace(b"5", b"6")
    assert encoder.promises.length == 6
    with pytest.raises(LocalProtocolError):
        encoder.encode(b"POST", b"/", [(b"Host", b"a\nb")])
    with pytest.raises(LocalProtocolError):
        encoder.encode(b"POST", b"/", [(b"Host", b"a\nb")])
    with pytest.raises(LocalProtocolError):
        encoder.encode(b"POST", b"/", [HOST, HOST])
    assert encoder.encode(b"GET", b"/", [HOST]) == b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
    assert encoder.promises == (0, False, False, False)


def test_host_is_sent_first() -> None:
    """RFC 9110 §7.2, as h11 does it; the others keep their order, also where one is sent again."""
    encoder = RequestEncoder()
    for fields in ([(b"B", b"2"), (b"hOst", b"x"), (b"A", b"1")],) * 2:
        assert encoder.encode(b"GET", b"/", fields) == b"GET / HTTP/1.1\r\nhOst: x\r\nB: 2\r\nA: 1\r\n\r\n"
        assert [name for name, _ in fields] == [b"B", b"hOst", b"A"]


def test_a_length_that_is_repeated_is_sent_once() -> None:
    length = (b"Content-Length", b"5")
    fields = [length, HOST, (b"content-LENGTH", b"5"), (b"A", b"1"), length]
    head, promises = encode_request(b"POST", b"/", fields)
    assert head == b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\nA: 1\r\n\r\n"
    assert promises.length == 5


def test_what_is_refused_is_refused_again() -> None:
    encoder = RequestEncoder()
    for method, target in [(b"", b""), (b"", b"/"), (b"GET", b""), (b"", b"\0")]:
        with pytest.raises(LocalProtocolError):
            RequestEncoder().encode(method, target, [HOST])
    for method, target in [(b"GET", b"/"), (b"GET", b"/a b"), (b"GET", b"/a b"), (b"G T", b"/"), (b"G T", b"/")]:
        if b" " in method + target:
            with pytest.raises(LocalProtocolError):
                encoder.encode(method, target, [HOST])
        assert encoder.encode(b"GET", b"/", [HOST]).startswith(b"GET / HTTP/1.1\r\n")
    assert encoder.encode(b"PUT", b"/", [HOST]).startswith(b"PUT / ")
    assert encoder.encode(b"PUT", b"/x", [HOST]).startswith(b"PUT /x ")


def test_a_head_keeps_order_case_and_duplicates() -> None:
    fields = [HOST, (b"X-a", b"1"), (b"x-A", b""), (b"B", b"a b\tc \xff")]
    head, promises = encode_request(b"GET", b"/?q", fields)
    assert head == b"GET /?q HTTP/1.1\r\nHost: example.org\r\nX-a: 1\r\nx-A: \r\nB: a b\tc \xff\r\n\r\n"
    assert (promises.length, promises.close) == (0, False)


@pytest.mark.parametrize(
    ("fields", "length", "close"),
    [
        ([(b"Content-Length", b"12")], 12, False),
        ([(b"transfer-ENCODING", b"Chunked")], -1, False),
        ([(b"Connection", b"close")], 0, True),
        ([(b"Connection", b"Upgrade, CLOSE")], 0, True),
        ([(b"Connection", b"keep-alive")], 0, False),
        ([(b"Connection", b"closed")], 0, False),
        ([(b"User-Agent", b"x"), (b"Abcd", b"x"), (b"Accept-Language-", b"x"), (b"Accept-Language-X", b"x")], 0, False),
    ],
)
def test_what_a_head_promises(fields: list[Field], length: int, close: bool) -> None:
    _, promises = encode_request(b"POST", b"/", [HOST, *fields])
    assert (promises.length, promises.close) == (length, close)


@pytest.mark.parametrize(
    ("method", "target", "fields", "message"),
    [
        (b"GET /", b"/", [HOST], "method"),
        (b"", b"/", [HOST], "method"),
        (b"GET", b"/ x", [HOST], "target"),
        (b"GET", b"/\xe9", [HOST], "target"),
        (b"GET", b"", [HOST], "target"),
        (b"GET", b"/", [], "Host"),
        (b"GET", b"/", [HOST, HOST], "Host"),
        (b"GET", b"/", [HOST, (b"a b", b"1")], "header name"),
        (b"GET", b"/", [HOST, (b"a: b", b"1")], "header name"),
        (b"GET", b"/", [HOST, (b"", b"1")], "header name"),
        (b"GET", b"/", [HOST, (b"a\r\nb", b"1")], "header name"),
        (b"GET", b"/", [HOST, (b"X-Key", b"secret\r\nEvil: 1")], "'X-Key'"),
        (b"GET", b"/", [HOST, (b"X-Key", b"secret\n")], "'X-Key'"),
        (b"GET", b"/", [HOST, (b"X-Key", b"sec\x00ret")], "'X-Key'"),
        (b"GET", b"/", [HOST, (b"X-Key", b" secret")], "'X-Key'"),
        (b"GET", b"/", [HOST, (b"Content-Length", b"+5")], "Content-Length"),
        (b"GET", b"/", [HOST, (b"Content-Length", b"5"), (b"Content-Length", b"05")], "given once"),
        (b"GET", b"/", [HOST, (b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")], "only one of them"),
        (b"GET", b"/", [HOST, (b"Transfer-Encoding", b"gzip, chunked")], "'chunked'"),
    ],
)
def test_refusals_name_the_field_and_hide_its_value(
    method: bytes, target: bytes, fields: list[Field], message: str
) -> None:
    with pytest.raises(LocalProtocolError, match=message) as caught:
        encode_request(method, target, fields)
    assert "secret" not in str(caught.value)


names = st.one_of(st.from_regex(rb"[A-Za-z-]{1,8}", fullmatch=True), st.binary(max_size=4))
values = st.one_of(st.from_regex(rb"[ -~]{0,8}", fullmatch=True), st.binary(max_size=6))


@given(
    st.sampled_from([b"GET", b"POST", b"G T", b"\x00"]),
    st.one_of(st.just(b"/"), st.binary(max_size=6)),
    st.lists(st.tuples(names, values), max_size=4),
)
def test_what_is_sent_h11_reads_as_it_was_meant(method: bytes, target: bytes, fields: list[Field]) -> None:
    fields = [HOST, *((name, value) for name, value in fields if name.lower() != b"host")]
    try:
        head, _ = encode_request(method, target, fields)
    except LocalProtocolError:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(head)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (method, target)
    assert list(request.headers.raw_items()) == fields


def test_framing_by_length() -> None:
    framer = BodyFramer(5)
    assert framer.frame(b"abc") + framer.frame(b"") + framer.frame(b"de") + framer.end() == b"abcde"
    with pytest.raises(LocalProtocolError, match="Too much data for declared Content-Length"):
        framer.frame(b"f")
    with pytest.raises(LocalProtocolError, match="Too little data for declared Content-Length"):
        BodyFramer(1).end()


def test_framing_in_chunks() -> None:
    framer = BodyFramer(-1)
    assert framer.frame(b"a" * 17) == b"11\r\n" + b"a" * 17 + b"\r\n"
    assert framer.frame(b"") == b""
    assert framer.end() == b"0\r\n\r\n"
