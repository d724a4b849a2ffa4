"""The backend for asyncio: it makes streams, locks, events and alarms of the loop that runs where it is made."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence

from ._asyncio_events import AsyncioAlarm, AsyncioEvent
from ._asyncio_sockets import adopt, connected_socket, look_up_beside
from ._asyncio_stream import RECEIVE_SIZE, AsyncioStream
from ._interface import AddressInfo, Alarm, Attempt, Event, Lock, SocketOption, Source, Stream, T
from ._names import numeric, unix_address
from ._sources import AsyncIterableSource


class AsyncioSource(AsyncIterableSource):
    """Chunks that a task waits for."""

    __slots__ = ()

    async def _within(self, coming: Awaitable[object], timeout: float) -> object:
        async with asyncio.timeout(timeout):
            return await coming


class AsyncioBackend:
    """I/O of the event loop that runs where it is made."""

    __slots__ = ("_loop", "_made_in", "_space")

    clock = staticmethod(time.monotonic)
    pid = staticmethod(os.getpid)
    gathers = True

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._made_in = os.getpid()
        self._space = memoryview(bytearray(RECEIVE_SIZE))

    def lock(self) -> Lock:
        """Return a lock; one loop's tasks never meet in it."""
        return threading.Lock()

    def alarm(self) -> Alarm:
        """Return an alarm of the event loop."""
        return AsyncioAlarm(self._loop)

    def soon(self, callback: Callable[[], object]) -> None:
        """Let the event loop call it, if there still is one."""
        with contextlib.suppress(RuntimeError):  # it is closed
            self._loop.call_soon_threadsafe(callback)

    def drop(self, stream: Stream) -> None:  # noqa: ARG002 - the interface says so
        """Do nothing: a stream is closed in the event loop."""
        return

    def catch_up(self) -> None:
        """Do nothing: the event loop makes the calls."""
        return

    def event(self) -> Event:
        """Return an event that has not happened."""
        return AsyncioEvent(self._loop)

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one."""
        return AsyncioSource(body)

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
        """Return the addresses of a host within `timeout` seconds."""
        return numeric(host, port) or await look_up_beside(self._loop, host, port, timeout)

    def numeric(self, host: str, port: int) -> list[AddressInfo] | None:
        """Return what a host that is an address itself resolves to, None for a name."""
        return numeric(host, port)

    def unix_address(self, path: str) -> AddressInfo:
        """Return the address of a Unix domain socket."""
        return unix_address(path)

    async def connect(
        self, attempts: Sequence[Attempt], options: Iterable[SocketOption], timeout: float | None
    ) -> AsyncioStream:
        """Return a stream to the first address that answers, within `timeout` seconds."""
        sock = await connected_socket(self._loop, attempts, options, timeout)
        make = functools.partial(AsyncioStream, self._loop, self._space, sock)
        try:
            return await adopt(self._loop, sock, make)
        except BaseException:
            sock.close()
            raise

    async def within(self, coming: Awaitable[T], timeout: float | None) -> T:
        """Await something for at most `timeout` seconds."""
        async with asyncio.timeout(timeout):
            return await coming

    def current(self) -> bool:
        """Return whether the caller runs in the event loop that this backend was made in."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def busy(self) -> bool:
        """Return whether the event loop runs, in another thread if the caller is not in it."""
        return self._loop.is_running() and self._made_in == os.getpid()  # in a forked process it only looks like it
