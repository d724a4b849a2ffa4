"""The server on one CPU, and whom we measure on another.

Where the scheduler may choose, it lets both share one in some runs and not in others. A bare socket costs 4 us of CPU then, or
30: whoever wakes a process on another CPU pays for that, and what he had in the caches is gone when he is woken himself.
"""

from __future__ import annotations

import os

_CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def for_server() -> None:
    """Run, from here on, on the CPU of servers, like each process that is started now."""
    _run_on(0)


def for_client() -> None:
    """Run, from here on, on the CPU of clients, like each process that is started now."""
    _run_on(-1)


def _run_on(index: int) -> None:
    if _CPUS:
        os.sched_setaffinity(0, _CPUS[index : index + 1 or None])
