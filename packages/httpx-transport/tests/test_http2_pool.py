"""HTTP/2 through the pool on blocking, asyncio and trio, with sockets and TLS."""

from __future__ import annotations

import contextlib
import gc
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import anyio
import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from httpx_transport import (
    AsyncConnectionPool,
    ConnectionPool,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    WriteError,
)
from httpx_transport.blocking import run
from httpx_transport.interface import Field

from .conftest import Content, Face, Peer, Script, Server, answer_each

Serve = Callable[..., Server]
OK: list[Field] = [(b":status", b"200")]
Read = Callable[[Content], Coroutine[Any, Any, None]]
PRIOR: dict[str, Any] = {"http1": False, "http2": True}


class Speaker:
    """The server's end of one connection, in a thread."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        self.h2.initiate_connection()
        self.flush()
        self.events: list[Any] = []
        self.bodies: dict[int, bytes] = {}

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.peer.send(data)

    def next(self, *kinds: type[Any]) -> Any:
        """Return the next event of one of these kinds; None where the client has gone."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, kinds):
                    return event
            try:
                data = self.peer.sock.recv(65_536)
            except ConnectionError:
                return None
            if not data:
                return None
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                    if event.flow_controlled_length:
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.events.append(event)
            self.flush()

    def request(self) -> int:
        event = self.next(h2.events.StreamEnded)
        return 0 if event is None else event.stream_id

    def respond(self, stream: int, content: bytes = b"") -> None:
        self.h2.send_headers(stream, OK)
        for start in range(0, len(content), 16_384):
            while self.h2.local_flow_control_window(stream) < 16_384:
                self.next(h2.events.WindowUpdated)
            self.h2.send_data(stream, content[start : start + 16_384])
            self.flush()
        self.h2.end_stream(stream)
        self.flush()


def speaking(play: Callable[[Speaker], None]) -> Script:
    def script(peer: Peer) -> None:
        play(Speaker(peer))

    return script


def echo(speaker: Speaker) -> None:
    """Answer each request with its content."""
    while stream := speaker.request():
        speaker.respond(stream, speaker.bodies.get(stream, b""))


@pytest.fixture
def h2_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    return context


def test_prior_knowledge(face: Face, serve: Serve) -> None:
    server = serve(speaking(echo))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            for size in (0, 1, 300_000):
                status, _, content, facts = await pool.send(server.port, b"POST", body=b"x" * size)
                assert (status, facts["http_version"]) == (200, b"HTTP/2")
                assert await content.read() == b"x" * size
            body = face.body([b"ab", b"", b"c" * 100_000])
            assert await pool.get(server.port, method=b"POST", body=body) == b"ab" + b"c" * 100_000
        assert server.accepted == 1

    face.run(scenario)


def test_alpn_decides(face: Face, serve: Serve, h2_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    new = serve(speaking(echo), h2_context)

    async def scenario() -> None:
        async with face.pool(http2=True, ssl_context=client_context) as pool:
            url = (b"https", b"127.0.0.1", new.port, b"/")
            for _ in range(2):
                _, _, content, facts = await pool.send(new.port, b"POST", body=b"x" * 200_000, url=url)
                assert facts["http_version"] == b"HTTP/2"
                assert facts["connection"]["alpn"] == "h2"
                assert facts["network_stream"].get_extra_info("is_readable") in (True, False)
                assert facts["network_stream"].get_extra_info("server_addr")[1] == new.port
                assert await content.read() == b"x" * 200_000
        assert new.accepted == 1

    face.run(scenario)


def test_http1_is_spoken_where_nothing_else_is(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    secure, plain = serve(answer_each(), server_context), serve(answer_each())

    async def scenario() -> None:
        async with face.pool(http2=True, ssl_context=client_context) as pool:
            for server, scheme in ((secure, b"https"), (secure, b"https"), (plain, b"http")):
                url = (scheme, b"127.0.0.1", server.port, b"/")
                _, _, content, facts = await pool.send(server.port, url=url)
                assert facts["http_version"] == b"HTTP/1.1"
                assert await content.read() == b"ok"
        assert (secure.accepted, plain.accepted) == (1, 1)

    face.run(scenario)


def test_a_connection_of_http1_that_was_closed_is_made_again(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    asked = threading.Event()

    def once_more(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if not asked.is_set():
            asked.set()
            peer.head()

    server = serve(once_more, server_context)

    async def scenario() -> None:
        async with face.pool(http2=True, ssl_context=client_context) as pool:
            url = (b"https", b"127.0.0.1", server.port, b"/")
            assert await pool.get(server.port, url=url) == b"ok"
            assert await pool.get(server.port, url=url) == b"ok"
        assert server.accepted == 2

    face.run(scenario)


def test_a_violation_is_told_and_the_slot_comes_back(face: Face, serve: Serve) -> None:
    def attack(peer: Peer) -> None:
        Speaker(peer).request()
        peer.send(b"\xff\xff\xff\0\0\0\0\0\1")
        peer.wait_closed()

    server = serve(attack)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            for _ in range(3):
                with pytest.raises(RemoteProtocolError, match="HTTP/2 violation: a frame of 16777215 bytes"):
                    await pool.send(server.port)
                assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}

    face.run(scenario)


def test_a_peer_that_resets_is_told(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        Speaker(peer).request()
        peer.reset()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            with pytest.raises((ReadError, WriteError, RemoteProtocolError)):
                await pool.send(server.port, b"POST")
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_silence_is_limited(face: Face, serve: Serve) -> None:
    def silent(speaker: Speaker) -> None:
        speaker.request()
        assert speaker.next(h2.events.StreamReset).error_code == 8
        echo(speaker)

    server = serve(speaking(silent))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            with pytest.raises(ReadTimeout):
                await pool.send(server.port, extensions={"timeout": {"read": 0.05}})
            assert await pool.get(server.port, method=b"POST", body=b"next") == b"next"
        assert server.accepted == 1

    face.run(scenario)


def test_a_bidirectional_echo(face: Face, serve: Serve) -> None:
    def play(speaker: Speaker) -> None:
        stream = speaker.next(h2.events.RequestReceived).stream_id
        speaker.h2.send_headers(stream, OK)
        speaker.flush()
        while (event := speaker.next(h2.events.DataReceived, h2.events.StreamEnded)) is not None:
            if isinstance(event, h2.events.StreamEnded):
                speaker.h2.send_headers(stream, [(b"grpc-status", b"0")], end_stream=True)
                speaker.flush()
                break
            speaker.h2.send_data(stream, event.data[::-1])
            speaker.flush()
        echo(speaker)

    server = serve(speaking(play))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            _, _, content, facts = await pool.send(server.port, b"POST", extensions={"duplex": True})
            stream = Duplex(face, facts["network_stream"])
            for word in (b"abc", b"hello", b"!"):
                await stream.write(word)
                received = b""
                while len(received) < len(word):
                    received += await stream.read(2)
                assert received == word[::-1]
            with pytest.raises(RuntimeError, match="no TLS on a stream"):
                await stream.start_tls()
            with pytest.raises(ReadTimeout, match="timed out .reading from"):
                await stream.read(1, timeout=0.01)
            await stream.end()
            assert await stream.read(1) == b""
            assert await stream.read(1) == b""
            assert facts["trailers"] == [(b"grpc-status", b"0")]
            with pytest.raises(OSError, match="the request has ended"):
                await stream.write(b"more")
            await stream.close()
            await content.close()
            assert await pool.get(server.port, method=b"POST", body=b"next") == b"next"
            _, _, _, facts = await pool.send(server.port)
            with pytest.raises(RuntimeError, match="'duplex'"):
                await Duplex(face, facts["network_stream"]).read(1)
        assert server.accepted == 1

    face.run(scenario)


class Duplex:
    """A network stream, the same for a test on every face."""

    def __init__(self, face: Face, stream: Any) -> None:
        self.blocking = face.name == "blocking"
        self.stream = stream

    async def read(self, size: int, timeout: float | None = 5) -> bytes:
        got = self.stream.read(size, timeout)
        return bytes(got if self.blocking else await got)

    async def write(self, data: bytes, timeout: float | None = 5) -> None:
        done = self.stream.write(data, timeout)
        None if self.blocking else await done

    async def end(self) -> None:
        done = self.stream.write_eof()
        None if self.blocking else await done

    async def start_tls(self) -> None:
        done = self.stream.start_tls(ssl.create_default_context())
        None if self.blocking else await done

    async def close(self) -> None:
        done = self.stream.close() if self.blocking else self.stream.aclose()
        None if self.blocking else await done


def test_a_tunnel_through_http2(face: Face, serve: Serve) -> None:
    def play(speaker: Speaker) -> None:
        stream = speaker.next(h2.events.RequestReceived).stream_id
        speaker.h2.send_headers(stream, OK)
        speaker.flush()
        while (event := speaker.next(h2.events.DataReceived)) is not None:
            speaker.h2.send_data(stream, event.data)
            speaker.flush()

    server = serve(speaking(play))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            url = (b"http", b"127.0.0.1", server.port, b"b.test:443")
            _, _, _, facts = await pool.send(server.port, b"CONNECT", extensions={"duplex": True}, url=url)
            stream = Duplex(face, facts["network_stream"])
            await stream.write(b"bytes")
            assert await stream.read(10) == b"bytes"
            await stream.close()

    face.run(scenario)


def test_an_abandoned_response_is_reset(face: Face, serve: Serve) -> None:
    def play(speaker: Speaker) -> None:
        stream = speaker.request()
        speaker.h2.send_headers(stream, OK)
        speaker.h2.send_data(stream, b"beginning")
        speaker.flush()
        while (event := speaker.next(h2.events.StreamReset, h2.events.StreamEnded)) is not None:
            if isinstance(event, h2.events.StreamReset):
                resets.append(event.stream_id)
            else:
                speaker.respond(event.stream_id, speaker.bodies[event.stream_id])

    resets: list[int] = []
    server = serve(speaking(play))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            answer: Any = await pool.send(server.port)
            assert await answer[2].next() == b"beginning"
            del answer
            gc.collect()
            assert await pool.get(server.port, method=b"POST", body=b"next") == b"next"
            assert pool.pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        assert server.accepted == 1

    face.run(scenario)
    server.threads[0].join()
    assert resets == [1]


def test_threads_share_a_connection(serve: Serve) -> None:
    server = serve(speaking(echo))
    failures: list[BaseException] = []
    with ConnectionPool(**PRIOR) as pool:

        def work(number: int) -> None:
            try:
                for turn in range(10):
                    body = b"%d-%d:" % (number, turn) + b"x" * (number * 3_000)
                    url = (b"http", b"127.0.0.1", server.port, b"/")
                    _, _, content, _ = pool.handle_request(b"POST", url, [(b"Host", b"a")], body, {})
                    assert b"".join(content) == body
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert pool.stats()["active"] == 0
    assert server.accepted == 1


@pytest.mark.parametrize("make", [ConnectionPool, AsyncConnectionPool])
def test_something_has_to_be_spoken(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="at least one of http1 and http2"):
        make(http1=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"'h2' package is not installed.*pip install httpx\[http2\]"):
        make(http2=True)


def test_the_engine_is_not_imported_where_it_is_not_wanted() -> None:
    import subprocess
    import sys

    code = "import httpx_transport, sys; httpx_transport.ConnectionPool(); print('h2' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize("beside", [False, True])
def test_closing_a_response_fails_its_reader_at_once(
    face: Face, serve: Serve, h2_context: ssl.SSLContext, client_context: ssl.SSLContext, beside: bool
) -> None:
    """Whether the reader waits for the socket or behind another reader; the other streams do not notice."""
    reset = threading.Event()

    def play(speaker: Speaker) -> None:
        streams: list[int] = []
        for _ in range(2):
            streams.append(speaker.request())
            speaker.h2.send_headers(streams[-1], OK)
            speaker.flush()
        assert speaker.next(h2.events.StreamReset).stream_id == streams[1]
        reset.set()
        speaker.h2.send_data(streams[0], b"whole", end_stream=True)
        speaker.flush()
        speaker.next(h2.events.ConnectionTerminated)

    server = serve(speaking(play), h2_context)
    url = (b"https", b"127.0.0.1", server.port, b"/")

    async def scenario() -> None:
        async with face.pool(http2=True, ssl_context=client_context, timeout=None) as pool:
            whole = (await pool.send(server.port, url=url))[2]
            closed = (await pool.send(server.port, url=url))[2]
            found: list[object] = []

            async def read(content: Content) -> None:
                try:
                    found.append(await content.read())
                except ReadError as error:
                    found.append(str(error).partition(" (")[0])

            async with alongside(face) as start:
                if beside:
                    await start(read, whole)
                await start(read, closed)
                await closed.close()
            if not beside:
                await read(whole)
            assert sorted(map(str, found)) == ["b'whole'", "the response was closed"]
            assert reset.is_set()
            with pytest.raises(ReadError, match="the response was closed"):
                await closed.read()
            assert pool.pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}

    face.run(scenario)


@contextlib.asynccontextmanager
async def alongside(face: Face) -> AsyncIterator[Callable[[Read, Content], Awaitable[None]]]:
    """Give what starts a function in a task, or a thread, of its own, and lets it begin; wait for all at the end."""
    if face.name != "blocking":
        async with anyio.create_task_group() as tasks:

            async def start(work: Read, content: Content) -> None:
                tasks.start_soon(work, content)
                await anyio.wait_all_tasks_blocked()

            yield start
        return
    threads: list[threading.Thread] = []

    async def start_thread(work: Read, content: Content) -> None:
        threads.append(threading.Thread(target=lambda: run(work(content))))
        threads[-1].start()

    yield start_thread
    for thread in threads:
        thread.join()
