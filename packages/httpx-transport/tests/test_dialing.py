"""From a host to a stream on every face: several addresses at once, resolvers, local addresses, Unix sockets, options."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from httpx_transport import AsyncConnectionPool, ConnectError, ConnectionPool, ConnectTimeout
from httpx_transport._backends import AddressInfo, Attempt, blocking_backend
from httpx_transport._backends._polling import poll_writable
from httpx_transport._backends._race import Race
from httpx_transport._connect import _addresses
from httpx_transport._connect._dialer import Dialer
from httpx_transport._settings import Settings
from httpx_transport.blocking import run

from .conftest import Face, Peer, Server, answer_each, dial, silence

Serve = Callable[..., Server]
URL = (b"http", b"name.example", 80, b"/")


def full(host: str) -> Iterator[int]:
    """Yield a port whose queue of connections is full: the next one is never answered."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, backlog=0) as listener:
        port: int = listener.getsockname()[1]
        others = [socket.socket(family) for _ in range(4)]
        for sock in others:
            sock.setblocking(False)
            sock.connect_ex((host, port))
        yield port
        for sock in others:
            sock.close()


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    for port in full("127.0.0.1"):
        yield "127.0.0.1", port


@pytest.fixture
def black_hole_6() -> Iterator[tuple[str, int]]:
    for port in full("::1"):
        yield "::1", port


@pytest.fixture
def closed() -> Iterator[tuple[str, int]]:
    with socket.socket() as sock:  # bound and not listening: nobody else gets it, and nobody answers
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()


def descriptors() -> set[str]:
    return {
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    }


def answering(*addresses: Any) -> Callable[[str, int], Any]:
    return lambda host, port: list(addresses)


class TestSeveralAddresses:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_addresses, "DELAY", 0.01)

    def test_a_black_hole_does_not_stand_in_the_way(
        self, face: Face, serve: Serve, black_hole: tuple[str, int], black_hole_6: tuple[str, int]
    ) -> None:
        server = serve(answer_each())
        resolver = answering(black_hole_6, black_hole, ("127.0.0.1", server.port))

        async def scenario() -> None:
            before = descriptors()
            async with face.pool(resolver=resolver) as pool:
                assert await pool.get(0, url=URL) == b"ok"
                assert pool.pool.stats()["idle"] == 1
                sockets = {name for name in descriptors() - before if name.startswith("socket:")}
                assert len(sockets) == 2  # the client's end, and the server's

        face.run(scenario)
        assert server.accepted == 1

    def test_two_that_answer_at_once(self, face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_addresses, "DELAY", 0.0)
        server = serve(answer_each())
        resolver = answering(("127.0.0.1", server.port), ("127.0.0.2", server.port), ("127.0.0.3", server.port))

        async def scenario() -> None:
            async with face.pool(resolver=resolver) as pool:
                assert await pool.get(0, url=URL) == b"ok"

        face.run(scenario)

    def test_who_refuses_is_left_at_once(
        self,
        face: Face,
        serve: Serve,
        closed: tuple[str, int],
        black_hole: tuple[str, int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(_addresses, "DELAY", 1e6)
        server = serve(answer_each())

        async def scenario() -> None:
            async with face.pool(resolver=answering(closed, ("127.0.0.1", server.port))) as pool:
                assert await pool.get(0, url=URL) == b"ok"

        face.run(scenario)

    def test_all_refuse(self, face: Face, closed: tuple[str, int]) -> None:
        unknown = (99, socket.SOCK_STREAM, 6, "", ("::1", 80))

        async def scenario() -> None:
            async with face.pool(resolver=answering(closed, unknown)) as pool:
                with pytest.raises(ConnectError, match=r"refused \(connecting to name.example:80, after"):
                    await pool.get(0, url=URL)
            async with face.pool(resolver=answering(unknown)) as pool:
                with pytest.raises(ConnectError, match="Address family not supported"):
                    await pool.get(0, url=URL)

        face.run(scenario)

    def test_nobody_answers_in_time(
        self, face: Face, black_hole: tuple[str, int], black_hole_6: tuple[str, int]
    ) -> None:
        async def scenario() -> None:
            before = len(descriptors())
            async with face.pool(resolver=answering(black_hole, black_hole_6), max_connections=1) as pool:
                for _ in range(2):
                    with pytest.raises(
                        ConnectTimeout, match=r"^timed out \(connecting to name.example:80, after 0\.\d+ s\)$"
                    ):
                        await pool.get(0, url=URL, extensions={"timeout": {"connect": 0.05}})
                assert len(descriptors()) <= before + 2

        face.run(scenario)

    @pytest.mark.parametrize("count", [1, 2])
    def test_giving_up_leaves_nothing(
        self, count: int, black_hole: tuple[str, int], black_hole_6: tuple[str, int]
    ) -> None:
        resolver = answering(*[black_hole, black_hole_6][:count])
        url = "http://name.example/"

        async def on_asyncio() -> None:
            async with AsyncConnectionPool(resolver=resolver, timeout=None) as pool:
                before = descriptors()
                task = asyncio.ensure_future(pool.request("GET", url))
                while len(descriptors()) < len(before) + count:
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert descriptors() == before
                assert pool.stats()["connections"] == 0
                assert len(asyncio.all_tasks()) == 1

        async def on_trio() -> None:
            async with AsyncConnectionPool(resolver=resolver, timeout=None) as pool:
                before = descriptors()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(pool.request, "GET", url)
                    while len(descriptors()) < len(before) + count:
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
                assert descriptors() == before
                assert pool.stats()["connections"] == 0

        asyncio.run(on_asyncio())
        trio.run(on_trio)

    @pytest.mark.parametrize("threads", [True, False])
    def test_an_event_loop_that_watches_no_sockets(
        self, serve: Serve, black_hole: tuple[str, int], threads: bool
    ) -> None:
        class Loop(asyncio.SelectorEventLoop):
            def add_writer(self, *arguments: Any) -> None:  # type: ignore[override]
                raise NotImplementedError

            def remove_writer(self, fd: Any) -> bool:
                raise NotImplementedError

            def run_in_executor(self, *arguments: Any) -> Any:  # type: ignore[override]
                if not threads:
                    raise RuntimeError("can't start new thread")
                return super().run_in_executor(*arguments)

        server = serve(answer_each())

        async def scenario() -> None:
            async with AsyncConnectionPool(resolver=answering(black_hole, ("127.0.0.1", server.port))) as pool:
                assert await (await pool.request("GET", "http://a.example/")).aread() == b"ok"
            async with AsyncConnectionPool(resolver=answering(("127.0.0.1", server.port)), timeout=None) as pool:
                assert await (await pool.request("GET", "http://a.example/")).aread() == b"ok"

        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(scenario())

    def test_the_loop_does_not_want_the_socket(self, serve: Serve) -> None:
        class Loop(asyncio.SelectorEventLoop):
            async def create_connection(self, *arguments: Any, **options: Any) -> Any:
                raise OSError("not wanted")

        server = serve(silence)  # it ends when the socket is closed

        async def scenario() -> None:
            async with AsyncConnectionPool(resolver=answering(("127.0.0.1", server.port))) as pool:
                with pytest.raises(ConnectError, match="not wanted"):
                    await pool.request("GET", "http://a.example/")

        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(scenario())


class TestRaces:
    """What loopback does not do: answers at once, errors of our own."""

    class Sock:
        family = socket.AF_INET

        def __init__(self, number: int, later: int = 0) -> None:
            self.number = number
            self.later = later
            self.calls: list[str] = []

        def connect(self, address: Any) -> None:
            if self.number:
                raise OSError(self.number, os.strerror(self.number))

        def getsockopt(self, *arguments: int) -> int:
            return self.later

        def __getattr__(self, name: str) -> Any:
            return lambda *arguments: self.calls.append(name)

    def race(self, monkeypatch: pytest.MonkeyPatch, *socks: Any, **options: Any) -> Any:
        coming = iter(socks)
        monkeypatch.setattr(socket, "socket", lambda *arguments: next(coming))
        attempts = [Attempt((socket.AF_INET, 1, 6, "", ("a", 80)), options.get("local"), 0.0) for _ in socks]

        async def wait(sockets: list[Any], seconds: float | None) -> list[Any]:
            return list(sockets)

        return run(Race(attempts, ()).run(wait, options.get("timeout", 5)))

    def test_an_answer_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = self.Sock(0), self.Sock(0)
        assert self.race(monkeypatch, first, second, local=("127.0.0.1", 0)) is first
        assert "close" not in first.calls
        assert "bind" in first.calls
        assert second.calls == []

    def test_the_loser_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = self.Sock(errno.EINPROGRESS), self.Sock(errno.EINPROGRESS)
        assert self.race(monkeypatch, first, second) is first
        assert "close" in second.calls
        assert "close" not in first.calls

    def test_what_a_peer_says_is_worth_more_than_our_own_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for numbers in ([errno.ECONNREFUSED, errno.ENETUNREACH], [errno.ENETUNREACH, errno.ECONNREFUSED]):
            socks = [self.Sock(number) for number in numbers]
            with pytest.raises(ConnectionRefusedError):
                self.race(monkeypatch, *socks)
            assert all("close" in sock.calls for sock in socks)
        with pytest.raises(OSError, match="unreachable"):
            self.race(monkeypatch, self.Sock(errno.EINPROGRESS, errno.ENETUNREACH))

    def test_where_there_is_no_poll(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import select

        monkeypatch.delattr(select, "poll")
        ours, theirs = socket.socketpair()
        with ours, theirs:
            assert poll_writable([ours.fileno()], None) == [ours.fileno()]


def test_a_replaced_connect_is_called(face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards of tests let only some addresses through; what they raise comes out as it is, and no socket stays open."""
    server, real, asked = serve(answer_each()), socket.socket.connect, []

    def connect(sock: socket.socket, address: Any) -> None:
        asked.append((sock, address))
        if address[0] != "127.0.0.1":
            raise RuntimeError("not in tests")
        real(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)

    async def scenario() -> None:
        async with face.pool() as pool:
            assert await pool.get(server.port) == b"ok"
            with pytest.raises(RuntimeError, match="^not in tests$"):
                await pool.get(0, url=(b"http", b"127.0.0.2", server.port, b"/"))
            assert pool.pool.stats()["connections"] == 1

    face.run(scenario)
    assert [address for _, address in asked] == [("127.0.0.1", server.port), ("127.0.0.2", server.port)]
    assert asked[1][0].fileno() == -1


class TestResolvers:
    def test_what_it_answers_is_connected_to(self, face: Face, serve: Serve) -> None:
        server = serve(answer_each())
        asked = []

        def plain(host: str, port: int) -> Any:
            asked.append((host, port))
            return ["127.0.0.1"]

        def whole(host: str, port: int) -> Any:
            return socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)

        async def scenario() -> None:
            for resolver in (plain, whole):
                async with face.pool(resolver=resolver) as pool:
                    assert await pool.get(0, url=(b"http", b"a.example", server.port, b"/")) == b"ok"
            async with face.pool(resolver=plain) as pool:
                assert await pool.get(0, url=(b"http", b"192.0.2.1", server.port, b"/")) == b"ok"

        face.run(scenario)
        assert asked == [("a.example", server.port), ("192.0.2.1", server.port)]

    def test_an_asynchronous_one(self, face: Face, serve: Serve) -> None:
        server = serve(answer_each())

        async def at_once(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        async def never(host: str, port: int) -> list[str]:
            if face.name == "trio":
                await trio.sleep_forever()
            await asyncio.get_running_loop().create_future()
            return []

        async def scenario() -> None:
            async with face.pool(resolver=at_once, timeout=None) as pool:
                assert await pool.get(0, url=(b"http", b"a.example", server.port, b"/")) == b"ok"
            async with face.pool(resolver=never, timeout=0.05) as pool:
                if face.name != "blocking":
                    with pytest.raises(ConnectTimeout, match="connecting to a.example:80"):
                        await pool.get(0, url=(b"http", b"a.example", 80, b"/"))

        face.run(scenario)

    @pytest.mark.parametrize(
        ("resolver", "error", "message"),
        [
            (
                answering("localhost"),
                ConnectError,
                r"answer for 'name.example' is no IP address: 'localhost' \(connecting",
            ),
            (answering("a1"), ConnectError, "no IP address: 'a1'"),
            (answering(), ConnectError, "the name has no address"),
            (lambda host, port: None, TypeError, "a resolver must return a list of addresses"),
            (lambda host, port: dict[str, str]()["x"], KeyError, "x"),
            (lambda host, port: socket.getaddrinfo("name.invalid", 80), ConnectError, r"\[Errno -"),
        ],
    )
    def test_answers_that_lead_nowhere(self, face: Face, resolver: Any, error: type[Exception], message: str) -> None:
        async def scenario() -> None:
            async with face.pool(resolver=resolver, max_connections=1) as pool:
                for _ in range(2):
                    with pytest.raises(error, match=message):
                        await pool.get(0, url=URL)

        face.run(scenario)


class TestNames:
    def test_the_system_is_asked_for_names_only(
        self, face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(answer_each())
        real, asked = socket.getaddrinfo, []

        def getaddrinfo(host: Any, port: int, *arguments: Any, **options: Any) -> Any:
            assert not options  # as `socket.create_connection` calls it
            if not arguments[3:]:
                asked.append((host, threading.current_thread() is threading.main_thread()))
                host = "127.0.0.1"
            return real(host, port, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        async def scenario() -> None:
            async with face.pool() as pool:
                await pool.get(server.port)
                assert asked == []
                await pool.get(0, url=(b"http", b"a.example", server.port, b"/"))
                await pool.get(0, url=(b"http", b"b1", server.port, b"/"), extensions={"timeout": {"connect": None}})

        face.run(scenario)
        assert asked == [("a.example", False), ("b1", face.name == "blocking")]

    @pytest.mark.parametrize("seconds", [None, 30.0])
    def test_where_no_thread_can_be_started_names_are_looked_up_in_line(
        self, face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch, seconds: float | None
    ) -> None:
        server, asked = serve(answer_each()), []
        real = socket.getaddrinfo

        def getaddrinfo(host: str, *arguments: Any) -> Any:
            asked.append((host, threading.current_thread() is threading.main_thread()))
            return real("127.0.0.1", *arguments)

        really_start = threading.Thread.start

        def start(*arguments: Any) -> None:
            if threading.current_thread() is threading.main_thread():  # and not one of the server's
                raise RuntimeError("can't start new thread")
            really_start(*arguments)

        async def scenario() -> None:
            async with face.pool() as pool:
                with monkeypatch.context() as patched:
                    patched.setattr(socket, "getaddrinfo", getaddrinfo)
                    patched.setattr(threading.Thread, "start", start)
                    patched.setattr("trio._core._thread_cache.ThreadCache.start_thread_soon", start)
                    url, timeout = (b"http", b"a.example", server.port, b"/"), {"connect": seconds}
                    assert await pool.get(0, url=url, extensions={"timeout": timeout}) == b"ok"

        face.run(scenario)
        assert asked == [("a.example", True)]

    def test_an_error_of_the_look_up_itself_is_not_taken_for_a_lack_of_threads(
        self, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def guard(*arguments: Any) -> Any:
            asked.append(arguments)
            raise RuntimeError("no network in tests")

        monkeypatch.setattr(socket, "getaddrinfo", guard)

        async def scenario() -> None:
            async with face.pool() as pool:
                with pytest.raises(RuntimeError, match="^no network in tests$"):
                    await pool.get(0, url=(b"http", b"a.example", 80, b"/"))
                assert pool.pool.stats()["connections"] == 0

        face.run(scenario)
        assert asked == [("a.example", 80, 0, socket.SOCK_STREAM)]

    def test_a_name_that_cannot_be_one(self, face: Face) -> None:
        async def scenario() -> None:
            async with face.pool() as pool:
                for host in (b"a" * 64, b"a" * 63 + b"1" * 9, b"a..b", b"."):
                    with pytest.raises(ConnectError):
                        await pool.get(0, url=(b"http", host, 80, b"/"))

        face.run(scenario)

    def test_a_name_that_is_not_found_in_time(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        enough = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: enough.wait() and [])

        async def scenario() -> None:
            async with face.pool(max_connections=1) as pool:
                for _ in range(2):
                    with pytest.raises(ConnectTimeout, match="connecting to slow.example:80"):
                        await pool.get(
                            0, url=(b"http", b"slow.example", 80, b"/"), extensions={"timeout": {"connect": 0.03}}
                        )
            enough.set()  # a loop waits for its threads when it ends

        face.run(scenario)


class TestWhereFrom:
    def test_a_local_address(self, face: Face, serve: Serve) -> None:
        callers = []

        def script(peer: Peer) -> None:
            callers.append(peer.sock.getpeername()[0])
            answer_each()(peer)

        server = serve(script)

        async def scenario() -> None:
            async with face.pool(local_address="127.0.0.9", resolver=answering("::1", "127.0.0.1")) as pool:
                assert await pool.get(0, url=(b"http", b"a.example", server.port, b"/")) == b"ok"

        face.run(scenario)
        assert callers == ["127.0.0.9"]

    @pytest.mark.parametrize(
        ("local", "message"),
        [
            ("::1", "no address of the local address's family"),
            ("192.0.2.1", "Cannot assign requested address"),
            ("name.invalid", "Name or service not known|Temporary failure|No address"),
        ],
    )
    def test_one_that_is_not_ours(self, face: Face, local: str, message: str) -> None:
        async def scenario() -> None:
            async with face.pool(local_address=local) as pool:
                with pytest.raises(ConnectError, match=message):
                    await pool.get(1)

        face.run(scenario)


class TestUnixSockets:
    def test_a_server_behind_a_path(self, face: Face, tmp_path: Path) -> None:
        path = str(tmp_path / "server.sock")

        def serve_one() -> None:
            sock, _ = listener.accept()
            with sock:
                answer_each()(Peer(sock))

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            thread = threading.Thread(target=serve_one)
            thread.start()

            async def scenario() -> None:
                async with face.pool(uds=path) as pool:
                    for host in (b"a.example", b"a.example"):
                        assert await pool.get(0, url=(b"http", host, 80, b"/")) == b"ok"

            face.run(scenario)
            thread.join()

    def test_nobody_there(self, face: Face, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with face.pool(uds=str(tmp_path / "none")) as pool:
                with pytest.raises(ConnectError, match=r"No such file or directory \(connecting to a.example:80"):
                    await pool.get(0, url=(b"http", b"a.example", 80, b"/"))

        face.run(scenario)

    def test_too_many_there(self, face: Face, tmp_path: Path) -> None:
        path = str(tmp_path / "full.sock")
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
            listener.bind(path)
            listener.listen(0)
            other.connect(path)

            async def scenario() -> None:
                async with face.pool(uds=path) as pool:
                    with pytest.raises(ConnectError, match="temporarily unavailable"):
                        await pool.get(0, url=(b"http", b"a.example", 80, b"/"))

            face.run(scenario)

    def test_a_system_without_them(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        async def scenario() -> None:
            async with face.pool(uds="/run/x") as pool:
                with monkeypatch.context() as patch:
                    patch.delattr(socket, "AF_UNIX")
                    with pytest.raises(ConnectError, match="this system has no Unix domain sockets"):
                        await pool.get(0, url=(b"http", b"a.example", 80, b"/"))

        face.run(scenario)


class TestOptions:
    def test_ours_and_the_callers(self, face: Face, serve: Serve) -> None:
        server = serve(answer_each())
        options = (
            option
            for option in [(socket.SOL_SOCKET, socket.SO_PRIORITY, 5), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)]
        )

        async def scenario() -> None:
            stream = await dial(face.backend(), "127.0.0.1", server.port, 5, socket_options=tuple(options))
            sock = stream.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY) == 5
            if face.name != "asyncio":  # whose loop has the last word
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
            stream.close()
            stream = await dial(face.backend(), "127.0.0.1", server.port, 5)
            assert stream.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            stream.close()

        face.run(scenario)

    def test_one_that_the_system_does_not_know(self, face: Face, serve: Serve) -> None:
        server = serve(answer_each())
        options = [(socket.SOL_SOCKET, 9999, b"x")]

        async def scenario() -> None:
            async with face.pool(socket_options=options, max_connections=1) as pool:
                for _ in range(2):
                    message = r"the socket option \(\d+, 9999, b'x'\) \(connecting"
                    with pytest.raises(ConnectError, match=message):
                        await pool.get(server.port)

        face.run(scenario)

    @pytest.mark.parametrize("option", [5, (1, 2), (1, 2, 3, 4, 5)])
    def test_one_that_is_none(self, option: Any) -> None:
        for pool in (ConnectionPool, AsyncConnectionPool):
            with pytest.raises(TypeError, match="a socket option is"):
                pool(socket_options=[option])


class TestTheFamilyThatWorked:
    class Backend:
        """Connects to what it is told to, and takes notes."""

        def __init__(self, reached: str) -> None:
            self.reached = reached
            self.orders: list[list[str]] = []

        clock = staticmethod(lambda: 0.0)

        async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
            return [(10, 1, 6, "", ("::1", port, 0, 0)), (2, 1, 6, "", ("127.0.0.1", port))]

        async def connect(self, attempts: list[Attempt], options: Any, timeout: float | None) -> Any:
            self.orders.append([attempt.address[4][0] for attempt in attempts])
            return self

        def get_extra_info(self, name: str) -> Any:
            return (self.reached, 80)

    def test_is_tried_first_from_then_on(self) -> None:
        backend = self.Backend("127.0.0.1")
        dialer = Dialer(backend, Settings())  # type: ignore[arg-type]
        run(dialer.dial("a.example", 80, 5, {}))
        backend.reached = "::1"
        for _ in range(2):
            run(dialer.dial("b.example", 80, None, {}))
        backend.reached = "192.0.2.1"
        run(dialer.dial("c.example", 80, 5, {}))
        six_first, four_first = ["::1", "127.0.0.1"], ["127.0.0.1", "::1"]
        assert backend.orders == [six_first, four_first, six_first, six_first]


def test_the_blocking_backend_awaits_what_does_not_suspend() -> None:
    async def seven() -> int:
        return 7

    assert run(blocking_backend().within(seven(), 5)) == 7
