"""A slot in somebody's hands. It knows that a slot comes back exactly once, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._connection import Connection
    from ._pool import Pool


class Lease:
    """The right to use one slot, and the connection in it, until it is released.

    Args:
        pool: Whose slot it is.
        connection: What is in the slot; None until the holder has connected.
    """

    __slots__ = ("_pool", "connection")

    def __init__(self, pool: Pool, connection: Connection | None) -> None:
        self._pool: Pool | None = pool
        self.connection = connection

    @property
    def held(self) -> bool:
        """Whether the slot has not been given back."""
        return self._pool is not None

    def release(self, reusable: bool) -> None:
        """Give the slot back, the first time; close the connection unless it is `reusable`."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.release(self.connection, reusable)
