"""Both clients for one test, over raw transports that do what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio

from httpx_client import AsyncClient, AsyncRawTransport, Client, RawTransport
from httpx_models import Response
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
        if self.name == "blocking":
            return AnyClient(Client(transport=raw and RawTransport(raw), **options))
        return AnyClient(AsyncClient(transport=raw and AsyncRawTransport(raw), **options))


class AnyClient:
    """A client, the same for a test on every face."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client

    async def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        result = getattr(self.client, name)(*arguments, **options)
        return await result if isinstance(self.client, AsyncClient) else result

    async def get(self, url: str, **options: Any) -> Response:
        return await self.call("get", url, **options)  # type: ignore[no-any-return]

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


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)
