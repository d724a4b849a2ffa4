"""What both faces are told when a pool is made, in one place. It knows no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl


class Settings(NamedTuple):
    """The settings of one pool; the faces say what each is for."""

    ssl_context: ssl.SSLContext | None = None
    max_connections: int | None = 100
    max_keepalive_connections: int | None = 20
    keepalive_expiry: float | None = 5.0
    timeout: float | None = 5.0
    max_connections_per_origin: int | None = None

    def check(self) -> Settings:
        """Return it as it is.

        Raises:
            ValueError: No request could ever be sent.
        """
        if self.max_connections_per_origin is not None and self.max_connections_per_origin < 1:
            raise ValueError(
                f"max_connections_per_origin must be at least 1, or None, not {self.max_connections_per_origin!r}"
            )
        return self
