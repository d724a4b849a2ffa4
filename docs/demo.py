"""What httpx does, shown against a server on this machine: run it with `nox -s demo`.

A blocking request, one on asyncio, one on trio, and the command, each with how long it took; then the same request many
times over one kept connection.
"""

from __future__ import annotations

import asyncio
import http.server
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import trio

import httpx

FAMILY = ("httpx", "httpx-cli", "httpx-client", "httpx-models", "httpx-transport", "httpx-urls")
MANY = 1_000


class Greeter(http.server.BaseHTTPRequestHandler):
    """Answers each GET with a greeting, over kept connections."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and content in one write: otherwise each answer waits 40 ms for the client's delayed ACK
    connections = 0

    def setup(self) -> None:
        """Count the connection."""
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        """Answer."""
        content = f"Hello from {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the demo does."""


def show(title: str, work: Callable[[], Any]) -> None:
    """Do something; print what came of it, and how long it took."""
    start = time.perf_counter()
    result = work()
    milliseconds = (time.perf_counter() - start) * 1000
    print(f"\n{title}  ({milliseconds:.1f} ms)")
    print("\n".join(f"    {line}" for line in result.rstrip().splitlines()))


def described(response: httpx.Response) -> str:
    """Return the parts of a response that one wants to see."""
    head = f"{response.http_version} {response.status_code} {response.reason_phrase}"
    return f"{head}\ncontent-type: {response.headers['content-type']}\n{response.text}"


def warm_up(url: str) -> None:
    """Send a request on each kind of client before any is timed: the first one imports modules."""
    httpx.get(url)
    asyncio.run(fetch(url))
    trio.run(fetch, url)


async def fetch(url: str) -> str:
    """Send one asynchronous request."""
    async with httpx.AsyncClient() as client:
        return described(await client.get(url))


def many(url: str) -> str:
    """Send many requests with one client."""
    before = Greeter.connections
    with httpx.Client() as client:
        for _ in range(MANY):
            client.get(url).raise_for_status()
    return f"{MANY} requests over {Greeter.connections - before} connection"


def refused() -> str:
    """Try where nobody listens; return what one is told."""
    try:
        return described(httpx.get("http://127.0.0.1:1/"))
    except httpx.ConnectError as error:
        return f"{type(error).__name__}: {error}"


def main() -> None:
    """Start the server, and show it all."""
    print("installed:", ", ".join(f"{name} {metadata.version(name)}" for name in FAMILY))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            warm_up(url)
            command = [str(Path(sysconfig.get_path("scripts")) / "httpx"), f"{url}/command"]
            show(f"httpx.get({url}/sync)", lambda: described(httpx.get(f"{url}/sync")))
            show("await AsyncClient().get(…) on asyncio", lambda: asyncio.run(fetch(f"{url}/asyncio")))
            show("await AsyncClient().get(…) on trio", lambda: trio.run(fetch, f"{url}/trio"))
            show(
                "$ httpx " + command[1],
                lambda: subprocess.run(command, check=True, capture_output=True, text=True).stdout,
            )
            show(f"Client().get(…), {MANY} times", lambda: many(f"{url}/many"))
            show("httpx.get(http://127.0.0.1:1/)", refused)
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    main()
