"""The pool: which connection serves which request, and who waits. Slots decide, the pool acts."""

from __future__ import annotations

from .._backends import Backend
from .._settings import Settings
from ._pool import Answer, Pool

__all__ = ["Answer", "Pool", "make_pool"]


def make_pool(backend: Backend, settings: Settings) -> Pool:
    """Return a pool for what its settings allow to be spoken."""
    if not settings.http2:
        return Pool(backend, settings)
    from ._http2_pool import Http2Pool

    return Http2Pool(backend, settings)
