"""The HTTP/2 clients, each in a function that returns the seconds of CPU it used, in a process of its own.

As a program: a name, a port, how many requests (0: one download of 100 MB), how many at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def measure(call: Callable[[], Awaitable[int]], count: int, at_once: int) -> float:
    """Await `count` calls from so many tasks after a warm-up; or one that downloads, the second."""
    if not count:
        await call()
        start = time.process_time()
        assert await call() == 100_000_000
        return time.process_time() - start

    async def worker(times: int) -> None:
        for _ in range(times):
            assert await call() == 1024

    await worker(1)
    await asyncio.gather(*(worker(2) for _ in range(at_once)))
    start = time.process_time()
    await asyncio.gather(*(worker(count // at_once) for _ in range(at_once)))
    return time.process_time() - start


async def pool(port: int, count: int, at_once: int) -> float:
    """httpx-transport alone."""
    from httpx_transport import AsyncConnectionPool

    url = (b"https", b"127.0.0.1", port, b"/")
    headers = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"gzip"), (b"User-Agent", b"bench")]
    async with AsyncConnectionPool(http2=True, timeout=60) as connections:

        async def call() -> int:
            _, _, body, _ = await connections.handle_async_request(b"GET", url, headers, b"", {})
            return sum([len(chunk) async for chunk in body])

        return await measure(call, count, at_once)


async def pool_jh2(port: int, count: int, at_once: int) -> float:
    """httpx-transport alone, over jh2."""
    from _jh2_engine import install

    install()
    return await pool(port, count, at_once)


async def pool_jh2_hpack(port: int, count: int, at_once: int) -> float:
    """httpx-transport alone, over jh2 with hpack and our memory of field sections."""
    from _jh2_engine import install

    install(own_hpack=True)
    return await pool(port, count, at_once)


async def httpx_like(name: str, port: int, count: int, at_once: int) -> float:
    """`AsyncClient.stream` of httpx or httpx2: ours or the old one, whichever this interpreter has."""
    httpx: Any = __import__(name)
    url = f"https://127.0.0.1:{port}/"
    async with httpx.AsyncClient(http2=True, timeout=60) as client:

        async def call() -> int:
            async with client.stream("GET", url) as response:
                return sum([len(chunk) async for chunk in response.aiter_raw()])

        return await measure(call, count, at_once)


async def zapros_async(port: int, count: int, at_once: int) -> float:
    """zapros' handler with its client."""
    import zapros  # type: ignore[import-not-found,unused-ignore]

    url = f"https://127.0.0.1:{port}/"
    handler = zapros.AsyncStdNetworkHandler(http2=True)
    async with zapros.AsyncClient(handler=handler) as client:

        async def call() -> int:
            response = await client.get(url)
            return len(response.content or b"")

        return await measure(call, count, at_once)


async def niquests_async(port: int, count: int, at_once: int) -> float:
    """niquests' session."""
    import niquests  # type: ignore[import-not-found,unused-ignore]

    url = f"https://127.0.0.1:{port}/"
    async with niquests.AsyncSession() as session:
        trust = os.environ["SSL_CERT_FILE"]

        async def call() -> int:
            response = await session.get(url, stream=not count, verify=trust)
            if count:
                return len(response.content or b"")
            return sum([len(chunk) async for chunk in await response.iter_content(65_536)])

        return await measure(call, count, at_once)


def main() -> None:
    """Print microseconds of CPU for each request, or milliseconds for the download."""
    import warnings

    warnings.simplefilter("ignore")
    name, port, count, at_once = sys.argv[1], *map(int, sys.argv[2:5])
    if name in ("httpx", "httpx2"):
        seconds = asyncio.run(httpx_like(name, port, count, at_once))
    else:
        seconds = asyncio.run(globals()[name](port, count, at_once))
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{seconds / count * 1e6 if count else seconds * 1e3}\n")


if __name__ == "__main__":
    main()
