"""One connection: a stream to an origin, and what the pool wants to know of it. Requests are the exchange's."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._certificate import certificate_facts
from ._http11 import HeadReader, RequestEncoder
from ._schemes import DEFAULT_PORTS
from ._trace import log

if TYPE_CHECKING:
    import ssl

    from ._backends import Stream
    from ._http2 import Http2Connection

Origin: TypeAlias = tuple[bytes, bytes, int | None, str | None]
"""Scheme, host, port (None: the scheme's default), and the name for TLS where it is not the host."""

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
        heads: What reads the heads of the responses.
        reused: Whether it has served an exchange to its end.
        ended: Whether the peer is known to have ended it.
        expires: When it is to be closed if it is still idle, in seconds of the pool's clock.
        http2: Its streams, where it speaks HTTP/2.
        noted: When the pool will look at it again, infinity where it will not.
    """

    __slots__ = (
        "_facts",
        "encoder",
        "ended",
        "expires",
        "heads",
        "http2",
        "noted",
        "origin",
        "peer",
        "reused",
        "stream",
        "timings",
    )

    def __init__(self, origin: Origin, stream: Stream, peer: str, timings: dict[str, float] | None = None) -> None:
        self.origin = origin
        self.stream = stream
        self.peer = peer
        self.timings = timings or {}
        self.encoder = RequestEncoder()
        self.heads = HeadReader()
        self._facts: dict[str, Any] | None = None
        self.reused = False
        self.ended = False
        self.expires = math.inf
        self.noted = math.inf
        self.http2: Http2Connection | None = None

    def facts(self, reused: bool) -> dict[str, Any]:
        """Return what a response tells of it: an id, both addresses, what TLS agreed on, and whether it is `reused`."""
        facts = self._facts
        if facts is None:
            facts = self._facts = _facts(self.stream)
        told = facts.copy()  # takes half as long as a new dict of the same
        told["reused"] = reused
        return told

    def close(self) -> None:
        """Close the stream at once."""
        log("connection.close.started")
        if self.http2 is not None:
            self.http2.goodbye()
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
        "cipher": None if tls is None else (tls.cipher() or (None,))[0],
        "certificate": None if tls is None else certificate_facts(tls),
        "reused": False,
    }


def port_of(origin: Origin) -> int:
    """Return the port to connect to."""
    scheme, _, port, _ = origin
    return DEFAULT_PORTS[scheme] if port is None else port


def peer_name(origin: Origin) -> str:
    """Return host and port as messages show them."""
    host = origin[1].decode("latin-1")
    return f"[{host}]:{port_of(origin)}" if ":" in host else f"{host}:{port_of(origin)}"
