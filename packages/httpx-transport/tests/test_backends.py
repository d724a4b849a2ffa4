"""The corners of each backend that no ordinary server reaches, with stand-ins for sockets, TLS and loops."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
import trio
import trio.testing

from httpx_transport import ReadError, RemoteProtocolError
from httpx_transport._backends import Stream, blocking_backend, running_backend
from httpx_transport._backends._anyio import AnyioStream
from httpx_transport._backends._asyncio_events import AsyncioEvent
from httpx_transport._backends._asyncio_stream import AsyncioStream
from httpx_transport._backends._blocking import BlockingStream
from httpx_transport._backends._polling import READ, WRITE, Poller, SelectPoller, milliseconds, new_poller
from httpx_transport._backends._tls import TlsSession
from httpx_transport._connection import Connection
from httpx_transport._errors import explain
from httpx_transport._exchange import Exchange
from httpx_transport._extensions import Options
from httpx_transport._trace import Trace, TracedRequest
from httpx_transport._traced import TracedExchange
from httpx_transport.blocking import run

from .conftest import OK, Peer, dial, silence


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


def fill(sock: socket.socket) -> None:
    """Send until nothing fits."""
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        return


class TestPolling:
    @pytest.fixture(params=["poll", "select"])
    def poller(self, request: pytest.FixtureRequest, pair: tuple[socket.socket, socket.socket]) -> Poller:
        if request.param == "poll":
            return new_poller(pair[0].fileno(), READ)
        poller = SelectPoller()
        poller.register(pair[0].fileno(), READ)
        return poller

    def test_reading(self, poller: Poller, pair: tuple[socket.socket, socket.socket]) -> None:
        assert poller.poll(0) == []
        pair[1].send(b"x")
        assert poller.poll(None) == [(pair[0].fileno(), READ)]

    def test_writing(self, poller: Poller, pair: tuple[socket.socket, socket.socket]) -> None:
        poller.register(pair[0].fileno(), WRITE)
        assert poller.poll(1000) == [(pair[0].fileno(), WRITE)]
        fill(pair[0])
        assert poller.poll(1) == []

    def test_where_there_is_no_poll(
        self, monkeypatch: pytest.MonkeyPatch, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        import select

        monkeypatch.delattr(select, "poll")
        assert isinstance(new_poller(pair[0].fileno(), READ), SelectPoller)


def test_any_number_of_seconds_can_be_polled_for() -> None:
    assert milliseconds(None) is None
    assert [milliseconds(seconds) for seconds in (-1, 0, 0.5, 1e300)] == [0, 0, 500, None]


def test_long_times_are_readable() -> None:
    assert [explain("x", "at", "y", seconds) for seconds in (0.00012345, 1.5, 99.99, 4321.5)] == [
        "x (at y, after 0.000123 s)",
        "x (at y, after 1.5 s)",
        "x (at y, after 100 s)",
        "x (at y, after 4322 s)",
    ]


class Tls:
    """A TLS socket that does what it is told: bytes, or an error to raise."""

    def __init__(self, sock: socket.socket, *script: Any) -> None:
        self.sock = sock
        self.script = list(script)
        self.held = 0

    def _next(self) -> Any:
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step

    def fileno(self) -> int:
        return self.sock.fileno()

    def recv(self, size: int) -> Any:
        return self._next()

    def send(self, data: bytes | memoryview, /) -> Any:
        return self._next()

    def pending(self) -> int:
        return self.held

    def do_handshake(self) -> None:
        self._next()

    def unwrap(self) -> None:
        self._next()


def tls_stream(sock: socket.socket, *script: Any) -> tuple[BlockingStream, Tls]:
    stream, tls = BlockingStream(sock), Tls(sock, *script)
    stream._tls = TlsSession(tls)
    return stream, tls


class TestSocketStream:
    def test_a_full_socket_takes_nothing(self, pair: tuple[socket.socket, socket.socket]) -> None:
        fill(pair[0])
        assert BlockingStream(pair[0]).send(b"x") == 0

    def test_woken_for_nothing(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream = BlockingStream(pair[0])
        real = stream._poller

        class Liar:
            def register(self, fd: int, eventmask: int, /) -> None:
                raise AssertionError

            def poll(self, timeout: float | None, /) -> list[tuple[int, int]]:
                stream._poller = real
                pair[1].send(b"x" if asked else b"")
                asked.append(True)
                return [(0, READ)]

        asked: list[bool] = []
        stream._poller = Liar()
        with pytest.raises(TimeoutError):
            run(stream.read(0.01))
        assert asked == [True]
        assert stream.receive() is None

    def test_tls_that_wants_the_other_direction(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream, _ = tls_stream(pair[0], ssl.SSLWantWriteError(), b"data", ssl.SSLWantReadError(), 4)
        assert stream.receive() is None
        assert run(stream.wait(True, False, 1)) == (True, False)  # the socket is writable, so reading may go on
        assert stream.receive() == b"data"
        assert stream.send(b"data") == 0
        with pytest.raises(TimeoutError):
            run(stream.wait(False, True, 0.01))
        pair[1].send(b"x")
        assert run(stream.wait(False, True, 1)) == (False, True)
        assert stream.send(b"data") == 4

    def test_tls_whose_buffers_are_full_or_empty(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream, tls = tls_stream(pair[0], ssl.SSLWantWriteError(), ssl.SSLWantReadError(), b"data")
        assert stream.send(b"data") == 0
        assert stream.receive() is None
        assert stream.idle()
        tls.held = 5
        assert run(stream.wait(True, True, 1)) == (True, False)
        assert not stream.idle()

    def test_tls_that_speaks_of_its_own_is_silent(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream, _ = tls_stream(pair[0], ssl.SSLWantReadError(), b"data", ssl.SSLEOFError(), b"", ssl.SSLEOFError())
        pair[1].send(b"x")
        assert stream.idle()
        assert not stream.idle()
        assert run(stream.wait(True, True, 1)) == (True, False)
        assert stream.receive() == b"data"
        assert not stream.idle()
        assert not stream.idle()
        assert stream.receive() == b""
        with pytest.raises(ssl.SSLEOFError):
            stream.receive()

    def test_a_handshake_that_has_to_write(
        self, pair: tuple[socket.socket, socket.socket], client_context: ssl.SSLContext
    ) -> None:
        class Context:
            options = 0

            def wrap_socket(self, sock: socket.socket, **options: Any) -> Tls:
                return Tls(sock, ssl.SSLWantWriteError(), None)

        run(BlockingStream(pair[0]).start_tls(Context(), "host", None))  # type: ignore[arg-type]

    def test_closing_says_goodbye_once(self, pair: tuple[socket.socket, socket.socket]) -> None:
        stream, tls = tls_stream(pair[0], None)
        stream.close()
        stream.close()
        assert tls.script == []
        assert pair[0].fileno() == -1
        assert not stream.idle()

    def test_an_error_of_the_socket_itself_closes_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        closed = []

        class Broken(socket.socket):
            def connect_ex(self, address: Any) -> int:
                raise OverflowError("port")

            def close(self) -> None:
                closed.append(True)
                super().close()

        monkeypatch.setattr(socket, "socket", Broken)
        with pytest.raises(OverflowError):
            run(dial(blocking_backend(), "127.0.0.1", 1, 1))
        assert closed == [True]

    def test_an_error_before_any_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket.socket, "connect_ex", lambda self, address: errno.ENETUNREACH)
        with pytest.raises(OSError, match="Network is unreachable"):
            run(dial(blocking_backend(), "127.0.0.1", 1, 1))

    def test_the_blocking_backend_is_always_at_home(self) -> None:
        assert blocking_backend().current()
        assert not blocking_backend().busy()


class TestTrio:
    def test_closing_under_a_reader(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario(readable: bool, writable: bool) -> None:
            stream = AnyioStream(pair[0])
            fill(pair[0])
            async with trio.open_nursery() as nursery:

                async def wait() -> None:
                    with pytest.raises(OSError, match="closed while in use"):
                        await stream.wait(readable, writable, 5)

                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked()
                stream.close()

        trio.run(scenario, True, True)

    def test_closing_under_a_single_wait(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream = AnyioStream(pair[0])
            async with trio.open_nursery() as nursery:

                async def wait() -> None:
                    with pytest.raises(OSError, match="closed while in use"):
                        await stream.wait(True, False, 5)

                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked()
                stream.close()
                stream.close()

        trio.run(scenario)

    def test_other_tasks_have_their_turn_although_bytes_are_always_here(
        self, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        async def scenario() -> None:
            stream = AnyioStream(pair[0])
            stream._tls = TlsSession(Tls(pair[0], b"x"))
            with trio.testing.assert_checkpoints():
                assert await stream.read(5) == b"x"
            with trio.testing.assert_checkpoints():
                assert not await stream.heard()

        trio.run(scenario)

    def test_the_backend_knows_its_loop(self) -> None:
        async def make() -> Any:
            backend = running_backend()
            assert backend.current()
            return backend

        backend = trio.run(make)
        assert not backend.current()


class Transport:
    """An asyncio transport over a socket, that only takes notes."""

    def __init__(self, sock: socket.socket) -> None:
        self.calls: list[str] = []
        self.closing = False
        self.extra: dict[str, Any] = {"socket": sock}

    def get_extra_info(self, name: str) -> Any:
        return self.extra.get(name)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append(name)

    def is_closing(self) -> bool:
        return self.closing


def asyncio_stream(sock: socket.socket) -> tuple[AsyncioStream, Any]:
    stream, transport = AsyncioStream(asyncio.get_running_loop(), memoryview(bytearray(100_000)), sock), Transport(sock)
    stream.connection_made(transport)  # type: ignore[arg-type]
    return stream, transport


class TestAsyncio:
    def test_reading_stops_where_nobody_takes_it(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream, transport = asyncio_stream(pair[0])
            for _ in range(5):
                assert stream.get_buffer(-1).nbytes == 100_000
                stream.buffer_updated(100_000)
            assert transport.calls == ["pause_reading"]
            assert len(stream.receive() or b"") == 500_000
            assert transport.calls == ["pause_reading", "resume_reading"]
            assert stream.receive() is None

        asyncio.run(scenario())

    def test_a_writer_is_told_when_there_is_room(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream, transport = asyncio_stream(pair[0])
            stream.pause_writing()
            assert stream.send(b"x") == 0
            with pytest.raises(TimeoutError):
                await stream.wait(False, True, 0.01)
            waiting = asyncio.ensure_future(stream.wait(True, True, None))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            stream.resume_writing()
            assert await waiting == (False, True)
            stream.resume_writing()
            assert stream.send(b"x" * 200_000) == 131_072
            assert transport.calls == ["write"]

        asyncio.run(scenario())

    def test_a_lost_connection_is_told_to_reader_and_writer(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario(failure: Exception | None, kind: type[OSError]) -> None:
            stream, transport = asyncio_stream(pair[0])
            waiting = asyncio.ensure_future(stream.read(5))
            await asyncio.sleep(0)
            transport.closing = True
            stream.connection_lost(failure)
            if failure is None:
                assert await waiting == b""
            else:
                with pytest.raises(kind, match="why"):
                    await waiting
            with pytest.raises(kind):
                stream.send(b"x")

        asyncio.run(scenario(None, ConnectionResetError))
        asyncio.run(scenario(TimeoutError(110, "why"), TimeoutError))
        asyncio.run(scenario(RuntimeError("why"), ConnectionResetError))

    def test_tls_that_has_to_send_before_it_can_receive(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream, _ = asyncio_stream(pair[0])
            tls = Tls(pair[0], ssl.SSLWantWriteError(), b"data")
            tls.held = 5
            stream._tls = TlsSession(tls)
            assert await stream.read(5) == b"data"

        asyncio.run(scenario())

    def test_one_timer_serves_many_waits(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream, _ = asyncio_stream(pair[0])
            loop = asyncio.get_running_loop()

            async def read(timeout: float | None) -> None:
                waiting = asyncio.ensure_future(stream.read(timeout))
                await asyncio.sleep(0)
                stream.get_buffer(-1)[:1] = b"x"
                stream.buffer_updated(1)
                assert await waiting == b"x"

            def armed() -> float | None:
                return stream._timer.when() if stream._timer else None

            await read(100)
            first = armed()
            await read(100)
            assert armed() == first
            stream._expire()  # nobody waits any more
            assert armed() is None
            await read(100)
            await read(50)  # a nearer deadline needs a nearer timer
            assert (armed() or 0) < loop.time() + 51
            await read(None)
            assert armed() is None

            waiting = asyncio.ensure_future(stream.read(100))
            await asyncio.sleep(0)
            stream._expire()  # too early for this wait
            assert armed() is not None
            stream._deadline = 0
            waiting.cancel()
            stream._expire()  # between the cancellation and the task's next step
            with pytest.raises(asyncio.CancelledError):
                await waiting
            stream.close()

        asyncio.run(scenario())

    def test_tls_that_speaks_of_its_own_is_silent(self, pair: tuple[socket.socket, socket.socket]) -> None:
        async def scenario() -> None:
            stream, _ = asyncio_stream(pair[0])
            tls = Tls(pair[0], ssl.SSLWantReadError())
            stream._tls = TlsSession(tls)
            assert stream.idle()
            tls.held = 5
            assert stream.idle()
            pair[1].send(b"x")  # the loop has not told of it yet: it may be anything
            assert not stream.idle()

        asyncio.run(scenario())

    def test_an_event_happens_once(self) -> None:
        async def scenario() -> None:
            event = AsyncioEvent(asyncio.get_running_loop())
            event.set()
            event.set()
            assert await event.wait(5)
            event._expire()
            assert not await AsyncioEvent(asyncio.get_running_loop()).wait(0.01)

        asyncio.run(scenario())

    def test_the_backend_knows_its_loop(self) -> None:
        async def make() -> Any:
            backend = running_backend()
            assert backend.current()
            return backend

        assert not asyncio.run(make()).current()


class Scripted:
    """A stream that sends so many bytes, then breaks, and receives what it is told."""

    def __init__(self, room: int, *received: Any) -> None:
        self.room = room
        self.received = list(received)

    def send(self, data: bytes | memoryview) -> int:
        if not self.room:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        sent = min(self.room, len(data))
        self.room -= sent
        return sent

    def receive(self) -> bytes | None:
        step = self.received.pop(0)
        if isinstance(step, OSError):
            raise step
        return step  # type: ignore[no-any-return]

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        return True, True

    async def heard(self) -> bool:
        return False

    async def read(self, timeout: float | None) -> bytes:
        return self.receive() or b""


class NoLease:
    def release(self, reusable: bool, keep_alive: float | None = None) -> None:
        self.reusable = reusable


def exchange_over(stream: Scripted) -> tuple[Exchange, NoLease]:
    streamed: Stream = stream  # type: ignore[assignment]
    lease = NoLease()
    connection = Connection((b"http", b"host", None, None), streamed, "host:80")
    return Exchange(blocking_backend(), lease, connection, Options(1, 1, 1, 1, None), 0.0, 0.0, {}), lease  # type: ignore[arg-type]


POST = (b"POST", b"/", [(b"Host", b"host"), (b"Content-Length", b"100000")])


class TestUploadsThatBreak:
    def test_an_answer_left_behind_is_told_in_its_order(self) -> None:
        exchange, _ = exchange_over(Scripted(30, None, OK))
        told: list[str] = []
        trace = Trace(lambda name, _: told.append(name), TracedRequest(b"POST", "", [], {}))
        lease, connection, options = exchange._lease, exchange._connection, exchange._options
        traced = TracedExchange(trace, exchange._backend, lease, connection, options, 0.0, 0.0, {})
        assert run(traced.start(*POST, b"x" * 100_000)).status == 200
        steps = ("send_request_headers", "receive_response_headers")
        assert told == [f"http11.{step}.{state}" for step in steps for state in ("started", "complete")]

    def test_an_answer_left_behind_is_worth_more_than_the_error(self) -> None:
        exchange, lease = exchange_over(Scripted(30, None, OK))
        assert run(exchange.start(*POST, b"x" * 100_000)).status == 200
        assert run(exchange.read()) == b"ok"
        assert lease.reusable is False

    def test_nothing_left_behind(self) -> None:
        exchange, _ = exchange_over(Scripted(30, None, b""))
        with pytest.raises(RemoteProtocolError, match="^Server disconnected without sending a response") as raised:
            run(exchange.start(*POST, b"x" * 100_000))
        assert isinstance(raised.value.__cause__, BrokenPipeError)

    @pytest.mark.parametrize("room", [0, 30])
    def test_why_a_tls_peer_went_is_told(self, room: int) -> None:
        alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
        alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
        exchange, _ = exchange_over(Scripted(room, alert))
        with pytest.raises(ReadError, match=r"ALERT_CERTIFICATE_REQUIRED.*\(waiting for the response from") as raised:
            run(exchange.start(*POST, b"x" * 100_000))
        assert raised.value.__cause__ is alert

    def test_a_tls_peer_that_hangs_up_while_we_send(self) -> None:
        exchange, _ = exchange_over(Scripted(30, ssl.SSLEOFError(8, "EOF")))
        message = r"^Server disconnected without sending a response\. \(sending the request to"
        with pytest.raises(RemoteProtocolError, match=message):
            run(exchange.start(*POST, b"x" * 100_000))

    def test_the_error_is_met_between_chunks(self) -> None:
        class Heard(Scripted):
            async def heard(self) -> bool:
                return True

        exchange, lease = exchange_over(Heard(10**9, ConnectionResetError(errno.ECONNRESET, "reset"), OK))
        assert (
            run(exchange.start(*POST[:2], [*POST[2][:1], (b"Transfer-Encoding", b"chunked")], [b"x" * 300_000])).status
            == 200
        )
        assert lease.reusable is False

    def test_the_error_is_met_while_listening(self) -> None:
        exchange, _ = exchange_over(Scripted(30, ConnectionResetError(errno.ECONNRESET, "reset"), b""))
        with pytest.raises(RemoteProtocolError, match="^Server disconnected") as raised:
            run(exchange.start(*POST, b"x" * 100_000))
        assert isinstance(raised.value.__cause__, ConnectionResetError)

    def test_an_answer_before_the_first_large_chunk(self) -> None:
        exchange, _ = exchange_over(Scripted(30, OK))
        assert run(exchange.start(*POST, iter([b"x" * 100_000]))).status == 200


def test_a_generator_is_closed_where_its_rest_is_not_wanted() -> None:
    closed = []

    def chunks() -> Iterator[bytes]:
        try:
            yield b"x" * 100_000
        finally:
            closed.append(True)

    exchange, _ = exchange_over(Scripted(30, OK))
    body = chunks()
    run(exchange.start(*POST, body))
    assert closed == [True]
    source = blocking_backend().source([b"a"])
    assert run(source.next(None)) == b"a"
    run(source.close())


def test_an_async_iterable_that_is_no_generator(face: Any) -> None:
    class Chunks:
        def __init__(self) -> None:
            self.chunks = [b"a"]

        def __aiter__(self) -> Chunks:
            return self

        async def __anext__(self) -> bytes:
            if not self.chunks:
                raise StopAsyncIteration
            return self.chunks.pop()

    async def scenario() -> None:
        source = running_backend().source(Chunks())
        assert await source.next(None) == b"a"
        assert await source.next(None) is None
        await source.close()

    anyio.run(scenario)


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_chunk_is_waited_for_within_a_limit(loop: str) -> None:
    class Chunks:
        def __init__(self) -> None:
            self.asked = 0

        def __aiter__(self) -> Chunks:
            return self

        async def __anext__(self) -> bytes:
            self.asked += 1
            if self.asked > 1:
                await anyio.sleep_forever()
            return b"a"

    async def scenario() -> None:
        source = running_backend().source(Chunks())
        assert await source.next(30.0) == b"a"
        with pytest.raises(TimeoutError):
            await source.next(0.0)

    anyio.run(scenario, backend=loop)


def test_two_wait_for_one_stream_of_asyncio_each_within_its_own_limit(serve: Any) -> None:
    server = serve(silence)

    async def scenario() -> None:
        stream = await dial(running_backend(), "127.0.0.1", server.port, None)
        waits = [asyncio.ensure_future(stream.read(limit)) for limit in (None, 0.0, 30.0, None)]
        with pytest.raises(TimeoutError):
            await waits[1]
        waits[2].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waits[2]
        stream.close()
        assert [await waits[0], await waits[3]] == [b"", b""]

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [6, 1_000_000])
def test_what_has_come_when_a_write_of_asyncio_fails(serve: Any, size: int) -> None:
    here, gone = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        here.wait()
        peer.send(b"answer" * (size // 6))
        peer.reset()
        gone.set()

    server = serve(script)

    async def scenario() -> None:
        stream = await dial(running_backend(), "127.0.0.1", server.port, None)
        here.set()
        gone.wait()  # the loop hears of nothing meanwhile
        stream.share()  # nor does who sends
        with contextlib.suppress(OSError):
            while True:
                stream.send(b"x")
        assert (await stream.read(30)).startswith(b"answer")

    asyncio.run(scenario())
