"""Who gets a connection: the pure state, against a plain model of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from httpx_transport._connection import Connection, Origin
from httpx_transport._pool._share import Share, Waiter
from httpx_transport._pool._slots import Slots

A: Origin = (b"http", b"a", None, None)
B: Origin = (b"http", b"b", None, None)
C: Origin = (b"http", b"c", None, None)


NOTHING: Any = object()  # a stream or an event that nobody asks anything


def connection(origin: Origin) -> Connection:
    return Connection(origin, NOTHING, "peer")


def waiter(origin: Origin) -> Waiter:
    return Waiter(origin, NOTHING)


def take(slots: Slots, origin: Origin, now: float = 0.0) -> Share:
    """Take an empty slot."""
    share, found, discarded = slots.assign(origin, now)
    assert share is not None
    assert (found, list(discarded)) == (None, [])
    return share


def queued(slots: Slots, origin: Origin) -> Waiter:
    assert slots.assign(origin, 0.0) == (None, None, ())
    waiting = waiter(origin)
    slots.queue(waiting)
    return waiting


def test_the_connection_used_last_serves_first() -> None:
    slots = Slots(10, 10, None)
    first, second = connection(A), connection(A)
    shares = [take(slots, A) for _ in (first, second)]
    slots.release(shares[0], first, 0.0)
    slots.release(shares[1], second, 1.0)
    assert slots.assign(A, 2.0)[1] is second
    assert slots.assign(A, 2.0)[1] is first
    assert slots.assign(A, 2.0)[1] is None


def test_an_idle_connection_elsewhere_makes_room() -> None:
    slots = Slots(1, 1, None)
    idle = connection(A)
    slots.release(take(slots, A), idle, 0.0)
    share, found, discarded = slots.assign(B, 0.0)
    assert share is not None
    assert (share.origin, found, discarded) == (B, None, [idle])
    assert slots.assign(B, 0.0) == (None, None, ())


def test_waiters_are_served_in_order_and_those_that_left_are_passed_over() -> None:
    slots = Slots(1, 1, None)
    share = take(slots, A)
    gone, same, other = (queued(slots, origin) for origin in (A, A, B))
    assert slots.withdraw(gone) is False
    used = connection(A)
    assert slots.release(share, used, 0.0) == (same, ())
    assert (same.served, same.connection) == (True, used)
    assert slots.release(same.share, used, 0.0) == (other, (used,))
    assert (other.served, other.connection) == (True, None)
    assert slots.withdraw(other) is True
    last = queued(slots, A)
    assert slots.release(other.share, None, 0.0) == (last, ())


def test_idle_connections_expire_and_are_limited() -> None:
    slots = Slots(None, 2, 5.0)
    made = [connection(origin) for origin in (A, B, A)]
    shares = [take(slots, each.origin) for each in made]
    assert slots.release(shares[0], made[0], 0.0) == (None, ())
    assert slots.deadlines.due == 5.0
    assert slots.release(shares[1], made[1], 1.0) == (None, ())
    assert slots.release(shares[2], made[2], 2.0) == (None, (made[0],))
    assert slots.assign(A, 6.5) == (shares[2], made[2], [made[1]])
    assert slots.release(shares[2], made[2], 7.0) == (None, ())
    assert slots.expire(7.0) == []
    assert slots.deadlines.due == 12.0  # not when it was idle before
    share, found, discarded = slots.assign(A, 12.5)
    assert (found, discarded) == (None, [made[2]])
    assert share is not None


@pytest.mark.parametrize(
    ("keep_alive", "expires"), [(None, 105.0), (60.0, 105.0), (4.0, 103.0), (1.0, 100.5), (0.0, None)]
)
def test_a_peer_that_says_when_it_will_close_is_preceded(keep_alive: float | None, expires: float | None) -> None:
    slots, idle = Slots(1, 1, 5.0), connection(A)
    _, discarded = slots.release(take(slots, A), idle, 100.0, keep_alive)
    if expires is None:
        assert discarded == (idle,)
        assert slots.counts()["connections"] == 0
    else:
        assert slots.expire(expires - 0.01) == []
        assert slots.expire(expires) == [idle]


def test_a_shorter_time_counts_at_once_and_a_longer_one_as_well() -> None:
    slots, idle = Slots(1, 1, 50.0), connection(A)
    share = take(slots, A)
    for now, keep_alive, due in ((0.0, 40.0, 39.0), (1.0, 5.0, 5.0), (2.0, 30.0, 5.0)):
        slots.release(share, idle, now, keep_alive)
        assert slots.deadlines.due == due
        assert slots.assign(A, now)[1] is idle
    slots.release(share, idle, 3.0, 30.0)
    assert slots.expire(5.0) == []
    assert slots.deadlines.due == 32.0
    assert slots.expire(32.0) == [idle]
    assert slots.deadlines.due == 39.0  # a moment that has nothing to say any more
    assert slots.expire(39.0) == []
    assert slots.deadlines.due == float("inf")


def test_what_is_not_idle_any_more_is_not_looked_at_for_ever() -> None:
    slots = Slots(None, None, 1000.0)
    kept = connection(B)
    slots.release(take(slots, B), kept, 0.0)
    for _ in range(100):
        share, idle = take(slots, A), connection(A)
        slots.release(share, idle, 0.0)
        slots.assign(A, 0.0)
        slots.release(share, None, 0.0)
    assert len(slots.deadlines._heap) <= 12
    assert slots.expire(1000.0) == [kept]


def test_an_origin_at_its_limit_does_not_block_others() -> None:
    slots = Slots(3, 3, None, 1)
    share = take(slots, A)
    first, second = queued(slots, A), queued(slots, A)
    other = take(slots, B)
    assert slots.shortage(share) == "1 in use for this origin, which is the limit, 2 more requests waiting"
    assert slots.release(other, connection(B), 0.0) == (None, ())  # it is of no use to those who wait
    used = connection(A)
    assert slots.release(share, used, 0.0) == (first, ())
    assert first.connection is used
    assert slots.release(first.share, None, 0.0) == (second, ())
    assert second.connection is None


def test_who_has_waited_longest_is_first_among_those_that_may() -> None:
    slots = Slots(2, 2, None, 1)
    a, b = take(slots, A), take(slots, B)
    waiting_a, waiting_c, waiting_b = queued(slots, A), queued(slots, C), queued(slots, B)
    assert slots.release(b, None, 0.0)[0] is waiting_c  # the first is at its origin's limit
    assert slots.release(waiting_c.share, None, 0.0)[0] is waiting_b
    assert slots.release(a, None, 0.0)[0] is waiting_a


def test_dropping() -> None:
    slots, idle = Slots(1, 1, 5.0), connection(A)
    share = take(slots, A)
    assert slots.drop(idle) is False
    slots.release(share, idle, 0.0)
    assert slots.drop(idle) is True
    assert slots.counts() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
    assert slots.expire(5.0) == []


def test_clearing() -> None:
    slots = Slots(1, 1, None)
    share, idle = take(slots, A), connection(A)
    slots.release(share, idle, 0.0)
    slots.assign(A, 0.0)
    gone, there, blocked = queued(slots, A), queued(slots, A), queued(slots, B)
    slots.withdraw(gone)
    assert slots.counts() == {"connections": 1, "active": 1, "idle": 0, "waiting": 2}
    assert slots.clear() == ([], [there, blocked])
    assert slots.withdraw(there) is False
    assert slots.release(share, idle, 0.0) == (None, ())
    assert slots.clear() == ([idle], [])
    take(slots, A)


def test_slots_of_another_process_do_not_come_back() -> None:
    parent, child = Slots(1, 1, None), Slots(1, 1, None)
    share, used = take(parent, A), connection(A)
    waiting = queued(parent, A)
    parent.void()
    assert child.release(share, used, 0.0) == (None, (used,))
    assert child.release(share, None, 0.0) == (None, ())
    assert child.withdraw(waiting) is False
    assert child.counts() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}


class Held(NamedTuple):
    share: Share
    connection: Connection


class Model(RuleBasedStateMachine):
    """Any order of events beside lists that are searched: five slots, two of them for each origin, three idle."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(5, 3, 4.0, 2)
        self.now = 0.0
        self.holders: list[Origin] = []
        self.queue: list[Waiter] = []
        self.idle: list[tuple[Connection, float]] = []  # the oldest first, each with when it expires
        self.longest = 0
        self.origins = 0

    def taken(self, origin: Origin | None = None) -> int:
        origins = self.holders + [each.origin for each, _ in self.idle]
        return len(origins) if origin is None else origins.count(origin)

    def expired(self) -> list[Connection]:
        gone = [each for each, moment in self.idle if moment <= self.now]
        self.idle = [pair for pair in self.idle if pair[1] > self.now]
        return gone

    @rule(target=held, origin=st.sampled_from([A, B, C]), seconds=st.floats(0, 3))
    def ask(self, origin: Origin, seconds: float) -> Any:
        self.now += seconds
        share, found, discarded = self.slots.assign(origin, self.now)
        gone = self.expired()
        mine = [each for each, _ in self.idle if each.origin == origin]
        if mine:
            assert found is mine[-1]
            self.idle = [pair for pair in self.idle if pair[0] is not found]
        elif self.taken(origin) == 2 or (self.taken() == 5 and not self.idle):
            assert share is None
        elif self.taken() == 5:
            gone.append(self.idle.pop(0)[0])
        assert sorted(map(id, discarded)) == sorted(map(id, gone))
        if share is None:
            self.queue.append(waiter(origin))
            self.slots.queue(self.queue[-1])
            return multiple()
        self.holders.append(origin)
        return Held(share, found or connection(origin))

    @rule(target=held, mine=consumes(held), reusable=st.booleans(), keep_alive=st.sampled_from([None, 0.0, 2.0, 9.0]))
    def give_back(self, mine: Held, reusable: bool, keep_alive: float | None) -> Any:
        used, origin = mine.connection, mine.share.origin
        served, discarded = self.slots.release(mine.share, used if reusable else None, self.now, keep_alive)
        self.holders.remove(origin)
        turn = next((each for each in self.queue if self.taken(each.origin) < 2), None)
        assert served is turn
        if served is not None:
            self.queue.remove(served)
            self.holders.append(served.origin)
            assert self.slots.withdraw(served) is True
            handed = reusable and served.origin == origin
            assert served.connection is (used if handed else None)
            assert list(discarded) == ([used] if reusable and not handed else [])
            return Held(served.share, served.connection or connection(served.origin))
        gone = []
        seconds = {None: 4.0, 0.0: 0.0, 2.0: 1.0, 9.0: 4.0}[keep_alive]
        if reusable and seconds:
            self.idle.append((used, self.now + seconds))
            if len(self.idle) > 3:
                gone.append(self.idle.pop(0)[0])
        elif reusable:
            gone.append(used)
        assert list(discarded) == gone
        return multiple()

    @rule(index=st.integers(0, 5))
    def give_up(self, index: int) -> None:
        if index < len(self.queue):
            assert self.slots.withdraw(self.queue.pop(index)) is False

    @rule(index=st.integers(0, 2))
    def end(self, index: int) -> None:
        if index < len(self.idle):
            assert self.slots.drop(self.idle.pop(index)[0]) is True

    @rule(seconds=st.floats(0, 5))
    def look(self, seconds: float) -> None:
        self.now += seconds
        gone = self.expired()
        assert sorted(map(id, self.slots.expire(self.now))) == sorted(map(id, gone))
        assert self.slots.deadlines.due <= min([moment for _, moment in self.idle], default=float("inf"))

    @invariant()
    def slots_add_up(self) -> None:
        idle = [each for each, _ in self.idle]
        assert list(self.slots._by_age) == idle
        shares = self.slots._shares
        assert sorted(map(id, idle)) == sorted(id(each) for share in shares.values() for each in share.idle)
        for origin in (A, B, C):
            assert self.taken(origin) == (shares[origin].taken if origin in shares else 0) <= 2
        waited_for = {each.origin for each in self.queue}
        assert set(shares) == {origin for origin in (A, B, C) if self.taken(origin) or origin in waited_for}
        assert self.slots.counts() == {
            "connections": self.taken(),
            "active": len(self.holders),
            "idle": len(idle),
            "waiting": len(self.queue),
        }

    @invariant()
    def no_slot_is_left_while_somebody_may_have_it(self) -> None:
        if any(self.taken(each.origin) < 2 for each in self.queue):
            assert len(self.holders) == 5

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        self.longest = max(self.longest, len(self.queue))
        assert len(self.slots._queue._heap) <= 2 * self.longest + 8
        assert len(self.slots.deadlines._heap) <= 2 * 5 + 8


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_requests_that_give_up_are_forgotten_in_time() -> None:
    slots = Slots(1, 1, None)
    take(slots, A)
    for number in range(1000):
        waiting = queued(slots, (b"http", b"%d" % number, None, None))
        slots.withdraw(waiting)
    assert len(slots._queue._heap) <= 9
    assert len(slots._shares) == 1
    first = queued(slots, B)
    others = [queued(slots, C) for _ in range(20)]
    for each in others[1:]:
        slots.withdraw(each)
    assert slots.release(slots._shares[A], None, 0.0)[0] is first
    assert slots.release(first.share, None, 0.0)[0] is others[0]
