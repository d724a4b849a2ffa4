"""IPv4 and IPv6 addresses, from every spelling to the one that is shown. It knows numbers, not names or URLs.

WHATWG URL standard §3.5 (host parsing), RFC 5952 (IPv6 text).
"""

from __future__ import annotations

import re
from typing import Final

from ._errors import InvalidURL

_DOTTED_QUAD: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_CANONICAL_IPV4: Final = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")
_NUMBER: Final = re.compile(r"0[xX](?P<hex>[0-9A-Fa-f]*)|0(?P<oct>[0-7]*)|(?P<dec>[1-9][0-9]*)")
_ZEROS: Final = re.compile(r"(?:\b0(?::|\Z)){2,}")
_LONGEST_NUMBER: Final = 63
_BITS: Final = 32


def ends_in_number(name: str) -> bool:
    """Say whether the last label of the lower-case `name` is a number, which makes the whole an IPv4 address."""
    label = name.removesuffix(".").rpartition(".")[2]
    return label.isdecimal() or (label.startswith("0x") and _NUMBER.fullmatch(label) is not None)


def normalise_ipv4(name: str) -> str:
    """Return the dotted-quad form of an IPv4 address, written in any way that inet_aton reads (`0x7f.1`, `127.1`).

    Raises:
        InvalidURL: `name` is no address, or four decimal numbers of which one has a leading zero or is above 255:
            those are read in different ways by different programs.
    """
    if _CANONICAL_IPV4.fullmatch(name):
        return name
    labels = name.removesuffix(".").split(".")
    if _DOTTED_QUAD.fullmatch(name) or len(labels) > len("abcd"):
        raise InvalidURL(f"Invalid IPv4 address: {name!r}")
    numbers = [_read_number(label, name) for label in labels]
    *first, last = numbers
    if any(number > 255 for number in first) or last >> (_BITS - 8 * len(first)):
        raise InvalidURL(f"Invalid IPv4 address: {name!r}")
    address = last + sum(number << (24 - 8 * index) for index, number in enumerate(first))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _read_number(label: str, name: str) -> int:
    match = _NUMBER.fullmatch(label)
    if match is None or len(label) > _LONGEST_NUMBER:
        raise InvalidURL(f"Invalid IPv4 address: {name!r}")
    if match["dec"]:
        return int(label)
    return int(match["hex"] or "0", 16) if match["hex"] is not None else int(match["oct"] or "0", 8)


def normalise_ipv6(text: str) -> str:
    """Return the RFC 5952 form of an IPv6 address without brackets; an embedded IPv4 address becomes hexadecimal.

    Raises:
        InvalidURL: `text` is no IPv6 address. A zone (`%eth0`) is none either.
    """
    import ipaddress

    try:
        number = int(ipaddress.IPv6Address("" if "%" in text else text))
    except ValueError:
        raise InvalidURL(f"Invalid IPv6 address: {f'[{text}]'!r}") from None
    # Not `.compressed`: its spelling of ::ffff:… depends on the version of Python.
    groups = f"{number:032x}"
    shown = ":".join(groups[start : start + 4].lstrip("0") or "0" for start in range(0, 32, 4))
    runs = list(_ZEROS.finditer(shown))
    if not runs:
        return shown
    longest = max(runs, key=lambda run: len(run[0]))  # of equal ones the first
    return f"{shown[: longest.start()].removesuffix(':')}::{shown[longest.end() :]}"
