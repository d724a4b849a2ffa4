"""A lock for what the whole process shares, made when the package is imported. It knows no pool."""

from __future__ import annotations

import _thread
import os
from types import TracebackType


class ProcessLock:
    """A lock between threads that is open in a forked child, whoever held it in the parent."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):  # pragma: no branch - it is not on Windows, where nothing forks
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = _thread.allocate_lock()  # `threading` takes longer to import than all of this package

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()
