"""From the host as written to the host that is contacted, and back to the one that is shown. It knows no URLs.

RFC 3986 §3.2.2, RFC 1035 §2.3.4 (lengths), WHATWG URL standard §3.5: for the web's schemes the result is WHATWG's or
an error, never a third thing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from . import _percent
from ._address import ends_in_number, normalise_ipv4, normalise_ipv6
from ._errors import InvalidURL

WEB_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})

# Names as RFC 3986 spells them, without escapes; the label's length is RFC 1035's.
_NAME: Final = re.compile(r"(?:[a-z0-9_\-~!$&'()*+,;=]{1,63}\.)*[a-z0-9_\-~!$&'()*+,;=]{1,63}\.?")
_LONGEST_NAME: Final = 253
_DOTTED_QUAD: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_WRONG_IN_NAME: Final = re.compile(r"[^a-z0-9_\-~!$&'()*+,;=.]")


def encode_host(scheme: str, host: str) -> str:
    """Return the host as it goes on the wire, by the rules of `scheme`; without one by the web's.

    Args:
        scheme: In lower case; empty in a relative reference.
        host: As written, not empty; an IPv6 address in brackets.

    Raises:
        InvalidURL: It is no host.
    """
    if "\\" in host:
        raise InvalidURL(f"Invalid host: {host!r}, '\\\\' stands in none: some programs read it as '/'")
    return encode_web_host(host) if not scheme or scheme in WEB_SCHEMES else encode_other_host(host)


@lru_cache(maxsize=1024)
def encode_web_host(host: str) -> str:
    """Return the host of an http, https, ws or wss URL as it goes on the wire: ASCII, lower case, IPv6 unbracketed.

    Args:
        host: The host as written; an IPv6 address in brackets.

    Raises:
        InvalidURL: It is empty, no name that DNS could have, or no address.
    """
    if host.startswith("[") and host.endswith("]"):
        return normalise_ipv6(host[1:-1])
    # Escapes beside characters beyond ASCII are no name to 0.28, and none here: `to_ascii` says so.
    name = _percent_decode(host) if "%" in host and host.isascii() else host
    if not name.isascii():
        from ._idna import to_ascii

        name = to_ascii(name)
    elif "xn--" in (name := name.lower()):
        from ._idna import check_a_labels

        check_a_labels(name)
    if not _NAME.fullmatch(name) or len(name.removesuffix(".")) > _LONGEST_NAME:
        raise InvalidURL(f"Invalid host: {host!r}, {_what_is_wrong(name)}")
    return normalise_ipv4(name) if ends_in_number(name) else name


def _percent_decode(host: str) -> str:
    name = _percent.decode(host)
    if "%" in name or "\ufffd" in name:
        raise InvalidURL(f"Invalid host: {host!r}, '%' at position {host.index('%')} begins no escape of UTF-8")
    return name


def _what_is_wrong(name: str) -> str:
    if wrong := _WRONG_IN_NAME.search(name):
        return f"{wrong[0]!r} stands in no name"
    if not name.removesuffix("."):
        return "a host is needed"
    if any(not label for label in name.removesuffix(".").split(".")):
        return "a label is empty"
    return "a label has more than 63 bytes, or the name more than 253"


def encode_other_host(host: str) -> str:
    """Return the host of a URL of any other scheme: ASCII, lower case, IPv6 in RFC 5952's form, unbracketed.

    Raises:
        InvalidURL: It has the form of an address and is none, or is no international name.
    """
    if host.startswith("[") and host.endswith("]"):
        address, percent, zone = host[1:-1].partition("%")
        return f"{normalise_ipv6(address)}{percent}{_percent.HOST.encode(zone)}"
    if _DOTTED_QUAD.fullmatch(host):
        return normalise_ipv4(host)
    if host.isascii():
        return _percent.HOST.encode(host).lower()
    from ._idna import to_ascii

    return to_ascii(host)


def decode_host(host: str) -> str:
    """Return an encoded host as people read it: international names in Unicode."""
    if "xn--" in host:
        from ._idna import to_unicode

        return to_unicode(host)
    return host
