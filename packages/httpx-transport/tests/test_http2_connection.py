"""What is left of HTTP/2's connection, conversation and sharing: ends in the middle of anything."""

from __future__ import annotations

import contextlib
from typing import Any, cast

import h2.events
import h2.exceptions
import pytest

from httpx_transport import PoolTimeout, ReadTimeout, RemoteProtocolError, TransportError, WriteError, WriteTimeout
from httpx_transport._backends import Bytes
from httpx_transport._connection import Connection
from httpx_transport._extensions import read_options
from httpx_transport._http2 import Http2Connection
from httpx_transport._pool._channel import Channel, Ticket
from httpx_transport._pool._share import Waiter
from httpx_transport._pool._sharing import Sharing
from httpx_transport.testing import Faults, Network, answer, response

from .frames import OK, Attacker, attacked, drain, sent_frames
from .frames import get as open_get
from .http2_peer import Speaker, answer_all, get, network_of, send, speaking

ORIGIN = (b"https", b"a.test", None, None)


class Pipe:
    """A stream that takes nothing, and gives what it was given."""

    def __init__(self, *received: bytes) -> None:
        self.received = list(received)
        self.broken: OSError | None = None
        self.taken = 1_000_000
        self.wakes = 0

    def share(self) -> None:
        return

    def listen(self, heard: object) -> None:
        return

    def receive(self) -> bytes | None:
        return self.received.pop(0) if self.received else None

    def send(self, data: Bytes) -> int:
        if self.broken is not None:
            raise self.broken
        taken, self.taken = min(len(data), self.taken), max(self.taken - len(data), 0)
        return taken

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool]:
        return readable, writable

    async def wait_shared(self, readable: bool, writable: bool, timeout: float | None) -> None:
        if writable:
            self.taken = 1_000_000

    def wake(self) -> None:
        self.wakes += 1

    async def yield_turn(self) -> None:
        return

    def idle(self) -> bool:
        return False


def over(pipe: Any) -> Http2Connection:
    backend: Any = Network()._backend
    return Http2Connection(backend, Connection(ORIGIN, pipe, "a.test:443"))


def finish(coroutine: Any) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def test_what_was_said_before_sending_broke_comes_first() -> None:
    peer = Attacker()
    pipe = Pipe(peer.settings() + peer.headers(1, [*OK, (b"a", b"b")], end=True), b"")
    connection = over(pipe)
    pipe.broken = BrokenPipeError(32, "Broken pipe")
    connection.promise()
    stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True)
    assert stream is not None
    assert connection.leaving
    finish(connection.until(stream, lambda: stream.settled, lambda: None))
    assert stream.complete
    assert stream.head is not None
    connection.unreserve()


def test_the_end_after_sending_broke_says_why() -> None:
    pipe = Pipe(b"")
    connection = over(pipe)
    connection.promise()
    pipe.broken = BrokenPipeError(32, "Broken pipe")
    stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True)
    assert stream is not None
    finish(connection.until(stream, lambda: stream.settled, lambda: None))
    assert isinstance(stream.failure, WriteError)
    assert str(stream.failure) == "[Errno 32] Broken pipe"
    connection.goodbye()


def test_what_does_not_fit_is_sent_by_whoever_waits() -> None:
    peer = Attacker()
    pipe = Pipe()
    pipe.taken = 10
    connection = over(pipe)
    connection.promise()
    stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True)
    assert stream is not None
    assert len(connection._codec.unsent()) > 10
    pipe.received = [peer.settings() + peer.headers(1, OK, end=True)]
    finish(connection.until(stream, lambda: stream.settled, lambda: None))
    assert connection._codec.unsent() == b""


def test_what_does_not_leave_with_its_request_is_sent_by_the_one_that_leads() -> None:
    pipe = Pipe(Attacker().settings())
    connection = over(pipe)
    finish(connection.glance())
    streams = []
    for _ in range(3):
        connection.promise()
        stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True, waits=True)
        assert stream is not None
        streams.append(stream)
    connection._led = True  # by one that waits for bytes, and will get none

    def expired() -> float | None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        finish(connection.until(streams[1], lambda: False, expired))
    assert connection._codec.unsent() != b""
    waiting = connection.until(streams[2], lambda: False, lambda: None)
    waiting.send(None)
    assert pipe.wakes == 1, "it waits for room already"
    connection._led = False  # it has given up
    finish(connection.until(streams[0], lambda: not connection._codec.unsent(), lambda: None))
    waiting.close()


def test_a_glance_takes_what_is_here_unless_somebody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Attacker()
    pipe = Pipe(peer.settings())
    connection = over(pipe)
    connection._led = True
    finish(connection.glance())
    connection._overhear()
    assert len(pipe.received) == 1
    connection._led = False
    finish(connection.glance())
    assert connection.known
    finish(connection.glance())

    def broken() -> bytes:
        raise ConnectionResetError("gone")

    monkeypatch.setattr(pipe, "receive", broken)
    finish(connection.glance())
    assert connection.dead


def test_a_stream_that_a_finalizer_has_recorded_is_reset_by_the_next_owner_of_the_lock() -> None:
    peer = Attacker()
    pipe = Pipe(peer.settings(), peer.ping())
    connection = over(pipe)
    told: list[Http2Connection] = []

    class Home:
        def changed(self, connection: Http2Connection) -> None:
            told.append(connection)

    connection.home = Home()
    finish(connection.glance())
    connection.promise()
    stream = connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True)
    assert stream is not None
    told.clear()
    with connection._lock:
        connection.abandon(stream)
        assert connection._codec.live() == 1
    assert told == []
    finish(connection.glance())
    assert connection._codec.live() == 0
    assert told == [connection]
    connection._backend.catch_up()
    assert told == [connection] * 2


def test_credit_for_the_last_frames_of_streams() -> None:
    codec, peer = attacked()
    credited = 0
    for _ in range(3_000):  # 48 MiB, three times the connection's window
        stream = open_get(codec)
        drain(codec)
        codec.feed(peer.headers(stream.number, OK) + peer.data(stream.number, b"x" * 16_384, end=True))
        assert len(codec.take(stream)) == 16_384
        credited += sum(getattr(frame, "window_increment", 0) for frame in sent_frames(codec))
    assert codec.failure is None
    assert credited > 3_000 * 16_384 - 16_777_216


def test_the_turn_goes_to_one_who_waits() -> None:
    channel = Channel(ORIGIN)
    backend: Any = Network()._backend
    first, second = Ticket(), Ticket()
    for ticket in (first, second):
        ticket.event = backend.event()
        channel.tickets[ticket] = None
    events = [first.event, second.event]
    assert channel.serve() == events[:1]
    assert channel.seeker is first
    assert first.event is None
    assert channel.busy
    assert channel.serve() == []
    assert channel.fail(RemoteProtocolError("x")) == events[1:]
    assert not channel.tickets


def test_no_connection_is_made_where_one_is_about_to_tell_of_its_room() -> None:
    """Its peer has said this very moment how many streams there may be, and whoever heard it has not told yet."""
    channel, lease = Channel(ORIGIN), cast(Any, None)
    connection = over(Pipe(Attacker().settings()))
    connection.promise()
    channel.add(connection, lease)
    assert channel.join(None) is None
    assert not channel.may_seek(None)
    finish(connection.glance())
    assert connection.known
    assert not channel.may_seek(None)
    assert channel.may_seek(connection), "it has refused this very request"
    channel.changed(connection)
    assert channel.join(None) is connection


def test_a_stream_and_a_slot_are_not_both_kept() -> None:
    """Both may come at the same moment: the stream is taken, the slot goes back."""
    released: list[bool] = []
    backend: Any = Network()._backend

    class Slot:
        def release(self, reusable: bool) -> None:
            released.append(reusable)

    class Slots:
        def forked(self) -> None:
            """Nobody has forked."""

        def assign(self, origin: Any, now: float) -> Any:
            return Waiter(origin, backend.event())

        def withdraw(self, waiter: Any) -> Any:
            return Slot()

    class Roomy:
        leaving = False

        def reserve(self) -> bool:
            return True

    slots: Any = Slots()
    connection: Any = Roomy()
    lease: Any = Slot()
    sharing = Sharing(backend, slots, http1=True)
    channel = Channel(ORIGIN)
    channel.add(connection, lease)
    assert finish(sharing._slot(channel, Ticket(), read_options({}, 5.0), 0.0)) is connection
    assert released == [True]


def test_a_slot_that_comes_as_its_wait_is_cancelled_goes_back() -> None:
    released: list[bool] = []

    class Slot:
        def release(self, reusable: bool) -> None:
            released.append(reusable)

    class Interrupted:
        async def wait(self, timeout: float | None) -> bool:
            raise KeyboardInterrupt

    class Slots:
        def forked(self) -> None:
            """Nobody has forked."""

        def assign(self, origin: Any, now: float) -> Any:
            return Waiter(origin, cast(Any, Interrupted()))

        def withdraw(self, waiter: Any) -> Any:
            return Slot()

    slots: Any = Slots()
    backend: Any = Network()._backend
    sharing = Sharing(backend, slots, http1=True)
    with pytest.raises(KeyboardInterrupt):
        finish(sharing._slot(Channel(ORIGIN), Ticket(), read_options({}, 5.0), 0.0))
    assert released == [True]


@pytest.mark.parametrize("held", [False, True])
def test_collected_at_any_wait_nothing_is_held(held: bool) -> None:
    """A task that is collected ends at any of its waits, by GeneratorExit."""

    async def slowly(speaker: Speaker) -> None:
        while stream := await speaker.request():
            await speaker.peer.sleep(0.5)
            speaker.h2.send_headers(stream, OK)
            await speaker.send(stream, b"x" * 20_000)
            await speaker.peer.sleep(0.5)
            with contextlib.suppress(h2.exceptions.StreamClosedError):
                await speaker.send(stream, b"x" * 30_000, end=True)

    steps = 0
    while True:
        steps += 1
        network = network_of(speaking(slowly, {3: 2}), faults=Faults(delay=1.0, longest=0.3))
        finished: list[bool] = []

        async def main(steps: int, network: Network, finished: list[bool]) -> None:
            pool = network.pool(http2=True, max_connections=1)
            others = [network.start(get(pool, method=b"POST", body=b"x")) for _ in range(3 * held)]
            await network.sleep(0)
            coroutine = get(pool, method=b"POST", body=b"y" * 100_000)
            task = network.start(coroutine)
            for _ in range(steps):
                if task.done:
                    finished.append(True)
                    break
                await network.sleep(0.05)
            if not task.done:
                task.interrupt(GeneratorExit())
                with pytest.raises(GeneratorExit):
                    await task
            for other in others:
                assert await other == b"x" * 50_000
            await network.sleep(5)
            assert pool.stats()["active"] == 0
            assert await get(pool) == b"x" * 50_000
            await pool.aclose()

        network.run(main(steps, network, finished))
        assert network.open_streams == []
        if finished:
            break
    assert steps > 5


def test_collected_where_http1_is_spoken() -> None:
    async def slow(peer: Any) -> None:
        while await peer.request():
            await peer.sleep(1)
            await peer.send(response(b"x"))

    network = Network()
    network.serve("a.test", 443, slow, alpn="http/1.1")

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        first = network.start(get(pool))
        await network.sleep(0.5)
        second = network.start(get(pool))
        await network.sleep(0.1)
        second.interrupt(GeneratorExit())
        with pytest.raises(GeneratorExit):
            await second
        third = network.start(get(pool, extensions={"timeout": {"pool": 0.1}}))
        with pytest.raises(PoolTimeout):
            await third
        first.interrupt(GeneratorExit())
        with pytest.raises(GeneratorExit):
            await first
        await network.sleep(0.1)
        assert pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
        assert await get(pool) == b"x"
        await pool.aclose()

    network.run(main())


def test_errors_of_http1_where_http2_may_be_spoken() -> None:
    async def once(peer: Any) -> None:
        await peer.request()
        if peer.number < 3:
            await peer.send(response(b"x"))
            await peer.request()

    network = Network()
    network.serve("a.test", 443, once, alpn="http/1.1")

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await get(pool) == b"x"
        assert await get(pool) == b"x", "the reuse race is run again"
        with pytest.raises(RemoteProtocolError, match="reused"):
            await get(pool, method=b"POST")
        with pytest.raises(RemoteProtocolError, match="fresh"):
            await get(pool)
        with pytest.raises(TypeError):
            await get(pool, body=[b"of the other colour"])
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_many_origins_are_not_remembered_for_ever() -> None:
    network = Network()
    names = [f"{number}.test" for number in range(1_010)]
    for name in names:
        network.serve(name, 443, answer(response(b"x")), alpn="http/1.1")

    async def main() -> None:
        pool: Any = network.pool(http2=True, max_connections=5)
        for name in names:
            host = name.encode()
            _, _, content, _ = await pool.handle_async_request(
                b"GET", (b"https", host, None, b"/"), [(b"Host", host)], b"", {}
            )
            assert [chunk async for chunk in content] == [b"x"]
        assert len(pool._pool._sharing._channels) == 1_000
        await pool.aclose()

    network.run(main())


def test_a_duplex_stream_that_breaks_or_is_not_wanted() -> None:
    async def play(speaker: Speaker) -> None:
        speaker.credit = False
        for number in range(2):
            stream = (await speaker.next(h2.events.RequestReceived)).stream_id
            speaker.h2.send_headers(stream, OK)
            await speaker.send(stream, b"hello")
            if number:
                await speaker.peer.sleep(1)
                speaker.h2.reset_stream(stream, 2)
                await speaker.flush()

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, _, facts = await send(pool, method=b"POST", extensions={"duplex": True})
        stream = facts["network_stream"]
        assert await stream.read(2, None) == b"he"
        assert await stream.read(10, None) == b"llo"
        with pytest.raises(WriteTimeout, match="timed out .writing to a.test:443"):
            await stream.write(b"x" * 100_000, 0.5)
        with pytest.raises(ReadTimeout):
            await stream.read(1, 0.5)
        await stream.aclose()
        _, _, content, facts = await send(pool, method=b"POST", body=b"first", extensions={"duplex": True})
        stream = facts["network_stream"]
        assert await stream.read(10, 1.0) == b"hello"
        with pytest.raises(RemoteProtocolError, match="INTERNAL_ERROR .0x2. .reading from"):
            await stream.read(10, None)
        with pytest.raises(TransportError):
            await stream.write(b"more", None)
        await content.aclose()
        await pool.aclose()

    network.run(main())


def test_a_duplex_write_that_the_peer_resets_says_so() -> None:
    async def play(speaker: Speaker) -> None:
        speaker.credit = False
        stream = (await speaker.next(h2.events.RequestReceived)).stream_id
        speaker.h2.send_headers(stream, OK)
        await speaker.flush()
        await speaker.next(h2.events.DataReceived)
        await speaker.peer.sleep(1)
        speaker.h2.reset_stream(stream, 8)
        await speaker.flush()

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, _, facts = await send(pool, method=b"POST", extensions={"duplex": True})
        with pytest.raises(RemoteProtocolError, match="CANCEL .0x8. .writing to"):
            await facts["network_stream"].write(b"x" * 200_000, None)
        await pool.aclose()

    network.run(main())


def test_only_streams_of_http2_end_one_way() -> None:
    async def switch(peer: Any) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")

    network = Network()
    network.serve("a.test", 80, switch)

    async def main() -> None:
        pool = network.pool()
        headers = [(b"Upgrade", b"x"), (b"Connection", b"upgrade")]
        _, _, _, facts = await send(pool, scheme=b"http", headers=headers)
        with pytest.raises(RuntimeError, match="only a stream of HTTP/2"):
            await facts["network_stream"].write_eof()
        await facts["network_stream"].aclose()
        await pool.aclose()

    network.run(main())


def test_a_peer_without_room_is_asked_five_times_at_most() -> None:
    async def shut(speaker: Speaker) -> None:
        await speaker.peer.send(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0")

    network = network_of(speaking(shut))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(RemoteProtocolError):
            await get(pool)
        await pool.aclose()

    network.run(main())
    assert network.connections == 5


def test_where_nobody_has_room_the_request_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(speaking(quiet))
    monkeypatch.setattr(Http2Connection, "open", lambda *_, **__: None)

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(RemoteProtocolError, match="5 connections had no room"):
            await get(pool)
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


async def quiet(speaker: Speaker) -> None:
    await speaker.next(h2.events.ConnectionTerminated)


def test_two_may_wait_for_one_stream() -> None:
    async def play(speaker: Speaker) -> None:
        speaker.credit = False
        stream = (await speaker.next(h2.events.RequestReceived)).stream_id
        speaker.h2.send_headers(stream, OK)
        await speaker.flush()
        await speaker.peer.sleep(2)
        await speaker.send(stream, b"late")
        speaker.h2.increment_flow_control_window(100_000)
        speaker.h2.increment_flow_control_window(100_000, stream)
        await speaker.flush()

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, _, facts = await send(pool, method=b"POST", extensions={"duplex": True})
        stream = facts["network_stream"]
        leader = network.start(stream.read(10, 1.0))
        await network.sleep(0.1)
        hurried = network.start(stream.read(10, 0.5))
        writer = network.start(stream.write(b"x" * 100_000, None))
        third = network.start(stream.read(10, None))
        with pytest.raises(ReadTimeout):
            await hurried
        with pytest.raises(ReadTimeout):
            await leader
        await writer
        assert await third == b"late"
        await stream.aclose()
        await pool.aclose()

    network.run(main())


def test_a_connection_that_is_stuck_is_not_revived(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe()
    connection = over(pipe)

    async def wait_shared(readable: bool, writable: bool, timeout: float | None) -> None:
        raise TimeoutError

    monkeypatch.setattr(pipe, "wait_shared", wait_shared)
    assert finish(connection.revive(lambda: 0.0)) is False, "it has something to say, and does not say it"


def test_a_promise_to_a_task_that_is_collected_is_given_back_later(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slots:
        def forked(self) -> None:
            """Nothing has forked."""

    slots: Any = Slots()
    lease: Any = cast(Any, type("Slot", (), {"connection": None}))()
    pipe = Pipe()
    shared = over(pipe)
    shared.connection.http2 = shared
    shared.promise()  # that is the only stream there is
    backend: Any = shared._backend

    async def collected(readable: bool, writable: bool, timeout: float | None) -> None:
        raise GeneratorExit

    async def connect(lease: Any) -> Connection:
        return shared.connection

    monkeypatch.setattr(pipe, "wait_shared", collected)
    sharing = Sharing(backend, slots, http1=True)
    with pytest.raises(GeneratorExit):
        finish(sharing._fill(Channel(ORIGIN), lease, read_options({}, 5.0), connect, None, 0.0))
    assert shared._reserved == 2
    backend.catch_up()
    assert shared._reserved == 1


def test_a_duplex_response_that_is_complete_leaves_its_request_open() -> None:
    async def script(speaker: Speaker) -> None:
        event = await speaker.next(h2.events.RequestReceived)
        await speaker.respond(event.stream_id, b"all")
        assert (await speaker.next(h2.events.DataReceived)).data == b"more"
        assert await speaker.request() == event.stream_id

    network = network_of(speaking(script))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, content, facts = await send(pool, method=b"POST", extensions={"duplex": True})
        assert b"".join([chunk async for chunk in content]) == b"all"
        stream = facts["network_stream"]
        await stream.write(b"more")
        await stream.write_eof()
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_a_right_that_was_taken_back_opens_nothing() -> None:
    connection = over(Pipe())
    connection.promise()
    connection._codec.leave()
    assert connection.open(b"GET", b"https", b"/", [(b"Host", b"a")], end=True) is None
    assert not connection.unused(), "the right is still to be given back"
    connection.unreserve()
    assert connection.unused()


def test_through_a_tunnel() -> None:
    async def proxy(peer: Any) -> None:
        request = await peer.head()
        assert request is not None
        assert request.method == b"CONNECT"
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await peer.sleep(0.1)  # in which TLS would be agreed on
        await answer_all(Speaker(peer))

    network = Network()
    network.serve("proxy.test", 3128, proxy, alpn="h2")

    async def main() -> None:
        pool = network.pool(http2=True, proxy="http://proxy.test:3128")
        contents = await network.gather(*[get(pool, method=b"POST", body=b"x") for _ in range(3)])
        assert sorted(contents) == [b"1-1:x", b"1-3:x", b"1-5:x"]
        await pool.aclose()

    network.run(main())
    assert network.connections == 1


def test_each_step_is_told() -> None:
    async def play(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"x")
        stream = await speaker.request()
        speaker.h2.send_headers(stream, OK)
        await speaker.send(stream, b"half")
        await speaker.peer.sleep(0.1)
        speaker.h2.reset_stream(stream, 2)
        await speaker.flush()
        await speaker.request()
        speaker.peer.half_close()

    network = network_of(speaking(play))
    told: list[str] = []

    async def main() -> None:
        pool = network.pool(http2=True)
        extensions = {"trace": lambda event, details: told.append(event)}
        assert await get(pool, extensions=extensions) == b"x"
        started = [
            event.partition(".")[2] for event in told if event.startswith("http2.") and event.endswith("started")
        ]
        steps = ["send_request_headers", "send_request_body", "receive_response_headers", "receive_response_body"]
        assert started == [f"{step}.started" for step in [*steps, "response_closed"]]
        assert told[-1] == "http2.response_closed.complete"
        assert sum(event.endswith("complete") for event in told) == sum(event.endswith("started") for event in told)
        _, _, content, _ = await send(pool, extensions=extensions)
        assert content.whole() is None
        assert await anext(content) == b"half"
        with pytest.raises(RemoteProtocolError):
            await anext(content)
        assert told[-1] == "http2.receive_response_body.failed"
        await content.aclose()
        assert told[-1] == "http2.response_closed.complete"
        with pytest.raises(RemoteProtocolError):
            await get(pool, method=b"POST", extensions=extensions)
        assert told[-1] == "http2.receive_response_headers.failed"
        await pool.aclose()

    network.run(main())
