"""Threads that share one HTTP/2 connection, with a switch between them at each place where one can happen.

The server answers as it is sent to, and what it sends arrives frame by frame, so each step of one thread may come between any
two steps of another. Every response is compared to what the server sent.
"""

from __future__ import annotations

import gc
import random
import sys
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar, cast

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest

import httpx_transport._http2._codec as codec_module
import httpx_transport._http2._connection as connection_module
import httpx_transport._http2._conversation as conversation_module
import httpx_transport._http2._exchange as exchange_module
import httpx_transport._http2._stream as stream_module
import httpx_transport._http2._turns as turns_module
import httpx_transport._http2._waiting as waiting_module
import httpx_transport._pool._channel as channel_module
import httpx_transport._pool._connections as connections_module
import httpx_transport._pool._lease as lease_module
import httpx_transport._pool._sharing as sharing_module
from httpx_transport import ConnectionPool, ReadError
from httpx_transport._backends import Bytes, Stream
from httpx_transport._body import ResponseBody
from httpx_transport._connection import Connection
from httpx_transport._extensions import read_options
from httpx_transport._http2 import Http2Connection, Http2Exchange
from httpx_transport._http2._stream import Stream as Http2Stream
from httpx_transport._pool import new_pool
from httpx_transport._settings import Settings
from httpx_transport.blocking import run
from httpx_transport.interface import Field

from .frames import OK
from .interleaving import (
    Interleaver,
    ScheduledBackend,
    ScheduledLock,
    Standstill,
    every_pair_of_switches,
    every_switch,
    random_switches,
    undisturbed,
)

ORIGIN = (b"https", b"a.test", None, None)
_ALL: list[Any] = [connection_module, conversation_module, exchange_module, stream_module, turns_module, waiting_module]
_POOL: list[Any] = [channel_module, connections_module, lease_module, sharing_module]
SHARED = [module.__file__ for module in _ALL]
"""The code in which threads that share a connection meet."""
EVERYWHERE = [*SHARED, *[module.__file__ for module in _POOL]]
"""The same, with that of the pool."""


def content_of(size: int, number: int) -> bytes:
    """Return what the server answers to the request on stream `number`, whose target asks for `size` bytes."""
    return random.Random(number * 1_000_003 + size).randbytes(size)


class Server:
    """The client's stream to a server that answers as it is sent to. It is used as TLS may be: by one thread at a time.

    Args:
        interleaver: What waits for it.
        piece: The content of one DATA frame.
        streams: How many streams may be open at once.
        room: How many bytes one `send` takes.
    """

    def __init__(self, interleaver: Interleaver, piece: int = 2, streams: int = 100, room: int = 10**9) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values={3: streams})  # type: ignore[dict-item]
        self.h2.initiate_connection()
        self.incoming: deque[bytes] = deque([self.h2.data_to_send()])
        self.interleaver = interleaver
        self.piece = piece
        self.room = self.left = room
        self.lock: ScheduledLock | None = None
        self.woken = self.closed = False
        self.targets: dict[int, bytes] = {}
        self.bodies: dict[int, bytes] = {}
        self.reset: list[int] = []

    def one_at_a_time(self) -> None:
        assert self.lock is None or self.lock.held(), "the stream is used without the connection's lock"

    def share(self) -> None:
        return

    def listen(self, heard: Any) -> None:
        self.lock = heard.__self__._lock

    def watch(self, ended: object) -> None:
        return

    def get_extra_info(self, name: str) -> None:
        self.one_at_a_time()

    def receive(self) -> bytes | None:
        self.one_at_a_time()
        return self.incoming.popleft() if self.incoming else None

    def send(self, data: Bytes) -> int:
        self.one_at_a_time()
        taken = bytes(data[: self.left])
        self.left -= len(taken)
        if not self.closed:
            for event in self.h2.receive_data(taken):
                self.hear(event)
            self.flush()
        return len(taken)

    def hear(self, event: Any) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.targets[event.stream_id] = dict(event.headers)[b":path"]
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.respond(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.reset.append(event.stream_id)

    def respond(self, number: int) -> None:
        target = self.targets[number]
        self.h2.send_headers(number, OK)
        self.flush()
        if target == b"/endless":
            return
        content = content_of(int(target[1:]), number) + self.bodies.get(number, b"")
        for start in range(0, len(content), self.piece):
            self.h2.send_data(number, content[start : start + self.piece])
            self.flush()
        self.h2.end_stream(number)
        self.flush()

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.incoming.append(data)

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool]:
        self.one_at_a_time()
        return readable, writable

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        if writable:
            self.left = self.room
        self.interleaver.block(lambda: bool(self.incoming) or self.woken or writable, "the socket")
        self.woken = False

    def wake(self) -> None:
        self.woken = True

    async def yield_turn(self) -> None:
        return

    def idle(self) -> bool:
        self.one_at_a_time()
        return not self.incoming

    def close(self) -> None:
        self.closed = True


class GuardedStream(Http2Stream):
    """A stream that is looked at under its connection's lock only; each look is a point of the schedule."""

    __slots__ = ()

    interleaver: ClassVar[Interleaver]
    lock: ClassVar[ScheduledLock]

    def __getattribute__(self, name: str) -> Any:
        cls = type(self)
        if name not in {"number", "trailers", "__class__"}:  # neither ever changes
            assert cls.lock.held(), f"the stream's {name!r} is looked at without the connection's lock"
            cls.interleaver.point()
        return super().__getattribute__(name)


class Client:
    """What the threads of one test share: a connection whose peer's settings are known."""

    def __init__(self, interleaver: Interleaver, **options: int) -> None:
        self.interleaver = interleaver
        self.server = Server(interleaver, **options)
        self.backend = ScheduledBackend(interleaver)
        stream: Any = self.server
        self.connection = Http2Connection(self.backend.as_backend(), Connection(ORIGIN, stream, "a.test:443"))
        GuardedStream.interleaver = interleaver
        GuardedStream.lock = cast(Any, self.connection)._lock
        run(self.connection.glance())

    def exchange(self) -> Http2Exchange:
        self.connection.promise()
        return Http2Exchange(self.backend.as_backend(), self.connection, read_options({}, 5.0), 0.0, 0.0, {})

    def begin(self, target: bytes, body: Any = b"", fields: list[Field] | None = None) -> Http2Exchange:
        exchange = self.exchange()
        method = b"POST" if body else b"GET"
        run(exchange.start(method, target, [(b"Host", b"a.test"), *(fields or [])], body))
        return exchange

    def get(self, size: int) -> None:
        """Send a request, and compare the response to what was sent."""
        exchange = self.begin(b"/%d" % size)
        assert b"".join(ResponseBody(exchange)) == content_of(size, exchange.stream.number)

    def post(self, size: int, body: list[bytes]) -> None:
        """Send a body in pieces, which comes back behind the content."""
        exchange = self.begin(b"/%d" % size, iter(body))
        assert b"".join(ResponseBody(exchange)) == content_of(size, exchange.stream.number) + b"".join(body)

    def check(self) -> None:
        """Nothing is left of what has ended."""
        assert not self.connection._waiting
        assert self.connection.unused()


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_module, "Stream", GuardedStream)


def two_responses(interleaver: Interleaver) -> None:
    client = Client(interleaver)
    interleaver.run(lambda: client.get(1), lambda: client.get(3))
    client.check()


def test_no_stream_is_looked_at_without_the_lock(guarded: None) -> None:
    assert every_switch((), two_responses) > 50


def test_two_responses_are_whole_wherever_the_threads_are_switched() -> None:
    assert every_switch(SHARED, two_responses, stride=5) > 200


def test_two_responses_are_whole_wherever_the_threads_are_switched_twice() -> None:
    assert every_pair_of_switches(two_responses, stride=4) > 200


@pytest.mark.parametrize("seed", range(3))
def test_three_threads_that_send_and_receive(seed: int) -> None:
    def scenario(interleaver: Interleaver) -> None:
        client = Client(interleaver, room=40)
        interleaver.run(
            lambda: client.post(3, [b"ab", b"c" * 50]), lambda: client.post(0, [b"de"]), lambda: client.get(5)
        )
        client.check()

    random_switches(SHARED, scenario, runs=40, switches=12, seed=seed)


def reader_of(client: Client, exchange: Http2Exchange, found: list[str]) -> Callable[[], None]:
    def read() -> None:
        try:
            b"".join(ResponseBody(exchange))
        except ReadError as error:
            found.append(str(error))

    return read


@pytest.mark.parametrize("beside", [False, True])
def test_a_response_that_is_closed_while_it_is_read_fails_at_once(beside: bool) -> None:
    """The reader leads, or waits behind another reader; in both cases it is woken, whose stream goes on."""
    found: list[str] = []

    def scenario(interleaver: Interleaver) -> None:
        client = Client(interleaver)
        found.clear()
        opened: list[Http2Exchange] = []

        def read() -> None:
            opened.append(client.begin(b"/endless"))
            reader_of(client, opened[0], found)()

        def close() -> None:
            interleaver.block(lambda: bool(opened), "the response")
            run(opened[0].close())

        work = [read, close]
        if beside:
            work.insert(0, lambda: client.get(2))
        interleaver.run(*work)
        assert client.server.reset == [opened[0].stream.number]
        client.check()
        assert len(found) == 1
        assert found[0].startswith("the response was closed (reading the content from a.test:443 on a ")

    every_switch(SHARED, scenario, stride=7)
    every_pair_of_switches(scenario, stride=2 + 6 * beside)


def test_a_connection_is_not_unused_while_a_thread_waits_for_it() -> None:
    """It would be given back, and closed, under the thread that still waits for its socket."""
    told: list[bool] = []

    class Home:
        def changed(self, connection: Http2Connection) -> None:
            told.append(connection.unused())

    interleaver = Interleaver(())
    client = Client(interleaver)
    client.connection.home = Home()
    found: list[str] = []
    opened: list[Http2Exchange] = []

    def read() -> None:
        opened.append(client.begin(b"/endless"))
        reader_of(client, opened[0], found)()

    def close() -> None:
        run(opened[0].close())
        assert not told[-1]

    interleaver.run(read, close)
    assert told[-1]
    assert len(found) == 1


@pytest.mark.parametrize("how", ["closed", "dropped"])
@pytest.mark.parametrize("beside", [False, True])
def test_a_thread_that_waits_for_the_connection_learns_that_a_stream_has_ended(how: str, beside: bool) -> None:
    """Whether it leads, or waits behind a reader of another stream."""

    def scenario(interleaver: Interleaver) -> None:
        client = Client(interleaver)
        others = [client.begin(b"/endless")] if beside else []
        held = [client.begin(b"/endless")]
        found: list[str] = []

        def wait() -> None:
            run(client.connection.until(None, lambda: client.connection._codec.live() == len(others), lambda: None))
            for other in others:
                run(other.close())

        def end() -> None:
            if how == "closed":
                run(held[0].close())
            held.clear()
            client.backend.catch_up()

        interleaver.run(*[reader_of(client, other, found) for other in others], wait, end)
        client.check()

    every_pair_of_switches(scenario, stride=5)


class ScheduledPool(ConnectionPool):
    """A pool whose threads and connections are an interleaver's; it speaks HTTP/2 by prior knowledge."""

    def __init__(self, interleaver: Interleaver, **options: int) -> None:
        self.servers: list[Server] = []

        def connect() -> Stream:
            self.servers.append(Server(interleaver, **options))
            return cast(Stream, self.servers[-1])

        super().__init__(http1=False, http2=True, max_connections=1, timeout=5.0)
        self.backend = ScheduledBackend(interleaver, connect)
        self._pool = new_pool(
            self.backend.as_backend(), Settings(http1=False, http2=True, max_connections=1, timeout=5.0)
        )

    def begin(self, target: bytes) -> Any:
        return self.handle_request(b"GET", (b"http", b"a.test", None, target), [(b"Host", b"a.test")], b"", {})

    def get(self, size: int) -> None:
        *_, body, facts = self.begin(b"/%d" % size)
        assert b"".join(body) == content_of(size, facts["stream_id"])


def test_threads_wait_for_a_stream_in_the_pool_wherever_they_are_switched() -> None:
    def scenario(interleaver: Interleaver) -> None:
        pool = ScheduledPool(interleaver, streams=1)
        interleaver.run(lambda: pool.get(2), lambda: pool.get(1))
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}

    every_switch(EVERYWHERE, scenario, lines=True, stride=3)


@pytest.mark.parametrize("step", range(4))
def test_a_response_may_be_dropped_at_any_point(step: int) -> None:
    """The last reference goes in the middle of another request, as when the garbage collector runs there."""
    dropped = step

    while True:
        held: list[Any] = []

        def drop(number: int, held: list[Any] = held, dropped: int = dropped) -> None:
            if number == dropped:
                held.clear()

        interleaver = Interleaver(EVERYWHERE, lines=True, at_point=drop)
        pool = ScheduledPool(interleaver)

        def work(pool: ScheduledPool = pool, held: list[Any] = held) -> None:
            held.append(pool.begin(b"/endless"))
            pool.get(3)

        interleaver.run(work)
        held.clear()
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        assert len(pool.servers[0].reset) == 1
        dropped += 4
        if dropped > interleaver.points:
            break


def test_the_thread_that_waits_for_a_stream_gets_that_of_a_dropped_response() -> None:
    """Wherever the one thread drops it, and the other has come to: also where that is asleep already."""

    def scenario(interleaver: Interleaver) -> None:
        pool = ScheduledPool(interleaver, streams=1)
        held = [pool.begin(b"/endless")]
        interleaver.run(lambda: pool.get(2), held.clear)
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}

    every_switch(EVERYWHERE, scenario, lines=True, stride=2)


def test_the_collector_may_run_at_every_call() -> None:
    """It runs in h2 and hpack too, where the connection's lock is held, and finds responses in circles of references."""
    interleaver = Interleaver(())
    pool = ScheduledPool(interleaver)
    collected = 0

    class Circle:
        def __init__(self, response: Any) -> None:
            self.response = response
            self.itself = self

    def collect(frame: FrameType, event: str, arg: object) -> None:
        nonlocal collected
        if (
            "h2" in frame.f_code.co_filename
            or "hpack" in frame.f_code.co_filename
            or "http" in frame.f_code.co_filename
        ):
            collected += 1
            if collected % 10 == 0:
                gc.collect(0)

    def work() -> None:
        sys.settrace(collect)
        try:
            for size in range(12):
                Circle(pool.begin(b"/endless"))
                closed = pool.begin(b"/endless")
                closed[2].close()
                Circle(closed)
                pool.get(size)
        finally:
            sys.settrace(None)

    with undisturbed():
        gc.collect()
        gc.freeze()
        try:
            interleaver.run(work)
        finally:
            gc.unfreeze()
    gc.collect()
    assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
    assert sorted(pool.servers[0].reset) == sorted(set(pool.servers[0].reset)), "each stream is reset once"
    assert len(pool.servers[0].reset) == 24


def test_a_standstill_says_who_waits_for_what() -> None:
    interleaver = Interleaver(())
    lock = ScheduledLock(interleaver)

    def work() -> None:
        lock.acquire()
        lock.acquire()

    with pytest.raises(Standstill, match="thread 0 waits for a lock that it holds"):
        interleaver.run(work)
    never = Interleaver(())
    with pytest.raises(Standstill, match="waits for ever"):
        never.run(lambda: never.block(lambda: False, "ever"), lambda: None)
