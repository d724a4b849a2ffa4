"""One request without a client, over a real socket."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

import httpx_client

from .conftest import Face


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} {self.path} {self.headers['X-Test']} ".encode() + content
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go: some tests make them."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_functions(url: str) -> None:
    headers = {"X-Test": "x"}
    assert httpx_client.get(url, headers=headers).text == "GET / x "
    assert httpx_client.post(url, content=b"body", headers=headers, timeout=9).text == "POST / x body"
    assert httpx_client.request("patch", url, headers=headers).text == "PATCH / x "


def test_an_odd_method_is_refused_before_it_is_sent(face: Face, url: str) -> None:
    from httpx_models import LocalProtocolError

    async def scenario() -> None:
        async with face.client() as client:
            for method in ("GÉT", "G T", "\ud800"):
                with pytest.raises(LocalProtocolError, match="method"):
                    await client.call("request", method, url)

    face.run(scenario)


@pytest.mark.parametrize("error", [TimeoutError("mine"), ConnectionResetError("mine"), KeyError("mine")])
def test_an_error_of_the_body_stays_what_it_is(face: Face, url: str, error: Exception) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a"
        raise error

    async def achunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise error

    async def scenario() -> None:
        async with face.client() as client:
            with pytest.raises(type(error), match="mine") as caught:
                await client.call("post", url, content=chunks() if face.name == "blocking" else achunks())
            assert caught.value is error

    face.run(scenario)


def test_importing_and_making_a_client_loads_nothing_heavy() -> None:
    program = (
        "import sys, httpx_client; httpx_client.Client().close(); httpx_client.AsyncClient();"
        "heavy = {'ssl', 'h11', 'asyncio', 'anyio', 'certifi', 'idna', 'json', 'http.cookiejar', 'urllib.request'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    # Measuring coverage would import more.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"
