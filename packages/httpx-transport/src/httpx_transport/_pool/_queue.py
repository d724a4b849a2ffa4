"""Who waits for a slot, and whose turn it is: the one who has waited longest among those whose origin may have one more.

Pure state, O(log n) in the number of origins that are waited for. It knows no connections.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection

from ._share import Share, Waiter


class Queue:
    """The requests that wait, of all origins.

    Origins stand in a heap, by the number of their first waiter. An entry may be out of date, with a number that is too
    small or an origin that nobody waits for or that has all it may have: it is mended when it comes to the top.

    Args:
        limit: How many slots one origin may have.

    Attributes:
        length: How many requests wait.
    """

    __slots__ = ("_heap", "_limit", "_numbers", "length")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._heap: list[tuple[int, Share]] = []
        self._numbers = 0
        self.length = 0

    def add(self, waiter: Waiter, share: Share) -> None:
        """Put a request at the end."""
        self._numbers += 1
        waiter.number, waiter.share = self._numbers, share
        share.waiting[waiter] = None
        self.length += 1
        self.consider(share)

    def remove(self, waiter: Waiter) -> None:
        """Take out a request that waits no more, if it is still in."""
        waiting = waiter.share.waiting
        if waiter in waiting:
            del waiting[waiter]
            self.length -= 1
            if len(self._heap) > 2 * self.length + 8:  # seldom enough to cost nothing, often enough to bound the heap
                self._rebuild()

    def consider(self, share: Share) -> None:
        """Give an origin its place if somebody waits for it and it may have one more slot."""
        if not share.queued and share.waiting and share.taken < self._limit:
            share.queued = True
            heapq.heappush(self._heap, (next(iter(share.waiting)).number, share))

    def pop(self) -> Waiter | None:
        """Take out whose turn it is, None where nobody can have one."""
        heap = self._heap
        while heap:
            number, share = heap[0]
            first = next(iter(share.waiting), None)
            if first is None or share.taken >= self._limit:
                heapq.heappop(heap)
                share.queued = False
            elif first.number != number:
                heapq.heapreplace(heap, (first.number, share))
            else:
                del share.waiting[first]
                self.length -= 1
                return first
        return None

    def clear(self, shares: Collection[Share]) -> list[Waiter]:
        """Take out all requests, which are those of `shares`; return them in order."""
        waiters = [waiter for share in shares for waiter in share.waiting]
        for share in shares:
            share.queued = False
            share.waiting.clear()
        self._heap.clear()
        self.length = 0
        return sorted(waiters, key=lambda waiter: waiter.number)

    def _rebuild(self) -> None:
        shares = [share for _, share in self._heap]
        self._heap.clear()
        for share in shares:
            share.queued = False
            self.consider(share)
