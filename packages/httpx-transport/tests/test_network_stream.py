"""The connection itself, on every face: what is known of it, and what a caller does with it when HTTP has ended."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from httpx_transport import ReadError, ReadTimeout, RemoteProtocolError, WriteError, WriteTimeout

from .conftest import OK, Face, Peer, Server, TestPool, answer_each, answer_once

Serve = Callable[..., Server]

UPGRADE = [(b"Connection", b"upgrade"), (b"Upgrade", b"echo")]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"


class Wire:
    """A network stream, the same for a test on every face."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    async def _done(self, result: Any) -> Any:
        return await result if hasattr(result, "__await__") else result

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._done(self.stream.read(max_bytes, timeout))  # type: ignore[no-any-return]

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        await self._done(self.stream.write(data, timeout=timeout))

    async def start_tls(self, *arguments: Any) -> Any:
        return await self._done(self.stream.start_tls(*arguments))

    async def close(self) -> None:
        await self._done(self.stream.aclose() if hasattr(self.stream, "aclose") else self.stream.close())


async def switch(pool: TestPool, port: int, method: bytes = b"GET", **options: Any) -> tuple[int, Any, Wire]:
    headers = [] if method == b"CONNECT" else UPGRADE
    status, _, content, facts = await pool.send(port, method, headers, **options)
    return status, content, Wire(facts["network_stream"])


def echo(peer: Peer) -> None:
    """Switch protocols, greet, and send back whatever comes."""
    peer.head()
    peer.send(SWITCHING + b"hello")
    while data := peer.sock.recv(65536):
        peer.send(data)


@pytest.mark.parametrize("method", [b"GET", b"CONNECT"])
def test_another_protocol_after_the_head(face: Face, serve: Serve, method: bytes) -> None:
    def script(peer: Peer) -> None:
        head = peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello" if b"CONNECT" in head else SWITCHING + b"hello")
        assert peer.take(4) == b"ping"
        peer.send(b"pong")
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            extensions = {"target": b"example.org:443"} if method == b"CONNECT" else {}
            status, content, wire = await switch(pool, server.port, method, extensions=extensions)
            assert status == (200 if method == b"CONNECT" else 101)
            assert await content.read() == b""
            assert await wire.read(3) == b"hel"
            assert await wire.read(10) == b"lo"
            await wire.write(b"ping")
            assert await wire.read(10, 30.0) == b"pong"
            assert pool.pool.stats()["active"] == 1
            await content.close()
            assert pool.pool.stats()["connections"] == 0
            await wire.close()

    face.run(scenario)


def test_closing_the_stream_gives_its_slot_back(face: Face, serve: Serve) -> None:
    server = serve(echo)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for _ in range(2):
                _, _, wire = await switch(pool, server.port)
                assert await wire.read(100) == b"hello"
                await wire.close()

    face.run(scenario)
    assert server.accepted == 2


def test_a_switch_that_nobody_offered_is_refused(face: Face, serve: Serve) -> None:
    server = serve(answer_once(SWITCHING))

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(RemoteProtocolError):
                await pool.send(server.port)

    face.run(scenario)


def test_an_ordinary_response_keeps_its_connection_to_itself(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool() as pool:
            _, _, content, facts = await pool.send(server.port)
            stream = facts["network_stream"]
            assert stream.get_extra_info("server_addr") == ("127.0.0.1", server.port)
            assert stream.get_extra_info("client_addr") == facts["connection"]["local_address"]
            assert stream.get_extra_info("socket").fileno() > 0
            assert stream.get_extra_info("ssl_object") is None
            assert stream.get_extra_info("is_readable") is False
            assert stream.get_extra_info("colour") is None
            for use in (lambda: Wire(stream).read(1), lambda: Wire(stream).write(b""), lambda: Wire(stream).close()):
                with pytest.raises(RuntimeError, match="after a 101, or a 2xx to CONNECT, only"):
                    await use()
            with pytest.raises(RuntimeError, match="after a 101"):
                await Wire(stream).start_tls(ssl.create_default_context())
            await content.close()
        assert stream.get_extra_info("server_addr") in (None, ("127.0.0.1", server.port))

    face.run(scenario)


def test_a_connection_whose_peer_is_gone_has_no_address_left(serve: Serve) -> None:
    face, server = Face("blocking"), serve(answer_each())

    async def scenario() -> None:
        pool_of = face.pool()
        async with pool_of as pool:
            stream = (await pool.send(server.port))[3]["network_stream"]
        assert stream.get_extra_info("server_addr") is None

    face.run(scenario)


def test_tls_begins_where_plain_text_ended(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCHING)
        with contextlib.closing(server_context.wrap_socket(peer.sock, server_side=True)) as tls:
            tls.sendall(tls.recv(100).upper())
            tls.recv(100)

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, content, wire = await switch(pool, server.port)
            secure = Wire(await wire.start_tls(client_context, "127.0.0.1", 30.0))
            await secure.write(b"secret")
            assert await secure.read(100) == b"SECRET"
            assert secure.stream.get_extra_info("ssl_object").version() == "TLSv1.3"
            await content.close()

    face.run(scenario)


def test_tls_is_refused_where_it_cannot_be_told_what_came_under_it(face: Face, serve: Serve) -> None:
    server = serve(echo)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, content, wire = await switch(pool, server.port)
            with pytest.raises(ReadError, match="bytes before the TLS handshake"):
                await wire.start_tls(ssl.create_default_context())
            await content.close()

    face.run(scenario)


def test_a_handshake_that_fails_closes_the_connection(face: Face, serve: Serve, client_context: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCHING)
        peer.sock.recv(10)
        peer.send(b"this is no TLS at all")
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, _, wire = await switch(pool, server.port)
            with pytest.raises(ReadError, match="in the TLS handshake with 127.0.0.1"):
                await wire.start_tls(client_context)
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_waits_have_limits(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCHING)
        done.wait(30)

    done = threading.Event()
    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, content, wire = await switch(pool, server.port)
            with pytest.raises(ReadTimeout, match="timed out .reading from 127.0.0.1"):
                await wire.read(1, 0.001)
            with pytest.raises(WriteTimeout, match="timed out .writing to 127.0.0.1"):
                await wire.write(b"x" * 20_000_000, 0.001)
            await content.close()
        done.set()

    face.run(scenario)


def test_a_peer_that_breaks_off(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(SWITCHING)
        peer.sock.recv(1)
        peer.reset()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, content, wire = await switch(pool, server.port)
            await wire.write(b"xx")
            with pytest.raises(ReadError, match="reading from 127.0.0.1"):
                await wire.read(1)
            with pytest.raises(WriteError, match="writing to 127.0.0.1"):
                await wire.write(b"x" * 1_000_000)
            await content.close()

    face.run(scenario)


def test_a_peer_that_ends(face: Face, serve: Serve) -> None:
    server = serve(answer_once(SWITCHING))

    async def scenario() -> None:
        async with face.pool() as pool:
            _, content, wire = await switch(pool, server.port)
            assert await wire.read(10) == b""
            await content.close()

    face.run(scenario)


SIZE = 3_000_000  # more than the buffers of both ends hold, so that both directions have to move


@pytest.mark.parametrize("secure", [False, True])
def test_a_thread_may_read_while_another_writes(
    serve: Serve, secure: bool, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server = serve(echo, server_context if secure else None)
    face = Face("blocking")

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context, timeout=30) as pool:
            url = (b"https" if secure else b"http", b"127.0.0.1", server.port, b"/")
            _, content, wire = await switch(pool, server.port, url=url)
            writer = threading.Thread(target=lambda: face.run(lambda: wire.write(b"x" * SIZE, 30)))
            writer.start()
            received = 0
            while received < SIZE + 5:
                received += len(await wire.read(65_536, 30))
            writer.join()
            await content.close()

    face.run(scenario)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("limit", [None, 30.0])
def test_a_task_may_read_while_another_writes(
    name: str,
    secure: bool,
    limit: float | None,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    server = serve(echo, server_context if secure else None)
    face = Face(name)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context, timeout=30) as pool, anyio.create_task_group() as tasks:
            url = (b"https" if secure else b"http", b"127.0.0.1", server.port, b"/")
            _, content, wire = await switch(pool, server.port, url=url)
            tasks.start_soon(wire.write, b"x" * SIZE, limit)
            received = 0
            while received < SIZE + 5:
                received += len(await wire.read(65_536, limit))
            await content.close()

    face.run(scenario)


def test_ordinary_answers_to_an_offer(face: Face, serve: Serve) -> None:
    server = serve(answer_each(OK))

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                status, content, _ = await switch(pool, server.port)
                assert (status, await content.read()) == (200, b"ok")

    face.run(scenario)
    assert server.accepted == 1


def test_a_tunnel_that_is_refused_is_an_ordinary_response(face: Face, serve: Serve) -> None:
    server = serve(answer_each(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                extensions = {"target": b"example.org:443"}
                status, content, _ = await switch(pool, server.port, b"CONNECT", extensions=extensions)
                assert (status, await content.read()) == (403, b"no")

    face.run(scenario)
    assert server.accepted == 1
