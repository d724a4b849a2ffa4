"""Idle connections are closed when it is time: by the event loop, or at the next call."""

from __future__ import annotations

import asyncio
import functools
import logging
import ssl
import threading
import weakref
from collections.abc import Callable

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing

from httpx_transport import AsyncConnectionPool, ConnectionPool
from httpx_transport._backends._anyio import TrioAlarm
from httpx_transport._backends._blocking import BlockingBackend
from httpx_transport._http11._keep_alive import read_keep_alive
from httpx_transport.testing import Network, Peer, answer, response

from .conftest import OK, Face, Script, Server, TestPool, answer_each, collect
from .conftest import Peer as Socket
from .simulation import fetch, network_of

Serve = Callable[..., Server]


def answer_until_closed(closed: threading.Event) -> Script:
    """Return a script that answers each request, and tells when the client has closed."""

    def script(peer: Socket) -> None:
        while peer.head():
            peer.send(OK)
        closed.set()

    return script


@pytest.fixture(params=["asyncio", "trio"])
def loop_face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)


def test_an_event_loop_closes_what_is_idle_when_it_is_time(loop_face: Face, serve: Serve) -> None:
    closed = threading.Event()
    server = serve(answer_until_closed(closed))

    async def scenario() -> None:
        async with loop_face.pool(keepalive_expiry=0.01) as pool:
            for _ in range(2):
                assert await pool.get(server.port) == b"ok"
                await anyio.to_thread.run_sync(closed.wait)
                closed.clear()
                assert pool.pool.stats()["connections"] == 0

    loop_face.run(scenario)
    assert server.accepted == 2


def test_a_pool_that_was_forgotten_closes_what_is_idle_when_it_is_time(loop_face: Face, serve: Serve) -> None:
    closed = threading.Event()
    server = serve(answer_until_closed(closed))

    async def scenario() -> None:
        pool = TestPool(AsyncConnectionPool(keepalive_expiry=0.01))
        assert await pool.get(server.port) == b"ok"
        alive = weakref.ref(pool.pool)
        del pool
        await anyio.to_thread.run_sync(closed.wait)
        collect()
        assert alive() is None

    loop_face.run(scenario)


def test_closing_a_pool_leaves_no_timer_and_no_task(serve: Serve) -> None:
    server = serve(answer_each())

    async def on_asyncio() -> None:
        async with Face("asyncio").pool(keepalive_expiry=60) as pool:
            assert await pool.get(server.port) == b"ok"
            loop = asyncio.get_running_loop()
            assert [each for each in loop._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
        assert not [each for each in loop._scheduled if not each.cancelled()]  # type: ignore[attr-defined]

    async def on_trio() -> None:
        before = trio.lowlevel.current_statistics().tasks_living
        async with Face("trio").pool(keepalive_expiry=60) as pool:
            assert await pool.get(server.port) == b"ok"
            assert trio.lowlevel.current_statistics().tasks_living == before + 1
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().tasks_living == before

    asyncio.run(on_asyncio())
    trio.run(on_trio)


CALLS: dict[str, Callable[[ConnectionPool, int], object]] = {
    "stats": lambda pool, port: pool.stats(),
    "close_expired": lambda pool, port: pool.close_expired(),
    "request": lambda pool, port: pool.request("GET", f"http://127.0.0.1:{port}/").read(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_blocking_pool_closes_what_is_idle_at_the_next_call(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    now, closed = [100.0], threading.Event()
    monkeypatch.setattr(BlockingBackend, "clock", staticmethod(lambda: now[0]))
    server, other = serve(answer_until_closed(closed)), serve(answer_each())
    with ConnectionPool(keepalive_expiry=5.0) as pool:
        assert pool.request("GET", f"http://127.0.0.1:{server.port}/").read() == b"ok"
        now[0] += 4.9
        CALLS[call](pool, other.port)
        assert not closed.is_set()
        now[0] += 0.2
        CALLS[call](pool, other.port)
        assert closed.wait(30)
        assert pool.stats()["connections"] == (call == "request")


def test_an_asynchronous_pool_can_be_told_to_look(loop_face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        AsyncConnectionPool().close_expired()
        async with loop_face.pool(keepalive_expiry=60.0) as pool:
            assert await pool.get(server.port) == b"ok"
            pool.pool.close_expired()
            assert pool.pool.stats()["idle"] == 1

    loop_face.run(scenario)


@pytest.mark.parametrize("how", ["end", "reset", "end of TLS"])
def test_asyncio_gives_back_the_slot_of_what_the_peer_ends(
    serve: Serve, how: str, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    go = threading.Event()

    def script(peer: Socket) -> None:
        peer.head()
        peer.send(OK)
        go.wait()
        peer.reset() if how == "reset" else peer.close()

    tls = how == "end of TLS"
    server = serve(script, server_context if tls else None)

    async def scenario() -> None:
        async with Face("asyncio").pool(ssl_context=client_context, keepalive_expiry=None) as pool:
            url = (b"https" if tls else b"http", b"127.0.0.1", server.port, b"/")
            content = (await pool.send(server.port, url=url))[2]
            assert await content.read() == b"ok"
            assert pool.pool.stats()["idle"] == 1
            go.set()
            while pool.pool.stats()["connections"]:
                await asyncio.sleep(0)

    asyncio.run(scenario())


def test_a_connection_that_ended_with_its_response_is_not_kept() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"ok"))

    network = network_of(script)
    pool = network.pool(keepalive_expiry=None)

    async def main() -> None:
        _, _, content, _ = await pool.handle_async_request(
            b"GET", (b"http", b"a.test", None, b"/"), [(b"Host", b"a.test")], b"", {}
        )
        await network.sleep(1)
        assert [chunk async for chunk in content] == [b"ok"]
        assert pool.stats()["connections"] == 0

    network.run(main())
    assert network.open_streams == []


def test_a_connection_that_ends_while_it_is_used_is_not_kept() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await peer.sleep(1)
        await peer.send(b"ok")
        peer.half_close()
        await peer.read(None)

    network = network_of(script)
    pool = network.pool(keepalive_expiry=None)

    async def main() -> None:
        _, _, content, _ = await pool.handle_async_request(
            b"GET", (b"http", b"a.test", None, b"/"), [(b"Host", b"a.test")], b"", {}
        )
        await network.sleep(2)
        assert [chunk async for chunk in content] == [b"ok"]
        assert pool.stats()["connections"] == 0

    network.run(main())


KEEP_ALIVE = {
    "timeout=5": 5.0,
    "Timeout = 5, max=100": 5.0,
    'max=100,timeout="7"': 7.0,
    "timeout=0": 0.0,
    "timeout=5, max=0": 0.0,
    "timeout=1234567890": None,
    "timeout=-1": None,
    "xtimeout=5": None,
    "timeout": None,
    "300": None,
    "": None,
}


@pytest.mark.parametrize("value", KEEP_ALIVE)
def test_what_a_peer_says_of_how_long_it_keeps_a_connection(value: str) -> None:
    assert read_keep_alive(value.encode()) == KEEP_ALIVE[value]


def test_of_several_such_fields_the_shortest_counts() -> None:
    assert read_keep_alive(b"timeout=9", 5.0) == 5.0
    assert read_keep_alive(b"timeout=3", 5.0) == 3.0
    assert read_keep_alive(b"nothing", 5.0) == 5.0


@pytest.mark.parametrize("prelude", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
@pytest.mark.parametrize(("said", "seconds"), [(b"timeout=3", 2.0), (b"timeout=60", 5.0), (b"timeout=0", 0.0)])
def test_a_connection_is_closed_before_the_peer_does(prelude: bytes, said: bytes, seconds: float) -> None:
    ends = []
    network = Network()

    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.send(prelude + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: " + said + b"\r\n\r\nok")
        ends.append(network.now)

    network.serve("a.test", 80, script)
    pool = network.pool()

    async def main() -> None:
        assert await fetch(pool) == b"ok"
        await network.sleep(10)

    network.run(main())
    assert ends == [seconds]


def test_what_must_not_be_used_again_is_not_handed_to_who_waits() -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.sleep(1)
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: max=0\r\n\r\nok")

    network = network_of(script)
    pool = network.pool(max_connections=1)
    assert network.run(network.gather(fetch(pool), fetch(pool))) == [b"ok", b"ok"]
    assert network.connections == 2


def test_one_timer_serves_all_connections_of_a_pool() -> None:
    network = network_of(answer(response(b"ok")))
    pool = network.pool(max_connections=5, max_keepalive_connections=None, keepalive_expiry=2.0)

    async def main() -> None:
        for _ in range(50):
            await network.gather(*[fetch(pool) for _ in range(5)])
            await network.sleep(0.1)
        assert pool.stats()["idle"] == 5
        await network.sleep(1.5)
        assert pool.stats()["idle"] == 5
        await network.sleep(0.5)
        assert pool.stats()["idle"] == 0

    network.run(main())
    assert network.connections == 5


def test_an_alarm_on_trio_never_ends_the_run(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        alarm, gone = TrioAlarm(), trio.Event()
        alarm.cancel()

        def fail() -> None:
            gone.set()
            raise ValueError("contained")

        alarm.set(trio.current_time() + 1000, gone.set)
        alarm.set(trio.current_time(), fail)  # it is one task all the time
        await gone.wait()
        await trio.testing.wait_all_tasks_blocked()
        alarm.set(trio.current_time() + 1000, gone.set)
        alarm.cancel()
        await trio.testing.wait_all_tasks_blocked()
        assert alarm.at == float("inf")

    with caplog.at_level(logging.ERROR):
        trio.run(main)
    assert "closing idle connections failed" in caplog.text


def test_an_alarm_that_is_set_when_trio_is_about_to_end_does_not_go_off() -> None:
    alarms: list[TrioAlarm] = []

    async def late() -> None:
        try:
            await trio.sleep_forever()
        finally:
            alarms.append(TrioAlarm())
            alarms[0].set(trio.current_time(), functools.partial(alarms.append, alarms[0]))

    async def main() -> None:
        trio.lowlevel.spawn_system_task(late)
        await trio.testing.wait_all_tasks_blocked()

    trio.run(main)
    assert len(alarms) == 1
