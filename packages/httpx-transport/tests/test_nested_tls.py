"""TLS in TLS, as behind an https proxy: two handshakes on one stream, on every face."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

import pytest

from httpx_transport._backends import Stream
from httpx_transport._backends._memory_tls import MemoryTls

from .conftest import Face, Peer, Server, answer_each, dial, silence

Serve = Callable[..., Server]


def forward_to(port: int, polite: bool = False) -> Callable[[Peer], None]:
    """Return a script that carries bytes both ways, as a proxy does behind its TLS."""

    def script(peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", port)) as behind:
            before = cast("ssl.SSLSocket", peer.sock)
            ends: dict[Any, Any] = {before: behind, behind: before}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        if end is behind and polite:
                            with contextlib.suppress(OSError):  # whoever hears it may hang up at once
                                before.unwrap()
                        return
                    ends[end].sendall(data)

    return script


class Narrow:
    """A carrier to a TLS server in memory, that takes few bytes at a time, and none each second time."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = context.wrap_bio(self.to_server, self.to_client, server_side=True)
        self.full = False
        self.goodbyes = 0

    def recv(self, size: int, /) -> bytes:
        if not self.to_client.pending:
            raise ssl.SSLWantReadError
        return self.to_client.read(100)

    def send(self, data: Any, /) -> int:
        self.full = not self.full
        if self.full:
            raise ssl.SSLWantWriteError
        return self.to_server.write(data[:100])

    def pending(self) -> int:
        return self.to_client.pending

    def unwrap(self) -> None:
        self.goodbyes += 1


def narrow(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> tuple[MemoryTls, Narrow]:
    """Return a client and its carrier, the handshake done."""
    carrier = Narrow(server_context)
    client = MemoryTls(carrier, client_context, "127.0.0.1")
    done = False
    while not done:
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            client.do_handshake()
            done = True
        with contextlib.suppress(ssl.SSLWantReadError):
            carrier.server.do_handshake()
    return client, carrier


async def twice(face: Face, port: int, context: ssl.SSLContext, inner: ssl.SSLContext | None = None) -> Stream:
    stream: Stream = await dial(face.backend(), "127.0.0.1", port, 5)
    try:
        await stream.start_tls(context, "127.0.0.1", 5)
        await stream.start_tls(inner or context, "127.0.0.1", 5)
    except BaseException:
        stream.close()
        raise
    return stream


async def send_all(stream: Stream, data: bytes) -> None:
    pending = memoryview(data)
    while pending:
        sent = stream.send(pending)
        pending = pending[sent:]
        if not sent:
            await stream.wait(False, True, 5)


async def read_exactly(stream: Stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        received = await stream.read(5)
        assert received
        data += received
    return data


def test_bytes_pass_both_ways(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    def echo(peer: Peer) -> None:
        while data := peer.sock.recv(65536):
            peer.send(data)

    def collect(peer: Peer) -> None:
        assert peer.take(3_000_000) == large
        peer.send(large)
        peer.wait_closed()

    large = bytes(range(250)) * 12_000
    for script, sent in ((echo, b"hello"), (collect, large)):
        inner = serve(script, server_context)
        outer = serve(forward_to(inner.port), server_context)

        async def scenario(port: int = outer.port, sent: bytes = sent) -> None:
            with contextlib.closing(await twice(face, port, client_context)) as stream:
                for _ in range(3 if len(sent) < 100 else 1):
                    await send_all(stream, sent)
                    assert await read_exactly(stream, len(sent)) == sent
                    assert stream.idle()

        face.run(scenario)


@pytest.mark.parametrize(("polite", "outer_polite"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_end_is_that_of_the_inner_tls(
    face: Face,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    polite: bool,
    outer_polite: bool,
) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"some")
        if polite:
            cast("ssl.SSLSocket", peer.sock).unwrap()

    inner = serve(script, server_context)
    outer = serve(forward_to(inner.port, outer_polite), server_context)

    async def scenario() -> None:
        with contextlib.closing(await twice(face, outer.port, client_context)) as stream:
            assert await read_exactly(stream, 4) == b"some"
            if polite:
                assert await stream.read(5) == b""
            else:
                with pytest.raises(ssl.SSLEOFError, match="EOF occurred in violation of protocol"):
                    await stream.read(5)

    face.run(scenario)


def test_each_peer_is_checked(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    inner = serve(answer_each(), server_context)
    outer = serve(forward_to(inner.port), server_context)

    async def scenario() -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await twice(face, outer.port, client_context, ssl.create_default_context())

    face.run(scenario)


def test_a_handshake_that_is_never_answered(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    inner = serve(silence)
    outer = serve(forward_to(inner.port), server_context)

    async def scenario() -> None:
        stream = await dial(face.backend(), "127.0.0.1", outer.port, 5)
        await stream.start_tls(client_context, "127.0.0.1", 5)
        with pytest.raises(TimeoutError):
            await stream.start_tls(client_context, "127.0.0.1", 0.05)
        stream.close()

    face.run(scenario)


def test_a_peer_that_speaks_before_the_handshake_is_not_believed(
    face: Face, serve: Serve, client_context: ssl.SSLContext
) -> None:
    server = serve(lambda peer: (peer.send(b"early"), peer.wait_closed()))

    async def scenario() -> None:
        stream = await dial(face.backend(), "127.0.0.1", server.port, 5)
        await stream.wait(True, False, 5)
        with pytest.raises(OSError, match=r"spoke before|WRONG_VERSION_NUMBER|record layer failure"):
            await stream.start_tls(client_context, "127.0.0.1", 5)
        stream.close()

    face.run(scenario)


class TestNarrowCarriers:
    @pytest.fixture
    def ends(self, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> tuple[MemoryTls, Narrow]:
        return narrow(server_context, client_context)

    def test_sending_is_told_once_all_has_left(self, ends: tuple[MemoryTls, Narrow]) -> None:
        client, carrier = ends
        data, left, received = b"0123456789" * 10_000, b"0123456789" * 10_000, b""
        while left:
            with contextlib.suppress(ssl.SSLWantWriteError):
                left = left[client.send(left) :]
        while len(received) < len(data):
            received += carrier.server.read(65536)
        assert received == data

    def test_receiving_takes_what_is_there(self, ends: tuple[MemoryTls, Narrow]) -> None:
        client, carrier = ends
        with pytest.raises(ssl.SSLWantReadError):
            client.recv(10)  # the server's tickets
        assert not client.pending()
        carrier.server.write(b"x" * 50)
        carrier.server.write(b"y" * 50)
        received = b""
        while len(received) < 100:
            received += client.recv(60)
            assert client.pending() or len(received) == 100
        assert received == b"x" * 50 + b"y" * 50

    def test_what_tls_has_to_say_goes_first_but_not_what_we_have(self, ends: tuple[MemoryTls, Narrow]) -> None:
        client, carrier = ends
        carrier.full = False
        client._unsent = memoryview(b"an answer of TLS")
        with pytest.raises(ssl.SSLWantWriteError):
            client.recv(100)
        client._accepted = 16  # now it is somebody's content: the peer may be waiting for us to read
        carrier.server.write(b"good")
        carrier.full = False
        assert client.recv(100) == b"good"

    def test_what_came_before_an_error_is_handed_over_first(self, ends: tuple[MemoryTls, Narrow]) -> None:
        client, carrier = ends
        with pytest.raises(ssl.SSLWantReadError):
            client.recv(100)  # the server's tickets
        carrier.server.write(b"good")
        carrier.to_client.write(b"certainly no record of TLS")
        assert client.recv(100) == b"good"
        assert client.pending()
        with pytest.raises(ssl.SSLError):
            client.recv(100)

    def test_a_goodbye_goes_through_all_layers(self, ends: tuple[MemoryTls, Narrow]) -> None:
        client, carrier = ends
        for _ in range(2):
            client.unwrap()
        assert carrier.goodbyes == 2
        assert carrier.server.read(10) == b""
