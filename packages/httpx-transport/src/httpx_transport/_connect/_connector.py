"""Making one connection: the name is looked up, TCP connects, TLS shakes hands, all within one deadline.

Only the system's blocking name lookup cannot be interrupted; what it takes is taken from the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._backends import Backend, Stream
from .._connection import Connection, Origin, peer_name, port_of
from .._errors import ConnectError, ConnectTimeout, explain
from .._trace import Trace

if TYPE_CHECKING:
    import ssl


class Connector:
    """Makes connections for a pool.

    Args:
        backend: How I/O is done.
        ssl_context: For https; None is the process's default, made when it is first needed.
    """

    __slots__ = ("_backend", "_ssl_context")

    def __init__(self, backend: Backend, ssl_context: ssl.SSLContext | None) -> None:
        self._backend = backend
        self._ssl_context = ssl_context

    async def connect(self, origin: Origin, timeout: float | None, trace: Trace | None = None) -> Connection:
        """Return an open connection within `timeout` seconds.

        Raises:
            ConnectTimeout: The time was over.
            ConnectError: The name, the address, the port or TLS; the message says which.
        """
        clock = self._backend.clock
        peer, started = peer_name(origin), clock()
        stream: Stream | None = None
        timings: dict[str, float] = {}
        try:
            host, port = _address(origin)
            stream = await self._open(host, port, timeout, trace)
            timings["connect"] = clock() - started
            if origin[0] == b"https":
                left = None if timeout is None else max(timeout - timings["connect"], 0.0)
                await self._start_tls(stream, origin[3] or host, left, trace)
                timings["tls"] = clock() - started - timings["connect"]
        except BaseException as error:
            doing = "connecting to" if stream is None else "in the TLS handshake with"
            if stream is not None:
                stream.close()
            if not isinstance(error, OSError | ValueError):  # a name that cannot be encoded is a ValueError
                raise
            raise _explained(error, doing, peer, clock() - started) from error
        return Connection(origin, stream, peer, timings)

    async def _open(self, host: str, port: int, timeout: float | None, trace: Trace | None) -> Stream:
        opening = self._backend.connect(host, port, timeout)
        if trace is None:
            return await opening
        details = {"host": host, "port": port, "local_address": None, "timeout": timeout, "socket_options": None}
        return await trace.around("connection.connect_tcp", opening, **details)

    async def _start_tls(self, stream: Stream, hostname: str, timeout: float | None, trace: Trace | None) -> None:
        context = self._context()
        if trace is None:
            await stream.start_tls(context, hostname, timeout)
            return
        details = {"ssl_context": context, "server_hostname": hostname, "timeout": timeout}
        await trace.around("connection.start_tls", _secured(stream, context, hostname, timeout), **details)

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            from ._contexts import shared_ssl_context

            self._ssl_context = shared_ssl_context()
        return self._ssl_context


async def _secured(stream: Stream, context: ssl.SSLContext, hostname: str, timeout: float | None) -> Stream:
    """Shake hands, and return the stream, for those who want to look at it then."""
    await stream.start_tls(context, hostname, timeout)
    return stream


def _address(origin: Origin) -> tuple[str, int]:
    """Return host and port; refuse what the system would cut to the address of somebody else."""
    host, port = origin[1].decode("ascii"), port_of(origin)
    if "\0" in host:
        raise ValueError("NUL in the host's name")
    if not 0 <= port <= 65_535:
        raise ValueError("a port is a number from 0 to 65535")
    return host, port


def _explained(error: OSError | ValueError, doing: str, peer: str, seconds: float) -> ConnectError | ConnectTimeout:
    if isinstance(error, TimeoutError) and error.errno is None:  # with a number it is the system's own, long, timeout
        return ConnectTimeout(explain("timed out", doing, peer, seconds))
    return ConnectError(explain(error, doing, peer, seconds))
