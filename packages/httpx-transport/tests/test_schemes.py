"""ws and wss: requests that begin WebSocket connections go the way of http and https, over HTTP/1.1."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import OK, Face, Peer, Server, answer_each
from .proxies import Heard, socks5, tunnelling

Serve = Callable[..., Server]
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADE = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]


def test_a_websocket_handshake(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    heads: list[bytes] = []

    def script(peer: Peer) -> None:
        heads.append(peer.head())
        peer.send(SWITCHED)
        peer.head()

    plain, secure = serve(script), serve(script, server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            for scheme, server in ((b"ws", plain), (b"wss", secure)):
                url = scheme, b"127.0.0.1", server.port, b"/chat"
                status, _, content, facts = await pool.send(0, url=url, headers=UPGRADE)
                assert (status, facts["http_version"]) == (101, b"HTTP/1.1")
                assert (facts["connection"]["tls_version"] is None) == (scheme == b"ws")
                await content.close()

    face.run(scenario)
    assert [head.split(b"\r\n")[0] for head in heads] == [b"GET /chat HTTP/1.1"] * 2


@pytest.mark.parametrize(("scheme", "port"), [(b"ws", 80), (b"wss", 443)])
@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_proxies_are_asked_for_a_tunnel_to_the_default_ports(
    face: Face,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    scheme: bytes,
    port: int,
    kind: str,
) -> None:
    server = serve(answer_each(), server_context if scheme == b"wss" else None)
    heard: Heard = []
    proxy = serve((tunnelling if kind == "http" else socks5)(heard, server.port))

    async def scenario() -> None:
        async with face.pool(proxy=f"{kind}://127.0.0.1:{proxy.port}", ssl_context=client_context) as pool:
            assert await pool.get(0, url=(scheme, b"127.0.0.1", None, b"/")) == b"ok"

    face.run(scenario)
    if kind == "http":
        assert heard[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % port)
    else:
        assert heard[0].endswith(port.to_bytes(2))


@pytest.mark.parametrize("own", [True, False])
def test_wss_never_offers_http_2_where_http_1_is_allowed(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext, own: bool
) -> None:
    offered: list[Any] = []

    def make(*, alpn: tuple[str, ...]) -> ssl.SSLContext:
        offered.append(alpn)
        return client_context

    server = serve(answer_each(OK), server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context if own else make, http2=True) as pool:
            for scheme in (b"wss", b"https", b"wss"):
                assert await pool.get(0, url=(scheme, b"127.0.0.1", server.port, b"/")) == b"ok"

    face.run(scenario)
    assert offered == ([] if own else [("http/1.1",), ("h2", "http/1.1")])
