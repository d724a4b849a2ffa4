"""The backend for trio: non-blocking sockets, and anyio to wait for them."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager

import anyio
import anyio.lowlevel

from ._interface import Event, Source
from ._sockets import SocketStream, connect_any
from ._sources import AsyncIterableSource


class AnyioStream(SocketStream):
    """A socket whose waits let the event loop's other tasks run."""

    __slots__ = ()

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        if self._tls is not None:  # bytes may be here each time: nothing else would let the other tasks run
            await anyio.lowlevel.checkpoint()
        return await super().read(timeout)

    async def heard(self) -> bool:
        """Give other tasks their turn; return whether there may be something to receive."""
        await anyio.lowlevel.checkpoint()
        return await super().heard()

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


class AnyioBackend:
    """I/O of the event loop that runs where it is made."""

    __slots__ = ("_token",)

    def __init__(self) -> None:
        self._token = anyio.lowlevel.current_token()

    @property
    def clock(self) -> Callable[[], float]:
        """What returns seconds on the event loop's clock."""
        return anyio.current_time

    def lock(self) -> AbstractContextManager[object]:
        """Return a lock; one loop's tasks never meet in it."""
        return threading.Lock()

    def event(self) -> Event:
        """Return an event that has not happened."""
        return AnyioEvent()

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one."""
        return AnyioSource(body)

    async def connect(self, host: str, port: int, timeout: float | None) -> AnyioStream:
        """Look up the host, and try its addresses in turn, all within `timeout` seconds."""
        deadline = None if timeout is None else self.clock() + timeout
        with anyio.fail_after(timeout):
            addresses = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return await connect_any(addresses, AnyioStream, None if deadline is None else max(deadline - self.clock(), 0))

    def current(self) -> bool:
        """Return whether the caller runs in the event loop that this backend was made in."""
        try:
            return anyio.lowlevel.current_token() == self._token
        except RuntimeError:
            return False

    def busy(self) -> bool:
        """Return False: trio does not tell."""
        return False
