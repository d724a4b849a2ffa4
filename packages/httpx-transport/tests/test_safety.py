"""What a peer may do wrong, on every face: the error is the one that is documented, and the slot and the descriptor come back."""

from __future__ import annotations

from typing import Final

import pytest

from httpx_transport import (
    LocalProtocolError,
    ReadError,
    RemoteProtocolError,
    TransportError,
)

from .conftest import OK, Face, Peer, silence
from .saying import CHUNKED, HALF, Saying, Serve, given_back, half_close

STRAY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"


def refused(face: Face, serve: Serve, saying: Saying, error: type[Exception], message: str, method: bytes) -> None:
    """Let a request fail, as nothing but `error`, and leave no connection."""
    server = serve(saying)

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            with pytest.raises(TransportError, match=message) as caught:
                await pool.get(server.port, method=method)
            assert type(caught.value) is error
            assert pool.pool.stats()["connections"] == 0
        assert saying.gone.acquire(timeout=30)

    face.run(scenario)
    assert (saying.heard, server.accepted) == (1, 1)


NONSENSE: Final = {
    "version": (b"HTTP/9.9x 200 OK\r\n\r\n", "illegal status line"),
    "http2": (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", r"HTTP/2\.0 on a connection that speaks HTTP/1\.1"),
    "status": (b"HTTP/1.1 2x0 OK\r\n\r\n", "illegal status line"),
    "name": (b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "illegal header line"),
    "nul": (b"HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n", "illegal header line"),
    "bare cr": (b"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n", "illegal header line"),
    "length signed": (b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "bad Content-Length"),
    "length negative": (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "bad Content-Length"),
    "length in two": (b"HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello", "bad Content-Length"),
    "lengths differ": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello", "conflicting"),
    "coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "Transfer-Encoding"),
    "chunk signed": (CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", "illegal chunk header"),
    "chunk prefixed": (CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", "illegal chunk header"),
    "chunk line feed": (CHUNKED + b"5\nhello\r\n0\r\n\r\n", "illegal chunk header"),
    "chunk end": (CHUNKED + b"5\r\nhelloXX0\r\n\r\n", "bad end of chunk"),
    "trailer": (CHUNKED + b"5\r\nhello\r\n0\r\nA b: c\r\n\r\n", "illegal trailer"),
}
ENDLESS: Final = {
    "line": (b"HTTP/1.1 200 OK\r\nA: ", b"x" * 1000, "response head longer than 102400 bytes"),
    "status line": (b"HTTP/1.1 200 ", b"x" * 1000, "response head longer than 102400 bytes"),
    "fields": (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100, "response head longer than 102400 bytes"),
    "1xx": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", "more than 100 informational responses"),
    "chunk line": (CHUNKED, b"0" * 1000, "chunk size line longer than 4096 bytes"),
    "extension": (CHUNKED + b"5;", b"a=b;" * 100, "chunk size line longer than 4096 bytes"),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n" * 100, "trailers longer than 102400 bytes"),
}
CUT: Final = {
    "head": (b"HTTP/1.1 200 OK\r\nContent-Le", half_close, RemoteProtocolError, "in the middle of the response head"),
    "length": (HALF, half_close, RemoteProtocolError, r"2 bytes are missing"),
    "last chunk": (CHUNKED + b"2\r\nab\r\n", half_close, RemoteProtocolError, "incomplete chunked read"),
    "in a chunk": (CHUNKED + b"5\r\nab", half_close, RemoteProtocolError, "incomplete chunked read"),
    "trailers": (CHUNKED + b"2\r\nab\r\n0\r\nA: b\r\n", half_close, RemoteProtocolError, "incomplete chunked read"),
    "reset": (HALF, Peer.reset, ReadError, r"\(reading the content from|\(waiting for the response from"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_what_is_not_http_is_an_error(face: Face, serve: Serve, case: str) -> None:
    said, message = NONSENSE[case]
    refused(face, serve, Saying(said, half_close), RemoteProtocolError, message, b"GET")


@pytest.mark.parametrize("case", ENDLESS)
def test_what_has_no_end_is_an_error_soon(face: Face, serve: Serve, case: str) -> None:
    said, endless, message = ENDLESS[case]
    saying = Saying(said, endless=endless)
    refused(face, serve, saying, RemoteProtocolError, message, b"GET")
    assert saying.sent < 20_000_000  # nearly all of it in the buffers of the system


@pytest.mark.parametrize("case", CUT)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_what_is_cut_short_is_never_a_success(face: Face, serve: Serve, case: str, method: bytes) -> None:
    said, end, error, message = CUT[case]
    refused(face, serve, Saying(said, end), error, message, method)


@pytest.mark.parametrize(
    ("said", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nA: b c\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"ok",
        ),
        (b"HTTP/1.0 200 OK\r\nA: b c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (
            CHUNKED.replace(b"\r\n\r\n", b"\r\nA: b c\r\n\r\n")
            + b"2;x=y\r\nok\r\n0\r\nA: z\r\nContent-Length: 9\r\n\r\n",
            b"ok",
        ),
    ],
    ids=["fold", "length and chunks", "chunks in 1.0", "trailers"],
)
def test_what_is_odd_is_read_in_one_way(face: Face, serve: Serve, said: bytes, content: bytes) -> None:
    server = serve(Saying(said))

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            for _ in range(2):
                _, fields, body, _ = await pool.send(server.port)
                assert [value for name, value in fields if name == b"A"] == [b"b c"]
                assert await body.read() == content

    face.run(scenario)
    assert server.accepted == (2 if b"HTTP/1.0" in said else 1)


@pytest.mark.parametrize(
    ("method", "said", "content"),
    [
        (b"GET", OK, b"ok"),
        (b"GET", CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HEAD", OK.removesuffix(b"ok"), b""),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"ok"),
    ],
    ids=["length", "chunks", "HEAD", "204", "304", "1xx"],
)
def test_what_follows_a_message_answers_nobody(
    face: Face, serve: Serve, method: bytes, said: bytes, content: bytes
) -> None:
    server = serve(Saying(said + STRAY))

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            for _ in range(3):
                assert await pool.get(server.port, method=method) == content
                assert pool.pool.stats()["connections"] == 0

    face.run(scenario)
    assert server.accepted == 3


def test_a_server_that_always_hangs_up_serves(face: Face, serve: Serve) -> None:
    server = serve(Saying(OK, Peer.close))

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            for _ in range(20):
                assert await pool.get(server.port) == b"ok"

    face.run(scenario)
    assert server.accepted == 20


def test_length_and_coding_are_never_sent_both(face: Face, serve: Serve) -> None:
    server = serve(silence)
    both = [(b"Content-Length", b"2"), (b"Transfer-Encoding", b"chunked")]

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            for fields in (both, both[::-1], [both[0], (b"Content-Length", b"3")]):
                with pytest.raises(LocalProtocolError, match="only one of them"):
                    await pool.get(server.port, method=b"POST", headers=fields, body=b"ok")

    face.run(scenario)
