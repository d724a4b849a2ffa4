"""Waits that another thread or task ends early, and calls that finalizers record: what threads that share a connection rest on."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

import httpx_transport._backends._polling as polling_module
from httpx_transport._backends import blocking_backend, running_backend
from httpx_transport._backends._blocking import BlockingEvent, BlockingStream
from httpx_transport._backends._deferred import DeferredCalls
from httpx_transport._backends._polling import READ, WRITE, SelectPoller
from httpx_transport._backends._wakeup import WakeableWait
from httpx_transport.blocking import run
from httpx_transport.testing import Network, Peer

from .conftest import Face, Server, dial, silence

Serve = Callable[..., Server]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


class TestWakeableWait:
    @pytest.fixture(params=["poll", "select"], autouse=True)
    def poller(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        if request.param == "select":
            monkeypatch.setattr("httpx_transport._backends._wakeup.new_poller", _select_poller)

    def test_it_ends_when_the_socket_is_ready(self, pair: tuple[socket.socket, socket.socket]) -> None:
        waiting = WakeableWait(pair[0].fileno())
        with pytest.raises(TimeoutError):
            waiting.wait(READ, 0.0)
        waiting.wait(READ | WRITE, 0.0)
        pair[1].send(b"x")
        waiting.wait(READ, 0.0)
        waiting.close()

    def test_it_ends_once_for_all_that_wake_it(self, pair: tuple[socket.socket, socket.socket]) -> None:
        waiting = WakeableWait(pair[0].fileno())
        for _ in range(3):
            waiting.wake()
        waiting.wait(READ, None)
        with pytest.raises(TimeoutError):
            waiting.wait(READ, 0.0)
        pair[1].send(b"x")
        waiting.wake()
        waiting.wait(READ, None)
        waiting.wait(READ, 0.0)
        waiting.close()
        waiting.wake()

    def test_it_ends_where_another_thread_wakes_it(self, pair: tuple[socket.socket, socket.socket]) -> None:
        waiting = WakeableWait(pair[0].fileno())
        thread = threading.Thread(target=waiting.wait, args=(READ, None))
        thread.start()
        waiting.wake()
        thread.join()
        waiting.close()


def _select_poller(descriptor: int, mask: int) -> SelectPoller:
    poller = SelectPoller()
    poller.register(descriptor, mask)
    return poller


def test_a_shared_stream_is_waited_for_until_it_is_woken(face: Face, serve: Serve) -> None:
    server = serve(silence)

    async def scenario() -> None:
        stream = await dial(face.backend(), "127.0.0.1", server.port, None)
        stream.share()
        with pytest.raises(TimeoutError):
            await stream.wait_shared(True, False, 0.0)
        for writable in (False, True):
            stream.wake()
            await stream.wait_shared(True, writable, None)
        await stream.wait_shared(False, True, None)
        assert stream.plan_wait(True, False) == (True, False)
        await stream.yield_turn()
        if face.name != "blocking":
            async with anyio.create_task_group() as tasks:
                for writable in (False, True):
                    tasks.start_soon(stream.wait_shared, True, writable, None)
                    await anyio.wait_all_tasks_blocked()
                    stream.wake()
                    await anyio.wait_all_tasks_blocked()
        stream.close()
        stream.wake()

    face.run(scenario)


def test_a_wait_ends_when_the_connection_is_broken_off(serve: Serve) -> None:
    server = serve(silence)
    stream = run(dial(blocking_backend(), "127.0.0.1", server.port, None))
    stream.share()
    stream.abort("enough")
    with pytest.raises(ConnectionAbortedError, match="enough"):
        run(stream.wait_shared(True, False, None))
    stream.close()


def test_a_stream_that_is_shared_is_forgotten_with_its_pair(pair: tuple[socket.socket, socket.socket]) -> None:
    stream = BlockingStream(pair[0])
    stream.share()
    stream.forget()
    stream.wake()


class TestDeferredCalls:
    def test_they_are_made_in_order_and_once(self) -> None:
        backend, made = blocking_backend(), list[int]()
        for number in range(3):
            backend.soon(functools.partial(made.append, number))
        assert made == []
        backend.catch_up()
        backend.catch_up()
        assert made == [0, 1, 2]

    def test_a_call_that_another_thread_has_taken_is_not_made_twice(self) -> None:
        class Emptied(list[Any]):
            def popleft(self) -> Any:
                raise IndexError

        deferred = DeferredCalls()
        deferred._calls = Emptied([lambda: 1 / 0])  # type: ignore[assignment]
        deferred.run()

    def test_they_are_made_by_a_thread_that_begins_to_wait(self) -> None:
        backend = blocking_backend()
        event = backend.event()
        backend.soon(event.set)
        assert run(event.wait(None))

    def test_a_thread_that_waits_is_woken_to_make_them(self) -> None:
        backend, made = blocking_backend(), list[int]()
        event, other = backend.event(), backend.event()
        asleep = threading.Event()
        waiting: list[bool] = []

        def wait() -> None:
            asleep.set()
            waiting.append(run(event.wait(None)))

        thread = threading.Thread(target=wait)
        thread.start()
        asleep.wait()
        backend.soon(lambda: made.append(threading.get_ident()))
        backend.soon(other.set)
        assert run(other.wait(None))
        backend.soon(event.set)
        thread.join()
        assert waiting == [True]
        assert len(made) == 1

    def test_a_thread_that_is_woken_for_a_call_goes_on_waiting(self) -> None:
        deferred = DeferredCalls()
        event = BlockingEvent(deferred)
        event.nudge()
        event.nudge()
        assert not run(event.wait(0.0))
        event.nudge()
        event.set()
        event.set()
        assert run(event.wait(0.0))
        assert run(event.wait(None))

    def test_a_child_makes_none_of_its_parent(self) -> None:
        deferred, made = DeferredCalls(), list[bool]()
        deferred.add(lambda: made.append(False))
        deferred._process -= 1  # as it is in a child
        deferred.run()
        deferred.add(lambda: made.append(True))
        deferred.run()
        assert made == [True]

    @pytest.mark.parametrize("name", ["asyncio", "trio"])
    def test_an_event_loop_makes_them_in_its_next_turn(self, name: str) -> None:
        async def scenario() -> None:
            backend, made = running_backend(), list[bool]()
            backend.soon(lambda: made.append(True))
            backend.catch_up()
            assert made == []
            await anyio.wait_all_tasks_blocked()
            assert made == [True]

        Face(name).run(scenario)

    def test_the_simulated_network_makes_them_between_two_turns(self) -> None:
        network, made = Network(), list[int]()
        backend = network._backend

        async def main() -> None:
            backend.soon(lambda: made.append(1))
            assert made == []
            await network.sleep(0)
            assert made == [1]
            backend.soon(lambda: made.append(2))
            backend.catch_up()
            assert made == [1, 2]

        network.run(main())


def test_a_simulated_wait_is_ended_early() -> None:
    async def script(peer: Peer) -> None:
        await peer.read()

    network = Network()
    network.serve("a.test", 80, script)

    async def main() -> None:
        backend: Any = network._backend
        stream = await backend._reach(("a.test", 80), None)
        waiting = network.start(stream.wait_shared(True, False, None))
        await network.sleep(1)
        stream.wake()
        await waiting
        with pytest.raises(TimeoutError):
            await stream.wait_shared(True, False, 1.0)
        stream.close()

    network.run(main())


def test_select_watches_several_descriptors(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    poller = polling_module.SelectPoller()
    poller.register(ours.fileno(), READ)
    poller.register(theirs.fileno(), READ)
    assert poller.poll(0) == []
    ours.send(b"x")
    assert poller.poll(0) == [(theirs.fileno(), READ)]
    poller.register(ours.fileno(), WRITE)
    assert poller.poll(0) == [(ours.fileno(), WRITE), (theirs.fileno(), READ)]
