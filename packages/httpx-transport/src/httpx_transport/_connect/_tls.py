"""The TLS context that is used where the caller brings none. It knows trust, not sockets."""

from __future__ import annotations

import functools
import ssl


@functools.cache
def default_context() -> ssl.SSLContext:
    """Return the process's context: certifi's roots, host names checked, TLS 1.2 or later, HTTP/1.1 by ALPN."""
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
