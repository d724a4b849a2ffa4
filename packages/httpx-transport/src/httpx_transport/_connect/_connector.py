"""Making one connection: the name is looked up, TCP connects, TLS shakes hands, all within one limit; and once more, perhaps."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from .._backends import Backend, Stream
from .._connection import Connection, Origin, peer_name, port_of
from .._errors import ConnectError, ConnectTimeout, TransportError, connect_failure
from .._settings import Settings
from .._trace import Trace
from ._contexts import HTTP_1, shared_ssl_context
from ._dialer import Dialer

if TYPE_CHECKING:
    import ssl

    from ._proxy import Proxy
    from ._proxy_route import Route

_HTTP_2: Final = ("h2",)


class Connector:
    """Makes connections for a pool.

    Args:
        backend: How I/O is done.
        settings: The pool's.
        alpn: The protocols to offer in TLS, the preferred one first.
    """

    __slots__ = ("_alpn", "_backend", "_context", "_dialer", "_given", "_retries", "_route")

    def __init__(self, backend: Backend, settings: Settings, alpn: Sequence[str] = HTTP_1) -> None:
        self._backend = backend
        self._dialer = Dialer(backend, settings)
        self._given = settings.ssl_context
        self._context: ssl.SSLContext | None = None
        self._retries = settings.retries
        self._alpn = tuple(alpn)
        self._route: Route | None = None

    def go_through(self, proxies: tuple[Proxy, ...]) -> Route:
        """Let all connections from now on go through proxies; return the way."""
        from ._proxy_route import Route

        self._route = route = Route(proxies, self._backend.clock, self._dialer.resolve)
        return route

    async def connect(
        self, origin: Origin, timeout: float | None, trace: Trace | None = None, deadline: float | None = None
    ) -> Connection:
        """Return an open connection, after as many attempts as the pool allows.

        Args:
            origin: Whom to reach.
            timeout: Seconds for each attempt; None is no limit.
            trace: Who wants to know.
            deadline: When all of it must be over, on the backend's clock; None is never.

        Raises:
            ConnectTimeout: The time was over.
            ConnectError: The name, the address, the port or TLS; the message says which.
            ProxyError: A proxy on the way refused; that is not tried again.
        """
        for tried in range(self._retries):
            try:
                return await self._attempt(origin, self._limit(timeout, deadline), trace)
            except (ConnectError, ConnectTimeout):
                pause = backoff(tried)
                if deadline is not None and self._backend.clock() + pause >= deadline:
                    raise
            await self._pause(pause, trace)
        return await self._attempt(origin, self._limit(timeout, deadline), trace)

    def _limit(self, timeout: float | None, deadline: float | None) -> float | None:
        if deadline is None:
            return timeout
        left = max(deadline - self._backend.clock(), 0.0)
        return left if timeout is None else min(timeout, left)

    async def _pause(self, seconds: float, trace: Trace | None) -> None:
        never = self._backend.event()  # it ends by its time
        if trace is None:
            await never.wait(seconds)
        else:
            await trace.around("connection.retry", functools.partial(never.wait, seconds))

    async def _attempt(self, origin: Origin, timeout: float | None, trace: Trace | None) -> Connection:
        clock = self._backend.clock
        peer, started = peer_name(origin), clock()
        stream: Stream | None = None
        timings: dict[str, float] = {}
        try:
            host, port = _address(origin)
            if self._route is None:
                stream = await self._open(host, port, timeout, trace, timings)
            else:
                peer = self._route.peer(origin)
                dial = functools.partial(self._open, trace=trace, timings=timings)
                stream = await self._route.connect(dial, origin, timeout, trace)
            connected = clock()
            timings["connect"] = connected - started - timings.get("dns", 0.0)
            if origin[0] == b"https":
                left = None if timeout is None else max(timeout - (connected - started), 0.0)
                await self._start_tls(stream, origin[3] or host, left, trace)
                timings["tls"] = clock() - connected
        except BaseException as error:
            doing = "connecting to" if stream is None else "in the TLS handshake with"
            if stream is not None:
                stream.close()
            if isinstance(error, TransportError) or not isinstance(error, OSError | ValueError):
                raise
            raise connect_failure(error, doing, peer, clock() - started) from error
        connection = Connection(origin, stream, peer, timings)
        connection.facts(reused=False)  # now: a response may be complete, and the stream closed, before it is asked
        return connection

    async def _open(
        self, host: str, port: int, timeout: float | None, trace: Trace | None, timings: dict[str, float]
    ) -> Stream:
        dialer = self._dialer
        if trace is None:
            return await dialer.dial(host, port, timeout, timings)
        dial = functools.partial(dialer.dial, host, port, timeout, timings)
        details: dict[str, Any] = {"timeout": timeout, "socket_options": list(dialer.socket_options) or None}
        if dialer.uds is not None:
            return await trace.around("connection.connect_unix_socket", dial, _close, path=dialer.uds, **details)
        details = {"host": host, "port": port, "local_address": dialer.local_address, **details}
        return await trace.around(f"{self._kinds[0]}.connect_tcp", dial, _close, **details)

    async def _start_tls(self, stream: Stream, hostname: str, timeout: float | None, trace: Trace | None) -> None:
        context = self._ssl_context()
        if trace is None:
            await self._secured(stream, context, hostname, timeout)
            return
        secure = functools.partial(self._secured, stream, context, hostname, timeout)
        details = {"ssl_context": context, "server_hostname": hostname, "timeout": timeout}
        await trace.around(f"{self._kinds[1]}.start_tls", secure, **details)

    @property
    def _kinds(self) -> tuple[str, str]:
        return ("connection", "connection") if self._route is None else self._route.kinds

    async def _secured(self, stream: Stream, context: ssl.SSLContext, hostname: str, timeout: float | None) -> Stream:
        """Shake hands, and return the stream, for those who want to look at it then.

        Raises:
            OSError: The peer is not whom it should be, or speaks none of our protocols (RFC 7301 §3.2).
        """
        await stream.start_tls(context, hostname, timeout)
        tls = stream.get_extra_info("ssl_object")
        # Who chooses none speaks HTTP/1.1, unless we have said that we know better; a simulated network may have no TLS object.
        chosen = None if tls is None else tls.selected_alpn_protocol()
        if tls is not None and (chosen or HTTP_1[0]) not in self._alpn and (chosen, self._alpn) != (None, _HTTP_2):
            raise OSError(f"no protocol in common: {' and '.join(self._alpn)} offered, {chosen or 'none'} chosen")
        return stream

    def _ssl_context(self) -> ssl.SSLContext:
        """Return the context, made when it is first needed; of the caller's only the protocols to offer are changed."""
        given = self._given
        if given is not None and not callable(given):
            given.set_alpn_protocols(list(self._alpn))  # each time: pools that offer others may share it
            return given
        if self._context is None:
            self._context = (given or shared_ssl_context)(alpn=self._alpn)
        return self._context


def _close(stream: Stream) -> None:
    stream.close()


def backoff(tried: int) -> float:
    """Return the seconds to wait before the next attempt, after so many further ones: 0, 0.5, 1, 2, 4 and so on."""
    return 0.5 * 2 ** (tried - 1) if tried else 0.0


def _address(origin: Origin) -> tuple[str, int]:
    """Return host and port; refuse what the system would cut to the address of somebody else."""
    host, port = origin[1].decode("ascii"), port_of(origin)
    if "\0" in host:
        raise ValueError("NUL in the host's name")
    if not 0 <= port <= 65_535:
        raise ValueError("a port is a number from 0 to 65535")
    return host, port
