"""Reading a response: the fast path agrees with h11 wherever it decides, and leaves the rest to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from httpx_transport import RemoteProtocolError
from httpx_transport._http11 import HeadReader, ResponseDecoder
from httpx_transport._http11._judge import Judge


def read(data: bytes, method: bytes = b"GET", close: bool = False, end: bool = False, step: int = 0) -> ResponseDecoder:
    decoder = ResponseDecoder(HeadReader(), method, close)
    for start in range(0, len(data), step or len(data) or 1):
        decoder.feed(data[start : start + (step or len(data))])
    if end:
        decoder.feed(b"")
    return decoder


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    ("data", "content", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length:3\r\nConnection: close\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: Upgrade, Close\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: padded \r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: folded\r\n more\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", b"abc", True),
        (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
        (b"HTTP/1.1 304 No\r\nContent-Length: 99\r\n\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3 \r\nabc\r\n0\r\nT: x \r\n\r\n", b"abc", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nX-Fourteen-ab: 1\r\nX-Seventeen-abcde: 1\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"abc",
            True,
        ),
    ],
)
def test_responses(data: bytes, content: bytes, reusable: bool, step: int) -> None:
    decoder = read(data, step=step)
    assert decoder.head is not None
    assert (decoder.take(), decoder.complete, decoder.reusable) == (content, True, reusable)
    assert decoder.take() == b""


def test_the_head() -> None:
    decoder = read(b"HTTP/1.1 404 Not  Found\r\nA: 1\r\na:  2\r\nB:\r\nContent-Length: 0\r\n\r\n")
    assert decoder.head == (
        404,
        b"Not  Found",
        b"HTTP/1.1",
        [(b"A", b"1"), (b"a", b"2"), (b"B", b""), (b"Content-Length", b"0")],
    )
    padded = read(b"HTTP/1.1 200 Fine\r\nA: 1 \t\r\nContent-Length: 0\r\n\r\n")  # not on the fast path
    assert padded.head == (200, b"Fine", b"HTTP/1.1", [(b"A", b"1"), (b"Content-Length", b"0")])
    later = read(b"HTTP/1.2 200 Fine\r\nContent-Length: 0\r\n\r\n")  # RFC 9110 §2.5
    assert (later.head, later.complete) == ((200, b"Fine", b"HTTP/1.2", [(b"Content-Length", b"0")]), True)
    judged = read(b"HTTP/1.0 200 Fine\r\nA: 1\r\n\r\n")
    assert judged.head == (200, b"Fine", b"HTTP/1.0", [(b"A", b"1")])


def test_until_the_end_of_the_connection() -> None:
    decoder = read(b"HTTP/1.1 200 OK\r\n\r\nabc", step=4)
    assert (decoder.take(), decoder.complete) == (b"abc", False)
    decoder.feed(b"")
    assert (decoder.complete, decoder.reusable) == (True, False)


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
def test_a_response_to_head_has_no_content(method: bytes) -> None:
    decoder = read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", method)
    assert decoder.complete is (method == b"HEAD")


def test_a_granted_connect_ends_http() -> None:
    decoder = read(b"HTTP/1.1 200 OK\r\n\r\n", b"CONNECT")
    assert decoder.head is not None
    assert (decoder.complete, decoder.reusable) == (True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nab",
    ],
)
def test_a_byte_too_many_ends_the_connection(data: bytes) -> None:
    decoder = read(data)
    assert (decoder.complete, decoder.reusable) == (True, False)


def test_a_request_that_said_close_ends_the_connection() -> None:
    assert not read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", close=True).reusable
    assert not read(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", close=True).reusable


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 O", "in the middle of the response head: b'HTTP/1.1 200 O'"),
        (b"SSH-2.0-OpenSSH\r\n", "illegal status line|in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", r"peer closed .* message body \(1 bytes are missing\)"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", r"message body \(incomplete chunked read\)"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab", "peer closed connection without sending complete"),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/2.0 on a connection that speaks HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nA\x00: b\r\n\r\n", "illegal header"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "illegal header"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nabc", "Transfer-Encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "conflicting Content-Length"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 102_401, "response head longer than 102400 bytes"),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 102_401 + b"\r\nContent-Length: 0\r\n\r\n",
            "response head longer than 102400 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc", r"illegal chunk header: b'\+3"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc", "illegal chunk header"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3" + b" " * 5000, "chunk size line longer than 4096"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd", "bad end of chunk: b'd'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA b: c\r\n\r\n", "illegal trailer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: c\n\n", "illegal trailer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\nA: c\r\n\r\n", "illegal trailer"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"c" * 102_401,
            "trailers longer than 102400",
        ),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 101, "more than 100 informational responses"),
    ],
)
def test_what_is_not_http_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(RemoteProtocolError, match=message):
        read(data, end=True)


def test_a_chunk_end_in_two_pieces() -> None:
    decoder = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r")
    decoder.feed(b"\n0\r\n\r\n")
    assert (decoder.take(), decoder.reusable) == (b"a", True)


def test_informational_responses_and_trailers() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\nt: 2\r\n\r\n"
    for data in (chunked, hints + chunked, hints + hints + chunked):
        decoder = ResponseDecoder(HeadReader(), b"GET", False)
        trailers = decoder.trailers
        decoder.feed(data)
        assert list(decoder.informational) == [(103, [(b"Link", b"<a>")])] * data.count(hints)
        assert trailers == [(b"T", b"1"), (b"t", b"2")]
        assert decoder.head is not None
        assert decoder.head.fields == [(b"Transfer-Encoding", b"chunked")]
    with pytest.raises(RemoteProtocolError, match="more than 100 informational responses"):
        read(hints * 101)


def test_the_end_after_a_complete_response_is_nothing_new() -> None:
    assert read(b"HTTP/1.1 204 OK\r\n\r\n", end=True).complete


def outcome(decoder: ResponseDecoder | Judge, data: bytes, step: int) -> Any:
    """Return all that one reader makes of the bytes, or the fact that it refuses them."""
    content = b""
    try:
        for start in range(0, len(data), step):
            if decoder.complete:
                break
            if isinstance(decoder, Judge):
                content += decoder.feed(data[start : start + step])
            else:
                decoder.feed(data[start : start + step])
                content += decoder.take()
    except RemoteProtocolError:
        return "refused"
    head = decoder.final if isinstance(decoder, Judge) else decoder.head
    return head and tuple(head), content, decoder.complete, decoder.reusable


pieces = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 \r\n", b"HTTP/1.1 304\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 500 \xe9\r\n",
        b"HTTP/1.1 103 Hints\r\n", b"HTTP/1.2 200 OK\r\n", b"HTTP/1.1  200 OK\r\n", b"HTTP/1.1 20 OK\r\n",
        b"Content-Length: 5\r\n", b"content-length:0\r\n", b"Content-Length: 5 \r\n", b"Content-Length: 05\r\n",
        b"Content-Length: -5\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: CHUNKED\r\n", b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n", b"Connection: close\r\n", b"Connection: a,Close ,b\r\n", b"Connection: xclose\r\n",
        b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\n", b"X: y\r\n", b"X:\r\n", b"X : y\r\n", b": y\r\n", b"X y\r\n", b" y\r\n", b"X: \x00\r\n",
        b"X: a\tb\xff \r\n", b"X:  \t y\r\n", b"\r\n", b"\n", b"\r", b"hello", b"5\r\nhello\r\n", b"5;a=b\r\nhello\r\n", b"0\r\n", b"0\r\n\r\n", b"T: v\r\n", b"5\r\nhell",
    ]
)  # fmt: skip
heads = st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n"])
wild = st.one_of(pieces, pieces, pieces, st.binary(max_size=3))


@given(
    heads, st.lists(wild, max_size=8), st.sampled_from([b"GET", b"HEAD", b"CONNECT"]), st.booleans(), st.integers(1, 40)
)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", [b"0\r\n", b"X: y\r\n", b"\r\n"], b"GET", False, 5)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", [], b"GET", True, 5)
def test_the_fast_path_never_disagrees_with_h11(
    start: bytes, rest: list[bytes], method: bytes, close: bool, step: int
) -> None:
    data = start + b"".join(rest)
    decoder = ResponseDecoder(HeadReader(), method, close)
    ours = outcome(decoder, data, step)
    whole = outcome(ResponseDecoder(HeadReader(), method, close), data, len(data) or 1)
    theirs = outcome(Judge(method, close), data, step)
    if ours == "refused" and theirs != "refused":
        # Stricter than h11 in one thing only: the framing of chunks.
        assert b"chunked" in data.lower()
        return
    assert ours == theirs
    if ours != "refused" and whole != "refused":
        assert whole[:3] == ours[:3]  # only a surplus is seen sooner


alike = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld!",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r", b"HTTP/1.1 200 OK\r\nContent-Length: 55\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=9\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\n\r\nhello",
]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(alike), st.sampled_from([b"GET", b"HEAD", b"CONNECT"]), st.booleans(), st.integers(1, 60)
        ),
        max_size=8,
    )
)
def test_what_came_before_on_the_connection_makes_no_difference(
    responses: list[tuple[bytes, bytes, bool, int]],
) -> None:
    heads = HeadReader()
    for data, method, close, step in responses:
        alone, here = (ResponseDecoder(reader, method, close) for reader in (HeadReader(), heads))
        assert outcome(here, data, step) == outcome(alone, data, step)
        assert here.keep_alive == alone.keep_alive
        if here.head is not None:
            here.head.fields.append((b"Added", b"by the caller"))


def test_only_a_short_head_is_kept_for_the_next_one() -> None:
    short, long = (b"HTTP/1.1 200 OK\r\nX: %b\r\n\r\n" % (b"x" * size) for size in (99, 9999))
    heads = HeadReader()
    assert heads.read(short) is heads.read(short + b"content")
    assert heads.read(long) is not heads.read(long)
    assert heads.read(short) is heads.read(short)
