"""The streams of asyncio: a Protocol with its own buffer, one future per wait, and no task of its own.

What the loop pushes is kept until somebody asks; what somebody waits for is a future that the loop's call fulfils.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ._polling import READ, Poller, new_poller
from ._sockets import INHERITED

if TYPE_CHECKING:
    import socket
    import ssl

    from ._interface import Bytes
    from ._tls import TlsSession

_SLICE: Final = 131_072  # bytes that are handed over at once
RECEIVE_SIZE: Final = 262_144  # bytes that the loop may receive at once
_HIGH_WATER: Final = 262_144  # received bytes that nobody has asked for, above which the loop stops reading

_NAMES: Final = {"client_addr": "sockname", "server_addr": "peername"}  # ours, and asyncio's


class AsyncioStream(asyncio.BufferedProtocol):
    """A connection of the running event loop, plain or TLS.

    TLS is done here, not by the loop, which does it slower, cannot do it twice, and does not tell how it ends. A plain
    Protocol would make the loop allocate 256 KiB for each receive, which costs more than the receive.

    Args:
        loop: The loop that will feed it.
        space: Where the loop puts what it receives, until the same call has copied it: all streams may share one.
        sock: The connected socket, which the loop is given too.
    """

    __slots__ = (
        "_asked",
        "_buffer",
        "_buffered",
        "_deadline",
        "_ended",
        "_failure",
        "_heard",
        "_loop",
        "_others",
        "_paused",
        "_poller",
        "_shared",
        "_socket",
        "_space",
        "_timer",
        "_tls",
        "_told",
        "_transport",
        "_waiter",
        "_waiting_to_write",
        "_woken",
        "_writable",
    )

    _transport: asyncio.Transport
    _poller: Poller

    def __init__(self, loop: asyncio.AbstractEventLoop, space: memoryview, sock: socket.socket) -> None:
        self._loop = loop
        self._space = space
        self._socket = sock
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._asked = False  # the socket has been found silent in this very step: whoever sends need not ask again
        self._shared = False  # whoever sends is not the one who listens
        self._ended = False
        self._told: Callable[[], None] | None = None  # who is told of the end
        self._heard: Callable[[], None] | None = None  # who is told of what has come
        self._failure: Exception | None = None
        self._paused = False
        self._writable = True
        self._waiter: asyncio.Future[None] | None = None
        self._others: list[asyncio.Future[None]] = []  # who waits beside the one: a writer beside a reader
        self._waiting_to_write = False
        self._woken = False  # whether a wait is to end early
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._tls: TlsSession | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport  # type: ignore[assignment]
        self._poller = new_poller(transport.get_extra_info("socket").fileno(), READ)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the base class says so
        """Lend the loop the space to receive into."""
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        """Keep a copy of what was received, and stop reading where nobody takes it."""
        self._buffer.append(bytes(self._space[:nbytes]))
        self._buffered += nbytes
        if self._buffered > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()
        if self._heard is not None:
            self._heard()

    def eof_received(self) -> None:
        """Note the end; the transport then closes itself."""
        self._ended = True
        self._wake()
        if self._told is not None:
            self._told()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        if exc is not None:
            self._take_what_is_left()
        self._ended = True
        self._failure = self._failure or exc
        self._writable = True  # whoever waits to write shall learn of it
        self._disarm()
        self._wake()
        if self._told is not None:
            self._told()
            self._told = None
        self._heard = None

    def _take_what_is_left(self) -> None:
        """Receive what has come: a transport whose write has failed throws it away, and it may be the answer."""
        with contextlib.suppress(OSError):
            while self._buffered < _HIGH_WATER and (size := self._socket.recv_into(self._space)):
                self._buffer.append(bytes(self._space[:size]))
                self._buffered += size

    def pause_writing(self) -> None:
        """Note that the peer takes less than we send."""
        self._writable = False

    def resume_writing(self) -> None:
        """Note that the peer takes more."""
        self._writable = True
        if self._waiting_to_write:
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if self._others:
            others, self._others = self._others, []
            for other in others:
                if not other.done():
                    other.set_result(None)

    # What the exchange calls.

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        return self.received() if self._tls is None else self._tls.receive()

    def received(self) -> bytes | None:
        """Return the same of the connection itself, below TLS."""
        buffer = self._buffer
        if not buffer:
            return self._end()
        data = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        buffer.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def _end(self) -> bytes | None:
        if self._failure is not None:
            raise _as_os_error(self._failure)
        return b"" if self._ended else None

    def buffered(self) -> int:
        """Return how many bytes of the connection itself have come."""
        return self._buffered

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        return self.deliver(data) if self._tls is None else self._tls.send(data)

    def deliver(self, data: Bytes) -> int:
        """Hand over a slice of `data`, or nothing while the peer is behind, or has said what the loop has not told."""
        if self._transport.is_closing():
            raise _as_os_error(self._failure or ConnectionResetError("the connection is closed"))
        # A write that fails makes the transport throw away what the peer has said: that is heard first.
        asked, self._asked = self._asked, False
        if not self._writable or (not (asked or self._shared) and self._poller.poll(0)):
            return 0
        if len(data) > _SLICE:  # the transport would take any amount, and keep it in memory
            data = memoryview(data)[:_SLICE]
        self._transport.write(data)
        return len(data)

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        tls = self._tls
        if tls is not None:
            return await self._read_tls(tls, timeout)
        while (data := self.received()) is None:
            await self._next_call(timeout)
        return data

    async def _read_tls(self, tls: TlsSession, timeout: float | None) -> bytes:
        # An answer is hardly ever here before it is waited for: trying first would cost exceptions.
        while not (self._ended or tls.pending()) or (data := tls.receive()) is None:
            if tls.read_needs_write:
                await self._wait(False, True, timeout)
            else:
                await self._next_call(timeout)
        return data

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait until bytes are here or fit, whichever is asked and first; return which it is."""
        if self._tls is None:
            return await self._wait(readable, writable, timeout)
        return await self._tls.wait(self._wait, readable, writable, timeout)

    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        if writable:
            await asyncio.sleep(0)  # the loop must run to learn of anything, also where there is always room
        while True:
            can_read = readable and bool(self._buffer or self._ended)
            can_write = writable and self._writable
            if can_read or can_write or self._woken:
                self._woken = False
                return can_read, can_write
            self._waiting_to_write = writable
            try:
                await self._next_call(timeout)
            finally:
                self._waiting_to_write = False

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool] | None:
        """Return for what of the connection itself has to be waited; None where bytes are here already."""
        return (readable, writable) if self._tls is None else self._tls.plan_wait(readable, writable)

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        """Wait until the connection itself is readable or writable, whichever is asked, or `wake` is called."""
        await self._wait(readable, writable, timeout)

    def wake(self) -> None:
        """End the `wait_shared` that is under way, or else the next one."""
        self._woken = True
        self._wake()

    async def yield_turn(self) -> None:
        """Let other tasks, and the loop, run."""
        await asyncio.sleep(0)

    async def heard(self) -> bool:
        """Give other tasks, and the loop, their turn; return whether there may be something to receive."""
        await self.yield_turn()
        return not self.idle()

    def _next_call(self, timeout: float | None) -> asyncio.Future[None]:
        """Return a future for the loop's next call; one timer per stream, armed again when it has fired too early."""
        if self._waiter is not None and not self._waiter.done():
            return self._next_call_too(timeout)
        self._waiter = waiter = self._loop.create_future()
        if timeout is None:
            self._disarm()
        else:
            self._deadline = deadline = self._loop.time() + timeout
            timer = self._timer
            if timer is None or timer.when() > deadline:
                self._arm(deadline)
        return waiter

    def _next_call_too(self, timeout: float | None) -> asyncio.Future[None]:
        """Return a future for the loop's next call beside the one that somebody else awaits."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._others.append(waiter)
        if timeout is not None:
            timer = self._loop.call_later(timeout, _fail, waiter)
            waiter.add_done_callback(lambda _: timer.cancel())
        return waiter

    def _arm(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._expire)

    def _disarm(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _expire(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._arm(self._deadline)
        else:
            _fail(waiter)

    async def start_tls(
        self, context: ssl.SSLContext, hostname: str, timeout: float | None, alpn: Sequence[str] | None = None
    ) -> None:
        """Make this stream a TLS client's; `timeout` seconds are for the whole handshake."""
        from ._memory_tls import MemoryTls, StreamCarrier
        from ._tls import TlsSession
        from ._tls_context import wrap

        carrier = StreamCarrier(self) if self._tls is None else self._tls.channel
        self._tls = TlsSession(wrap(context, alpn, hostname, functools.partial(MemoryTls, carrier)))
        await self._tls.shake_hands(self._wait, timeout)

    def share(self) -> None:
        """Send without asking what has come."""
        self._shared = True

    def idle(self) -> bool:
        """Return whether the stream is open and silent, also where the loop has had no time to tell."""
        silent = not (self._ended or self._transport.is_closing() or self._poller.poll(0))
        if self._tls is None:
            silent = silent and not self._buffer
        elif silent and self._tls.pending():
            silent = self._tls.silent()
        self._asked = silent
        return silent

    def get_extra_info(self, name: str) -> Any:
        """Return what is known of the connection by that name."""
        if name == "ssl_object":
            return None if self._tls is None else self._tls.ssl_object
        if name == "is_readable":
            return not self.idle()
        known = self._transport.get_extra_info(_NAMES.get(name, name))
        return known[:2] if isinstance(known, tuple) else known

    def watch(self, ended: Callable[[], None]) -> None:
        """Let `ended` be called when the loop tells of the end."""
        self._told = ended

    def listen(self, heard: Callable[[], None]) -> None:
        """Let `heard` be called when the loop has told of something to receive."""
        self._heard = heard

    def abort(self, why: str) -> None:
        """Break the connection, and wake whoever waits."""
        self._failure, self._ended = ConnectionAbortedError(why), True
        self._buffer.clear()
        self.close()
        self._tls = None  # nor is what it still has to be read
        self._wake()

    def forget(self) -> None:
        """Put nothing in the place of the descriptor: the loop, which shares its list with the other process, keeps both."""
        self._failure, self._ended = ConnectionAbortedError(INHERITED), True
        self._buffer.clear()
        self._disarm()
        self._told = self._heard = None
        descriptor = self._transport.get_extra_info("socket").fileno()
        if descriptor >= 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, descriptor, inheritable=False)
            os.close(nothing)

    def close(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._disarm()
        self._told = self._heard = None
        if self._loop.is_closed():  # it has left the socket open, and closes nothing any more
            self._socket.close()
        else:
            if self._tls is not None and not self._transport.is_closing():
                self._tls.end()
            self._transport.abort()


def _fail(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


def _as_os_error(failure: Exception) -> OSError:
    return failure if isinstance(failure, OSError) else ConnectionResetError(str(failure))
