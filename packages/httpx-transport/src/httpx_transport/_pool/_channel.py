"""The HTTP/2 connections of one origin, and who waits for a stream on one of them: pure state, under its owner's lock.

It knows who is served next, and when one more connection is to be made; it makes none.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

from .._backends import Event
from .._connection import Origin
from .._errors import TransportError
from .._http2 import Http2Connection
from ._lease import Lease


class Ticket:
    """A request that waits for a stream.

    Args:
        avoid: A connection that has refused it.

    Attributes:
        event: Set when one of the following has changed; None while nobody waits for it.
        connection: The connection that has a stream for it.
        error: Why there will be none.
        http1: Whether the origin speaks HTTP/1.1: there are no streams.
    """

    __slots__ = ("avoid", "connection", "error", "event", "http1")

    def __init__(self, avoid: Http2Connection | None = None) -> None:
        self.avoid = avoid
        self.event: Event | None = None
        self.connection: Http2Connection | None = None
        self.error: TransportError | None = None
        self.http1 = False


class Channel:
    """The HTTP/2 connections of one origin.

    Args:
        origin: Whom they reach.

    Attributes:
        leases: The slots of those in use, by connection.
        seeker: Who makes one more connection, or waits for a slot to make it in: a stream that becomes free serves him
            first.
        tickets: Who waits behind him, the longest first.
        http1: Whether the last connection speaks HTTP/1.1.
    """

    __slots__ = ("_newest", "_roomy", "http1", "leases", "origin", "seeker", "tickets")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.leases: dict[Http2Connection, Lease] = {}
        self._roomy: dict[Http2Connection, None] = {}  # those that had room when they were last heard of
        self._newest: Http2Connection | None = None
        self.seeker: Ticket | None = None
        self.tickets: OrderedDict[Ticket, None] = OrderedDict()
        self.http1 = False

    @property
    def busy(self) -> bool:
        """Whether anybody uses it."""
        return bool(self.leases or self.tickets) or self.seeker is not None

    def may_seek(self, avoid: Http2Connection | None) -> bool:
        """Return whether one more connection may be made, all others than `avoid` being full.

        They are made one at a time, and none while one is so new that its peer has not said how many streams there may be, or
        that whoever has heard it say so is about to tell us.
        """
        newest = self._newest
        if self.seeker is not None:
            return False
        if newest is None or newest not in self.leases:
            return True
        return newest.known and (newest is avoid or not newest.roomy())

    def add(self, connection: Http2Connection, lease: Lease) -> None:
        """Take in a connection that is in use from now on."""
        self.leases[connection] = lease
        self._roomy[connection] = None
        self._newest = connection

    def remove(self, connection: Http2Connection) -> Lease:
        """Take out a connection that is used no more; return its slot."""
        self._roomy.pop(connection, None)
        return self.leases.pop(connection)

    def join(self, avoid: Http2Connection | None) -> Http2Connection | None:
        """Return a connection with a stream reserved on it, None where all are full."""
        for connection in list(self._roomy):  # the first has room, but for once in a while
            if connection is avoid:
                continue
            if connection.reserve():
                return connection
            del self._roomy[connection]
        newest = self._newest  # its peer may have said this very moment how many streams there may be
        if newest in self.leases and newest is not avoid and not self.tickets and newest.reserve():
            self._roomy[newest] = None
            return newest
        return None

    def changed(self, connection: Http2Connection) -> None:
        """Note that a connection may have room again."""
        if not connection.leaving:
            self._roomy[connection] = None

    def serve(self) -> list[Event]:
        """Give out what there is to those who wait, the longest first; return whose events are to be set."""
        served: list[Event] = []
        seeker = self.seeker
        if seeker is not None and seeker.event is not None and seeker.connection is None:
            self._try(seeker, served)
        while self.tickets and (self._roomy or self.http1):
            ticket = next(iter(self.tickets))
            if self.http1:
                ticket.http1 = True
                self._wake(ticket, served)
            elif not self._try(ticket, served):
                break
        if self.tickets and self.may_seek(next(iter(self.tickets)).avoid):
            self.seeker = next(iter(self.tickets))
            self._wake(self.seeker, served)
            self.seeker.event = None  # he has his turn: a stream serves him again once he waits for a slot
        return served

    def fail(self, error: TransportError) -> list[Event]:
        """Let all who wait behind the seeker know that there is no connection; return whose events are to be set."""
        failed: list[Event] = []
        for ticket in list(self.tickets):
            ticket.error = error
            self._wake(ticket, failed)
        return failed

    def _try(self, ticket: Ticket, served: list[Event]) -> bool:
        """Give a stream to a ticket; return whether there was one."""
        ticket.connection = self.join(ticket.avoid)
        if ticket.connection is None:
            return False
        self._wake(ticket, served)
        return True

    def _wake(self, ticket: Ticket, woken: list[Event]) -> None:
        self.tickets.pop(ticket, None)
        woken.append(cast(Event, ticket.event))  # whoever can be woken waits
