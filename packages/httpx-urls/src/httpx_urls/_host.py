"""From the host as written to the host that is contacted. It knows names and addresses, not URLs.

RFC 3986 §3.2.2, RFC 5891 (IDNA), RFC 5952 (IPv6 text). Strict for now: a host that WHATWG would rewrite to an IPv4
address (`0x7f.1`, `1.2.3`) is refused, never shown as one thing and contacted as another.
"""

from __future__ import annotations

import re
from typing import Final

from ._errors import InvalidURL

_NAME: Final = re.compile(
    r"(?=.{1,253}\.?\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_ENDS_IN_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_IPV4: Final = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")


def encode_host(host: str) -> str:
    """Return the host in the form that goes on the wire: lower case, ASCII, IPv6 without brackets.

    Raises:
        InvalidURL: `host` is empty, no valid name, or no valid address.
    """
    if host.startswith("["):
        return _encode_ipv6(host)
    name = host.lower()
    if not name.isascii() or "xn--" in name:
        name = _encode_idna(host, name)
    if _ENDS_IN_NUMBER.fullmatch(name):
        if not _IPV4.fullmatch(name):
            raise InvalidURL(f"Invalid IPv4 address: {host!r}")
    elif not _NAME.fullmatch(name):
        raise InvalidURL(f"Invalid host: {host!r}")
    return name


def _encode_ipv6(host: str) -> str:
    import ipaddress

    try:
        return ipaddress.IPv6Address(host[1:-1] if host.endswith("]") and "%" not in host else "").compressed
    except ValueError:
        raise InvalidURL(f"Invalid IPv6 address: {host!r}") from None


def _encode_idna(host: str, name: str) -> str:
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise InvalidURL(f"Invalid IDNA hostname: {host!r}") from None
