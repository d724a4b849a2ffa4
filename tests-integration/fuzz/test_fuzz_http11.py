"""Damaged HTTP/1.1 responses: documented errors only, the same result in any pieces, agreement with h11."""

from __future__ import annotations

import h11
from hypothesis import given
from hypothesis import strategies as st

from fuzz.exchange import Outcome, outcome
from fuzz.mutation import CUTS, examples, mutated, pieces

HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.0 404 Not Found\r\nServer: a b\r\nConnection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: "a"\r\n\r\n',
    b"HTTP/1.1 200 \r\nX-Empty:\r\nX-Tab:\t a\tb \r\nX-High: \xe9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nend",
]
CHUNKED = [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;name=value\r\na\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: a\r\n\r\n",
    b'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nConnection: close\r\n\r\n2\r\n\r\n\r\n0;a="b"\r\n\r\n',
]
TOKENS = [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b",", b"0", b"-1", b"+5", b"5, 5", b"0x5", b"f" * 17,
    b"Content-Length: 5\r\n", b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n",
    b"HTTP/1.1 200 OK\r\n", b"HTTP/2.0 ", b"HTTP/1.1 101 \r\n\r\n", b";", b"\r\n ", b"\xff",
]  # fmt: skip


def reference(data: bytes, method: bytes) -> Outcome | None:
    """Return what h11 reads; None where it refuses the bytes, or where they switch protocols."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "example.org")]))
    connection.send(h11.EndOfMessage())
    status: int | None = None
    fields: tuple[tuple[bytes, bytes], ...] = ()
    content, ended = b"", False
    try:
        for received in (data, b"") if data else (b"",):
            connection.receive_data(received)
            while not ended:
                event = connection.next_event()
                if isinstance(event, h11.Response):
                    status, fields = event.status_code, tuple(event.headers)
                elif isinstance(event, h11.Data):
                    content += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    ended = True
                elif isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                    continue
                elif event is h11.NEED_DATA:
                    break
                else:
                    return None
            if ended:
                return Outcome(status, fields, content, None)
    except h11.RemoteProtocolError:
        pass
    return None


def agree(data: bytes, cuts: list[int], method: bytes, strict: bool) -> None:
    """Check one input: its result is the same in any pieces, and where h11 reads a response too, the same as that.

    Args:
        data: What the server sends.
        cuts: Where the pieces end.
        method: The request's method.
        strict: Whether all that h11 reads must be read.
    """
    whole = outcome([data], method)
    assert outcome(pieces(data, cuts), method) == whole
    assert outcome(pieces(data, cuts), method, close=False) == outcome([data], method, close=False)
    expected = reference(data, method)
    if expected is not None and strict:
        assert whole.error is None
    if expected is not None and whole.error is None:
        lowered = tuple((name.lower(), value) for name, value in whole.fields)
        normal = tuple(field for field in lowered if field[0] not in {b"content-length", b"transfer-encoding"})
        other = tuple(field for field in expected.fields if field[0] not in {b"content-length", b"transfer-encoding"})
        assert (whole.status, normal, whole.content) == (expected.status, other, expected.content)


@examples(400)
@given(mutated(HEADS, TOKENS), CUTS, st.sampled_from([b"GET", b"HEAD"]))
def test_a_damaged_head_is_read_the_same_in_any_pieces_and_as_h11_reads_it(
    data: bytes, cuts: list[int], method: bytes
) -> None:
    agree(data, cuts, method, strict=True)


@examples(400)
@given(mutated(CHUNKED, TOKENS), CUTS)
def test_damaged_chunks_are_read_the_same_in_any_pieces_and_as_h11_reads_them(data: bytes, cuts: list[int]) -> None:
    # h11 takes a bare CR in an extension and folded trailers, which are refused.
    agree(data, cuts, b"GET", strict=False)


@examples(200)
@given(st.lists(st.binary(max_size=40), max_size=6), CUTS)
def test_chunks_round_trip(chunks: list[bytes], cuts: list[int]) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    assert outcome(pieces(data, cuts)) == Outcome(200, ((b"Transfer-Encoding", b"chunked"),), b"".join(chunks), None)
