"""What a pool has: its slots, the connections in them, and who waits; shared by any number of threads.

Slots decide; here it is done: closing, waking, setting the alarm, in this order and never with the lock in hand. It knows
nothing of requests.

A slot may come back at any point of any thread's work: the garbage collector runs finalizers where it likes, also while
this very thread has the lock. So a finalizer takes no lock: it records the slot, and a thread that holds no lock gives it
back. What has come back is put in a queue, and taken from there under the lock.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Sequence

from .._backends import Backend, Event, on_fork
from .._connection import Connection, Origin
from .._errors import PoolClosed
from .._settings import Settings
from ._lease import Lease
from ._share import Share, Waiter
from ._slots import Slots


class Connections:
    """The connections of one pool.

    Args:
        backend: How I/O is done.
        settings: The limits.

    Attributes:
        closed: Whether `close` has been called.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self._backend = backend
        self._settings = settings
        self._clock = backend.clock
        self._pid = backend.pid
        self._alarm = backend.alarm()
        self._broken_off = ""  # why connections were closed under their users
        self.closed = False
        self._begin()
        on_fork(self)

    def _begin(self) -> None:
        """Have nothing, as this process."""
        settings = self._settings
        self._process = self._pid()
        self._lock = self._backend.lock()
        self._slots = Slots(
            settings.max_connections,
            settings.max_keepalive_connections,
            settings.keepalive_expiry,
            settings.max_connections_per_origin,
        )
        self._open: set[Connection] = set()
        self._returned: deque[tuple[Share, Connection | None, float | None]] = deque()
        self._drained: list[Event] = []

    def assign(self, origin: Origin, now: float) -> Lease | Waiter:
        """Take a slot, with the connection in it if there is one, or a place in the queue.

        Raises:
            PoolClosed: There are no more slots.
        """
        if self._process != self._pid():
            self.forked()
        taken: Lease | Waiter
        try:
            with self._lock:
                if self.closed:
                    raise PoolClosed("the connection pool is closed")
                share, connection, discarded = self._slots.assign(origin, now)
                if share is None:
                    taken = Waiter(origin, self._backend.event())
                    self._slots.queue(taken)
                else:
                    taken = Lease(self, share, connection)
        finally:
            if self._returned:
                self._settle()
        if discarded:
            self._finish(discarded)
        return taken

    def withdraw(self, waiter: Waiter) -> Lease | None:
        """Take a request out of the queue; return the lease that it was given before that, if it was."""
        with self._lock:
            served = self._slots.withdraw(waiter)
        if self._returned:
            self._settle()
        return Lease(self, waiter.share, waiter.connection) if served else None

    def shortage(self, waiter: Waiter) -> str:
        """Return in words why a request waits."""
        return self._slots.shortage(waiter.share)

    def forget(self, waiter: Waiter) -> None:
        """Take out of the queue, some time, a request whose task has been collected; may be called by a finalizer."""
        self._backend.soon(functools.partial(self._give_back, waiter))

    def _give_back(self, waiter: Waiter) -> None:
        lease = self.withdraw(waiter)
        if lease is not None:
            lease.release(reusable=True)

    def admit(self, connection: Connection) -> None:
        """Take in a connection that has been made for a slot.

        Raises:
            PoolClosed: Connections have been closed under their users meanwhile.
        """
        self._open.add(connection)
        if self._broken_off:
            self.discard(connection)
            raise PoolClosed(self._broken_off)
        connection.stream.watch(functools.partial(self.end, connection))

    def discard(self, connection: Connection) -> None:
        """Close a connection."""
        self._open.discard(connection)
        connection.close()

    def release(
        self, share: Share, connection: Connection | None, reusable: bool, keep_alive: float | None = None
    ) -> None:
        """Take a slot back; called by its lease only."""
        if connection is not None and (not reusable or connection.ended or keep_alive == 0):
            self.discard(connection)
            connection = None
        self._returned.append((share, connection, keep_alive))
        self._settle()

    def abandon(self, share: Share, connection: Connection | None) -> None:
        """Record that a slot is held no more, for a thread that holds no lock; may be called by a finalizer."""
        if share.void:
            return
        if connection is not None and connection.http2 is None:  # one that streams share is closed by its pool
            self._backend.drop(connection.stream)
        self._backend.soon(functools.partial(self._take_back, share, connection))

    def _take_back(self, share: Share, connection: Connection | None) -> None:
        if not share.void:
            self.release(share, connection, reusable=False)

    def close_expired(self) -> None:
        """Close the connections that have been idle for too long."""
        self._check_process()
        self._backend.catch_up()
        with self._lock:
            expired = self._slots.expire(self._clock())
        self._finish(expired)

    def counts(self) -> dict[str, int]:
        """Return how many connections there are, active and idle, and how many requests wait for one."""
        if self._alarm is None:  # nobody else has looked
            self.close_expired()
        else:
            self._backend.catch_up()
        return self._slots.counts()  # without the lock: other threads than its own may ask an event loop's pool

    def close(self) -> None:
        """Give no more slots; close idle connections now, the others as they come back; let waiters go."""
        self._check_process()
        self._backend.catch_up()
        with self._lock:
            self.closed = True
            idle, waiters = self._slots.clear()
        self._finish(idle)
        for waiter in waiters:
            waiter.event.set()
        if self._alarm is not None:
            self._alarm.cancel()

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` until all slots have come back; close the connections in the others then.

        Cancelled while it waits, it closes them at once.
        """
        drained = self._backend.event()
        with self._lock:
            self._drained.append(drained)
        self._settle()
        try:
            await drained.wait(max(seconds, 0))
        finally:
            self._broken_off = f"the connection pool was closed, and its requests were given {seconds:.3g} s to end"
            for connection in list(self._open):
                self._open.discard(connection)
                connection.stream.abort(self._broken_off)

    def forked(self) -> None:
        """Have nothing, in a process that was just forked: what is open is the parent's."""
        if self._process != self._pid():
            inherited = self._open
            self._slots.void()
            self._begin()
            self._alarm = self._backend.alarm()
            for connection in inherited:
                connection.stream.forget()
                if connection.http2 is not None:
                    connection.http2.forked()

    def _check_process(self) -> None:
        """Notice a fork that the interpreter was not told of."""
        if self._process != self._pid():
            self.forked()

    def idle(self, connection: Connection) -> bool:
        """Return whether a connection is in a slot that nobody holds."""
        return self._slots.idle(connection)

    def end(self, connection: Connection) -> None:
        """Close an idle connection that the peer has ended, or note it for later."""
        connection.ended = True
        with self._lock:
            idle = self._slots.drop(connection)
        self._finish((connection,) if idle else ())

    def _finish(self, discarded: Iterable[Connection]) -> None:
        for connection in discarded:
            self.discard(connection)
        self._settle()

    def _settle(self) -> None:
        """Hand the slots that have come back to the requests that wait for them.

        The lock is entered by `with` alone: between `acquire` and a following `try`, a signal handler could raise, and the
        lock would stay locked.
        """
        returned = self._returned
        while returned:
            waiter: Waiter | None = None
            discarded: Sequence[Connection] = ()
            with self._lock:
                if returned:  # another thread may have been here
                    share, connection, keep_alive = returned.popleft()
                    waiter, discarded = self._slots.release(share, connection, self._clock(), keep_alive)
                    if self.closed:  # nothing is kept any more
                        discarded = [*discarded, *self._slots.clear()[0]]
            for unwanted in discarded:
                self.discard(unwanted)
            if waiter is not None:
                waiter.event.set()
        if self.closed:
            self._tell_drained()
        elif self._alarm is not None and self._slots.deadlines.due < self._alarm.at:
            self._alarm.set(self._slots.deadlines.due, self.close_expired)

    def _tell_drained(self) -> None:
        if not self._slots.active:
            for drained in self._drained:
                drained.set()
