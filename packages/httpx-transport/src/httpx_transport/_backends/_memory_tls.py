"""TLS over anything that carries bytes, as `ssl.SSLSocket` is over a socket: for event loops, and for TLS inside TLS."""

from __future__ import annotations

import contextlib
import ssl
from typing import Final, Protocol

from ._interface import Bytes

_RECEIVE_SIZE: Final = 65_536
_SEND_SIZE: Final = 65_536  # bytes that are protected at once, and kept until they are sent


class Carrier(Protocol):
    """What carries the protected bytes. `SSLWantReadError` and `SSLWantWriteError` say what has to be waited for."""

    def recv(self, size: int, /) -> bytes:
        """Return bytes, about `size` at most, b"" at the end."""
        ...

    def send(self, data: Bytes, /) -> int:
        """Send bytes; return how many. Where that has to be waited for, the same have to be sent again."""
        ...

    def pending(self) -> int:
        """Return whether bytes can be had for which the connection need not become readable."""
        ...

    def unwrap(self) -> object:
        """Say goodbye, if that is the custom."""
        ...


class MemoryTls:
    """A TLS client over a carrier. It never waits.

    Args:
        carrier: What carries the protected bytes: TLS itself, its handshake done, where there is a proxy in between.
        context: Whom to trust.
        hostname: Whom to expect.

    Attributes:
        tls: The TLS object of `ssl`.
    """

    __slots__ = ("_accepted", "_carrier", "_incoming", "_more", "_outgoing", "_unsent", "tls")

    def __init__(self, carrier: Carrier, context: ssl.SSLContext, hostname: str) -> None:
        self._carrier = carrier
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._unsent = memoryview(b"")  # protected, and not yet carried away
        self._accepted = 0  # bytes of content that are protected, whose sending has not been reported
        self._more = False  # whether there may be content in memory

    def do_handshake(self) -> None:
        """Do what can be done of the handshake now."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLError:
                self._flush_if_possible()  # the peer may learn why
                raise
            else:
                return self._flush()

    def recv(self, size: int, /) -> bytes:
        """Return up to `size` bytes, b"" at the end; an end or an error waits until what came before it was taken."""
        chunks: list[bytes] = []
        self._more = True
        while size:
            try:
                chunk = self.tls.read(size)
            except ssl.SSLWantReadError:
                self._more = False
                if chunks:
                    break
                self._exchange()
                continue
            except ssl.SSLError:
                if not chunks:
                    raise
                break
            if not chunk:  # the end: it can be had again and again
                break
            chunks.append(chunk)
            size -= len(chunk)
            self._more = bool(self._incoming.pending or self.tls.pending())
            if not self._more:  # asking once more would cost an exception
                break
        return b"".join(chunks)

    def send(self, data: Bytes, /) -> int:
        """Send bytes; return how many. Where that has to be waited for, the same have to be sent again."""
        if not self._accepted:
            self._accepted = self.tls.write(memoryview(data)[:_SEND_SIZE])
        self._flush()
        accepted, self._accepted = self._accepted, 0
        return accepted

    def pending(self) -> int:
        """Return whether bytes can be had for which the connection need not become readable."""
        return self._more or self._carrier.pending()

    def unwrap(self) -> None:
        """Say goodbye, as far as that is possible now."""
        with contextlib.suppress(OSError, ValueError):
            self.tls.unwrap()
        self._flush_if_possible()
        self._carrier.unwrap()

    def _exchange(self) -> None:
        """Receive more, after sending what TLS may have to say before it can go on."""
        try:
            self._flush()
        except ssl.SSLWantWriteError:
            if not self._accepted:
                raise
            # It is content that somebody else sends: the peer may take no more of it before we have taken some of its.
        self._fill()

    def _fill(self) -> None:
        received = self._carrier.recv(_RECEIVE_SIZE)
        if received:
            self._incoming.write(received)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        while self._unsent or self._outgoing.pending:
            self._unsent = self._unsent or memoryview(self._outgoing.read())
            self._unsent = self._unsent[self._carrier.send(self._unsent) :]

    def _flush_if_possible(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._flush()


class Below(Protocol):
    """What a stream has below TLS."""

    def received(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet."""
        ...

    def deliver(self, data: Bytes) -> int:
        """Hand over as many bytes as fit now; return how many."""
        ...

    def buffered(self) -> int:
        """Return how many bytes are here."""
        ...


class StreamCarrier:
    """A stream as what carries TLS.

    Args:
        stream: The stream; somebody else waits for it.
    """

    __slots__ = ("_stream",)

    def __init__(self, stream: Below) -> None:
        self._stream = stream

    def recv(self, size: int, /) -> bytes:  # noqa: ARG002 - what has come is handed over at once
        """Return what has come, b"" at the end."""
        received = self._stream.received()
        if received is None:
            raise ssl.SSLWantReadError
        return received

    def send(self, data: Bytes, /) -> int:
        """Send as many bytes as fit now; return how many."""
        sent = self._stream.deliver(data)
        if not sent:
            raise ssl.SSLWantWriteError
        return sent

    def pending(self) -> int:
        """Return how many bytes have come."""
        return self._stream.buffered()

    def unwrap(self) -> None:
        """Say nothing: that is TCP's custom."""
