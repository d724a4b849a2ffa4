"""Both clients for one test, over raw transports that do what the test says."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio

from httpx_client import AsyncBaseTransport, AsyncClient, AsyncRawTransport, BaseTransport, Client, RawTransport
from httpx_models import AsyncByteStream, Request, Response, SyncByteStream
from httpx_transport.blocking import run

Handler = Callable[..., tuple[int, list[tuple[bytes, bytes]], list[Any]]]


class Chunks:
    """A body for both colours: chunks, or errors to raise; it notes that it was closed."""

    def __init__(self, chunks: list[Any]) -> None:
        self.chunks = list(chunks)
        self.closed = 0

    def _next(self, end: type[Exception]) -> bytes:
        if not self.chunks:
            raise end
        chunk = self.chunks.pop(0)
        if isinstance(chunk, BaseException):
            raise chunk
        return chunk  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._next(StopIteration)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return self._next(StopAsyncIteration)

    def close(self) -> None:
        self.closed += 1
        if self.closed == 1 and self.chunks and isinstance(self.chunks[-1], Exception):
            raise self.chunks[-1]

    async def aclose(self) -> None:
        self.close()

    def __enter__(self) -> Chunks:
        return self

    async def __aenter__(self) -> Chunks:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    async def __aexit__(self, *details: object) -> None:
        self.close()


class Raw:
    """A raw transport of both colours: hands its arguments to the test's function."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.bodies: list[Chunks] = []
        self.closed = 0

    def handle_request(self, *arguments: Any) -> tuple[int, list[tuple[bytes, bytes]], Chunks, dict[str, Any]]:
        status, fields, chunks = self.handler(*arguments)
        self.bodies.append(Chunks(chunks))
        return status, fields, self.bodies[-1], {"http_version": b"HTTP/1.1", "reason_phrase": b"Fine"}

    async def handle_async_request(
        self, *arguments: Any
    ) -> tuple[int, list[tuple[bytes, bytes]], Chunks, dict[str, Any]]:
        return self.handle_request(*arguments)

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Stream(SyncByteStream, AsyncByteStream):
    """A body of both colours that notes what was taken of it, and that it was closed; errors in it are raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Answering(BaseTransport, AsyncBaseTransport):
    """A transport of both colours: a function of the test's answers; it notes what was sent, and that it was closed."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.sent: list[Request] = []
        self.calls: list[str] = []

    def handle_request(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)

    async def handle_async_request(self, request: Request) -> Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.calls.append("close")

    async def aclose(self) -> None:
        self.calls.append("close")

    def __enter__(self) -> Any:
        self.calls.append("enter")
        return self

    async def __aenter__(self) -> Any:
        return self.__enter__()

    def __exit__(self, *details: object) -> None:
        self.calls.append(f"exit {getattr(details[0], '__name__', None)}")

    async def __aexit__(self, *details: object) -> None:
        self.__exit__(*details)


class Face:
    """One way of using a client: tests are written once, as `async def`, and run on each."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        if self.name == "trio":
            trio.run(scenario)
        else:
            (asyncio.run if self.name == "asyncio" else run)(scenario())  # type: ignore[arg-type]

    def client(self, raw: Any = None, **options: Any) -> AnyClient:
        if raw is not None:
            options["transport"] = RawTransport(raw) if self.name == "blocking" else AsyncRawTransport(raw)
        return AnyClient(Client(**options) if self.name == "blocking" else AsyncClient(**options))

    def over(self, answer: Callable[[Request], Response], **options: Any) -> AnyClient:
        return self.client(transport=Answering(answer), **options)

    def hook(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return an event hook of this colour that calls a function."""
        if self.name == "blocking":
            return function

        async def hook(subject: Any) -> None:
            function(subject)

        return hook


class AnyClient:
    """A client, the same for a test on every face."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client

    async def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        result = getattr(self.client, name)(*arguments, **options)
        return await result if isinstance(self.client, AsyncClient) else result

    async def get(self, url: str, **options: Any) -> Response:
        return await self.call("get", url, **options)  # type: ignore[no-any-return]

    async def request(self, method: str, url: str, **options: Any) -> Response:
        return await self.call("request", method, url, **options)  # type: ignore[no-any-return]

    @property
    def sent(self) -> list[Request]:
        """What an `Answering` transport got."""
        return self.client._transport.sent  # type: ignore[no-any-return,union-attr]

    async def close(self) -> None:
        await self.call("aclose" if isinstance(self.client, AsyncClient) else "close")

    async def __aenter__(self) -> AnyClient:
        if isinstance(self.client, AsyncClient):
            assert await self.client.__aenter__() is self.client
        else:
            assert self.client.__enter__() is self.client
        return self

    async def __aexit__(self, *details: object) -> None:
        if isinstance(self.client, AsyncClient):
            await self.client.__aexit__()
        else:
            self.client.__exit__()


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was told."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and content in one write

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} {self.path} {self.headers['X-Test']} ".encode() + content
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_OPTIONS = do_DELETE = do_POST = do_PUT = do_PATCH = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go: some tests make them."""


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)
