"""Damaged HTTP/2 frames: documented errors only, an end within the timeouts, the same result in any pieces."""

from __future__ import annotations

import hpack
from hypothesis import given
from hypothesis import strategies as st

from fuzz.exchange import Outcome, outcome
from fuzz.mutation import CUTS, examples, mutated, pieces
from httpx_transport import RemoteProtocolError


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame (RFC 9113 §4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def block(*fields: tuple[str, str]) -> bytes:
    """Return a field block that needs no state of the connection."""
    return bytes(hpack.Encoder().encode(fields))


SETTINGS = frame(4, 0, 0) + frame(4, 1, 0)
HEAD = block((":status", "200"), ("server", "a"), ("content-length", "5"))
CORPUS = [
    SETTINGS + frame(1, 4, 1, HEAD) + frame(0, 1, 1, b"hello"),
    SETTINGS + frame(1, 5, 1, block((":status", "204"))),
    SETTINGS + frame(1, 4, 1, block((":status", "103"), ("link", "</a>"))) + frame(1, 0, 1, HEAD[:3])
    + frame(9, 4, 1, HEAD[3:]) + frame(0, 8, 1, b"\3hello\0\0\0") + frame(0, 1, 1),
    SETTINGS + frame(1, 4, 1, HEAD) + frame(0, 0, 1, b"hello") + frame(1, 5, 1, block(("x-trailer", "b"))),
    frame(4, 0, 0, b"\0\3\0\0\0\x64\0\4\0\0\xff\xff") + frame(6, 0, 0, b"12345678") + frame(8, 0, 0, b"\0\0\1\0")
    + frame(1, 0x24, 1, b"\0\0\0\0\x10" + HEAD) + frame(3, 0, 1, b"\0\0\0\x08"),
    SETTINGS + frame(7, 0, 0, b"\0\0\0\1\0\0\0\0bye") + frame(1, 5, 1, block((":status", "200"))),
    SETTINGS + frame(7, 0, 0, b"\0\0\0\0\0\0\0\x0b"),
]  # fmt: skip
TOKENS = [frame(kind, flags, stream, payload) for kind in (*range(11), 255) for flags in (0, 1, 4, 5) for stream in (0, 1, 2)
          for payload in (b"", bytes(4), bytes(8))]  # fmt: skip


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Return a preface and frames with any type, flags and stream, payloads of the right size or a little off."""
    kinds, sizes = st.integers(0, 10), st.sampled_from([0, 1, 4, 5, 6, 8, 12])
    return SETTINGS + b"".join(
        frame(draw(kinds), draw(st.integers(0, 63)), draw(st.sampled_from([0, 1, 1, 1, 2, 3])), draw(payload))
        for payload in draw(
            st.lists(st.just(st.just(HEAD) | sizes.flatmap(lambda n: st.binary(min_size=n, max_size=n))), max_size=6)
        )
    )


@examples(500)
@given(mutated(CORPUS, TOKENS), CUTS)
def test_damaged_frames_are_read_the_same_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    assert outcome(pieces(data, cuts), http2=True) == outcome([data], http2=True)


@examples(300)
@given(frames(), CUTS)
def test_any_sequence_of_frames_is_read_the_same_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    assert outcome(pieces(data, cuts), http2=True) == outcome([data], http2=True)


@examples(100)
@given(st.binary(max_size=200), st.integers(0, 255), CUTS)
def test_content_with_padding_round_trips(content: bytes, padding: int, cuts: list[int]) -> None:
    padded = bytes([padding]) + content + bytes(padding)
    data = SETTINGS + frame(1, 4, 1, block((":status", "200"))) + frame(0, 9, 1, padded)
    assert outcome(pieces(data, cuts), http2=True) == Outcome(200, (), content, None)


@examples(50)
@given(st.binary(max_size=100), st.integers(1, 155), CUTS)
def test_more_padding_than_payload_is_refused(rest: bytes, excess: int, cuts: list[int]) -> None:
    padded = bytes([len(rest) + excess]) + rest
    data = SETTINGS + frame(1, 4, 1, block((":status", "200"))) + frame(0, 9, 1, padded)
    assert outcome(pieces(data, cuts), http2=True).error is RemoteProtocolError
