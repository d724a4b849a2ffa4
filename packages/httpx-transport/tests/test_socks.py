"""SOCKS proxies on every face: what is asked in each version, and what an answer means."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport import ConnectError, ConnectionPool, ConnectTimeout, ProxyError

from .conftest import Face, Peer, Server, answer_each, silence
from .proxies import Heard, socks4, socks5, tunnelling

Serve = Callable[..., Server]

PORT_80 = b"\0\x50"
LOOPBACK = socket.inet_aton("127.0.0.1")


def fetch(face: Face, proxy: Any, host: bytes, **options: Any) -> None:
    async def scenario() -> None:
        async with face.pool(proxy=proxy) as pool:
            for _ in range(2):
                assert await pool.get(0, url=(b"http", host, None, b"/"), **options) == b"ok"

    face.run(scenario)


@pytest.mark.parametrize(
    ("scheme", "host", "said"),
    [
        ("socks5h", b"name.test", b"\3\x09name.test"),
        ("socks5h", b"127.0.0.1", b"\1" + LOOPBACK),
        ("socks5h", b"::1", b"\4" + socket.inet_pton(socket.AF_INET6, "::1")),
        ("socks5", b"127.0.0.1", b"\1" + LOOPBACK),
        ("socks5", b"::1", b"\4" + socket.inet_pton(socket.AF_INET6, "::1")),
        ("socks5", b"localhost", b"\1" + LOOPBACK),
    ],
)
def test_socks5(face: Face, serve: Serve, scheme: str, host: bytes, said: bytes) -> None:
    heard: Heard = []
    proxy = serve(socks5(heard, serve(answer_each()).port))
    fetch(face, f"{scheme}://127.0.0.1:{proxy.port}", host)
    name = said[2:] if said[0] == 3 else said[1:]
    assert heard == [said[:1] + name + PORT_80]


@pytest.mark.parametrize(
    ("scheme", "host", "said"),
    [
        ("socks4a://me@", b"name.test", b"\4\1\0\x50\0\0\0\xff|me|name.test"),
        ("socks4a://", b"127.0.0.1", b"\4\1\0\x50\x7f\0\0\1||"),
        ("socks4://me@", b"localhost", b"\4\1\0\x50\x7f\0\0\1|me|"),
        ("socks4://", b"127.0.0.1", b"\4\1\0\x50\x7f\0\0\1||"),
    ],
)
def test_socks4(face: Face, serve: Serve, scheme: str, host: bytes, said: bytes) -> None:
    heard: Heard = []
    proxy = serve(socks4(heard, serve(answer_each()).port))
    fetch(face, f"{scheme}127.0.0.1:{proxy.port}", host)
    assert heard == [said]


def test_socks5_with_a_password(face: Face, serve: Serve) -> None:
    heard: Heard = []
    secret = b"us\xe9r", b"p:@ss"
    proxy = serve(socks5(heard, serve(answer_each()).port, secret))
    fetch(face, f"socks5h://us%E9r:p%3A%40ss@127.0.0.1:{proxy.port}", b"a.test")
    fetch(face, {"url": f"socks5h://127.0.0.1:{proxy.port}", "auth": secret}, b"a.test")
    easy = serve(socks5(heard, serve(answer_each()).port))
    fetch(face, {"url": f"socks5h://127.0.0.1:{easy.port}", "auth": secret}, b"a.test")
    assert heard == [b"\3a.test" + PORT_80] * 3


def test_https_through_socks(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server = serve(answer_each(), server_context)
    proxy = serve(socks5([], server.port))

    async def scenario() -> None:
        async with face.pool(proxy=f"socks5h://127.0.0.1:{proxy.port}", ssl_context=client_context) as pool:
            for _ in range(2):
                assert await pool.get(0, url=(b"https", b"127.0.0.1", server.port, b"/")) == b"ok"
            with pytest.raises(
                ConnectError, match=r"TLS handshake with b\.test:443 through proxy 127\.0\.0\.1:\d+, after"
            ):
                await pool.send(0, url=(b"https", b"b.test", None, b"/"))

    face.run(scenario)
    assert proxy.accepted == 2


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Return a proxy that says the next of `answers` after each thing that it hears, and closes."""

    def script(peer: Peer) -> None:
        for answer in answers:
            peer.sock.recv(65536)
            peer.send(answer)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_closed()

    return script


OK_5 = b"\5\0\0\1\1\2\3\4\0\1"
OK_4 = b"\0\x5a\0\0\0\0\0\0"
COULD_NOT = r"^Proxy Server could not connect: "


@pytest.mark.parametrize(
    ("scheme", "answers", "message"),
    [
        ("socks5h", [b"\5\xff"], "^it accepts none of the methods that were offered: no authentication"),
        ("socks5h", [b"\5\2"], "^it accepts none of the methods that were offered: no authentication"),
        ("socks5h://user:pw@", [b"\5\xff"], "^it accepts none of .*: username/password, or no authentication"),
        ("socks5h", [b"\5\x80"], "^it accepts none of the methods that were offered: no authentication"),
        ("socks5h://user:pw@", [b"\5\2", b"\1\1"], "^Invalid username/password"),
        ("socks5h", [b"\4\0"], r"^its answer is not SOCKS 5: b'\\x04\\x00'"),
        ("socks5h", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "^its answer is not SOCKS 5: b'HT'"),
        ("socks5h", [b"\5\0", b"\4\0\0\1"], r"^its answer is not SOCKS 5: b'\\x04\\x00\\x00\\x01'"),
        ("socks5h", [b"\5\0", b"\5\0\0\2"], "^its answer is not SOCKS 5: it has an address of kind 2"),
        ("socks5h", [b"\5\0", b"\5\5\0\1"], COULD_NOT + r"Connection refused\."),
        ("socks5h", [b"\5\0", b"\5\2\0\1"], COULD_NOT + r"Connection not allowed by ruleset\."),
        ("socks5h", [b"\5\0", b"\5\x63\0\1"], COULD_NOT + r"SOCKS 5 answer 99\."),
        ("socks5h", [b"\5\0", OK_5 + b"HTTP/1.1 200 OK\r\n"], "^17 bytes came before anything was asked of the target"),
        ("socks5h", [], "^the connection was closed in the middle of the handshake"),
        ("socks5h", [b"\5\0", OK_5[:7]], "^the connection was closed in the middle of the handshake"),
        ("socks4a", [b"\0\x5b\0\0\0\0\0\0"], COULD_NOT + r"Request rejected or failed\."),
        ("socks4a", [b"\0\x20\0\0\0\0\0\0"], COULD_NOT + r"SOCKS 4 answer 32\."),
        ("socks4a", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "^its answer is not SOCKS 4: b'HTTP/1.1'"),
        ("socks4a", [OK_4 + b"x"], "^1 bytes came before anything was asked of the target"),
        ("socks4a", [OK_4[:7]], "^the connection was closed in the middle of the handshake"),
    ],
)
def test_refusals(face: Face, serve: Serve, scheme: str, answers: list[bytes], message: str) -> None:
    proxy = serve(answering(*answers))
    prefix = scheme if "://" in scheme else f"{scheme}://"

    async def scenario() -> None:
        async with face.pool(proxy=f"{prefix}127.0.0.1:{proxy.port}", max_connections=1) as pool:
            for _ in range(2):
                where = rf" \(asking proxy 127\.0\.0\.1:{proxy.port} for target\.test:80, after [\d.e-]+ s\)$"
                with pytest.raises(ProxyError, match=message + where):
                    await pool.send(0, url=(b"http", b"target.test", None, b"/"))
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)
    assert proxy.accepted == 2


@pytest.mark.parametrize(
    ("scheme", "host", "message"),
    [
        ("socks4", b"::1", "the name has no address that this proxy could be given"),
        ("socks4a", b"::1", "SOCKS 4 knows no IPv6 addresses"),
        ("socks5h", b"x" * 256, "a name may have 255 bytes in SOCKS 5"),
        ("socks5h", b"a\0b", "NUL in the host's name"),
        ("socks4a", b"a\r\nb", "this host's name cannot be said to a proxy"),
        ("socks5", b"name.invalid", "Name or service not known|No address"),
    ],
)
def test_targets_that_a_proxy_cannot_be_asked_for(
    face: Face, serve: Serve, scheme: str, host: bytes, message: str
) -> None:
    proxy = serve(silence)

    async def scenario() -> None:
        async with face.pool(proxy=f"{scheme}://127.0.0.1:{proxy.port}") as pool:
            with pytest.raises(ConnectError, match=message):
                await pool.send(0, url=(b"http", host, None, b"/"))

    face.run(scenario)


@pytest.mark.parametrize("said", [b"", b"\5\0", b"\5\0\5\0\0"])
def test_a_proxy_that_stops_within_the_handshake(face: Face, serve: Serve, said: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.send(said)
        peer.wait_closed()

    proxy = serve(script)

    async def scenario() -> None:
        async with face.pool(proxy=f"socks5h://127.0.0.1:{proxy.port}", max_connections=1) as pool:
            message = r"^timed out \(asking proxy 127\.0\.0\.1:\d+ for a\.test:80, after [\d.e-]+ s\)$"
            with pytest.raises(ConnectTimeout, match=message):
                await pool.send(0, url=(b"http", b"a.test", None, b"/"), extensions={"timeout": {"connect": 0.03}})
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_proxy_that_speaks_first(face: Face, serve: Serve, size: int) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"x" * size)
        peer.wait_closed()

    proxy = serve(script)

    async def scenario() -> None:
        async with face.pool(proxy=f"socks5h://127.0.0.1:{proxy.port}") as pool:
            with pytest.raises(ProxyError, match="not SOCKS 5|more than 65536 bytes before it was asked anything"):
                await pool.send(0, url=(b"http", b"a.test", None, b"/"))

    face.run(scenario)


def test_a_chain_of_every_kind(face: Face, serve: Serve) -> None:
    heard: Heard = []
    server = serve(answer_each())
    third = serve(socks4(heard, server.port))
    second = serve(tunnelling(heard, third.port))
    first = serve(socks5(heard, second.port, (b"u", b"p")))
    chain = [f"socks5h://u:p@127.0.0.1:{first.port}", b"http://second.test:3128", {"url": "socks4a://third.test"}]
    fetch(face, chain, b"target.test")
    assert [each.split(b"\r\n")[0] for each in heard] == [
        b"\3second.test\x0c\x38",
        b"CONNECT third.test:1080 HTTP/1.1",
        b"\4\1\0\x50\0\0\0\xff||target.test",
    ]
    assert [each.accepted for each in (first, second, third, server)] == [1, 1, 1, 1]


def test_a_link_of_a_chain_that_refuses(face: Face, serve: Serve) -> None:
    second = serve(answering(b"\5\0", b"\5\4\0\1"))
    first = serve(tunnelling([], second.port))

    async def scenario() -> None:
        chain = [f"http://127.0.0.1:{first.port}", "socks5h://second.test:1081"]
        async with face.pool(proxy=chain, max_connections=1) as pool:
            message = COULD_NOT + r"Host unreachable\. \(asking proxy second\.test:1081 for a\.test:80, after"
            with pytest.raises(ProxyError, match=message):
                await pool.send(0, url=(b"http", b"a.test", None, b"/"))
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_without_socksio_a_pool_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ImportError, match=r"^Using SOCKS proxy, but the 'socksio' package is not installed\."):
        ConnectionPool(proxy=["http://a.test", "socks5://b.test"])
    ConnectionPool(proxy="http://a.test").close()


def test_socksio_is_imported_where_there_is_a_socks_proxy_only() -> None:
    import subprocess

    program = (
        "import sys, httpx_transport; httpx_transport.ConnectionPool(proxy='http://user:pw@127.0.0.1').close();"
        "print(sorted({'socksio', 'ssl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
