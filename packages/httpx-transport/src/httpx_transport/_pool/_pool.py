"""The pool acts on what the slots decide: it connects, waits, closes, and starts the exchange."""

from __future__ import annotations

from collections.abc import AsyncIterable, Coroutine, Iterable
from typing import Any, Protocol, TypeAlias

from .._backends import Backend
from .._body import Content
from .._connect._connector import Connector
from .._connection import Connection, Origin, peer_name
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
from .._extensions import Options, OptionsReader
from .._network_stream import Holder
from .._schemes import DEFAULT_PORTS
from .._settings import Settings
from .._trace import Trace, TracedRequest, logged
from .._traced import TracedExchange
from ..interface import Field, RawURL
from ._connections import Connections
from ._lease import Lease
from ._share import Waiter


class AnyExchange(Content, Holder, Protocol):
    """One request and its response, whatever was spoken."""


Answer: TypeAlias = tuple[int, list[Field], AnyExchange, dict[str, Any]]
"""Status, fields, what the content is read from, and the response's extensions."""


Outgoing: TypeAlias = tuple[
    bytes,
    bytes,
    list[Field],
    Iterable[bytes] | AsyncIterable[bytes] | bytes,
    Options,
    Trace | None,
    Origin,
    float,
    dict[str, float],
]
"""A request on its way: method, target, fields, body; what it asks for beside itself, who listens, and whom it wants to
reach; since when, and the seconds by phase so far. (A bare tuple: each request has one.)"""


class Pool:
    """Connections kept for later requests: one implementation for every face.

    Args:
        backend: How I/O is done.
        settings: Trust, limits and default timeout.

    Attributes:
        backend: How I/O is done.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self.backend = backend
        self._clock = backend.clock
        self._connections = Connections(backend, settings)
        self._connector = Connector(backend, settings, settings.alpn())
        self._options = OptionsReader(settings.timeout)

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._connections.closed

    def handle(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: Iterable[bytes] | AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> Coroutine[Any, Any, Answer]:
        """Send a request; return what, awaited, gives status, fields, the exchange to read from, and extensions.

        Raises:
            TransportError: There is no response; the subclass says why.
            TypeError: The body is none that this face can send.
        """
        scheme, host, port, target = url
        if scheme not in DEFAULT_PORTS:
            if not scheme:
                raise UnsupportedProtocol("Request URL is missing an 'http://' or 'https://' protocol.")
            raise UnsupportedProtocol(f"Request URL has an unsupported protocol '{scheme.decode('latin-1')}://'.")
        self.backend.catch_up()
        now = self._clock()
        options = self._options.read(extensions)
        if options.total is not None:
            options.deadline = now + options.total
        if options.target is not None:
            target = options.target
        trace = None
        if options.trace is not None or logged():
            trace = Trace(options.trace, TracedRequest(method, url, headers, extensions))
        origin = (scheme, host, port, options.sni_hostname)
        return self._answer((method, target, headers, body, options, trace, origin, now, {}))

    async def _answer(self, request: Outgoing) -> Answer:
        """Send a request on a connection that serves no other meanwhile."""
        method, target, headers, body, options, trace, origin, began, timings = request
        now = began
        lease = self._connections.assign(origin, now)
        if isinstance(lease, Waiter):
            lease = await self._wait(lease, options)
            now = self._clock()
            timings["pool"] = now - began
        try:
            connection = lease.connection
            if connection is not None and not connection.stream.idle():
                # The peer closed it, or spoke out of turn: nothing that it says may answer this request.
                self._empty(lease, connection)
                connection = None
            while True:  # at most twice: what failed on a fresh connection is not repeated
                if connection is None:
                    connection = await self._connect(lease, origin, options, trace)
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
                    self._empty(lease, connection)
                    connection = None
                else:
                    return head.status, head.fields, exchange, exchange.facts(head)
        except GeneratorExit:  # the task has been collected, in the middle of anything
            lease.abandon()
            raise
        except BaseException:
            lease.release(reusable=False)
            raise

    async def _wait(self, waiter: Waiter, options: Options) -> Lease:
        """Wait for a slot; return the lease of it."""
        started = self._clock()
        try:
            await waiter.event.wait(options.limit(options.pool, started))
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._connections.forget(waiter)
            raise
        except BaseException:
            lease = self._connections.withdraw(waiter)
            if lease is not None:
                lease.release(reusable=True)
            raise
        # A slot that comes at the last moment is taken all the same.
        lease = self._connections.withdraw(waiter)
        if lease is not None:
            return lease
        if self.closed:
            raise PoolClosed("the connection pool was closed while a request waited for a connection")
        what = f"timed out: no connection became free: {self._connections.shortage(waiter)}"
        raise PoolTimeout(explain(what, "waiting to reach", peer_name(waiter.origin), self._clock() - started))

    async def _connect(self, lease: Lease, origin: Origin, options: Options, trace: Trace | None) -> Connection:
        """Fill an empty slot."""
        connection = await self._connector.connect(origin, options.connect, trace, options.deadline)
        self._connections.admit(connection)
        lease.connection = connection
        return connection

    def _empty(self, lease: Lease, connection: Connection) -> None:
        """Close the connection in a slot that is to be filled again."""
        lease.connection = None
        self._connections.discard(connection)

    def stats(self) -> dict[str, int]:
        """Return how many connections there are, active and idle, and how many requests wait for one."""
        return self._connections.counts()

    def close_expired(self) -> None:
        """Close the connections that have been idle for too long."""
        self._connections.close_expired()

    def close(self) -> None:
        """Close idle connections now, the others when their exchange ends; let waiters go."""
        self._connections.close()

    async def drain(self, seconds: float | None) -> None:
        """After `close`, wait at most `seconds` for the exchanges to end, and break off the others; None is not at all."""
        if seconds is not None:
            await self._connections.drain(seconds)
