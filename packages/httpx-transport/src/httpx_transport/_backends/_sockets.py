"""Streams over non-blocking sockets, for every backend that can wait for a socket. How it waits is not known here.

The blocking backend polls; trio is told to wake us. Connecting, TLS and reading are the same for both.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, TypeVar, cast

from ._polling import READ, Poller, new_poller

if TYPE_CHECKING:
    import ssl

    from ._interface import Bytes

RECEIVE_SIZE: Final = 65_536
INHERITED: Final = "the connection belongs to the process that this one was forked from"
_STARTED: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})

# What getaddrinfo gives for one address: family, kind, protocol, canonical name, socket address.
AddressInfo: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
S = TypeVar("S", bound="SocketStream")


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

    __slots__ = ("_closed", "_poller", "_read_needs_write", "_socket", "_tls", "_write_needs_read")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._poller: Poller = new_poller(sock.fileno(), READ)
        self._tls: ssl.SSLSocket | None = None
        self._closed = False
        # TLS may have to send before it can receive, and the other way round (RFC 8446 §4.6.3).
        self._read_needs_write = False
        self._write_needs_read = False

    @abstractmethod
    async def _wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait for the socket itself; raise TimeoutError after `timeout` seconds."""

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        if self._tls is not None:
            return self._receive_tls(self._tls)
        try:
            return self._socket.recv(RECEIVE_SIZE)
        except BlockingIOError:
            return None

    def _receive_tls(self, tls: ssl.SSLSocket) -> bytes | None:
        import ssl

        self._read_needs_write = False
        try:
            return tls.recv(RECEIVE_SIZE)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLWantWriteError:
            self._read_needs_write = True
            return None

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        if self._tls is not None:
            return self._send_tls(self._tls, data)
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def _send_tls(self, tls: ssl.SSLSocket, data: Bytes) -> int:
        import ssl

        self._write_needs_read = False
        try:
            return tls.send(data)
        except ssl.SSLWantWriteError:
            return 0
        except ssl.SSLWantReadError:
            self._write_needs_read = True
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
        tls = self._tls
        if tls is None:
            return await self._wait(readable, writable, timeout)
        if readable and tls.pending():
            return True, False
        for_read = (readable and not self._read_needs_write) or (writable and self._write_needs_read)
        for_write = (writable and not self._write_needs_read) or (readable and self._read_needs_write)
        can_read, can_write = await self._wait(for_read, for_write, timeout)
        return (
            readable and (can_write if self._read_needs_write else can_read),
            writable and (can_read if self._write_needs_read else can_write),
        )

    async def heard(self) -> bool:
        """Return whether there may be something to receive."""
        return not self.idle()

    async def start_tls(self, context: ssl.SSLContext, hostname: str, timeout: float | None) -> None:
        """Make this stream a TLS client's; `timeout` seconds are for the whole handshake."""
        import ssl

        deadline = None if timeout is None else time.monotonic() + timeout
        self._socket = self._tls = tls = context.wrap_socket(
            self._socket, server_hostname=hostname, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._wait(True, False, remaining(deadline))
            except ssl.SSLWantWriteError:
                await self._wait(False, True, remaining(deadline))
            else:
                return

    def get_extra_info(self, name: str) -> Any:
        """Return what is known of the connection by that name."""
        if name == "ssl_object":
            return self._tls
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

    def idle(self) -> bool:
        """Return whether the stream is open and silent."""
        if self._closed or (self._tls is not None and self._tls.pending()):
            return False
        return not self._poller.poll(0)

    def watch(self, ended: Callable[[], None]) -> None:  # noqa: ARG002 - the interface says so
        """Call nobody: we learn nothing of a socket that we do not ask."""
        return

    def abort(self, why: str) -> None:
        """Break the connection. The descriptor is left to `close`, as another thread may be about to use it."""
        real = self._socket
        self._lose(why)  # before anybody wakes
        with contextlib.suppress(OSError):  # the peer was first
            real.shutdown(socket.SHUT_RDWR)

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
            # It mostly "fails": the peer's own goodbye is not waited for.
            with contextlib.suppress(OSError, ValueError):
                self._tls.unwrap()
        self._socket.close()


def remaining(deadline: float | None) -> float | None:
    """Return the seconds until `deadline`, never less than none."""
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)


async def connect_any(
    addresses: Iterable[AddressInfo], stream_type: Callable[[socket.socket], S], timeout: float | None
) -> S:
    """Try addresses in turn, all within `timeout` seconds; return a stream over the first that answers.

    Raises:
        TimeoutError: None answered in time.
        OSError: What the last one answered.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in addresses:
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:  # the system knows no such family: the next address may be of another
            failure = error
            continue
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = stream_type(sock)
            number = sock.connect_ex(address)
            if number in _STARTED:
                await stream.wait(False, True, remaining(deadline))
                number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except BaseException:
            sock.close()
            raise
        if not number:
            return stream
        sock.close()
        failure = OSError(number, os.strerror(number))
    raise failure
