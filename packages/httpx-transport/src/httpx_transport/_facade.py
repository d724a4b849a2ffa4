"""The two public faces of the pool: signatures, docstrings, one call. All logic is behind them, once."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ._backends import SocketOption, blocking_backend, running_backend
from ._body import AsyncResponseBody, ResponseBody
from ._connect import proxies_of
from ._network_stream import AsyncNetworkStream, NetworkStream
from ._pool import new_pool
from ._request import Headers, raw_request
from ._response import AsyncRawResponse, RawResponse
from ._settings import Resolver, Settings, TlsContext, read_socket_options
from .blocking import run
from .interface import Field, ProxyTypes, RawURL

if TYPE_CHECKING:
    from ._pool._pool import Pool

_NOTHING = {"connections": 0, "active": 0, "idle": 0, "waiting": 0}


class ConnectionPool:
    """Connections kept and used again, for blocking callers. Any number of threads may share one.

    Args:
        ssl_context: For https; None is `shared_ssl_context()`. Of a given one only the protocols that it offers are
            changed. Or a function that makes one when it is first needed, called with `alpn`, those protocols.
        max_connections: How many connections may be open at once; None is no limit.
        max_keepalive_connections: How many of them may be idle; None is no limit.
        keepalive_expiry: Seconds for which a connection may be idle; None is no limit.
        timeout: Seconds for each phase (connect, read, write, pool) that a request's `timeout` extension does not
            name; None is no limit.
        retries: How often making a connection is tried again: at once, after 0.5 seconds, 1, 2, and so on.
        local_address: The IP address to connect from; only addresses of its family are connected to.
        uds: The path of a Unix domain socket to connect to, whatever the URL's host.
        socket_options: Arguments of `setsockopt` for each socket, before it connects. TCP_NODELAY and SO_KEEPALIVE
            are on without them.
        resolver: Called with host and port for each connection, also where the host is an IP address, instead of
            looking it up: it returns IP addresses, `(address, port)` or what `socket.getaddrinfo` returns. For
            `AsyncConnectionPool` it may be asynchronous.
        max_connections_per_origin: How many of the connections may be open to one origin; None is no limit.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken, to https origins that agree by ALPN; with `http1=False` to all, http ones
            too (RFC 9113 §3.3). It needs the extra `http2`.
        proxy: Whom all requests go through: a URL, a dict of `interface.ProxyOptions` where a URL cannot say enough, or a
            sequence of those for a chain, the one that is connected to first.

    Raises:
        ValueError: A limit that lets no request pass.
        TypeError: Socket options, a timeout or an `ssl_context` that are none.
        TypeError, ValueError: Something in `proxy` is of no use; the message says what, and holds no credentials.
        ImportError: A SOCKS proxy, and the extra `socks` is not installed.
    """

    def __init__(
        self,
        *,
        ssl_context: TlsContext = None,
        max_connections: int | None = 100,
        max_keepalive_connections: int | None = 20,
        keepalive_expiry: float | None = 5.0,
        timeout: float | None = 5.0,
        retries: int = 0,
        local_address: str | None = None,
        uds: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
        resolver: Resolver | None = None,
        max_connections_per_origin: int | None = None,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
    ) -> None:
        settings = Settings(
            ssl_context,
            max_connections,
            max_keepalive_connections,
            keepalive_expiry,
            timeout,
            retries,
            local_address,
            uds,
            read_socket_options(socket_options),
            resolver,
            max_connections_per_origin,
            http1,
            http2,
            proxies_of(proxy),
        ).check()
        self._pool = new_pool(blocking_backend(), settings)

    def handle_request(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: Iterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], ResponseBody, dict[str, Any]]:
        """Send a request; return status, fields, body and extensions once the response's head has arrived.

        Args:
            method: The method, as it goes on the wire.
            url: Scheme (http, https, ws or wss), host, port (None: the scheme's), target.
            headers: The field lines, with Host, and with Content-Length or `Transfer-Encoding: chunked` for a body.
            body: The content: all of it, or its chunks.
            extensions: `timeout` is a dict of seconds: connect, read, write, pool; None is no limit. `on_informational` is
                called with the status and the fields of each 1xx response, as it comes.

        Raises:
            ConnectError, ConnectTimeout, PoolTimeout, ProxyError: No connection, so nothing was sent.
            ReadError, ReadTimeout, WriteError, WriteTimeout: The connection broke, or the peer was silent too long.
            LocalProtocolError: The request cannot be said in HTTP/1.1 (RFC 9112).
            RemoteProtocolError: The response is not HTTP/1.1, or not complete.
            UnsupportedProtocol: Another scheme.
            TypeError: The body is neither bytes nor an iterable.
        """
        status, fields, exchange, facts = run(self._pool.handle(method, url, headers, body, extensions))
        facts["network_stream"] = NetworkStream(exchange)
        return status, fields, ResponseBody(exchange), facts

    def request(
        self,
        method: str | bytes,
        url: str | bytes | RawURL,
        *,
        headers: Headers | None = None,
        body: Iterable[bytes] | bytes | str = b"",
        extensions: dict[str, Any] | None = None,
    ) -> RawResponse:
        """Send a request as one writes it; return its response once the head has arrived.

        Args:
            method: The method.
            url: An absolute http, https, ws or wss URL in ASCII, percent-encoded and without credentials, or its four parts.
            headers: The fields; Host, and Content-Length or Transfer-Encoding, are added where they are missing.
            body: The content: bytes, str (sent as UTF-8), or an iterable of bytes.
            extensions: As for `handle_request`.

        Raises:
            TransportError: There is no response, as for `handle_request`.
        """
        content = body.encode() if isinstance(body, str) else body
        raw = raw_request(method, url, headers, content)
        return RawResponse(*self.handle_request(*raw, content, extensions or {}))

    def stats(self) -> dict[str, int]:
        """Return what the pool holds now: `connections`, of which `active` and `idle`, and requests `waiting` for one."""
        return self._pool.stats()

    def close_expired(self) -> None:
        """Close the connections that have been idle for too long, as every other call does too."""
        self._pool.close_expired()

    def close(self, *, drain: float | None = None) -> None:
        """Send no more requests: those that wait for a connection fail with PoolClosed. Idle connections close now.

        Args:
            drain: Seconds to wait for the responses that are being received, from other threads; those that have not
                ended then fail with ReadError or WriteError. None does not wait, and closes each connection when its
                response ends, however late.
        """
        self._pool.close()
        run(self._pool.drain(drain))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnectionPool:
    """Connections kept and used again, for tasks on asyncio or trio.

    Args:
        ssl_context: For https; None is `shared_ssl_context()`. Of a given one only the protocols that it offers are
            changed. Or a function that makes one when it is first needed, called with `alpn`, those protocols.
        max_connections: How many connections may be open at once; None is no limit.
        max_keepalive_connections: How many of them may be idle; None is no limit.
        keepalive_expiry: Seconds for which a connection may be idle; None is no limit.
        timeout: Seconds for each phase (connect, read, write, pool) that a request's `timeout` extension does not
            name; None is no limit.
        retries: How often making a connection is tried again: at once, after 0.5 seconds, 1, 2, and so on.
        local_address: The IP address to connect from; only addresses of its family are connected to.
        uds: The path of a Unix domain socket to connect to, whatever the URL's host.
        socket_options: Arguments of `setsockopt` for each socket, before it connects. TCP_NODELAY and SO_KEEPALIVE
            are on without them.
        resolver: Called with host and port for each connection, also where the host is an IP address, instead of
            looking it up: it returns IP addresses, `(address, port)` or what `socket.getaddrinfo` returns. For
            `AsyncConnectionPool` it may be asynchronous.
        max_connections_per_origin: How many of the connections may be open to one origin; None is no limit.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken, to https origins that agree by ALPN; with `http1=False` to all, http ones
            too (RFC 9113 §3.3). It needs the extra `http2`.
        proxy: Whom all requests go through: a URL, a dict of `interface.ProxyOptions` where a URL cannot say enough, or a
            sequence of those for a chain, the one that is connected to first.

    Raises:
        ValueError: A limit that lets no request pass.
        TypeError: Socket options, a timeout or an `ssl_context` that are none.
        TypeError, ValueError: Something in `proxy` is of no use; the message says what, and holds no credentials.
        ImportError: A SOCKS proxy, and the extra `socks` is not installed.
    """

    def __init__(
        self,
        *,
        ssl_context: TlsContext = None,
        max_connections: int | None = 100,
        max_keepalive_connections: int | None = 20,
        keepalive_expiry: float | None = 5.0,
        timeout: float | None = 5.0,
        retries: int = 0,
        local_address: str | None = None,
        uds: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
        resolver: Resolver | None = None,
        max_connections_per_origin: int | None = None,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
    ) -> None:
        self._settings = Settings(
            ssl_context,
            max_connections,
            max_keepalive_connections,
            keepalive_expiry,
            timeout,
            retries,
            local_address,
            uds,
            read_socket_options(socket_options),
            resolver,
            max_connections_per_origin,
            http1,
            http2,
            proxies_of(proxy),
        ).check()
        self._pool: Pool | None = None

    async def handle_async_request(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], AsyncResponseBody, dict[str, Any]]:
        """Send a request as `ConnectionPool.handle_request` does; the body is bytes or an async iterable.

        Raises:
            RuntimeError: No event loop that we know is running, or the pool is in use in another one.
        """
        status, fields, exchange, facts = await self._here().handle(method, url, headers, body, extensions)
        facts["network_stream"] = AsyncNetworkStream(exchange)
        return status, fields, AsyncResponseBody(exchange), facts

    async def request(
        self,
        method: str | bytes,
        url: str | bytes | RawURL,
        *,
        headers: Headers | None = None,
        body: AsyncIterable[bytes] | bytes | str = b"",
        extensions: dict[str, Any] | None = None,
    ) -> AsyncRawResponse:
        """Send a request as `ConnectionPool.request` does; the body is bytes, str or an async iterable."""
        content = body.encode() if isinstance(body, str) else body
        raw = raw_request(method, url, headers, content)
        return AsyncRawResponse(*await self.handle_async_request(*raw, content, extensions or {}))

    def stats(self) -> dict[str, int]:
        """Return what the pool holds now: `connections`, of which `active` and `idle`, and requests `waiting` for one."""
        return self._pool.stats() if self._pool is not None else dict(_NOTHING)

    def close_expired(self) -> None:
        """Close the connections that have been idle for too long, as is done on time anyway; to be called by a task."""
        if self._pool is not None:
            self._pool.close_expired()

    async def aclose(self, *, drain: float | None = None) -> None:
        """Close as `ConnectionPool.close` does; other tasks run while it waits."""
        pool = self._here()
        pool.close()
        await pool.drain(drain)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _here(self) -> Pool:
        """Return the pool of the running event loop; connections of a loop that has ended serve no other.

        Raises:
            RuntimeError: No event loop that we know runs the caller, or the pool is in use in another one.
        """
        pool = self._pool
        if pool is None or not (pool.closed or pool.backend.current()):
            if pool is not None:
                if pool.backend.busy():
                    raise RuntimeError("this pool is in use in another event loop: give each loop one of its own")
                pool.close()
            pool = self._pool = new_pool(running_backend(), self._settings)
        return pool
