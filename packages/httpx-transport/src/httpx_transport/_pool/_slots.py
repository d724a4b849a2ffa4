"""Who may have a connection: pure state, O(log n) in each step at most, no I/O, no lock, no clock of its own.

A slot is the right to have one connection open. It is idle with a connection in it, or held by one lease, or free.
Whenever somebody waits who may have one more slot, all slots are held: none is free, and none is idle.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeAlias

from .._connection import Connection, Origin
from ._deadlines import Deadlines
from ._queue import Queue
from ._share import Share, Waiter

_MARGIN: Final = 1.0  # seconds by which we are to be earlier than a peer that has said when it will close


Assignment: TypeAlias = tuple[Share | None, Connection | None, Sequence[Connection]]
"""What a request gets, and what has to be closed for it.

A share without a connection is an empty slot: connect, and keep it. No share is no slot: queue.
"""


class Slots:
    """The slots of one pool.

    Args:
        max_connections: How many slots there are; None is no limit.
        max_keepalive: How many of them may be idle; None is no limit.
        keepalive_expiry: Seconds for which a connection may be idle; None is no limit.
        max_per_origin: How many of them one origin may have; None is no limit.

    Attributes:
        deadlines: When `expire` is to be called.
    """

    __slots__ = ("_by_age", "_expiry", "_limit", "_max", "_max_idle", "_queue", "_shares", "_taken", "deadlines")

    def __init__(
        self,
        max_connections: int | None,
        max_keepalive: int | None,
        keepalive_expiry: float | None,
        max_per_origin: int | None = None,
    ) -> None:
        self._max = math.inf if max_connections is None else max_connections
        self._max_idle = math.inf if max_keepalive is None else max_keepalive
        self._expiry = math.inf if keepalive_expiry is None else keepalive_expiry
        self._limit = math.inf if max_per_origin is None else max_per_origin
        self._taken = 0  # slots that are not free
        self._shares: dict[Origin, Share] = {}  # of origins that have slots, or are waited for
        self._by_age: OrderedDict[Connection, Share] = OrderedDict()  # all idle ones, the oldest first
        self.deadlines = Deadlines(self._by_age)
        self._queue = Queue(self._limit)

    @property
    def active(self) -> int:
        """How many slots are held."""
        return self._taken - len(self._by_age)

    def assign(self, origin: Origin, now: float) -> Assignment:
        """Give a request its connection, an empty slot, or neither where it has to queue."""
        discarded: Sequence[Connection] = self.expire(now) if self.deadlines.due <= now else ()
        share = self._shares.get(origin)
        if share is None:
            share = Share(origin)
        elif share.idle:
            connection, _ = share.idle.popitem()  # the one used last is the one least likely to have been dropped
            del self._by_age[connection]
            return share, connection, discarded
        if share.taken >= self._limit:
            return None, None, discarded
        if self._taken >= self._max:
            if not self._by_age:
                return None, None, discarded
            discarded = [*discarded, self._oldest()]
        self._taken += 1
        share.taken += 1
        self._shares[origin] = share
        return share, None, discarded

    def queue(self, waiter: Waiter) -> None:
        """Put a request at the end of the queue."""
        share = self._shares.get(waiter.origin)
        if share is None:
            share = self._shares[waiter.origin] = Share(waiter.origin)
        self._queue.add(waiter, share)

    def withdraw(self, waiter: Waiter) -> bool:
        """Take a request out of the queue; return whether it was served before that."""
        if waiter.served:
            return True
        if waiter.share.void:
            return False
        self._queue.remove(waiter)
        self._forget(waiter.share)
        return False

    def release(
        self, share: Share, connection: Connection | None, now: float, keep_alive: float | None = None
    ) -> tuple[Waiter | None, Sequence[Connection]]:
        """Take a slot back, with its connection where that can serve again.

        Args:
            share: Whose slot it is.
            connection: What is in it; None where that has been closed.
            now: The time in seconds.
            keep_alive: Seconds after which the peer has said to close it; None where it has not.

        Returns:
            The waiter that now has the slot (already marked; its event is to be set), and what has to be closed.
        """
        if share.void:
            return None, () if connection is None else (connection,)
        share.taken -= 1
        if self._queue.length:
            self._queue.consider(share)
            waiter = self._queue.pop()
            if waiter is not None:
                waiter.served = True
                waiter.share.taken += 1
                if waiter.share is share:
                    waiter.connection = connection
                    return waiter, ()
                self._forget(share)
                return waiter, () if connection is None else (connection,)
        if connection is None:
            self._taken -= 1
            self._forget(share)
            return None, ()
        share.taken += 1
        share.idle[connection] = None
        self._by_age[connection] = share
        if not self._note(connection, now, keep_alive):
            self.drop(connection)
            return None, (connection,)
        if len(self._by_age) > self._max_idle:
            return None, (self._oldest(),)
        return None, ()

    def expire(self, now: float) -> Sequence[Connection]:
        """Take out the connections that have been idle for too long; return them, to be closed."""
        expired = self.deadlines.pop(now)
        for connection in expired:
            self.drop(connection)
        return expired

    def idle(self, connection: Connection) -> bool:
        """Return whether a connection is here, and idle."""
        return connection in self._by_age

    def drop(self, connection: Connection) -> bool:
        """Take out a connection if it is idle; return whether it was."""
        share = self._by_age.pop(connection, None)
        if share is None:
            return False
        del share.idle[connection]
        share.taken -= 1
        self._taken -= 1
        self._forget(share)
        return True

    def shortage(self, share: Share) -> str:
        """Return in words why a request of that origin waits."""
        in_use = f"{self._taken} in use"
        if share.taken >= self._limit:
            in_use = f"{share.taken} in use for this origin, which is the limit"
        return f"{in_use}, {self._queue.length} more requests waiting"

    def clear(self) -> tuple[list[Connection], list[Waiter]]:
        """Take out all idle connections and all waiters; return them."""
        waiters = self._queue.clear(self._shares.values())
        idle = list(self._by_age)
        for connection in idle:
            self.drop(connection)
        for share in list(self._shares.values()):
            self._forget(share)
        return idle, waiters

    def void(self) -> None:
        """Let all slots be nobody's, whatever state they are in: if they come back, nothing happens."""
        for share in self._shares.values():
            share.void = True

    def counts(self) -> dict[str, int]:
        """Return how many slots are taken, how many of them are idle, and how many requests wait."""
        idle = len(self._by_age)
        waiting = self._queue.length
        return {"connections": self._taken, "active": self._taken - idle, "idle": idle, "waiting": waiting}

    def _note(self, connection: Connection, now: float, keep_alive: float | None) -> bool:
        """Note when a connection expires that has become idle now; return whether that is later than now."""
        seconds = self._expiry
        if keep_alive is not None:
            seconds = min(seconds, keep_alive - min(_MARGIN, keep_alive / 2))
        if seconds <= 0:
            return False
        connection.expires = now + seconds
        if connection.expires < connection.noted:
            self.deadlines.add(connection)
            self.deadlines.tidy(2 * self._taken + 8)
        return True

    def _oldest(self) -> Connection:
        """Take out the connection that has been idle longest."""
        connection = next(iter(self._by_age))
        self.drop(connection)
        return connection

    def _forget(self, share: Share) -> None:
        """Keep nothing for an origin that has no slot and is not waited for."""
        if not share.taken and not share.waiting and self._shares.get(share.origin) is share:
            del self._shares[share.origin]
