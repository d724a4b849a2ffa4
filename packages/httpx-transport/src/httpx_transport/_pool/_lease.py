"""A slot in somebody's hands. It knows that a slot comes back exactly once, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._connection import Connection
    from ._connections import Connections
    from ._share import Share


class Lease:
    """The right to use one slot, and the connection in it, until it is released, or nobody holds the lease any more.

    Args:
        home: Where the slot comes back to.
        share: Among whose slots it counts.
        connection: What is in the slot; None until the holder has connected.
    """

    __slots__ = ("_home", "_share", "connection")

    def __init__(self, home: Connections, share: Share, connection: Connection | None) -> None:
        self._home: Connections | None = home
        self._share = share
        self.connection = connection

    @property
    def held(self) -> bool:
        """Whether the slot has not been given back."""
        return self._home is not None

    def release(self, reusable: bool, keep_alive: float | None = None) -> None:
        """Give the slot back, the first time; close the connection unless it is `reusable`.

        Args:
            reusable: Whether the connection can serve again.
            keep_alive: Seconds after which the peer has said to close it; None where it has not.
        """
        home, self._home = self._home, None
        if home is not None:
            home.release(self._share, self.connection, reusable, keep_alive)

    def abandon(self) -> None:
        """Give the slot back, the first time, wherever this is called: by any thread, in the middle of anything."""
        home, self._home = self._home, None
        if home is not None:
            home.abandon(self._share, self.connection)

    def __del__(self) -> None:
        if self._home is not None:
            self.abandon()
