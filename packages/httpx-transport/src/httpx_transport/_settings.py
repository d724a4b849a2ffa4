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
    http1: bool = True
    http2: bool = False

    def check(self) -> Settings:
        """Return it as it is.

        Raises:
            ValueError: No request could ever be sent.
            ImportError: HTTP/2 is wanted, and its engine is not installed.
        """
        if not self.http1 and not self.http2:
            raise ValueError("at least one of http1 and http2 must be True")
        if self.http2 and not _installed("h2"):
            raise ImportError(
                "Using http2=True, but the 'h2' package is not installed. "
                "Make sure to install httpx using `pip install httpx[http2]`."
            )
        if self.max_connections_per_origin is not None and self.max_connections_per_origin < 1:
            raise ValueError(
                f"max_connections_per_origin must be at least 1, or None, not {self.max_connections_per_origin!r}"
            )
        return self

    def alpn(self) -> tuple[str, ...]:
        """Return the protocols to offer in TLS handshakes, the preferred one first (RFC 7301)."""
        return ("h2",) * self.http2 + ("http/1.1",) * self.http1


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
