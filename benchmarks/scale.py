"""How the pool's cost per request holds up: with more tasks, more idle origins, more threads, and over time.

    python benchmarks/scale.py [--count 10000] [--rounds 5]

Each line is measured in a process of its own against the same server, and compared with the first of its table; the rounds
are interleaved, and their medians are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

import _places
from _contestants import REQUEST

from httpx_transport import AsyncConnectionPool, ConnectionPool

HERE = pathlib.Path(__file__).parent
HEADERS = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"gzip"), (b"User-Agent", b"bench")]


def tasks(port: int, count: int, tasks: int, idle: int) -> float:
    """Send from so many tasks at once, in a pool that holds idle connections to so many other origins."""
    url = (b"http", b"127.0.0.1", port, b"/")

    async def main() -> float:
        options: dict[str, Any] = {"max_connections": None, "max_keepalive_connections": None, "keepalive_expiry": None}
        async with AsyncConnectionPool(timeout=60, **options) as pool:

            async def call(extensions: dict[str, Any]) -> None:
                async for _ in (await pool.handle_async_request(b"GET", url, HEADERS, b"", extensions))[2]:
                    continue

            async def worker(times: int) -> None:
                for _ in range(times):
                    await call({})

            for number in range(idle):  # for the pool, another name for TLS is another origin
                await call({"sni_hostname": f"origin-{number}"})
            for _ in range(3):
                await asyncio.gather(*(worker(1) for _ in range(tasks)))
            start = time.process_time()
            await asyncio.gather(*(worker(count // tasks) for _ in range(tasks)))
            return (time.process_time() - start) / count * 1e6

    return asyncio.run(main())


def bare_tasks(port: int, count: int, tasks: int, _: int) -> float:
    """Send from so many bare Protocols at once: what the loop itself costs."""

    class Bare(asyncio.BufferedProtocol):
        waiter: asyncio.Future[None]
        transport: asyncio.Transport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def get_buffer(self, sizehint: int) -> bytearray:
            return space

        def buffer_updated(self, nbytes: int) -> None:
            self.waiter.set_result(None)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        crowd = [(await loop.create_connection(Bare, "127.0.0.1", port))[1] for _ in range(tasks)]

        async def worker(bare: Bare, times: int) -> None:
            for _ in range(times):
                bare.waiter = loop.create_future()
                bare.transport.write(REQUEST)
                await bare.waiter

        await asyncio.gather(*(worker(bare, 3) for bare in crowd))
        start = time.process_time()
        await asyncio.gather(*(worker(bare, count // tasks) for bare in crowd))
        return (time.process_time() - start) / count * 1e6

    space = bytearray(262_144)
    return asyncio.run(main())


def bare_threads(port: int, count: int, threads: int, _: int) -> float:
    """Send from so many threads at once over bare sockets: what threads themselves cost."""

    def worker(sock: socket.socket, times: int) -> None:
        for _ in range(times):
            sock.sendall(REQUEST)
            sock.recv(65_536)

    def together(times: int) -> None:
        crowd = [threading.Thread(target=worker, args=(sock, times)) for sock in sockets]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()

    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(threads)]
    together(20)
    start = time.process_time()
    together(count // threads)
    return (time.process_time() - start) / count * 1e6


def threads(port: int, count: int, threads: int, idle: int) -> float:
    """Send from so many threads at once, in a pool that holds idle connections to so many other origins."""
    url = (b"http", b"127.0.0.1", port, b"/")
    with ConnectionPool(
        timeout=60, max_connections=None, max_keepalive_connections=None, keepalive_expiry=None
    ) as pool:

        def worker(times: int) -> None:
            for _ in range(times):
                b"".join(pool.handle_request(b"GET", url, HEADERS, b"", {})[2])

        def together(times: int) -> None:
            crowd = [threading.Thread(target=worker, args=(times,)) for _ in range(threads)]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join()

        for number in range(idle):
            b"".join(pool.handle_request(b"GET", url, HEADERS, b"", {"sni_hostname": f"origin-{number}"})[2])
        together(20)
        start = time.process_time()
        together(count // threads)
        return (time.process_time() - start) / count * 1e6


def memory(port: int, count: int, asynchronous: int, _: int) -> float:
    """Send so many requests; return by how many megabytes the process grew, once it was warm."""
    url = (b"http", b"127.0.0.1", port, b"/")

    def resident() -> float:
        gc.collect()
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    def blocking() -> float:
        with ConnectionPool() as pool:
            sizes = []
            for times in (1_000, count):
                for _ in range(times):
                    b"".join(pool.handle_request(b"GET", url, HEADERS, b"", {})[2])
                sizes.append(resident())
            return sizes[1] - sizes[0]

    async def tasks() -> float:
        async with AsyncConnectionPool() as pool:
            sizes = []
            for times in (1_000, count):
                for _ in range(times):
                    async for _ in (await pool.handle_async_request(b"GET", url, HEADERS, b"", {}))[2]:
                        continue
                sizes.append(resident())
            return sizes[1] - sizes[0]

    return asyncio.run(tasks()) if asynchronous else blocking()


TABLES: dict[str, list[tuple[str, str, int, int]]] = {
    "us of CPU per request, asyncio": [
        ("100 bare Protocols", "bare_tasks", 100, 0),
        ("1,000 bare Protocols", "bare_tasks", 1_000, 0),
        ("100 tasks", "tasks", 100, 0),
        ("1,000 tasks", "tasks", 1_000, 0),
        ("100 tasks, 1,000 idle origins", "tasks", 100, 1_000),
        ("100 tasks, 10,000 idle origins", "tasks", 100, 10_000),
    ],
    "us of CPU per request, blocking": [
        ("1 bare socket", "bare_threads", 1, 0),
        ("20 threads, bare sockets", "bare_threads", 20, 0),
        ("1 thread", "threads", 1, 0),
        ("20 threads", "threads", 20, 0),
        ("1 thread, 1,000 idle origins", "threads", 1, 1_000),
    ],
    "MB grown": [
        ("blocking", "memory", 0, 0),
        ("asyncio", "memory", 1, 0),
    ],
}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _places.for_server()
    with subprocess.Popen([sys.executable, str(HERE / "_server.py")], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        _places.for_client()
        port = server.stdout.readline().strip()
        try:
            for title, rows in TABLES.items():
                found: dict[str, list[float]] = {name: [] for name, *_ in rows}
                for _ in range(options.rounds):
                    for name, function, first, second in rows:
                        arguments = [function, port, str(options.count), str(first), str(second)]
                        command = [sys.executable, __file__, "--contestant", *arguments]
                        found[name].append(float(subprocess.check_output(command, text=True)))
                median = {name: statistics.median(values) for name, values in found.items()}
                first_one = median[rows[0][0]]
                print(f"\n{title:34s} {'':8s} x first")
                for name, value in median.items():
                    print(f"  {name:32s} {value:8.1f} {value / first_one if first_one else 0:8.2f}")
        finally:
            server.kill()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contestant"]:
        _, _, function, *numbers = sys.argv
        sys.stdout.write(f"{globals()[function](*map(int, numbers))}\n")
    else:
        main()
