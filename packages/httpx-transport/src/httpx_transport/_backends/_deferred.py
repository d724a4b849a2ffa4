"""Calls that finalizers have recorded, for backends without an event loop.

A finalizer runs at any point of any thread's work: the garbage collector calls it wherever it likes, also in a thread that
holds a lock of the pool. It can therefore take no lock, and do nothing that takes one. It records a call here, which a thread
that holds no lock makes later: one that begins to use the pool, or one that waits for an event. A waiting thread may be
waiting for exactly what the call gives back, so it is woken.

All operations are single operations of `deque`, `dict` and `threading.Lock` that the interpreter makes atomic. A forked process
makes none of its parent's calls: they are about what belongs to the parent.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable
from typing import Protocol


class Sleeper(Protocol):
    """A thread that waits."""

    def nudge(self) -> None:
        """Wake the thread, so that it makes the recorded calls. It takes no lock."""
        ...


class DeferredCalls:
    """Calls that are recorded at any point, and made by a thread that holds no lock.

    Attributes:
        sleepers: The threads that wait, and that can be woken to make the calls.
    """

    __slots__ = ("_calls", "_process", "sleepers")

    def __init__(self) -> None:
        self._process = os.getpid()
        self._calls: deque[Callable[[], object]] = deque()
        self.sleepers: dict[Sleeper, None] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, callback: Callable[[], object]) -> None:
        """Record a call, and wake a waiting thread to make it; finalizers may use it."""
        self._check_process()
        self._calls.append(callback)
        self.nudge()

    def nudge(self) -> None:
        """Wake one of the waiting threads, if there are any."""
        with contextlib.suppress(KeyError):  # no thread waits
            self.sleepers.popitem()[0].nudge()

    def run(self) -> None:
        """Make the calls that have been recorded. The caller holds no lock."""
        if self._calls:
            self._check_process()
        while self._calls:
            try:
                callback = self._calls.popleft()
            except IndexError:  # another thread has taken it
                return
            callback()

    def _check_process(self) -> None:
        """Forget what is the parent's, in a process that was forked."""
        process = os.getpid()
        if process != self._process:
            self._process = process
            self._calls.clear()
            self.sleepers.clear()
