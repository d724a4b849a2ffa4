"""A server on loopback that counts its connections, and does on each what a function says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

Script = Callable[[socket.socket], None]


class ScriptedServer:
    """Runs a script in a thread for each connection; use it in `with`.

    Args:
        script: What is done on a connection; it is closed afterwards.
        context: TLS, if any.
    """

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self.accepted = 0
        self._script = script
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        """The port."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The URL of its root."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/"

    def __enter__(self) -> ScriptedServer:
        self._threads[0].start()
        return self

    def __exit__(self, *details: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._context is not None:
                connection = stack.enter_context(self._context.wrap_socket(connection, server_side=True))
            self._script(connection)


def answering(response: bytes) -> Script:
    """Return a script that answers every request head with the same bytes."""

    def script(connection: socket.socket) -> None:
        received = b""
        while data := connection.recv(65536):
            *heads, received = (received + data).split(b"\r\n\r\n")
            connection.sendall(response * len(heads))

    return script


def silent(connection: socket.socket) -> None:
    """Receive, and never answer."""
    while connection.recv(65536):
        continue


def saying(data: bytes) -> Script:
    """Return a script that reads a request and says something once, whatever it is."""

    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return script
