"""Idle HTTP/2 connections, which are looked at now and then: what has come is answered, and a dead one is closed.

Only an event loop has an alarm; without one, a connection is looked at when it is handed out. It knows no request.
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Final

from .._backends import Backend
from .._http2 import Http2Connection

if TYPE_CHECKING:
    from ._connections import Connections

_INTERVAL: Final = 5.0  # seconds between two looks at a connection: less than peers wait for an answer to PING


class Attendance:
    """Who looks at the idle HTTP/2 connections of one pool.

    Args:
        backend: Whose alarm it is.
        connections: Who knows which are idle, and closes them.
    """

    __slots__ = ("__weakref__", "_alarm", "_clock", "_connections", "_due")

    def __init__(self, backend: Backend, connections: Connections) -> None:
        self._alarm = backend.alarm()
        self._clock = backend.clock
        self._connections = connections
        self._due: dict[Http2Connection, float] = {}  # the next to be looked at first; some may be idle no more

    def add(self, shared: Http2Connection) -> None:
        """Look at a connection from now on, for as long as it is idle."""
        if self._alarm is not None and self._connections.idle(shared.connection):
            self._note(shared)
            self._arm()

    def end(self) -> None:
        """Look at none any more."""
        self._due.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def _note(self, shared: Http2Connection) -> None:
        self._due.pop(shared, None)
        self._due[shared] = self._clock() + _INTERVAL

    def _arm(self) -> None:
        """Set the alarm for the first; one that goes off too early, as that has been used meanwhile, is set again."""
        alarm = self._alarm
        if alarm is not None and self._due:
            first = next(iter(self._due.values()))
            if first < alarm.at:
                alarm.set(first, functools.partial(_look, weakref.ref(self)))

    def look(self) -> None:
        """Look at those that are due."""
        due, now = self._due, self._clock()
        while due:
            shared = next(iter(due))
            if due[shared] > now:
                break
            del due[shared]
            if self._connections.idle(shared.connection):
                if shared.attend():
                    self._note(shared)
                else:
                    self._connections.end(shared.connection)
        self._arm()


def _look(attendance: weakref.ref[Attendance]) -> None:
    """Let it look, unless its pool has been forgotten."""
    attending = attendance()
    if attending is not None:
        attending.look()
