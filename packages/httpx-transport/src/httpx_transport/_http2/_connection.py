"""One HTTP/2 connection that many exchanges share: who reads for all, who writes, and who is woken.

Of those who wait, one waits for the connection, feeds the codec for all, and hands the duty on when it has what it came for.
While nobody waits, the codec is fed by an event loop that tells what has come, or when the pool looks after idle ones. Codec and stream are touched under a lock, and waited for without it. It knows no pool.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from .._backends import Backend
from .._connection import Connection
from .._errors import ReadError, WriteError
from .._wire import is_timeout
from ..interface import Field
from ._codec import Codec
from ._home import Home
from ._pulse import PATIENCE, Pulse
from ._stream import Stream
from ._waiting import Waiter, Waiting

Limit: TypeAlias = Callable[[], float | None]
"""What says how many seconds a wait that begins now may last; None is no limit."""


class Http2Connection:
    """A connection with its codec.

    Args:
        backend: How I/O is done.
        connection: The open connection.

    Attributes:
        connection: As above.
        home: Who is told when there is more room, or less use.
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
        "_reserved",
        "_stream",
        "_waiting",
        "_writing",
        "connection",
        "home",
    )

    def __init__(self, backend: Backend, connection: Connection) -> None:
        self._backend = backend
        self._clock: Callable[[], float] = backend.clock
        self._lock = backend.lock()
        self._codec = Codec()
        self._stream = connection.stream
        self._stream.share()
        self._stream.listen(self._overhear)
        self._reserved = 0  # streams that have been promised, and are not open yet
        self._reading = False  # somebody waits for bytes, for all
        self._writing = False  # somebody waits for room to send
        self._broken: OSError | None = None  # nothing can be sent any more, but what was answered may still come
        self._orphans: deque[Stream] = deque()
        self._waiting = Waiting()
        self._pulse = Pulse(backend.clock, self._codec)
        self.connection = connection
        self.home: Home | None = None

    # What the pool asks.

    def reserve(self) -> bool:
        """Take the right to open one stream; return whether there was one."""
        with self._lock:
            room = self._codec.room() > self._reserved
            self._reserved += room
        return room

    def promise(self) -> None:
        """Take the right to open a stream, even if there is no room for it yet: `granted` waits for that."""
        with self._lock:
            self._reserved += 1

    async def granted(self, limit: Limit) -> None:
        """Wait until there is room for what has been promised, or never will be.

        Raises:
            TimeoutError: A wait was longer than its limit.
        """
        await self.until(None, lambda: self._codec.room() >= self._reserved or self.leaving, limit)

    def roomy(self) -> bool:
        """Return whether there is room that nobody has been promised."""
        with self._lock:
            return self._codec.room() > self._reserved

    def unreserve(self) -> None:
        """Give back the right to open a stream."""
        with self._lock:
            self._reserved -= 1
        self._tell()

    @property
    def known(self) -> bool:
        """Whether the peer has said how many streams there may be."""
        return self._codec.known

    @property
    def leaving(self) -> bool:
        """Whether it takes no more streams, ever."""
        return self._codec.leaving

    @property
    def spent(self) -> bool:
        """Whether it has answered some, and takes no more: whoever it turned away is nearer to an answer all the same."""
        return self._codec.spent

    @property
    def dead(self) -> bool:
        """Whether nothing more will come."""
        return self._codec.failure is not None

    def unused(self) -> bool:
        """Return whether it has no stream, and has promised none."""
        with self._lock:
            return not self._reserved and not self._codec.live()

    async def revive(self, limit: Limit) -> bool:
        """Return whether an idle connection can be used again; only one that nobody else has.

        What has come is taken, and answered. A peer that has been silent for long is asked whether it is there (RFC 9113
        §6.7).

        Args:
            limit: How long a wait may last; the peer has a few seconds at most.
        """
        try:
            await self.until(None, lambda: self.leaving or self._stream.idle(), limit)
            if not self.leaving and self._pulse.silent():
                await self._ask(limit)
        except TimeoutError:
            return False
        return not self.leaving

    async def _ask(self, limit: Limit) -> None:
        with self._lock:
            self._codec.ping()
            self._flush()
        deadline = self._clock() + PATIENCE

        def left() -> float:
            longest = limit()
            patience = max(deadline - self._clock(), 0.0)
            return patience if longest is None else min(patience, longest)

        await self.until(None, lambda: not self._codec.pings or self.leaving, left)

    def attend(self) -> bool:
        """Take what has come on an idle connection, and ask a silent peer, without waiting; return whether it can be used."""
        self._overhear()
        if not self.leaving:
            with self._lock:
                alive = self._pulse.check()
                self._flush()
            if not alive:
                self._fail(TimeoutError("the server did not answer a PING"))
        return not self.leaving

    def goodbye(self) -> None:
        """Tell the peer that we close, if that is possible without waiting."""
        with self._lock:
            self._codec.close()
            self._flush()

    # What the exchanges ask.

    def open(
        self, method: bytes, scheme: bytes, target: bytes, fields: list[Field], *, end: bool, waits: bool = False
    ) -> Stream | None:
        """Use the right to open a stream, for a request; return None where the peer has taken it back: it is still to be given.

        A request that is whole, and whose sender `waits` for the answer now, may leave with others of the same turn.

        Raises:
            LocalProtocolError: The request cannot be said in HTTP/2.
        """
        with self._lock:
            if not self._codec.room():
                return None
            stream = self._codec.open(method, scheme, target, fields, end=end)
            self._reserved -= 1
            gathered = waits and self._backend.gathers and self._codec.live() > 1
            if end and not gathered:  # one with content leaves with the first of it
                self._flush()
        return stream

    def send(self, stream: Stream, data: bytes | memoryview, *, end: bool) -> int:
        """Take content, and send what fits; return how many bytes were taken.

        Raises:
            LocalProtocolError: It is not as long as declared.
        """
        with self._lock:
            taken = self._codec.send(stream, data, end=end)
            self._flush()
        if stream.complete:  # with the request's end it is no stream any more
            self._tell()
        return taken

    def send_trailers(self, stream: Stream, fields: list[Field]) -> None:
        """End a request by trailers, or just end it where there are none.

        Raises:
            LocalProtocolError: A field that cannot be sent, or less content than was declared.
        """
        with self._lock:
            self._codec.send_trailers(stream, fields)
            self._flush()
        self._tell()

    def take(self, stream: Stream) -> bytes:
        """Return the content that has arrived, and give the peer credit for it."""
        if stream.settled:  # nothing more can come, so no credit is needed
            return stream.take()
        with self._lock:
            content = self._codec.take(stream)
            self._flush()
        return content

    def give_up(self, stream: Stream) -> None:
        """Reset a stream, unless it has ended both ways."""
        with self._lock:
            self._codec.reset(stream)
            self._flush()
        self._tell()

    def sendable(self, stream: Stream) -> bool:
        """Return whether content of a stream would be taken; only `until` may ask, under the lock."""
        return self._codec.sendable(stream)

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

    def _overhear(self) -> None:
        """Take what has come while nobody waits for it, and answer it. Never waits."""
        if not self._reading:
            try:
                self._receive()
            except OSError as error:
                self._fail(error)

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
                    await self._move(leads, writes, limit())
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

    def abandon(self, stream: Stream) -> None:
        """Give up a stream that nobody holds any more; may be called by a finalizer, in the middle of anything."""
        self._orphans.append(stream)
        self._backend.soon(self._bury)

    # How it is done.

    async def _move(self, reads: bool, writes: bool, timeout: float | None) -> None:
        """Wait for the connection; then feed what came, and send what fits."""
        try:
            await self._stream.wait(reads, writes, timeout)
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

    def _tell(self) -> None:
        """Tell the pool that there is more room, or less use."""
        if self.home is not None:
            self.home.changed(self)
