"""Real requests through all packages: connections kept, TLS checked, failures told."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from faces import AnyClient, Face
from servers.scripted import ScriptedServer, answering, saying, silent

import httpx

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_a_thousand_requests_use_one_connection(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        for _ in range(1_000):
            assert (await client.get(server.url)).content == b"hello"

    with ScriptedServer(answering(OK)) as server:
        face.run(scenario)
        assert server.accepted == 1


def test_tls_with_a_trusted_and_an_unknown_authority(face: Face) -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def served(client: AnyClient) -> None:
        for _ in range(2):
            assert (await client.get(server.url)).text == "hello"

    async def refused(client: AnyClient) -> None:
        with pytest.raises(httpx.ConnectError, match=r"CERTIFICATE_VERIFY_FAILED.* \(in the TLS handshake with 127"):
            await client.get(server.url)

    with ScriptedServer(answering(OK), server_context) as server:
        face.run(served, verify=trusting)
        assert server.accepted == 1
        face.run(served, verify=False)
        face.run(refused)


def test_websocket_schemes_go_the_way_of_http(face: Face) -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def scenario(client: AnyClient) -> None:
        for server in (plain, secure):
            url = httpx.URL(server.url).copy_with(scheme={"http": "ws", "https": "wss"}[httpx.URL(server.url).scheme])
            response = await client.get(str(url))
            assert (response.text, response.url) == ("hello", url)

    with ScriptedServer(answering(OK)) as plain, ScriptedServer(answering(OK), server_context) as secure:
        face.run(scenario, verify=trusting)


def test_a_refused_connection_names_host_port_phase_and_seconds(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        message = rf"^\[Errno \d+\] .* \(connecting to 127\.0\.0\.1:{port}, after [\d.e-]+ s\)$"
        with pytest.raises(httpx.ConnectError, match=message) as caught:
            await client.get(f"http://127.0.0.1:{port}/")
        assert caught.value.request.url.port == port

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        face.run(scenario)


def test_an_unresolvable_name(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        message = r"^\[Errno -?\d+\] .* \(connecting to no\.such\.host\.invalid:80, after [\d.e-]+ s\)$"
        with pytest.raises(httpx.ConnectError, match=message):
            await client.get("http://no.such.host.invalid/")

    face.run(scenario)


def test_a_server_that_never_answers(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        message = rf"^timed out \(waiting for the response from 127\.0\.0\.1:{server.port} on a fresh connection, after 0\.05 s\)$"
        with pytest.raises(httpx.ReadTimeout, match=message):
            await client.get(server.url, timeout=httpx.Timeout(5, read=0.05))

    with ScriptedServer(silent) as server:
        face.run(scenario)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", r"^illegal status line.* \(waiting for the response from 127\.0\.0\.1:"),
        (b"", r"^Server disconnected without sending a response\. \(waiting for the response from 127\.0\.0\.1:"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            r"^peer closed .* \(reading the content from 127\.0\.0\.1:",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhe", r"^conflicting Content-Length"),
    ],
)
def test_a_malformed_response(face: Face, said: bytes, message: str) -> None:
    async def scenario(client: AnyClient) -> None:
        with pytest.raises(httpx.RemoteProtocolError, match=message):
            await client.get(server.url)

    with ScriptedServer(saying(said)) as server:
        face.run(scenario)


def test_chunks_both_ways(face: Face) -> None:
    received = []

    def script(connection: socket.socket) -> None:
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            data += connection.recv(65536)
        received.append(data.partition(b"\r\n\r\n")[2])
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    async def scenario(client: AnyClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"first"
            yield b"second"

        content = iter([b"first", b"second"]) if face.name == "blocking" else chunks()
        assert (await client.post(server.url, content=content)).text == "abcde"

    with ScriptedServer(script) as server:
        face.run(scenario)
    assert received == [b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"]


def test_the_installed_command() -> None:
    command = Path(sysconfig.get_path("scripts")) / "httpx"
    with ScriptedServer(answering(OK)) as server:
        done = subprocess.run([command, server.url], check=True, capture_output=True, text=True)
    assert done.stdout == "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello\n"
