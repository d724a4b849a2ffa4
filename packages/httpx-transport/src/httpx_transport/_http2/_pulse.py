"""Whether the peer of a connection is still there (RFC 9113 §6.7). It knows when the peer was heard, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ._codec import Codec

_SILENCE: Final = 10.0  # seconds after which an idle peer is asked whether it is there
PATIENCE: Final = 3.0
"""Seconds that a peer has to answer when somebody waits for it."""


class Pulse:
    """When a peer was last heard.

    Args:
        clock: What tells the time in seconds.
        codec: What counts the questions.
    """

    __slots__ = ("_clock", "_codec", "_heard_at")

    def __init__(self, clock: Callable[[], float], codec: Codec) -> None:
        self._clock = clock
        self._codec = codec
        self._heard_at = clock()

    def heard(self) -> None:
        """Note that something came."""
        self._heard_at = self._clock()

    def silent(self) -> bool:
        """Return whether the peer has said nothing for so long that it is to be asked."""
        return self._clock() - self._heard_at >= _SILENCE

    def check(self) -> bool:
        """Ask a peer that is silent, if nobody waits for it; return False where it has not answered since it was asked."""
        if self._codec.pings:
            return False
        if self.silent():
            self._codec.ping()
        return True
