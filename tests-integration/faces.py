"""The client on three faces, for tests that are written once as `async def`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import trio

import httpx
from httpx_transport.blocking import run


class Face:
    """One way of using the client."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, scenario: Callable[[AnyClient], Awaitable[None]], **options: Any) -> None:
        """Run a scenario with a client of this colour."""

        async def main() -> None:
            if self.name == "blocking":
                with httpx.Client(**options) as client:
                    await scenario(AnyClient(client))
            else:
                async with httpx.AsyncClient(**options) as async_client:
                    await scenario(AnyClient(async_client))

        if self.name == "trio":
            trio.run(main)
        else:
            (asyncio.run if self.name == "asyncio" else run)(main())


class AnyClient:
    """A client of either colour."""

    def __init__(self, client: httpx.Client | httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, url: str, **options: Any) -> httpx.Response:
        """Send a GET request."""
        if isinstance(self.client, httpx.Client):
            return self.client.get(url, **options)
        return await self.client.get(url, **options)

    async def post(self, url: str, **options: Any) -> httpx.Response:
        """Send a POST request."""
        return await self.request("POST", url, **options)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request."""
        if isinstance(self.client, httpx.Client):
            return self.client.request(method, url, **options)
        return await self.client.request(method, url, **options)

    async def begin(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request, and leave its response unread."""
        request = self.client.build_request(method, url, **options)
        if isinstance(self.client, httpx.Client):
            return self.client.send(request, stream=True)
        return await self.client.send(request, stream=True)

    def pieces(self, response: httpx.Response) -> Callable[[], Awaitable[bytes]]:
        """Return what returns the next piece of a response that was begun, b"" after the last, each time it is awaited."""
        if isinstance(self.client, httpx.Client):
            coming = response.iter_raw()

            async def take() -> bytes:
                return next(coming, b"")
        else:
            awaited = response.aiter_raw()

            async def take() -> bytes:
                return await anext(awaited, b"")

        return take

    async def close(self, response: httpx.Response) -> None:
        """Close a response."""
        if isinstance(self.client, httpx.Client):
            response.close()
        else:
            await response.aclose()
