"""What a peer's certificate says, in plain values. It knows `ssl`'s objects, no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


def certificate_facts(tls: ssl.SSLObject | ssl.SSLSocket) -> dict[str, Any] | None:
    """Return what the peer's certificate says; None where it was not checked, and so may say anything.

    Args:
        tls: The object of a TLS connection, such as `get_extra_info("ssl_object")` of a network stream.

    Returns:
        `subject` and `issuer`, pairs of an attribute's name and its value; `subject_alt_names`, pairs such as
        `("DNS", "example.org")`; `not_before` and `not_after`, such as `Jun  1 12:00:00 2027 GMT`; `serial_number` in
        hexadecimal (RFC 5280 §4.1).
    """
    certificate: Any = tls.getpeercert()
    if not certificate:
        return None
    return {
        "subject": _attributes(certificate.get("subject", ())),
        "issuer": _attributes(certificate.get("issuer", ())),
        "subject_alt_names": certificate.get("subjectAltName", ()),
        "not_before": certificate.get("notBefore"),
        "not_after": certificate.get("notAfter"),
        "serial_number": certificate.get("serialNumber"),
    }


def _attributes(name: tuple[tuple[tuple[str, str], ...], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(attribute for part in name for attribute in part)
