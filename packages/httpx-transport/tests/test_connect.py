"""Making connections on every face: what fails says what, where and when; TLS checks whom it talks to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from httpx_transport import ConnectError, ConnectionPool, ConnectTimeout, ReadError
from httpx_transport.testing import Faults, Network, answer, response

from .conftest import Face, Peer, Server, answer_each, dial, silence

Serve = Callable[..., Server]


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as sock:  # bound and not listening: nobody else gets it, and nobody answers
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: the next one is never answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port: int = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            others = [socket.socket() for _ in range(3)]
            for sock in others:
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            yield port
            for sock in others:
                sock.close()


def test_a_refused_connection(face: Face, closed_port: int) -> None:
    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            for _ in range(2):
                message = rf"^\[Errno \d+\] .* \(connecting to 127.0.0.1:{closed_port}, after [\d.e-]+ s\)$"
                with pytest.raises(ConnectError, match=message) as caught:
                    await pool.send(closed_port)
                assert isinstance(caught.value, ConnectionError)
                assert isinstance(caught.value.__cause__, OSError)

    face.run(scenario)


@pytest.mark.parametrize("host", [b"name.invalid", b"a..b", b"\xff", b"x" * 70 + b".invalid"])
def test_a_name_that_leads_nowhere(face: Face, host: bytes) -> None:
    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(ConnectError, match=r"\(connecting to .*:80, after"):
                await pool.send(0, url=(b"http", host, None, b"/"))

    face.run(scenario)


@pytest.mark.parametrize("address", [(b"127.0.0.1\0.example.org", 0), (b"127.0.0.1", 65_536), (b"127.0.0.1", -1)])
def test_an_address_that_would_be_cut_to_another(face: Face, serve: Serve, address: tuple[bytes, int]) -> None:
    server = serve(answer_each())
    host, offset = address

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(ConnectError, match=r"NUL|from 0 to 65535"):
                await pool.send(0, url=(b"http", host, offset + server.port if offset >= 0 else offset, b"/"))

    face.run(scenario)
    assert server.accepted == 0


def test_a_connection_that_is_never_answered(face: Face, full_port: int) -> None:
    async def scenario() -> None:
        async with face.pool() as pool:
            message = rf"^timed out \(connecting to 127.0.0.1:{full_port}, after 0\.\d+ s\)$"
            with pytest.raises(ConnectTimeout, match=message) as caught:
                await pool.send(full_port, extensions={"timeout": {"connect": 0.03}})
            assert isinstance(caught.value, TimeoutError)

    face.run(scenario)


def test_the_second_address_serves_where_the_first_refuses(
    face: Face, serve: Serve, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answer_each())
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", closed_port)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: addresses)

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(0, url=(b"http", b"two.example", None, b"/")) == b"ok"
            addresses.clear()
            with pytest.raises(ConnectError, match="has no address|returned empty list"):
                await pool.get(0, url=(b"http", b"none.example", None, b"/"))

    face.run(scenario)


@pytest.mark.parametrize("name", ["blocking", "trio"])
def test_a_family_that_the_system_does_not_know_is_passed_over(
    name: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answer_each())
    addresses: list[Any] = [
        (99, socket.SOCK_STREAM, 6, "", ("::1", server.port)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: addresses)

    async def scenario() -> None:
        async with Face(name).pool() as pool:
            assert await pool.get(0, url=(b"http", b"two.example", None, b"/")) == b"ok"
            del addresses[1]
            with pytest.raises(ConnectError, match="Address family not supported"):
                await pool.get(0, url=(b"http", b"one.example", None, b"/"))

    Face(name).run(scenario)


def test_ipv6(face: Face) -> None:
    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(ConnectError, match=r"\(connecting to \[::1\]:1, after"):
                await pool.send(0, url=(b"http", b"::1", 1, b"/"))

    face.run(scenario)


def test_tls(face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    server = serve(answer_each(large), server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            for _ in range(3):
                assert len(await pool.get(0, url=(b"https", b"127.0.0.1", server.port, b"/"))) == 1_000_000

    face.run(scenario)
    assert server.accepted == 1


@pytest.mark.parametrize("polite", [True, False])
def test_content_without_a_length_ends_only_with_a_goodbye(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext, polite: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
        if polite:
            cast("ssl.SSLSocket", peer.sock).unwrap()

    server = serve(script, server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            content = (await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/")))[2]
            if polite:
                assert await content.read() == b"some"
            else:
                with pytest.raises(ReadError, match="EOF occurred in violation of protocol"):
                    await content.read()

    face.run(scenario)


def test_a_large_body_over_tls(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    from .conftest import OK

    def script(peer: Peer) -> None:
        while peer.head():
            assert peer.take(3_000_000) == b"x" * 3_000_000
            peer.send(OK)

    server = serve(script, server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            url = (b"https", b"127.0.0.1", server.port, b"/")
            answer = await pool.send(0, b"POST", [(b"Content-Length", b"3000000")], b"x" * 3_000_000, url=url)
            assert await answer[2].read() == b"ok"

    face.run(scenario)


def test_a_peer_whom_nobody_vouches_for(face: Face, serve: Serve, server_context: ssl.SSLContext) -> None:
    server = serve(answer_each(), server_context)

    async def scenario() -> None:
        async with face.pool() as pool:
            message = rf"CERTIFICATE_VERIFY_FAILED.* \(in the TLS handshake with 127.0.0.1:{server.port}, after"
            with pytest.raises(ConnectError, match=message):
                await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/"))

    face.run(scenario)


def test_a_certificate_for_another_host(
    face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    server = serve(answer_each(), context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            with pytest.raises(ConnectError, match="certificate is not valid for"):
                await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/"))

    face.run(scenario)


def test_a_handshake_that_is_never_answered(face: Face, serve: Serve, client_context: ssl.SSLContext) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context, max_connections=1) as pool:
            url = (b"https", b"127.0.0.1", server.port, b"/")
            message = r"^timed out \(in the TLS handshake with 127.0.0.1:\d+, after 0\.\d+ s\)$"
            with pytest.raises(ConnectTimeout, match=message):
                await pool.send(0, url=url, extensions={"timeout": {"connect": 0.05}})
            for limit in (None, 5.0):
                plain = serve(lambda peer: peer.send(b"220 smtp.example ready\r\n"))
                with pytest.raises(ConnectError, match="in the TLS handshake with"):
                    url = (b"https", b"127.0.0.1", plain.port, b"/")
                    await pool.send(0, url=url, extensions={"timeout": {"connect": limit}})

    face.run(scenario)


def test_nothing_heavy_is_made_before_it_is_needed() -> None:
    import subprocess
    import sys

    program = (
        "import sys, httpx_transport; httpx_transport.ConnectionPool().close(); httpx_transport.AsyncConnectionPool();"
        "print(sorted({'ssl', 'h11', 'asyncio', 'anyio', 'trio', 'certifi', 'sniffio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_pool_needs_no_context_for_http(serve: Serve) -> None:
    server = serve(answer_each())
    with ConnectionPool() as pool:
        url = (b"http", b"127.0.0.1", server.port, b"/")
        assert list(pool.handle_request(b"GET", url, [(b"Host", b"test")], b"", {})[2]) == [b"ok"]
        assert pool._pool._connector._made == {}


class Retries:
    """What is asked of a simulated network: who refuses how often, and when the attempts came."""

    def __init__(self, refusals: int, *, total: float | None = None, retries: int = 3) -> None:
        self.network = Network()
        self.times: list[float] = []
        self.refusals = refusals
        self.pool = self.network.pool(retries=retries, resolver=self.resolve, max_connections=1)
        self.timeout = {"connect": 2.0, "total": total}
        self.network.serve("a.test", 80, answer(response(b"ok")))

    def resolve(self, host: str, port: int) -> list[str]:
        self.times.append(self.network.now)
        return [host] if len(self.times) > self.refusals else ["unknown.test"]

    def fetch(self, extensions: dict[str, Any] | None = None) -> bytes:
        async def main() -> bytes:
            given = {"timeout": self.timeout, **(extensions or {})}
            return await (await self.pool.request("GET", "http://a.test/", extensions=given)).aread()

        return self.network.run(main())


class TestRetries:
    @pytest.mark.parametrize(("refusals", "times"), [(0, [0]), (1, [0, 0]), (3, [0, 0, 0.5, 1.5])])
    def test_each_waits_longer(self, refusals: int, times: list[float]) -> None:
        retries = Retries(refusals)
        assert retries.fetch() == b"ok"
        assert retries.times == times

    def test_there_is_an_end(self) -> None:
        retries = Retries(9)
        with pytest.raises(ConnectError, match="Name or service not known"):
            retries.fetch()
        assert retries.times == [0, 0, 0.5, 1.5]
        assert retries.pool.stats()["connections"] == 0

    @pytest.mark.parametrize("retries", [0, -1])
    def test_none_are_asked_for(self, retries: int) -> None:
        refused = Retries(1, retries=retries)
        with pytest.raises(ConnectError):
            refused.fetch()
        assert refused.times == [0]

    def test_none_that_would_be_too_late(self) -> None:
        retries = Retries(9, total=1.0)
        with pytest.raises(ConnectError, match="Name or service not known"):
            retries.fetch()
        assert retries.times == [0, 0, 0.5]
        assert retries.network.now == 0.5

    def test_each_attempt_has_its_time_within_the_total(self) -> None:
        retries = Retries(0, total=5.0)
        retries.network.faults = Faults(stall=1)
        with pytest.raises(ConnectTimeout, match=r"after 0.5 s\)"):
            retries.fetch()
        assert retries.times == [0, 2, 4.5]
        assert retries.network.now == 5

    def test_they_are_told_of(self) -> None:
        retries, told = Retries(2), list[str]()
        assert retries.fetch({"trace": lambda event, details: told.append(event)}) == b"ok"
        assert [event for event in told if "http11" not in event] == [
            "connection.connect_tcp.started",
            "connection.connect_tcp.failed",
            "connection.retry.started",
            "connection.retry.complete",
            "connection.connect_tcp.started",
            "connection.connect_tcp.failed",
            "connection.retry.started",
            "connection.retry.complete",
            "connection.connect_tcp.started",
            "connection.connect_tcp.complete",
        ]

    def test_cancelled_at_any_wait(self) -> None:
        step = 1
        while True:
            retries = Retries(2)
            task = retries.network.start(retries.pool.request("GET", "http://a.test/"), cancel_at=step)

            async def main(task: Any = task) -> None:
                await task.ended()

            retries.network.run(main())
            if task.steps < step:
                break
            assert retries.pool.stats()["connections"] == 0
            step += 1
        assert step > 5

    def test_on_real_sockets(self, face: Face, closed_port: int) -> None:
        told = []

        async def tell(event: str, details: dict[str, Any]) -> None:
            told.append(event)

        async def scenario() -> None:
            async with face.pool(retries=1) as pool:
                with pytest.raises(ConnectError, match="refused"):
                    await pool.send(closed_port, extensions={"trace": tell})

        face.run(scenario)
        assert told.count("connection.connect_tcp.started") == 2


def test_a_simulated_network_with_several_servers_for_a_name() -> None:
    network = Network()
    network.serve("b.test", 81, answer(response(b"ok")))
    network.serve("path", 0, answer(response(b"path")))

    async def later(host: str, port: int) -> list[tuple[str, int]]:
        await network.sleep(host == "slow.test")
        return [("b.test", 80), ("b.test", 81)]

    async def main() -> None:
        for timeout in (None, 5.0):
            pool = network.pool(resolver=later, timeout=timeout)
            assert await (await pool.request("GET", "http://a.test/")).aread() == b"ok"
        with pytest.raises(ConnectTimeout):
            await network.pool(resolver=later, timeout=0.5).request("GET", "http://slow.test/")
        stream = await dial(network._backend, "a.test", 80, 5, uds="path")
        stream.close()

    network.run(main())


def test_a_unix_socket_is_told_of(tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    path = str(tmp_path / "none")
    with ConnectionPool(uds=path, socket_options=[(1, 2, 3)]) as pool, pytest.raises(ConnectError):
        pool.request("GET", "http://a.example/", extensions={"trace": lambda *event: told.append(event)})
    details = {"path": path, "timeout": 5.0, "socket_options": [(1, 2, 3)]}
    assert told[0] == ("connection.connect_unix_socket.started", details)
    assert told[1][0] == "connection.connect_unix_socket.failed"
