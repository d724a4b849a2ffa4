"""The driver that lets blocking callers run code written once as `async def`. It knows coroutines, no I/O.

The contract: everything awaited below `run` comes, in the end, from a backend whose coroutines never suspend.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine that never suspends to its end; return what it returns.

    Args:
        coroutine: A fresh coroutine over a blocking backend.

    Raises:
        RuntimeError: It suspended, so it was awaiting an event loop that is not there.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError(
        f"{getattr(coroutine, '__qualname__', coroutine)} suspended: a blocking call awaited something asynchronous"
    )
