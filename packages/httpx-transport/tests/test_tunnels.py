"""CONNECT through HTTP proxies on every face: what is asked, what an answer means, and what is left when it fails."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport import ConnectError, ConnectTimeout, ProxyError
from httpx_transport.interface import ProxyTypes

from .conftest import OK, Face, Peer, Server, answer_each, silence
from .proxies import Heard, basic, field, saying, tunnelling

Serve = Callable[..., Server]


def proxy_at(server: Server, credentials: str = "", scheme: str = "http") -> str:
    return f"{scheme}://{credentials}127.0.0.1:{server.port}"


def refused(face: Face, proxy: ProxyTypes, match: str, error: type[Exception] = ProxyError, **timeout: float) -> None:
    """Ask for a tunnel twice, in a pool with one slot, and be refused twice for the same reason."""

    async def scenario() -> None:
        async with face.pool(proxy=proxy, max_connections=1) as pool:
            for _ in range(2):
                with pytest.raises(error, match=match) as caught:
                    await pool.send(0, url=(b"https", b"target.test", 8443, b"/"), extensions={"timeout": timeout})
                assert isinstance(caught.value, OSError)
            assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}

    face.run(scenario)


def test_an_https_target_is_reached_through_a_tunnel(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    seen: Heard = []

    def target(peer: Peer) -> None:
        while head := peer.head():
            seen.append(head)
            peer.send(OK)

    server = serve(target, server_context)
    heard: Heard = []
    proxy = serve(tunnelling(heard, server.port))

    async def scenario() -> None:
        option: Any = {"url": proxy_at(proxy, "user:p%40ss@"), "headers": {"X-For-Proxy": "yes"}}
        async with face.pool(proxy=option, ssl_context=client_context) as pool:
            for _ in range(2):
                headers = [(b"Authorization", b"secret"), (b"Proxy-Authorization", b"Basic mine")]
                answer = await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/path"), headers=headers)
                assert await answer[2].read() == b"ok"

    face.run(scenario)
    assert (proxy.accepted, server.accepted) == (1, 1)
    (asked,) = heard
    authority = b"127.0.0.1:%d" % server.port
    assert asked.startswith(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n" % (authority, authority))
    assert field(asked, b"Proxy-Authorization") == basic("user", "p@ss")
    assert field(asked, b"X-For-Proxy") == b"yes"
    assert field(asked, b"Authorization") is None
    assert len(seen) == 2
    for head in seen:
        assert head.startswith(b"GET /path HTTP/1.1\r\n")
        assert field(head, b"Authorization") == b"secret"
        assert b"proxy" not in head.lower()


def test_tls_inside_tls(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """An https proxy and an https target, each with a certificate of its own, and the one in the other's place."""
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    server = serve(answer_each(large), server_context)
    heard: Heard = []
    proxy = serve(tunnelling(heard, server.port), server_context)
    url = proxy_at(proxy, "user:password@", "https")

    async def scenario() -> None:
        option: Any = {"url": url, "ssl_context": client_context}
        async with face.pool(proxy=option, ssl_context=client_context) as pool:
            for _ in range(2):
                assert len(await pool.get(0, url=(b"https", b"127.0.0.1", server.port, b"/"))) == 1_000_000
            with pytest.raises(
                ConnectError, match=r"not valid for.* \(in the TLS handshake with other\.test:443 through proxy"
            ):
                await pool.send(0, url=(b"https", b"other.test", None, b"/"))
        async with face.pool(proxy=url, ssl_context=client_context) as pool:
            message = r"CERTIFICATE_VERIFY_FAILED.* \(in the TLS handshake with proxy 127\.0\.0\.1:\d+, after"
            with pytest.raises(ConnectError, match=message):
                await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/"))

    face.run(scenario)
    assert [field(head, b"Host") for head in heard] == [b"127.0.0.1:%d" % server.port, b"other.test:443"]
    assert (proxy.accepted, server.accepted) == (3, 2)


def test_an_http_target_is_reached_through_a_tunnel_if_asked(face: Face, serve: Serve) -> None:
    server = serve(answer_each())
    heard: Heard = []
    proxy = serve(tunnelling(heard, server.port))

    async def scenario() -> None:
        async with face.pool(proxy={"url": proxy_at(proxy), "tunnel": True}) as pool:
            for host in (b"one.test", b"one.test", b"::1"):
                assert await pool.get(0, url=(b"http", host, None, b"/")) == b"ok"

    face.run(scenario)
    assert [head.split(b" ")[1] for head in heard] == [b"one.test:80", b"[::1]:80"]


@pytest.mark.parametrize(
    "granted",
    [
        b"HTTP/1.0 200\r\n\r\n",
        b"HTTP/1.1 204 \r\n\r\n",
        b"HTTP/1.1 200 OK\nA: b\n\n",
        b"HTTP/1.1 200 OK\r\nVia: one\r\n two\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_grants_a_tunnel(face: Face, serve: Serve, granted: bytes) -> None:
    server = serve(answer_each())
    proxy = serve(tunnelling([], server.port, granted))

    async def scenario() -> None:
        async with face.pool(proxy={"url": proxy_at(proxy), "tunnel": True}) as pool:
            assert await pool.get(0, url=(b"http", b"target.test", None, b"/")) == b"ok"

    face.run(scenario)


FOR = r" \(asking proxy 127\.0\.0\.1:\d+ for target\.test:8443, after [\d.e-]+ s\)$"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nsecret", "^403 Forbidden"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "^407 Proxy Authentication Required"),
        (b"HTTP/1.1 302\r\nLocation: https://evil.test/\r\n\r\n", "^302"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "^101 Switching Protocols"),
        (b"HTTP/1.1 500 " + b"x" * 200 + b"\r\n\r\n", "^500 x{100}"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 101, "^it sent more than 100 informational answers"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n", "^17 bytes came before anything was asked of the target"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "^its answer is not HTTP/1"),
        (b"HTTP/1.1 200 OK\r\nA\r\n\r\n", "^its answer is not HTTP/1"),
        (b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "^its answer is not HTTP/1"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "^its answer is not HTTP/1"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "^its answer is not HTTP/1"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "^its answer is not HTTP/1"),
        (b"x" * 200_000, "^its answer is longer than 102400 bytes"),
        (b"HTTP/1.1 200 OK\r\n", "^the connection was closed in the middle of the handshake"),
        (b"", "^the connection was closed in the middle of the handshake"),
    ],
)
def test_what_refuses_a_tunnel(face: Face, serve: Serve, said: bytes, message: str) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(said)

    proxy = serve(script)
    refused(face, proxy_at(proxy, "user:hunter2@"), message + FOR)
    assert proxy.accepted == 2


def test_a_proxy_that_hangs_up_right_after_it_has_granted(face: Face, serve: Serve) -> None:
    refused(
        face,
        proxy_at(serve(saying([], b"HTTP/1.1 200 OK\r\n\r\n"))),
        "connection (was|is) closed|reset|Broken|EOF|lost",
        OSError,
    )


def test_a_proxy_that_breaks_off(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        peer.reset()

    refused(face, proxy_at(serve(script)), r"reset by peer.*" + FOR, ConnectError)


def test_a_proxy_that_nobody_runs(face: Face, serve: Serve) -> None:
    refused(face, "http://127.0.0.1:1", r"\(connecting to proxy 127\.0\.0\.1:1, after", ConnectError)


def test_a_proxy_that_never_answers(face: Face, serve: Serve) -> None:
    refused(face, proxy_at(serve(silence)), "^timed out" + FOR, ConnectTimeout, connect=0.03)


def test_a_target_that_is_not_the_one_it_should_be(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server = serve(silence, server_context)
    proxy = serve(tunnelling([], server.port))

    async def scenario() -> None:
        async with face.pool(proxy=proxy_at(proxy), ssl_context=client_context, max_connections=1) as pool:
            for _ in range(2):
                message = (
                    r"not valid for.* \(in the TLS handshake with other\.test:443 through proxy 127\.0\.0\.1:\d+, after"
                )
                with pytest.raises(ConnectError, match=message):
                    await pool.send(0, url=(b"https", b"other.test", None, b"/"))
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_a_target_that_stops_in_the_handshake(face: Face, serve: Serve) -> None:
    proxy = serve(tunnelling([], serve(silence).port))
    message = r"^timed out \(in the TLS handshake with target\.test:8443 through proxy 127\.0\.0\.1:\d+, after"
    refused(face, proxy_at(proxy), message, ConnectTimeout, connect=0.05)


@pytest.mark.parametrize(
    "host", [b"a\r\nX: y", b"a b", b"a\0b", b"\xff", b"", b"a/b", b"a@b", b"a?b", b"a#b", b"a\\b", b"[::1]"]
)
def test_a_host_that_cannot_be_said(face: Face, serve: Serve, host: bytes) -> None:
    heard: Heard = []
    proxy = serve(saying(heard))

    async def scenario() -> None:
        async with face.pool(proxy=proxy_at(proxy)) as pool:
            with pytest.raises(ConnectError):
                await pool.send(0, url=(b"https", host, None, b"/"))

    face.run(scenario)
    assert heard == []


def test_digest_is_answered_once_and_then_remembered(face: Face, serve: Serve) -> None:
    heard: Heard = []
    challenge = b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n%d", qop="auth"\r\n\r\n'
    granted = b"HTTP/1.1 200 OK\r\n\r\n"
    answers = [challenge % 1, granted, granted, challenge % 2, granted, challenge % 3, challenge % 4]

    def script(peer: Peer) -> None:
        heard.append(peer.head())
        answer = answers.pop(0)
        peer.send(answer)
        if answer is granted:
            answer_each()(peer)

    proxy = serve(script)

    async def scenario() -> None:
        option: Any = {"url": proxy_at(proxy), "auth": ("user", "hunter2"), "tunnel": True, "digest": True}
        async with face.pool(proxy=option) as pool:
            for host in (b"one.test", b"two.test", b"three.test"):
                assert await pool.get(0, url=(b"http", host, None, b"/")) == b"ok"
            with pytest.raises(ProxyError, match="^407 No "):
                await pool.get(0, url=(b"http", b"four.test", None, b"/"))

    face.run(scenario)
    said = [field(head, b"Proxy-Authorization") or b"" for head in heard]
    assert said[0] == b""
    for value, part in zip(said[1:], [b"n1", b"n1", b"n1", b"n2", b"n2", b"n3"], strict=True):
        assert b'nonce="%b"' % part in value
    assert [value.partition(b"nc=")[2][:8] for value in said[1:]] == [b"0000000%d" % n for n in (1, 2, 3, 1, 2, 1)]
    assert all(b"hunter2" not in head for head in heard)
