"""Who runs next, and what time it is: an event loop whose clock jumps. It knows no network and no HTTP.

One task runs at a time, until it waits. When none can run, the clock jumps to the next timer, and one timer goes off;
when there is none, nothing will ever happen again, and that is an error that says who waits for what.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from ._task import Signal, Task, Wait

T = TypeVar("T")

_PATIENCE: Final = 1_000_000  # turns of one run


class Deadlock(Exception):
    """The run can never end: nobody can go on, or everybody goes on for ever. The message says who waits for what."""


class Timer:
    """Something that will be done at a moment.

    Args:
        when: Virtual seconds.
        number: Orders the timers of one moment.
        action: What is done.
    """

    __slots__ = ("_number", "action", "when")

    def __init__(self, when: float, number: int, action: Callable[[], None]) -> None:
        self.when = when
        self._number = number
        self.action: Callable[[], None] | None = action

    def __lt__(self, other: Timer) -> bool:
        return (self.when, self._number) < (other.when, other._number)

    def cancel(self) -> None:
        """Let it pass unnoticed."""
        self.action = None


class Scheduler:
    """Runs tasks in virtual time.

    Args:
        choose: Given how many tasks can run, returns the index of the one that does.

    Attributes:
        now: Virtual seconds since the beginning.
        ready: The tasks that can run, the first to become so first.
        failures: Tasks that failed, as long as nobody has awaited them.
        ends: Fired whenever a task has ended.
        log: What has happened, a line each.
        running: The task that runs, or was the last to run.
        deferred: Calls that finalizers have recorded, which are made between two turns.
    """

    __slots__ = (
        *("_choose", "_live", "_timers", "_timers_made"),
        *("deferred", "ends", "failures", "log", "now", "ready", "running"),
    )

    running: Task[Any]

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._live: dict[Task[Any], None] = {}
        self._timers: list[Timer] = []
        self._timers_made = 0
        self.now = 0.0
        self.ready: list[Task[Any]] = []
        self.failures: dict[Task[Any], BaseException] = {}
        self.ends = Signal()
        self.log: list[str] = []
        self.deferred: deque[Callable[[], object]] = deque()

    def note(self, what: str) -> None:
        """Write a line to the log, with the time."""
        self.log.append(f"{self.now:.6f} {what}")

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something `seconds` from now, after all that can run now has run; return its timer."""
        return self.call_at(self.now + max(seconds, 0.0), action)

    def call_at(self, when: float, action: Callable[[], None]) -> Timer:
        """Do something at a moment that has not passed, after what was to be done then already; return its timer."""
        self._timers_made += 1
        timer = Timer(when, self._timers_made, action)
        heapq.heappush(self._timers, timer)
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of virtual time; 0 lets everything else run that can."""
        await Wait(None, f"{self.now + seconds:.6f} on the clock", seconds)

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str, **options: Any) -> Task[T]:
        """Let a coroutine run, beginning at its turn; `options` are the task's."""
        task = Task(self, coroutine, name, **options)
        self._live[task] = None
        self.ready.append(task)
        return task

    def ended(self, task: Task[Any]) -> None:
        """Forget a task; called by the task."""
        self.note(f"{task.name} ends" + ("" if task.error is None else f" with {type(task.error).__name__}"))
        del self._live[task]
        if task.error is not None and not task.cancelled:
            self.failures[task] = task.error
        self.ends.fire()

    def catch_up(self) -> None:
        """Make the calls that finalizers have recorded."""
        while self.deferred:
            self.deferred.popleft()()

    def run(self, task: Task[Any]) -> None:
        """Run everything until `task` has ended.

        Raises:
            Deadlock: It never will.
        """
        for _ in range(_PATIENCE):
            self.catch_up()
            if task.done:
                return
            if self.ready:
                self._turn()
            elif self._timers:
                self._go_off(heapq.heappop(self._timers))
            else:
                raise Deadlock(f"nobody can go on, and no timer is set: {self._standstill()}")
        raise Deadlock(f"no end after {_PATIENCE} turns, at {self.now:.6f} s: {self._standstill()}")

    def stop(self) -> None:
        """Cancel what still runs, scripts of servers apart, and run until it has ended; servers wait for more then."""
        while (task := next((task for task in self._live if not task.serving), None)) is not None:
            task.cancel()
            self.run(task)
        self.catch_up()
        while self.ready:
            self._turn()
            self.catch_up()

    def _turn(self) -> None:
        self.running = self.ready.pop(self._choose(len(self.ready)))
        self.running.step()

    def _go_off(self, timer: Timer) -> None:
        if timer.action is not None:
            self.now = timer.when
            timer.action()

    def _standstill(self) -> str:
        clients_first = sorted(self._live, key=lambda task: task.serving)
        return "; ".join(f"{task.name} waits for {task.waits_for}" for task in clients_first)
