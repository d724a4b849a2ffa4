"""Ten thousand random schedules of the pool over HTTP/1.1, HTTP/2 and proxies on the simulated network.

A seed decides everything in a schedule: the route, the protocol, what the servers do, the faults of the network, timeouts and
cancellations. After each schedule the same properties are checked:

* A request ended with its own response, with a `TransportError`, or with its cancellation, and within its total timeout.
* The pool counts no connection in use and no waiter.
* As many requests as there are connections proceed at once, and requests that wait for a connection get one in FIFO order.
* After the pool is closed, no connection is open.

The note of a failure contains a command that replays the one schedule.
"""

from __future__ import annotations

import os
import random
from typing import Any, Final

import h2.events
import h2.exceptions
import pytest

from httpx_transport import TransportError
from httpx_transport.testing import Cancelled, Faults, Network, Peer, response

from .http2_peer import OK, Speaker
from .simulation import Chunks, echo, fetch

BLOCKS: Final = 100
SCHEDULES: Final = 100  # in each block
REQUESTS: Final = 4
GRANTED: Final = b"HTTP/1.1 200 OK\r\n\r\n"
PROXIES: Final[dict[str, Any]] = {
    "direct": None,
    "forward": "http://proxy.test:3128",
    "tunnel": {"url": "http://u:p@proxy.test:3128", "tunnel": True},
    "socks": "socks5h://proxy.test:3128",
}
ACTS: Final = ("answer", "answer", "answer", "chunks", "slow", "close", "informational", "reset", "truncate", "garbage")
HTTP2_ACTS: Final = ("answer", "answer", "answer", "slow", "reset", "refuse", "goaway", "end", "stall")


class Schedule:
    """One pool, its network and its servers, all decided by a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.route = self.dice.choice(tuple(PROXIES))
        self.http2 = self.route != "forward" and self.dice.random() < 0.4
        self.secure = self.http2 or (self.route != "forward" and self.dice.random() < 0.4)
        self.size = self.dice.choice((1, 2))
        self.network = Network(seed, Faults.mixed(self.dice.choice((0.0, 0.01, 0.05))))
        self.orderly = False
        self.answered = 0
        self.served: list[bytes] = []
        for port in (80, 443):
            self.network.serve("a.test", port, self.serve, alpn="h2" if self.http2 and port == 443 else None)
        self.network.serve("full.test", 80, self.serve)
        self.network.serve(
            "proxy.test", 3128, self.relay, alpn="h2" if self.http2 else None
        )  # of TLS inside the tunnel
        self.pool = self.network.pool(
            max_connections=self.size, http2=self.http2, proxy=PROXIES[self.route], keepalive_expiry=1.0
        )

    async def relay(self, peer: Peer) -> None:
        """Serve as the proxy of the schedule's route, then as the target."""
        target = b"a.test"
        if self.route == "tunnel":
            request = await peer.request()
            if request is None:
                return
            target = request.target
            await peer.send(GRANTED)
        elif self.route == "socks":
            _, count = await peer.read_exactly(2)
            await peer.read_exactly(count)
            await peer.send(b"\5\0")
            await peer.read_exactly(4)
            target = await peer.read_exactly((await peer.read_exactly(1))[0])
            await peer.read_exactly(2)
            await peer.send(b"\5\0\0\1\0\0\0\0\0\0")
        await (self.serve_http2(peer) if self.http2 and target.startswith(b"a.test") else self.serve_http11(peer))

    async def serve(self, peer: Peer) -> None:
        """Serve a target that is contacted directly."""
        await (self.serve_http2(peer) if self.http2 and peer.host == "a.test" else self.serve_http11(peer))

    async def serve_http11(self, peer: Peer) -> None:
        """Echo each request, or break the exchange in one of the ways of `ACTS`."""
        while (request := await peer.request()) is not None:
            self.served.append(request.target)
            act = "slow" if self.orderly else self.dice.choice(ACTS)
            whole = echo(request)
            if act == "slow":
                await peer.sleep(1.0 if self.orderly else self.dice.random() * 4)
            elif act == "informational":
                whole = b"HTTP/1.1 103 Early Hints\r\n\r\n" + whole
            elif act == "chunks":
                content = request.target + b":" + request.content
                whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
                    len(content),
                    content,
                )
            elif act == "garbage":
                whole = self.dice.randbytes(40) + b"\r\n\r\n"
            elif act == "truncate":
                whole = response(request.target + b":" + bytes(10))[:-1]
            elif act == "reset":
                peer.reset()
                return
            await peer.send(whole)
            if act in ("close", "truncate", "garbage"):
                return

    async def serve_http2(self, peer: Peer) -> None:
        """Echo the path of each stream, or break the stream or the connection in one of the ways of `HTTP2_ACTS`."""
        speaker = Speaker(peer, {3: self.dice.choice((2, 100))})
        paths: dict[int, bytes] = {}
        try:
            speaker.h2.receive_data(await peer.read_exactly(24))  # as with TLS, the client's preface comes first
            while (event := await speaker.next(h2.events.RequestReceived, h2.events.StreamEnded)) is not None:
                if isinstance(event, h2.events.RequestReceived):
                    paths[event.stream_id] = dict(event.headers)[b":path"]
                else:
                    await self.answer_http2(speaker, event.stream_id, paths[event.stream_id])
        except h2.exceptions.ProtocolError:  # the client has cancelled the stream, or opened one too many
            return

    async def answer_http2(self, speaker: Speaker, stream: int, path: bytes) -> None:
        act = self.dice.choice(HTTP2_ACTS)
        if act == "slow":
            await speaker.peer.sleep(self.dice.random() * 4)
        if act in ("reset", "refuse"):
            speaker.h2.reset_stream(stream, 7 if act == "refuse" else 2)
            await speaker.flush()
        elif act == "goaway":
            speaker.h2.close_connection(last_stream_id=self.dice.choice((0, stream)))
            await speaker.flush()
        elif act == "end":
            speaker.peer.half_close()
        elif act != "stall":
            await speaker.respond(stream, path + b":" + speaker.bodies.get(stream, b""), OK)

    async def request(self, number: int, total: float) -> None:
        """Send one request and check its end."""
        content = b"%d" % number * self.dice.choice((1, 40_000))
        body: Any = content if self.dice.random() < 0.5 else Chunks(self.network, content[:1], content[1:])
        method = self.dice.choice((b"PUT", b"POST"))
        framing = (b"Content-Length", b"%d" % len(content))
        scheme = b"https" if self.secure else b"http"
        began = self.network.now
        try:
            received = await fetch(
                self.pool,
                b"a.test",
                method=method,
                scheme=scheme,
                target=b"/%d" % number,
                headers=[framing],
                body=body,
                timeout={"total": total},
            )
        except TransportError:
            pass
        else:
            assert received.removeprefix(b"http://a.test") == b"/%d:%b" % (number, content)  # absolute-form at a proxy
            self.answered += 1
        assert self.network.now - began <= total + 1e-6

    async def run(self) -> None:
        """Send the requests, some of them cancelled, and check the pool."""
        tasks = []
        for number in range(REQUESTS):
            step = self.dice.randrange(1, 25) if self.dice.random() < 0.3 else None
            total = self.dice.choice((1.0, 3.0, 8.0))
            late = self.dice.random() < 0.5
            tasks.append(self.network.start(self.request(number, total), cancel_at=step, cancel_late=late))
            await self.network.sleep(self.dice.choice((0, 0, 0.5)))
        for task in tasks:
            try:
                await task
            except Cancelled:
                assert task.cancelled
        stats = self.pool.stats()
        assert (stats["active"], stats["waiting"]) == (0, 0)
        await self.check_order()
        await self.pool.aclose()
        assert self.network.open_streams == []

    async def check_order(self) -> None:
        """Send more requests than there are connections: each takes one second, and they are served in order."""
        self.network.faults = Faults()
        self.orderly = True
        await self.network.sleep(10)
        self.served.clear()
        targets = [b"/in-order/%d" % number for number in range(2 * self.size + 1)]
        began = self.network.now
        for end in await self.network.gather(*[fetch(self.pool, b"full.test", target=target) for target in targets]):
            assert end.endswith(b":")
        assert [target.removeprefix(b"http://full.test") for target in self.served] == targets
        assert self.network.now - began <= -(-len(targets) // self.size) + 1e-6


def play(seed: int) -> Schedule:
    """Run one schedule to its end; a failure gets the command that replays it."""
    schedule = Schedule(seed)
    try:
        schedule.network.run(schedule.run())
    except BaseException as error:
        error.add_note(f"Replay: HTTPX_SCHEDULE={seed} pytest '{__file__}::test_a_single_schedule'")
        raise
    return schedule


@pytest.mark.parametrize("block", range(BLOCKS))
def test_schedules(block: int) -> None:
    for seed in range(block * SCHEDULES, (block + 1) * SCHEDULES):
        play(seed)


def test_a_single_schedule() -> None:
    play(int(os.environ.get("HTTPX_SCHEDULE", "0")))


def test_over_every_route_and_protocol_some_requests_are_answered() -> None:
    answered = {(played.route, played.http2) for played in map(play, range(200)) if played.answered}
    assert answered == {*((route, False) for route in PROXIES), ("direct", True), ("tunnel", True), ("socks", True)}


def test_a_failure_names_the_command_that_replays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Schedule) -> None:
        raise AssertionError

    monkeypatch.setattr(Schedule, "run", fail)
    with pytest.raises(AssertionError) as raised:
        play(4711)
    (note,) = raised.value.__notes__
    assert note.startswith("Replay: HTTPX_SCHEDULE=4711 pytest ")
