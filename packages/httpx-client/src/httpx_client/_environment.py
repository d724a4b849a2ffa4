"""The proxies that the environment names, and the hosts for which it wants none. Nothing here raises or opens anything.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower or upper case; the lower-case one wins, also when it is empty.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Final

from httpx_urls import InvalidURL

from ._mounts import URLPattern

_SCHEMES: Final = ("http", "https", "all")
_SEPARATORS: Final = re.compile(r"[,\s]+")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+(?::[0-9]+)?)?")
_IPV6: Final = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/[0-9]+)?")


def get_environment_proxies() -> dict[str, str | None]:
    """Return what the environment says: from patterns of URLs to the URL of a proxy, or to None for no proxy.

    The keys are those of `mounts=`. NO_PROXY holds, with commas or spaces between them: names, which mean the names below
    them too (with a leading dot or "*.": only those); IPv4 and IPv6 addresses; networks such as 10.0.0.0/8; each of these
    with or without a port; URLs; and "*" for every host. What is none of these is ignored.

    Under CGI, where a request's field `Proxy` would become HTTP_PROXY, only the lower-case http_proxy counts.
    Where no variable is set, it is what macOS or Windows has been configured to use.
    """
    variables = _variables()
    hosts = [host for host in _SEPARATORS.split(variables.get("no", "")) if host]
    if "*" in hosts:
        return {}
    proxies: dict[str, str | None] = {f"{name}://": _url(variables[name]) for name in _SCHEMES if variables.get(name)}
    for host in hosts:
        pattern = no_proxy_pattern(host)
        if pattern is not None:
            proxies[pattern] = None
    return proxies


def no_proxy_pattern(entry: str) -> str | None:
    """Return the pattern of URLs that one entry of NO_PROXY means, None if it means nothing.

    >>> no_proxy_pattern("example.com"), no_proxy_pattern("fd00::/8"), no_proxy_pattern("[::1")
    ('all://*example.com', 'all://[fd00::/8]', None)

    Args:
        entry: The entry, without spaces and commas.
    """
    if "://" in entry:
        pattern = entry
    elif _IPV6.fullmatch(entry):
        pattern = f"all://[{entry}]"
    elif entry[:1] in {"*", "["} or entry.lower() == "localhost" or _IPV4.fullmatch(entry):
        pattern = f"all://{entry}"
    else:
        pattern = f"all://*{entry}"
    try:
        host = URLPattern(pattern).host
    except (InvalidURL, ValueError):
        return None
    # Who has named no host has not meant all of them; those are "*", a scheme, or a port of all.
    return pattern if host or pattern == entry or entry.startswith("*:") else None


def _variables() -> dict[str, str]:
    """Return the variables that end in _PROXY without that, in lower case."""
    variables: dict[str, str] = {}
    # Sorted, upper case comes before lower case.
    for variable in sorted(name for name in os.environ if name[-6:].lower() == "_proxy"):
        name, value = variable[:-6].lower(), os.environ.get(variable, "").strip()
        if name == "http" and variable != "http_proxy" and "REQUEST_METHOD" in os.environ:
            continue
        if value:
            variables[name] = value
        elif variable.islower():
            variables.pop(name, None)
    if not variables and sys.platform in {"darwin", "win32"}:
        from urllib.request import getproxies

        return getproxies()
    return variables


def _url(proxy: str) -> str:
    """Return the URL of a proxy that may be no more than a host. Desktops and other proxies write "socks" for SOCKS 5."""
    scheme, separator, rest = proxy.partition("://")
    if not separator:
        return f"http://{proxy.lstrip('/')}"
    return f"socks5://{rest}" if scheme.lower() == "socks" else proxy
