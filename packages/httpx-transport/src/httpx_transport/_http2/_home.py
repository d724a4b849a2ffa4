"""Where an HTTP/2 connection belongs, as far as the connection knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ._connection import Http2Connection


class Home(Protocol):
    """Who is told of a connection's changes."""

    def changed(self, connection: Http2Connection) -> None:
        """Learn that the connection has more room, or less use, than before."""
        ...
