"""The pool: which connection serves which request, and who waits. Slots decide, the pool acts.

What it takes to make one is imported when one is made: only who has a pool pays for it, or for what knows proxies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._backends import Backend
    from .._settings import Settings
    from ._pool import Pool

__all__ = ["new_pool"]


def new_pool(backend: Backend, settings: Settings) -> Pool:
    """Return the pool for these settings."""
    if settings.http2:
        from ._http2_pool import Http2Pool, ProxiedHttp2Pool

        return ProxiedHttp2Pool(backend, settings) if settings.proxies else Http2Pool(backend, settings)
    if settings.proxies:
        from ._proxied import ProxiedPool

        return ProxiedPool(backend, settings)
    from ._pool import Pool

    return Pool(backend, settings)
