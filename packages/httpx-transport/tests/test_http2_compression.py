"""HPACK with a memory, beside hpack without one: whatever is remembered, the other side understands the same."""

from __future__ import annotations

import hpack
from hypothesis import given
from hypothesis import strategies as st

from httpx_transport._http2._compression import FieldDecoder, FieldEncoder
from httpx_transport.interface import Field

_NAMES = st.sampled_from([b":path", b"cookie", b"x-a", b"x-b"])
_FIELDS = st.tuples(_NAMES, st.sampled_from([b"", b"1", b"2", b"v" * 60, b"w" * 600]))
_SECTIONS = st.sampled_from(
    [
        [(b":path", b"/"), (b"x-a", b"1")],
        [(b":path", b"/"), (b"x-a", b"2")],
        [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/1"), (b"x-a", b"1")],
        [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/2")],
        [(b":method", b"GET"), hpack.NeverIndexedHeaderTuple(b"authorization", b"secret")],
    ]
) | st.lists(_FIELDS, min_size=1, max_size=4)
_SIZES = st.sampled_from([0, 60, 200, 4096])
_STEPS = st.lists(_SECTIONS | _SIZES, max_size=40)


def test_a_size_that_is_set_twice_is_said() -> None:
    encoder = FieldEncoder()
    encoder.section = [(b"x-a", b"1")]
    encoder.encode(())
    encoder.header_table_size = encoder.header_table_size = 100
    assert encoder.encode(())[:2] == b"\x3f\x45"  # RFC 7541 §6.3: 100
    encoder.header_table_size = 100  # no change, and nothing to say
    assert encoder.encode(())[:1] != b"\x3f"


@given(_STEPS)
def test_a_plain_decoder_understands_the_encoder(steps: list[list[Field] | int]) -> None:
    encoder, decoder = FieldEncoder(), hpack.Decoder()
    for step in steps:
        if isinstance(step, int):
            encoder.header_table_size = step
        else:
            encoder.section = step
            assert list(decoder.decode(encoder.encode(()), raw=True)) == step
            assert list(decoder.header_table.dynamic_entries) == list(encoder.header_table.dynamic_entries)


@given(_STEPS)
def test_the_decoder_understands_a_plain_encoder(steps: list[list[Field] | int]) -> None:
    encoder, decoder = hpack.Encoder(), FieldDecoder()
    for step in steps:
        if isinstance(step, int):
            if step != encoder.header_table_size:
                encoder.header_table_size = step
        else:
            decoder.decode(encoder.encode(step))
            assert decoder.fields == step
            assert list(decoder.header_table.dynamic_entries) == list(encoder.header_table.dynamic_entries)


def test_what_was_said_before_is_not_worked_out_again() -> None:
    encoder, decoder, peer = FieldEncoder(), FieldDecoder(), hpack.Encoder()
    encoder.section = [(b":path", b"/"), (b"x-a", b"1")]
    first, second, third = encoder.encode(()), encoder.encode(()), encoder.encode(())
    assert first != second, "now it is in the table"
    assert second == third
    assert encoder._known.find(tuple(encoder.section)) == second
    blocks = [peer.encode([(b":status", b"200"), (b"x-a", b"1")]) for _ in range(3)]
    decoder.decode(blocks[0])
    decoder.decode(blocks[1])
    known = decoder.fields
    decoder.decode(blocks[2])
    assert decoder.fields is known


def test_few_and_small_sections_are_remembered() -> None:
    encoder, decoder = FieldEncoder(), FieldDecoder()
    for number in range(100):
        encoder.section = [hpack.NeverIndexedHeaderTuple(b"x-a", b"%d" % number)]
        decoder.decode(encoder.encode(()))
    assert len(encoder._known._known) == len(decoder._known._known) == 32
    encoder.section = [hpack.NeverIndexedHeaderTuple(b"x-a", b"v" * 2_000)]
    block = encoder.encode(())
    decoder.decode(block)
    assert block not in decoder._known._known
    assert tuple(encoder.section) not in encoder._known._known


def test_a_target_is_kept_in_no_table() -> None:
    encoder = FieldEncoder()
    encoder.section = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/?secret")]
    encoder.encode(())
    assert list(encoder.header_table.dynamic_entries) == [(b":authority", b"a")]
    assert not any(b"secret" in value for fields in encoder._known._known for _, value in fields)
