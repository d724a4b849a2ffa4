"""Many threads on one HTTP/2 connection over real sockets, switched as often as the interpreter can: every byte is compared."""

from __future__ import annotations

import contextlib
import hashlib
import random
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import pytest
import trustme

from httpx_transport import ConnectionPool, ReadTimeout

from .conftest import Peer, Server, collect

Serve = Callable[..., Server]


def content_of(target: bytes) -> bytes:
    """Return what the server answers: as many bytes as the last segment of the target says."""
    size = int(target.rpartition(b"/")[2])
    return (hashlib.sha256(target).digest() * (size // 32 + 1))[:size]


def serve_all(peer: Peer) -> None:
    """Answer each request with the content that its target asks for, all of them beside each other; `/never` is not."""
    engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
    engine.local_settings = h2.settings.Settings(client=False, initial_values={3: 20})  # type: ignore[dict-item]
    engine.initiate_connection()
    targets: dict[int, bytes] = {}
    bodies: dict[int, Any] = {}
    left: dict[int, bytes] = {}

    def hear(event: Any) -> None:
        if isinstance(event, h2.events.RequestReceived):
            targets[event.stream_id] = dict(event.headers)[b":path"]
            bodies[event.stream_id] = hashlib.sha256()
        elif isinstance(event, h2.events.DataReceived):
            bodies[event.stream_id].update(event.data)
            engine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded) and targets[event.stream_id] != b"/never":
            digest = bodies.pop(event.stream_id).hexdigest().encode()
            engine.send_headers(event.stream_id, [(b":status", b"200"), (b"digest", digest)])
            left[event.stream_id] = content_of(targets[event.stream_id])
        elif isinstance(event, h2.events.StreamReset):
            left.pop(event.stream_id, None)

    def answer() -> None:
        for stream, content in list(left.items()):
            while content and (size := min(len(content), engine.local_flow_control_window(stream), 4_096)):
                engine.send_data(stream, content[:size])
                content = content[size:]
            left[stream] = content
            if not content:
                engine.end_stream(stream)
                del left[stream]

    while True:
        answer()
        peer.send(engine.data_to_send())
        data = peer.sock.recv(65_536)
        if not data:
            return
        with contextlib.suppress(h2.exceptions.StreamClosedError):
            for event in engine.receive_data(data):
                hear(event)


@pytest.fixture
def restless() -> Iterator[None]:
    """Let the interpreter switch threads whenever it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def pool(
    request: pytest.FixtureRequest, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
) -> Iterator[tuple[ConnectionPool, bytes, int]]:
    """A pool, and the scheme and the port of its server."""
    context: ssl.SSLContext | None = None
    if request.param == "TLS":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        context.set_alpn_protocols(["h2"])
    server = serve(serve_all, context)
    http1 = context is not None
    with ConnectionPool(
        http1=http1, http2=True, ssl_context=client_context, max_connections=1, timeout=None
    ) as connections:
        yield connections, b"https" if context is not None else b"http", server.port


def in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def send(
    pool: tuple[ConnectionPool, bytes, int],
    target: bytes,
    body: bytes = b"",
    timeout: dict[str, float | None] | None = None,
) -> tuple[bytes, Any]:
    """Send a request; return the digest of the body as the server saw it, and the content."""
    connections, scheme, port = pool
    fields = [(b"Host", b"a.test"), *([(b"Content-Length", b"%d" % len(body))] if body else [])]
    _, received, content, _ = connections.handle_request(
        b"POST" if body else b"GET", (scheme, b"127.0.0.1", port, target), fields, body, {"timeout": timeout or {}}
    )
    return dict(received)[b"digest"], content


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("pool", ["cleartext", "TLS"], indirect=True)
def test_every_response_is_whole_and_the_right_one(pool: tuple[ConnectionPool, bytes, int]) -> None:
    def work(number: int) -> None:
        dice = random.Random(number)
        for turn in range(150):
            target = b"/%d/%d/%d" % (number, turn, dice.choice([0, 1, 3_000, 25_597, 100_000]))
            body = dice.randbytes(dice.choice([0, 0, 100, 50_000]))
            digest, content = send(pool, target, body)
            received = b"".join(content)
            assert len(received) == int(target.rpartition(b"/")[2])
            assert received == content_of(target)
            assert digest == hashlib.sha256(body).hexdigest().encode()

    in_threads(8, work)
    assert pool[0].stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}


class Circle:
    """Holds a response in a circle of references, which only the garbage collector finds."""

    def __init__(self, held: object) -> None:
        self.held = held
        self.itself = self


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("pool", ["cleartext", "TLS"], indirect=True)
def test_fifty_threads_that_close_drop_and_give_up_all_come_to_an_end(pool: tuple[ConnectionPool, bytes, int]) -> None:
    def work(number: int) -> None:
        dice = random.Random(number)
        for turn in range(20):
            target = b"/%d/%d/%d" % (number, turn, dice.choice([0, 3_000, 100_000]))
            how = dice.choice(
                ["read", "close", "close early", "drop", "drop in a circle", "close in a circle", "time out"]
            )
            if how == "time out":
                with pytest.raises(ReadTimeout):
                    send(pool, b"/never", timeout={"read": 0.0})
                continue
            content = send(pool, target)[1]
            if how == "read":
                assert b"".join(content) == content_of(target)
                continue
            if how == "close early":
                next(content, b"")
            if how.startswith("close"):
                content.close()
            if how.endswith("circle"):
                Circle(content)
            del content

    in_threads(50, work)
    collect()
    assert pool[0].stats()["active"] == 0
    assert pool[0].stats()["waiting"] == 0
    assert b"".join(send(pool, b"/last/5")[1]) == content_of(b"/last/5")
