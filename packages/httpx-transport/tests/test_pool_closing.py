"""Closing a pool while it is in use: what may end, what is broken off, who is told what."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from httpx_transport import ConnectionPool, PoolClosed, ReadError, WriteError
from httpx_transport.testing import Network, Peer, answer, response

from .conftest import Face, Server, TestPool, answer_each
from .conftest import Peer as Socket
from .simulation import Chunks, fetch, network_of

Serve = Callable[..., Server]

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\nab"
BROKEN_OFF = r"the connection pool was closed, and its requests were given 0\.01 s to end"


async def beside(face: Face, work: Callable[[], Any], rest: Callable[[], Any]) -> None:
    """Run `work` in another thread or task, and `rest` here."""
    if face.name == "blocking":
        failures: list[BaseException] = []

        def run() -> None:
            try:
                face.run(work)
            except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        await rest()
        thread.join()
        assert failures == []
    else:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await rest()


async def close(pool: TestPool, drain: float | None) -> None:
    if isinstance(pool.pool, ConnectionPool):
        pool.pool.close(drain=drain)
    else:
        await pool.pool.aclose(drain=drain)


async def until(face: Face, condition: Callable[[], object]) -> None:
    while not condition():
        if face.name != "blocking":
            await anyio.lowlevel.checkpoint()


def test_what_ends_in_time_ends_well(face: Face, serve: Serve) -> None:
    go = threading.Event()

    def script(peer: Socket) -> None:
        peer.head()
        peer.send(HALF)
        go.wait()
        peer.send(b"cd")
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            content = (await pool.send(server.port))[2]
            assert await content.next() == b"ab"
            closed: list[bool] = []

            async def drain() -> None:
                await close(pool, 60.0)
                closed.append(True)

            async def rest() -> None:
                await until(face, lambda: pool.pool._pool.closed)  # type: ignore[union-attr]
                with pytest.raises(PoolClosed, match="the connection pool is closed"):
                    await pool.get(server.port)
                assert closed == []
                go.set()
                assert await content.read() == b"cd"

            await beside(face, drain, rest)
            assert closed == [True]
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("said", [HALF, ENDLESS])
def test_what_does_not_end_in_time_is_broken_off(
    face: Face, serve: Serve, said: bytes, tls: bool, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    server = serve(answer_each(said), server_context if tls else None)
    url = (b"https" if tls else b"http", b"127.0.0.1", server.port, b"/")

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            content = (await pool.send(server.port, url=url))[2]
            assert await content.next() == b"ab"

            async def read() -> None:
                with pytest.raises(ReadError, match=BROKEN_OFF):
                    await content.next()

            async def rest() -> None:
                if face.name != "blocking":
                    await anyio.wait_all_tasks_blocked()
                await close(pool, 0.01)

            await beside(face, read, rest)
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_what_nobody_reads_is_broken_off_as_well(face: Face, serve: Serve) -> None:
    server = serve(answer_each(HALF))

    async def scenario() -> None:
        async with face.pool() as pool:
            content = (await pool.send(server.port))[2]
            assert await content.next() == b"ab"
            await close(pool, 0.0)
            await close(pool, 0.0)
            with pytest.raises(ReadError, match="its requests were given 0 s to end"):
                await content.next()
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_with_nothing_to_wait_for_closing_takes_no_time(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(server.port) == b"ok"
            await close(pool, 1e9)

    face.run(scenario)


def slow_network() -> Network:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.sleep(2)
            await peer.send(response(b"ok"))

    return network_of(script)


@pytest.mark.parametrize(("drain", "ends"), [(1.0, False), (1.999, False), (2.001, True), (None, True)])
def test_the_time_is_as_long_as_said(drain: float | None, ends: bool) -> None:
    network = slow_network()
    pool = network.pool(max_connections=1)

    async def main() -> None:
        used, waiting = network.start(fetch(pool)), network.start(fetch(pool))
        await network.sleep(0)
        began = network.now
        await pool.aclose(drain=drain)
        assert network.now - began == (0 if drain is None else min(drain, 2.0))
        await used.ended()
        await waiting.ended()
        assert isinstance(waiting.error, PoolClosed)
        if ends:
            assert used.result() == b"ok"
        else:
            assert isinstance(used.error, ReadError)
            assert f"its requests were given {drain:.3g} s to end" in str(used.error)

    network.run(main())
    assert network.open_streams == []


def test_several_may_wait_for_the_end() -> None:
    network = slow_network()
    pool = network.pool()

    async def main() -> None:
        used = network.start(fetch(pool))
        await network.sleep(0)
        await network.gather(pool.aclose(drain=10), pool.aclose(drain=20))
        assert network.now == 2.0
        assert used.result() == b"ok"

    network.run(main())


def test_closing_that_is_cancelled_breaks_off_at_once() -> None:
    network = slow_network()
    pool = network.pool()

    async def main() -> None:
        used = network.start(fetch(pool))
        await network.sleep(0)
        closing = network.start(pool.aclose(drain=10))
        await network.sleep(1)
        closing.cancel()
        await used.ended()
        assert network.now == 1.0
        assert isinstance(used.error, ReadError)
        await closing.ended()

    network.run(main())


def test_a_connection_that_is_made_too_late_is_closed_again() -> None:
    from httpx_transport.testing import Faults

    network = Network(3, Faults(delay=1.0, longest=5.0))
    network.serve("a.test", 80, answer(response(b"ok")))
    pool = network.pool()

    async def main() -> None:
        used = network.start(fetch(pool))
        await network.sleep(0)
        await pool.aclose(drain=0.001)
        await used.ended()
        with pytest.raises(PoolClosed, match="its requests were given 0.001 s to end"):
            used.result()

    network.run(main())
    assert network.connections == 1
    assert network.open_streams == []


def test_what_is_broken_off_is_not_sent_again() -> None:
    heard = []

    async def script(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            heard.append(request.target)
            if request.target == b"/1":
                await peer.send(response(b"ok"))

    network = network_of(script)
    pool = network.pool()

    async def main() -> None:
        await fetch(pool, target=b"/1")
        used = network.start(fetch(pool, target=b"/2"))
        await network.sleep(0)
        await pool.aclose(drain=0.5)
        await used.ended()
        assert isinstance(used.error, PoolClosed | ReadError)

    network.run(main())
    assert heard == [b"/1", b"/2"]


def test_an_upload_is_broken_off() -> None:
    network = network_of(Peer.stall)
    pool = network.pool()

    async def main() -> None:
        body = Chunks(network, bytes(200_000))
        used = network.start(fetch(pool, method=b"POST", headers=[(b"Transfer-Encoding", b"chunked")], body=body))
        await network.sleep(1)
        await pool.aclose(drain=1)
        await used.ended()
        assert isinstance(used.error, WriteError)
        assert "its requests were given 1 s to end" in str(used.error)

    network.run(main())


def test_a_thread_that_sends_is_told(serve: Serve) -> None:
    stuck = threading.Event()

    def script(peer: Socket) -> None:
        peer.head()
        stuck.wait()

    server = serve(script)
    pool = ConnectionPool()
    failures: list[BaseException] = []

    def work() -> None:
        headers = [(b"Host", b"test"), (b"Content-Length", b"100000000")]
        try:
            pool.handle_request(b"POST", (b"http", b"127.0.0.1", server.port, b"/"), headers, bytes(100_000_000), {})
        except WriteError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while pool.stats()["active"] == 0:
        continue
    pool.close(drain=0.01)
    thread.join()
    stuck.set()
    assert "its requests were given 0.01 s to end" in str(failures[0])


def test_asyncio_tells_who_waits_to_send(serve: Serve) -> None:
    stuck = threading.Event()
    server = serve(lambda peer: stuck.wait())

    async def scenario() -> None:
        async with Face("asyncio").pool() as pool:
            headers = [(b"Content-Length", b"100000000")]
            sending = asyncio.ensure_future(pool.send(server.port, b"POST", headers, bytes(100_000_000)))
            while pool.pool.stats()["active"] == 0:
                await asyncio.sleep(0)
            await close(pool, 0.01)
            with pytest.raises((WriteError, PoolClosed), match="its requests were given 0.01 s to end"):
                await sending
            stuck.set()

    asyncio.run(scenario())


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_lets_nobody_pass_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"max_connections_per_origin must be at least 1, or None, not {limit}"):
        ConnectionPool(max_connections_per_origin=limit)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"timeout": {"read": 5}}, TypeError, "timeout must be seconds, or None, not <class 'dict'>: {'read': 5}"),
        ({"timeout": float("nan")}, ValueError, "timeout must be seconds, or None, not nan"),
        ({"ssl_context": False}, TypeError, "ssl_context must be an ssl.SSLContext, or a function .* <class 'bool'>"),
    ],
)
def test_settings_that_are_none_are_refused(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ConnectionPool(**options)
