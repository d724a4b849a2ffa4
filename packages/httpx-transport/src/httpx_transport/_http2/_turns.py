"""Who reads an HTTP/2 connection for all, who writes, and who is woken: the turns of those who share it.

Of those who wait, one waits for the connection, feeds the codec for all, and hands the duty on when it has what it came for.
While nobody waits, the codec is fed by an event loop that tells what has come, or when the pool looks after idle ones. Codec and
stream are touched under a lock, and waited for without it. It knows no request and no pool.
"""

from __future__ import annotations

import contextlib
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
from ._waiting import Waiter, Waiting

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
        "_backend",
        "_broken",
        "_clock",
        "_codec",
        "_lock",
        "_orphans",
        "_pulse",
        "_reading",
        "_stream",
        "_waiting",
        "_writing",
        "connection",
    )

    def __init__(self, backend: Backend, connection: Connection) -> None:
        self._backend = backend
        self._clock: Callable[[], float] = backend.clock
        self._lock = backend.lock()
        self._codec = Codec()
        self._reading = False  # somebody waits for bytes, for all
        self._writing = False  # somebody waits for room to send
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
        leads = False
        waiter: Waiter | None = None
        try:
            while True:
                with self._lock:
                    if ready() or self.dead:
                        break
                    if not self._reading:
                        leads = self._reading = True
                    # Whoever reads for all cannot be told that one who sends for all has given up: he sends too.
                    writes = self._wants_to_write() and (leads or not self._writing)
                    self._writing = self._writing or writes
                    waiter = None if leads or writes else self._waiting.enter(stream, self._backend.event())
                if waiter is None:
                    await self._move(leads, writes, limit)
                    continue
                woken = await waiter.event.wait(limit())
                leads, waiter = self._leave(stream, waiter), None
                if not woken:
                    raise TimeoutError  # noqa: TRY301 - what was entered has to be left here too
        except GeneratorExit:  # the task has been collected, in the middle of anything: the lock may be held just here
            self._backend.soon(functools.partial(self._withdraw, stream, waiter, leads))
            raise
        except BaseException:
            self._withdraw(stream, waiter, leads)
            raise
        if leads:
            self._hand_on()

    async def glance(self) -> None:
        """Take what is here, if nobody waits for it: whoever only sends would never learn of an answer."""
        with self._lock:
            if self._reading:
                return
            self._reading = True
        try:
            if await self._stream.heard():
                self._receive()
        except OSError as error:
            self._fail(error)
        finally:
            self._hand_on()

    def abandon(self, stream: Stream) -> None:
        """Give up a stream that nobody holds any more; may be called by a finalizer, in the middle of anything."""
        self._orphans.append(stream)
        self._backend.soon(self._bury)

    def _overhear(self) -> None:
        """Take what has come while nobody waits for it, and answer it. Never waits."""
        if not self._reading:
            try:
                self._receive()
            except OSError as error:
                self._fail(error)

    async def _move(self, reads: bool, writes: bool, limit: Limit) -> None:
        """Wait for the connection; then feed what came, and send what fits. The duty to write ends with it, also out of time."""
        try:
            await self._stream.wait(reads, writes, limit())
            self._receive(reads)
        except OSError as error:
            if is_timeout(error):
                raise
            self._fail(error)
        finally:
            if writes:
                self._writing = False

    def _receive(self, reads: bool = True) -> None:
        """Feed what is here, if it is the caller's duty, and send what fits."""
        with self._lock:
            data = self._stream.receive() if reads else None
            if data is None:
                self._flush()
                woken = self._woken(self._codec.changed())
                news = False
            else:
                woken, news = self._feed(data)
        for waiter in woken:
            waiter.event.set()
        if self._orphans:
            self._bury()
        elif news:
            self._tell()

    def _feed(self, data: bytes) -> tuple[list[Waiter], bool]:
        """Feed the codec, under the lock; return who is to be woken, and whether the pool is to be told."""
        codec = self._codec
        before = codec.live(), codec.room(), codec.leaving, codec.known
        self._pulse.heard()
        if not data and self._broken is not None:
            changed = codec.fail(WriteError(str(self._broken)))
        else:
            changed = codec.feed(data)
        self._flush()
        return self._woken(changed), before != (codec.live(), codec.room(), codec.leaving, codec.known)

    def _fail(self, error: OSError) -> None:
        """End the connection for an error of the stream."""
        with self._lock:
            woken = self._woken(self._codec.fail(ReadError(str(error) or type(error).__name__)))
        for waiter in woken:
            waiter.event.set()
        self._tell()

    def _flush(self) -> None:
        """Send what fits, under the lock. An error is kept: what the peer has said before it comes first."""
        if self._broken is None:
            try:
                while data := self._codec.unsent():
                    sent = self._stream.send(data)
                    if not sent:
                        return
                    self._codec.sent(sent)
            except OSError as error:
                self._broken = error
                self._codec.leave()

    def _wants_to_write(self) -> bool:
        return self._broken is None and bool(self._codec.unsent())

    def _leave(self, stream: Stream | None, waiter: Waiter) -> bool:
        """Wait no more; return whether the duty to read has been handed on to the waiter."""
        with self._lock:
            return self._waiting.leave(stream, waiter)

    def _woken(self, changed: Iterable[Stream]) -> list[Waiter]:
        """Take out those for whom there is something new, under the lock."""
        if not self._waiting:
            return []
        return self._waiting.take_all() if self.dead else self._waiting.take(changed)

    def _withdraw(self, stream: Stream | None, waiter: Waiter | None, leads: bool) -> None:
        """Wait no more, and leave no duty undone."""
        if waiter is not None:
            leads = self._leave(stream, waiter) or leads
        if leads:
            self._hand_on()
        else:
            with self._lock:
                idle = self._wants_to_write() and not self._writing
                woken = self._waiting.take_first() if idle else []
            for heir in woken:
                heir.event.set()

    def _bury(self) -> None:
        """Give up the streams that nobody holds, unless somebody has the lock, who will do it then."""
        while self._orphans and self._lock.acquire(False):
            try:
                with contextlib.suppress(IndexError):  # another thread may have been here
                    self._codec.reset(self._orphans.popleft())
                self._flush()
            finally:
                self._lock.release()
        self._tell()

    def _hand_on(self) -> None:
        """Let another read for all, if anybody waits."""
        with self._lock:
            woken = self._waiting.take_heir()
            self._reading = bool(woken)
        for waiter in woken:
            waiter.event.set()

    @abstractmethod
    def _tell(self) -> None:
        """Tell whom it concerns that there is more room, or less use."""
