"""The pool acts on what the slots decide: it connects, waits, closes, and starts the exchange."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

from .._backends import Backend
from .._connect import Connector
from .._connection import DEFAULT_PORTS, Connection, Origin, peer_name
from .._errors import (
    PoolClosed,
    PoolTimeout,
    ReadError,
    RemoteProtocolError,
    UnsupportedProtocol,
    WriteError,
    explain,
)
from .._exchange import Exchange
from .._extensions import Options, read_options
from .._settings import Settings
from .._trace import trace_of
from .._traced import TracedExchange
from ..interface import Field, RawURL
from ._lease import Lease
from ._slots import Slots, Waiter


class Pool:
    """Connections kept for later requests: one implementation for every face.

    Args:
        backend: How I/O is done.
        settings: Trust, limits and default timeout.

    Attributes:
        backend: How I/O is done.
        closed: Whether `close` has been called.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self.backend = backend
        self._clock = backend.clock
        self._lock = backend.lock()
        self._slots = Slots(settings.max_connections, settings.max_keepalive_connections, settings.keepalive_expiry)
        self._connector = Connector(backend, settings.ssl_context)
        self._timeout = settings.timeout
        self.closed = False

    async def handle(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: Iterable[bytes] | AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], Exchange, dict[str, Any]]:
        """Send a request; return status, fields, the exchange to read the content from, and extensions.

        Raises:
            TransportError: There is no response; the subclass says why.
            TypeError: The body is none that this face can send.
        """
        scheme, host, port, target = url
        if scheme not in DEFAULT_PORTS:
            if not scheme:
                raise UnsupportedProtocol("Request URL is missing an 'http://' or 'https://' protocol.")
            raise UnsupportedProtocol(f"Request URL has an unsupported protocol '{scheme.decode('latin-1')}://'.")
        now = self._clock()
        options = read_options(extensions, self._timeout)
        options.start(now)
        if options.target is not None:
            target = options.target
        trace = trace_of(options.trace, method, url, headers, extensions)
        timings: dict[str, float] = {}
        origin, began = (scheme, host, port, options.sni_hostname), now
        waiter, connection = self._assign(origin, now)
        if waiter is not None:
            connection = await self._wait(waiter, options)
            now = self._clock()
            timings["pool"] = now - began
        lease = Lease(self, connection)
        try:
            if connection is not None and not connection.stream.idle():
                # The peer closed it, or spoke out of turn: nothing that it says may answer this request.
                connection.close()
                connection = lease.connection = None
            while True:  # at most twice: what failed on a fresh connection is not repeated
                if connection is None:
                    connection = lease.connection = await self._connector.connect(
                        origin, options.limit(options.connect, now), trace
                    )
                    timings.update(connection.timings)
                    now = self._clock()
                given = (self.backend, lease, connection, options, began, now, timings)
                exchange = Exchange(*given) if trace is None else TracedExchange(trace, *given)
                try:
                    head = await exchange.start(method, target, headers, body)
                except (ReadError, WriteError, RemoteProtocolError):
                    if not exchange.repeatable(method, body):
                        raise
                    # The peer closed the idle connection while our request was on its way.
                    connection.close()
                    connection = lease.connection = None
                else:
                    return head.status, head.fields, exchange, exchange.facts(head)
        except BaseException:
            lease.release(reusable=False)
            raise

    def _assign(self, origin: Origin, now: float) -> tuple[Waiter | None, Connection | None]:
        """Take a slot, with the connection in it if there is one, or a place in the queue."""
        waiter: Waiter | None = None
        with self._lock:
            if self.closed:
                raise PoolClosed("the connection pool is closed")
            granted, connection, discarded = self._slots.assign(origin, now)
            if not granted:
                waiter = Waiter(origin, self.backend.event())
                self._slots.queue(waiter)
        for unwanted in discarded:
            unwanted.close()
        return waiter, connection

    async def _wait(self, waiter: Waiter, options: Options) -> Connection | None:
        """Wait for a slot; return the connection in it."""
        started = self._clock()
        try:
            await waiter.event.wait(options.limit(options.pool, started))
        except BaseException:
            if self._withdraw(waiter):
                self.release(waiter.connection, reusable=True)
            raise
        # A slot that comes at the last moment is taken all the same.
        if self._withdraw(waiter):
            return waiter.connection
        if self.closed:
            raise PoolClosed("the connection pool was closed while a request waited for a connection")
        peer = peer_name(waiter.origin)
        raise PoolTimeout(
            explain("timed out: no connection became free", "waiting to reach", peer, self._clock() - started)
        )

    def _withdraw(self, waiter: Waiter) -> bool:
        """Take a request out of the queue; return whether it was served before that."""
        with self._lock:
            return self._slots.withdraw(waiter)

    def stats(self) -> dict[str, int]:
        """Return how many connections there are, active and idle, and how many requests wait for one."""
        with self._lock:
            return self._slots.counts()

    def release(self, connection: Connection | None, reusable: bool) -> None:
        """Take a slot back; called by its lease only."""
        if connection is not None and not reusable:
            connection.close()
            connection = None
        with self._lock:
            waiter, discarded = self._slots.release(connection, self._clock())
            if self.closed:  # nothing is kept any more
                discarded += self._slots.clear()[0]
        for unwanted in discarded:
            unwanted.close()
        if waiter is not None:
            waiter.event.set()

    def close(self) -> None:
        """Close idle connections now, the others when their exchange ends; let waiters go."""
        with self._lock:
            self.closed = True
            idle, waiters = self._slots.clear()
        for connection in idle:
            connection.close()
        for waiter in waiters:
            waiter.event.set()
