"""Memory over HTTP/2: what 20,000 requests leave behind, and what 1 GiB in pieces needs at its peak, each in its own process.

    python benchmarks/memory_http2.py

Linux alone tells the memory of a process as it is needed here.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator

import httpx
from httpx_transport import AsyncConnectionPool, ConnectionPool

HERE = pathlib.Path(__file__).parent
SIZE = 1 << 30
PIECE = bytes(65_536)
REQUESTS = 20_000
AT_ONCE = 100
FACES = ("pool", "async_pool", "client", "async_client")
BOUNDS = (("requests", 6), ("down", 25), ("up", 25))  # megabytes


def now() -> float:
    """Return the megabytes that this process has in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def peak() -> float:
    """Return the most that it ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def pieces() -> Iterator[bytes]:
    """Yield 1 GiB."""
    for _ in range(SIZE // len(PIECE)):
        yield PIECE


async def async_pieces() -> AsyncIterator[bytes]:
    """Yield the same."""
    for piece in pieces():
        yield piece


def blocking(client: bool, what: str, ports: list[int]) -> float:
    """Return what was added on a blocking face."""
    with httpx.Client(http2=True, timeout=60) as user, ConnectionPool(http2=True, timeout=60) as pool:

        def call(port: int, body: bool = False) -> int:
            url, method, content = f"https://127.0.0.1:{port}/", "POST" if body else "GET", pieces() if body else b""
            if client:
                with user.stream(method, url, content=content) as response:
                    return sum(len(chunk) for chunk in response.iter_raw())
            with pool.request(method, url, body=content) as answer:
                return sum(len(chunk) for chunk in answer.body)

        for port in (ports[0], *(ports[:1] * 500 if what == "requests" else ())):
            assert call(port) == 1024
        before = now()
        if what == "requests":
            for _ in range(REQUESTS):
                call(ports[0])
            return now() - before
        assert call(ports[2], True) == 1024 if what == "up" else call(ports[1]) == SIZE
        return peak() - before


async def awaiting(client: bool, what: str, ports: list[int]) -> float:
    """Return what was added on an asyncio face."""
    async with httpx.AsyncClient(http2=True, timeout=60) as user, AsyncConnectionPool(http2=True, timeout=60) as pool:

        async def call(port: int, body: bool = False) -> int:
            url, method, content = (
                f"https://127.0.0.1:{port}/",
                "POST" if body else "GET",
                async_pieces() if body else b"",
            )
            if client:
                async with user.stream(method, url, content=content) as response:
                    return sum([len(chunk) async for chunk in response.aiter_raw()])
            size = 0
            async with await pool.request(method, url, body=content) as answer:
                async for chunk in answer.body:
                    size += len(chunk)
            return size

        async def worker(times: int) -> None:
            for _ in range(times):
                assert await call(ports[0]) == 1024

        await worker(1)
        if what == "requests":
            await asyncio.gather(*(worker(5) for _ in range(AT_ONCE)))
            before = now()
            await asyncio.gather(*(worker(REQUESTS // AT_ONCE) for _ in range(AT_ONCE)))
            return now() - before
        before = now()
        assert await call(ports[2], True) == 1024 if what == "up" else await call(ports[1]) == SIZE
        return peak() - before


def measure(face: str, what: str, ports: list[int]) -> float:
    """Return the megabytes that something added on a face, in this process."""
    if face.startswith("async"):
        return asyncio.run(awaiting(face.endswith("client"), what, ports))
    return blocking(face == "client", what, ports)


def main() -> None:
    """Measure each in a process of its own, and print a table."""
    if len(sys.argv) > 3:
        sys.stdout.write(f"{measure(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]])}\n")
        return
    trust = tempfile.NamedTemporaryFile(suffix=".pem")  # noqa: SIM115 - it lives as long as the process
    environment = {**os.environ, "SSL_CERT_FILE": trust.name}
    command = [sys.executable, str(HERE / "_http2_server.py"), trust.name, str(SIZE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ports = server.stdout.readline().split()
        try:
            print("MB added".ljust(16) + "".join(f"{what} (< {bound})".rjust(18) for what, bound in BOUNDS))
            for face in FACES:
                row = face.ljust(16)
                for what, _ in BOUNDS:
                    command = [sys.executable, __file__, face, what, *ports]
                    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
                    row += f"{float(done.stdout):18.1f}"
                print(row, flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
