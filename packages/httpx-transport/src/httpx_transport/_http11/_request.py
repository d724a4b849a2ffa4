"""From a request's parts to the bytes of its head, and the framing of its body (RFC 9112 §3, §6, §7.1)."""

from __future__ import annotations

from typing import Final, NamedTuple

from .._errors import LocalProtocolError
from ..interface import Field
from ._grammar import CONTENT_LENGTH, FIELD_VALUE, REQUEST_HEAD

CHUNKED: Final = -1
# Only names of these lengths are looked at: host, content-length, transfer-encoding, connection.
_LENGTHS: Final = frozenset({4, 10, 14, 17})


class RequestHead(NamedTuple):
    """A head ready to be sent, and what it promises."""

    data: bytes
    length: int
    """The declared Content-Length in bytes, 0 without one, -1 where the body is chunked."""
    close: bool
    """Whether we said `Connection: close`."""


def encode_request(method: bytes, target: bytes, fields: list[Field]) -> RequestHead:
    """Return the bytes of a request's head, checked so that no part of it can become another part.

    Raises:
        LocalProtocolError: A method, target, name or value that HTTP/1.1 does not allow; no Host; a Content-Length or
            Transfer-Encoding that says nothing clear. The message never holds a field's value.
    """
    head = b"".join([b"%b: %b\r\n" % field for field in fields])
    data = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, head)
    hosts, length, close = 0, None, False
    clean = True
    for name, value in fields:
        if b":" in name:
            clean = False
        if len(name) in _LENGTHS:
            name = name.lower()
            if name == b"host":
                hosts += 1
            elif name == b"connection":
                close = b"close" in [option.strip(b" \t") for option in value.lower().split(b",")]
            elif name in (b"content-length", b"transfer-encoding"):
                length = _framing(name, value, length)
    # The count of lines: no value brought a line of its own.
    if not clean or hosts != 1 or data.count(b"\n") != len(fields) + 2 or REQUEST_HEAD.fullmatch(data) is None:
        raise _refusal(method, target, fields)
    return RequestHead(data, length or 0, close)


class BodyFramer:
    """The framing of one body, as its head has promised (RFC 9112 §6).

    Args:
        length: The declared length in bytes, or -1 for chunked.
    """

    __slots__ = ("_chunked", "_missing")

    def __init__(self, length: int) -> None:
        self._chunked = length == CHUNKED
        self._missing = length

    def frame(self, chunk: bytes) -> bytes:
        """Return the bytes that say `chunk`; an empty chunk is nothing, and not the end.

        Raises:
            LocalProtocolError: There is more than was declared.
        """
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunk else b""
        self._missing -= len(chunk)
        if self._missing < 0:
            raise LocalProtocolError("Too much data for declared Content-Length")
        return chunk

    def end(self) -> bytes:
        """Return the bytes that end the body.

        Raises:
            LocalProtocolError: There was less than was declared.
        """
        if self._chunked:
            return b"0\r\n\r\n"
        if self._missing:
            raise LocalProtocolError("Too little data for declared Content-Length")
        return b""


def _framing(name: bytes, value: bytes, before: int | None) -> int:
    if before is not None:
        raise LocalProtocolError("Content-Length and Transfer-Encoding may be given once, and only one of them")
    if name == b"transfer-encoding":
        if value.lower() != b"chunked":
            raise LocalProtocolError("the only Transfer-Encoding that can be sent is 'chunked'")
        return CHUNKED
    if CONTENT_LENGTH.fullmatch(value) is None:
        raise LocalProtocolError("bad Content-Length: it must be a decimal number of bytes")
    return int(value)


def _refusal(method: bytes, target: bytes, fields: list[Field]) -> LocalProtocolError:
    """Return the error for a head that our grammar does not take, in h11's words but without a field's value."""
    import h11

    message = "the request cannot be said in HTTP/1.1"
    try:
        h11.Request(method=method, target=target, headers=fields)
    except h11.LocalProtocolError as error:
        message = str(error)
    if message.startswith("Illegal header value"):
        names = [name for name, value in fields if FIELD_VALUE.fullmatch(value) is None]
        message = f"Illegal header value of {b', '.join(names).decode('latin-1')!r}"
    return LocalProtocolError(message)
