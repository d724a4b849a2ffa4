"""All I/O of the package, one module per way of doing it, and the only place that chooses between them."""

from ._interface import (
    AddressInfo,
    Alarm,
    Attempt,
    Backend,
    Bytes,
    Event,
    Inheritance,
    Lock,
    SocketOption,
    Source,
    Stream,
)
from ._locks import ProcessLock

__all__ = [
    "AddressInfo",
    "Alarm",
    "Attempt",
    "Backend",
    "Bytes",
    "Event",
    "Inheritance",
    "Lock",
    "ProcessLock",
    "SocketOption",
    "Source",
    "Stream",
    "blocking_backend",
    "new_lock",
    "on_fork",
    "running_backend",
]


def new_lock() -> Lock:
    """Return a lock between threads."""
    import threading

    return threading.Lock()


def on_fork(heir: Inheritance) -> None:
    """Let `heir` be told in each process that is forked from now on, for as long as it lives."""
    from ._forking import tell_in_children

    tell_in_children(heir)


def blocking_backend() -> Backend:
    """Return the backend of the blocking face."""
    from ._blocking import BlockingBackend

    return BlockingBackend()


def running_backend() -> Backend:
    """Return the backend of the event loop that runs the caller.

    Raises:
        RuntimeError: No event loop of a kind that we know is running.
    """
    import sniffio

    library = sniffio.current_async_library()
    if library == "asyncio":
        from ._asyncio import AsyncioBackend

        return AsyncioBackend()
    if library == "trio":
        from ._anyio import AnyioBackend

        return AnyioBackend()
    raise RuntimeError(f"the event loop of {library!r} is not supported: asyncio and trio are")
