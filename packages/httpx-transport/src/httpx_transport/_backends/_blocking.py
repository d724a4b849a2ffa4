"""The blocking backend: non-blocking sockets, and a poll where there is nothing to do but wait.

None of its coroutines ever suspends: `httpx_transport.blocking.run` drives them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from typing import Final

from ._deferred import DeferredCalls
from ._interface import AddressInfo, Attempt, Event, Lock, SocketOption, Source, Stream, T
from ._names import look_up_within, numeric, unix_address
from ._polling import READ, WRITE, deadline_after, milliseconds, new_poller, poll_writable, remaining
from ._race import Race
from ._sockets import RECEIVE_SIZE, LostSocket, SocketStream
from ._sources import IterableSource
from ._wakeup import WakeableWait

_READY_TO_READ: Final = ~WRITE  # errors and hang-ups included: receiving is how one learns of them
_READY_TO_WRITE: Final = ~READ


class BlockingStream(SocketStream):
    """A socket whose waits block the thread.

    Args:
        sock: A connecting or connected non-blocking socket.
    """

    __slots__ = ("_wakeable",)

    _wakeable: WakeableWait  # only where several threads share the connection

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        if self._tls is None:
            # The hot path, and the same as the inherited one: one poll, one receive, no coroutine in between.
            if not self._poller.poll(milliseconds(timeout)):
                raise TimeoutError
            try:
                return self._socket.recv(RECEIVE_SIZE)
            except BlockingIOError:  # woken for nothing
                return await super().read(timeout)
        return await super().read(timeout)

    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        mask = (READ if readable else 0) | (WRITE if writable else 0)
        poller = self._poller if mask == READ else new_poller(self._socket.fileno(), mask)
        ready = poller.poll(milliseconds(timeout))
        if not ready:
            raise TimeoutError
        found = ready[0][1]
        return readable and bool(found & _READY_TO_READ), writable and bool(found & _READY_TO_WRITE)

    def share(self) -> None:
        """Prepare for a wait that another thread can end."""
        self._wakeable = WakeableWait(self._socket.fileno())

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        """Wait until the socket is readable or writable, whichever is asked, or `wake` is called."""
        if isinstance(self._poller, LostSocket):
            self._poller.use()
        self._wakeable.wait((READ if readable else 0) | (WRITE if writable else 0), timeout)

    def wake(self) -> None:
        """End the `wait_shared` that is under way, or else the next one."""
        self._wakeable.wake()

    def forget(self) -> None:
        """Close our copies of the descriptors."""
        super().forget()
        self._close_wakeable()

    def close(self) -> None:
        """Close at once."""
        super().close()
        self._close_wakeable()

    def _close_wakeable(self) -> None:
        if hasattr(self, "_wakeable"):
            self._wakeable.close()


class BlockingEvent:
    """Something that happens once, waited for by blocking the thread.

    A bare lock, taken until it happens: unlike `threading.Event` it can be set by a finalizer that runs in the very
    thread that has begun to wait. While a thread waits, it also makes the calls that finalizers record.

    Args:
        deferred: The recorded calls.
    """

    __slots__ = ("_deferred", "_gate", "_happened")

    def __init__(self, deferred: DeferredCalls) -> None:
        self._deferred = deferred
        self._gate = threading.Lock()
        self._gate.acquire()
        self._happened = False

    def set(self) -> None:
        """Let it happen."""
        self._happened = True
        self.nudge()

    def nudge(self) -> None:
        """Wake a thread that waits, whether it has happened or not."""
        with contextlib.suppress(RuntimeError):  # it has been woken already
            self._gate.release()

    async def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; return whether it happened."""
        deadline = deadline_after(timeout)
        while not self._happened:
            left = remaining(deadline)
            if not self._sleep(-1 if left is None else min(left, threading.TIMEOUT_MAX)):
                return self._happened
        self.nudge()  # any other thread that waits for it
        return True

    def _sleep(self, seconds: float) -> bool:
        """Sleep until woken; return whether that was within `seconds`. The recorded calls are made before and after."""
        deferred = self._deferred
        deferred.sleepers[self] = None  # first, or a call that is recorded now would wake no thread
        try:
            deferred.run()
            return self._gate.acquire(timeout=seconds)
        finally:
            deferred.sleepers.pop(self, None)
            deferred.run()


class BlockingBackend:
    """I/O that blocks the calling thread. Any number of threads may share it."""

    __slots__ = ("_deferred",)

    clock = staticmethod(time.monotonic)
    pid = staticmethod(os.getpid)
    gathers = False

    def __init__(self) -> None:
        self._deferred = DeferredCalls()

    def lock(self) -> Lock:
        """Return a lock between threads."""
        return threading.Lock()

    def alarm(self) -> None:
        """Return None: there is no thread of ours."""
        return

    def soon(self, callback: Callable[[], object]) -> None:
        """Record the call for a thread that holds no lock, and wake one that waits."""
        self._deferred.add(callback)

    def drop(self, stream: Stream) -> None:
        """Close it: no other thread can be using it."""
        stream.close()

    def catch_up(self) -> None:
        """Make the calls that have been recorded."""
        if self._deferred:
            self._deferred.run()

    def event(self) -> Event:
        """Return an event that has not happened."""
        return BlockingEvent(self._deferred)

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one."""
        return IterableSource(body)

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
        """Return the addresses of a host within `timeout` seconds."""
        return numeric(host, port) or look_up_within(host, port, timeout)

    def numeric(self, host: str, port: int) -> list[AddressInfo] | None:
        """Return what a host that is an address itself resolves to, None for a name."""
        return numeric(host, port)

    def unix_address(self, path: str) -> AddressInfo:
        """Return the address of a Unix domain socket."""
        return unix_address(path)

    async def connect(
        self, attempts: Sequence[Attempt], options: Iterable[SocketOption], timeout: float | None
    ) -> BlockingStream:
        """Return a stream to the first address that answers, within `timeout` seconds."""
        return BlockingStream(await Race(attempts, options).run(_wait_writable, timeout))

    async def within(self, coming: Awaitable[T], timeout: float | None) -> T:  # noqa: ARG002 - it cannot be interrupted
        """Await what does not suspend."""
        return await coming

    def current(self) -> bool:
        """Return True: every thread may use it."""
        return True

    def busy(self) -> bool:
        """Return False: there is no event loop."""
        return False


async def _wait_writable(sockets: list[socket.socket], seconds: float | None) -> list[socket.socket]:
    ready = poll_writable([sock.fileno() for sock in sockets], seconds)
    return [sock for sock in sockets if sock.fileno() in ready]
