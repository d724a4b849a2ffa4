"""The pool where HTTP/2 may be spoken: requests share connections to origins that speak it, and take turns on others."""

from __future__ import annotations

import contextlib
import enum
import math
from typing import Final, cast

from .._backends import Backend
from .._connection import Connection, Origin, peer_name
from .._errors import PoolTimeout, ReadError, RemoteProtocolError, WriteError, explain
from .._exchange import Exchange
from .._extensions import Options
from .._http2 import Http2Connection, Http2Exchange, NoRoom, TracedHttp2Exchange
from .._settings import Settings
from .._traced import TracedExchange
from ._lease import Lease
from ._pool import Answer, Outgoing, Pool
from ._proxied import ProxiedPool
from ._sharing import Sharing

_ATTEMPTS: Final = 5  # that may be in vain, and that are made without a pause
_REFUSALS: Final = 12  # refusals in a row without an answer to any other request to the origin
_REMEMBERED: Final = 1_000  # origins whose answers are counted
_PAUSE: Final = 0.02  # seconds before the attempt after so many that were refused; each one later is twice as long
_LONGEST_PAUSE: Final = 1.0


class Again(enum.Enum):
    """Why a request is sent again, on another connection."""

    IN_VAIN = enum.auto()
    """The connection had no use: nobody knows whether the next one does better, and such attempts are counted."""
    REFUSED = enum.auto()
    """The peer refused the stream, and no request to the origin was answered meanwhile: such attempts are counted too."""
    BUSY = enum.auto()
    """The peer refused the stream while others were answered: this is a wait for room, and limited as one."""
    SPENT = enum.auto()
    """The connection had answered as many as the peer would on one: that goes on for as long as the peer likes."""


_LIMITS: Final = {Again.IN_VAIN: _ATTEMPTS, Again.REFUSED: _REFUSALS}


class Http2Pool(Pool):
    """Connections kept for later requests, some of them shared.

    Args:
        backend: How I/O is done.
        settings: Trust, limits, default timeout, and what may be spoken.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__(backend, settings)
        self._sharing = Sharing(backend, self._connections, settings.http1)
        self._answers: dict[Origin, int] = {}  # over HTTP/2; a number that changes with each, which is all that matters

    async def _answer(self, request: Outgoing) -> Answer:
        """Send a request on a stream of a connection, or on one that speaks HTTP/1.1."""
        *_, origin, _, _ = request
        if not self._sharing.concerns(origin):
            return await super()._answer(request)
        avoid: Http2Connection | None = None
        tries: dict[Again, int] = {}
        refused = 0
        started = self._clock()
        while True:
            found = await self._obtain(request, avoid)
            if isinstance(found, Lease):
                answer = await self._send_alone(found, request, tries)
                avoid = None
            else:
                answer = await self._send_shared(found, request, tries)
                avoid = found
            if not isinstance(answer, Again):
                return answer
            tries[answer] = tries.get(answer, 0) + 1
            if tries.get(Again.IN_VAIN) == _ATTEMPTS:
                raise RemoteProtocolError(f"{_ATTEMPTS} connections had no room for the request")
            if answer in (Again.REFUSED, Again.BUSY):
                refused += 1
                await self._pause(request, refused, started)

    async def _obtain(self, request: Outgoing, avoid: Http2Connection | None) -> Http2Connection | Lease:
        *_, options, trace, origin, began, timings = request
        made = False

        async def connect(lease: Lease) -> Connection:
            nonlocal made
            made = True
            connection = await self._connect(lease, origin, options, trace)
            timings.update(connection.timings)
            return connection

        found = await self._sharing.obtain(origin, options, connect, avoid)
        if not made:
            timings["pool"] = self._clock() - began
        return found

    async def _send_shared(self, shared: Http2Connection, request: Outgoing, tries: dict[Again, int]) -> Answer | Again:
        """Send on a stream; where the request may be sent again, return why it has to be."""
        method, target, headers, body, options, trace, origin, began, timings = request
        given = (self.backend, shared, options, began, self._clock(), timings)
        exchange = Http2Exchange(*given) if trace is None else TracedHttp2Exchange(trace, *given)
        before = self._answers.get(origin), shared.answers
        try:
            head = await exchange.start(method, target, headers, body)
        except NoRoom:
            return Again.SPENT if shared.spent else Again.IN_VAIN
        except (ReadError, WriteError, RemoteProtocolError):
            if not exchange.repeatable(method, body):
                raise
            if not exchange.unprocessed:
                again = Again.IN_VAIN
            elif shared.leaving:
                again = Again.SPENT if shared.spent else Again.IN_VAIN
            else:
                again = await self._why_refused(shared, before, request, tries)
            if tries.get(again, 0) + 1 >= _LIMITS.get(again, math.inf):
                raise
            return again
        self._count_answer(origin)
        return head.status, head.fields, exchange, exchange.facts(head)

    def _count_answer(self, origin: Origin) -> None:
        """Note that a request to an origin was answered. Threads may lose one of several at once: the number changes."""
        answers = self._answers
        count = answers.get(origin, 0)
        if not count and len(answers) >= _REMEMBERED:
            answers.clear()
        answers[origin] = count + 1

    async def _why_refused(
        self, shared: Http2Connection, before: tuple[int | None, int], request: Outgoing, tries: dict[Again, int]
    ) -> Again:
        """Return whether a peer that refused a stream (RFC 9113 §8.7) answers others.

        After some attempts in vain the peer is given the time to answer the streams that it has taken.

        Args:
            shared: The connection.
            before: How many requests had been answered when the stream was opened: to the origin, and on the connection.
            request: The request.
            tries: How many attempts there were before, by what came of them.
        """
        *_, options, _, origin, _, _ = request
        if tries.get(Again.REFUSED, 0) + 1 >= _ATTEMPTS:
            started = self._clock()
            with contextlib.suppress(TimeoutError):
                await shared.answers_more(before[1], lambda: self._left(options, started))
        if before == (self._answers.get(origin), shared.answers):
            return Again.REFUSED
        tries.pop(Again.REFUSED, None)
        return Again.BUSY

    async def _pause(self, request: Outgoing, refused: int, started: float) -> None:
        """Wait before the next attempt of a request that was refused so many times, the longer the more they were.

        Raises:
            PoolTimeout: There is no time left for it.
        """
        *_, options, _, origin, _, _ = request
        if refused < _ATTEMPTS:
            return
        left = self._left(options, started)
        if left == 0.0:
            what = f"timed out: the server refused the request {refused} times"
            raise PoolTimeout(explain(what, "waiting to reach", peer_name(origin), self._clock() - started))
        pause = min(_PAUSE * 2.0 ** min(refused - _ATTEMPTS, 10), _LONGEST_PAUSE)
        await self.backend.event().wait(pause if left is None else min(pause, left))

    def _left(self, options: Options, started: float) -> float | None:
        """Return what is left of the time for a slot or a stream."""
        now = self._clock()
        return options.limit(None if options.pool is None else max(options.pool - (now - started), 0.0), now)

    async def _send_alone(self, lease: Lease, request: Outgoing, tries: dict[Again, int]) -> Answer | Again:
        """Send on a connection that speaks HTTP/1.1; where the request may be sent again, return why it has to be."""
        method, target, headers, body, options, trace, _, began, timings = request
        given = (self.backend, lease, cast(Connection, lease.connection), options, began, self._clock(), timings)
        exchange = Exchange(*given) if trace is None else TracedExchange(trace, *given)
        try:
            head = await exchange.start(method, target, headers, body)
        except GeneratorExit:
            lease.abandon()
            raise
        except BaseException as error:
            lease.release(reusable=False)
            if tries.get(Again.IN_VAIN, 0) + 1 >= _ATTEMPTS or not isinstance(
                error, ReadError | WriteError | RemoteProtocolError
            ):
                raise
            if not exchange.repeatable(method, body):
                raise
            return Again.IN_VAIN
        return head.status, head.fields, exchange, exchange.facts(head)

    def close(self) -> None:
        """Close idle connections now, the others when their exchanges end; let waiters go."""
        super().close()
        self._sharing.close()


class ProxiedHttp2Pool(ProxiedPool, Http2Pool):
    """Both: HTTP/2 is spoken to origins, through tunnels; a proxy that forwards is spoken to in HTTP/1.1."""
