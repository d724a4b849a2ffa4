"""Closing a response, or a network stream, while another task or thread waits for its bytes."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from httpx_transport import ReadError
from httpx_transport._backends._polling import new_poller
from httpx_transport._exchange import Exchange
from httpx_transport._reader import ContentReader
from httpx_transport.blocking import run

from .conftest import Content, Face, Peer, Server, TestPool, answer_once

Serve = Callable[..., Server]
PART = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"
FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright"


class Waits:
    """Runs something beside a test, and says when it waits for a socket."""

    def __init__(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        self._face = face
        self._polling = threading.Event()
        self._told = False

        class Poller:
            def __init__(poller, fd: int, mask: int) -> None:  # noqa: N805
                poller.real = new_poller(fd, mask)

            def register(poller, fd: int, mask: int) -> None:  # noqa: N805
                poller.real.register(fd, mask)

            def poll(poller, timeout: float | None) -> Any:  # noqa: N805
                if self._told and timeout != 0:
                    self._polling.set()
                return poller.real.poll(timeout)

        for module in ("_blocking", "_sockets"):
            monkeypatch.setattr(f"httpx_transport._backends.{module}.new_poller", Poller)

    async def error_of(self, work: Callable[[], Awaitable[Any]], meanwhile: Callable[[], Awaitable[Any]]) -> Exception:
        """Return the error of some work, during whose wait for the socket something else is done."""
        errors: list[Exception] = []

        async def catch() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - returned
                errors.append(error)

        if self._face.name == "blocking":
            self._told = True
            thread = threading.Thread(target=lambda: run(catch()))
            thread.start()
            assert self._polling.wait(30)
            await meanwhile()
            thread.join()
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(catch)
                await anyio.wait_all_tasks_blocked()
                await meanwhile()
        return errors[0]


@pytest.fixture
def waits(face: Face, monkeypatch: pytest.MonkeyPatch) -> Waits:
    return Waits(face, monkeypatch)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def contexts(request: pytest.FixtureRequest, server_context: Any, client_context: Any) -> tuple[Any, Any]:
    return (server_context, client_context) if request.param else (None, None)


async def open_response(pool: TestPool, server: Server) -> Content:
    scheme = b"http" if server.context is None else b"https"
    _, _, content, _ = await pool.send(0, url=(scheme, b"127.0.0.1", server.port, b"/"))
    return content


@pytest.mark.parametrize("length", [True, False])
def test_the_reader_gets_an_error_and_the_connection_is_not_used_again(
    face: Face, serve: Serve, waits: Waits, contexts: tuple[Any, Any], length: bool
) -> None:
    first = PART if length else b"HTTP/1.1 200 OK\r\n\r\npart"
    closing = threading.Event()

    def script(peer: Peer) -> None:
        if server.accepted > 1:
            peer.head()
            peer.send(WHOLE)
            return
        peer.head()
        peer.send(first)
        assert closing.wait(30)
        peer.send(b"-rest" + FORGED)
        peer.wait_closed()

    server = serve(script, contexts[0])

    async def scenario() -> None:
        async with face.pool(ssl_context=contexts[1], max_connections=1) as pool:
            content = await open_response(pool, server)
            assert await content.next() == b"part"

            async def close() -> None:
                closing.set()
                await content.close()

            error = await waits.error_of(content.read, close)
            assert isinstance(error, ReadError)
            assert "the response was closed while its content was being read (reading the content from" in str(error)
            assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
            with pytest.raises(ReadError, match="^the response has been closed "):
                await content.next()
            assert await (await open_response(pool, server)).read() == b"right"
            await content.close()

    face.run(scenario)
    assert server.accepted == 2


def test_a_second_reader_is_refused(face: Face, serve: Serve, waits: Waits) -> None:
    going_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(PART)
        assert going_on.wait(30)

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            content = await open_response(pool, server)
            assert await content.next() == b"part"

            async def read_too() -> None:
                with pytest.raises(ReadError, match="^another task or thread is reading the content "):
                    await content.next()
                await content.close()

            assert isinstance(await waits.error_of(content.read, read_too), ReadError)
            going_on.set()

    face.run(scenario)


@pytest.mark.parametrize("operation", ["read", "write"])
def test_closing_a_network_stream_wakes_its_user(face: Face, serve: Serve, waits: Waits, operation: str) -> None:
    done = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        assert done.wait(30)

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            upgrade = [(b"Connection", b"upgrade"), (b"Upgrade", b"x")]
            _, _, _, extensions = await pool.send(server.port, headers=upgrade)
            stream = extensions["network_stream"]

            async def use() -> None:
                arguments = (100,) if operation == "read" else (bytes(100_000_000),)
                result = getattr(stream, operation)(*arguments)
                if face.name != "blocking":
                    await result

            async def close() -> None:
                await stream.aclose() if face.name != "blocking" else stream.close()

            error = await waits.error_of(use, close)
            assert "the network stream was closed while it was in use" in str(error)
            assert pool.pool.stats()["connections"] == 0
            done.set()

    face.run(scenario)


def test_an_end_that_closing_has_made_is_no_end_of_the_content(
    face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answer_once(b"HTTP/1.1 200 OK\r\n\r\npart"))

    async def receive(exchange: Exchange, doing: str) -> None:
        await real(exchange, doing)
        if received.pop():
            exchange._reader.closed = True  # by another thread, just now

    real, received = Exchange.receive, [True, False]
    monkeypatch.setattr(Exchange, "receive", receive)

    async def scenario() -> None:
        async with face.pool() as pool:
            content = await open_response(pool, server)
            with pytest.raises(ReadError, match="the response was closed while its content was being read"):
                await content.read()
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_a_network_stream_that_is_closed_just_before_a_wait(face: Face, serve: Serve) -> None:
    done = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        assert done.wait(30)

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            upgrade = [(b"Connection", b"upgrade"), (b"Upgrade", b"x")]
            _, _, _, extensions = await pool.send(server.port, headers=upgrade)
            conversation = extensions["network_stream"]._holder.conversation()
            conversation._closed = True
            with pytest.raises(ReadError, match="the network stream was closed while it was in use"):
                await conversation.read(1, None)
            conversation.close()
            done.set()

    face.run(scenario)


class Recorded:
    """A lease and a stream that note what is done to them."""

    def __init__(self, reader: ContentReader) -> None:
        self.reader = reader
        self.done: list[str] = []
        self.held = True

    def detach(self) -> Callable[[], None] | None:
        held, self.held = self.held, False
        return (lambda: self.done.append("given back")) if held else None

    def abort(self, why: str) -> None:
        self.done.append("aborted")

    def close(self) -> bool:
        return self.reader.close(self, self)  # type: ignore[arg-type]


class TestContentReader:
    def test_without_a_reader_the_caller_decides(self) -> None:
        recorded = Recorded(reader := ContentReader())
        assert reader.enter() == ""
        reader.leave()
        assert recorded.close()
        recorded.held = False  # as the caller gives it back
        assert not recorded.close()
        assert recorded.done == []
        assert reader.enter() == "the response has been closed"

    def test_the_slot_is_given_back_when_the_reader_has_left(self) -> None:
        recorded = Recorded(reader := ContentReader())
        assert reader.enter() == ""
        assert not recorded.close()
        assert recorded.done == ["aborted"]
        reader.leave()
        assert recorded.done == ["aborted", "given back"]
        reader.leave()
        assert recorded.done == ["aborted", "given back"]

    def test_a_reader_that_leaves_while_the_stream_is_aborted(self) -> None:
        recorded = Recorded(reader := ContentReader())
        reader.enter()
        recorded.abort = lambda why: reader.leave()  # type: ignore[method-assign]
        assert not recorded.close()
        assert recorded.done == ["given back"]

    def test_a_response_that_became_complete_is_not_aborted(self) -> None:
        recorded = Recorded(reader := ContentReader())
        reader.enter()
        recorded.held = False
        assert not recorded.close()
        reader.leave()
        assert recorded.done == []
