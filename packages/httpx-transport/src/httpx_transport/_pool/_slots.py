"""Who may have a connection: pure state, O(1) in each step, no I/O, no lock, no clock of its own.

A slot is the right to have one connection open. It is idle with a connection in it, or held by one lease, or free.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

from .._backends import Event
from .._connection import Connection, Origin


class Waiter:
    """A request in the queue for a slot.

    Args:
        origin: Whom it wants to reach.
        event: Set when it has been served.
    """

    __slots__ = ("abandoned", "connection", "event", "origin", "served")

    def __init__(self, origin: Origin, event: Event) -> None:
        self.origin = origin
        self.event = event
        self.connection: Connection | None = None
        self.served = False
        self.abandoned = False


class Assignment(NamedTuple):
    """What a request gets, and what has to be closed for it.

    `granted` without a connection is an empty slot: connect, and keep it.
    """

    granted: bool
    connection: Connection | None
    discarded: list[Connection]


class Slots:
    """The slots of one pool.

    Args:
        max_connections: How many slots there are; None is no limit.
        max_keepalive: How many of them may be idle; None is no limit.
        keepalive_expiry: Seconds for which a connection may be idle; None is no limit.
    """

    __slots__ = ("_abandoned", "_by_age", "_by_origin", "_expiry", "_max", "_max_idle", "_taken", "_waiters")

    def __init__(self, max_connections: int | None, max_keepalive: int | None, keepalive_expiry: float | None) -> None:
        self._max = max_connections
        self._max_idle = max_keepalive
        self._expiry = keepalive_expiry
        self._taken = 0  # slots that are not free
        self._by_origin: dict[Origin, deque[Connection]] = {}  # idle ones, the oldest of each origin first
        self._by_age: OrderedDict[Connection, None] = OrderedDict()  # all idle ones, the oldest first
        self._waiters: deque[Waiter] = deque()
        self._abandoned = 0  # waiters in the queue that wait no more

    def assign(self, origin: Origin, now: float) -> Assignment:
        """Give a request its connection, an empty slot, or neither where it has to queue."""
        discarded = self._expire(now)
        idle = self._by_origin.get(origin)
        if idle:
            connection = idle.pop()  # the one used last is the one least likely to have been dropped
            if not idle:
                del self._by_origin[origin]
            del self._by_age[connection]
            return Assignment(True, connection, discarded)
        if self._max is None or self._taken < self._max:
            self._taken += 1
            return Assignment(True, None, discarded)
        if self._by_age:
            discarded.append(self._evict())
            return Assignment(True, None, discarded)
        return Assignment(False, None, discarded)

    def queue(self, waiter: Waiter) -> None:
        """Put a request at the end of the queue."""
        self._waiters.append(waiter)

    def withdraw(self, waiter: Waiter) -> bool:
        """Take a request out of the queue; return whether it was served before that."""
        if waiter.served:
            return True
        waiter.abandoned = True
        self._abandoned += 1
        if self._abandoned * 2 > len(self._waiters):  # often enough to bound the queue, seldom enough to cost nothing
            self._waiters = deque(each for each in self._waiters if not each.abandoned)
            self._abandoned = 0
        return False

    def counts(self) -> dict[str, int]:
        """Return how many slots are taken, how many of them are idle, and how many requests wait."""
        idle, waiting = len(self._by_age), len(self._waiters) - self._abandoned
        return {"connections": self._taken, "active": self._taken - idle, "idle": idle, "waiting": waiting}

    def release(self, connection: Connection | None, now: float) -> tuple[Waiter | None, list[Connection]]:
        """Take a slot back, with its connection where that can serve again.

        Returns:
            The waiter that now has the slot (already marked; its event is to be set), and what has to be closed.
        """
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.served = True
            if connection is not None and connection.origin == waiter.origin:
                waiter.connection = connection
                return waiter, []
            return waiter, [] if connection is None else [connection]
        if connection is None:
            self._taken -= 1
            return None, []
        connection.idle_since = now
        self._by_origin.setdefault(connection.origin, deque()).append(connection)
        self._by_age[connection] = None
        discarded: list[Connection] = []
        if self._max_idle is not None and len(self._by_age) > self._max_idle:
            discarded.append(self._evict())
            self._taken -= 1
        return None, discarded

    def clear(self) -> tuple[list[Connection], list[Waiter]]:
        """Take out all idle connections and all waiters; return them."""
        idle, waiters = list(self._by_age), [waiter for waiter in self._waiters if not waiter.abandoned]
        self._taken -= len(idle)
        self._by_origin.clear()
        self._by_age.clear()
        self._waiters.clear()
        self._abandoned = 0
        return idle, waiters

    def _next_waiter(self) -> Waiter | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.abandoned:
                return waiter
            self._abandoned -= 1
        return None

    def _expire(self, now: float) -> list[Connection]:
        expired: list[Connection] = []
        if self._expiry is not None:
            while self._by_age and now - next(iter(self._by_age)).idle_since > self._expiry:
                expired.append(self._evict())
            self._taken -= len(expired)
        return expired

    def _evict(self) -> Connection:
        """Take out the connection that has been idle longest: also the first of its origin."""
        connection, _ = self._by_age.popitem(last=False)
        idle = self._by_origin[connection.origin]
        idle.popleft()
        if not idle:
            del self._by_origin[connection.origin]
        return connection
