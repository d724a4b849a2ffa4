"""What happens once on asyncio: when somebody says so, or when it is time. It knows the event loop, no connection."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable


class AsyncioEvent:
    """Something that happens once, waited for by a task."""

    __slots__ = ("_future", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._future: asyncio.Future[bool] = loop.create_future()

    def set(self) -> None:
        """Let it happen."""
        if not self._future.done():
            self._future.set_result(True)

    async def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; return whether it happened."""
        timer = None if timeout is None else self._loop.call_later(timeout, self._expire)
        try:
            return await self._future
        finally:
            if timer is not None:
                timer.cancel()

    def _expire(self) -> None:
        if not self._future.done():
            self._future.set_result(False)


class AsyncioAlarm:
    """A timer of the event loop, which holds nothing while it is not set."""

    __slots__ = ("_handle", "_loop", "at")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self.at = math.inf

    def set(self, when: float, callback: Callable[[], object]) -> None:
        """Let `callback` be called at that moment; the loop handles what it raises."""
        self.cancel()
        self.at = when
        self._handle = self._loop.call_later(max(when - time.monotonic(), 0), self._go_off, callback)

    def cancel(self) -> None:
        """Let the loop forget it."""
        self.at = math.inf
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.cancel()

    def _go_off(self, callback: Callable[[], object]) -> None:
        self.cancel()
        callback()
