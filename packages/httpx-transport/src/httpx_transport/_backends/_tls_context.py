"""Wrapping connections in TLS with a context that other threads use too: one lock for each context.

`SSLContext.wrap_socket` and `wrap_bio` copy the context's settings into the new TLS object. A context that a caller gave to
several pools has to offer different protocols by ALPN for each, and ALPN is a setting of the context: it is set just before
the copy is made. Without a lock another thread could set it anew between the two steps, and OpenSSL could copy a list while
another thread frees it. No I/O happens under the lock; the handshake comes later, on the copy.

The lock is reentrant: a signal handler may run between the two steps in the same thread, and make a request.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")


class ContextLocks:
    """The locks of all contexts in use, by identity of the context. A lock ends with its context."""

    __slots__ = ("_locks", "_shared")

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):  # pragma: no branch - it is not on Windows, where nothing forks
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        """Forget all locks: in a forked process, those that threads of the parent held would stay locked forever."""
        self._locks: weakref.WeakKeyDictionary[ssl.SSLContext, AbstractContextManager[bool]]
        self._locks = weakref.WeakKeyDictionary()
        self._shared: AbstractContextManager[bool] = threading.RLock()

    def of(self, context: ssl.SSLContext) -> AbstractContextManager[bool]:
        """Return the lock of a context; objects that cannot be weakly referenced share one."""
        try:
            lock = self._locks.get(context)
            # Two threads may each make one here; `setdefault` of a dict lets one of them win.
            return lock if lock is not None else self._locks.setdefault(context, threading.RLock())
        except TypeError:
            return self._shared


_LOCKS: Final = ContextLocks()


def wrap(
    context: ssl.SSLContext, alpn: Sequence[str] | None, hostname: str, make: Callable[[ssl.SSLContext, str], T]
) -> T:
    """Return what `make` does with a context that offers these protocols, and with the server's name as TLS has it.

    Args:
        context: The context; nothing else of it is changed.
        alpn: The protocols to offer, the preferred one first; None leaves those that the context offers.
        hostname: The name that the certificate must have, and that is sent as SNI. Neither has the trailing dot of a fully
            qualified name (RFC 6066 §3, RFC 9525 §6.3).
        make: Called with context and name to make the TLS object; it must not wait.

    Raises:
        ValueError: The name cannot be one of a server.
    """
    with _LOCKS.of(context):
        if alpn is not None:
            context.set_alpn_protocols(list(alpn))
        require_close_notify(context)
        return make(context, hostname.removesuffix("."))


def require_close_notify(context: ssl.SSLContext) -> None:
    """Make connections of a context report an end without close_notify as `ssl.SSLEOFError` (RFC 8446 §6.1).

    Content that ends with the connection is complete only if the peer says so; without close_notify an attacker may have
    cut it. Contexts of early releases of Python 3.11, such as 3.11.2, report that end as a regular one, because they set
    OP_IGNORE_UNEXPECTED_EOF by default: there, the option is cleared. On other releases, only the owner of a context
    can have set it, and it stays.
    """
    if _ignores_unexpected_eof_by_default():
        import ssl

        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF


@functools.cache
def _ignores_unexpected_eof_by_default() -> bool:
    import ssl

    return bool(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).options & getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0))
