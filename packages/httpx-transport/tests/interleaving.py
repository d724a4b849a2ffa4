"""Threads of which one runs at a time, and a schedule that says where another one goes on.

Faults of code that threads share show up when one thread is interrupted at just the wrong place. Here each place can be
chosen: an `Interleaver` runs every function in a thread of its own, and only one of the threads holds the baton. A trace
function of the interpreter is called at each *point*: each bytecode, or each line, of the modules under test, and, if a
test adds them, each access to a guarded object. Taking and releasing a lock is always a point. There the schedule either lets the thread go on, or hands the baton to
another one. What would block a thread (a lock, an event, a socket) is replaced by an object of this module, which marks the
thread as waiting for a condition and hands the baton on; where no thread can go on, `Standstill` says what each waits for.

Nothing depends on time: a schedule is a set of point numbers, so that a failing one can be run again. `every_switch` tries
each point of a scenario in turn, `every_pair_of_switches` each two of them, and `random_switches` draws several at once. Timeouts never pass, so a thread that waits
in vain is a standstill, and never a late success.
"""

from __future__ import annotations

import contextlib
import gc
import random
import sys
import threading
from collections import deque
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any, Final

from httpx_transport._backends import Backend, Event, Lock, Source, Stream
from httpx_transport._backends._sources import IterableSource

_PATIENCE: Final = 200_000  # points of one run, above which it is taken to go on for ever


class Standstill(Exception):
    """No thread can go on; the message says what each waits for."""


class _Abort(BaseException):
    """Ends the threads that are left when another has failed."""


class Worker:
    """One of the threads.

    Attributes:
        name: Its number, for messages.
        ready: The condition that it waits for; None while it can go on.
        waits_for: The same in words.
        done: Whether its function has returned.
    """

    def __init__(self, name: int, work: Callable[[], object]) -> None:
        self.name = name
        self.work = work
        self.gate = threading.Lock()
        self.gate.acquire()
        self.ready: Callable[[], bool] | None = None
        self.waits_for = ""
        self.done = False

    @property
    def runnable(self) -> bool:
        return not self.done and (self.ready is None or self.ready())


class Interleaver:
    """Runs functions in threads, one at a time.

    Args:
        modules: The files whose code is interrupted.
        switches: The numbers of the points at which the baton goes to another thread.
        lines: Whether the points are lines; else they are bytecodes.
        at_point: Called at each point, in the thread that reaches it, with the number of the point.

    Attributes:
        points: How many points have been reached.
        current: The thread that runs.
    """

    def __init__(
        self,
        modules: Collection[str],
        switches: Collection[int] = (),
        *,
        lines: bool = False,
        at_point: Callable[[int], object] | None = None,
    ) -> None:
        self._modules = frozenset(modules)
        self._switches = frozenset(switches)
        self._lines = lines
        self._at_point = at_point
        self._workers: list[Worker] = []
        self._failure: BaseException | None = None
        self._over = threading.Event()
        self._main = self.current = Worker(-1, lambda: None)  # the caller, before and after `run`
        self.points = 0

    def run(self, *work: Callable[[], object]) -> None:
        """Run functions beside each other, the first one first, until all have returned.

        Raises:
            Standstill: They never will.
            BaseException: What one of them raised.
        """
        self._workers = [Worker(number, function) for number, function in enumerate(work)]
        threads = [threading.Thread(target=self._begin, args=(worker,)) for worker in self._workers]
        for thread in threads:
            thread.start()
        self._go_on(self._workers[0])
        self._over.wait()
        for worker in self._workers:  # those that are left end by `_Abort`
            with contextlib.suppress(RuntimeError):
                worker.gate.release()
        for thread in threads:
            thread.join()
        self.current = self._main
        if self._failure is not None:
            raise self._failure

    def block(self, ready: Callable[[], bool], what: str) -> None:
        """Let other threads go on until `ready`."""
        worker = self.current
        while not ready():
            worker.ready, worker.waits_for = ready, what
            self._switch()
            worker.ready = None

    def __repr__(self) -> str:
        return f"<Interleaver: switches at {sorted(self._switches)} of {self.points} points>"

    def point(self) -> None:
        """Let another thread go on, if the schedule says so."""
        if self.current is self._main:
            return
        self.points += 1
        if self._at_point is not None:
            self._at_point(self.points)
        if self.points > _PATIENCE:
            raise Standstill(f"no end after {_PATIENCE} points")
        if self.points in self._switches:
            self._switch()

    def _switch(self) -> None:
        """Hand the baton to the next thread that can go on; come back when it is handed back."""
        worker = self.current
        chosen = self._next(worker)
        if chosen is not worker:
            self._go_on(chosen)
            self._pause(worker)

    def _next(self, worker: Worker) -> Worker:
        """Return the next thread that can go on, in a circle that ends with `worker`."""
        order = self._workers[worker.name + 1 :] + self._workers[: worker.name + 1]
        for other in order:
            if other.runnable:
                return other
        raise Standstill("; ".join(f"thread {w.name} waits for {w.waits_for}" for w in order if not w.done))

    def _go_on(self, worker: Worker) -> None:
        self.current = worker
        worker.gate.release()

    def _pause(self, worker: Worker) -> None:
        worker.gate.acquire()
        if self._over.is_set():
            raise _Abort

    def _begin(self, worker: Worker) -> None:
        try:
            self._pause(worker)
            sys.settrace(self._enter)
            try:
                worker.work()
            finally:
                sys.settrace(None)
                worker.done = True
            if all(other.done for other in self._workers):
                self._over.set()
            else:
                self._go_on(self._next(worker))
        except _Abort:
            return
        except BaseException as error:  # noqa: BLE001 - the test is told
            self._failure = self._failure or error
            self._over.set()

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename not in self._modules:
            return None
        frame.f_trace_lines = self._lines
        frame.f_trace_opcodes = not self._lines
        return self._reach

    def _reach(self, frame: FrameType, event: str, arg: object) -> Any:
        if event in ("line", "opcode"):
            self.point()
        return self._reach


class ScheduledLock:
    """A lock between the threads of an interleaver; a thread that would wait for itself fails."""

    def __init__(self, interleaver: Interleaver) -> None:
        self._interleaver = interleaver
        self.owner: Worker | None = None

    def acquire(self, blocking: bool = True, /) -> bool:
        worker = self._interleaver.current
        if not blocking and self.owner is not None:
            return False
        if self.owner is worker:
            raise Standstill(f"thread {worker.name} waits for a lock that it holds")
        self._interleaver.point()
        self._interleaver.block(lambda: self.owner is None, "a lock")
        self.owner = worker
        return True

    def release(self) -> None:
        self.owner = None
        self._interleaver.point()

    def held(self) -> bool:
        """Return whether the thread that runs holds it."""
        return self.owner is self._interleaver.current

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class ScheduledEvent:
    """Something that happens once, waited for by threads of an interleaver, which make recorded calls meanwhile."""

    def __init__(self, backend: ScheduledBackend) -> None:
        self._backend = backend
        self._happened = False

    def set(self) -> None:
        self._happened = True

    async def wait(self, timeout: float | None) -> bool:
        backend = self._backend
        while not self._happened:
            backend.catch_up()
            backend.interleaver.block(lambda: self._happened or bool(backend.deferred), "an event")
        return True


class ScheduledBackend:
    """A backend whose waits are an interleaver's. It has one server, and no time passes.

    Args:
        interleaver: What runs the threads.
        connect: What makes a stream.
    """

    gathers = False

    def __init__(self, interleaver: Interleaver, connect: Callable[[], Stream] | None = None) -> None:
        self.interleaver = interleaver
        self.deferred: deque[Callable[[], object]] = deque()
        self._connect = connect

    clock = staticmethod(lambda: 0.0)
    pid = staticmethod(lambda: 1)

    def lock(self) -> Lock:
        return ScheduledLock(self.interleaver)

    def alarm(self) -> None:
        return None

    def event(self) -> Event:
        return ScheduledEvent(self)

    def soon(self, callback: Callable[[], object]) -> None:
        self.deferred.append(callback)

    def drop(self, stream: Stream) -> None:
        stream.close()

    def catch_up(self) -> None:
        while self.deferred:
            with contextlib.suppress(IndexError):
                self.deferred.popleft()()

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        return IterableSource(body)

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[Any]:
        return self.numeric(host, port)

    def numeric(self, host: str, port: int) -> list[Any]:
        return [(0, 0, 0, "", (host, port))]

    async def connect(self, attempts: object, options: object, timeout: float | None) -> Stream:
        assert self._connect is not None
        return self._connect()

    def as_backend(self) -> Backend:
        backend: Any = self
        return backend  # type: ignore[no-any-return]


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from running where no schedule says so."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def every_switch(
    modules: Collection[str], scenario: Callable[[Interleaver], object], *, lines: bool = False, stride: int = 1
) -> int:
    """Run a scenario with a switch at each point in turn, or at every `stride`th; return how many runs there were."""
    with undisturbed():
        number = runs = 0
        points = _points(scenario, Interleaver(modules, (), lines=lines))
        while number <= points:
            points = _points(scenario, Interleaver(modules, (number,), lines=lines))
            runs += 1
            number += stride
        return runs


def every_pair_of_switches(scenario: Callable[[Interleaver], object], *, stride: int = 1) -> int:
    """Run a scenario with two switches where locks are taken and released; return how many runs there were.

    The first is at each such point in turn, the second at every `stride`th that follows.
    """
    with undisturbed():
        runs = first = 0
        points = _points(scenario, Interleaver(()))
        while first <= points:
            second = first + 1
            while second <= points:
                points = _points(scenario, Interleaver((), (first, second)))
                runs += 1
                second += stride
            first += 1
        return runs


def _points(scenario: Callable[[Interleaver], object], interleaver: Interleaver) -> int:
    """Run a scenario by one schedule; return how many points it had."""
    try:
        scenario(interleaver)
    except BaseException as error:
        error.add_note(repr(interleaver))
        raise
    return interleaver.points


def random_switches(
    modules: Collection[str],
    scenario: Callable[[Interleaver], object],
    *,
    runs: int,
    switches: int,
    seed: int,
    lines: bool = False,
) -> None:
    """Run a scenario with several switches at points that are drawn at random, as often as `runs` says."""
    with undisturbed():
        points = _points(scenario, Interleaver(modules, (), lines=lines))
        dice = random.Random(seed)
        for _ in range(runs):
            _points(scenario, Interleaver(modules, dice.sample(range(1, points), switches), lines=lines))
