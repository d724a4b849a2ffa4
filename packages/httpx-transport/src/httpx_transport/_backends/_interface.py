"""What shared code asks of the outside world: a backend makes streams, locks and events, and tells the time.

The contract of the whole package: shared code is `async def` over these, and never asks which of them it has. A blocking
backend's coroutines never suspend, so `run` can drive them.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import ssl

Bytes: TypeAlias = bytes | memoryview

AddressInfo: TypeAlias = tuple[int, int, int, str, Any]
"""What getaddrinfo gives for one address: family, kind, protocol, canonical name, socket address."""

SocketOption: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
"""The arguments of `socket.setsockopt`."""

T = TypeVar("T")


class Attempt(NamedTuple):
    """One address to connect to, among several.

    `local` is the socket address to connect from; None is any. `delay` is how many seconds to wait for this one before
    the next is tried beside it.
    """

    address: AddressInfo
    local: Any
    delay: float


class Stream(Protocol):
    """A connected byte stream. `OSError` says that it broke, `TimeoutError` that a wait was too long."""

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet. Never waits."""
        ...

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many. Never waits."""
        ...

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        ...

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait until bytes are here or fit, whichever is asked and first; return which it is."""
        ...

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool] | None:
        """Return what has to be waited for until bytes are here or fit, whichever is asked; it may look at TLS's state.

        Returns:
            Whether the connection below TLS has to become readable, and whether writable; None where bytes are here already.
        """
        ...

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        """Wait until the connection below TLS is readable or writable, whichever is asked, or `wake` is called.

        It touches no state of TLS, so that others may receive and send meanwhile. Only after `share`, and for one caller at
        a time.
        """
        ...

    def wake(self) -> None:
        """End the `wait_shared` that is under way, or else the next one. Only after `share`. It never waits."""
        ...

    async def yield_turn(self) -> None:
        """Let other tasks of the event loop run, where there is one."""
        ...

    async def heard(self) -> bool:
        """Give other tasks their turn; return whether there may be something to receive."""
        ...

    async def start_tls(
        self, context: ssl.SSLContext, hostname: str, timeout: float | None, alpn: Sequence[str] | None = None
    ) -> None:
        """Make this stream a TLS client's, checking the peer as `context` says.

        Args:
            context: The context; any number of threads may use it.
            hostname: The name for SNI and the certificate; a trailing dot is left out.
            timeout: Seconds for the handshake; None is no limit.
            alpn: The protocols to offer, which are set in the context; None leaves those that it offers.
        """
        ...

    def get_extra_info(self, name: str) -> Any:
        """Return the stream's `client_addr`, `server_addr`, `socket`, `ssl_object` or `is_readable`; None is unknown."""
        ...

    def share(self) -> None:
        """Prepare for several users at once.

        Sends go out also where the peer has sent something, as the user that sends is not the one that receives.
        """
        ...

    def idle(self) -> bool:
        """Return whether the stream is open and silent, as a connection that nobody uses must be."""
        ...

    def watch(self, ended: Callable[[], None]) -> None:
        """Let `ended` be called when the peer ends the stream, where that is learnt without asking."""
        ...

    def listen(self, heard: Callable[[], None]) -> None:
        """Let `heard` be called when something has come, where that is learnt without asking."""
        ...

    def close(self) -> None:
        """Close at once, without waiting for anything. Closing twice is allowed."""
        ...

    def abort(self, why: str) -> None:
        """Break the stream under whoever uses it: each wait and call, also one under way, is an OSError saying `why`."""
        ...

    def forget(self) -> None:
        """Let go of a stream that belongs to the process we were forked from: nothing is sent, its own is not touched."""
        ...


class Event(Protocol):
    """Something that happens once."""

    def set(self) -> None:
        """Let it happen; may be called from any thread that shares the pool, and by a finalizer. Never waits."""
        ...

    async def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; return whether it happened."""
        ...


class Lock(Protocol):
    """What one thread has at a time."""

    def acquire(self, blocking: bool = True, /) -> bool:
        """Take it; return whether it was taken, which only `blocking` False leaves open."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...

    def __enter__(self) -> bool: ...

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


class Alarm(Protocol):
    """One moment at which something is to be done, without anybody waiting for it.

    Attributes:
        at: When it goes off, in seconds of the backend's clock; infinity where it is not set.
    """

    at: float

    def set(self, when: float, callback: Callable[[], object]) -> None:
        """Let `callback` be called at that moment instead of any other; nothing it raises reaches anybody."""
        ...

    def cancel(self) -> None:
        """Let it not go off, and hold nothing."""
        ...


class Inheritance(Protocol):
    """What a forked process gets from its parent and may not use as it is."""

    def forked(self) -> None:
        """Begin anew; called in the new process, before anything else runs there."""
        ...


class Source(Protocol):
    """A request body that comes in chunks."""

    async def next(self, timeout: float | None) -> bytes | None:
        """Return the next chunk, None after the last.

        `TimeoutError` says that an asynchronous one was waited for longer than `timeout` seconds; a blocking one cannot
        be interrupted.
        """
        ...

    async def close(self) -> None:
        """Let a generator that was not read to its end clean up."""
        ...


class Backend(Protocol):
    """One way of doing I/O."""

    @property
    def clock(self) -> Callable[[], float]:
        """What returns seconds on a clock that only goes forward."""
        ...

    @property
    def pid(self) -> Callable[[], int]:
        """What returns the number of the process."""
        ...

    @property
    def gathers(self) -> bool:
        """Whether a wait for room to send lets others go on first, at no price: what they send may leave together."""
        ...

    def lock(self) -> Lock:
        """Return a lock for code that does not await while it holds it."""
        ...

    def alarm(self) -> Alarm | None:
        """Return an alarm that is not set; None where nobody is there to be called."""
        ...

    def soon(self, callback: Callable[[], object]) -> None:
        """Record that `callback` is to be called where streams and events may be used, and no lock is held.

        Any thread, and any finalizer, may record a call: it takes no lock, and makes no call in place. An event loop makes
        the calls in its next turn, and none after its end. Without an event loop they are made by `catch_up`, and by a
        thread that waits for an event of this backend.
        """
        ...

    def drop(self, stream: Stream) -> None:
        """Close a stream that only a finalizer still has, unless an event loop is needed for that. It takes no lock."""
        ...

    def catch_up(self) -> None:
        """Make the calls that `soon` has recorded, unless an event loop makes them. The caller holds no lock."""
        ...

    def event(self) -> Event:
        """Return an event that has not happened."""
        ...

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one.

        Raises:
            TypeError: A body of the other colour, or none at all.
        """
        ...

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
        """Return the addresses of a host in the system's order of preference; what is one itself is not looked up.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
            OSError: There is no such name.
        """
        ...

    def numeric(self, host: str, port: int) -> list[AddressInfo] | None:
        """Return what a host that is an address itself resolves to, None for a name. Never waits."""
        ...

    def unix_address(self, path: str) -> AddressInfo:
        """Return the address of a Unix domain socket.

        Raises:
            OSError: This system has none.
        """
        ...

    async def connect(
        self, attempts: Sequence[Attempt], options: Iterable[SocketOption], timeout: float | None
    ) -> Stream:
        """Return a stream to the first of some addresses that answers; the others are let go.

        An attempt begins when the one before it has failed, or had its time. Whatever ends this call, only the socket
        of the stream that it returns is open.

        Raises:
            TimeoutError: None answered within `timeout` seconds.
            OSError: All failed.
        """
        ...

    async def within(self, coming: Awaitable[T], timeout: float | None) -> T:
        """Await something of the caller's for at most `timeout` seconds; what blocks cannot be interrupted.

        Raises:
            TimeoutError: It took longer.
        """
        ...

    def current(self) -> bool:
        """Return whether the caller may use this backend here and now."""
        ...

    def busy(self) -> bool:
        """Return whether its event loop is known to run elsewhere."""
        ...
