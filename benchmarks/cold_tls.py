"""CPU per https request on a connection of its own, every client beside every other in one run.

    python benchmarks/cold_tls.py --peers path/to/python [--count 1000] [--rounds 5]

`--peers` is an interpreter that has httpx 0.28.1, urllib3 and aiohttp; this one has ours, and trustme. All share one TLS
context among their connections, so that what is compared is connecting, the handshake, and one exchange; the server is in
a process of its own. The rounds are interleaved and the best of each is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

CLOSE = {"Connection": "close"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\nConnection: close\r\n\r\n" + b"x" * 1024
ROWS = [
    ("bare socket", "floor_sync", False),
    ("httpx-transport pool", "pool_sync", False),
    ("httpx-transport pool, asyncio", "pool_async", False),
    ("urllib3", "urllib3_sync", True),
    ("httpx 0.28.1 Client.get", "httpx_sync", True),
    ("aiohttp", "aiohttp_async", True),
]


def cpu_of(call: Callable[[], Any], count: int) -> float:
    """Call `count` times after a warm-up; return the seconds of CPU."""
    for _ in range(20):
        call()
    start = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - start


async def cpu_of_async(call: Callable[[], Awaitable[Any]], count: int) -> float:
    """Await `count` calls after a warm-up; return the seconds of CPU."""
    for _ in range(20):
        await call()
    start = time.process_time()
    for _ in range(count):
        await call()
    return time.process_time() - start


def floor_sync(port: int, context: ssl.SSLContext, count: int) -> float:
    """A bare TLS socket."""

    def call() -> None:
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                while sock.recv(65536):
                    pass

    return cpu_of(call, count)


def pool_sync(port: int, context: ssl.SSLContext, count: int) -> float:
    """httpx-transport alone."""
    from httpx_transport import ConnectionPool

    url = f"https://127.0.0.1:{port}/"
    with ConnectionPool(ssl_context=context) as pool:
        return cpu_of(lambda: pool.request("GET", url, headers=CLOSE).read(), count)


def pool_async(port: int, context: ssl.SSLContext, count: int) -> float:
    """httpx-transport alone, asyncio."""
    from httpx_transport import AsyncConnectionPool

    url = f"https://127.0.0.1:{port}/"

    async def main() -> float:
        async with AsyncConnectionPool(ssl_context=context) as pool:

            async def call() -> None:
                await (await pool.request("GET", url, headers=CLOSE)).aread()

            return await cpu_of_async(call, count)

    return asyncio.run(main())


def urllib3_sync(port: int, context: ssl.SSLContext, count: int) -> float:
    """urllib3's pool manager."""
    import urllib3  # type: ignore[import-not-found,unused-ignore]

    url = f"https://127.0.0.1:{port}/"
    pool = urllib3.PoolManager(ssl_context=context)
    return cpu_of(lambda: pool.request("GET", url, headers=CLOSE).data, count)


def httpx_sync(port: int, context: ssl.SSLContext, count: int) -> float:
    """`httpx.Client().get`."""
    import httpx

    url = f"https://127.0.0.1:{port}/"
    with httpx.Client(verify=context) as client:
        return cpu_of(lambda: client.get(url, headers=CLOSE).content, count)


def aiohttp_async(port: int, context: ssl.SSLContext, count: int) -> float:
    """aiohttp's session."""
    import aiohttp  # type: ignore[import-not-found,unused-ignore]

    url = f"https://127.0.0.1:{port}/"

    async def main() -> float:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:

            async def call() -> None:
                async with session.get(url, headers=CLOSE) as response:
                    await response.read()

            return await cpu_of_async(call, count)

    return asyncio.run(main())


def serve(certificate: str) -> None:
    """Print the port, and answer one request on each connection until killed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()

    async def main() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1024)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    asyncio.run(main())


def measure(peers: str, directory: pathlib.Path, count: int, rounds: int) -> dict[str, float]:
    """Return the best microseconds of each row."""
    import trustme

    authority = trustme.CA()
    roots, certificate = str(directory / "roots.pem"), str(directory / "server.pem")
    authority.cert_pem.write_to_path(roots)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    best = {name: float("inf") for name, _, _ in ROWS}
    with subprocess.Popen(
        [sys.executable, __file__, "serve", certificate], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        try:
            for _ in range(rounds):
                for name, function, peer in ROWS:
                    command = [peers if peer else sys.executable, __file__, function, port, roots, str(count)]
                    best[name] = min(best[name], float(subprocess.check_output(command, text=True)))
        finally:
            server.kill()
    return best


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, help="an interpreter with httpx 0.28.1, urllib3 and aiohttp")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        best = measure(options.peers, pathlib.Path(directory), options.count, options.rounds)
    print(f"{'one https request, one connection':34s} us CPU  x floor  x urllib3")
    for name, value in best.items():
        print(f"  {name:32s} {value:7.0f} {value / best['bare socket']:8.2f} {value / best['urllib3']:10.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] and sys.argv[1] in globals():
        _, function, port, roots, count = sys.argv
        seconds = globals()[function](int(port), ssl.create_default_context(cafile=roots), int(count))
        sys.stdout.write(f"{seconds / int(count) * 1e6}\n")
    else:
        main()
