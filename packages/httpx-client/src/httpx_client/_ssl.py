"""From `verify=` to a TLS context. It knows trust, not connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def context_for(verify: ssl.SSLContext | bool) -> ssl.SSLContext | None:
    """Return the context that `verify` asks for, None for the transport's default one.

    Args:
        verify: True: check the peer with certifi's roots. False: check nothing. Or a context, used as it is.

    Raises:
        TypeError: It is none of these.
    """
    if verify is True:
        return None
    import ssl

    if isinstance(verify, ssl.SSLContext):
        return verify
    if verify is not False:
        raise TypeError(f"Invalid type for verify. Expected bool or ssl.SSLContext, got {type(verify)}: {verify!r}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
