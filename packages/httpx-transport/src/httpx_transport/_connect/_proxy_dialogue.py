"""Talking to a proxy before there is a connection to the target: whole messages, within one deadline.

It knows bytes and time, not what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .._backends import Stream
from .._errors import ProxyError

_CLOSED: Final = "the connection was closed in the middle of the handshake"
_PATIENCE: Final = 65_536  # bytes that are kept of what nobody has asked for


class Dialogue:
    """What is said to one proxy, and what it answers.

    Args:
        stream: The stream to the proxy.
        left: What returns the seconds that are left, None where there is no limit.
    """

    __slots__ = ("_heard", "_left", "_stream")

    def __init__(self, stream: Stream, left: Callable[[], float | None]) -> None:
        self._stream = stream
        self._left = left
        self._heard = b""

    async def say(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            ProxyError: The proxy has closed the connection, or talks and does not listen.
            TimeoutError: There was no time left.
            OSError: The connection broke.
        """
        pending = memoryview(data)
        while pending := pending[self._stream.send(pending) :]:
            readable, _ = await self._stream.wait(True, True, self._left())
            if readable:
                self._overhear()

    def _overhear(self) -> None:
        """Take what the proxy says while we speak: a stream may have to be read before it takes more."""
        heard = self._stream.receive()
        if heard == b"":
            raise ProxyError(_CLOSED)
        self._heard += heard or b""
        if len(self._heard) > _PATIENCE:
            raise ProxyError(f"it sent more than {_PATIENCE} bytes before it was asked anything")

    async def hear(self) -> bytes:
        """Return the next bytes, in the pieces in which they come.

        Raises:
            ProxyError: The proxy has closed the connection.
            TimeoutError: There was no time left.
            OSError: The connection broke.
        """
        heard, self._heard = self._heard, b""
        if not heard:
            heard = await self._stream.read(self._left())
        if not heard:
            raise ProxyError(_CLOSED)
        return heard

    async def hear_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes; what came behind them is kept.

        Raises:
            ProxyError: The proxy has closed the connection before that.
            TimeoutError: There was no time left.
            OSError: The connection broke.
        """
        heard = b""
        while len(heard) < size:
            heard += await self.hear()
        self._heard = heard[size:]
        return heard[:size]

    def finish(self, surplus: bytes = b"") -> None:
        """Make sure that nothing has come behind the last message: the next word is ours, to somebody else.

        Args:
            surplus: What came with the last message, and does not belong to it.

        Raises:
            ProxyError: There is more, which could pass for an answer of the target's, or the connection is closed.
            OSError: The connection broke.
        """
        further = surplus or self._heard or self._stream.receive()
        if further == b"":
            raise ProxyError("the connection was closed right after the handshake")
        if further is not None:
            raise ProxyError(f"{len(further)} bytes came before anything was asked of the target")
