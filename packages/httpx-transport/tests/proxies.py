"""Proxies as scripts: they ask for what they want to hear, note what they heard, and relay to a real server."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
from collections.abc import Callable

from .conftest import Peer, Script

Heard = list[bytes]


def relay(peer: Peer, port: int) -> None:
    """Carry bytes between the client and a server on loopback, until either stops."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(peer.buffer)
        while True:
            pending = isinstance(peer.sock, ssl.SSLSocket) and peer.sock.pending()
            ready = [peer.sock] if pending else select.select([peer.sock, server], [], [], 30)[0]
            for sock in ready:
                data = sock.recv(65536)
                if not data:
                    return
                (server if sock is peer.sock else peer.sock).sendall(data)


def tunnelling(heard: Heard, port: int, granted: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> Script:
    """Return a proxy that grants every tunnel, all of them to the server at `port`."""

    def script(peer: Peer) -> None:
        if head := peer.head():
            heard.append(head)
            peer.send(granted)
            relay(peer, port)

    return script


def saying(heard: Heard, *answers: bytes) -> Script:
    """Return a proxy that answers each request with the next of `answers`, and closes when there is none."""
    left = list(answers)

    def script(peer: Peer) -> None:
        while left and (head := peer.head()):
            heard.append(head)
            peer.send(left.pop(0))

    return script


def socks5(heard: Heard, port: int, auth: tuple[bytes, bytes] | None = None) -> Script:
    """Return a SOCKS 5 proxy for the server at `port`, with a password if it has one."""

    def script(peer: Peer) -> None:
        version, count = peer.take(2)
        ways = peer.take(count)
        assert version == 5
        way = 0 if auth is None else 2
        if way not in ways:
            peer.send(b"\5\xff")
            return
        peer.send(bytes([5, way]))
        if auth is not None:
            assert peer.take(1) == b"\1"
            given = peer.take(peer.take(1)[0]), peer.take(peer.take(1)[0])
            peer.send(b"\1\0" if given == auth else b"\1\1")
            if given != auth:
                return
        assert peer.take(3) == b"\5\1\0"
        kind = peer.take(1)[0]
        address = peer.take({1: 4, 4: 16}.get(kind) or peer.take(1)[0])
        heard.append(bytes([kind]) + address + peer.take(2))
        peer.send(b"\5\0\0\3\7example\0\1")
        relay(peer, port)

    return script


def socks4(heard: Heard, port: int) -> Script:
    """Return a SOCKS 4 and 4a proxy for the server at `port`."""

    def script(peer: Peer) -> None:
        request = peer.take(8)
        user = take_until_nul(peer)
        name = take_until_nul(peer) if request[4:7] == b"\0\0\0" else b""
        heard.append(b"%b|%b|%b" % (request, user, name))
        peer.send(b"\0\x5a\0\0\0\0\0\0")
        relay(peer, port)

    return script


def take_until_nul(peer: Peer) -> bytes:
    """Return the bytes before the next NUL."""
    text = b""
    while (byte := peer.take(1)) != b"\0":
        text += byte
    return text


def basic(user: str, password: str) -> bytes:
    """Return the Proxy-Authorization that says so."""
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def field(head: bytes, name: bytes) -> bytes | None:
    """Return the value of a field in a head, None where there is none; there must not be two."""
    lines = [line for line in head.split(b"\r\n") if line.lower().startswith(name.lower() + b":")]
    assert len(lines) < 2, head
    return lines[0].partition(b":")[2].strip() if lines else None


Silence: Callable[[Peer], None] = Peer.wait_closed
