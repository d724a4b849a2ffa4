"""The schemes that are spoken here, and the ports that they mean where a URL names none (RFC 9110 §4.2)."""

from __future__ import annotations

from typing import Final

DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}
