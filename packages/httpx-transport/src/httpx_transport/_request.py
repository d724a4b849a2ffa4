"""A request as people write it, made into the primitives of a transport. It knows text and framing, no connections."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from ._errors import LocalProtocolError, UnsupportedProtocol
from ._schemes import DEFAULT_PORTS
from .interface import Field, RawURL

Text: TypeAlias = str | bytes
Headers: TypeAlias = "Mapping[str, str] | Sequence[tuple[Text, Text]]"

# An absolute URL in which nothing is left to interpret (RFC 3986 §3): no credentials, no escapes in the host, ASCII only.
_URL: Final = re.compile(
    rb"([A-Za-z][A-Za-z0-9+.-]*)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?((?:[/?][!-\"$-~]*)?)(?:\#[!-~]*)?"
)
_HIGHEST_PORT: Final = 65_535


def raw_request(
    method: Text, url: Text | RawURL, headers: Headers | None, body: object
) -> tuple[bytes, RawURL, list[Field]]:
    """Return method, URL and fields as a transport takes them, with Host and the body's framing filled in.

    Args:
        method: The method.
        url: An absolute http, https, ws or wss URL in ASCII, or the four parts of one.
        headers: The fields; Host, and Content-Length or Transfer-Encoding for a body, are added where they are missing.
        body: The content: bytes, or chunks of an unknown total length.

    Raises:
        LocalProtocolError: The URL is not one that can be sent as it is; the message says what is expected, and does
            not hold the URL.
        UnsupportedProtocol: The URL has another scheme.
        TypeError: Something is neither str nor bytes; the message says what.
    """
    raw_url = url if isinstance(url, tuple) else parse_url(_encode(url, "the URL"))
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    fields = [(_encode(name, "a header's name"), _encode(value, f"the header {name!r}")) for name, value in pairs]
    names = {name.lower() for name, _ in fields}
    if b"host" not in names:
        fields.insert(0, (b"Host", _authority(raw_url)))
    if not names & {b"content-length", b"transfer-encoding"}:
        if not isinstance(body, bytes):
            fields.append((b"Transfer-Encoding", b"chunked"))
        elif body:
            fields.append((b"Content-Length", b"%d" % len(body)))
    return _encode(method, "the method"), raw_url, fields


def parse_url(url: bytes) -> RawURL:
    """Return scheme, host, port and target of an absolute URL that needs no interpretation.

    Raises:
        LocalProtocolError: It is none: relative, with credentials, or with characters that have to be encoded.
        UnsupportedProtocol: It has another scheme than http, https, ws and wss.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise LocalProtocolError(
            "the URL must be absolute, ASCII and percent-encoded, without credentials (httpx-urls makes such)"
        )
    scheme, host, port, target = match.groups()
    scheme, host = scheme.lower(), host.lower().strip(b"[]")
    if scheme not in DEFAULT_PORTS:
        raise UnsupportedProtocol(f"Request URL has an unsupported protocol '{scheme.decode('ascii')}://'.")
    number = int(port) if port else DEFAULT_PORTS[scheme]
    if number > _HIGHEST_PORT:
        raise LocalProtocolError(f"the URL's port must be at most {_HIGHEST_PORT}, not {number}")
    target = target if target.startswith(b"/") else b"/" + target
    return scheme, host, None if number == DEFAULT_PORTS[scheme] else number, target


def _authority(url: RawURL) -> bytes:
    """Return the value of Host (RFC 9110 §7.2)."""
    _, host, port, _ = url
    host = b"[%b]" % host if b":" in host else host
    return host if port is None else b"%b:%d" % (host, port)


def _encode(text: Text, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(f"{what} must be str or bytes, not {type(text)}")
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{what} must be ASCII, or bytes") from None
