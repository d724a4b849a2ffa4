"""Strategies that damage known-good input, and the number of examples that each property is given.

Random bytes are refused at the first byte by most parsers. A small corpus, edited at a few places, reaches the states
behind it: every example starts from one entry, and hypothesis shrinks a failure towards the unedited entry.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

MULTIPLIER = int(os.environ.get("HTTPX_FUZZ_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """Return settings for `count` examples, times the environment variable HTTPX_FUZZ_EXAMPLES."""
    return settings(max_examples=count * MULTIPLIER, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn, corpus: Sequence[bytes], tokens: Sequence[bytes] = ()) -> bytes:
    """Return an entry of the corpus after up to four edits: bytes removed, replaced, repeated or inserted."""
    data = draw(st.sampled_from(corpus))
    inserted = st.binary(min_size=1, max_size=4)
    if tokens:
        inserted = st.sampled_from(tokens) | inserted
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.integers(0, 8)))
        edit = draw(st.sampled_from(["remove", "replace", "insert", "repeat", "truncate"]))
        if edit == "remove":
            data = data[:start] + data[stop:]
        elif edit == "replace":
            data = data[:start] + draw(inserted) + data[stop:]
        elif edit == "insert":
            data = data[:start] + draw(inserted) + data[start:]
        elif edit == "repeat":
            data = data[:stop] + data[start:]
        else:
            data = data[:start]
    return data


@st.composite
def mutated_text(draw: st.DrawFn, corpus: Sequence[str], tokens: Sequence[str] = ()) -> str:
    """Return an entry of the corpus after up to four edits, each of which replaces a few characters by others."""
    text = draw(st.sampled_from(corpus))
    inserted = st.text(max_size=3)
    if tokens:
        inserted = st.sampled_from(tokens) | inserted
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 4)))
        text = text[:start] + draw(inserted) + text[stop:]
    return text


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return `data` in pieces that end at the offsets `cuts`, each taken modulo the length."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


CUTS = st.lists(st.integers(0, 4095), max_size=6)
