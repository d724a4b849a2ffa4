"""A wait for a socket that another thread can end early. It knows neither TLS nor HTTP."""

from __future__ import annotations

import contextlib
import socket

from ._polling import READ, milliseconds, new_poller


class WakeableWait:
    """Waits for one socket, by one thread at a time; another thread can end the wait.

    A second pair of sockets, connected to each other, is polled together with the first: a byte in it ends the poll, and
    stays there until the next wait where no wait is under way.

    Args:
        descriptor: The socket's descriptor.
    """

    __slots__ = ("_descriptor", "_mask", "_poller", "_receiver", "_sender")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mask = READ
        self._sender, self._receiver = socket.socketpair()
        self._sender.setblocking(False)
        self._receiver.setblocking(False)
        self._poller = new_poller(descriptor, READ)
        self._poller.register(self._receiver.fileno(), READ)

    def wait(self, mask: int, timeout: float | None) -> None:
        """Wait at most `timeout` seconds for the events of `mask`, or for `wake`.

        Raises:
            TimeoutError: Nothing happened.
        """
        if mask != self._mask:
            self._mask = mask
            self._poller.register(self._descriptor, mask)
        ready = self._poller.poll(milliseconds(timeout))
        if not ready:
            raise TimeoutError
        if len(ready) > 1 or ready[0][0] != self._descriptor:
            with contextlib.suppress(BlockingIOError):
                self._receiver.recv(1024)

    def wake(self) -> None:
        """End the wait that is under way, or else the next one."""
        with contextlib.suppress(OSError):  # it is full, so the wait ends anyway, or it has been closed
            self._sender.send(b"\0")

    def close(self) -> None:
        """Close the pair."""
        self._sender.close()
        self._receiver.close()
