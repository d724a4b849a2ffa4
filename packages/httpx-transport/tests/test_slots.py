"""Who gets a connection: the pure state, against a plain model of it."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from httpx_transport._connection import Connection, Origin
from httpx_transport._pool._slots import Slots, Waiter

A: Origin = (b"http", b"a", None, None)
B: Origin = (b"http", b"b", None, None)


NOTHING: Any = object()  # a stream or an event that nobody asks anything


def connection(origin: Origin) -> Connection:
    return Connection(origin, NOTHING, "peer")


def waiter(origin: Origin) -> Waiter:
    return Waiter(origin, NOTHING)


def test_the_connection_used_last_serves_first() -> None:
    slots = Slots(10, 10, None)
    first, second = connection(A), connection(A)
    for _ in (first, second):
        assert slots.assign(A, 0.0) == (True, None, [])
    slots.release(first, 0.0)
    slots.release(second, 1.0)
    assert slots.assign(A, 2.0).connection is second
    assert slots.assign(A, 2.0).connection is first
    assert slots.assign(A, 2.0).connection is None


def test_an_idle_connection_elsewhere_makes_room() -> None:
    slots = Slots(1, 1, None)
    slots.assign(A, 0.0)
    idle = connection(A)
    slots.release(idle, 0.0)
    assert slots.assign(B, 0.0) == (True, None, [idle])
    assert slots.assign(B, 0.0) == (False, None, [])


def test_waiters_are_served_in_order_and_abandoned_ones_passed_over() -> None:
    slots = Slots(1, 1, None)
    slots.assign(A, 0.0)
    gone, same, other = waiter(A), waiter(A), waiter(B)
    for each in (gone, same, other):
        slots.queue(each)
    assert slots.withdraw(gone) is False
    used = connection(A)
    assert slots.release(used, 0.0) == (same, [])
    assert (same.served, same.connection) == (True, used)
    assert slots.release(used, 0.0) == (other, [used])
    assert (other.served, other.connection) == (True, None)
    last = waiter(A)
    slots.queue(last)
    assert slots.release(None, 0.0) == (last, [])


def test_idle_connections_expire_and_are_limited() -> None:
    slots = Slots(None, 2, 5.0)
    made = [connection(origin) for origin in (A, B, A)]
    for each in made:
        slots.assign(each.origin, 0.0)
    assert slots.release(made[0], 0.0) == (None, [])
    assert slots.release(made[1], 1.0) == (None, [])
    assert slots.release(made[2], 2.0) == (None, [made[0]])
    assert slots.assign(A, 6.5) == (True, made[2], [made[1]])
    assert slots.release(made[2], 7.0) == (None, [])
    assert slots.assign(A, 12.5) == (True, None, [made[2]])


def test_clearing() -> None:
    slots = Slots(1, 1, None)
    slots.assign(A, 0.0)
    idle = connection(A)
    slots.release(idle, 0.0)
    slots.assign(A, 0.0)
    gone, there = waiter(A), waiter(A)
    slots.queue(gone)
    slots.queue(there)
    slots.withdraw(gone)
    assert slots.counts() == {"connections": 1, "active": 1, "idle": 0, "waiting": 1}
    assert slots.clear() == ([], [there])
    assert slots.release(idle, 0.0) == (None, [])
    assert slots.clear() == ([idle], [])
    assert slots.assign(A, 0.0) == (True, None, [])


class Model(RuleBasedStateMachine):
    """Any order of events: never more than three slots, never one lost, waiters in order."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(3, 2, 4.0)
        self.now = 0.0
        self.holders = 0
        self.queue: list[Waiter] = []
        self.idle: list[Connection] = []
        self.longest = 0

    def discard(self, connections: list[Connection]) -> None:
        for each in connections:
            if each in self.idle:
                self.idle.remove(each)

    def forget(self, discarded: list[Connection]) -> None:
        self.idle = [each for each in self.idle if each not in discarded]

    @rule(target=held, origin=st.sampled_from([A, B]), seconds=st.floats(0, 3))
    def ask(self, origin: Origin, seconds: float) -> Any:
        self.now += seconds
        granted, found, discarded = self.slots.assign(origin, self.now)
        self.forget(discarded)
        if not granted:
            self.queue.append(waiter(origin))
            self.slots.queue(self.queue[-1])
            return multiple()
        self.holders += 1
        if found is not None:
            assert found.origin == origin
            assert self.now - found.idle_since <= 4.0
            self.idle.remove(found)
        return found or connection(origin)

    @rule(target=held, mine=consumes(held), reusable=st.booleans())
    def give_back(self, mine: Connection, reusable: bool) -> Any:
        served, discarded = self.slots.release(mine if reusable else None, self.now)
        if self.queue:
            assert served is self.queue.pop(0)
            assert served is not None
            assert self.slots.withdraw(served) is True
            assert served.connection in (None, mine)
            return served.connection or connection(served.origin)
        assert served is None
        self.holders -= 1
        if reusable:
            self.idle.append(mine)
        self.forget(discarded)
        return multiple()

    @rule(index=st.integers(0, 5))
    def give_up(self, index: int) -> None:
        if index < len(self.queue):
            assert self.slots.withdraw(self.queue.pop(index)) is False

    @invariant()
    def slots_add_up(self) -> None:
        assert self.slots._taken == self.holders + len(self.idle) <= 3
        assert list(self.slots._by_age) == self.idle
        assert sorted(map(id, self.idle)) == sorted(id(c) for d in self.slots._by_origin.values() for c in d)
        assert len(self.idle) <= 2
        assert self.slots.counts() == {
            "connections": self.holders + len(self.idle),
            "active": self.holders,
            "idle": len(self.idle),
            "waiting": len(self.queue),
        }
        self.longest = max(self.longest, len(self.queue))
        assert len(self.slots._waiters) <= 2 * self.longest  # who waits no more is forgotten in time


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
