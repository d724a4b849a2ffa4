"""All I/O of the package, one module per way of doing it, and the only place that chooses between them."""

from ._interface import Backend, Bytes, Event, Source, Stream
from ._locks import ProcessLock

__all__ = ["Backend", "Bytes", "Event", "ProcessLock", "Source", "Stream", "blocking_backend", "running_backend"]


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
