"""A slot that is in use. Responsibility: giving the slot back exactly once, whichever threads and finalizers try to.

The pool is kept in a list that is emptied by `pop`, which the interpreter makes atomic: of several threads that give a slot
back at once, one finds the pool, and the others find nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._home: list[Connections] = [home]
        self._share = share
        self.connection = connection

    @property
    def held(self) -> bool:
        """Whether the slot has not been given back."""
        return bool(self._home)

    def release(self, reusable: bool, keep_alive: float | None = None) -> None:
        """Give the slot back, the first time; close the connection unless it is `reusable`.

        Args:
            reusable: Whether the connection can serve again.
            keep_alive: Seconds after which the peer has said to close it; None where it has not.
        """
        home = self._take()
        if home is not None:
            home.release(self._share, self.connection, reusable, keep_alive)

    def detach(self) -> Callable[[], None] | None:
        """Keep all others from giving the slot back; return what gives it back, once, without its connection.

        Returns:
            None where the slot has been given back already.
        """
        home = self._take()
        return None if home is None else partial(home.release, self._share, self.connection, reusable=False)

    def abandon(self) -> None:
        """Give the slot back, the first time, wherever this is called: by any thread, in the middle of anything."""
        home = self._take()
        if home is not None:
            home.abandon(self._share, self.connection)

    def _take(self) -> Connections | None:
        try:
            return self._home.pop()
        except IndexError:
            return None

    def __del__(self) -> None:
        if self._home:
            self.abandon()
