"""One HTTP/2 connection that many exchanges share: what the pool asks of it, and what the exchanges do with it.

How they take turns at its socket is `_turns`' to know. It knows no pool.
"""

from __future__ import annotations

from typing import Any

from .._backends import Backend
from .._connection import Connection
from ..interface import Field
from ._home import Home
from ._pulse import PATIENCE
from ._stream import Stream, StreamState
from ._turns import Limit, Turns
from ._waiting import wake


class Http2Connection(Turns):
    """A connection with its codec.

    Args:
        backend: How I/O is done.
        connection: The open connection.

    Attributes:
        connection: As above.
        home: Who is told when there is more room, or less use.
    """

    __slots__ = ("_reserved", "home")

    def __init__(self, backend: Backend, connection: Connection) -> None:
        super().__init__(backend, connection)
        self._reserved = 0  # streams that have been promised, and are not open yet
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
            woken = self._affected(None)
        wake(woken)
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
    def answers(self) -> int:
        """How many requests it has answered."""
        return self._codec.answers

    async def answers_more(self, seen: int, limit: Limit) -> bool:
        """Return whether it has answered more requests than `seen`; while it has streams, wait for that.

        Raises:
            TimeoutError: A wait was longer than its limit.
        """
        codec = self._codec
        await self.until(None, lambda: codec.answers != seen or not codec.live(), limit)
        return codec.answers != seen

    def unused(self) -> bool:
        """Return whether it has no stream, and has promised none, and nothing waits for it any more."""
        with self._lock:
            return self._unused()

    def _unused(self) -> bool:
        """Return the same, under the lock."""
        return not (self._reserved or self._codec.live() or self._led)

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

    def forked(self) -> None:
        """Belong to nothing, in a process that was just forked: a thread of the parent may have held the lock."""
        self._lock = self._backend.lock()
        self._orphans.clear()
        self.home = None

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
            complete = stream.complete
        if complete:  # with the request's end it is no stream any more
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

    def take(self, stream: Stream) -> tuple[bytes, StreamState]:
        """Return the content that has arrived, with the stream's state at that moment, and give the peer credit for it.

        The two belong together: where the state is `complete`, no content will follow.
        """
        with self._lock:
            if stream.settled:  # nothing more can come, so no credit is needed
                return stream.take(), stream.state()
            content = self._codec.take(stream)
            self._flush()
            return content, stream.state()

    def rest(self, stream: Stream) -> bytes:
        """Return what has not been taken of content that is complete."""
        with self._lock:
            return stream.take()

    def state(self, stream: Stream) -> StreamState:
        """Return what a stream is now."""
        with self._lock:
            return stream.state()

    def informational(self, stream: Stream, start: int) -> list[tuple[int, list[Field]]]:
        """Return the informational responses that have arrived, from number `start` on."""
        with self._lock:
            return stream.informational[start:]

    def readable(self, stream: Stream) -> bool:
        """Return whether there is content to be taken, or the end."""
        with self._lock:
            return stream.readable

    def unprocessed(self, stream: Stream) -> bool:
        """Return whether the peer has declared that it did nothing with the request (RFC 9113 §8.7)."""
        with self._lock:
            return stream.unprocessed

    def facts(self, reused: bool) -> dict[str, Any]:
        """Return what a response reports of the connection; the first call asks TLS, which no other thread may use then."""
        with self._lock:
            return self.connection.facts(reused)

    def give_up(self, stream: Stream) -> None:
        """Reset a stream, unless it has ended both ways; what waits for it is woken, and fails."""
        with self._lock:
            if stream.settled and stream.ended:
                return
            self._codec.reset(stream)
            self._flush()
            woken = self._affected(stream)
        wake(woken)
        self._tell()

    def sendable(self, stream: Stream) -> bool:
        """Return whether content of a stream would be taken; only `until` may ask, under the lock."""
        return self._codec.sendable(stream)

    def _tell(self) -> None:
        """Tell the pool that there is more room, or less use."""
        if self.home is not None:
            self.home.changed(self)
