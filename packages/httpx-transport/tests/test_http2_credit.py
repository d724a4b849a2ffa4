"""The credit that the HTTP/2 codec gives for content, and what it answers to content that is not wanted any more."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from httpx_transport._http2 import Codec, Stream
from httpx_transport._http2._engine import CONNECTION_WINDOW
from httpx_transport._http2._stream import STREAM_WINDOW

from .frames import OK, Attacker, attacked, drain, get, post, raw, sent_frames

HALF = CONNECTION_WINDOW // 2
FRAME = 16_384
MANY = {3: 1_000}


class Account:
    """What a peer knows of one connection: the credit that it has been given, and the streams that were reset."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.sent = 0
        self.credit = 0
        self.windows: dict[int, int] = {}
        self.resets: dict[int, int] = {}

    def feed(self, data: bytes, number: int = 0, size: int = 0) -> None:
        """Send frames, which hold `size` bytes that count, on a stream."""
        self.sent += size
        if number:
            self.windows[number] = self.windows.get(number, STREAM_WINDOW) - size
        self.codec.feed(data)
        self.listen()

    def listen(self) -> None:
        for frame in sent_frames(self.codec):
            increment = getattr(frame, "window_increment", 0)
            if frame.type == 0x3:
                self.resets[frame.stream_id] = self.resets.get(frame.stream_id, 0) + 1
            elif frame.stream_id:
                self.windows[frame.stream_id] = self.windows.get(frame.stream_id, STREAM_WINDOW) + increment
            else:
                self.credit += increment

    @property
    def withheld(self) -> int:
        return self.sent - self.credit


class Interleaving(RuleBasedStateMachine):
    """Streams that are opened, answered, read, reset by either side and ended, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.codec, self.peer = attacked(MANY)
        self.account = Account(self.codec)
        self.streams: list[Stream] = []
        self.answered: set[int] = set()
        self.over: set[int] = set()  # the peer has ended or reset them

    def some(self, number: int) -> Stream:
        return self.streams[number % len(self.streams)]

    @rule(body=st.booleans())
    def request(self, body: bool) -> None:
        if len(self.streams) < 30:
            self.streams.append((post if body else get)(self.codec))
            self.account.listen()

    @precondition(lambda self: self.streams)
    @rule(
        number=st.integers(0, 29),
        frames=st.sampled_from([0, 1, 60, 127]),
        size=st.sampled_from([2, 1_000, FRAME]),
        padding=st.sampled_from([0, 0, 200]),
        end=st.booleans(),
    )
    def content(self, number: int, frames: int, size: int, padding: int, end: bool) -> None:
        stream = self.some(number).number
        if stream in self.over:
            return
        if stream not in self.answered:
            self.answered.add(stream)
            self.account.feed(self.peer.headers(stream, OK))
        size = max(size - 2 * padding, 1)
        payload = bytes([padding]) * bool(padding) + b"x" * size + b"\0" * padding
        frames = min(frames, self.account.windows.get(stream, STREAM_WINDOW) // len(payload))
        flags = 0x8 if padding else 0
        for index in range(frames):
            last = end and index == frames - 1
            self.account.feed(raw(0x0, flags | last, stream, payload), stream, len(payload))
            if last:
                self.over.add(stream)

    @precondition(lambda self: self.streams)
    @rule(number=st.integers(0, 29))
    def read(self, number: int) -> None:
        self.codec.take(self.some(number))
        self.account.listen()

    @precondition(lambda self: self.streams)
    @rule(number=st.integers(0, 29))
    def reset(self, number: int) -> None:
        self.codec.reset(self.some(number))
        self.account.listen()

    @precondition(lambda self: self.streams)
    @rule(number=st.integers(0, 29))
    def reset_by_the_peer(self, number: int) -> None:
        stream = self.some(number).number
        if stream not in self.over:
            self.over.add(stream)
            self.account.feed(self.peer.reset(stream, 8))

    @precondition(lambda self: self.streams)
    @rule(number=st.integers(0, 29))
    def violation(self, number: int) -> None:
        stream = self.some(number).number
        if stream in self.answered - self.over:
            self.account.feed(self.peer.headers(stream, [(b"x", b"no end")]))

    @invariant()
    def less_than_half_of_the_window_is_withheld(self) -> None:
        assert self.codec.failure is None
        assert 0 <= self.account.withheld < HALF

    @invariant()
    def a_stream_is_reset_once_at_most(self) -> None:
        assert all(count == 1 for count in self.account.resets.values())


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_streams_that_end_are_reset_and_are_read_share_one_account() -> None:
    codec, peer = attacked(MANY)
    account = Account(codec)
    full = b"x" * FRAME

    def begin() -> Stream:
        stream = get(codec)
        account.feed(peer.headers(stream.number, OK))
        return stream

    kept, frames = begin(), 511  # just less than 8 MiB, read as it arrives
    for _ in range(frames):
        account.feed(peer.data(kept.number, full), kept.number, FRAME)
        codec.take(kept)
    for _ in range(255):  # just less than 4 MiB in frames that end their streams
        ended = begin()
        account.feed(peer.data(ended.number, full, end=True), ended.number, FRAME)
    for _ in range(4):  # just less than 8 MiB on streams that were reset
        abandoned = begin()
        codec.reset(abandoned)
        for _ in range(127):
            assert CONNECTION_WINDOW - account.withheld >= FRAME, "a peer that keeps the rules could send nothing more"
            account.feed(peer.data(abandoned.number, full), abandoned.number, FRAME)
    assert codec.failure is None
    assert account.withheld < HALF
    assert set(account.resets.values()) == {1}


def test_what_is_under_way_on_a_stream_that_was_reset_is_no_flood_and_brings_no_second_reset() -> None:
    codec, peer = attacked()
    account = Account(codec)
    closed, other = get(codec), get(codec)
    account.feed(peer.headers(1, OK) + peer.data(1, b"xx"), 1, 2)
    codec.reset(closed)
    for _ in range(30):
        account.feed(peer.data(1, b"xx") * 1_000, 1, 2_000)
    account.feed(peer.headers(1, [(b"x-trailer", b"late")], end=True))
    assert account.resets == {1: 1}
    account.feed(peer.headers(3, OK) + peer.data(3, b"ok", end=True), 3, 2)
    assert codec.failure is None
    assert codec.take(other) == b"ok"


@pytest.mark.parametrize(
    "frame", [lambda peer: peer.data(1, b""), lambda peer: peer.headers(1, OK)], ids=["empty content", "fields"]
)
def test_frames_that_take_no_credit_of_a_stream_that_was_reset_are_a_flood(frame: Callable[[Attacker], bytes]) -> None:
    codec, peer = attacked()
    codec.reset(get(codec))
    drain(codec)
    codec.feed(frame(peer) * 10_002)
    assert "flood" in str(codec.failure)


def test_more_than_the_window_of_a_stream_that_was_reset_is_a_flood() -> None:
    codec, peer = attacked()
    codec.reset(get(codec))
    drain(codec)
    codec.feed(peer.data(1, b"x" * FRAME) * 128)  # all of its window
    assert codec.failure is None
    codec.feed(peer.data(1, b"x") * 9_990)  # settings count for ten
    assert codec.failure is None
    codec.feed(peer.data(1, b"x"))
    assert "flood" in str(codec.failure)


def test_the_rest_of_many_streams_is_expected_but_not_of_any_number() -> None:
    codec, peer = attacked({3: 5_000})
    for stream in [get(codec) for _ in range(1_200)]:
        codec.reset(stream)
    assert len(codec._streams._reset) == 1_000
    drain(codec)
    codec.feed(peer.data(1, b"x") + peer.data(2_399, b"x", end=True))
    assert len(codec._streams._reset) == 999
    assert codec.failure is None
    assert drain(codec) == b""


def test_a_stream_that_h2_resets_is_reset_once() -> None:
    codec, peer = attacked()
    account = Account(codec)
    broken = post(codec)
    account.feed(peer.headers(1, OK) + peer.window(1, 2**31 - 1))
    assert broken.failure is not None
    account.feed(peer.data(1, b"x") * 100, 1, 100)
    assert account.resets == {1: 1}


@pytest.mark.parametrize("end", [False, True])
def test_content_after_the_end_resets_a_stream_that_is_still_sent(end: bool) -> None:
    codec, peer = attacked()
    account = Account(codec)
    stream = post(codec)
    account.feed(peer.headers(1, OK) + peer.data(1, b"all", end=True), 1, 3)
    account.feed(peer.data(1, b"more", end=end), 1, 4)
    assert codec.failure is None
    assert stream.complete
    assert stream.ended
    assert codec.take(stream) == b"all"
    assert account.resets == {1: 1}


def test_frames_of_a_stream_that_the_peer_left_unprocessed_change_nothing() -> None:
    codec, peer = attacked(MANY)
    first, second = get(codec), post(codec)
    codec.feed(peer.goaway(1))
    assert second.unprocessed
    drain(codec)
    codec.feed(peer.headers(3, OK, end=True) + peer.headers(3, OK, end=True) + peer.data(3, b"x"))
    assert codec.failure is None
    assert drain(codec) == b""
    codec.feed(peer.headers(1, OK, end=True))
    assert first.complete


def test_what_ends_the_connection_is_still_said_after_an_answer_was_dropped() -> None:
    codec, peer = attacked(MANY)
    codec.reset(get(codec))
    get(codec)
    drain(codec)
    late = peer.headers(1, OK)
    codec.feed(peer.ping() + late + late + raw(0x6, 0, 0, b"short"))
    sent = sent_frames(codec)
    assert [frame.type for frame in sent] == [0x6, 0x7], "the answer to PING, and GOAWAY"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_content_in_small_frames_takes_no_more_room_than_it_has_bytes(size: int) -> None:
    codec, peer = attacked()
    stream = get(codec)
    codec.feed(peer.headers(1, OK))
    pieces = [bytes([number % 251]) * size for number in range(1_000)]
    for _ in range(20):
        codec.feed(b"".join([peer.data(1, piece) for piece in pieces]))
    held = sum(sys.getsizeof(piece) for piece in stream._ready)
    assert held < 1.25 * 20_000 * size + 1_000
    content = codec.take(stream)
    assert type(content) is bytes
    assert content == b"".join(pieces) * 20


@pytest.mark.parametrize("sizes", [(3,), (3, 5), (FRAME, 3), (FRAME, 3, 5, FRAME, 2_000, 7), (5, FRAME, 6)])
def test_small_and_large_pieces_are_taken_in_their_order(sizes: tuple[int, ...]) -> None:
    codec, peer = attacked()
    stream = get(codec)
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    codec.feed(peer.headers(1, OK) + b"".join([peer.data(1, piece) for piece in pieces]))
    content = codec.take(stream)
    assert type(content) is bytes
    assert content == b"".join(pieces)
    assert codec.take(stream) == b""
