"""What can be done about a failed TLS handshake, for the end of an error's message. It knows OpenSSL's codes, no connections.

The error is asked for its attributes, so that `ssl` is not imported where TLS was not spoken.
"""

from __future__ import annotations

from typing import Final

# Reasons of OpenSSL, by version, for an answer that does not begin like a TLS record.
_NOT_TLS: Final = frozenset({"PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"})

_TRUST: Final = (
    "to trust its authority, use a context that has loaded it, as ssl.create_default_context(cafile=...) does, "
    "or name its file in SSL_CERT_FILE"
)
_NAMES: Final = "use a name that its certificate has, or give that name in the request's extension sni_hostname"

# X509_V_ERR codes of OpenSSL (x509_vfy.h).
_BY_CODE: Final = {
    9: "check the clock of this machine",
    10: "it has to be renewed on the server; check the clock of this machine, too",
    18: _TRUST,
    19: _TRUST,
    20: f"{_TRUST}; or the server does not send the certificates in between",
    21: f"{_TRUST}; or the server does not send the certificates in between",
    62: _NAMES,
    64: _NAMES,
}


def advice(error: Exception) -> str:
    """Return what can be done about an error of `ssl`, after a semicolon; nothing for others."""
    if getattr(error, "reason", None) in _NOT_TLS:
        return "; the server did not answer in TLS: it seems to speak plain HTTP on this port, try http:// in its URL"
    hint = _BY_CODE.get(getattr(error, "verify_code", 0))
    return f"; {hint}" if hint else ""
