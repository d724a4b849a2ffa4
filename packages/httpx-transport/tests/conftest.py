"""Three faces for one test, and a server that does what a script says."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import pytest
import trio
import trustme

from httpx_transport import AsyncConnectionPool, ConnectionPool
from httpx_transport._backends import Backend, blocking_backend, running_backend
from httpx_transport._connect._dialer import Dialer
from httpx_transport._settings import Settings
from httpx_transport.blocking import run
from httpx_transport.interface import Field, RawURL

T = TypeVar("T")
Answer = tuple[int, list[Field], "Content", dict[str, Any]]


class Content:
    """A response's body, the same for a test on every face."""

    def __init__(self, body: Any) -> None:
        self.body = body

    async def next(self) -> bytes:
        if hasattr(self.body, "__anext__"):
            return await anext(self.body, b"")
        return next(self.body, b"")

    async def read(self) -> bytes:
        chunks = []
        while chunk := await self.next():
            chunks.append(chunk)
        return b"".join(chunks)

    async def close(self) -> None:
        if hasattr(self.body, "aclose"):
            await self.body.aclose()
        else:
            self.body.close()


class TestPool:
    """A pool, the same for a test on every face."""

    __test__ = False

    def __init__(self, pool: ConnectionPool | AsyncConnectionPool) -> None:
        self.pool = pool

    async def send(
        self,
        port: int,
        method: bytes = b"GET",
        headers: Iterable[Field] = (),
        body: Any = b"",
        extensions: dict[str, Any] | None = None,
        url: RawURL | None = None,
    ) -> Answer:
        url = url or (b"http", b"127.0.0.1", port, b"/")
        arguments = (method, url, [(b"Host", b"test"), *headers], body, {} if extensions is None else extensions)
        if isinstance(self.pool, ConnectionPool):
            status, fields, content, facts = self.pool.handle_request(*arguments)
            return status, fields, Content(content), facts
        status, fields, async_content, facts = await self.pool.handle_async_request(*arguments)
        return status, fields, Content(async_content), facts

    async def get(self, port: int, **options: Any) -> bytes:
        return await (await self.send(port, **options))[2].read()

    async def close(self) -> None:
        if isinstance(self.pool, ConnectionPool):
            self.pool.close()
        else:
            await self.pool.aclose()


class Face:
    """One way of using the package: tests are written once, as `async def`, and run on each."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, scenario: Callable[[], Awaitable[T]]) -> T:
        if self.name == "trio":
            return trio.run(scenario)
        return (asyncio.run if self.name == "asyncio" else run)(scenario())  # type: ignore[arg-type]

    @contextlib.asynccontextmanager
    async def pool(self, **options: Any) -> AsyncIterator[TestPool]:
        pool = TestPool((ConnectionPool if self.name == "blocking" else AsyncConnectionPool)(**options))
        try:
            yield pool
        finally:
            await pool.close()

    def backend(self) -> Backend:
        return blocking_backend() if self.name == "blocking" else running_backend()

    def body(self, chunks: Iterable[bytes]) -> Any:
        async def generate() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return iter(chunks) if self.name == "blocking" else generate()


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)


async def dial(backend: Any, host: str, port: int, timeout: float | None, **settings: Any) -> Any:
    """Return a stream, as the connector of a pool makes it before TLS."""
    return await Dialer(backend, Settings(**settings)).dial(host, port, timeout, {})


def collect() -> None:
    """Collect all that nobody refers to: `gc.collect` does nothing while another thread collects, be it a little."""
    phases: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if info["generation"] == 2 and (phases or phase == "start"):
            phases.append(phase)

    gc.callbacks.append(note)
    try:
        while "stop" not in phases:
            gc.collect()
    finally:
        gc.callbacks.remove(note)


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.asked = False

    def head(self) -> bytes:
        """Return the next request's head; b"" where the client has gone."""
        while b"\r\n\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def take(self, length: int) -> bytes:
        while len(self.buffer) < length:
            self.buffer += self.sock.recv(65536)
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def take_line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self.buffer += self.sock.recv(65536)
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def wait_closed(self) -> None:
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Peer], None]


class Server:
    """Listens on loopback; each connection runs the script in a thread of its own."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.script = script
        self.context = context
        self.accepted = 0
        self.failures: list[BaseException] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port: int = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self._accept)
        self.acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(30)
        try:
            if self.context is not None:
                try:
                    sock = self.context.wrap_socket(sock, server_side=True)
                except OSError:
                    return  # the client's business: it says why
            self.script(Peer(sock))
        except ConnectionError:
            return
        except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
            self.failures.append(error)
        finally:
            sock.close()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join()
        for thread in self.threads:
            thread.join()
        assert self.failures == []


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(script: Script, *options: Any) -> Server:
        servers.append(Server(script, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer_each(response: bytes = OK) -> Script:
    """Return a script that answers every request with the same bytes."""

    def script(peer: Peer) -> None:
        while peer.head():
            peer.send(response)

    return script


def answer_once(response: bytes) -> Script:
    """Return a script that answers one request, and closes."""

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(response)

    return script


def silence(peer: Peer) -> None:
    """Read, and never answer."""
    peer.wait_closed()
