"""Responses that nobody closes: with the last reference to them, their slot and their descriptor come back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio

from httpx_transport import AsyncConnectionPool, ConnectionPool, PoolClosed
from httpx_transport._backends import blocking_backend
from httpx_transport._connection import Connection
from httpx_transport._pool._connections import Connections
from httpx_transport._pool._lease import Lease
from httpx_transport._pool._share import Waiter
from httpx_transport._settings import Settings
from httpx_transport.blocking import run
from httpx_transport.testing import Peer, response

from .conftest import Face, Server, TestPool, answer_each, collect
from .conftest import Peer as Socket
from .simulation import network_of
from .test_http2_threads import serve_all

Serve = Callable[..., Server]

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"


async def turns(face: Face) -> None:
    """Let an event loop do what it was asked to do soon."""
    for _ in range(3 if face.name != "blocking" else 0):
        await anyio.lowlevel.checkpoint()


class Knot:
    """Holds something in a circle, which only the collector unties."""

    def __init__(self, held: object) -> None:
        self.held = held
        self.itself = self


@pytest.mark.parametrize("how", ["last reference", "collector", "other thread"])
def test_an_abandoned_response_gives_back_what_it_has(face: Face, serve: Serve, how: str) -> None:
    ended: list[threading.Event] = []

    def script(peer: Socket) -> None:
        ended.append(threading.Event())
        mine = ended[-1]
        peer.head()
        peer.send(HALF)
        peer.wait_closed()
        mine.set()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for _ in range(3):
                content = (await pool.send(server.port))[2]
                assert await content.next() == b"ab"
                if how == "collector":
                    Knot(content)
                    del content
                    collect()
                elif how == "other thread":
                    holder = [content]
                    del content
                    thread = threading.Thread(target=holder.clear)
                    thread.start()
                    thread.join()
                else:
                    del content
                await turns(face)
                assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}

    face.run(scenario)
    assert server.accepted == 3
    for peer in ended:  # each descriptor has been closed, or the peer would not know
        assert peer.wait(30)


def test_a_response_that_is_complete_is_nobodys_business(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(3):
                await pool.send(server.port)
            await turns(face)
            assert pool.pool.stats()["idle"] == 1

    face.run(scenario)
    assert server.accepted == 1


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_task_that_waits_is_served_when_a_response_is_abandoned(name: str, serve: Serve) -> None:
    face, half, whole = Face(name), serve(answer_each(HALF)), serve(answer_each())

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool, anyio.create_task_group() as tasks:
            contents = [(await pool.send(half.port))[2]]

            async def work() -> None:
                assert await pool.get(whole.port, extensions={"timeout": {}}) == b"ok"

            tasks.start_soon(work)
            await anyio.wait_all_tasks_blocked()
            assert pool.pool.stats()["waiting"] == 1
            await anyio.to_thread.run_sync(contents.clear)

    face.run(scenario)


def test_a_thread_that_waits_is_served_when_a_response_is_abandoned(serve: Serve) -> None:
    half, whole = serve(answer_each(HALF)), serve(answer_each())
    with ConnectionPool(max_connections=1, timeout=None) as pool:
        responses = [pool.request("GET", f"http://127.0.0.1:{half.port}/")]
        got: list[bytes] = []
        thread = threading.Thread(
            target=lambda: got.append(pool.request("GET", f"http://127.0.0.1:{whole.port}/").read())
        )
        thread.start()
        while not pool.stats()["waiting"]:
            continue
        responses.clear()
        thread.join()
        assert got == [b"ok"]


def test_the_simulated_pool_takes_back_what_is_abandoned() -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.send(response(bytes(100_000)))

    network = network_of(script)
    pool = network.pool(max_connections=1)

    async def main() -> None:
        for _ in range(3):
            await pool.request("GET", "http://a.test/")

    network.run(main())
    assert network.connections == 3
    assert network.open_streams == []


class Stream:
    """A stream that only counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def watch(self, ended: object) -> None:
        self.ended = ended


def admitted(connections: Connections) -> tuple[Lease, Stream]:
    """Return a lease with a connection in it."""
    lease, stream = connections.assign((b"http", b"host", None, None), 0.0), Stream()
    assert isinstance(lease, Lease)
    lease.connection = Connection((b"http", b"host", None, None), stream, "host:80")  # type: ignore[arg-type]
    connections.admit(lease.connection)
    return lease, stream


class BusyLock:
    """A lock in whose first section another thread puts a lease into the queue of those that have come back."""

    def __init__(self, connections: Connections, lease: Lease) -> None:
        self.connections = connections
        self.lease = lease

    def acquire(self, blocking: bool = True, /) -> bool:
        raise AssertionError  # a signal handler may raise behind it

    def release(self) -> None:
        raise AssertionError

    def __enter__(self) -> bool:
        self.connections._lock = threading.Lock()
        assert self.lease._take() is self.connections
        self.connections._returned.append((self.lease._share, self.lease.connection, None))
        return True

    def __exit__(self, *details: object) -> None:
        return None


def test_the_collector_may_run_while_the_lock_is_held() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, stream = admitted(connections)
    waiting = connections.assign((b"http", b"other", None, None), 0.0)
    assert isinstance(waiting, Waiter)
    decide = connections._slots.expire

    def meddle(now: float) -> Any:
        nonlocal lease
        del lease  # the last reference, in a section where this very thread has the lock
        return decide(now)

    slots = type("Slots", (), {name: getattr(connections._slots, name) for name in ("counts", "release", "deadlines")})
    slots.expire = staticmethod(meddle)  # type: ignore[attr-defined]
    connections._slots = slots  # type: ignore[assignment]
    connections.close_expired()
    assert stream.closed, "a finalizer may close what nothing else has"
    served = [waiting.served]
    connections._backend.catch_up()
    served.append(waiting.served)
    assert served == [False, True], "and it does no more"
    assert run(waiting.event.wait(0))


def test_a_slot_that_comes_back_while_another_thread_has_the_lock_is_taken_after_that() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, stream = admitted(connections)
    with connections._lock:
        thread = threading.Thread(target=lease.release, args=(True,))
        thread.start()
        assert connections._slots.counts()["active"] == 1
    thread.join()
    assert connections._slots.counts() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
    assert stream.closed == 0


def test_a_slot_that_comes_back_while_a_request_is_refused_is_not_forgotten() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, stream = admitted(connections)
    connections.close()

    connections._lock = BusyLock(connections, lease)
    with pytest.raises(PoolClosed):
        connections.assign((b"http", b"host", None, None), 0.0)
    assert stream.closed == 1
    assert connections._slots.counts()["connections"] == 0


def test_what_comes_back_while_a_request_leaves_the_queue_is_taken_at_once() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, _ = admitted(connections)
    waiting = connections.assign((b"http", b"other", None, None), 0.0)
    assert isinstance(waiting, Waiter)

    connections._lock = BusyLock(connections, lease)
    assert connections.withdraw(waiting) is None
    assert connections.counts() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}


def test_a_slot_is_given_back_once() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, stream = admitted(connections)
    lease.abandon()
    lease.abandon()
    lease.release(True)
    assert stream.closed == 1
    assert connections._slots.counts()["connections"] == 1, "what was abandoned waits for a thread that holds no lock"
    assert connections.counts()["connections"] == 0


def test_what_another_thread_has_taken_back_meanwhile_is_not_looked_for() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, _ = admitted(connections)

    class Lock:
        """Lets the other thread be first."""

        def __enter__(self) -> None:
            connections._lock = threading.Lock()
            connections._settle()

        def __exit__(self, *details: object) -> None:
            return None

    connections._lock = Lock()  # type: ignore[assignment]
    lease.release(True)
    assert connections.counts()["idle"] == 1


def test_a_connection_that_comes_back_while_another_thread_closes_the_pool() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, stream = admitted(connections)

    class Lock:
        """Lets the other thread have it first."""

        def __enter__(self) -> None:
            connections._lock = threading.Lock()
            returned = connections._returned.popleft()
            connections.close()
            connections._returned.append(returned)

        def __exit__(self, *details: object) -> None:
            return None

    connections._lock = Lock()  # type: ignore[assignment]
    lease.release(True)
    assert stream.closed == 1


def test_tasks_that_are_collected_give_back_what_they_have(serve: Serve) -> None:
    server = serve(answer_each(HALF))
    pool = TestPool(AsyncConnectionPool(max_connections=1))

    async def scenario() -> None:
        content = (await pool.send(server.port))[2]
        for step in range(2):
            waiting = pool.send(server.port)
            waiting.send(None)
            assert pool.pool.stats()["waiting"] == 1
            if step:
                await content.close()  # it has been served by now, and does not know
            del waiting
            await turns(Face("asyncio"))
            assert pool.pool.stats()["waiting"] == 0
        assert pool.pool.stats()["active"] == 0
        connecting = pool.send(server.port)
        connecting.send(None)
        assert pool.pool.stats()["active"] == 1
        del connecting
        await turns(Face("asyncio"))
        assert pool.pool.stats()["active"] == 0
        await pool.close()

    asyncio.run(scenario())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # as an error it would keep what is unclosed
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_what_is_abandoned_after_the_end_of_the_event_loop_does_no_harm(name: str, serve: Serve) -> None:
    server = serve(answer_each(HALF))
    pool = TestPool(AsyncConnectionPool(max_connections=1))
    contents: list[Any] = []

    async def begin() -> None:
        contents.append((await pool.send(server.port))[2])

    async def again() -> None:
        content = (await pool.send(server.port))[2]
        await content.close()
        await pool.close()

    Face(name).run(begin)
    contents.clear()
    collect()
    Face(name).run(again)
    collect()


def test_trio_is_not_asked_for_anything_once_it_has_ended() -> None:
    from httpx_transport._backends import running_backend

    async def make() -> Any:
        return running_backend()

    called: list[bool] = []
    trio.run(make).soon(lambda: called.append(True))
    asyncio.run(make()).soon(lambda: called.append(True))
    assert called == []


def test_a_slot_that_has_become_void_before_it_is_taken_back_is_let_be() -> None:
    connections = Connections(blocking_backend(), Settings(max_connections=1))
    lease, _ = admitted(connections)
    lease.abandon()
    connections._slots.void()
    connections._backend.catch_up()
    assert connections._slots.counts()["connections"] == 1


@pytest.mark.parametrize("http2", [False, True])
def test_a_generator_over_content_that_is_collected_waits_for_no_lock(serve: Serve, http2: bool) -> None:
    """`yield from` closes what it iterates over, where the garbage collector runs: also where a lock is held."""
    server = serve(serve_all if http2 else answer_each(HALF))

    def chunks(content: Iterable[bytes]) -> Generator[bytes, None, None]:
        yield from content

    with ConnectionPool(http1=not http2, http2=http2) as pool:
        answer = pool.request("GET", f"http://127.0.0.1:{server.port}/1000000")
        reading = chunks(answer.body)
        next(reading)
        exchange: Any = answer.body._exchange
        with exchange._shared._lock if http2 else exchange._lease._home[0]._lock:
            reading.close()
        assert pool.stats()["active"] == 0
        answer.close()
