"""From a request's parts to the bytes of its head, and the framing of its body (RFC 9112 §3, §6, §7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .._errors import LocalProtocolError
from ..interface import Field
from ._grammar import FIELD_LINES, FIELD_VALUE, REQUEST_LINE, is_length

CHUNKED: Final = -1
# Only names of these lengths are looked at: host, expect, upgrade, connection, content-length, transfer-encoding.
_LENGTHS: Final = frozenset({4, 6, 7, 10, 14, 17})
# What a recipient needs before the content, or must not take from a place so late (RFC 9110 §6.5.1).
_NEVER_TRAILERS: Final = frozenset(
    {
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class Promises(NamedTuple):
    """What the fields of a request say of it."""

    length: int
    """The declared Content-Length in bytes, 0 without one, -1 where the body is chunked."""
    close: bool
    """Whether we said `Connection: close`."""
    expect: bool
    """Whether the peer shall say `100 Continue` before the body is sent (RFC 9110 §10.1.1)."""
    upgrade: bool
    """Whether the peer may go on in another protocol (RFC 9110 §7.8)."""


class RequestEncoder:
    """Words the heads of one connection's requests. What is the last request's is not checked again.

    Attributes:
        promises: What the last head that was encoded says of its request.
    """

    __slots__ = ("_fields", "_lines", "_start", "promises")

    promises: Promises

    def __init__(self) -> None:
        self._start: tuple[bytes | None, bytes, bytes] = None, b"", b""
        self._fields: list[Field] | None = None
        self._lines = b""

    def encode(self, method: bytes, target: bytes, fields: list[Field]) -> bytes:
        """Return the bytes of a request's head, checked so that no part of it can become another part.

        Raises:
            LocalProtocolError: A method, target, name or value that HTTP/1.1 does not allow; no Host; a Content-Length
                or Transfer-Encoding that says nothing clear. The message never holds a field's value.
        """
        last_method, last_target, start = self._start
        if target != last_target or method != last_method:
            start = b"%b %b HTTP/1.1\r\n" % (method, target)
            if REQUEST_LINE.fullmatch(start) is None:
                raise _refusal(method, target, fields)
            self._start = method, target, start
        if fields != self._fields:
            self._fields = None
            said = _length_once(_host_first(fields))
            lines = _lines(said)
            if lines is None:
                raise _refusal(method, target, fields)
            self._lines = lines
            self.promises = _promises(said)
            self._fields = fields.copy()  # the caller may change his own
        return start + self._lines


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

    def end(self, trailers: Sequence[Field] = ()) -> bytes:
        """Return the bytes that end the body, with the trailer fields behind it (RFC 9112 §7.1.2).

        Raises:
            LocalProtocolError: There was less than was declared, or the trailers cannot be sent.
        """
        if self._chunked:
            return b"0\r\n" + _trailer_section(trailers)
        if self._missing:
            raise LocalProtocolError("Too little data for declared Content-Length")
        if trailers:
            raise LocalProtocolError("trailers can be sent after a chunked body only")
        return b""


def _trailer_section(trailers: Sequence[Field]) -> bytes:
    for name, _ in trailers:
        if name.lower() in _NEVER_TRAILERS:
            raise LocalProtocolError(f"{name.decode('latin-1')!r} cannot be a trailer (RFC 9110 6.5.1)")
    lines = _lines(list(trailers))
    if lines is None:
        raise _refusal(b"GET", b"/", list(trailers))
    return lines


def _host_first(fields: list[Field]) -> list[Field]:
    """Return the fields with Host before the others, as a user agent should send it (RFC 9110 §7.2)."""
    if not fields or fields[0][0].lower() == b"host":
        return fields
    return sorted(fields, key=lambda field: field[0].lower() != b"host")


def _length_once(fields: list[Field]) -> list[Field]:
    """Return the fields with one Content-Length where several have the same value (RFC 9110 §8.6), as h11 sends them."""
    lengths = [field for field in fields if len(field[0]) == 14 and field[0].lower() == b"content-length"]
    if len(lengths) < 2 or len({value for _, value in lengths}) > 1:
        return fields
    first = fields.index(lengths[0])
    return [field for at, field in enumerate(fields) if at == first or field[0].lower() != b"content-length"]


def _lines(fields: list[Field]) -> bytes | None:
    """Return the field lines and the empty line; None where a name or a value could be taken for something else."""
    lines = b"".join([b"%b: %b\r\n" % field for field in fields]) + b"\r\n"
    # The counts: no value brings a line of its own, no name ends early.
    well_formed = (
        lines.count(b"\n") == len(fields) + 1
        and b":" not in b"".join([name for name, _ in fields])
        and FIELD_LINES.fullmatch(lines) is not None
    )
    return lines if well_formed else None


def _promises(fields: list[Field]) -> Promises:
    """Return what the fields say of the request; h11's rule of exactly one Host is kept here too."""
    hosts, length, close, expect, upgrade = 0, None, False, False, False
    for name, value in fields:
        if len(name) not in _LENGTHS:
            continue
        name = name.lower()
        if name == b"host":
            hosts += 1
        elif name == b"connection":
            close = close or b"close" in [option.strip(b" \t") for option in value.lower().split(b",")]
        elif name == b"expect":
            expect = value.lower() == b"100-continue"
        elif name == b"upgrade":
            upgrade = True
        elif name in (b"content-length", b"transfer-encoding"):
            if length is not None:
                raise LocalProtocolError("Content-Length and Transfer-Encoding may be given once, and only one of them")
            length = _framing(name, value)
    if hosts != 1:
        raise LocalProtocolError("Missing mandatory Host: header" if not hosts else "Found multiple Host: headers")
    return Promises(length or 0, close, expect, upgrade)


def _framing(name: bytes, value: bytes) -> int:
    if name == b"transfer-encoding":
        if value.lower() != b"chunked":
            raise LocalProtocolError("the only Transfer-Encoding that can be sent is 'chunked'")
        return CHUNKED
    if not is_length(value):
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
