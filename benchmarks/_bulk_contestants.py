"""Clients that move large bodies, and what a floor would cost: each prints seconds of CPU and megabytes that its memory grew.

Run as a program with a name, a port and a number of bytes; each is measured in a process of its own.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator

CHUNK = bytes(65_536)
Measured = tuple[float, float]


def chunks(size: int) -> Iterator[bytes]:
    """Yield so many zeros."""
    for _ in range(size // len(CHUNK)):
        yield CHUNK


async def async_chunks(size: int) -> AsyncIterator[bytes]:
    """Yield so many zeros."""
    for chunk in chunks(size):
        yield chunk


def measure(call: Callable[[int], object], size: int) -> Measured:
    """Call it with a little, then with `size`; return the CPU seconds and the growth of the peak in megabytes."""
    call(4 * len(CHUNK))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    call(size)
    spent = time.process_time() - start
    return spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def floor_down(port: int, size: int) -> Measured:
    """Bare sockets, 64 KiB at a time."""

    def call(size: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"GET /%d HTTP/1.1\r\n\r\n" % size)
            received = 0
            while received < size:
                received += len(sock.recv(65_536))

    return measure(call, size)


def floor_up(port: int, size: int) -> Measured:
    """Bare sockets, 64 KiB at a time."""

    def call(size: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
            for chunk in chunks(size):
                sock.sendall(chunk)
            sock.recv(100)

    return measure(call, size)


def async_floor_down(port: int, size: int) -> Measured:
    """asyncio's streams, as the standard library has them."""

    async def call(size: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /%d HTTP/1.1\r\n\r\n" % size)
        received = 0
        while received < size:
            received += len(await reader.read(65_536))
        writer.close()

    return measure(lambda size: asyncio.run(call(size)), size)


def async_floor_up(port: int, size: int) -> Measured:
    """asyncio's streams, as the standard library has them."""

    async def call(size: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
        for chunk in chunks(size):
            writer.write(chunk)
            await writer.drain()
        await reader.read(100)
        writer.close()

    return measure(lambda size: asyncio.run(call(size)), size)


def pool_down(port: int, size: int) -> Measured:
    """httpx-transport alone."""
    from httpx_transport import ConnectionPool

    def call(size: int) -> None:
        with ConnectionPool() as pool, pool.request("GET", f"http://127.0.0.1:{port}/{size}") as response:
            assert sum(map(len, response.body)) == size

    return measure(call, size)


def pool_up(port: int, size: int) -> Measured:
    """httpx-transport alone."""
    from httpx_transport import ConnectionPool

    def call(size: int) -> None:
        with ConnectionPool() as pool:
            fields = {"Content-Length": str(size)}
            pool.request("POST", f"http://127.0.0.1:{port}/", headers=fields, body=chunks(size)).read()

    return measure(call, size)


def async_pool_down(port: int, size: int) -> Measured:
    """httpx-transport alone, asyncio."""
    from httpx_transport import AsyncConnectionPool

    async def call(size: int) -> None:
        async with AsyncConnectionPool() as pool:
            received = 0
            async with await pool.request("GET", f"http://127.0.0.1:{port}/{size}") as response:
                async for chunk in response.body:
                    received += len(chunk)
            assert received == size

    return measure(lambda size: asyncio.run(call(size)), size)


def async_pool_up(port: int, size: int) -> Measured:
    """httpx-transport alone, asyncio."""
    from httpx_transport import AsyncConnectionPool

    async def call(size: int) -> None:
        async with AsyncConnectionPool() as pool:
            fields = {"Content-Length": str(size)}
            url = f"http://127.0.0.1:{port}/"
            await (await pool.request("POST", url, headers=fields, body=async_chunks(size))).aread()

    return measure(lambda size: asyncio.run(call(size)), size)


def httpx_down(port: int, size: int) -> Measured:
    """`httpx.Client`: ours or the old one, whichever this interpreter has."""
    import httpx

    def call(size: int) -> None:
        with httpx.Client() as client, client.stream("GET", f"http://127.0.0.1:{port}/{size}") as response:
            assert sum(map(len, response.iter_bytes())) == size

    return measure(call, size)


def httpx_up(port: int, size: int) -> Measured:
    """`httpx.Client`: ours or the old one, whichever this interpreter has."""
    import httpx

    def call(size: int) -> None:
        with httpx.Client() as client:
            client.post(f"http://127.0.0.1:{port}/", headers={"Content-Length": str(size)}, content=chunks(size))

    return measure(call, size)


def async_httpx_down(port: int, size: int) -> Measured:
    """`httpx.AsyncClient`: ours or the old one, whichever this interpreter has."""
    import httpx

    async def call(size: int) -> None:
        received = 0
        async with httpx.AsyncClient() as client, client.stream("GET", f"http://127.0.0.1:{port}/{size}") as response:
            async for chunk in response.aiter_bytes():
                received += len(chunk)
        assert received == size

    return measure(lambda size: asyncio.run(call(size)), size)


def async_httpx_up(port: int, size: int) -> Measured:
    """`httpx.AsyncClient`: ours or the old one, whichever this interpreter has."""
    import httpx

    async def call(size: int) -> None:
        async with httpx.AsyncClient() as client:
            fields = {"Content-Length": str(size)}
            await client.post(f"http://127.0.0.1:{port}/", headers=fields, content=async_chunks(size))

    return measure(lambda size: asyncio.run(call(size)), size)


def urllib3_down(port: int, size: int) -> Measured:
    """urllib3's pool manager."""
    import urllib3  # type: ignore[import-not-found,unused-ignore]

    def call(size: int) -> None:
        response = urllib3.PoolManager().request("GET", f"http://127.0.0.1:{port}/{size}", preload_content=False)
        assert sum(map(len, response.stream(65_536))) == size

    return measure(call, size)


def urllib3_up(port: int, size: int) -> Measured:
    """urllib3's pool manager."""
    import urllib3  # type: ignore[import-not-found,unused-ignore]

    def call(size: int) -> None:
        fields = {"Content-Length": str(size)}
        urllib3.PoolManager().request("POST", f"http://127.0.0.1:{port}/", headers=fields, body=chunks(size))

    return measure(call, size)


def aiohttp_down(port: int, size: int) -> Measured:
    """aiohttp's session."""
    import aiohttp  # type: ignore[import-not-found,unused-ignore]

    async def call(size: int) -> None:
        received = 0
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/{size}") as response:
            async for chunk in response.content.iter_any():
                received += len(chunk)
        assert received == size

    return measure(lambda size: asyncio.run(call(size)), size)


def aiohttp_up(port: int, size: int) -> Measured:
    """aiohttp's session."""
    import aiohttp  # type: ignore[import-not-found,unused-ignore]

    async def call(size: int) -> None:
        fields = {"Content-Length": str(size)}
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}/"
            async with session.post(url, headers=fields, data=async_chunks(size)) as response:
                await response.read()

    return measure(lambda size: asyncio.run(call(size)), size)


if __name__ == "__main__":
    seconds, megabytes = globals()[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(f"{seconds} {megabytes}\n")
