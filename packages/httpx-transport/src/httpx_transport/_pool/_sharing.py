"""Which requests share which HTTP/2 connection: a stream of one that is there, a place in the queue, or one more connection.

Concurrent requests to an origin make one connection together: whether it has streams is known when TLS has agreed. A
connection in use holds one slot of the pool; unused, it goes back like any other. It knows nothing of what is sent.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

from .._backends import Backend, Event, on_fork
from .._connection import Connection, Origin, peer_name
from .._errors import ConnectError, ConnectTimeout, PoolClosed, PoolTimeout, TransportError, explain
from .._extensions import Options
from .._http2 import Http2Connection
from ._attendance import Attendance
from ._channel import Channel, Ticket
from ._lease import Lease

if TYPE_CHECKING:
    from ._connections import Connections

_REMEMBERED: Final = 1_000  # origins of which it is remembered that they speak HTTP/1.1

Connect = Callable[[Lease], Awaitable[Connection]]
"""What fills an empty slot."""


class Sharing:
    """The HTTP/2 connections of one pool that are in use.

    Args:
        backend: How I/O is done.
        connections: Whose slots they are in.
        http1: Whether HTTP/1.1 may be spoken too; without it, HTTP/2 is spoken to whomever we reach (RFC 9113 §3.3).
    """

    def __init__(self, backend: Backend, connections: Connections, http1: bool) -> None:
        self._backend = backend
        self._clock = backend.clock
        self._connections = connections
        self._http1 = http1
        self.forked()
        on_fork(self)

    def forked(self) -> None:
        """Have nothing: also in a process that was just forked."""
        self._connections.forked()  # first, or the leases that are dropped here close what is the parent's
        self._lock = self._backend.lock()
        self._attendance = Attendance(self._backend, self._connections)
        self._channels: dict[Origin, Channel] = {}
        self._news: deque[Http2Connection] = deque()

    def concerns(self, origin: Origin) -> bool:
        """Return whether HTTP/2 may be spoken to an origin at all."""
        return not self._http1 or origin[0] == b"https"

    async def obtain(
        self, origin: Origin, options: Options, connect: Connect, avoid: Http2Connection | None
    ) -> Http2Connection | Lease:
        """Return a connection with a stream reserved on it, or what HTTP/1.1 is to be spoken on.

        Args:
            origin: Whom to reach.
            options: How long each wait may last.
            connect: What fills an empty slot.
            avoid: A connection that has refused this very request.

        Returns:
            The connection, or the lease of one that speaks HTTP/1.1.

        Raises:
            TransportError: There is no connection; the subclass says why.
        """
        ticket, started = Ticket(avoid), self._clock()
        with self._lock:
            channel = self._channel(origin)
            found = channel.join(avoid)
            if found is None and not channel.http1:
                if channel.may_seek(avoid):
                    channel.seeker = ticket
                else:
                    ticket.event = self._backend.event()
                    channel.tickets[ticket] = None
        self._settle()
        if found is not None:
            return found
        if ticket.event is not None:
            await self._queue(channel, ticket, ticket.event, options, started)
            if ticket.connection is not None:
                return ticket.connection
        if channel.seeker is ticket:
            return await self._seek(channel, ticket, options, connect, started)
        try:  # the origin speaks HTTP/1.1: each request has a connection of its own
            return await self._find(channel, ticket, options, connect, started)
        except BaseException as error:
            self._leave(channel, ticket, error)
            raise

    async def _queue(self, channel: Channel, ticket: Ticket, event: Event, options: Options, started: float) -> None:
        """Wait for a stream, for HTTP/1.1, or for the turn to make a connection."""
        making = not channel.leases  # what is waited for is a connection that somebody makes
        limit = options.connect if making else options.pool
        try:
            woken = await event.wait(options.limit(limit, started))
            if not woken and making and channel.leases:
                making = False  # it was made meanwhile, and has no room yet: this is another wait
                await event.wait(self._left(options, started))
        except BaseException as error:
            self._leave(channel, ticket, error)
            raise
        with self._lock:
            ticket.event = None
            served = ticket not in channel.tickets
            channel.tickets.pop(ticket, None)
        self._settle()
        if ticket.error is not None:
            raise type(ticket.error)(str(ticket.error))
        if not served:
            raise self._too_long(channel, making, started)

    def _too_long(self, channel: Channel, making: bool, started: float) -> TransportError:
        peer, seconds = peer_name(channel.origin), self._clock() - started
        if making:
            return ConnectTimeout(explain("timed out", "connecting to", peer, seconds))
        what = "timed out: no stream and no connection became free"
        return PoolTimeout(explain(what, "waiting to reach", peer, seconds))

    async def _seek(
        self, channel: Channel, ticket: Ticket, options: Options, connect: Connect, started: float
    ) -> Http2Connection | Lease:
        """Make one more connection, for whoever else waits too; a stream that becomes free is as good."""
        try:
            found = await self._find(channel, ticket, options, connect, started)
        except ConnectError as error:
            with self._lock:
                failed = channel.fail(error)
            _set(failed)
            self._step_back(channel, ticket)
            raise
        except BaseException as error:
            self._leave(channel, ticket, error)
            raise
        with self._lock:
            channel.seeker = None
        self._serve(channel)
        return found

    async def _find(
        self, channel: Channel, ticket: Ticket, options: Options, connect: Connect, started: float
    ) -> Http2Connection | Lease:
        lease = await self._slot(channel, ticket, options, started)
        if isinstance(lease, Http2Connection):
            return lease
        return await self._fill(channel, lease, options, connect, ticket.avoid, started)

    async def _slot(
        self, channel: Channel, ticket: Ticket, options: Options, started: float
    ) -> Lease | Http2Connection:
        """Wait for a slot; return it, or the connection that had a stream for the ticket meanwhile."""
        waiter = self._connections.assign(channel.origin, self._clock())
        if isinstance(waiter, Lease):
            return waiter
        with self._lock:
            ticket.event = waiter.event
            ticket.connection = channel.join(ticket.avoid)  # it may have become free before there was an event
        self._settle()
        try:
            if ticket.connection is None:
                await waiter.event.wait(self._left(options, started))
        except GeneratorExit:
            self._connections.forget(waiter)
            raise
        except BaseException:
            lease = self._connections.withdraw(waiter)
            if lease is not None:
                lease.release(reusable=True)
            raise
        with self._lock:
            ticket.event = None
        self._settle()
        lease = self._connections.withdraw(waiter)
        if ticket.connection is not None:
            if lease is not None:
                lease.release(reusable=True)
            return ticket.connection
        if lease is None:
            if self._connections.closed:
                raise PoolClosed("the connection pool was closed while a request waited for a connection")
            raise self._too_long(channel, False, started)
        return lease

    async def _fill(
        self,
        channel: Channel,
        lease: Lease,
        options: Options,
        connect: Connect,
        avoid: Http2Connection | None,
        started: float,
    ) -> Http2Connection | Lease:
        """Bring the slot's connection to use, or make one; take note of what it speaks."""
        try:
            connection = lease.connection
            if connection is not None and not await self._usable(connection, options, avoid):
                lease.connection = None
                self._connections.discard(connection)
                connection = None
            if connection is None:
                connection = await connect(lease)
        except GeneratorExit:
            lease.abandon()
            raise
        except BaseException:
            lease.release(reusable=False)
            raise
        shared = self._adopt(channel, lease, connection)
        if shared is None:
            return lease
        try:
            await shared.granted(lambda: self._left(options, started))
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._backend.soon(shared.unreserve)
            raise
        except BaseException as error:
            shared.unreserve()
            if isinstance(error, TimeoutError):
                raise self._too_long(channel, False, started) from error
            raise
        return shared

    async def _usable(self, connection: Connection, options: Options, avoid: Http2Connection | None) -> bool:
        if connection.http2 is None:
            return connection.stream.idle()
        if connection.http2 is avoid:
            return False
        return await connection.http2.revive(lambda: options.limit(options.connect, self._clock()))

    def _adopt(self, channel: Channel, lease: Lease, connection: Connection) -> Http2Connection | None:
        """Take note of what a connection speaks; return it with a stream promised, None where it has none."""
        with self._lock:
            if connection.http2 is None and self._speaks_http2(connection):
                connection.http2 = Http2Connection(self._backend, connection)
            shared = connection.http2
            channel.http1 = shared is None
            if shared is not None:
                shared.home = self
                shared.promise()
                channel.add(shared, lease)
        self._settle()
        return shared

    def _left(self, options: Options, started: float) -> float | None:
        """Return what is left of the time for a slot or a stream."""
        now = self._clock()
        return options.limit(None if options.pool is None else max(options.pool - (now - started), 0.0), now)

    def _speaks_http2(self, connection: Connection) -> bool:
        tls = connection.stream.get_extra_info("ssl_object")
        agreed = None if tls is None else tls.selected_alpn_protocol()
        return agreed == "h2" or not self._http1

    def changed(self, connection: Http2Connection) -> None:
        """Learn that a connection has more room, or less use, than before."""
        self._news.append(connection)
        self._settle()

    def close(self) -> None:
        """Let all who wait go."""
        with self._lock:
            channels = list(self._channels.values())
            error = PoolClosed("the connection pool was closed while a request waited for a connection")
            failed = [event for channel in channels for event in channel.fail(error)]
        self._attendance.end()
        _set(failed)
        self._settle()

    def _leave(self, channel: Channel, ticket: Ticket, error: BaseException) -> None:
        """Step back; later, where the task has been collected in the middle of anything, and the lock may be held just here."""
        if isinstance(error, GeneratorExit):
            self._backend.soon(functools.partial(self._step_back, channel, ticket))
        else:
            self._step_back(channel, ticket)

    def _step_back(self, channel: Channel, ticket: Ticket) -> None:
        """Give back what a request has been given that does not want it any more."""
        with self._lock:
            channel.tickets.pop(ticket, None)
            connection, ticket.connection = ticket.connection, None
            if channel.seeker is ticket:
                channel.seeker = None
        if connection is not None:
            connection.unreserve()
        self._serve(channel)

    def _serve(self, channel: Channel) -> None:
        with self._lock:
            served = channel.serve()
            self._tidy(channel)
        _set(served)
        self._settle()

    def _settle(self) -> None:
        """Look at the connections that have changed."""
        while self._news:
            served: list[Event] = []
            lease: Lease | None = None
            with self._lock:  # and not by `acquire`: a signal handler may raise between that and a `try`
                connection = self._news.popleft() if self._news else None  # another thread may have been here
                channel = None if connection is None else self._channels.get(connection.connection.origin)
                if connection is not None and channel is not None and connection in channel.leases:
                    channel.changed(connection)
                    served = channel.serve()
                    if connection.dead or connection.unused():
                        lease = channel.remove(connection)
                        lease.release(not connection.leaving)  # under the lock: who comes next shall find it idle
                    self._tidy(channel)
            _set(served)
            if connection is not None and lease is not None:
                self._attendance.add(connection)
            elif connection is not None and connection.leaving:
                self._connections.end(connection.connection)

    def _tidy(self, channel: Channel) -> None:
        """Forget a channel that has nothing to remember."""
        if not channel.busy and not channel.http1 and self._channels.get(channel.origin) is channel:
            del self._channels[channel.origin]

    def _channel(self, origin: Origin) -> Channel:
        channel = self._channels.get(origin)
        if channel is None:
            if len(self._channels) >= _REMEMBERED:
                self._forget_one()
            channel = self._channels[origin] = Channel(origin)
        return channel

    def _forget_one(self) -> None:
        """Forget of one origin that it speaks HTTP/1.1: its next connection tells again."""
        idle = (channel.origin for channel in self._channels.values() if not channel.busy)
        for origin in list(itertools.islice(idle, 1)):
            del self._channels[origin]


def _set(events: Iterable[Event]) -> None:
    for event in events:
        event.set()
