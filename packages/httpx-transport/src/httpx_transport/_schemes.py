"""The schemes that are spoken here, and the ports that they mean where a URL names none (RFC 9110 §4.2, RFC 6455 §3).

A request for ws or wss is sent as one for http or https: it is how a WebSocket connection begins.
"""

from __future__ import annotations

from typing import Final

DEFAULT_PORTS: Final = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443}
SECURE: Final = frozenset({b"https", b"wss"})
