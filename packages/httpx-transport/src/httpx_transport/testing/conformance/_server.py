"""A server on loopback that does what a script says, with what arrived noted down: real sockets, in threads of its own.

It judges what arrives by h11, and knows nothing of transports.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import h11

from ...interface import Field

_RECEIVE: Final = 65_536  # bytes; a small buffer, so that who is not read from soon feels it


class ServedRequest(NamedTuple):
    """A request as it arrived."""

    method: bytes
    target: bytes
    fields: list[Field]
    content: bytes
    trailers: list[Field]


class ServedConnection:
    """The server's end of one connection, for a script.

    Args:
        server: Whose it is.
        sock: The accepted socket.

    Attributes:
        left: Set when the client has closed the connection, or broken it.
        received: All that has arrived, as bytes.
    """

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self.left = threading.Event()
        self.received = bytearray()

    def receive(self, patience: float | None = None) -> bytes:
        """Return what comes next; b"" when the client has left.

        Args:
            patience: Seconds to wait for it; None is as long as the server's lasts.

        Raises:
            TimeoutError: Nothing came.
        """
        self._sock.settimeout(self._server.patience if patience is None else patience)
        try:
            data = self._sock.recv(_RECEIVE)
        except TimeoutError:
            raise
        except OSError:
            data = b""
        if not data:
            self.left.set()
        self.received += data
        return data

    def request(self) -> ServedRequest | None:
        """Return the next request, which is noted down; None when the client has left, also in the middle of it.

        Raises:
            h11.RemoteProtocolError: What came is not HTTP/1.1.
            TimeoutError: Nothing came for as long as the server's patience lasts.
        """
        parser, before = h11.Connection(h11.SERVER), len(self.received)
        if (head := self._event(parser)) is None:
            if len(self.received) > before:
                self._server.violations.append(f"{bytes(self.received[before:])!r} is no request")
            return None
        content = b""
        while isinstance(event := self._event(parser), h11.Data):
            content += event.data
        if event is None:
            return None
        if behind := parser.trailing_data[0]:
            self._server.violations.append(f"{behind!r} came behind the end of a request")
        fields = [(bytes(name), bytes(value)) for name, value in head.headers.raw_items()]
        trailers = [(bytes(name), bytes(value)) for name, value in event.headers]
        request = ServedRequest(bytes(head.method), bytes(head.target), fields, content, trailers)
        self._server.requests.append(request)
        return request

    def _event(self, parser: h11.Connection) -> Any:
        """Return what the parser sees next, None when the client has left."""
        while (event := parser.next_event()) is h11.NEED_DATA:
            if not (data := self.receive()):
                return None
            parser.receive_data(data)
        return event

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._sock.sendall(data)

    def half_close(self) -> None:
        """Send no more."""
        self._sock.shutdown(socket.SHUT_WR)

    def wait(self) -> None:
        """Wait for the check's word, at most as long as the server's patience lasts."""
        self._server.signal.wait(self._server.patience)

    def wait_until_left(self) -> None:
        """Take all that comes, until the client has left."""
        left = False
        while not left:
            left = not self.receive()

    def close(self) -> None:
        """Close the connection, without regard to a thread that is reading from it."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:  # the client has gone
            return
        finally:
            self._sock.close()


Script: TypeAlias = Callable[[ServedConnection], None]
"""What is done on one connection; it is closed afterwards."""

Reply: TypeAlias = bytes | Callable[[ServedRequest], bytes]
"""What a request is answered with, or what makes it of the request."""


class Server:
    """Listens on loopback, and runs a script for each connection.

    Args:
        script: What is done on each.
        patience: Seconds for which it waits for anything; then the connection is closed.

    Attributes:
        patience: As above.
        port: Where it listens.
        connections: All that there have been.
        requests: All that arrived whole.
        violations: What arrived and is not HTTP/1.1, in words.
        signal: What a script waits for, and a check sets.
    """

    def __init__(self, script: Script, patience: float) -> None:
        self._script = script
        self.patience = patience
        self.connections: list[ServedConnection] = []
        self.requests: list[ServedRequest] = []
        self.violations: list[str] = []
        self.signal = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # stopped
                return
            connection = ServedConnection(self, sock)
            self.connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: ServedConnection) -> None:
        try:
            self._script(connection)
        except h11.RemoteProtocolError as error:
            self.violations.append(str(error))
        except OSError:  # the client has gone, or has lost our patience
            return
        finally:
            connection.close()

    def stop(self) -> None:
        """Listen no more, close every connection, and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        self.signal.set()
        for connection in self.connections:
            connection.close()
        for thread in self._threads[1:]:
            thread.join()


def closed_port() -> socket.socket:
    """Return a socket that has a port on loopback, at which nobody listens."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def answering(*replies: Reply) -> Script:
    """Return a script that gives each request the next reply, on whichever connection, and the last one to all others."""
    left = list(replies)

    def script(connection: ServedConnection) -> None:
        while (request := connection.request()) is not None:
            reply = left.pop(0) if len(left) > 1 else left[0]
            connection.send(reply if isinstance(reply, bytes) else reply(request))

    return script


def in_turn(*scripts: Script) -> Script:
    """Return a script that is the first one for the first connection, and so on; the last one for all others."""
    left = list(scripts)

    def script(connection: ServedConnection) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection)

    return script


def saying(data: bytes) -> Script:
    """Return a script that reads one request, says something, whatever it is, and then sends no more."""

    def script(connection: ServedConnection) -> None:
        connection.request()
        connection.send(data)
        connection.half_close()
        connection.wait_until_left()

    return script


def stalling(data: bytes) -> Script:
    """Return a script that reads one request, says something, and then nothing more until the client leaves."""

    def script(connection: ServedConnection) -> None:
        connection.request()
        connection.send(data)
        connection.wait_until_left()

    return script


def ok(content: bytes = b"ok") -> bytes:
    """Return the bytes of a response with that content."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)


def echo_target(request: ServedRequest) -> bytes:
    """Return a response that holds what was asked for."""
    return ok(request.target)
