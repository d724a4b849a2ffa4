"""Those who wait while another reads for all: pure state, under the connection's lock. It knows no connection and no codec."""

from __future__ import annotations

from collections.abc import Iterable

from .._backends import Event
from ._stream import Stream


class Waiter:
    """Somebody who waits while another reads.

    Args:
        event: Set when there is something new, or when the duty to read is handed on.

    Attributes:
        leads: Whether the duty has been handed on to him.
    """

    __slots__ = ("event", "leads")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.leads = False


class Waiting:
    """The waiters of one connection, by the stream that they wait for; None is the connection itself."""

    __slots__ = ("_by_stream",)

    def __init__(self) -> None:
        self._by_stream: dict[Stream | None, list[Waiter]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def enter(self, stream: Stream | None, event: Event) -> Waiter:
        """Wait for a stream."""
        waiter = Waiter(event)
        self._by_stream.setdefault(stream, []).append(waiter)
        return waiter

    def leave(self, stream: Stream | None, waiter: Waiter) -> bool:
        """Wait no more; return whether the duty to read has been handed on to the waiter."""
        waiting = self._by_stream.get(stream, [])
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._by_stream[stream]
        return waiter.leads

    def take(self, streams: Iterable[Stream]) -> list[Waiter]:
        """Take out those who wait for one of these streams, or for the connection."""
        taken = self._by_stream.pop(None, [])
        for stream in streams:
            taken += self._by_stream.pop(stream, ())
        return taken

    def take_all(self) -> list[Waiter]:
        """Take out all."""
        taken = [waiter for waiting in self._by_stream.values() for waiter in waiting]
        self._by_stream.clear()
        return taken

    def take_first(self) -> list[Waiter]:
        """Take out the one who has waited longest, with those who wait for the same stream."""
        return self._by_stream.pop(next(iter(self._by_stream))) if self._by_stream else []

    def take_heir(self) -> list[Waiter]:
        """Take out the same, the first of them to read from now on."""
        taken = self.take_first()
        if taken:
            taken[0].leads = True
        return taken


def wake(waiters: Iterable[Waiter]) -> None:
    """Wake those that have been taken out; without the lock."""
    for waiter in waiters:
        waiter.event.set()
