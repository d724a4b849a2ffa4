"""A forked process has the pool, but nothing of what is open in it: that is its parent's, who goes on as if nothing was."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport import AsyncConnectionPool, ConnectionPool, RawResponse, ReadError
from httpx_transport._backends import _forking, on_fork, running_backend
from httpx_transport._pool._connections import Connections
from httpx_transport._pool._sharing import Sharing
from httpx_transport._settings import Settings
from httpx_transport.testing import Network, answer, response

from .conftest import Face, Server, TestPool, answer_each, dial
from .conftest import Peer as Socket
from .http2_peer import answer_all, get, send, speaking
from .simulation import fetch
from .test_http2_threads import content_of, serve_all

Serve = Callable[..., Server]

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def in_child(work: Callable[[], object]) -> None:
    """Run `work` in a forked process, and fail where it fails."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        failure = b""
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
            failure = traceback.format_exc().encode()
        finally:
            os.write(write, failure)
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(pid, 0)
    assert not told, told


class Listener:
    """A server that keeps what each connection has said, and whether it has ended."""

    def __init__(self) -> None:
        self.connections: list[list[bytes]] = []

    def __call__(self, peer: Socket) -> None:
        mine: list[bytes] = []
        self.connections.append(mine)
        while head := peer.head():
            mine.append(head.split()[1])
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        mine.append(b"end")


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("told", [True, False])
def test_a_child_has_connections_of_its_own_and_the_parent_keeps_his(
    serve: Serve,
    tls: bool,
    told: bool,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = Listener()
    server = serve(listener, server_context if tls else None)
    scheme = "https" if tls else "http"

    def get(target: str) -> None:
        assert pool.request("GET", f"{scheme}://127.0.0.1:{server.port}/{target}").read() == b"ok"

    def child() -> None:
        assert pool.stats()["connections"] == 0
        get("child")
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        get("child")
        pool.close()

    with ConnectionPool(ssl_context=client_context, keepalive_expiry=None) as pool:
        if not told:  # as where the interpreter does not know of the fork
            monkeypatch.setattr(_forking, "_inherited", set())
        get("parent")
        in_child(child)
        get("parent")
        assert pool.stats()["connections"] == 1
        assert listener.connections[0] == [b"/parent", b"/parent"]
        assert listener.connections[1][:2] == [b"/child", b"/child"]


def test_a_child_leaves_no_copy_of_a_connection_open(serve: Serve) -> None:
    ended, go = threading.Event(), os.pipe()

    def script(peer: Socket) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.wait_closed()
        ended.set()

    server = serve(script)
    pool = ConnectionPool(keepalive_expiry=None)
    assert pool.request("GET", f"http://127.0.0.1:{server.port}/").read() == b"ok"
    pid = os.fork()
    if not pid:
        os.close(go[1])
        os.read(go[0], 1)  # until the parent has seen the end
        os._exit(0)
    pool.close()
    assert ended.wait(20)
    os.close(go[1])
    os.close(go[0])
    os.waitpid(pid, 0)


def test_a_lock_that_somebody_held_does_not_stop_the_child(serve: Serve) -> None:
    server = serve(answer_each())
    with ConnectionPool() as pool:
        held = pool._pool._connections._lock
        held.acquire()
        in_child(lambda: pool.request("GET", f"http://127.0.0.1:{server.port}/").read())
        held.release()
        assert pool.stats()["connections"] == 0


def test_a_response_that_was_being_read_is_the_parents(
    serve: Serve, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    go = threading.Event()

    def script(peer: Socket) -> None:
        peer.head()
        peer.send(HALF)
        go.wait()
        peer.send(b"cd")
        peer.wait_closed()

    server = serve(script, server_context)
    with ConnectionPool(ssl_context=client_context, max_connections=1) as pool:
        answer = pool.request("GET", f"https://127.0.0.1:{server.port}/")
        assert next(answer.body) == b"ab"

        def child() -> None:
            with pytest.raises(ReadError, match="belongs to the process that this one was forked from"):
                answer.read()
            answer.close()
            assert pool.stats()["connections"] == 0

        in_child(child)
        go.set()
        assert answer.read() == b"cd"


def test_what_the_child_abandons_is_not_taken_back_twice(serve: Serve) -> None:
    server = serve(answer_each(HALF))
    with ConnectionPool(max_connections=1) as pool:
        answers = [pool.request("GET", f"http://127.0.0.1:{server.port}/")]

        def child() -> None:
            answers.clear()
            assert pool.stats()["connections"] == 0

        in_child(child)
        assert pool.stats()["active"] == 1


def test_a_child_waits_for_no_lock_of_an_http2_connection_of_its_parent(serve: Serve) -> None:
    """It is copied as it is: held, if a thread of the parent held it."""
    server = serve(serve_all)
    with ConnectionPool(http1=False, http2=True) as pool:

        def begin(size: int) -> RawResponse:
            return pool.request("GET", f"http://127.0.0.1:{server.port}/{size}")

        answers = [begin(1_000_000) for _ in range(3)]
        exchange: Any = answers[0].body._exchange

        def child() -> None:
            answers.pop().close()
            answers.clear()
            assert pool.stats()["connections"] == 0
            assert begin(5).read() == content_of(b"/5")

        with exchange._shared._lock:
            in_child(child)
        assert pool.stats()["active"] == 1
        for part in answers:
            assert part.read() == content_of(b"/1000000")


def test_who_waits_in_the_parent_does_not_wait_in_the_child(serve: Serve) -> None:
    half, whole = serve(answer_each(HALF)), serve(answer_each())
    with ConnectionPool(max_connections=1, timeout=None) as pool:
        holder = pool.request("GET", f"http://127.0.0.1:{half.port}/")
        got: list[bytes] = []
        thread = threading.Thread(
            target=lambda: got.append(pool.request("GET", f"http://127.0.0.1:{whole.port}/").read())
        )
        thread.start()
        while not pool.stats()["waiting"]:
            continue

        def child() -> None:
            assert pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
            assert pool.request("GET", f"http://127.0.0.1:{whole.port}/").read() == b"ok"

        in_child(child)
        holder.close()
        thread.join()
        assert got == [b"ok"]


@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("tls", [False, True])
def test_an_event_loop_in_the_child_has_connections_of_its_own(
    name: str, tls: bool, serve: Serve, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    listener = Listener()
    server = serve(listener, server_context if tls else None)
    scheme = b"https" if tls else b"http"

    async def get(target: bytes) -> None:
        content = (await pool.send(0, url=(scheme, b"127.0.0.1", server.port, target)))[2]
        assert await content.read() == b"ok"

    async def in_a_new_loop() -> None:
        await get(b"/child")
        await get(b"/child")
        await pool.close()

    async def scenario() -> None:
        await get(b"/parent")
        if name == "asyncio":
            in_child(lambda: asyncio.run(in_a_new_loop()))
        else:
            in_child(lambda: trio_anew(in_a_new_loop))
        await get(b"/parent")
        await pool.close()

    pool = TestPool(AsyncConnectionPool(ssl_context=client_context, keepalive_expiry=60.0))
    Face(name).run(scenario)
    assert listener.connections[0][:2] == [b"/parent", b"/parent"]
    assert listener.connections[1][:2] == [b"/child", b"/child"]


def trio_anew(scenario: Callable[[], Any]) -> None:
    """Run trio in a process that was forked while trio ran, where only another thread can."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            Face("trio").run(scenario)
        except BaseException as error:  # noqa: BLE001 - raised where it is looked for
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def test_a_response_of_an_event_loop_is_the_parents(serve: Serve) -> None:
    server = serve(answer_each(HALF))

    async def scenario() -> None:
        async with Face("asyncio").pool(max_connections=1) as pool:
            content = (await pool.send(server.port))[2]
            assert await content.next() == b"ab"

            async def child() -> None:
                with pytest.raises(ReadError, match="belongs to the process that this one was forked from"):
                    await content.next()
                await content.close()

            in_child(lambda: asyncio.run(child()))
            assert pool.pool.stats()["active"] == 1
            await content.close()

    asyncio.run(scenario())


def test_in_a_simulated_fork_nothing_is_said_to_the_peer() -> None:
    network = Network()
    network.serve("a.test", 80, answer(response(bytes(100_000))))
    pool = network.pool(max_connections=2)

    async def main() -> None:
        url = (b"http", b"a.test", None, b"/")
        _, _, used, _ = await pool.handle_async_request(b"GET", url, [(b"Host", b"a.test")], b"", {})
        assert len(await fetch(pool)) == 100_000
        network._backend.process += 1
        said = len([line for line in network.log if "client" in line])
        pool.close_expired()
        assert pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
        assert len([line for line in network.log if "client" in line]) == said
        with pytest.raises(ReadError, match="belongs to another process"):
            [chunk async for chunk in used]
        assert pool.stats()["connections"] == 0
        assert len(await fetch(pool)) == 100_000

    network.run(main())
    assert network.connections == 3


def test_what_is_forgotten_says_nothing_and_is_of_no_use(face: Face, serve: Serve) -> None:
    """The same as in a child, in this process: the peer hears of the end of the last copy, which here is the only one."""
    closed = threading.Event()

    def script(peer: Socket) -> None:
        peer.head()
        peer.send(HALF)
        peer.wait_closed()
        closed.set()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            content = (await pool.send(server.port))[2]
            connections = pool.pool._pool._connections  # type: ignore[union-attr]
            (connection,) = connections._open
            connection.stream.forget()
            connection.stream.forget()
            assert closed.wait(30)
            assert connection.stream.idle() is False
            with pytest.raises(ReadError, match="belongs to the process that this one was forked from"):
                assert await content.next() + await content.next()
            connection.stream.close()

    face.run(scenario)


def test_what_is_closed_already_can_be_forgotten_on_asyncio(serve: Serve) -> None:
    server = serve(lambda peer: peer.close())

    async def scenario() -> None:
        stream = await dial(running_backend(), "127.0.0.1", server.port, 5.0)
        assert await stream.read(5.0) == b""  # nobody watches
        stream.close()
        await asyncio.sleep(0)
        stream.forget()
        stream.close()

    asyncio.run(scenario())


def test_a_request_is_what_notices_a_fork() -> None:
    network = Network()
    network.serve("a.test", 80, answer(response(bytes(100_000))))
    pool = network.pool(max_connections=1)

    async def main() -> None:
        answers = [await pool.request("GET", "http://a.test/")]
        network._backend.process += 1
        assert len(await fetch(pool)) == 100_000
        answers.clear()
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}

    network.run(main())


def test_slots_are_void_before_leases_are_dropped_whoever_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Network()._backend
    sharing = Sharing(backend, Connections(backend, Settings()), http1=False)
    before, locks = sharing._lock, []
    monkeypatch.setattr(Connections, "forked", lambda _: locks.append(sharing._lock))
    sharing.forked()
    assert locks == [before]
    assert sharing._lock is not before


def test_the_pools_that_still_are_there_are_told() -> None:
    told = []

    class Heir:
        def forked(self) -> None:
            told.append(self)

    heir, gone = Heir(), Heir()
    on_fork(heir)
    on_fork(gone)
    del gone
    _forking.tell()
    assert told == [heir]


def test_a_pool_in_the_same_process_keeps_what_it_has(serve: Serve) -> None:
    server = serve(answer_each())
    with ConnectionPool() as pool:
        pool.request("GET", f"http://127.0.0.1:{server.port}/").read()
        _forking.tell()
        assert pool.stats()["idle"] == 1


def test_a_child_owns_no_stream_of_its_parent() -> None:
    network = Network()
    network.serve("a.test", 80, speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http1=False, http2=True)
        *_, content, _ = await send(pool, scheme=b"http", method=b"POST", body=b"x" * 200_000)
        connection = content._exchange._shared
        network._backend.process = 2
        with connection._lock:  # of a thread that is not here
            pool.close_expired()
        assert pool.stats()["connections"] == 0
        connection.abandon(content._exchange.stream)
        network._backend.catch_up()
        await content.aclose()
        assert connection.home is None
        assert await get(pool, scheme=b"http") == b"2-1:"
        await pool.aclose()

    network.run(main())
