"""When idle connections expire, each at a moment of its own. Pure state, O(log n); it has no clock and closes nothing.

A connection that serves again and again would move its deadline each time. It keeps its old entry instead, which is too
early, never too late: when its moment has come, it is looked at again.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection

from .._connection import Connection


class Deadlines:
    """A heap of moments.

    Args:
        idle: The connections that are idle, for which alone it matters.

    Attributes:
        due: When to look again, infinity where there is nothing to look at.
    """

    __slots__ = ("_heap", "_idle", "_numbers", "due")

    def __init__(self, idle: Collection[Connection]) -> None:
        self._idle = idle
        self._heap: list[tuple[float, int, Connection]] = []
        self._numbers = 0
        self.due = math.inf

    def add(self, connection: Connection) -> None:
        """Note when a connection expires; there must be no entry that is as early."""
        self._numbers += 1
        connection.noted = connection.expires
        heapq.heappush(self._heap, (connection.expires, self._numbers, connection))
        self.due = self._heap[0][0]

    def pop(self, now: float) -> list[Connection]:
        """Take out the idle connections that have expired, and mend what else has its moment now or before."""
        expired: list[Connection] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            moment, _, connection = heapq.heappop(heap)
            if moment != connection.noted:
                continue  # there is an earlier entry, or has been one
            connection.noted = math.inf
            if connection in self._idle:
                if connection.expires > now:
                    self.add(connection)
                else:
                    expired.append(connection)
        self.due = heap[0][0] if heap else math.inf
        return expired

    def tidy(self, most: int) -> None:
        """Forget the connections that are not idle, if there are more than `most` entries."""
        if len(self._heap) > most:
            for _, _, connection in self._heap:
                connection.noted = math.inf
            self._heap.clear()
            self.due = math.inf
            for connection in self._idle:
                self.add(connection)
