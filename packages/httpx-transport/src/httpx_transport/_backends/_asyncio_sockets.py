"""Sockets that an asyncio event loop connects: it watches them for us, and takes the one that is connected.

No task is made: what is waited for is one future, and whoever stops waiting takes the watches away.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from ._interface import AddressInfo, Attempt, SocketOption
from ._names import look_up
from ._polling import poll_writable
from ._race import Race

P = TypeVar("P", bound=asyncio.BaseProtocol)

_PATIENCE: Final = 0.05  # seconds for which a thread waits, so that it is no matter if it is abandoned


async def look_up_beside(
    loop: asyncio.AbstractEventLoop, host: str, port: int, timeout: float | None
) -> list[AddressInfo]:
    """Return a name's addresses within `timeout` seconds; the loop's thread that waits longer is abandoned.

    Where the loop has no thread, and can start none, the loop itself waits, for longer if need be.
    """
    try:
        coming = loop.run_in_executor(None, look_up, host, port)
    except RuntimeError:
        return look_up(host, port)
    async with asyncio.timeout(timeout):
        return await coming


async def connected_socket(
    loop: asyncio.AbstractEventLoop, attempts: Sequence[Attempt], options: Iterable[SocketOption], timeout: float | None
) -> socket.socket:
    """Return a socket that is connected to the first address that answers, within `timeout` seconds."""
    return await Race(attempts, options).run(functools.partial(_wait_writable, loop), timeout)


async def adopt(loop: asyncio.AbstractEventLoop, sock: socket.socket, make: Callable[[], P]) -> P:
    """Give a connected socket to the loop; return the protocol that it feeds."""
    if sock.family == getattr(socket, "AF_UNIX", None):
        return (await loop.create_unix_connection(make, sock=sock))[1]
    return (await loop.create_connection(make, sock=sock))[1]


async def _wait_writable(
    loop: asyncio.AbstractEventLoop, sockets: list[socket.socket], seconds: float | None
) -> list[socket.socket]:
    done: asyncio.Future[None] = loop.create_future()
    ready: list[socket.socket] = []

    def note(sock: socket.socket | None = None) -> None:
        if sock is not None:
            loop.remove_writer(sock)
            ready.append(sock)
        if not done.done():
            done.set_result(None)

    timer = None if seconds is None else loop.call_later(seconds, note)
    try:
        for sock in sockets:
            loop.add_writer(sock, note, sock)
        await done
    except NotImplementedError:  # the loop of Windows watches no sockets
        return await _poll_writable(loop, sockets, seconds)
    finally:
        if timer is not None:
            timer.cancel()
        _forget(loop, sockets)
    return ready


def _forget(loop: asyncio.AbstractEventLoop, sockets: list[socket.socket]) -> None:
    for sock in sockets:
        try:
            loop.remove_writer(sock)
        except NotImplementedError:
            return


async def _poll_writable(
    loop: asyncio.AbstractEventLoop, sockets: list[socket.socket], seconds: float | None
) -> list[socket.socket]:
    patience = _PATIENCE if seconds is None else min(seconds, _PATIENCE)
    fds = [sock.fileno() for sock in sockets]
    try:
        coming = loop.run_in_executor(None, poll_writable, fds, patience)
    except RuntimeError:  # no thread can be started
        await asyncio.sleep(patience)
        ready = poll_writable(fds, 0)
    else:
        ready = await coming
    return [sock for sock in sockets if sock.fileno() in ready]
