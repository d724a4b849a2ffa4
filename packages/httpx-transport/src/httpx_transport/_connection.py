"""One connection: a stream to an origin, and what the pool wants to know of it. Requests are the exchange's."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._http11 import RequestEncoder
from ._trace import log

if TYPE_CHECKING:
    import ssl

    from ._backends import Stream

Origin: TypeAlias = tuple[bytes, bytes, int | None, str | None]
"""Scheme, host, port (None: the scheme's default), and the name for TLS where it is not the host."""

DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}

_numbers: Final = itertools.count(1)


class Connection:
    """A stream to an origin.

    Args:
        origin: Whom it reaches.
        stream: The open stream, TLS already done.
        peer: Host and port, for messages.
        timings: Seconds that making it took, by phase.

    Attributes:
        encoder: What words the requests that go over it.
        reused: Whether it has served an exchange to its end.
        idle_since: When it became idle, in seconds of the pool's clock.
    """

    __slots__ = ("_facts", "encoder", "idle_since", "origin", "peer", "reused", "stream", "timings")

    def __init__(self, origin: Origin, stream: Stream, peer: str, timings: dict[str, float] | None = None) -> None:
        self.origin = origin
        self.stream = stream
        self.peer = peer
        self.timings = timings or {}
        self.encoder = RequestEncoder()
        self._facts: dict[str, Any] | None = None
        self.reused = False
        self.idle_since = 0.0

    def facts(self, reused: bool) -> dict[str, Any]:
        """Return what a response tells of it: an id, both addresses, what TLS agreed on, and whether it is `reused`."""
        facts = self._facts
        if facts is None:
            facts = self._facts = _facts(self.stream)
        return {**facts, "reused": reused}

    def close(self) -> None:
        """Close the stream at once."""
        log("connection.close.started")
        self.stream.close()
        log("connection.close.complete")


def _facts(stream: Stream) -> dict[str, Any]:
    tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
    return {
        "id": next(_numbers),
        "local_address": stream.get_extra_info("client_addr"),
        "remote_address": stream.get_extra_info("server_addr"),
        "tls_version": None if tls is None else tls.version(),
        "alpn": None if tls is None else tls.selected_alpn_protocol(),
    }


def port_of(origin: Origin) -> int:
    """Return the port to connect to."""
    scheme, _, port, _ = origin
    return DEFAULT_PORTS[scheme] if port is None else port


def peer_name(origin: Origin) -> str:
    """Return host and port as messages show them."""
    host = origin[1].decode("latin-1")
    return f"[{host}]:{port_of(origin)}" if ":" in host else f"{host}:{port_of(origin)}"
