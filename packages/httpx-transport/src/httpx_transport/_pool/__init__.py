"""The pool: which connection serves which request, and who waits. Slots decide, the pool acts."""

from ._pool import Pool

__all__ = ["Pool"]
