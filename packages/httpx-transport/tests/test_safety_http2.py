"""HTTP/2 peers that break the rules, on every API: the documented error, other streams unharmed, and the pool usable after it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import h2.events
import pytest

from httpx_transport import LocalProtocolError, RemoteProtocolError, TransportError

from .conftest import Face, Peer
from .frames import OK, Attacker, raw
from .saying import Serve, half_close
from .test_http2_pool import PRIOR, Speaker, echo, speaking

Attack = Callable[[Attacker], bytes]

ON_A_STREAM: Final[dict[str, tuple[Attack, str]]] = {
    "upper case": (lambda peer: peer.headers(1, [*OK, (b"X-A", b"1")]), "illegal field name"),
    "connection-specific": (lambda peer: peer.headers(1, [*OK, (b"connection", b"close")]), "connection-specific"),
    "no status": (lambda peer: peer.headers(1, [(b"a", b"b")]), "without :status"),
    "two statuses": (lambda peer: peer.headers(1, [*OK, *OK]), "pseudo-field"),
    "late status": (lambda peer: peer.headers(1, [(b"a", b"b"), *OK]), "without :status in the first place"),
    "CR LF": (lambda peer: peer.headers(1, [*OK, (b"a", b"b\r\nc: d")]), "illegal value"),
    "NUL": (lambda peer: peer.headers(1, [*OK, (b"a", b"b\0")]), "illegal value"),
    "short content": (
        lambda peer: peer.headers(1, [*OK, (b"content-length", b"3")]) + peer.data(1, b"12", end=True),
        "1 bytes of the message body are missing",
    ),
    "endless 1xx": (lambda peer: peer.headers(1, [(b":status", b"103")]) * 101, "more than 100 informational"),
}
ON_THE_CONNECTION: Final[dict[str, Attack]] = {
    "frame length": lambda peer: b"\xff\xff\xff\0\0\0\0\0\1",
    "HPACK index": lambda peer: raw(0x1, 0x4, 1, b"\xff\xff\xff\xff\x0f"),
    "CONTINUATION flood": lambda peer: raw(0x1, 0, 1, b"") + raw(0x9, 0, 1, b"") * 51,
    "PING flood": lambda peer: peer.ping() * 10_001,
    "SETTINGS flood": lambda peer: peer.settings() * 1_001,
    "credit of nothing": lambda peer: peer.window(0, 0),
}


@pytest.mark.parametrize("case", ON_A_STREAM)
def test_a_malformed_response_fails_alone(face: Face, serve: Serve, case: str) -> None:
    attack, message = ON_A_STREAM[case]

    def script(peer: Peer) -> None:
        speaker, attacker = Speaker(peer), Attacker()
        speaker.request()
        peer.send(attack(attacker))
        assert speaker.request() == 3
        peer.send(attacker.headers(3, OK) + attacker.data(3, b"ok", end=True))
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            with pytest.raises(TransportError, match=message) as caught:
                await pool.get(server.port)
            assert type(caught.value) is RemoteProtocolError
            assert await pool.get(server.port) == b"ok"
            assert pool.pool.stats()["active"] == 0

    face.run(scenario)
    assert server.accepted == 1


@pytest.mark.parametrize("case", ON_THE_CONNECTION)
def test_a_violation_of_the_connection_gives_its_place_back(face: Face, serve: Serve, case: str) -> None:
    connections: list[Peer] = []

    def script(peer: Peer) -> None:
        connections.append(peer)
        speaker = Speaker(peer)
        if len(connections) == 2:
            echo(speaker)
            return
        speaker.request()
        peer.send(ON_THE_CONNECTION[case](Attacker()))
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            with pytest.raises(TransportError) as caught:
                await pool.get(server.port)
            assert type(caught.value) is RemoteProtocolError
            assert pool.pool.stats()["active"] == 0
            assert await pool.get(server.port, method=b"POST", body=b"next") == b"next"

    face.run(scenario)
    assert server.accepted == 2


def test_a_request_that_goaway_leaves_unprocessed_is_sent_again(face: Face, serve: Serve) -> None:
    connections: list[Peer] = []

    def script(peer: Peer) -> None:
        connections.append(peer)
        speaker = Speaker(peer)
        if len(connections) == 2:
            echo(speaker)
            return
        speaker.next(h2.events.RequestReceived)
        peer.send(Attacker().goaway(0))
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            assert await pool.get(server.port, method=b"POST", body=b"again") == b"again"

    face.run(scenario)
    assert server.accepted == 2


def test_a_connection_that_ended_while_idle_is_not_used(face: Face, serve: Serve) -> None:
    ended = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        speaker = Speaker(peer)
        speaker.respond(speaker.request(), b"once")
        half_close(peer)
        ended.release()
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            for _ in range(3):
                assert await pool.get(server.port, method=b"POST", body=b"not sent twice") == b"once"
                assert ended.acquire(timeout=30)

    face.run(scenario)
    assert server.accepted == 3


@pytest.mark.parametrize("evil", [b"\r\nx: y", b"\n", b"\r", b"\0"])
@pytest.mark.parametrize("place", ["method", "target", "name", "value"])
def test_line_breaks_are_refused(face: Face, serve: Serve, place: str, evil: bytes) -> None:
    server = serve(speaking(echo))
    method = b"GET" + evil if place == "method" else b"GET"
    target = b"/" + evil if place == "target" else b"/"
    field = (b"x-a" + evil if place == "name" else b"x-a", b"1" + evil if place == "value" else b"1")

    async def scenario() -> None:
        async with face.pool(max_connections=1, **PRIOR) as pool:
            with pytest.raises(LocalProtocolError):
                await pool.get(0, method=method, url=(b"http", b"127.0.0.1", server.port, target), headers=[field])
            assert pool.pool.stats()["active"] == 0
            assert await pool.get(server.port, method=b"POST", body=b"next") == b"next"

    face.run(scenario)
