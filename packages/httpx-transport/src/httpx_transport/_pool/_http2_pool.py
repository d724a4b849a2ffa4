"""The pool where HTTP/2 may be spoken: requests share connections to origins that speak it, and take turns on others."""

from __future__ import annotations

import enum
from typing import Final, cast

from .._backends import Backend
from .._connection import Connection
from .._errors import ReadError, RemoteProtocolError, WriteError
from .._exchange import Exchange
from .._http2 import Http2Connection, Http2Exchange, NoRoom, TracedHttp2Exchange
from .._settings import Settings
from .._traced import TracedExchange
from ._lease import Lease
from ._pool import Answer, Outgoing, Pool
from ._proxied import ProxiedPool
from ._sharing import Sharing

_ATTEMPTS: Final = 5  # that may be in vain


class Again(enum.Enum):
    """Why a request is sent again, on another connection."""

    IN_VAIN = enum.auto()
    """Nobody knows whether the next one does better: such attempts are counted."""
    SPENT = enum.auto()
    """The connection had answered as many as the peer would on one: that goes on for as long as the peer likes."""


class Http2Pool(Pool):
    """Connections kept for later requests, some of them shared.

    Args:
        backend: How I/O is done.
        settings: Trust, limits, default timeout, and what may be spoken.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__(backend, settings)
        self._sharing = Sharing(backend, self._connections, settings.http1)

    async def _answer(self, request: Outgoing) -> Answer:
        """Send a request on a stream of a connection, or on one that speaks HTTP/1.1."""
        *_, origin, _, _ = request
        if not self._sharing.concerns(origin):
            return await super()._answer(request)
        avoid: Http2Connection | None = None
        in_vain = 0
        while in_vain < _ATTEMPTS:
            found, last = await self._obtain(request, avoid), in_vain == _ATTEMPTS - 1
            if isinstance(found, Lease):
                answer = await self._send_alone(found, request, last)
                avoid = None
            else:
                answer = await self._send_shared(found, request, last)
                avoid = found
            if not isinstance(answer, Again):
                return answer
            in_vain += answer is Again.IN_VAIN
        raise RemoteProtocolError(f"{_ATTEMPTS} connections had no room for the request")

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

    async def _send_shared(self, shared: Http2Connection, request: Outgoing, last: bool) -> Answer | Again:
        """Send on a stream; where the request may be sent again, return why it has to be."""
        method, target, headers, body, options, trace, _, began, timings = request
        given = (self.backend, shared, options, began, self._clock(), timings)
        exchange = Http2Exchange(*given) if trace is None else TracedHttp2Exchange(trace, *given)
        try:
            head = await exchange.start(method, target, headers, body)
        except NoRoom:
            return Again.SPENT if shared.spent else Again.IN_VAIN
        except (ReadError, WriteError, RemoteProtocolError):
            spent = exchange.unprocessed and shared.spent
            if (last and not spent) or not exchange.repeatable(method, body):
                raise
            return Again.SPENT if spent else Again.IN_VAIN
        return head.status, head.fields, exchange, exchange.facts(head)

    async def _send_alone(self, lease: Lease, request: Outgoing, last: bool) -> Answer | Again:
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
            if last or not isinstance(error, ReadError | WriteError | RemoteProtocolError):
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
