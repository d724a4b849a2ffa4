"""The clients, each in a function that sends `count` small GETs over kept connections and returns the CPU it used.

Run as a program with a name, a port and a count it prints the microseconds of CPU per request of that one client: each
is measured in a process of its own, with nothing imported that it does not need.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

TASKS = 100
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Connection: keep-alive\r\nUser-Agent: bench\r\n\r\n"
)


def loop_of(call: Callable[[], Any], count: int) -> float:
    """Call `count` times after a warm-up; return the seconds of CPU."""
    for _ in range(200):
        call()
    start = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - start


async def tasks_of(call: Callable[[], Awaitable[Any]], count: int) -> float:
    """Await `count` calls from 100 tasks after a warm-up; return the seconds of CPU."""

    async def worker(times: int) -> None:
        for _ in range(times):
            await call()

    await asyncio.gather(*(worker(2) for _ in range(TASKS)))
    start = time.process_time()
    await asyncio.gather(*(worker(count // TASKS) for _ in range(TASKS)))
    return time.process_time() - start


def floor_sync(port: int, count: int) -> float:
    """Bare sockets: what no client can be cheaper than."""
    with socket.create_connection(("127.0.0.1", port)) as sock:

        def call() -> None:
            sock.sendall(REQUEST)
            sock.recv(65536)

        return loop_of(call, count)


def floor_async(port: int, count: int) -> float:
    """A bare asyncio.Protocol for each task."""

    class Bare(asyncio.Protocol):
        waiter: asyncio.Future[None]
        transport: asyncio.Transport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.waiter.set_result(None)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        idle = [(await loop.create_connection(Bare, "127.0.0.1", port))[1] for _ in range(TASKS)]

        async def call() -> None:
            bare = idle.pop()
            bare.waiter = loop.create_future()
            bare.transport.write(REQUEST)
            await bare.waiter
            idle.append(bare)

        return await tasks_of(call, count)

    return asyncio.run(main())


def pool_sync(port: int, count: int) -> float:
    """httpx-transport alone."""
    from httpx_transport import ConnectionPool

    url = (b"http", b"127.0.0.1", port, b"/")
    headers = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"gzip"), (b"User-Agent", b"bench")]
    with ConnectionPool() as pool:
        return loop_of(lambda: b"".join(pool.handle_request(b"GET", url, headers, b"", {})[2]), count)


def pool_async(port: int, count: int) -> float:
    """httpx-transport alone, asyncio."""
    from httpx_transport import AsyncConnectionPool

    url = (b"http", b"127.0.0.1", port, b"/")
    headers = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"gzip"), (b"User-Agent", b"bench")]

    async def main() -> float:
        async with AsyncConnectionPool() as pool:

            async def call() -> None:
                async for _ in (await pool.handle_async_request(b"GET", url, headers, b"", {}))[2]:
                    continue

            return await tasks_of(call, count)

    return asyncio.run(main())


def httpx_sync(port: int, count: int) -> float:
    """`httpx.Client().get`: ours or the old one, whichever this interpreter has."""
    import httpx

    url = f"http://127.0.0.1:{port}/"
    with httpx.Client() as client:
        return loop_of(lambda: client.get(url).content, count)


def httpx_async(port: int, count: int) -> float:
    """`httpx.AsyncClient().get`: ours or the old one, whichever this interpreter has."""
    import httpx

    url = f"http://127.0.0.1:{port}/"

    async def main() -> float:
        async with httpx.AsyncClient() as client:
            return await tasks_of(lambda: client.get(url), count)

    return asyncio.run(main())


def urllib3_sync(port: int, count: int) -> float:
    """urllib3's pool manager."""
    import urllib3  # type: ignore[import-not-found,unused-ignore]

    url = f"http://127.0.0.1:{port}/"
    pool = urllib3.PoolManager()
    return loop_of(lambda: pool.request("GET", url).data, count)


def aiohttp_async(port: int, count: int) -> float:
    """aiohttp's session."""
    import aiohttp  # type: ignore[import-not-found,unused-ignore]

    url = f"http://127.0.0.1:{port}/"

    async def main() -> float:
        async with aiohttp.ClientSession() as session:

            async def call() -> None:
                async with session.get(url) as response:
                    await response.read()

            return await tasks_of(call, count)

    return asyncio.run(main())


if __name__ == "__main__":
    name, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seconds = globals()[name](port, count)
    sys.stdout.write(f"{seconds / count * 1e6}\n")
