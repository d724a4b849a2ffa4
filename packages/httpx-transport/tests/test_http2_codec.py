"""The HTTP/2 codec with a peer that keeps the rules: h2 as a server in memory."""

from __future__ import annotations

import h2.events
import h2.settings
import pytest

from httpx_transport import LocalProtocolError, ReadError
from httpx_transport._http2 import Codec

from .frames import HOST, OK, Attacker, Server, attacked, drain, get, post, sent_frames


@pytest.fixture
def codec() -> Codec:
    return Codec()


@pytest.fixture
def server(codec: Codec) -> Server:
    return Server(codec)


def test_the_preface_leaves_with_the_first_request(codec: Codec) -> None:
    get(codec)
    data = codec.unsent()
    assert data.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    kinds = [type(frame).__name__ for frame in sent_frames(codec)]
    assert kinds == ["SettingsFrame", "WindowUpdateFrame", "HeadersFrame"]


def test_settings_refuse_push_and_bound_what_comes(codec: Codec) -> None:
    settings = sent_frames(codec)[0].settings  # type: ignore[attr-defined]
    assert settings[h2.settings.SettingCodes.ENABLE_PUSH] == 0
    assert settings[h2.settings.SettingCodes.INITIAL_WINDOW_SIZE] == 2_097_152
    assert settings[h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE] == 102_400


def test_a_request_and_its_response(codec: Codec, server: Server) -> None:
    stream = get(codec, fields=[(b"Accept", b"*/*")], target=b"/x?y")
    server.exchange()
    (request,) = server.take(h2.events.RequestReceived)
    assert request.headers == [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"a.test"),
        (b":path", b"/x?y"),
        (b"accept", b"*/*"),
    ]
    assert (stream.head, stream.settled) == (None, False)
    changed = server.respond(stream, [*OK, (b"x-y", b"z"), (b"content-length", b"2")], b"ok")
    assert changed == [stream]
    assert stream.head is not None
    assert stream.head.status == 200
    assert stream.head.version == b"HTTP/2"
    assert stream.head.reason == b""
    assert stream.head.fields == [(b"x-y", b"z"), (b"content-length", b"2")]
    assert type(stream.head.fields[0]) is tuple
    assert stream.complete
    assert stream.settled
    assert codec.take(stream) == b"ok"
    assert codec.take(stream) == b""
    assert codec.live() == 0
    assert codec.room() == 100


@pytest.mark.parametrize("pieces", [1, 3, 10])
def test_bytes_may_come_in_any_pieces(codec: Codec, server: Server, pieces: int) -> None:
    stream = get(codec)
    server.exchange(pieces)
    server.respond(stream, content=b"hello", pieces=pieces)
    assert codec.take(stream) == b"hello"
    assert stream.complete


def test_many_streams_do_not_mix(codec: Codec, server: Server) -> None:
    streams = [get(codec, target=b"/%d" % number) for number in range(50)]
    server.exchange()
    assert codec.room() == 50
    for stream in reversed(streams):
        server.respond(stream, content=b"%d" % stream.number)
    assert [codec.take(stream) for stream in streams] == [b"%d" % (number * 2 + 1) for number in range(50)]


def test_informational_responses_come_before_the_final_one(codec: Codec, server: Server) -> None:
    stream = get(codec)
    server.exchange()
    server.h2.send_headers(stream.number, [(b":status", b"103"), (b"link", b"</x>")])
    server.exchange()
    assert stream.informational == [(103, [(b"link", b"</x>")])]
    assert stream.head is None
    assert stream.progress == 1
    server.respond(stream)
    assert stream.complete


def test_trailers_come_after_the_content(codec: Codec, server: Server) -> None:
    stream = get(codec)
    server.exchange()
    server.respond(stream, content=b"x", end=False)
    server.h2.send_headers(stream.number, [(b"grpc-status", b"0")], end_stream=True)
    server.exchange()
    assert stream.trailers == [(b"grpc-status", b"0")]
    assert stream.complete


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", b"200"), (b"GET", b"304"), (b"GET", b"204")])
def test_a_length_may_be_told_of_content_that_does_not_come(
    codec: Codec, server: Server, method: bytes, status: bytes
) -> None:
    stream = get(codec, method)
    server.exchange()
    server.respond(stream, [(b":status", status), (b"content-length", b"5")])
    assert stream.complete
    assert stream.failure is None


def test_content_leaves_in_frames_that_the_peer_allows(codec: Codec, server: Server) -> None:
    server.exchange()
    stream = post(codec)
    assert codec.send(stream, b"x" * 40_000, end=True) == 40_000
    sizes = [len(frame.data) for frame in sent_frames(codec) if frame.type == 0]  # type: ignore[attr-defined]
    assert sizes == [16_384, 16_384, 7_232]
    assert codec.send(stream, b"more", end=True) == 4, "there is no more to say"


def test_a_window_stops_content_and_credit_lets_it_go_on(codec: Codec, server: Server) -> None:
    server.exchange()
    stream, other = post(codec), post(codec)
    assert codec.send(stream, memoryview(b"x" * 70_000), end=True) == 65_535
    assert codec.send(stream, b"x" * 4_465, end=True) == 0
    assert codec.send(other, b"y", end=True) == 0, "the connection's window is used up too"
    assert server.exchange() == []
    received = server.take(h2.events.DataReceived)
    server.h2.acknowledge_received_data(65_535, stream.number)
    assert server.exchange() == [stream, other]
    assert codec.send(stream, b"x" * 4_465, end=True) == 4_465
    assert codec.send(other, b"y", end=True) == 1
    assert server.exchange() == []
    received += server.take(h2.events.DataReceived)
    assert sum(len(event.data) for event in received) == 70_001
    server.respond(stream)
    assert stream.complete
    assert codec.live() == 1


def test_credit_for_one_stream_wakes_that_stream_alone() -> None:
    codec, peer = attacked({4: 10})  # INITIAL_WINDOW_SIZE
    streams = [post(codec), post(codec)]
    for stream in streams:
        assert codec.send(stream, b"x" * 20, end=True) == 10
    assert codec.feed(peer.window(3, 5)) == [streams[1]]
    assert codec.send(streams[1], b"x" * 10, end=True) == 5
    assert codec.feed(peer.settings({4: 20})) == streams


def test_more_is_not_taken_than_is_kept_unsent() -> None:
    codec, peer = attacked({4: 2**31 - 1})
    codec.feed(peer.window(0, 2**31 - 1 - 65_535))
    stream = post(codec)
    taken = codec.send(stream, b"x" * 300_000, end=False)
    assert 120_000 < taken < 131_072
    assert codec.send(stream, b"x", end=False) == 0
    assert codec.changed() == []
    codec.sent(100_000)
    assert codec.changed() == [stream]
    drain(codec)
    assert codec.send(stream, b"x" * 1000, end=True) == 1000


def test_a_declared_length_is_kept(codec: Codec) -> None:
    stream = post(codec, [(b"Content-Length", b"5")])
    with pytest.raises(LocalProtocolError, match="Too much data for declared Content-Length"):
        codec.send(stream, b"123456", end=False)
    assert codec.send(stream, b"123", end=False) == 3
    with pytest.raises(LocalProtocolError, match="Too little data for declared Content-Length"):
        codec.send(stream, b"4", end=True)
    with pytest.raises(LocalProtocolError, match="Too little data for declared Content-Length"):
        codec.send_trailers(stream, [(b"X", b"y")])
    assert codec.send(stream, b"45", end=True) == 2
    with pytest.raises(LocalProtocolError, match="Too little data"):
        get(codec, fields=[(b"Content-Length", b"1")])
    assert get(codec, fields=[(b"Content-Length", b"0")]).number == 3


def test_trailers_of_a_request(codec: Codec, server: Server) -> None:
    server.exchange()
    stream, other = post(codec), post(codec)
    codec.send(stream, b"x", end=False)
    codec.send_trailers(stream, [(b"X-Sum", b"1"), (b"Connection", b"close")])
    codec.send_trailers(stream, [(b"X-Sum", b"2")])  # there is nothing left to end
    codec.send_trailers(other, [])
    server.exchange()
    assert [event.headers for event in server.events if isinstance(event, h2.events.TrailersReceived)] == [
        [(b"x-sum", b"1")]
    ]
    assert [event.stream_id for event in server.take(h2.events.StreamEnded)] == [1, 3]
    for name, value in ((b"a b", b""), (b":status", b""), (b"a", b"\n")):
        with pytest.raises(LocalProtocolError, match="Illegal trailer"):
            codec.send_trailers(stream, [(name, value)])


def test_an_answer_before_the_request_has_ended(codec: Codec, server: Server) -> None:
    server.exchange()
    stream = post(codec)
    server.exchange()
    server.respond(stream, [(b":status", b"413")], b"too much")
    assert stream.complete
    assert codec.live() == 1
    codec.reset(stream)
    assert codec.take(stream) == b"too much", "what is complete is kept"
    assert [frame.error_code for frame in sent_frames(codec)] == [0]  # type: ignore[attr-defined]
    assert codec.live() == 0


def test_the_peer_may_want_no_more_of_an_answered_request() -> None:
    codec, peer = attacked()
    stream = post(codec)
    codec.feed(peer.headers(1, OK, end=True) + peer.reset(1, 0))
    assert stream.complete
    assert stream.failure is None
    assert stream.ended
    assert codec.send(stream, b"more", end=True) == 4
    assert codec.live() == 0


def test_a_request_that_ends_after_its_response(codec: Codec, server: Server) -> None:
    server.exchange()
    stream = post(codec)
    server.exchange()
    server.respond(stream)
    codec.send(stream, b"", end=True)
    assert codec.live() == 0
    other = post(codec)
    server.exchange()
    server.respond(other)
    codec.send_trailers(other, [(b"a", b"b")])
    assert codec.live() == 0


def test_giving_up_is_local_to_the_stream(codec: Codec, server: Server) -> None:
    server.exchange()
    abandoned, kept = get(codec), get(codec)
    server.exchange()
    codec.reset(abandoned)
    codec.reset(abandoned)
    server.exchange()
    (reset,) = server.take(h2.events.StreamReset)
    assert (reset.stream_id, reset.error_code) == (1, 8)
    server.respond(kept, content=b"ok")
    assert codec.take(kept) == b"ok"


def test_what_comes_for_an_abandoned_stream_is_credited_and_forgotten() -> None:
    codec, peer = attacked()
    abandoned, kept = get(codec), get(codec)
    codec.reset(abandoned)
    assert codec.changed() == [abandoned]
    assert isinstance(abandoned.failure, ReadError)
    drain(codec)
    frame = peer.data(1, b"x" * 16_384)
    assert codec.feed(peer.headers(1, OK)) == []
    for _ in range(3000):  # 48 MiB, three times the connection's window
        assert codec.feed(frame) == []
    credited = sum(getattr(frame, "window_increment", 0) for frame in sent_frames(codec) if not frame.stream_id)
    assert credited > 3000 * 16_384 - 16_777_216
    codec.feed(peer.headers(kept.number, OK, end=True))
    assert kept.complete


def test_credit_is_given_in_large_pieces_for_what_is_taken() -> None:
    codec, peer = attacked()
    stream = get(codec)
    drain(codec)
    codec.feed(peer.headers(1, OK))
    for _ in range(64):
        codec.feed(peer.data(1, b"x" * 16_384))
    assert sent_frames(codec) == [], "nobody has taken anything"
    assert len(codec.take(stream)) == 1_048_576
    (update,) = sent_frames(codec)
    assert (update.stream_id, update.window_increment) == (1, 1_048_576)  # type: ignore[attr-defined]
    codec.feed(peer.data(1, b"x", end=True))
    assert codec.take(stream) == b"x"
    assert sent_frames(codec) == []


def test_unread_streams_starve_no_other() -> None:
    codec, peer = attacked()
    streams = [get(codec) for _ in range(10)]
    drain(codec)
    for stream in streams:
        codec.feed(peer.headers(stream.number, OK))
        for _ in range(127):
            codec.feed(peer.data(stream.number, b"x" * 16_384))
    credited = sum(frame.window_increment for frame in sent_frames(codec))  # type: ignore[attr-defined]
    assert credited > 10 * 127 * 16_384 - 16_777_216 // 2
    assert codec.failure is None


def test_padding_is_credited_too() -> None:
    codec, peer = attacked()
    get(codec)
    drain(codec)
    codec.feed(peer.headers(1, OK))
    for _ in range(10_000):
        codec.feed(b"\0\1\1\0\x08\0\0\0\1\xff" + b"x" + b"\0" * 255)
    assert codec.failure is None
    assert [frame.stream_id for frame in sent_frames(codec)] == [1, 1]


def test_a_limit_that_is_lowered_or_nothing() -> None:
    codec, peer = attacked({3: 2})  # MAX_CONCURRENT_STREAMS
    first = get(codec)
    assert codec.room() == 1
    codec.feed(peer.settings({3: 0}))
    assert codec.room() == 0
    codec.feed(peer.headers(1, OK, end=True))
    assert first.complete
    assert codec.room() == 0
    codec.feed(peer.settings({3: 5}))
    assert codec.room() == 5
    assert get(codec).number == 3


def test_goaway_lets_promised_streams_finish() -> None:
    codec, peer = attacked()
    promised, unprocessed = get(codec), get(codec)
    assert codec.feed(peer.goaway(2**31 - 1)) == []
    assert codec.leaving
    assert codec.room() == 0
    assert codec.feed(peer.goaway(1, 11, b"calm")) == [unprocessed]
    assert unprocessed.unprocessed
    assert str(unprocessed.failure) == "the peer is going away: ENHANCE_YOUR_CALM (0xb) b'calm'"
    assert codec.live() == 1
    codec.feed(peer.headers(1, OK) + peer.data(1, b"ok", end=True))
    assert promised.complete
    assert not promised.unprocessed
    assert codec.take(promised) == b"ok"
    assert codec.failure is None


def test_what_still_comes_for_an_unprocessed_stream_is_nothing() -> None:
    codec, peer = attacked()
    promised, unprocessed = get(codec), get(codec)
    codec.feed(peer.goaway(1))
    assert codec.feed(peer.headers(3, OK) + peer.data(3, b"x") + peer.data(3, b"", end=True)) == []
    assert unprocessed.head is None
    assert codec.feed(peer.headers(1, OK, end=True)) == [promised]


def test_a_granted_tunnel_has_no_length() -> None:
    codec, peer = attacked()
    stream = codec.open(b"CONNECT", b"https", b"b.test:443", HOST, end=False)
    codec.feed(peer.headers(1, [*OK, (b"content-length", b"1")]) + peer.data(1, b"hello"))
    assert codec.take(stream) == b"hello"
    refused = codec.open(b"CONNECT", b"https", b"b.test:443", HOST, end=False)
    codec.feed(peer.headers(3, [(b":status", b"403"), (b"content-length", b"1")]) + peer.data(3, b"hello"))
    assert refused.failure is not None


def test_an_answered_stream_is_not_unprocessed() -> None:
    codec, peer = attacked()
    stream = post(codec)
    codec.feed(peer.headers(1, OK, end=True) + peer.goaway(0))
    assert stream.complete
    assert not stream.unprocessed
    assert stream.failure is None


def test_the_end_says_why_if_the_peer_did() -> None:
    codec, peer = attacked()
    stream = get(codec)
    codec.feed(peer.goaway(1, 2))
    assert codec.feed(b"") == [stream]
    assert str(stream.failure) == "Server disconnected: the peer is going away: INTERNAL_ERROR (0x2)"
    assert not stream.unprocessed


def test_the_end_breaks_what_is_not_complete() -> None:
    codec, peer = attacked()
    streams = [get(codec), get(codec), post(codec)]
    codec.feed(peer.headers(3, OK) + peer.data(3, b"x") + peer.headers(5, OK, end=True))
    assert codec.feed(b"") == streams
    assert [str(stream.failure) for stream in streams] == [
        "Server disconnected without sending a response.",
        "peer closed connection without sending complete message body",
        "None",
    ]
    assert codec.take(streams[1]) == b"x", "what came can be taken"
    assert codec.feed(b"") == []
    assert codec.room() == 0


def test_a_refused_stream_was_not_processed() -> None:
    codec, peer = attacked()
    streams = [get(codec) for _ in range(4)]
    codec.feed(peer.headers(5, [(b":status", b"103")]))
    assert codec.feed(peer.reset(1, 7)) == [streams[0]]
    codec.feed(peer.reset(3, 2) + peer.reset(5, 7) + peer.reset(7, 0x4D))
    assert [stream.unprocessed for stream in streams] == [True, False, False, False]
    assert str(streams[0].failure) == "the peer reset the stream: REFUSED_STREAM (0x7)"
    assert str(streams[3].failure) == "the peer reset the stream: unknown error (0x4d)"
    assert codec.failure is None


def test_pings_are_answered_and_asked(codec: Codec, server: Server) -> None:
    server.exchange()
    server.h2.ping(b"12345678")
    server.exchange()
    (answer,) = server.take(h2.events.PingAckReceived)
    assert answer.ping_data == b"12345678"
    codec.ping()
    assert codec.pings == 1
    server.exchange()
    assert codec.pings == 0
    codec.feed(Attacker().ping(ack=True))
    assert codec.pings == 0, "an answer to no question is none"


def test_an_error_of_the_connection_is_every_streams() -> None:
    codec, peer = attacked()
    streams = [get(codec), post(codec)]
    codec.feed(peer.headers(3, OK, end=True))
    error = ReadError("gone")
    assert codec.fail(error) == streams
    assert codec.fail(ReadError("again")) == []
    assert streams[0].failure is error
    assert streams[1].failure is None
    assert codec.failure is error
    assert codec.feed(b"x") == []
    codec.close()
    drain(codec)


def test_goodbye_is_said_once(codec: Codec) -> None:
    drain(codec)
    codec.close()
    (goaway,) = sent_frames(codec)
    assert goaway.type == 7
    assert codec.room() == 0


def test_stream_numbers_come_to_an_end(codec: Codec) -> None:
    codec._streams.next = 2**31 - 1
    assert codec.room() == 1
    assert get(codec).number == 2**31 - 1
    assert codec.room() == 0


def test_closed_streams_are_forgotten(codec: Codec, server: Server) -> None:
    server.exchange()
    for _ in range(400):
        stream = get(codec)
        server.exchange()
        server.respond(stream, content=b"x" * 100)
        server.h2.increment_flow_control_window(100)
        assert codec.take(stream) == b"x" * 100
    assert len(codec._engine.streams) <= 66
    assert codec.live() == 0


def test_secrets_are_never_indexed(codec: Codec, server: Server) -> None:
    secrets = [(b"Authorization", b"Basic eHh4"), (b"Cookie", b"a=b"), (b"Cookie", b"x" * 30)]
    get(codec, fields=secrets)
    server.exchange()
    known = codec._engine.encoder.header_table.dynamic_entries
    assert (b"cookie", b"x" * 30) in known, "a long cookie cannot be guessed byte by byte"
    assert (b"cookie", b"a=b") not in known
    assert (b"authorization", b"Basic eHh4") not in known


def test_the_peers_offer_of_a_large_table_is_not_taken() -> None:
    codec, _ = attacked({1: 2**32 - 1})
    assert codec._engine.encoder.header_table_size == 4096
    get(codec, fields=[(b"a", b"b")])
    codec, _ = attacked({1: 100})
    assert codec._engine.encoder.header_table_size == 100


def test_fields_that_stay_the_same_are_looked_at_once(codec: Codec) -> None:
    fields = [*HOST, (b"A", b"b")]
    first = codec.open(b"GET", b"https", b"/", fields, end=True)
    fields.append((b"C", b"d"))
    codec.open(b"GET", b"https", b"/", fields, end=True)
    assert first.number == 1
    rest = codec._encoder.encode(b"GET", b"https", b"/", fields)
    assert rest.fields[4:] == [(b"a", b"b"), (b"c", b"d")]
    assert codec._encoder.encode(b"GET", b"https", b"/", fields) == rest
