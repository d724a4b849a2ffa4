"""The backend whose I/O is in a simulated network. It keeps the contract of all backends, and knows no other clock."""

from __future__ import annotations

import contextlib
import errno
import functools
import math
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._backends import new_lock
from .._backends._sources import AsyncIterableSource
from ._agreement import Agreement
from ._faults import Attempt, Dice
from ._link import End, join
from ._peer import Peer
from ._scheduler import Scheduler, Timer
from ._task import Signal

if TYPE_CHECKING:
    import ssl

    from .._backends import AddressInfo, Alarm, Bytes, Event, Lock, SocketOption, Source, Stream
    from .._backends import Attempt as Candidate
    from ._http import Script

T = TypeVar("T")

_NAME_UNKNOWN: Final = -2  # EAI_NONAME, as getaddrinfo's errors have it


class SimulatedStream:
    """The client's end of one connection.

    Args:
        backend: Whose network it is in.
        end: What it receives from and sends to.
        peer: Who is at the other end.
    """

    __slots__ = ("_agreement", "_backend", "_end", "_peer", "_woken")

    def __init__(self, backend: SimulatedBackend, end: End, peer: Peer) -> None:
        self._agreement: Agreement | None = None
        self._backend = backend
        self._end = end
        self._peer = peer
        self._woken = False  # whether a wait is to end early

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        return self._end.receive()

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        return self._end.send(data)

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        await self._end.until(self._end.readable, "bytes", timeout)
        return self._end.receive() or b""

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait until bytes are here or fit, whichever is asked and first; return which it is."""
        await self._backend.scheduler.sleep(0)  # the others must run to do anything, also where there is room
        end = self._end
        what = " or ".join(["bytes"] * readable + ["room to send"] * writable)
        await end.until(lambda: (readable and end.readable()) or (writable and end.writable()), what, timeout)
        return readable and end.readable(), writable and end.writable()

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool]:
        """Return what is asked: nothing is encrypted."""
        return readable, writable

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        """Wait until bytes are here or fit, whichever is asked, or `wake` is called."""
        await self._backend.scheduler.sleep(0)
        end = self._end
        what = " or ".join(["bytes"] * readable + ["room to send"] * writable)
        await end.until(
            lambda: self._woken or (readable and end.readable()) or (writable and end.writable()), what, timeout
        )
        self._woken = False

    def wake(self) -> None:
        """End the `wait_shared` that is under way, or else the next one."""
        self._woken = True
        self._end.wake()

    async def yield_turn(self) -> None:
        """Let other tasks run."""
        await self._backend.scheduler.sleep(0)

    async def heard(self) -> bool:
        """Give other tasks their turn; return whether there is something to receive."""
        await self.yield_turn()
        return self._end.readable()

    async def start_tls(
        self,
        context: ssl.SSLContext,  # noqa: ARG002 - nothing is encrypted
        hostname: str,
        timeout: float | None,
        alpn: Sequence[str] | None = None,  # noqa: ARG002 - the network knows which protocol each server speaks
    ) -> None:
        """Note that TLS has begun: nothing is encrypted, and nobody is checked."""
        attempt = self._backend.dice.handshake()
        await self._backend.try_for(attempt, "the TLS handshake", timeout)
        if attempt.fault == "reset":
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        self._backend.scheduler.note(f"TLS for {hostname} on connection {self._peer.number}")
        self._peer.server_name = hostname.removesuffix(".")
        protocol = self._backend.protocols.get((self._peer.host.lower(), self._peer.port))
        self._agreement = None if protocol is None else Agreement(protocol)

    def get_extra_info(self, name: str) -> Any:
        """Return what is known of the connection by that name: its ends' addresses, and whether there is something to read."""
        known = {
            "client_addr": ("client", self._peer.number),
            "server_addr": (self._peer.host, self._peer.port),
            "is_readable": self._end.readable(),
            "ssl_object": self._agreement,
        }
        return known.get(name)

    def share(self) -> None:
        """Change nothing: a send never looks at what has come."""
        return

    def idle(self) -> bool:
        """Return whether the stream is open and silent."""
        return not self._end.readable()

    def watch(self, ended: Callable[[], None]) -> None:
        """Let `ended` be called when the far end sends no more, or the connection breaks."""
        self._end.watcher = ended

    def listen(self, heard: Callable[[], None]) -> None:  # noqa: ARG002 - the interface says so
        """Call nobody: what comes is learnt by asking."""
        return

    def close(self) -> None:
        """Close at once."""
        self._end.watcher = None
        self._end.close()
        self._backend.open.pop(self, None)

    def abort(self, why: str) -> None:
        """Close at once; whoever uses it is told why."""
        self._end.why = why
        self.close()

    def forget(self) -> None:
        """Let go of it, and send nothing."""
        self._end.why = "the connection belongs to another process"
        self._end.closed = True
        self._backend.open.pop(self, None)

    def __repr__(self) -> str:
        return f"<connection {self._peer.number} to {self._peer.host}:{self._peer.port}>"


class SimulatedEvent:
    """Something that happens once, waited for by a task."""

    __slots__ = ("_happened", "_signal")

    def __init__(self) -> None:
        self._signal = Signal()
        self._happened = False

    def set(self) -> None:
        """Let it happen."""
        self._happened = True
        self._signal.fire()

    async def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; return whether it happened."""
        if not self._happened:
            await self._signal.wait("a free connection of the pool", timeout)
        return self._happened


class SimulatedSource(AsyncIterableSource):
    """Chunks that a task waits for.

    Args:
        body: What the caller gave as the request's body.
        scheduler: Whose time passes.
    """

    __slots__ = ("_scheduler",)

    def __init__(self, body: Iterable[bytes] | AsyncIterable[bytes], scheduler: Scheduler) -> None:
        super().__init__(body)
        self._scheduler = scheduler

    async def _within(self, coming: Awaitable[object], timeout: float) -> object:
        return await _within(self._scheduler, coming, timeout)


class SimulatedAlarm:
    """A timer of the scheduler.

    Args:
        scheduler: Whose time passes.
    """

    __slots__ = ("_scheduler", "_timer", "at")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._timer: Timer | None = None
        self.at = math.inf

    def set(self, when: float, callback: Callable[[], object]) -> None:
        """Let `callback` be called at that moment."""
        self.cancel()
        self.at = when

        def go_off() -> None:
            self.cancel()
            callback()

        self._timer = self._scheduler.call_at(max(when, self._scheduler.now), go_off)

    def cancel(self) -> None:
        """Let the scheduler forget it."""
        self.at = math.inf
        if self._timer is not None:
            self._timer.cancel()


class SimulatedBackend:
    """I/O in a simulated network.

    Args:
        scheduler: Whose time passes.
        dice: What goes wrong.
        servers: What is reached by host and port.

    Attributes:
        open: The client's streams that are open, in the order of their making.
        made: How many connections there have been.
        protocols: What TLS agrees on as the next protocol, by host and port.
        process: Which process this is said to be.
    """

    __slots__ = ("dice", "made", "open", "process", "protocols", "scheduler", "servers")

    gathers = True

    def __init__(self, scheduler: Scheduler, dice: Dice, servers: dict[tuple[str, int], Script]) -> None:
        self.scheduler = scheduler
        self.dice = dice
        self.servers = servers
        self.protocols: dict[tuple[str, int], str | None] = {}
        self.open: dict[SimulatedStream, None] = {}
        self.made = 0
        self.process = 1

    @property
    def clock(self) -> Callable[[], float]:
        """What returns virtual seconds."""
        scheduler = self.scheduler
        return lambda: scheduler.now

    @property
    def pid(self) -> Callable[[], int]:
        """What returns the number of the process."""
        return lambda: self.process

    def lock(self) -> Lock:
        """Return a lock. Tasks change only where they wait, but finalizers run anywhere."""
        return new_lock()

    def alarm(self) -> Alarm:
        """Return an alarm in virtual time."""
        return SimulatedAlarm(self.scheduler)

    def soon(self, callback: Callable[[], object]) -> None:
        """Record the call for the scheduler's next turn."""
        self.scheduler.deferred.append(callback)

    def drop(self, stream: Stream) -> None:  # noqa: ARG002 - the interface says so
        """Do nothing: a stream is closed between two turns."""
        return

    def catch_up(self) -> None:
        """Make the calls that have been recorded."""
        self.scheduler.catch_up()

    def event(self) -> Event:
        """Return an event that has not happened."""
        return SimulatedEvent()

    def source(self, body: Iterable[bytes] | AsyncIterable[bytes]) -> Source:
        """Return the body's chunks one by one."""
        return SimulatedSource(body, self.scheduler)

    def current(self) -> bool:
        """Return True: there is one network, and it belongs to the caller."""
        return True

    def busy(self) -> bool:
        """Return False: no other thread runs it."""
        return False

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:  # noqa: ARG002
        """Return the host as its own address: whether it is known is found out on the way."""
        return [(0, 0, 0, "", (host, port))]

    def numeric(self, host: str, port: int) -> list[AddressInfo] | None:
        """Return the host as its own address."""
        return [(0, 0, 0, "", (host, port))]

    def unix_address(self, path: str) -> AddressInfo:
        """Return the address of a server that is called by its path."""
        return 0, 0, 0, "", (path, 0)

    async def connect(
        self,
        attempts: Sequence[Candidate],
        options: Iterable[SocketOption],  # noqa: ARG002 - there are no sockets
        timeout: float | None,
    ) -> SimulatedStream:
        """Try addresses in turn, and let the server at the first that answers begin its script.

        Raises:
            TimeoutError: There was no answer within `timeout` seconds.
            ConnectionRefusedError: The host has no server at this port, or the network refuses.
            OSError: There is no such host, or the network does not find it.
        """
        deadline = None if timeout is None else self.scheduler.now + timeout
        failure = OSError(_NAME_UNKNOWN, "Name or service not known")
        for attempt in attempts:
            left = None if deadline is None else max(deadline - self.scheduler.now, 0.0)
            try:
                return await self._reach(attempt.address[4], left)
            except ConnectionRefusedError as error:
                failure = error
        raise failure

    async def within(self, coming: Awaitable[T], timeout: float | None) -> T:
        """Await something for at most `timeout` seconds."""
        return await (coming if timeout is None else _within(self.scheduler, coming, timeout))

    async def _reach(self, address: tuple[str, int], timeout: float | None) -> SimulatedStream:
        host, port = address
        attempt = self.dice.connecting()
        await self.try_for(attempt, f"an answer of {host}:{port}", timeout)
        if attempt.fault == "unresolved" or not any(host.lower() == name for name, _ in self.servers):
            raise OSError(_NAME_UNKNOWN, "Name or service not known")
        script = self.servers.get((host.lower(), port))
        if attempt.fault == "refuse" or script is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        self.made += 1
        place = f"connection {self.made} to {host}:{port}"
        self.scheduler.note(f"{place} is made")
        client, server = join(self.scheduler, self.dice, self.made, place)
        peer = Peer(self.scheduler, server, host, port, self.made)
        self.scheduler.spawn(_serve(script, peer), f"server {self.made}", serving=True)
        stream = SimulatedStream(self, client, peer)
        self.open[stream] = None
        return stream

    async def try_for(self, attempt: Attempt, what: str, timeout: float | None) -> None:
        """Let the time pass that an attempt takes.

        Raises:
            TimeoutError: It is more than `timeout` seconds.
        """
        if attempt.fault is not None:
            self.scheduler.note(f"{what}: {attempt.fault}")
        if attempt.fault == "stall" or (timeout is not None and attempt.delay > timeout):
            await Signal().wait(what, timeout)
            raise TimeoutError
        await self.scheduler.sleep(attempt.delay)


async def _within(scheduler: Scheduler, coming: Awaitable[T], timeout: float) -> T:
    """Let what is awaited be interrupted when its time is over."""
    timer = scheduler.call_later(timeout, functools.partial(scheduler.running.interrupt, TimeoutError()))
    try:
        return await coming
    finally:
        timer.cancel()


async def _serve(script: Script, peer: Peer) -> None:
    """Run a script to its end; a client that has gone is no failure of the script."""
    try:
        with contextlib.suppress(ConnectionError):
            await script(peer)
    finally:
        peer.close()
