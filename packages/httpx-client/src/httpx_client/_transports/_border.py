"""The border: requests and responses on this side, primitives on the other, errors translated by one table.

Besides this file and that table only `_ports` knows that httpx_transport is there, for its driver.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from httpx_models import ByteStream, Request, Response
from httpx_transport import AsyncConnectionPool, ConnectionPool
from httpx_transport.interface import AsyncBody, AsyncTransport, Body, Field, RawURL, Transport

from .._arguments import able
from .._config import DEFAULT_LIMITS, CertTypes, Limits, ProxyTypes
from .._elapsed import AsyncTimedStream, TimedStream
from ._errors import ANYBODYS, OURS, translate
from ._interface import AsyncBaseTransport, BaseTransport
from ._options import SOCKET_OPTION, pool_options

if TYPE_CHECKING:
    import ssl

_Primitives: TypeAlias = tuple[bytes, RawURL, list[Field], Any, dict[str, Any]]


def _primitives(request: Request) -> _Primitives:
    """Return the request as the arguments of a raw transport."""
    stream = request.stream
    body = stream.content if isinstance(stream, ByteStream) else stream
    # What is not ASCII is no method: the transport says so, in the words it has for it.
    method = request.method.encode("ascii", "backslashreplace")
    extensions = request.extensions  # any mapping that somebody has set
    as_dict = extensions if isinstance(extensions, dict) else dict(extensions)
    return method, request.url.raw, request.headers.raw, body, as_dict


class RawStream(TimedStream):
    """A raw transport's body as the stream of a response.

    Args:
        stream: What the transport returned as third item.
    """

    _stream: Body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except ANYBODYS as error:
            raise translate(error) from error

    def close(self) -> None:
        """Close the body.

        Raises:
            TransportError: That failed.
        """
        try:
            super().close()
        except ANYBODYS as error:
            raise translate(error) from error


class AsyncRawStream(AsyncTimedStream):
    """An asynchronous raw transport's body as the stream of a response; its own iterator.

    Args:
        stream: What the transport returned as third item.
    """

    _stream: AsyncBody
    _chunks: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            if self._chunks is None:
                self._chunks = aiter(self._stream)
            return await anext(self._chunks)
        except ANYBODYS as error:
            raise translate(error) from error

    async def aclose(self) -> None:
        """Close the body.

        Raises:
            TransportError: That failed.
        """
        try:
            await super().aclose()
        except ANYBODYS as error:
            raise translate(error) from error


class RawTransport(BaseTransport):
    """A client's transport made of any object that has the shape of `httpx_transport.interface.Transport`.

    Args:
        transport: The object; it need not import anything of ours.

    Raises:
        TypeError: It has no such method.
    """

    _translated: tuple[type[Exception], ...] = ANYBODYS
    _hands_over = False  # whether what it tells is nobody's but ours

    def __init__(self, transport: Transport) -> None:
        self._pool: Transport = able("transport", transport, "handle_request", optional=False)

    def handle_request(self, request: Request) -> Response:
        """Send a request through the transport; return its response, whose stream has not been read.

        Raises:
            TransportError: There is no response; the subclass says why.
        """
        try:
            status, fields, body, extensions = self._pool.handle_request(*_primitives(request))
        except self._translated as error:
            raise translate(error) from error
        return Response.from_raw(
            status, fields, RawStream(body), extensions if self._hands_over else dict(extensions or ())
        )

    def close(self) -> None:
        """Close the transport."""
        self._pool.close()


class AsyncRawTransport(AsyncBaseTransport):
    """A client's transport made of any object that has the shape of `httpx_transport.interface.AsyncTransport`.

    Args:
        transport: The object; it need not import anything of ours.

    Raises:
        TypeError: It has no such method.
    """

    _translated: tuple[type[Exception], ...] = ANYBODYS
    _hands_over = False  # whether what it tells is nobody's but ours

    def __init__(self, transport: AsyncTransport) -> None:
        self._pool: AsyncTransport = able("transport", transport, "handle_async_request", optional=False)

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request through the transport; return its response, whose stream has not been read.

        Raises:
            TransportError: There is no response; the subclass says why.
        """
        try:
            status, fields, body, extensions = await self._pool.handle_async_request(*_primitives(request))
        except self._translated as error:
            raise translate(error) from error
        return Response.from_raw(
            status, fields, AsyncRawStream(body), extensions if self._hands_over else dict(extensions or ())
        )

    async def aclose(self) -> None:
        """Close the transport."""
        await self._pool.aclose()


class HTTPTransport(RawTransport):
    """The transport of a `Client`: a pool of connections, which opens nothing before the first request.

    Args:
        verify: Whom to trust on https: True, certifi's roots; False, everybody; or a TLS context. (A path is deprecated.)
        cert: A client certificate, as a path or (certificate, key, password). Deprecated: load it into a TLS context.
        trust_env: Whether certificates that the environment names are used.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken.
        limits: How many connections are kept, and for how long.
        proxy: Through which proxy everything is sent.
        uds: The path of a Unix socket to connect to, whatever the URL's host.
        local_address: The address to connect from.
        retries: How many times a connection that could not be made is tried again.
        socket_options: What to set on each socket, as for `socket.setsockopt`.

    Raises:
        OSError: A path cannot be read.
        TypeError: An argument has a type that cannot be used; the message names it.
        ValueError: An argument has a value that cannot be used.
    """

    _translated = OURS
    _hands_over = True

    def __init__(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyTypes | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        options = pool_options(
            verify=verify,
            cert=cert,
            trust_env=trust_env,
            http1=http1,
            http2=http2,
            limits=limits,
            proxy=proxy,
            uds=uds,
            local_address=local_address,
            retries=retries,
            socket_options=socket_options,
        )
        super().__init__(ConnectionPool(**options))
        self._proxied = proxy is not None

    def pool_stats(self) -> dict[str, int]:
        """Return what the pool holds now: `connections`, of which `active` and `idle`, and requests `waiting` for one."""
        return cast("ConnectionPool", self._pool).stats()


class AsyncHTTPTransport(AsyncRawTransport):
    """The transport of an `AsyncClient`: a pool of connections, which opens nothing before the first request.

    The arguments and errors are those of `HTTPTransport`.
    """

    _translated = OURS
    _hands_over = True

    def __init__(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyTypes | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        options = pool_options(
            verify=verify,
            cert=cert,
            trust_env=trust_env,
            http1=http1,
            http2=http2,
            limits=limits,
            proxy=proxy,
            uds=uds,
            local_address=local_address,
            retries=retries,
            socket_options=socket_options,
        )
        super().__init__(AsyncConnectionPool(**options))
        self._proxied = proxy is not None

    def pool_stats(self) -> dict[str, int]:
        """Return what the pool holds now: `connections`, of which `active` and `idle`, and requests `waiting` for one."""
        return cast("AsyncConnectionPool", self._pool).stats()
