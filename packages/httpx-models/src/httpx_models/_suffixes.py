"""Hosts and domains: which names are addresses, which are below which, and which are public suffixes.

It knows names only. The list of suffixes comes from the package `publicsuffixlist`, when it is installed; nothing is
ever downloaded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)

# Without the list: second-level names that countries sell names below.
_SECOND_LEVEL = frozenset(
    re.findall(
        r"\w+",
        "ac aero asn asso biz cat co com coop ed edu firm gen go gob gouv gov govt gub gv id inf info int jobs ltd me"
        " mil mobi mod museum muni name ne net nhs nic nom or org plc police press priv pro pub res sch tm travel tv",
    )
)

_NO_SUFFIXES = frozenset({"id.me"})  # sites that only look like one


def is_address(host: str) -> bool:
    """Return whether a host is an IP address and not a name.

    Args:
        host: The host in lower case, IPv6 without brackets.
    """
    return ":" in host or _IPV4.fullmatch(host) is not None


def domain_matches(host: str, domain: str) -> bool:
    """Return whether a host is a domain, or below it (RFC 6265bis §5.1.3).

    Args:
        host: The host in lower case.
        domain: The domain in lower case, without a leading dot.
    """
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def is_public_suffix(domain: str) -> bool:
    """Return whether names directly below a domain belong to different people: "com", "co.uk", "github.io".

    Args:
        domain: The domain in lower case, ASCII, without a leading dot.
    """
    domain = domain.removesuffix(".")
    suffixes = _list()
    if suffixes is not None:
        return bool(suffixes.is_public(domain))
    above, _, top = domain.rpartition(".")
    return not above or (len(top) == 2 and above in _SECOND_LEVEL and domain not in _NO_SUFFIXES)


@lru_cache(maxsize=1)
def _list() -> Any:
    """Return the list of public suffixes, read once, or None when it is not installed."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return None
    return PublicSuffixList()
