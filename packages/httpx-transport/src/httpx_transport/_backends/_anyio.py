"""The backend for trio: non-blocking sockets, and anyio to wait for them."""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import socket
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence

import anyio
import anyio.lowlevel
import anyio.to_thread
import trio

from ._interface import AddressInfo, Alarm, Attempt, Event, Lock, SocketOption, Source, Stream, T
from ._names import look_up, numeric, unix_address
from ._race import Race
from ._sockets import LostSocket, SocketStream
from ._sources import AsyncIterableSource


class AnyioStream(SocketStream):
    """A socket whose waits let the event loop's other tasks run.

    Args:
        sock: A connected non-blocking socket.
    """

    __slots__ = ("_woken",)

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._woken = False  # whether a wait is to end early

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        if self._tls is not None:  # bytes may be here each time: nothing else would let the other tasks run
            await anyio.lowlevel.checkpoint()
        return await super().read(timeout)

    async def yield_turn(self) -> None:
        """Let other tasks run."""
        await anyio.lowlevel.checkpoint()

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        """Wait until the socket is readable or writable, whichever is asked, or `wake` is called."""
        if not self._woken:
            await self._wait(readable, writable, timeout)
        self._woken = False

    def wake(self) -> None:
        """End the `wait_shared` that is under way, or else the next one."""
        self._woken = True
        if not self._closed:
            anyio.notify_closing(self._socket)  # it only wakes: the socket stays usable

    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        ready = [False, False]
        try:
            with anyio.fail_after(timeout):
                if readable and writable:
                    await self._wait_for_either(ready)
                else:
                    await (anyio.wait_readable if readable else anyio.wait_writable)(self._socket)
                    ready = [readable, writable]
        except anyio.ClosedResourceError:
            if self._woken:
                return False, False
            lost: object = self._socket
            if isinstance(lost, LostSocket):
                lost.use()
            raise OSError(errno.EBADF, "the connection was closed while in use") from None
        return ready[0], ready[1]

    async def _wait_for_either(self, ready: list[bool]) -> None:
        """Wait for both at once, by a task for each that ends before this call does."""

        async def watch(index: int) -> None:
            with contextlib.suppress(anyio.ClosedResourceError):
                await (anyio.wait_writable if index else anyio.wait_readable)(self._socket)
                ready[index] = True
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch, 0)
            tasks.start_soon(watch, 1)
        if not any(ready):
            raise anyio.ClosedResourceError

    def abort(self, why: str) -> None:
        """Close at once; a task that waits for the socket is told why, as is every other user."""
        real = self._socket
        self._lose(why)
        self._closed = True
        anyio.notify_closing(real)
        real.close()

    def close(self) -> None:
        """Close at once; a task that still waits for the socket is told."""
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it who waited
                anyio.notify_closing(self._socket)
        super().close()


class AnyioEvent:
    """Something that happens once, waited for by a task."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        """Let it happen."""
        self._event.set()

    async def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; return whether it happened."""
        with anyio.move_on_after(timeout):
            await self._event.wait()
        return self._event.is_set()


class AnyioSource(AsyncIterableSource):
    """Chunks that a task waits for."""

    __slots__ = ()

    async def _within(self, coming: Awaitable[object], timeout: float) -> object:
        with anyio.fail_after(timeout):
            return await coming


class TrioAlarm:
    """A system task that sleeps while the alarm is set, and at no other time."""

    __slots__ = ("_callback", "_scope", "at")

    def __init__(self) -> None:
        self.at = math.inf
        self._scope: trio.CancelScope | None = None
        self._callback: Callable[[], object] | None = None

    def set(self, when: float, callback: Callable[[], object]) -> None:
        """Let `callback` be called at that moment; what it raises is logged, as it would end the run."""
        self.at, self._callback = when, callback
        if self._scope is not None:
            self._scope.deadline = when
            return
        self._scope = trio.CancelScope(deadline=when)
        with contextlib.suppress(RuntimeError):  # the run is about to end, and takes no new tasks
            trio.lowlevel.spawn_system_task(self._sleep, self._scope)

    def cancel(self) -> None:
        """Let the task end."""
        self.at, self._callback = math.inf, None
        scope, self._scope = self._scope, None
        if scope is not None:
            scope.cancel()

    async def _sleep(self, scope: trio.CancelScope) -> None:
        with scope:
            await trio.sleep_forever()
        callback = self._callback
        if self._scope is scope and callback is not None:
            self.cancel()
            try:
                callback()
            except Exception:
                logging.getLogger("httpx_transport").exception("closing idle connections failed")


class AnyioBackend:
    """I/O of the event loop that runs where it is made."""

    __slots__ = ("_token", "_trio_token")

    pid = staticmethod(os.getpid)
    gathers = False

    def __init__(self) -> None:
        self._token = anyio.lowlevel.current_token()
        self._trio_token = trio.lowlevel.current_trio_token()

    @property
    def clock(self) -> Callable[[], float]:
        """What returns seconds on the event loop's clock."""
        return anyio.current_time

    def lock(self) -> Lock:
        """Return a lock; one loop's tasks never meet in it."""
        return threading.Lock()

    def alarm(self) -> Alarm:
        """Return an alarm of the event loop."""
        return TrioAlarm()

    def soon(self, callback: Callable[[], object]) -> None:
        """Let the event loop call it, if there still is one."""
        with contextlib.suppress(trio.RunFinishedError):
            self._trio_token.run_sync_soon(callback)

    def drop(self, stream: Stream) -> None:  # noqa: ARG002 - the interface says so
        """Do nothing: a stream is closed in the event loop."""
        return

    def catch_up(self) -> None:
        """Do nothing: the event loop makes the calls."""
        return

    def event(self) -> Event:
        """Return an event that has not happened."""
        return AnyioEvent()

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one."""
        return AnyioSource(body)

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
        """Return the addresses of a host within `timeout` seconds; the thread that waits for more is abandoned.

        Where no thread can be started the loop itself waits, for longer if need be.
        """
        started = False

        def run() -> list[AddressInfo]:
            nonlocal started
            started = True
            return look_up(host, port)

        found = numeric(host, port)
        if found is None:
            try:
                with anyio.fail_after(timeout):
                    found = await anyio.to_thread.run_sync(run, abandon_on_cancel=True)
            except RuntimeError:
                if started:  # it is an error of the look-up itself
                    raise
                found = look_up(host, port)
        return found

    def numeric(self, host: str, port: int) -> list[AddressInfo] | None:
        """Return what a host that is an address itself resolves to, None for a name."""
        return numeric(host, port)

    def unix_address(self, path: str) -> AddressInfo:
        """Return the address of a Unix domain socket."""
        return unix_address(path)

    async def connect(
        self, attempts: Sequence[Attempt], options: Iterable[SocketOption], timeout: float | None
    ) -> AnyioStream:
        """Return a stream to the first address that answers, within `timeout` seconds."""
        return AnyioStream(await Race(attempts, options).run(_wait_writable, timeout))

    async def within(self, coming: Awaitable[T], timeout: float | None) -> T:
        """Await something for at most `timeout` seconds."""
        with anyio.fail_after(timeout):
            return await coming

    def current(self) -> bool:
        """Return whether the caller runs in the event loop that this backend was made in."""
        try:
            return anyio.lowlevel.current_token() == self._token
        except RuntimeError:
            return False

    def busy(self) -> bool:
        """Return False: trio does not tell."""
        return False


async def _wait_writable(sockets: list[socket.socket], seconds: float | None) -> list[socket.socket]:
    ready: list[socket.socket] = []
    with anyio.move_on_after(seconds):
        if len(sockets) == 1:
            await anyio.wait_writable(sockets[0])
            return sockets.copy()

        async def watch(sock: socket.socket) -> None:
            await anyio.wait_writable(sock)
            ready.append(sock)
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for sock in sockets:
                tasks.start_soon(watch, sock)
    return ready
