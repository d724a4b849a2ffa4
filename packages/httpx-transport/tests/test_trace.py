"""What a request tells of its steps, on every face: to its own listener, and to the loggers."""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport import ConnectError, ReadTimeout, RemoteProtocolError, _trace
from httpx_transport._trace import log, logged
from httpx_transport.testing import Peer as SimulatedPeer

from .conftest import OK, Face, Peer, Server, answer_each, answer_once, silence
from .proxies import socks5, tunnelling
from .simulation import network_of

Serve = Callable[..., Server]

CONNECT = ["connection.connect_tcp.started", "connection.connect_tcp.complete"]
TLS = ["connection.start_tls.started", "connection.start_tls.complete"]
SEND = [
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
]
RECEIVE = ["http11.receive_response_headers.started", "http11.receive_response_headers.complete"]
BODY = ["http11.receive_response_body.started", "http11.receive_response_body.complete"]
CLOSED = ["http11.response_closed.started", "http11.response_closed.complete"]


class Listener:
    """Notes what it is told, as a plain function or as one to await."""

    def __init__(self, face: Face | None = None) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.extension = self.hear if face is None or face.name == "blocking" else self.hear_later

    def hear(self, name: str, details: dict[str, Any]) -> None:
        self.events.append((name, details))

    async def hear_later(self, name: str, details: dict[str, Any]) -> None:
        self.events.append((name, details))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


def test_each_step_is_told_in_order(face: Face, serve: Serve) -> None:
    server = serve(answer_each(b"HTTP/1.1 200 OK\r\nX-a: 1\r\nContent-Length: 2\r\n\r\nok"))
    listener = Listener(face)

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                _, _, content, _ = await pool.send(server.port, extensions={"trace": listener.extension})
                assert content.body.whole() is None
                assert await content.read() == b"ok"
                assert await content.next() == b""
                await content.close()
                assert await content.next() == b""

    face.run(scenario)
    assert listener.names == [*CONNECT, *SEND, *RECEIVE, *BODY, *CLOSED, *SEND, *RECEIVE, *BODY, *CLOSED]
    details = dict(listener.events)
    assert details["connection.connect_tcp.started"] == {
        "host": "127.0.0.1",
        "port": server.port,
        "local_address": None,
        "timeout": 5.0,
        "socket_options": None,
    }
    fields = [(b"X-a", b"1"), (b"Content-Length", b"2")]
    assert details["http11.receive_response_headers.complete"] == {"return_value": (b"HTTP/1.1", 200, b"OK", fields)}
    request = details["http11.send_request_headers.started"]["request"]
    assert repr(request) == "<Request [b'GET']>"
    assert (request.method, request.url[0], request.headers) == (b"GET", b"http", [(b"Host", b"test")])
    assert set(request.extensions) == {"trace"}
    made = details["connection.connect_tcp.complete"]["return_value"]
    assert callable(made.get_extra_info)


def test_a_plain_function_may_listen_to_tasks_too(serve: Serve) -> None:
    server, face, listener = serve(answer_each()), Face("asyncio"), Listener()

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(server.port, extensions={"trace": listener.extension}) == b"ok"

    face.run(scenario)
    assert listener.names == [*CONNECT, *SEND, *RECEIVE, *BODY, *CLOSED]


def test_tls_is_told(face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    server, listener = serve(answer_each(), server_context), Listener(face)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            url = (b"https", b"127.0.0.1", server.port, b"/")
            await pool.get(0, url=url, extensions={"trace": listener.extension})

    face.run(scenario)
    assert listener.names == [*CONNECT, *TLS, *SEND, *RECEIVE, *BODY, *CLOSED]
    details = dict(listener.events)["connection.start_tls.started"]
    assert (details["ssl_context"], details["server_hostname"]) == (client_context, "127.0.0.1")
    made = dict(listener.events)["connection.start_tls.complete"]["return_value"]
    assert made.get_extra_info("ssl_object") is not None


def test_the_way_through_proxies_is_told(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server = serve(answer_each(), server_context)
    proxies = {"proxy": serve(tunnelling([], server.port)), "socks": serve(socks5([], server.port, (b"me", b"hush")))}
    url = (b"https", b"127.0.0.1", server.port, b"/")
    heard = {}

    async def scenario() -> None:
        for kind, scheme in (("proxy", "http://"), ("socks", "socks5h://me:hush@")):
            listener = Listener(face)
            proxy = f"{scheme}127.0.0.1:{proxies[kind].port}"
            async with face.pool(ssl_context=client_context, proxy=proxy) as pool:
                await pool.get(0, url=url, extensions={"trace": listener.extension})
            heard[kind] = listener.events

    face.run(scenario)
    told = [*SEND, *RECEIVE, *BODY, *CLOSED]
    tunnel = ["proxy.start_tls.started", "proxy.start_tls.complete"]
    assert [name for name, _ in heard["proxy"]] == [*CONNECT, *tunnel, *told]
    steps = ("connect_tcp", "setup_socks5_connection", "start_tls")
    socks = [f"socks.{step}.{state}" for step in steps for state in ("started", "complete")]
    assert [name for name, _ in heard["socks"]] == [*socks, *told]
    assert dict(heard["socks"])["socks.setup_socks5_connection.started"] == {"host": "127.0.0.1", "port": server.port}
    assert "hush" not in repr(heard)


def test_a_listener_that_fails_is_heard_and_nothing_is_left_undone(face: Face, serve: Serve) -> None:
    def listen(name: str, details: dict[str, Any]) -> None:
        raise LookupError(name)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for _ in range(2):
                with pytest.raises(LookupError, match=r"^connection.connect_tcp.started$"):
                    await pool.get(1, extensions={"trace": listen})

    face.run(scenario)


def test_a_response_that_is_closed_early(face: Face, serve: Serve) -> None:
    server, listener = serve(answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")), Listener(face)

    async def scenario() -> None:
        async with face.pool() as pool:
            _, _, content, _ = await pool.send(server.port, extensions={"trace": listener.extension})
            assert await content.next() == b"ok"
            await content.close()
            await content.close()

    face.run(scenario)
    assert listener.names == [*CONNECT, *SEND, *RECEIVE, BODY[0], *CLOSED]


@pytest.mark.parametrize("kind", ["chunks", "large"])
def test_a_body_of_several_writes(face: Face, serve: Serve, kind: str) -> None:
    size = 6 if kind == "chunks" else 200_000

    def script(peer: Peer) -> None:
        peer.head()
        peer.take(size)
        peer.send(OK)

    server, listener = serve(script), Listener(face)

    async def scenario() -> None:
        async with face.pool() as pool:
            body = face.body([b"abc", b"def"]) if kind == "chunks" else b"x" * size
            fields = [(b"Content-Length", b"%d" % size)]
            await pool.send(server.port, b"POST", fields, body, {"trace": listener.extension})

    face.run(scenario)
    assert listener.names == [*CONNECT, *SEND, *RECEIVE]


@pytest.mark.parametrize(
    ("script", "names", "error"),
    [
        (
            answer_once(b""),
            [*CONNECT, *SEND, RECEIVE[0], "http11.receive_response_headers.failed"],
            RemoteProtocolError,
        ),
        (silence, [*CONNECT, *SEND, RECEIVE[0], "http11.receive_response_headers.failed"], ReadTimeout),
        (
            answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
            [*CONNECT, *SEND, *RECEIVE, BODY[0], "http11.receive_response_body.failed"],
            RemoteProtocolError,
        ),
        (None, [CONNECT[0], "connection.connect_tcp.failed"], ConnectError),
    ],
    ids=["hang-up", "silence", "truncated", "refused"],
)
def test_what_fails_is_told(face: Face, serve: Serve, script: Any, names: list[str], error: type[Exception]) -> None:
    listener = Listener(face)
    port = 1 if script is None else serve(script).port

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(error):
                limits = {"read": 0.001 if script is silence else 30.0}
                await pool.get(port, extensions={"trace": listener.extension, "timeout": limits})

    face.run(scenario)
    assert listener.names == names
    told = listener.events[-1][1]["exception"]
    assert isinstance(told, OSError if script is None else error)


def test_an_answer_that_a_peer_left_behind() -> None:
    async def script(peer: SimulatedPeer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        peer.reset()

    async def upload() -> int:
        body = network.pool().request(
            "POST", "http://a.test/", body=b"x" * 1_000_000, extensions={"trace": listener.hear}
        )
        return (await body).status

    network, listener = network_of(script), Listener()
    assert network.run(upload()) == 413
    assert listener.names == [*CONNECT, *SEND, *RECEIVE]


class TestLogs:
    def test_each_event_is_a_line_and_secrets_are_not_shown(
        self, face: Face, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=hush\r\nX-a: 1\r\nContent-Length: 2\r\n\r\nok"
        server = serve(answer_each(answer))
        secrets = [(b"Authorization", b"Basic hush"), (b"Cookie", b"id=hush")]

        async def scenario() -> None:
            async with face.pool() as pool:
                with caplog.at_level(logging.DEBUG, logger="httpcore"):
                    assert await pool.get(server.port, headers=secrets) == b"ok"
                assert await pool.get(server.port) == b"ok"
                caplog.set_level(logging.DEBUG, logger="httpcore")

        face.run(scenario)
        lines = [(record.name, record.getMessage()) for record in caplog.records if record.name.startswith("httpcore.")]
        assert "hush" not in repr(lines)
        (connect_started, connected), rest, closed = lines[:2], lines[2:-2], lines[-2:]
        assert closed == [("httpcore.connection", "close.started"), ("httpcore.connection", "close.complete")]
        assert connect_started == (
            "httpcore.connection",
            f"connect_tcp.started host='127.0.0.1' port={server.port} local_address=None timeout=5.0 socket_options=None",
        )
        assert connected[1].startswith("connect_tcp.complete return_value=<")
        head = "(b'HTTP/1.1', 200, b'OK', [(b'Set-Cookie', b'[secure]'), (b'X-a', b'1'), (b'Content-Length', b'2')])"
        assert rest == [
            ("httpcore.http11", line)
            for line in (
                "send_request_headers.started request=<Request [b'GET']>",
                "send_request_headers.complete",
                "send_request_body.started request=<Request [b'GET']>",
                "send_request_body.complete",
                "receive_response_headers.started request=<Request [b'GET']>",
                f"receive_response_headers.complete return_value={head}",
                "receive_response_body.started request=<Request [b'GET']>",
                "receive_response_body.complete",
                "response_closed.started",
                "response_closed.complete",
            )
        ]

    def test_nobody_can_listen_while_logging_is_not_imported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("httpx_transport._trace._found", ())
        monkeypatch.delitem(sys.modules, "logging")
        log("http11.response_closed.started")
        assert not logged()

    @pytest.mark.parametrize("name", ["httpcore", "httpcore.proxy", "httpcore.http11"])
    def test_a_logger_with_a_level_of_its_own(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        assert not logged()
        with caplog.at_level(logging.INFO, name):
            assert not logged()
        with caplog.at_level(logging.DEBUG, name):
            assert logged()

    def test_a_logger_whose_parent_is_disabled(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """As `logging.config` leaves it where only one of them is in the configuration."""
        monkeypatch.setattr(logging.getLogger("httpcore"), "disabled", True)
        assert not logged()
        with caplog.at_level(logging.DEBUG):
            assert logged()

    def test_an_event_without_a_logger(self) -> None:
        log("weather.rain.started", since="Monday")


def test_no_thread_sees_half_of_the_loggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first requests of several threads ask at once: whoever goes through the loggers must find all of them, or none."""
    seen: list[int] = []
    get = logging.getLogger

    def watched(name: str) -> logging.Logger:
        seen.append(len(_trace._found))
        return get(name)

    monkeypatch.setattr(_trace, "_found", ())
    with monkeypatch.context() as patched:
        patched.setattr(logging, "getLogger", watched)
        logged()
    assert set(seen) == {0}
    assert _trace._found
