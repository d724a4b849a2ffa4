"""A coroutine in the hands of the scheduler, and what it can wait for. It knows no network.

A task runs until it waits, and nothing else runs meanwhile: each wait is a *step*, and the only place where another task
may go first, or where a cancellation arrives.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from ._scheduler import Scheduler, Timer

T = TypeVar("T")


class Cancelled(BaseException):
    """Thrown into a task that is cancelled, where it waits. It is to be cleaned up after, not caught."""


class Wait:
    """One wait of one task: it ends once, by the signal or by the clock.

    Args:
        signal: What may end it; None where only the clock can.
        what: What is waited for, in words.
        timeout: Seconds; None is no limit.
    """

    __slots__ = ("_signal", "_task", "_timeout", "_timer", "what")

    _task: Task[Any]

    def __init__(self, signal: Signal | None, what: str, timeout: float | None) -> None:
        self.what = what
        self._signal = signal
        self._timeout = timeout
        self._timer: Timer | None = None

    def __await__(self) -> Generator[Wait, bool, bool]:
        return (yield self)

    def begin(self, task: Task[Any], scheduler: Scheduler) -> None:
        """Note who waits, and set the clock; called by the task."""
        self._task = task
        if self._signal is not None:
            self._signal.waits[self] = None
        if self._timeout is not None:
            self._timer = scheduler.call_later(self._timeout, self._expire)

    def end(self, fired: bool) -> None:
        """Let the task go on; `fired` is what its `await` returns. Neither signal nor clock can end it again."""
        if self._signal is not None:
            self._signal.waits.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
        self._task.resume(fired)

    def _expire(self) -> None:
        self.end(False)


class Signal:
    """What tasks wait for and others fire, any number of times.

    Attributes:
        waits: Who waits now, the longest first.
    """

    __slots__ = ("waits",)

    def __init__(self) -> None:
        self.waits: dict[Wait, None] = {}

    def fire(self) -> None:
        """Let all go on who wait now."""
        for wait in list(self.waits):
            wait.end(True)

    async def wait(self, what: str, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; return whether it was fired.

        Args:
            what: What is waited for, for the message where it never comes.
            timeout: Virtual seconds; None is no limit.
        """
        return await Wait(self, what, timeout)


class Task(Generic[T]):
    """A coroutine that runs in a network. Made by `Network.start`; `await` it for its result.

    Args:
        scheduler: Who runs it.
        coroutine: What runs.
        name: Its name in the log and in messages.
        serving: Whether it is a server's script, which no run waits for.
        cancel_at: At which of its waits, counted from 1, it is cancelled.
        cancel_late: Whether that cancellation arrives when the wait ends, instead of what it brings, and not when it
            begins.

    Attributes:
        steps: How many times it has waited so far.
        done: Whether it has ended.
        error: What it ended with; None where it returned.
    """

    __slots__ = (
        "_cancel_at",
        "_cancel_late",
        "_coroutine",
        "_ended",
        "_fired",
        "_result",
        "_scheduler",
        "_throw",
        "_wait",
        "done",
        "error",
        "name",
        "serving",
        "steps",
    )

    def __init__(
        self,
        scheduler: Scheduler,
        coroutine: Coroutine[Any, Any, T],
        name: str,
        *,
        serving: bool = False,
        cancel_at: int | None = None,
        cancel_late: bool = False,
    ) -> None:
        self._scheduler = scheduler
        self._coroutine = coroutine
        self._cancel_at = cancel_at
        self._cancel_late = cancel_late
        self._wait: Wait | None = None
        self._fired: bool | None = None  # a coroutine's first `send` takes None only
        self._throw: BaseException | None = None
        self._ended = Signal()
        self._result: list[T] = []
        self.name = name
        self.serving = serving
        self.steps = 0
        self.done = False
        self.error: BaseException | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled."""
        return isinstance(self.error, Cancelled)

    @property
    def waits_for(self) -> str:
        """What it waits for, in words; "its turn" where it could run."""
        return "its turn" if self._wait is None else self._wait.what

    def cancel(self) -> None:
        """Throw `Cancelled` into it where it waits, or at its next wait; a task that has ended does not mind."""
        self.interrupt(Cancelled())

    def interrupt(self, error: BaseException) -> None:
        """Throw an error into it in the same way."""
        if not self.done:
            self._throw = error
            if self._wait is not None:
                self._wait.end(False)

    def __await__(self) -> Generator[Any, Any, T]:
        """Wait for its end; return its result, or raise what it ended with."""
        yield from self.ended().__await__()
        return self.result()

    async def ended(self) -> None:
        """Wait for its end, and leave what it ended with to the caller."""
        if not self.done:
            await self._ended.wait(f"the end of {self.name}")
        self._scheduler.failures.pop(self, None)

    def result(self) -> T:
        """Return what it returned, or raise what it ended with; only once it is done."""
        if self.error is not None:
            raise self.error
        return self._result[0]

    def resume(self, fired: bool) -> None:
        """Put it in the queue of those that can run; called by its wait."""
        self._wait = None
        self._fired = fired
        self._scheduler.ready.append(self)

    def step(self) -> None:
        """Run until the next wait, or the end; called by the scheduler."""
        error, self._throw = self._throw, None
        try:
            coroutine = self._coroutine
            wait = coroutine.send(self._fired) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            self._result.append(stop.value)
            self._end(None)
        except (KeyboardInterrupt, SystemExit) as failure:
            self._end(failure)
            self._scheduler.failures.pop(self)  # it is told here and now
            raise
        except BaseException as failure:  # noqa: BLE001 - whoever awaits the task gets it, or the run does
            self._end(failure)
        else:
            self._suspend(wait)

    def _suspend(self, wait: object) -> None:
        self.steps += 1
        if not isinstance(wait, Wait):
            self._throw = RuntimeError(f"{self.name} awaited {wait!r}, which is not of this simulated network")
            self.resume(False)
            return
        self._wait = wait
        wait.begin(self, self._scheduler)
        if self.steps == self._cancel_at:
            self._throw = Cancelled()
        if self._throw is not None and not (self.steps == self._cancel_at and self._cancel_late):
            wait.end(False)

    def _end(self, error: BaseException | None) -> None:
        self.done = True
        self.error = error
        self._scheduler.ended(self)
        self._ended.fire()
