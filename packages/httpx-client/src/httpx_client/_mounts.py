"""Which URLs a pattern means, and which of two patterns is the more specific. It knows no transports and no proxies.

all://                      every URL
https://                    every URL of that scheme
all://example.com           that host, on any port
all://*example.com          that host and every name below it
all://*.example.com         every name below it
all://*:8080                that port of any host
all://example.com:8080      that port of that host
all://10.0.0.0/8            every address of that network; IPv6: all://[fd00::/8]

A host is the same with the dot of a fully qualified name ("example.com.") and without it, and an IPv4 address is the same
where it is mapped to IPv6 ("[::ffff:10.0.0.1]", RFC 4291 §2.5.5.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from httpx_urls import URL, InvalidURL

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    Network: TypeAlias = IPv4Network | IPv6Network

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*(?=://)")
# Behind an address a number is a network's prefix, and a port may follow it; any other path means nothing.
_AUTHORITY: Final = re.compile(
    r"(?>(?:[^/?#\\]*@)?)"
    r"(?P<host>\[[^\[\]?#\\]*\]|[^:/?#\\\[\]]*)"
    r"(?::(?P<port>[^/?#\\]*))?"
    r"(?:/(?P<prefix>[0-9]+)(?::(?P<port_behind>[0-9]+))?\Z|(?=[/?#])|\Z)"
)
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_MAPPED: Final = "::ffff:"  # what mapped addresses begin with in normal form
_MAPPED_BITS: Final = 96
_HIGHEST_PORT: Final = 65_535


class _Meaning(NamedTuple):
    """What a pattern says: an empty scheme or host and no port are any; of host and network there is at most one."""

    scheme: str = ""
    host: str = ""
    port: int | None = None
    network: Network | None = None


class URLPattern:
    """A set of URLs: what the keys of `mounts=` stand for.

    Patterns are equal if their texts are. Sorted, the more specific one comes first: one with a port before one
    without; then the longer host, any host before a network, the smaller network before the larger one, and that before
    no host; then the longer scheme.

    >>> URLPattern("https://*.example.com").matches(URL("https://www.example.com:8443/"))
    True

    Args:
        pattern: The text. A port that is named is meant, also where it is the scheme's default. User and path mean
            nothing.

    Raises:
        InvalidURL: The host or the port is none.
        ValueError: It is not empty, and does not begin with a scheme and "://".
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        meaning = _read(pattern)
        self.scheme = meaning.scheme
        self.host = meaning.host
        self.port = meaning.port
        self._network = meaning.network

    def matches(self, other: URL) -> bool:
        """Say whether a URL is one of those."""
        if self.scheme and self.scheme != other.scheme:
            return False
        if self.port is not None and not (other.is_absolute_url and other.origin.port == self.port):
            return False
        return network_contains(self._network, other.host) if self._network else host_matches(self.host, other.host)

    @property
    def priority(self) -> tuple[int, float, int]:
        """What patterns are sorted by: the most specific one has the least."""
        # Every network stands between one letter of a host's name and none.
        size = (self._network.prefixlen + 1) / 130 if self._network else len(self.host)
        return (1 if self.port is None else 0, -size, -len(self.scheme))

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __lt__(self, other: URLPattern) -> bool:
        return self.priority < other.priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URLPattern) and self.pattern == other.pattern

    def __repr__(self) -> str:
        start, at, rest = self.pattern.rpartition("@")
        return f"URLPattern({start.partition('//')[0] + '//' + rest if at else self.pattern!r})"


def host_matches(pattern: str, host: str) -> bool:
    """Say whether a host is meant by a pattern's; both as `URL.host` shows them. Names match at the borders of labels.

    Args:
        pattern: A host; "*.name" for what is below that name, "*name" for the name too; empty for any host.
        host: The host in question.
    """
    if not pattern:
        return True
    pattern, host = pattern.removesuffix("."), _plain(host)
    if pattern[0] != "*":
        return host == _plain(pattern)
    if pattern[1] == ".":
        return host.endswith(pattern[1:]) and len(host) >= len(pattern)
    name = pattern[1:]
    return host == name or (host.endswith("." + name) and len(host) > len(name) + 1)


def network_contains(network: Network, host: str) -> bool:
    """Say whether a host, as `URL.host` shows it, is an address of a network. A name never is."""
    host = host.removesuffix(".")
    if ":" not in host and not _IPV4.fullmatch(host):
        return False
    from ipaddress import ip_address

    try:
        return ip_address(host) in network or ip_address(_plain(host)) in network
    except ValueError:  # other schemes than the web's have hosts that only look like an address
        return False


def _plain(host: str) -> str:
    """Return a host without the dot of a fully qualified name, and an IPv4 address that is mapped to IPv6 as IPv4."""
    if not host.startswith(_MAPPED):
        return host.removesuffix(".")
    from ipaddress import IPv6Address

    return str(IPv6Address(host).ipv4_mapped or host)


def _read(pattern: str) -> _Meaning:
    """Return what a pattern says; errors are those of `URLPattern`."""
    if not isinstance(pattern, str):
        raise TypeError(f"Invalid type for a URL pattern. Expected str, got {type(pattern)}: {pattern!r}")
    if not pattern:
        return _Meaning()
    found = _SCHEME.match(pattern)
    if found is None:
        raise ValueError(_what_to_write(pattern))
    authority = _AUTHORITY.match(pattern, found.end() + len("://"))
    if authority is None:
        raise InvalidURL(f"Invalid host in a URL pattern: {pattern[found.end() + len('://') :].rpartition('@')[2]!r}")
    scheme = "" if found[0].lower() == "all" else found[0].lower()
    host, port, prefix, port_behind = authority.group("host", "port", "prefix", "port_behind")
    if authority["port"] and "@" in pattern[authority.end() :]:
        # With "/", "?" or "#" in a user name or a password, what precedes them looks like a host and a port.
        raise InvalidURL('Invalid URL pattern: "/", "?" and "#" in a user name or a password must be percent-encoded')
    if "/" in host:
        network = _network(host[1:-1])
    elif prefix and (host.startswith("[") or _IPV4.fullmatch(host)):
        network, port = _network(f"{host.strip('[]')}/{prefix}"), port or port_behind
    else:
        return _Meaning(scheme, _host(scheme, host), _port(port))
    return _Meaning(scheme, str(network), _port(port), network)


def _what_to_write(pattern: str) -> str:
    """Return the message for what is no pattern, without a user and a password."""
    shown = pattern.rpartition("@")[2]
    scheme, host = shown.strip().rstrip(":/"), shown.strip().rpartition("://")[2].lstrip("/")
    is_host = any(mark in scheme for mark in ":/.*") or scheme == "localhost"
    better = f"all://{host}" if is_host else f"{scheme}://"
    return (
        f'Proxy keys should use proper URL forms rather than plain scheme strings. Instead of "{shown}", use "{better}"'
    )


def _host(scheme: str, host: str) -> str:
    """Return a host with its stars, otherwise as `URL.host` shows it."""
    if host in ("", "*"):
        return ""
    stars = "*." if host.startswith("*.") else "*" if host.startswith("*") else ""
    return stars + URL(f"{scheme or 'http'}://{host.removeprefix(stars)}").host


def _port(port: str | None) -> int | None:
    if not port:
        return None
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= _HIGHEST_PORT):
        raise InvalidURL(f"Invalid port: {port!r}")
    return int(port)


def _network(text: str) -> Network:
    from ipaddress import ip_network

    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise InvalidURL(f"Invalid network: {text!r}") from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        return ip_network((mapped, network.prefixlen - _MAPPED_BITS))
    return network
