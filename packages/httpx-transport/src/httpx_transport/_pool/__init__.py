"""The pool: which connection serves which request, and who waits. Slots decide, the pool acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._pool import Pool

if TYPE_CHECKING:
    from .._backends import Backend
    from .._settings import Settings

__all__ = ["Pool", "new_pool"]


def new_pool(backend: Backend, settings: Settings) -> Pool:
    """Return the pool for these settings: what knows proxies is imported where there are some."""
    if not settings.proxies:
        return Pool(backend, settings)
    from ._proxied import ProxiedPool

    return ProxiedPool(backend, settings)
