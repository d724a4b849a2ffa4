"""A client's session over real sockets: redirects between servers, credentials, cookies, uploads, deadlines, threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from faces import AnyClient, Face
from servers.scripted import Script, ScriptedServer, answering

import httpx

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def redirecting(place: str, *, status: int = 302, content: bytes = b"", fields: str = "") -> bytes:
    """Return a response that leads elsewhere."""
    head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {place}\r\nContent-Length: {len(content)}\r\n{fields}\r\n"
    return head.encode() + content


def noting(heads: list[bytes], response: bytes = OK) -> Script:
    """Return a script that notes every request head, and answers each with the same bytes."""

    def script(connection: socket.socket) -> None:
        received = b""
        while data := connection.recv(65536):
            *complete, received = (received + data).split(b"\r\n\r\n")
            heads.extend(complete)
            connection.sendall(response * len(complete))

    return script


def test_credentials_do_not_go_to_another_port(face: Face) -> None:
    heads: list[bytes] = []
    secrets = {"Authorization": "secret", "Proxy-Authorization": "secret", "Cookie": "secret", "X-Plain": "1"}

    async def scenario(client: AnyClient) -> None:
        response = await client.get(first.url, headers=secrets, follow_redirects=True)
        assert (response.text, response.history[0].content) == ("hello", b"moved")
        response = await client.get(first.url.replace("//", "//user:secret@"), follow_redirects=True)
        assert response.text == "hello"

    with ScriptedServer(noting(heads)) as second:
        with ScriptedServer(answering(redirecting(second.url, content=b"moved"))) as first:
            face.run(scenario)
            assert first.accepted == second.accepted == 1
        assert len(heads) == 2
        assert b"secret" not in b"".join(heads)
        assert b"X-Plain: 1" in heads[0]
        assert all(f"Host: 127.0.0.1:{second.port}".encode() in head for head in heads)


def test_cookies_come_back(face: Face) -> None:
    heads: list[bytes] = []

    async def scenario(client: AnyClient) -> None:
        for _ in range(2):
            await client.get(server.url)

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: session=1; Path=/\r\n\r\n"
    with ScriptedServer(noting(heads, answer)) as server:
        face.run(scenario)
    assert [b"Cookie: session=1" in head for head in heads] == [False, True]


def test_a_redirect_with_a_long_body_costs_a_connection_and_nothing_else(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.get(first.url, follow_redirects=True)
        assert response.text == "hello"
        with pytest.raises(httpx.ResponseNotRead, match="65536"):
            response.history[0].text  # noqa: B018

    with ScriptedServer(answering(OK)) as second:
        answer = redirecting(second.url, content=bytes(2_000_000))
        with ScriptedServer(answering(answer)) as first:
            face.run(scenario)


def test_an_upload_that_can_be_sent_once(face: Face) -> None:
    def once() -> Iterator[bytes]:
        yield b"x" * 10

    async def aonce() -> AsyncIterator[bytes]:
        yield b"x" * 10

    async def scenario(client: AnyClient) -> None:
        content: Any = once() if face.name == "blocking" else aonce()
        with pytest.raises(httpx.StreamConsumed):
            await client.post(first.url, content=content, follow_redirects=True)

    def script(connection: socket.socket) -> None:
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65536)
        connection.sendall(redirecting(second.url, status=307))

    with ScriptedServer(answering(OK)) as second, ScriptedServer(script) as first:
        face.run(scenario)


def test_one_deadline_over_redirects(face: Face) -> None:
    done = threading.Event()

    def slow(connection: socket.socket) -> None:
        while connection.recv(65536):
            done.wait(0.15)
            connection.sendall(redirecting("/again"))

    async def scenario(client: AnyClient) -> None:
        began = time.monotonic()
        with pytest.raises(httpx.TimeoutException, match="the total is over"):
            await client.get(server.url, follow_redirects=True, timeout=TIMEOUT)
        assert time.monotonic() - began < 5

    with ScriptedServer(slow) as server:
        face.run(scenario)
        done.set()


TIMEOUT = httpx.Timeout(10, total=0.4)


@pytest.mark.parametrize("place", ["http://127.0.0.1:99999/", "http://[::1/", "file:///etc/passwd", "gopher://a/"])
def test_redirects_that_lead_nowhere_give_the_connection_back(face: Face, place: str) -> None:
    async def scenario(client: AnyClient) -> None:
        for _ in range(3):
            with pytest.raises((httpx.RemoteProtocolError, httpx.UnsupportedProtocol)):
                await client.get(server.url, follow_redirects=True)
        assert client.client.pool_stats()["active"] == 0

    with ScriptedServer(answering(redirecting(place))) as server:
        face.run(scenario)


def test_fifty_threads_share_one_client() -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                assert client.get(server.url).content == b"hello"
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    with ScriptedServer(answering(OK)) as server, httpx.Client() as client:
        threads = [threading.Thread(target=work) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert client.pool_stats()["active"] == 0
