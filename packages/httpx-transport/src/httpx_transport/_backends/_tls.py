"""TLS over a connection that never waits: what it needs of the connection before it can go on, and the handshake.

How the bytes move, and how anybody waits for them, is the stream's.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from ._interface import Bytes
from ._polling import deadline_after, remaining

_RECEIVE_SIZE: Final = 65_536

Wait: TypeAlias = Callable[[bool, bool, float | None], Awaitable[tuple[bool, bool]]]
"""Waits until the connection itself is readable or writable, whichever is asked and first, for so many seconds."""


def _raise_unexpected_eof(error: ssl.SSLError) -> None:
    """Raise `ssl.SSLEOFError` for an end without close_notify, as later releases of Python do: in 3.11.2 it is a bare SSLError."""
    if getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING" and not isinstance(error, ssl.SSLEOFError):
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol") from error


class TlsChannel(Protocol):
    """What is used of `ssl.SSLSocket`. `SSLWantReadError` and `SSLWantWriteError` say what has to be waited for."""

    def recv(self, size: int, /) -> bytes:
        """Return up to `size` bytes, b"" at the end."""
        ...

    def send(self, data: Bytes, /) -> int:
        """Send bytes; return how many. Where that has to be waited for, the same have to be sent again."""
        ...

    def pending(self) -> int:
        """Return whether bytes can be had for which the connection need not become readable."""
        ...

    def do_handshake(self) -> None:
        """Do what can be done of the handshake now."""
        ...

    def unwrap(self) -> object:
        """Say goodbye."""
        ...


class TlsSession:
    """TLS on a stream.

    TLS may have to send before it can receive, and the other way round (RFC 8446 §4.6.3).

    Args:
        channel: What does the work.

    Attributes:
        channel: What does the work.
        read_needs_write: Whether there is something to be sent before anything can be received.
    """

    __slots__ = ("_held", "_write_needs_read", "channel", "read_needs_write")

    def __init__(self, channel: TlsChannel) -> None:
        self.channel = channel
        self._held: bytes | None = None  # received, and not yet taken
        self.read_needs_write = False
        self._write_needs_read = False

    @property
    def ssl_object(self) -> Any:
        """What tells of version, cipher and certificates: the object, or the socket, of `ssl`."""
        return getattr(self.channel, "tls", self.channel)

    async def shake_hands(self, wait: Wait, timeout: float | None) -> None:
        """Do the handshake within `timeout` seconds."""
        deadline = deadline_after(timeout)
        while True:
            try:
                return self.channel.do_handshake()
            except ssl.SSLWantReadError:
                reading = True
            except ssl.SSLWantWriteError:
                reading = False
            except ssl.SSLError as error:
                _raise_unexpected_eof(error)
                raise
            await wait(reading, not reading, remaining(deadline))

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        self.read_needs_write = False
        try:
            return self.channel.recv(_RECEIVE_SIZE)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLWantWriteError:
            self.read_needs_write = True
            return None
        except ssl.SSLError as error:
            _raise_unexpected_eof(error)
            raise

    def send(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        self._write_needs_read = False
        try:
            return self.channel.send(data)
        except ssl.SSLWantWriteError:
            return 0
        except ssl.SSLWantReadError:
            self._write_needs_read = True
            return 0
        except ssl.SSLError as error:
            _raise_unexpected_eof(error)
            raise

    async def wait(self, wait: Wait, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        """Wait until bytes are here or fit, whichever is asked and first; return which it is."""
        plan = self.plan_wait(readable, writable)
        if plan is None:
            return True, False
        can_read, can_write = await wait(*plan, timeout)
        return (
            readable and (can_write if self.read_needs_write else can_read),
            writable and (can_read if self._write_needs_read else can_write),
        )

    def plan_wait(self, readable: bool, writable: bool) -> tuple[bool, bool] | None:
        """Return whether the connection itself has to become readable, and whether writable; None: bytes are here already."""
        if readable and self.pending():
            return None
        return (
            (readable and not self.read_needs_write) or (writable and self._write_needs_read),
            (writable and not self._write_needs_read) or (readable and self.read_needs_write),
        )

    def pending(self) -> bool:
        """Return whether there may be something to receive for which the connection need not become readable."""
        return self._held is not None or bool(self.channel.pending())

    def silent(self) -> bool:
        """Return whether what has come is nothing to be received: TLS may speak of its own, of tickets for later."""
        try:
            self._held = self.receive()
        except OSError:
            return False  # which is to be received again
        return self._held is None

    def end(self) -> None:
        """Say goodbye if that is possible without waiting."""
        with contextlib.suppress(OSError, ValueError):  # it mostly "fails": the peer's own goodbye is not waited for
            self.channel.unwrap()
