"""Which URLs have one origin, and which origins may be sent the same credentials. Pure.

Redirects and Digest authentication share this definition. Not here: which fields hold credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from httpx_urls import URL

RawOrigin: TypeAlias = tuple[bytes, bytes, int | None]
"""Scheme, host and port; None is the scheme's default port."""


def raw_origin(url: URL) -> RawOrigin:
    """Return the origin of a URL. A host name is the same with the dot of a fully qualified name and without it.

    Args:
        url: The URL.
    """
    scheme, host, port, _ = url.raw
    return scheme, host.removesuffix(b"."), port


def same_credentials(old: RawOrigin, new: RawOrigin) -> bool:
    """Return whether credentials for one origin may be sent to another: the same, or its https where both use default ports.

    Args:
        old: The origin that the credentials are for.
        new: The origin of the request.
    """
    return old == new or (old == (b"http", new[1], None) and new == (b"https", new[1], None))
