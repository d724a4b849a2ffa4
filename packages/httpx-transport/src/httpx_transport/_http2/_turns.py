"""How the threads or tasks that share an HTTP/2 connection take turns at its socket. It knows no request and no pool.

Of those that wait, one *leads*: it waits for the socket on behalf of all, feeds the codec with what comes, sends what fits, and
wakes those for which there is something new. When it has what it came for, it hands the lead on to the one that has waited
longest. While nothing waits, the codec is fed by an event loop that reports what has come, or when the pool looks after idle
connections.

Codec, streams and TLS are used under the lock only, and the lock is never held during a wait. What a thread decides on is
therefore one consistent state, and whatever happens after the lock was released ends the wait that follows: the leader is
woken by `Stream.wake`, all others by their events. The leader is woken where its own stream has been closed, and where another
thread has more to send than the socket takes.

Finalizers only record a stream in `_orphans`, as they may run in a thread that holds the lock; the next owner of the lock resets
it.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from .._backends import Backend
from .._connection import Connection
from .._errors import ReadError, WriteError
from .._wire import is_timeout
from ._codec import Codec
from ._pulse import Pulse
from ._stream import Stream
from ._waiting import Waiter, Waiting, wake

Limit: TypeAlias = Callable[[], float | None]
"""What says how many seconds a wait that begins now may last; None is no limit."""


class Turns(ABC):
    """The codec of a connection, and those who wait for it to come forward.

    Args:
        backend: How I/O is done.
        connection: The open connection.

    Attributes:
        connection: As above.
    """

    __slots__ = (
        "_awaits_room",
        "_backend",
        "_broken",
        "_clock",
        "_codec",
        "_led",
        "_led_for",
        "_lock",
        "_news",
        "_orphans",
        "_pulse",
        "_stream",
        "_waiting",
        "connection",
    )

    def __init__(self, backend: Backend, connection: Connection) -> None:
        self._backend = backend
        self._clock: Callable[[], float] = backend.clock
        self._lock = backend.lock()
        self._codec = Codec()
        self._led = False  # whether there is a leader
        self._led_for: Stream | None = None  # the stream that the leader waits for
        self._awaits_room = False  # whether the leader waits for room to send, too
        self._news = False  # whether the pool is to be told of something
        self._broken: OSError | None = None  # nothing can be sent any more, but what was answered may still come
        self._orphans: deque[Stream] = deque()
        self._waiting = Waiting()
        self._pulse = Pulse(backend.clock, self._codec)
        self.connection = connection
        self._stream = connection.stream
        self._stream.share()
        self._stream.listen(self._overhear)

    @property
    def dead(self) -> bool:
        """Whether nothing more will come."""
        return self._codec.failure is not None

    async def until(self, stream: Stream | None, ready: Callable[[], bool], limit: Limit) -> None:
        """Wait until `ready`, which is asked under the lock whenever there may be something new for `stream`.

        It also ends when the connection does: then the stream has failed, unless it was complete.

        Raises:
            TimeoutError: A wait was longer than its limit.
        """
        leads = late = news = False
        waiter: Waiter | None = None
        plan: tuple[bool, bool] | None = None
        try:
            while True:
                with self._lock:
                    if self._orphans:
                        self._reset_orphans()
                    if ready() or self.dead:
                        break
                    if late:
                        raise TimeoutError  # noqa: TRY301 - what was entered has to be left here too
                    if leads or not self._led:
                        leads = self._led = True
                        self._led_for = stream
                        plan = self._plan()
                        news, self._news = self._news, False
                    else:
                        waiter = self._waiting.enter(stream, self._backend.event())
                        self._ask_to_write()
                if waiter is None:
                    if news:
                        self._tell()
                    late = await self._move(plan, limit())
                    continue
                late = not await waiter.event.wait(limit())
                leads, waiter = self._leave(stream, waiter), None
        except GeneratorExit:  # the task has been collected, in the middle of anything: the lock may be held just here
            self._backend.soon(functools.partial(self._withdraw, stream, waiter, leads))
            raise
        except BaseException:
            self._withdraw(stream, waiter, leads)
            raise
        if leads:
            self._hand_on()

    async def glance(self) -> None:
        """Take what is here, if nothing waits for it: an exchange that only sends would never learn of an answer."""
        with self._lock:
            led = self._led
        if not led:
            await self._stream.yield_turn()
            self._overhear()

    def abandon(self, stream: Stream) -> None:
        """Give up a stream that nothing holds any more. Finalizers may use it: it only records the stream."""
        self._orphans.append(stream)
        self._backend.soon(self._bury)

    def _overhear(self) -> None:
        """Take what has come while nothing waits for it, and answer it. Never waits."""
        try:
            with self._lock:
                if self._led or self._stream.idle():
                    return
                self._receive()  # it wakes none: whatever waits has a leader
                news, self._news = self._news, False
        except OSError as error:
            self._fail(error)
            return
        if news:
            self._tell()

    def _plan(self) -> tuple[bool, bool] | None:
        """Return what the leader has to wait for, under the lock."""
        self._awaits_room = self._broken is None and bool(self._codec.unsent())
        return self._stream.plan_wait(True, self._awaits_room)

    def _ask_to_write(self) -> None:
        """Let the leader wait for room too, where it does not yet, and there is something to send; under the lock."""
        if self._led and not self._awaits_room and self._broken is None and self._codec.unsent():
            self._awaits_room = True
            self._stream.wake()

    async def _move(self, plan: tuple[bool, bool] | None, left: float | None) -> bool:
        """Wait for the connection; then feed what came, and send what fits.

        Args:
            plan: What to wait for; None where bytes are here.
            left: How many seconds the wait may last; None is no limit.

        Returns:
            Whether the time is over.
        """
        try:
            if plan is not None:
                await self._stream.wait_shared(*plan, left)
            with self._lock:
                woken = self._receive()
        except OSError as error:
            if is_timeout(error):
                return True
            self._fail(error)
        else:
            wake(woken)
        return left is not None and left <= 0

    def _receive(self) -> list[Waiter]:
        """Feed what is here, and send what fits, under the lock; return what is to be woken."""
        self._reset_orphans()
        codec = self._codec
        data = self._stream.receive()
        if data is None:
            self._flush(leads=True)
            return self._woken(codec.changed())
        before = codec.live(), codec.room(), codec.leaving, codec.known
        self._pulse.heard()
        if not data and self._broken is not None:
            changed = codec.fail(WriteError(str(self._broken)))
        else:
            changed = codec.feed(data)
        self._flush(leads=True)
        if before != (codec.live(), codec.room(), codec.leaving, codec.known):
            self._news = True
        return self._woken(changed)

    def _fail(self, error: OSError) -> None:
        """End the connection for an error of the stream."""
        with self._lock:
            woken = self._woken(self._codec.fail(ReadError(str(error) or type(error).__name__)))
        wake(woken)
        self._tell()

    def _flush(self, *, leads: bool = False) -> None:
        """Send what fits, under the lock; the leader sends the rest. An error is kept: what the peer has sent comes first."""
        if self._broken is None:
            try:
                while data := self._codec.unsent():
                    sent = self._stream.send(data)
                    if not sent:
                        if not leads:
                            self._ask_to_write()
                        return
                    self._codec.sent(sent)
            except OSError as error:
                self._broken = error
                self._codec.leave()

    def _leave(self, stream: Stream | None, waiter: Waiter) -> bool:
        """Wait no more; return whether the lead has been handed on to the waiter."""
        with self._lock:
            return self._waiting.leave(stream, waiter)

    def _woken(self, changed: Iterable[Stream]) -> list[Waiter]:
        """Take out those for whom there is something new, under the lock."""
        if not self._waiting:
            return []
        return self._waiting.take_all() if self.dead else self._waiting.take(changed)

    def _affected(self, stream: Stream | None) -> list[Waiter]:
        """Wake the leader, if it waits for a stream that another has ended, or for the connection; return whom else to wake."""
        if self._led and (self._led_for is stream or self._led_for is None):
            self._stream.wake()
        return self._woken(self._codec.changed())

    def _withdraw(self, stream: Stream | None, waiter: Waiter | None, leads: bool) -> None:
        """Wait no more, and leave no duty undone."""
        if waiter is not None:
            leads = self._leave(stream, waiter) or leads
        if leads:
            self._hand_on()

    def _bury(self) -> None:
        """Give up the streams that finalizers have recorded."""
        with self._lock:
            self._reset_orphans()
            self._flush()
            woken = self._affected(None)
        wake(woken)
        self._tell()

    def _reset_orphans(self) -> None:
        """Reset the streams that finalizers have recorded, under the lock."""
        while self._orphans:
            self._codec.reset(self._orphans.popleft())
            self._news = True

    def _hand_on(self) -> None:
        """Let another lead, if anything waits; otherwise the connection may be unused from now on."""
        with self._lock:
            woken = self._waiting.take_heir()
            self._led, self._led_for, self._awaits_room = bool(woken), None, False
            news, self._news = self._news or self._unused(), False
        wake(woken)
        if news:
            self._tell()

    @abstractmethod
    def _unused(self) -> bool:
        """Return whether the connection has no stream, and nothing waits for it; under the lock."""

    @abstractmethod
    def _tell(self) -> None:
        """Tell whom it concerns that there is more room, or less use."""
