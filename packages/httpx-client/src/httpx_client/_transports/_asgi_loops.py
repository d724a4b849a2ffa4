"""The event loops that an application can be run on: asyncio and trio. The only one of its kind beside `_ports`.

It knows tasks, events and cancellation. It must not know what an application is, nor HTTP.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import asyncio

    import anyio

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

GRACE = 20
"""How many turns of the event loop a task that is to end has for ending by itself, before it is cancelled."""


class Event(Protocol):
    """Something that happens once, and can be waited for."""

    def set(self) -> object:
        """Let it have happened."""
        ...

    async def wait(self) -> object:
        """Wait for it."""
        ...


class Job(Protocol):
    """A task that runs beside the one that started it, in a copy of its context."""

    def is_here(self) -> bool:
        """Return whether the event loop that runs it is the one that runs the caller."""
        ...

    def is_over(self) -> bool:
        """Return whether it has ended, or its event loop has."""
        ...

    async def stop(self) -> None:
        """Give it a few turns to end, then cancel it; return when it has ended, even if the caller is cancelled."""
        ...

    def abandon(self) -> None:
        """Cancel it, from any thread and outside any loop; nobody waits."""
        ...


class Loop(Protocol):
    """An event loop, the caller's."""

    def event(self) -> Event:
        """Return an event that has not happened."""
        ...

    async def checkpoint(self) -> None:
        """Let other tasks run."""
        ...

    def start(self, work: Work) -> Job:
        """Run some work beside the caller. What it raises nobody is told."""
        ...


def running_loop() -> Loop:
    """Return the event loop that runs the caller.

    Raises:
        RuntimeError: It is of no kind that we know.
        sniffio.AsyncLibraryNotFoundError: There is none.
    """
    import sniffio

    library = sniffio.current_async_library()
    if library == "asyncio":
        return AsyncioLoop()
    if library == "trio":
        return TrioLoop()
    raise RuntimeError(f"the event loop of {library!r} is not supported: asyncio and trio are")


class AsyncioLoop:
    """asyncio's."""

    def event(self) -> Event:
        """Return an event that has not happened."""
        import asyncio

        return asyncio.Event()

    async def checkpoint(self) -> None:
        """Let other tasks run."""
        import asyncio

        await asyncio.sleep(0)

    def start(self, work: Work) -> Job:
        """Run some work beside the caller."""
        return AsyncioJob(work)


class AsyncioJob:
    """A task of asyncio.

    It is cancelled as a task is, once. In a section that anyio shields, that would break the shield: there anyio cancels
    the scope around the work instead, and the task is cancelled when the section ends.

    Args:
        work: What it does.
    """

    def __init__(self, work: Work) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._scope: anyio.CancelScope | None = None
        self._task = self._loop.create_task(self._run(work), name="ASGI application")
        self._task.add_done_callback(_look_at)

    async def _run(self, work: Work) -> None:
        if "anyio" in sys.modules:  # otherwise there are no shields, and anyio is slow to import
            import anyio

            self._scope = anyio.CancelScope()
        with self._scope or contextlib.nullcontext():
            await work()

    def is_here(self) -> bool:
        """Return whether its loop runs the caller."""
        import asyncio

        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def is_over(self) -> bool:
        """Return whether it has ended, or its loop has."""
        return self._task.done() or self._loop.is_closed()

    async def stop(self) -> None:
        """Give it a few turns to end, then cancel it, and again whenever the caller is."""
        import asyncio

        cancelled: asyncio.CancelledError | None = None
        turns = GRACE
        while not self._task.done():
            try:
                if turns and cancelled is None:
                    turns -= 1
                    await asyncio.sleep(0)
                else:
                    self._cancel()
                    await asyncio.wait((self._task,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    def abandon(self) -> None:
        """Cancel it without waiting."""
        with contextlib.suppress(RuntimeError):  # its loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        """Cancel the task, or the scope around its work where the task is in a shielded section."""
        if self._scope is not None and not self._task.done() and self._is_shielded(self._scope):
            self._scope.cancel()
        else:
            self._task.cancel()

    def _is_shielded(self, scope: anyio.CancelScope) -> bool:
        """Return whether the task is in a section that anyio shields from a scope around it.

        anyio has no question for this, but a shield also hides the deadlines of the scopes around it. The deadline is that of
        the current task, so the suspended task is the current one for as long as it is asked for.
        """
        import asyncio

        import anyio

        caller = asyncio.current_task(self._loop)
        if caller is not None:
            asyncio._leave_task(self._loop, caller)
        asyncio._enter_task(self._loop, self._task)
        try:
            inner, now = anyio.current_effective_deadline(), self._loop.time()
            if inner <= now:  # anyio is cancelling this scope or one inside, which may be shielded
                return True
            scope.deadline = (now + min(inner, now + 3600.0)) / 2
            return anyio.current_effective_deadline() != scope.deadline
        finally:
            scope.deadline = math.inf
            asyncio._leave_task(self._loop, self._task)
            if caller is not None:
                asyncio._enter_task(self._loop, caller)


def _look_at(task: asyncio.Task[None]) -> None:
    """Look at what a task has raised: whoever waits for the work knows of it already, and asyncio need not warn."""
    if not task.cancelled():
        task.exception()


class TrioLoop:
    """trio's."""

    def event(self) -> Event:
        """Return an event that has not happened."""
        import trio

        return trio.Event()

    async def checkpoint(self) -> None:
        """Let other tasks run."""
        import trio

        await trio.lowlevel.checkpoint()

    def start(self, work: Work) -> Job:
        """Run some work beside the caller."""
        return TrioJob(work)


class TrioJob:
    """A system task of trio, whose errors are contained.

    Args:
        work: What it does.
    """

    def __init__(self, work: Work) -> None:
        import contextvars

        import trio

        self._token = trio.lowlevel.current_trio_token()
        self._scope = trio.CancelScope()
        self._over = trio.Event()
        context = contextvars.copy_context()
        trio.lowlevel.spawn_system_task(self._run, work, name="ASGI application", context=context)

    async def _run(self, work: Work) -> None:
        # Whoever waits for the work knows what it has raised; what leaves a system task would end trio itself.
        with contextlib.suppress(BaseException):
            try:
                with self._scope:
                    await work()
            finally:
                self._over.set()

    def is_here(self) -> bool:
        """Return whether its loop runs the caller."""
        import trio

        try:
            return trio.lowlevel.current_trio_token() is self._token
        except RuntimeError:
            return False

    def is_over(self) -> bool:
        """Return whether it has ended."""
        return self._over.is_set()

    async def stop(self) -> None:
        """Give it a few turns to end, then cancel it."""
        import trio

        with trio.CancelScope(shield=True):
            for _ in range(GRACE):
                if self._over.is_set():
                    break
                await trio.lowlevel.checkpoint()
            self._scope.cancel()
            await self._over.wait()
        await trio.lowlevel.checkpoint_if_cancelled()

    def abandon(self) -> None:
        """Cancel it without waiting."""
        import trio

        with contextlib.suppress(trio.RunFinishedError):  # its run has ended meanwhile
            self._token.run_sync_soon(self._scope.cancel)
