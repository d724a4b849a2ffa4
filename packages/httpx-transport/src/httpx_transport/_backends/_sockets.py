"""Streams over non-blocking sockets, for every backend that can wait for a socket. How it waits is not known here.

The blocking backend polls; trio is told to wake us. Connecting, TLS and reading are the same for both.
"""

from __future__ import annotations

import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from ._polling import READ, Poller, new_poller

if TYPE_CHECKING:
    import ssl

    from ._interface import Bytes
    from ._tls import TlsChannel, TlsSession

RECEIVE_SIZE: Final = 65_536
INHERITED: Final = "the connection belongs to the process that this one was forked from"


class LostSocket:
    """Stands where a socket was that may not be used any more, and says why to whoever tries.

    Args:
        sock: The socket.
        why: What is said.
    """

    __slots__ = ("_socket", "_why")

    def __init__(self, sock: socket.socket, why: str) -> None:
        self._socket = sock
        self._why = why

    def use(self, *_: object) -> NoReturn:
        """Raise ConnectionAbortedError."""
        raise ConnectionAbortedError(self._why)

    recv = send = fileno = poll = register = use

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class SocketStream(ABC):
    """A connected non-blocking socket, plain or TLS.

    Args:
        sock: The socket, already non-blocking and owned by the stream from here on.
    """

    __slots__ = ("_closed", "_poller", "_socket", "_tls")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._poller: Poller = new_poller(sock.fileno(), READ)
        self._tls: TlsSession | None = None
        self._closed = False

    @abstractmethod
    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait for the socket itself; raise TimeoutError after `timeout` seconds."""

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        if self._tls is not None:
            return self._tls.receive()
        try:
            return self._socket.recv(RECEIVE_SIZE)
        except BlockingIOError:
            return None

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        if self._tls is not None:
            return self._tls.send(data)
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    async def read(self, timeout: float | None) -> bytes:
        """Wait for bytes for at most `timeout` seconds; return them, b"" at the end."""
        if self._tls is None:
            # An answer is hardly ever here before it is waited for: trying first would cost an exception.
            await self._wait(True, False, timeout)
        while (data := self.receive()) is None:
            await self.wait(True, False, timeout)
        return data

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait until bytes are here or fit, whichever is asked and first; return which it is."""
        if self._tls is None:
            return await self._wait(readable, writable, timeout)
        return await self._tls.wait(self._wait, readable, writable, timeout)

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool] | None:
        """Return whether the socket has to become readable, and whether writable; None where bytes are here already."""
        return (readable, writable) if self._tls is None else self._tls.plan_wait(readable, writable)

    async def yield_turn(self) -> None:
        """Return at once: there may be no event loop."""
        return

    async def heard(self) -> bool:
        """Return whether there may be something to receive."""
        await self.yield_turn()
        return not self.idle()

    async def start_tls(self, context: ssl.SSLContext, hostname: str, timeout: float | None) -> None:
        """Make this stream a TLS client's; `timeout` seconds are for the whole handshake."""
        from ._tls import TlsSession

        self._tls = TlsSession(self._channel(context, hostname))
        await self._tls.shake_hands(self._wait, timeout)

    def _channel(self, context: ssl.SSLContext, hostname: str) -> TlsChannel:
        if self._tls is not None:  # to a proxy; now to whom is behind it
            from ._memory_tls import MemoryTls

            return MemoryTls(self._tls.channel, context, hostname)
        from ._tls import require_close_notify

        require_close_notify(context)
        self._socket = tls = context.wrap_socket(
            self._socket, server_hostname=hostname, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        return tls

    def get_extra_info(self, name: str) -> Any:
        """Return what is known of the connection by that name."""
        if name == "ssl_object":
            return None if self._tls is None else self._tls.ssl_object
        if name == "is_readable":
            return not self.idle()
        if name == "socket":
            return self._socket
        return self._address(name)

    def _address(self, name: str) -> Any:
        known = {"client_addr": self._socket.getsockname, "server_addr": self._socket.getpeername}.get(name)
        if known is None:
            return None
        try:
            address = known()
        except OSError:  # the peer has gone
            return None
        return address[:2] if isinstance(address, tuple) else address

    def share(self) -> None:
        """Change nothing: a send never looks at what has come."""
        return

    def idle(self) -> bool:
        """Return whether the stream is open and silent."""
        if self._closed:
            return False
        tls = self._tls
        if tls is None:
            return not self._poller.poll(0)
        return not (tls.pending() or self._poller.poll(0)) or tls.silent()

    def watch(self, ended: Callable[[], None]) -> None:  # noqa: ARG002 - the interface says so
        """Call nobody: we learn nothing of a socket that we do not ask."""
        return

    def listen(self, heard: Callable[[], None]) -> None:  # noqa: ARG002 - the interface says so
        """Call nobody, likewise."""
        return

    def abort(self, why: str) -> None:
        """Break the connection. The descriptor is left to `close`, as another thread may be about to use it."""
        real = self._socket
        self._lose(why)  # before anybody wakes
        with contextlib.suppress(OSError):  # the peer was first
            # Not the method of `ssl.SSLSocket`: it ends TLS, and a thread that is about to read would get protected bytes.
            socket.socket.shutdown(real, socket.SHUT_RDWR)

    def forget(self) -> None:
        """Close our copy of the descriptor, which says nothing to the peer while the other process has its own."""
        self._closed = True
        self._socket.close()
        self._lose(INHERITED)

    def _lose(self, why: str) -> None:
        lost = LostSocket(self._socket, why)
        self._tls, self._poller, self._socket = None, lost, cast(socket.socket, lost)

    def close(self) -> None:
        """Close at once; a TLS peer is told so if that is possible without waiting."""
        if self._closed:
            return
        self._closed = True
        if self._tls is not None:
            self._tls.end()
        self._socket.close()
