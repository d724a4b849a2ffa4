"""The HTTP/2 codec with a peer that breaks the rules, frame by frame."""

from __future__ import annotations

from collections.abc import Callable

import hpack
import pytest

from httpx_transport import RemoteProtocolError
from httpx_transport._http2 import Codec
from httpx_transport.interface import Field

from .frames import OK, Attacker, attacked, drain, get, post, raw, sent_frames

Attack = Callable[[Attacker], bytes]

BROKEN_STREAM: dict[str, tuple[Attack, str]] = {
    "upper case": (lambda p: p.headers(1, [*OK, (b"X-A", b"1")]), "the illegal field name b'X-A'"),
    "connection-specific": (lambda p: p.headers(1, [*OK, (b"connection", b"close")]), "connection-specific"),
    "no status": (lambda p: p.headers(1, [(b"a", b"b")]), "without :status"),
    "no fields": (lambda p: p.headers(1, []), "without :status"),
    "two statuses": (lambda p: p.headers(1, [*OK, *OK]), "the pseudo-field b':status'"),
    "late status": (lambda p: p.headers(1, [(b"a", b"b"), *OK]), "without :status in the first place"),
    "status 101": (lambda p: p.headers(1, [(b":status", b"101")]), "status 101"),
    "status 20": (lambda p: p.headers(1, [(b":status", b"20")]), "no status code"),
    "request's pseudo-field": (lambda p: p.headers(1, [*OK, (b":path", b"/")]), "the pseudo-field"),
    "CR LF": (lambda p: p.headers(1, [*OK, (b"a", b"b\r\nc: d")]), "an illegal value"),
    "NUL": (lambda p: p.headers(1, [*OK, (b"a", b"b\0")]), "an illegal value"),
    "length of two minds": (
        lambda p: p.headers(1, [*OK, (b"content-length", b"1"), (b"content-length", b"2")]),
        "a Content-Length that is not one number",
    ),
    "more than declared": (
        lambda p: p.headers(1, [*OK, (b"content-length", b"1")]) + p.data(1, b"12"),
        "more content than the 1 bytes",
    ),
    "less than declared": (
        lambda p: p.headers(1, [*OK, (b"content-length", b"3")]) + p.data(1, b"12", end=True),
        "1 bytes of the message body are missing",
    ),
    "nothing of what was declared": (
        lambda p: p.headers(1, [*OK, (b"content-length", b"3")], end=True),
        "3 bytes of the message body are missing",
    ),
    "content of 204": (lambda p: p.headers(1, [(b":status", b"204")]) + p.data(1, b"x"), "more content than the 0"),
    "trailers with a status": (
        lambda p: p.headers(1, OK) + p.headers(1, OK, end=True),
        "the pseudo-field b':status'",
    ),
    "trailers in upper case": (
        lambda p: p.headers(1, OK) + p.headers(1, [(b"A", b"")], end=True),
        "illegal field name",
    ),
    "trailers that do not end": (lambda p: p.headers(1, OK) + p.headers(1, [(b"a", b"")]), "do not end the stream"),
    "a second response": (lambda p: p.headers(1, OK) + p.headers(1, OK), "a second response"),
    "a late informational": (lambda p: p.headers(1, OK) + p.headers(1, [(b":status", b"103")]), "a second response"),
    "an informational that ends": (lambda p: p.headers(1, [(b":status", b"103")], end=True), "that ends the stream"),
    "1xx for ever": (lambda p: p.headers(1, [(b":status", b"103")]) * 101, "more than 100 informational"),
    "content before the head": (lambda p: p.data(1, b"x"), "content before the response's head"),
    "the end before the head": (lambda p: p.data(1, b"", end=True), "content before the response's head"),
    "a window of nothing": (lambda p: p.window(1, 0), "a WINDOW_UPDATE of nothing"),
}


@pytest.mark.parametrize("name", BROKEN_STREAM)
def test_a_violation_of_one_stream_stays_there(name: str) -> None:
    attack, message = BROKEN_STREAM[name]
    codec, peer = attacked()
    broken, other = get(codec), get(codec)
    drain(codec)
    assert broken in codec.feed(attack(peer))
    assert isinstance(broken.failure, RemoteProtocolError)
    assert message in str(broken.failure)
    assert str(broken.failure).startswith("HTTP/2 violation: ")
    assert not broken.complete
    assert not broken.unprocessed
    assert codec.failure is None
    resets = [frame.error_code for frame in sent_frames(codec) if frame.type == 3]  # type: ignore[attr-defined]
    assert set(resets) <= {1, 5}  # PROTOCOL_ERROR, and STREAM_CLOSED for what was under way
    if resets:  # else the peer had ended the stream, and may say no more there
        codec.feed(peer.data(1, b"late") + peer.window(1, 10) + peer.headers(1, [(b":status", b"103")]))
    assert codec.feed(peer.headers(3, OK) + peer.data(3, b"ok", end=True)) == [other]
    assert codec.take(other) == b"ok"
    assert codec.live() == 0


def test_a_window_that_overflows_is_the_streams_alone() -> None:
    codec, peer = attacked()
    broken, other = post(codec), get(codec)
    codec.feed(peer.window(1, 2**31 - 1))
    assert str(broken.failure) == "HTTP/2 violation: more credit than a window can hold"
    codec.feed(peer.headers(3, OK, end=True))
    assert other.complete


def _bomb(peer: Attacker) -> bytes:
    """Return a field section that is small compressed and large uncompressed."""
    block = b"\x88\x40\x01a\x7f\xa1\x1e" + b"x" * 4000 + b"\xbe" * 50
    return raw(0x1, 0x4, 1, block)


BROKEN_CONNECTION: dict[str, Attack] = {
    "a frame too large": lambda p: b"\x00\x40\x01\0\0\0\0\0\1",
    "the largest frame": lambda p: b"\xff\xff\xff\0\0\0\0\0\1",
    "content on stream 0": lambda p: p.data(0, b"x"),
    "fields on stream 0": lambda p: p.headers(0, OK),
    "settings on a stream": lambda p: raw(0x4, 0, 1, b""),
    "settings of a wrong length": lambda p: raw(0x4, 0, 0, b"12345"),
    "an answer to settings with content": lambda p: raw(0x4, 1, 0, b"\0\3\0\0\0\1"),
    "push is on": lambda p: p.settings({2: 2}),
    "a window too large": lambda p: p.settings({4: 2**31}),
    "frames too small": lambda p: p.settings({5: 100}),
    "ping of a wrong length": lambda p: raw(0x6, 0, 0, b"1234567"),
    "ping on a stream": lambda p: raw(0x6, 0, 1, b"12345678"),
    "goaway of a wrong length": lambda p: raw(0x7, 0, 0, b"1234567"),
    "goaway on a stream": lambda p: raw(0x7, 0, 1, b"\0" * 8),
    "goaway that takes back": lambda p: p.goaway(0) + p.goaway(1),
    "reset of a wrong length": lambda p: raw(0x3, 0, 1, b"123"),
    "reset of an idle stream": lambda p: p.reset(9, 0),
    "reset of stream 0": lambda p: p.reset(0, 0),
    "window of a wrong length": lambda p: raw(0x8, 0, 0, b"123"),
    "connection's window of nothing": lambda p: p.window(0, 0),
    "connection's window too large": lambda p: p.window(0, 2**31 - 1),
    "window of an idle stream": lambda p: p.window(9, 1),
    "content on an idle stream": lambda p: p.data(9, b"x"),
    "fields on an idle stream": lambda p: p.headers(9, OK),
    "fields on a stream of the server": lambda p: p.headers(2, OK),
    "push": lambda p: raw(0x5, 0x4, 1, b"\0\0\0\2" + p.block([(b":method", b"GET")])),
    "padding longer than the frame": lambda p: p.headers(1, OK) + raw(0x0, 0x8, 1, b"\xffx"),
    "more than a stream's window": lambda p: p.headers(1, OK) + p.data(1, b"x" * 16_384) * 129,
    "padding that is not there": lambda p: p.headers(1, OK) + raw(0x0, 0x8, 1, b""),
    "CONTINUATION of nothing": lambda p: raw(0x9, 0x4, 1, b""),
    "CONTINUATION of another stream": lambda p: raw(0x1, 0, 1, b"") + raw(0x9, 0x4, 3, b""),
    "a ping within fields": lambda p: raw(0x1, 0, 1, b"") + p.ping(),
    "an unknown frame within fields": lambda p: raw(0x1, 0, 1, b"") + raw(0xEE, 0, 0, b""),
    "CONTINUATION for ever, empty": lambda p: raw(0x1, 0, 1, b"") + raw(0x9, 0, 1, b"") * 51,
    "CONTINUATION for ever, full": lambda p: raw(0x1, 0, 1, b"") + raw(0x9, 0, 1, b"x" * 16_000) * 7,
    "CONTINUATION too large, not yet here": lambda p: (
        raw(0x1, 0, 1, b"") + raw(0x9, 0, 1, b"x" * 16_000) * 6 + b"\x00\x3f\x00\x09\0\0\0\0\1"
    ),
    "HPACK: an index that is not there": lambda p: raw(0x1, 0x4, 1, b"\xff\xff\xff\xff\x0f"),
    "HPACK: index 0": lambda p: raw(0x1, 0x4, 1, b"\x80"),
    "HPACK: a string cut short": lambda p: raw(0x1, 0x4, 1, b"\x88\x40\x0aab"),
    "HPACK: bad Huffman": lambda p: raw(0x1, 0x4, 1, b"\x88\x40\x84\xff\xff\xff\xff\x00"),
    "HPACK: a table too large": lambda p: raw(0x1, 0x4, 1, b"\x3f\xff\xff\x03\x88"),
    "HPACK: an endless number": lambda p: raw(0x1, 0x4, 1, b"\xff" + b"\xff" * 200 + b"\x01"),
    "HPACK: a bomb": _bomb,
    "fields after the end": lambda p: p.headers(1, OK, end=True) + p.headers(1, OK, end=True),
    "a flood of pings": lambda p: p.ping() * 10_001,
    "a flood of settings": lambda p: p.settings() * 1_001,
    "a flood of goaways": lambda p: p.goaway(2**31 - 1) * 1_001,
    "a flood of unknown frames": lambda p: raw(0xEE, 0, 0, b"") * 10_001,
    "a flood of priorities": lambda p: raw(0x2, 0, 1, b"\0\0\0\0\0") * 10_001,
    "a flood of credit": lambda p: p.window(1, 1) * 10_001,
    "a flood of empty content": lambda p: p.headers(1, OK) + p.data(1, b"") * 10_001,
    "a flood of padding": lambda p: p.headers(1, OK) + raw(0x0, 0x8, 1, b"\x01\0") * 10_001,
    "a flood of resets": lambda p: p.reset(1, 8) * 10_002,
    "a flood of content after a reset": lambda p: p.reset(1, 8) + p.data(1, b"x") * 10_002,
}


@pytest.mark.parametrize("name", BROKEN_CONNECTION)
def test_a_violation_of_the_connection_ends_it(name: str) -> None:
    codec, peer = attacked()
    first, second = get(codec), get(codec)
    drain(codec)
    changed = codec.feed(BROKEN_CONNECTION[name](peer))
    assert isinstance(codec.failure, RemoteProtocolError)
    assert str(codec.failure).startswith("HTTP/2 violation: ")
    assert len(str(codec.failure)) > 25
    assert second in changed
    assert second.failure is not None
    assert first.settled
    assert codec.room() == 0
    assert codec.live() == 0
    assert any(frame.type == 7 for frame in sent_frames(codec)), "the peer is told"


@pytest.mark.parametrize(
    ("received", "message"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the peer answers in HTTP/1"),
        (Attacker().ping(), "the peer's first frame is not SETTINGS"),
        (raw(0x4, 1, 0, b""), "the peer's first frame is not SETTINGS"),
        (b"220 smtp.a.test ESMTP\r\n", "bytes, more than|not SETTINGS"),
    ],
)
def test_a_peer_that_does_not_begin_with_settings(received: bytes, message: str) -> None:
    codec = Codec()
    stream = get(codec)
    codec.feed(received)
    assert codec.failure is not None
    import re

    assert re.search(message, str(codec.failure))
    assert stream.failure is codec.failure


def test_a_peer_that_asks_and_does_not_read() -> None:
    codec, peer = attacked()
    stream = get(codec)
    pings = peer.ping() * 1000
    for _ in range(70):
        codec.feed(pings)
        codec._receiver.reader.useful()  # even where something comes forward
    assert isinstance(stream.failure, RemoteProtocolError)
    assert "takes none" in str(stream.failure)
    assert len(codec.unsent()) < 1_100_000


def test_what_brings_nobody_forward_is_forgiven_when_something_does() -> None:
    codec, peer = attacked()
    stream = get(codec)
    codec.feed(peer.ping() * 9_000 + peer.headers(1, OK) + peer.ping() * 9_000 + peer.data(1, b"x"))
    drain(codec)
    codec.feed(peer.ping() * 9_000 + peer.data(1, b"", end=True))
    assert stream.complete


def test_unknown_frames_and_settings_are_nothing() -> None:
    codec, peer = attacked()
    stream = get(codec)
    codec.feed(raw(0xEE, 0xFF, 1, b"what") + peer.settings({0xAB: 1}) + raw(0xA, 0, 0, b"\0\0") + raw(0xC, 0, 0, b""))
    codec.feed(peer.headers(1, OK, end=True))
    assert stream.complete


def test_bytes_after_a_fault_are_not_read() -> None:
    codec, peer = attacked()
    stream = get(codec)
    codec.feed(peer.data(0, b"x"))
    assert codec.feed(peer.headers(1, OK, end=True)) == []
    assert stream.head is None


def test_a_section_in_many_frames_is_taken_within_the_bounds() -> None:
    codec, _ = attacked()
    stream = get(codec)
    fields: list[Field] = [*OK, *[(b"x-%d" % number, b"y" * 900) for number in range(100)]]
    block = hpack.Encoder().encode([hpack.HeaderTuple(*field) for field in fields], huffman=False)
    pieces = [block[start : start + 2_000] for start in range(0, len(block), 2_000)]
    assert 40 < len(pieces) < 50
    codec.feed(raw(0x1, 0x1, 1, pieces[0]))
    for piece in pieces[1:-1]:
        codec.feed(raw(0x9, 0, 1, piece))
    codec.feed(raw(0x9, 0x4, 1, pieces[-1]))
    assert stream.head is not None
    assert stream.head.fields == fields[1:]
    assert stream.complete


def test_the_fields_of_an_abandoned_stream_still_teach_the_decompressor() -> None:
    codec, peer = attacked()
    abandoned, other = get(codec), get(codec)
    codec.reset(abandoned)
    fields: list[Field] = [*OK, (b"x-learnt", b"value")]
    codec.feed(peer.headers(1, fields))
    codec.feed(peer.headers(3, fields, end=True))
    assert other.head is not None
    assert other.head.fields == [(b"x-learnt", b"value")]
