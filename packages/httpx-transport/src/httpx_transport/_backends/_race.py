"""Connecting to the first of several addresses that answers: Happy Eyeballs (RFC 8305 §5) over non-blocking sockets.

How anybody waits for sockets is the backend's; which address is tried when has been decided before.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from ._interface import Attempt, SocketOption
from ._polling import deadline_after

WaitWritable: TypeAlias = Callable[[list[socket.socket], float | None], Awaitable[list[socket.socket]]]
"""Waits for so many seconds until some of these sockets are writable, or broken; returns those, none in the end."""

_STARTED: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK})
# An error of ours, or of the way there, says less than one of the peer's.
_OURS: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EHOSTUNREACH})


class Race:
    """Attempts that run beside each other until one is done.

    Args:
        attempts: Whom to try, in order.
        options: What every socket is told before it connects.
    """

    __slots__ = ("_attempts", "_failures", "_next", "_options", "_running")

    def __init__(self, attempts: Sequence[Attempt], options: Iterable[SocketOption]) -> None:
        self._attempts = deque(attempts)
        self._options = options
        self._running: list[socket.socket] = []
        self._failures: list[OSError] = []
        self._next = 0.0  # when the next attempt begins, unless one fails before

    async def run(self, wait: WaitWritable, timeout: float | None) -> socket.socket:
        """Return a connected socket within `timeout` seconds; all others are closed.

        Raises:
            TimeoutError: None connected in time.
            OSError: All failed.
        """
        deadline = deadline_after(timeout)
        try:
            while True:
                winner = self._start_due() or self._finished(await wait(self._running, self._patience(deadline)))
                if winner is not None:
                    self._running.remove(winner)
                    return winner
        finally:
            for sock in self._running:
                sock.close()

    def _patience(self, deadline: float | None) -> float | None:
        """Return how long to wait for what runs."""
        now = time.monotonic()
        if deadline is not None and now >= deadline:
            raise TimeoutError
        limits = [deadline] if deadline is not None else []
        if self._attempts:
            limits.append(self._next)
        return max(min(limits) - now, 0.0) if limits else None

    def _start_due(self) -> socket.socket | None:
        """Start the attempts whose time has come; return the socket of one that succeeded at once."""
        while self._attempts and (not self._running or time.monotonic() >= self._next):
            attempt = self._attempts.popleft()
            self._next = time.monotonic() + attempt.delay
            sock = self._start(attempt)
            if sock is not None:
                return sock
        if not self._running:
            raise self._failure()
        return None

    def _start(self, attempt: Attempt) -> socket.socket | None:
        """Start an attempt; return its socket if that is connected already."""
        family, kind, protocol, _, address = attempt.address
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:  # the system knows no such family: the next address may be of another
            self._failures.append(error)
            return None
        self._running.append(sock)
        try:
            self._prepare(sock, attempt)
            sock.connect(address)  # not `connect_ex`: guards of tests and proxies of sockets replace `connect`
        except OSError as error:
            # A Unix domain socket whose queue is full says so in the same words as one that has begun.
            if error.errno not in _STARTED or family == getattr(socket, "AF_UNIX", None):
                self._fail(sock, error)
            return None
        return sock

    def _prepare(self, sock: socket.socket, attempt: Attempt) -> None:
        sock.setblocking(False)
        if attempt.address[0] in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        option: Any
        for option in self._options:
            try:
                sock.setsockopt(*option)
            except OSError as error:
                raise OSError(error.errno, f"{error.strerror}: the socket option {option!r}") from None
        if attempt.local is not None:
            sock.bind(attempt.local)

    def _finished(self, ready: list[socket.socket]) -> socket.socket | None:
        """Look at the sockets that are ready; return one that is connected."""
        for sock in ready:
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number:
                return sock
            self._fail(sock, OSError(number, os.strerror(number)))
        return None

    def _fail(self, sock: socket.socket, error: OSError) -> None:
        sock.close()
        self._running.remove(sock)
        self._failures.append(error)
        self._next = 0.0

    def _failure(self) -> OSError:
        """Return the failure that says most: of the last address, but of a peer if any has answered."""
        return next((each for each in reversed(self._failures) if each.errno not in _OURS), self._failures[-1])
