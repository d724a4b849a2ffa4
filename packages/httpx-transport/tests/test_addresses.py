"""In which order addresses are tried, and what a resolver may answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_transport._backends import AddressInfo
from httpx_transport._connect._addresses import DELAY, plan, read_resolved

FOUR, SIX = 2, 10


def info(family: int, host: str) -> AddressInfo:
    return family, 1, 6, "", (host, 80)


infos = st.lists(st.builds(info, st.sampled_from([FOUR, SIX, 99]), st.text(max_size=2)), min_size=1, max_size=12)


@given(infos, st.sampled_from([None, FOUR, SIX]))
def test_every_address_has_its_turn(found: list[AddressInfo], preferred: int | None) -> None:
    attempts = plan(found, (), preferred)
    families = [attempt.address[0] for attempt in attempts]
    assert sorted(attempt.address for attempt in attempts) == sorted(set(found))
    assert families[0] == (preferred if preferred in families else found[0][0])
    for family in set(families):  # within a family the system's order is kept
        ours = [attempt.address for attempt in attempts if attempt.address[0] == family]
        assert ours == [each for each in dict.fromkeys(found) if each[0] == family]
    counts = dict.fromkeys(families, 0)
    for family in families:  # and no family has a second turn before each of the others had its first
        counts[family] += 1
        assert all(count >= min(counts[family] - 1, families.count(other)) for other, count in counts.items())
    assert {attempt.delay for attempt in attempts} == {DELAY}
    assert all(attempt.local is None for attempt in attempts)


def test_families_take_turns() -> None:
    found = [info(SIX, "a"), info(SIX, "b"), info(FOUR, "c"), info(FOUR, "d"), info(FOUR, "e")]
    assert [attempt.address[4][0] for attempt in plan(found)] == ["a", "c", "b", "d", "e"]
    assert [attempt.address[4][0] for attempt in plan(found, (), FOUR)] == ["c", "a", "d", "b", "e"]


def test_only_families_of_our_own_address_are_tried() -> None:
    found = [info(SIX, "a"), info(FOUR, "b")]
    (attempt,) = plan(found, [info(FOUR, "127.0.0.9")])
    assert (attempt.address[4][0], attempt.local) == ("b", ("127.0.0.9", 80))
    with pytest.raises(OSError, match="no address of the local address's family"):
        plan(found[:1], [info(FOUR, "127.0.0.9")])


def test_no_address_at_all() -> None:
    with pytest.raises(OSError, match="the name has no address"):
        plan([], (), FOUR)


def test_what_a_resolver_may_answer() -> None:
    full = info(FOUR, "127.0.0.1")
    assert read_resolved(iter(["::1", ("127.0.0.1", 81), full]), 80) == [("::1", 80), ("127.0.0.1", 81), full]


@pytest.mark.parametrize("answer", ["127.0.0.1", b"::1", None, 5, [5], [("a",)], [("a", "b")], [(b"a", 80)]])
def test_what_a_resolver_may_not_answer(answer: Any) -> None:
    with pytest.raises(TypeError, match=r"a resolver('s address)? must "):
        read_resolved(answer, 80)
