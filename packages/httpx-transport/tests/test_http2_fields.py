"""What a request becomes in HTTP/2, and what a response may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_transport import LocalProtocolError
from httpx_transport._http2._fields import FieldError, RequestEncoder, check_fields, response_status
from httpx_transport.interface import Field

HOST: Field = (b"Host", b"a.test")


def encode(
    fields: list[Field], method: bytes = b"GET", target: bytes = b"/", scheme: bytes = b"https"
) -> tuple[list[Field], int]:
    return RequestEncoder().encode(method, scheme, target, fields)


def test_pseudo_fields_come_first_and_names_are_lowered() -> None:
    fields, length = encode([(b"X-A", b"1"), HOST, (b"x-b", b"\xff"), (b"X-A", b"")], b"PUT", b"/p?q", b"http")
    assert fields == [
        (b":method", b"PUT"),
        (b":scheme", b"http"),
        (b":authority", b"a.test"),
        (b":path", b"/p?q"),
        (b"x-a", b"1"),
        (b"x-b", b"\xff"),
        (b"x-a", b""),
    ]
    assert length == -1


def test_connection_specific_fields_are_dropped() -> None:
    fields, _ = encode(
        [
            HOST,
            (b"Connection", b"keep-alive, X-Hop, content-length"),
            (b"Keep-Alive", b"timeout=5"),
            (b"Proxy-Connection", b"keep-alive"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Upgrade", b"h2c"),
            (b"HTTP2-Settings", b"x"),
            (b"X-Hop", b"1"),
            (b"TE", b"gzip"),
            (b"X-Kept", b"1"),
        ]
    )
    assert fields[4:] == [(b"x-kept", b"1")]


def test_te_may_say_trailers_and_a_length_is_kept() -> None:
    fields, length = encode([HOST, (b"TE", b"trailers"), (b"Content-Length", b"3"), (b"Connection", b"Content-Length")])
    assert fields[4:] == [(b"te", b"trailers"), (b"content-length", b"3")]
    assert length == 3


def test_connect_has_no_scheme_and_no_path() -> None:
    fields, _ = encode([HOST], b"CONNECT", b"b.test:443")
    assert fields == [(b":method", b"CONNECT"), (b":authority", b"b.test:443")]
    with pytest.raises(LocalProtocolError, match="CONNECT"):
        encode([HOST], b"CONNECT", b"b\r\n")


def test_options_may_ask_for_all() -> None:
    assert encode([HOST], b"OPTIONS", b"*")[0][3] == (b":path", b"*")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "Missing mandatory Host: header"),
        ([HOST, HOST], "Found multiple Host: headers"),
        ([(b"Host", b"user:secret@a")], "Illegal header value of 'Host'"),
        ([HOST, (b"a b", b"")], "Illegal header name"),
        ([HOST, (b"", b"")], "Illegal header name"),
        ([HOST, (b":path", b"/x")], "Illegal header name b':path'"),
        ([HOST, (b"a", b"secret\r\nb: c")], "Illegal header value of 'a'"),
        ([HOST, (b"a", b"secret\n")], "Illegal header value of 'a'"),
        ([HOST, (b"a", b"secret\0")], "Illegal header value of 'a'"),
        ([HOST, (b"a", b" secret")], "Illegal header value of 'a'"),
        ([HOST, (b"Content-Length", b"+5")], "bad Content-Length"),
        ([HOST, (b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")], "only one of them"),
        ([HOST, (b"Content-Length", b"5"), (b"Content-Length", b"5")], "only one of them"),
        ([HOST, (b"Transfer-Encoding", b"gzip")], "the only Transfer-Encoding"),
    ],
)
def test_fields_that_cannot_be_sent(fields: list[Field], message: str) -> None:
    with pytest.raises(LocalProtocolError, match=message) as caught:
        encode(fields)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"G T", b"/"),
        (b"", b"/"),
        (b"GET\r\n", b"/"),
        (b"GET", b""),
        (b"GET", b"*"),
        (b"GET", b"/a b"),
        (b"GET", b"/\n"),
    ],
)
def test_methods_and_targets_that_cannot_be_sent(method: bytes, target: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="cannot be said in HTTP/2"):
        encode([HOST], method, target)


@given(st.binary(max_size=4), st.binary(max_size=4), st.binary(max_size=4))
def test_no_part_of_a_request_becomes_another_part(name: bytes, value: bytes, target: bytes) -> None:
    try:
        fields, _ = encode([HOST, (name, value)], target=b"/" + target)
    except LocalProtocolError:
        return
    for part in (name, value, target):
        assert not {*part} & {0, 10, 13}
    assert fields[3] == (b":path", b"/" + target)
    assert fields[4:] in ([(name.lower(), value)], [])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "without :status"),
        ([(b"a", b"b"), (b":status", b"200")], "without :status in the first place"),
        ([(b":status", b"")], "no status code"),
        ([(b":status", b"2000")], "no status code"),
        ([(b":status", b"+20")], "no status code"),
        ([(b":status", b"099")], "no status code"),
        ([(b":status", b"101")], "status 101"),
    ],
)
def test_statuses_that_are_none(fields: list[Field], message: str) -> None:
    with pytest.raises(FieldError, match=message):
        response_status(fields)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ((b":status", b"200"), "the pseudo-field b':status'"),
        ((b":path", b"/"), "the pseudo-field"),
        ((b"X-Upper", b"1"), "the illegal field name b'X-Upper'"),
        ((b"a b", b"1"), "the illegal field name"),
        ((b"", b"1"), "the illegal field name"),
        ((b"a:b", b"1"), "the illegal field name"),
        ((b"a\nb", b"1"), "the illegal field name"),
        ((b"a", b"1\r\nb: 2"), "an illegal value of the field b'a'"),
        ((b"a", b"1\nb:2"), "an illegal value"),
        ((b"a", b"1\0"), "an illegal value"),
        ((b"a", b" 1"), "an illegal value"),
        ((b"a", b"1\t"), "an illegal value"),
        ((b"connection", b"close"), "the connection-specific field 'connection'"),
        ((b"keep-alive", b""), "connection-specific"),
        ((b"proxy-connection", b""), "connection-specific"),
        ((b"transfer-encoding", b"chunked"), "connection-specific"),
        ((b"upgrade", b"h2c"), "connection-specific"),
        ((b"te", b"gzip"), "connection-specific"),
        ((b"content-length", b"+5"), "Content-Length"),
        ((b"content-length", b"5, 5"), "Content-Length"),
        ((b"content-length", b"7"), "Content-Length"),
    ],
)
def test_fields_that_no_response_may_have(field: Field, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        check_fields([(b"x", b"y"), (b"content-length", b"5"), field])


def test_fields_that_a_response_may_have() -> None:
    assert check_fields([]) == -1
    assert check_fields([(b"a", b""), (b"b", b"\xff \t!"), (b"te", b"trailers"), (b"ab", b"c")]) == -1
    assert check_fields([(b"content-length", b"5"), (b"content-length", b"5")]) == 5


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=3))
def test_what_is_accepted_has_no_line_ends_and_no_upper_case(fields: list[Field]) -> None:
    try:
        check_fields(fields)
    except FieldError:
        return
    for name, value in fields:
        assert name == name.lower() != b""
        assert not {*name, *value} & {0, 10, 13}
        assert b":" not in name
        assert value.strip(b" \t") == value
