"""The pool on every face: reuse, limits, waiting, closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import anyio
import pytest

from httpx_transport import (
    AsyncConnectionPool,
    PoolClosed,
    PoolTimeout,
    ReadError,
    RemoteProtocolError,
    UnsupportedProtocol,
)
from httpx_transport._backends import blocking_backend
from httpx_transport.blocking import run

from .conftest import OK, Face, Peer, Server, TestPool, answer_each, answer_once, collect

Serve = Callable[..., Server]
ANSWER_THEN_CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


def test_a_connection_serves_again(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(5):
                assert await pool.get(server.port) == b"ok"

    face.run(scenario)
    assert server.accepted == 1


@pytest.mark.parametrize(
    "response",
    [
        ANSWER_THEN_CLOSE,
        OK + b"surplus",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
)
def test_a_connection_that_may_not_serve_again_does_not(face: Face, serve: Serve, response: bytes) -> None:
    server = serve(answer_once(response))

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                status, _, content, _ = await pool.send(server.port)
                assert (status, await content.read()) == (200, b"ok")

    face.run(scenario)
    assert server.accepted == 2


@pytest.mark.parametrize("event", ["end", "bytes", "reset"])
def test_an_idle_connection_that_ends_or_speaks_is_not_used(face: Face, serve: Serve, event: str) -> None:
    said = threading.Event()
    connections = []

    def script(peer: Peer) -> None:
        connections.append(peer)
        while peer.head():
            peer.send(OK)
            if len(connections) == 1:
                {"end": peer.close, "bytes": lambda: peer.send(OK), "reset": peer.reset}[event]()
                said.set()
                return peer.wait_closed() if event == "bytes" else None
        return None

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(server.port) == b"ok"
            said.wait()  # an event loop has had no time to hear of it
            assert await pool.get(server.port) == b"ok"

    face.run(scenario)
    assert server.accepted == 2


def test_an_idle_connection_expires(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool(keepalive_expiry=-1.0) as pool:
            for _ in range(2):
                assert await pool.get(server.port) == b"ok"

    face.run(scenario)
    assert server.accepted == 2


def test_as_many_connections_as_allowed_are_kept(face: Face, serve: Serve) -> None:
    servers = [serve(answer_each()) for _ in range(2)]

    async def scenario() -> None:
        async with face.pool(max_keepalive_connections=1) as pool:
            for port in (servers[0].port, servers[1].port, servers[1].port, servers[0].port):
                assert await pool.get(port) == b"ok"

    face.run(scenario)
    assert [server.accepted for server in servers] == [2, 1]


def test_an_idle_connection_gives_way_to_another_origin(face: Face, serve: Serve) -> None:
    servers = [serve(answer_each()) for _ in range(2)]

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for port in (servers[0].port, servers[1].port):
                assert await pool.get(port) == b"ok"

    face.run(scenario)
    assert [server.accepted for server in servers] == [1, 1]


LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"


def test_a_full_pool_times_out_and_says_so(face: Face, serve: Serve) -> None:
    server = serve(answer_each(LARGE))

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            content = (await pool.send(server.port))[2]
            assert await content.next() == b"ab"
            with pytest.raises(PoolTimeout, match=rf"timed out.*waiting to reach 127.0.0.1:{server.port}, after 0\.0"):
                await pool.send(server.port, extensions={"timeout": {"pool": 0.02}})
            await content.close()
            await content.close()
            status, _, content, _ = await pool.send(server.port)
            assert status == 200
            await content.close()

    face.run(scenario)
    assert server.accepted == 2


def test_a_thread_waits_for_its_turn_without_a_limit_that_counts() -> None:
    event = blocking_backend().event()
    event.set()
    assert run(event.wait(float("inf")))


def test_a_pool_tells_what_it_holds(face: Face, serve: Serve) -> None:
    server = serve(answer_each(LARGE))

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
            content = (await pool.send(server.port))[2]
            assert pool.pool.stats() == {"connections": 1, "active": 1, "idle": 0, "waiting": 0}
            await content.close()
            assert await pool.get(serve(answer_each()).port) == b"ok"
            assert pool.pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}

    face.run(scenario)


def test_waiting_threads_are_served(serve: Serve) -> None:
    face, server = Face("blocking"), serve(answer_each())
    results: list[bytes] = []

    async def scenario() -> None:
        async with face.pool(max_connections=2) as pool:

            def work() -> None:
                for _ in range(20):
                    results.append(face.run(lambda: pool.get(server.port)))

            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    face.run(scenario)
    assert results == [b"ok"] * 160
    assert server.accepted <= 2  # one, where a thread has done its work before the next begins


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_waiting_tasks_are_served_each_in_turn(name: str, serve: Serve) -> None:
    face, server = Face(name), serve(answer_each())
    done: list[int] = []

    async def scenario() -> None:
        async with face.pool(max_connections=2) as pool, anyio.create_task_group() as tasks:

            async def work(number: int) -> None:
                assert await pool.get(server.port) == b"ok"
                done.append(number)

            for number in range(50):
                tasks.start_soon(work, number)

    face.run(scenario)
    assert sorted(done) == list(range(50))
    assert server.accepted == 2


@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("phase", ["queue", "connect", "head", "content"])
def test_a_cancelled_task_gives_its_slot_back(name: str, phase: str, serve: Serve) -> None:
    face, server = (
        Face(name),
        serve(answer_each(LARGE if phase == "content" else OK if phase == "queue" else b"")),
    )

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            holder = (await pool.send(serve(answer_each(LARGE)).port)) if phase == "queue" else None

            async def work() -> None:
                await pool.get(server.port)
                raise AssertionError("cancelled")

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(work)
                for _ in range(3 if phase == "connect" else 30):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            if holder is not None:
                await holder[2].close()
            fresh = serve(answer_each())
            assert await pool.get(fresh.port) == b"ok"

    face.run(scenario)


def test_a_task_cancelled_at_the_moment_it_is_served_passes_the_slot_on(serve: Serve) -> None:
    large, server = serve(answer_each(LARGE)), serve(answer_each())

    async def scenario() -> None:
        async with Face("asyncio").pool(max_connections=1) as pool:
            holder = await pool.send(large.port)
            waiting = asyncio.ensure_future(pool.get(server.port))
            while not pool.pool.stats()["waiting"]:
                await asyncio.sleep(0)
            await holder[2].close()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await pool.get(server.port) == b"ok"

    asyncio.run(scenario())


def test_a_closed_pool_says_so(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool() as pool:
            await pool.get(server.port)
            await pool.close()
            with pytest.raises(PoolClosed, match="the connection pool is closed"):
                await pool.get(server.port)

    face.run(scenario)


def test_closing_lets_a_response_end_and_its_waiters_go(serve: Serve) -> None:
    server = serve(answer_each(LARGE))

    async def scenario() -> None:
        face = Face("asyncio")
        async with face.pool(max_connections=1) as pool:
            content = (await pool.send(server.port))[2]
            waiting = asyncio.ensure_future(pool.get(server.port))
            while not pool.pool.stats()["waiting"]:
                await asyncio.sleep(0)
            await pool.close()
            with pytest.raises(PoolClosed, match="closed while a request waited"):
                await waiting
            assert await content.next() == b"ab"
            await content.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        (b"ftp", "Request URL has an unsupported protocol 'ftp://'."),
        (b"", "Request URL is missing an 'http://' or 'https://' protocol."),
    ],
)
def test_other_schemes(face: Face, scheme: bytes, message: str) -> None:
    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(UnsupportedProtocol) as caught:
                await pool.send(0, url=(scheme, b"example.org", None, b"/"))
            assert str(caught.value) == message

    face.run(scenario)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # as an error it would keep what is unclosed
def test_one_pool_serves_several_event_loops_in_turn(serve: Serve) -> None:
    server = serve(answer_each())
    pool = TestPool(AsyncConnectionPool())

    async def scenario() -> None:
        for _ in range(2):
            assert await pool.get(server.port) == b"ok"

    for name in ("asyncio", "asyncio", "trio", "trio", "asyncio"):
        Face(name).run(scenario)
    Face("trio").run(pool.close)
    for thread in server.threads:
        thread.join(30)  # until the client has closed the connection, in whatever loop it was made
        assert not thread.is_alive()
    assert server.accepted == 5
    with pytest.raises(PoolClosed):
        Face("asyncio").run(scenario)
    collect()


def test_no_event_loop_or_an_unknown_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import sniffio

    from httpx_transport._backends import running_backend

    with pytest.raises(RuntimeError):
        running_backend()
    monkeypatch.setattr(sniffio, "current_async_library", lambda: "curio")
    with pytest.raises(RuntimeError, match="'curio' is not supported"):
        running_backend()


def test_a_pool_that_is_in_use_in_another_loop_says_so(serve: Serve) -> None:
    server = serve(answer_each())

    async def elsewhere(pool: TestPool) -> None:
        with pytest.raises(RuntimeError, match="in use in another event loop"):
            await pool.get(server.port)

    async def scenario() -> None:
        async with Face("asyncio").pool() as pool:
            assert await pool.get(server.port) == b"ok"
            await asyncio.to_thread(lambda: asyncio.run(elsewhere(pool)))
            assert await pool.get(server.port) == b"ok"

    asyncio.run(scenario())
    assert server.accepted == 1


def hang_up_on_the_second(answer: bytes) -> Callable[[Peer], None]:
    """Return a script whose first connection serves once, and ends with `answer` when it is asked again."""
    connections: list[Peer] = []

    def script(peer: Peer) -> None:
        connections.append(peer)
        while peer.head():
            if connections[0] is peer and peer.asked:
                return peer.send(answer)
            peer.asked = True
            peer.send(OK)
        return None

    return script


@pytest.mark.parametrize("method", [b"GET", b"PUT"])
def test_a_request_that_met_a_closing_connection_is_sent_again(face: Face, serve: Serve, method: bytes) -> None:
    server = serve(hang_up_on_the_second(b""))

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for _ in range(3):
                status, _, content, _ = await pool.send(server.port, method)
                assert (status, await content.read()) == (200, b"ok")

    face.run(scenario)
    assert server.accepted == 2


@pytest.mark.parametrize("case", ["not idempotent", "answered", "body in chunks", "fresh connection"])
def test_any_other_request_is_not_sent_again(face: Face, serve: Serve, case: str) -> None:
    server = serve(hang_up_on_the_second(b"HTTP/1.1 2" if case == "answered" else b""))
    closing = serve(answer_once(b""))

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(server.port) == b"ok"
            port = closing.port if case == "fresh connection" else server.port
            method = b"POST" if case == "not idempotent" else b"PUT"
            body = face.body([b"x"]) if case == "body in chunks" else b"x"
            with pytest.raises((RemoteProtocolError, ReadError)):
                await pool.send(port, method, [(b"Content-Length", b"1")], body)

    face.run(scenario)
    assert (server.accepted, closing.accepted) == ((1, 1) if case == "fresh connection" else (1, 0))
