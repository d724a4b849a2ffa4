"""One connection: a stream to an origin, and what the pool wants to know of it. Requests are the exchange's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ._http11 import RequestEncoder

if TYPE_CHECKING:
    from ._backends import Stream

Origin: TypeAlias = tuple[bytes, bytes, int | None]
"""Scheme, host, port as the caller wrote them; None is the scheme's default."""

DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}


class Connection:
    """A stream to an origin.

    Args:
        origin: Whom it reaches.
        stream: The open stream, TLS already done.
        peer: Host and port, for messages.

    Attributes:
        encoder: What words the requests that go over it.
        reused: Whether it has served an exchange to its end.
        idle_since: When it became idle, in seconds of the pool's clock.
    """

    __slots__ = ("encoder", "idle_since", "origin", "peer", "reused", "stream")

    def __init__(self, origin: Origin, stream: Stream, peer: str) -> None:
        self.origin = origin
        self.stream = stream
        self.peer = peer
        self.encoder = RequestEncoder()
        self.reused = False
        self.idle_since = 0.0

    def close(self) -> None:
        """Close the stream at once."""
        self.stream.close()


def port_of(origin: Origin) -> int:
    """Return the port to connect to."""
    scheme, _, port = origin
    return DEFAULT_PORTS[scheme] if port is None else port


def peer_name(origin: Origin) -> str:
    """Return host and port as messages show them."""
    host = origin[1].decode("latin-1")
    return f"[{host}]:{port_of(origin)}" if ":" in host else f"{host}:{port_of(origin)}"
