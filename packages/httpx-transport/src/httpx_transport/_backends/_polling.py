"""Waiting for descriptors by blocking the thread: `select.poll`, or the same by `select.select` where there is none."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from typing import Final, Protocol

READ: Final = 0x001  # POLLIN
WRITE: Final = 0x004  # POLLOUT
_LONGEST: Final = 2_000_000  # seconds: `poll` counts milliseconds in a C int


class Poller(Protocol):
    """What `select.poll` is, in the part that is used."""

    def register(self, fd: int, eventmask: int, /) -> object:
        """Watch a descriptor, or watch it for something else than before."""
        ...

    def poll(self, timeout: float | None, /) -> list[tuple[int, int]]:
        """Return what is ready within `timeout` milliseconds; errors and hang-ups are always watched for."""
        ...


class SelectPoller:
    """`select.poll` by way of `select.select`, which Windows has too."""

    __slots__ = ("_masks",)

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def register(self, fd: int, eventmask: int, /) -> None:
        """Watch the descriptor for `eventmask`."""
        self._masks[fd] = eventmask

    def poll(self, timeout: float | None, /) -> list[tuple[int, int]]:
        """Return which descriptors are ready within `timeout` milliseconds, and for what."""
        readers, writers = [[fd for fd, mask in self._masks.items() if mask & bit] for bit in (READ, WRITE)]
        # Windows reports a refused connection as an exceptional condition only.
        readable, writable, broken = select.select(
            readers, writers, writers, None if timeout is None else timeout / 1000
        )
        masks = {
            fd: (READ if fd in readable else 0) | (WRITE if fd in writable or fd in broken else 0) for fd in self._masks
        }
        return [(fd, mask) for fd, mask in masks.items() if mask]


def milliseconds(timeout: float | None) -> float | None:
    """Return seconds as `Poller.poll` takes them: more than it can count is no limit, less than nothing is nothing."""
    return None if timeout is None or timeout > _LONGEST else max(timeout, 0) * 1000


def deadline_after(timeout: float | None) -> float | None:
    """Return when `timeout` seconds from now will be over, None for never."""
    return None if timeout is None else time.monotonic() + timeout


def remaining(deadline: float | None) -> float | None:
    """Return the seconds until `deadline`, never less than none."""
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)


def new_poller(fd: int, mask: int) -> Poller:
    """Return what this system has for waiting for one descriptor, set up for `mask`."""
    poller: Poller = select.poll() if hasattr(select, "poll") else SelectPoller()
    poller.register(fd, mask)
    return poller


def poll_writable(fds: Sequence[int], timeout: float | None) -> list[int]:
    """Return which of some descriptors are writable, or broken, within `timeout` seconds; none where none is."""
    if not hasattr(select, "poll"):
        # Windows reports a refused connection as an exceptional condition only.
        ready = select.select([], fds, fds, timeout)
        return list({*ready[1], *ready[2]})
    poller = select.poll()
    for fd in fds:
        poller.register(fd, WRITE)
    return [fd for fd, _ in poller.poll(milliseconds(timeout))]
