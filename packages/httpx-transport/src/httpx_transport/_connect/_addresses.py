"""In which order addresses are tried, and when: Happy Eyeballs (RFC 8305) as pure functions. They know no socket.

Addresses are what getaddrinfo gives, in its order, which is the system's preference (RFC 6724).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, Final

from .._backends import AddressInfo, Attempt

DELAY: Final = 0.2  # seconds that an attempt has for itself (RFC 8305 §5), so that one for nothing costs less than 0.25


def plan(
    found: Iterable[AddressInfo], local: Iterable[AddressInfo] = (), preferred: int | None = None
) -> list[Attempt]:
    """Return which addresses to try, in order, and how long to wait for each before the next is tried beside it.

    Families take turns (RFC 8305 §4), beginning with the preferred one.

    Args:
        found: The addresses of the peer; one that stands there twice is tried once.
        local: Our own addresses that may be used, at most one of a family; none is any.
        preferred: The family that worked last; None is that of the first address.

    Raises:
        OSError: There is no address, or none of a family of ours.
    """
    ours = {info[0]: info[4] for info in local}
    families: dict[int, dict[Any, AddressInfo]] = {} if preferred is None else {preferred: {}}
    for info in found:
        families.setdefault(info[0], {}).setdefault(info[4], info)
    if not any(families.values()):
        raise OSError("the name has no address")
    usable = [addresses.values() for family, addresses in families.items() if not ours or family in ours]
    order = [info for turn in zip_longest(*usable) for info in turn if info is not None]
    if not order:
        raise OSError("the name has no address of the local address's family")
    return [Attempt(info, ours.get(info[0]), DELAY) for info in order]


def read_resolved(given: object, port: int) -> list[AddressInfo | tuple[str, int]]:
    """Return what a resolver has answered: as getaddrinfo would, or each as address and port.

    Args:
        given: What it returned: IP addresses, or pairs of address and port, or what getaddrinfo returns.
        port: The port of those that name none.

    Raises:
        TypeError: It is none of these.
    """
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise TypeError(f"a resolver must return a list of addresses, not {type(given)}: {given!r}")
    return [_address(each, port) for each in given]


def _address(given: object, port: int) -> AddressInfo | tuple[str, int]:
    if isinstance(given, str):
        return given, port
    if isinstance(given, tuple) and len(given) == 5:
        return given
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str) and isinstance(given[1], int):
        return given
    raise TypeError(f"a resolver's address must be 'address', ('address', port) or getaddrinfo's, not {given!r}")
