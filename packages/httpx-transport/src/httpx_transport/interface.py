"""The border that only primitives cross: what a transport is, as Protocols that nobody has to import to implement.

It knows types, and nothing of how a request is sent. The rules that types cannot say, in short (`docs/transports.md` has all of
them, and `httpx_transport.testing.conformance` checks them):

* Any status is a success; an exception means that there is no response.
* No redirects, cookies, authentication or content decoding here.
* Arguments are never changed. Field order, case and duplicates survive on HTTP/1.1.
* The target is RFC 9112 §3.2's request-target, so `*`, absolute-form and authority-form can be said.
* Framing is the caller's: `headers` hold Host, and Content-Length or Transfer-Encoding where there is a body.
* Keys of `extensions` that a transport does not know are ignored.
* A body may have a method `whole() -> bytes | None` as well: all of the content where it has arrived with the head, to be
  taken once instead of iterating; None where it has to be iterated.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    import ssl

Field: TypeAlias = tuple[bytes, bytes]
"""One field line: name, value."""

RawURL: TypeAlias = tuple[bytes, bytes, int | None, bytes]
"""Scheme, host, port (None: the scheme's default), target."""


class ProxyOptions(TypedDict, total=False):
    """A proxy, where a URL cannot say enough."""

    url: Required[str | bytes]
    """`scheme://user:password@host:port`; the scheme is http, https, socks4, socks4a, socks5 or socks5h."""
    auth: tuple[str | bytes, str | bytes] | None
    """User and password, in place of those in the URL; str is sent as UTF-8."""
    digest: bool
    """Never send the password itself: wait until the proxy asks for Digest (RFC 7616)."""
    headers: Mapping[str, str] | Sequence[tuple[str | bytes, str | bytes]] | None
    """Fields for this proxy, and for nobody else."""
    ssl_context: ssl.SSLContext | Callable[..., ssl.SSLContext] | None
    """TLS with an https proxy: a context, of which only the protocols that it offers are changed, or a function that makes
    one when called with `alpn`, those protocols. None is `shared_ssl_context()`."""
    tunnel: bool
    """Ask an http or https proxy for a tunnel (CONNECT) for http targets too."""


ProxyTypes: TypeAlias = "str | bytes | ProxyOptions | Sequence[str | bytes | ProxyOptions]"
"""A proxy as a URL or with options, or a chain of them, the one that is connected to first."""


class Body(Protocol):
    """The content of a response as an opened resource: iterate it, close it, or use it in `with`."""

    def __iter__(self) -> Iterator[bytes]:
        """Return an iterator over the chunks, in the sizes in which they arrive."""
        ...

    def close(self) -> None:
        """Give back what the response holds. Closing twice is allowed."""
        ...

    def __enter__(self) -> Body: ...

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class AsyncBody(Protocol):
    """The content of a response as an opened resource: iterate it, `aclose` it, or use it in `async with`."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return an iterator over the chunks, in the sizes in which they arrive."""
        ...

    async def aclose(self) -> None:
        """Give back what the response holds. Closing twice is allowed."""
        ...

    async def __aenter__(self) -> AsyncBody: ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Transport(Protocol):
    """Something that sends one request and returns its response, blocking."""

    def handle_request(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: Iterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], Body, dict[str, Any]]:
        """Send a request; return status, fields, body and extensions once the response's head has arrived.

        Args:
            method: The method, as it goes on the wire.
            url: Scheme, host, port, target.
            headers: The field lines, in order.
            body: The content: all of it, or its chunks.
            extensions: What else is asked for; `timeout` is a dict of seconds by phase.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class AsyncTransport(Protocol):
    """Something that sends one request and returns its response, for `await`."""

    async def handle_async_request(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], AsyncBody, dict[str, Any]]:
        """Send a request; return as `Transport.handle_request` does, the body being asynchronous."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
