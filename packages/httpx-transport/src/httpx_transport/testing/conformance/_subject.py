"""The transport under test, the same for a check whichever colour it has: checks are written once, as `async def`.

It knows how each colour is called, and nothing of what is right.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..._errors import TransportError
from ...interface import Field
from ._server import Script, Server, ok

if TYPE_CHECKING:
    import threading

NO_RESPONSE: Final = (TimeoutError, ConnectionError, TransportError)
"""What there may be instead of a response."""

REFUSAL: Final = (ValueError, TransportError)
"""What a request may come to that cannot be sent."""


class BrokenRule(AssertionError):
    """A transport breaks a rule of the contract; the message names the rule, and says how."""


class NotOffered(Exception):
    """A transport does not have what is optional."""


class Port(Protocol):
    """How a transport of one colour is called."""

    async def send(self, *request: Any) -> Any:
        """Send a request; return what the transport returns."""
        ...

    async def close(self) -> None:
        """Close the transport."""
        ...

    def iterate(self, body: Any) -> Any:
        """Return an iterator over a response's body."""
        ...

    async def next(self, chunks: Any) -> Any:
        """Return the next chunk, None after the last."""
        ...

    async def close_body(self, body: Any) -> None:
        """Close a response's body."""
        ...

    async def read_within(self, body: Any) -> list[Any]:
        """Return the chunks of a body, read in `with`."""
        ...

    def content(self, chunks: Iterable[bytes]) -> Any:
        """Return the content of a request, in chunks that can be taken once."""
        ...

    async def write_and_read(self, network_stream: Any, data: bytes) -> bytes:
        """Write to a network stream, and return what is read from it then."""
        ...

    async def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for what a server's thread sets; return whether it came."""
        ...


class BlockingPort:
    """How a blocking transport is called.

    Args:
        transport: An `httpx_transport.interface.Transport`.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def send(self, *request: Any) -> Any:
        return self._transport.handle_request(*request)

    async def close(self) -> None:
        self._transport.close()

    def iterate(self, body: Any) -> Any:
        return iter(body)

    async def next(self, chunks: Any) -> Any:
        return next(chunks, None)

    async def close_body(self, body: Any) -> None:
        body.close()

    async def read_within(self, body: Any) -> list[Any]:
        with body as entered:
            return list(entered)

    def content(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        return iter(chunks)

    async def write_and_read(self, network_stream: Any, data: bytes) -> bytes:
        network_stream.write(data)
        return bytes(network_stream.read(65536))

    async def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)


class AsyncPort:
    """How an asynchronous transport is called.

    Args:
        transport: An `httpx_transport.interface.AsyncTransport`.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    async def send(self, *request: Any) -> Any:
        return await self._transport.handle_async_request(*request)

    async def close(self) -> None:
        await self._transport.aclose()

    def iterate(self, body: Any) -> Any:
        return aiter(body)

    async def next(self, chunks: Any) -> Any:
        return await anext(chunks, None)

    async def close_body(self, body: Any) -> None:
        await body.aclose()

    async def read_within(self, body: Any) -> list[Any]:
        async with body as entered:
            return [chunk async for chunk in entered]

    def content(self, chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
        return _Chunks(chunks)

    async def write_and_read(self, network_stream: Any, data: bytes) -> bytes:
        await network_stream.write(data)
        return bytes(await network_stream.read(65536))

    async def wait(self, event: threading.Event, seconds: float) -> bool:
        import anyio.to_thread

        return await anyio.to_thread.run_sync(event.wait, seconds)


class _Chunks:
    """Chunks for `async for`."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)

    def __aiter__(self) -> _Chunks:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


class Answer:
    """What a transport returned.

    Args:
        port: How its body is read.
        returned: Status, fields, body and extensions.

    Attributes:
        closed: Whether its body has been closed.
    """

    def __init__(self, port: Port, returned: Any) -> None:
        self._port = port
        self._chunks: Any = None
        self.closed = False
        self.status, self.fields, self.body, self.extensions = returned

    async def chunk(self) -> Any:
        """Return the next chunk of the content, None after the last."""
        if self._chunks is None:
            self._chunks = self._port.iterate(self.body)
        return await self._port.next(self._chunks)

    async def read(self) -> bytes:
        """Return the rest of the content, and close the body."""
        content = []
        try:
            while (chunk := await self.chunk()) is not None:
                content.append(chunk)
        finally:
            await self.close()
        return b"".join(content)

    async def close(self) -> None:
        """Close the body."""
        self.closed = True
        await self._port.close_body(self.body)


class Subject:
    """A transport under test, and the servers that it is tested with.

    Args:
        port: How it is called.
        patience: Seconds for which a server waits.

    Attributes:
        port: As above.
    """

    def __init__(self, port: Port, patience: float) -> None:
        self.port = port
        self._patience = patience
        self._servers: list[Server] = []
        self._answers: list[Answer] = []

    def serve(self, script: Script) -> Server:
        """Start a server, until the check is over."""
        self._servers.append(Server(script, self._patience))
        return self._servers[-1]

    async def send(
        self,
        server: Server | int,
        method: bytes = b"GET",
        target: bytes = b"/",
        fields: Iterable[Field] = (),
        content: Any = b"",
        extensions: dict[str, Any] | None = None,
        scheme: bytes = b"http",
    ) -> Answer:
        """Send a request to a server or port, with Host before the other fields; return the answer."""
        port = server if isinstance(server, int) else server.port
        url = (scheme, b"127.0.0.1", port, target)
        host = (b"Host", b"127.0.0.1:%d" % port)
        returned = await self.port.send(method, url, [host, *fields], content, extensions or {})
        self._answers.append(Answer(self.port, returned))
        return self._answers[-1]

    async def get(self, server: Server, **options: Any) -> bytes:
        """Send a request, and return the content of the answer."""
        return await (await self.send(server, **options)).read()

    async def left(self, server: Server) -> None:
        """Expect that every connection to a server has been closed by the transport, or soon is."""
        for connection in list(server.connections):
            expect(
                await self.port.wait(connection.left, self._patience / 2), "a connection is still open, and of no use"
            )

    async def works(self) -> None:
        """Expect that the transport still can send a request."""
        expect_equal("the content of a later response", await self.get(self.serve(_polite)), b"ok")

    async def finish(self) -> None:
        """Close what is open of the answers, and the transport, and stop the servers."""
        try:
            for answer in self._answers:
                if not answer.closed:
                    await answer.close()
            await self.port.close()
        finally:
            for server in self._servers:
                server.stop()

    def judge_requests(self) -> None:
        """Expect that all that arrived was HTTP/1.1."""
        for server in self._servers:
            expect(not server.violations, f"what arrived is not HTTP/1.1: {', '.join(server.violations)}")


def _polite(connection: Any) -> None:
    while connection.request() is not None:
        connection.send(ok())


def expect(kept: bool, how: str) -> None:
    """Raise `BrokenRule`, saying how, unless the rule is kept."""
    if not kept:
        raise BrokenRule(how)


def expect_equal(what: str, seen: object, expected: object) -> None:
    """Raise `BrokenRule` unless what is seen is what is expected."""
    expect(seen == expected, f"{what} should be {_short(expected)}, and is {_short(seen)}")


async def expect_error(doing: Awaitable[object], *kinds: type[Exception]) -> None:
    """Raise `BrokenRule` unless something fails, with an error of one of these kinds."""
    try:
        result = await doing
    except kinds:
        return
    except Exception as error:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise BrokenRule(f"raised {type(error).__qualname__} ({error}), which is no {names}") from error
    raise BrokenRule(f"nothing was raised; the result was {_short(result)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:400]}…"
