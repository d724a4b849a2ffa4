"""The field rules of RFC 9113 §8, both ways: what a request becomes, and what a response may hold. It knows no frames."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hpack import NeverIndexedHeaderTuple

from .._errors import LocalProtocolError
from ..interface import Field

_TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_LEGAL_NAME: Final = re.compile(rb":?[-!#$%&'*+.^_`|~0-9A-Za-z]*")
_VALUE: Final = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")  # §5.5
_TARGET: Final = re.compile(rb"/[\x21-\x7e]*|\*")
_VISIBLE: Final = re.compile(rb"[\x21-\x7e]+")
_AUTHORITY: Final = re.compile(rb"[\x21-\x3f\x41-\x7e]*")  # RFC 9113 §8.3.1: no userinfo
_LINES: Final = re.compile(
    rb"(?>(?:[-!#$%&'*+.^_`|~0-9a-z]++:(?:[\x21-\x7e\x80-\xff](?:[\t \x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\n)*)"
)
_STATUS: Final = re.compile(rb"[1-9][0-9]{2}")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")  # RFC 9110 §8.6

# RFC 9113 §8.2.2: they say how HTTP/1.1 frames a message, and nothing here.
_CONNECTION_FIELDS: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings"}
)
_FORBIDDEN: Final = _CONNECTION_FIELDS - {b"http2-settings"}
_NEVER_INDEXED: Final = frozenset({b"authorization", b"proxy-authorization"})  # RFC 7541 §7.1
_SHORT_SECRET: Final = 20  # a cookie shorter than this could be guessed byte by byte
_RESPONSE_LENGTHS: Final = frozenset({2} | {len(name) for name in _FORBIDDEN | {b"content-length"}})

UNDECLARED: Final = -1
"""The length of a body of which nobody has said it."""


class RequestFields(NamedTuple):
    """A request's field section, and what it promises."""

    fields: list[Field]
    length: int
    """The declared Content-Length in bytes, or UNDECLARED."""


class FieldError(Exception):
    """A response's field section breaks a rule; the message says which, and holds no value."""


class RequestEncoder:
    """Makes field sections of one connection's requests. Fields that are the last request's are not looked at again."""

    __slots__ = ("_authority", "_fields", "_length", "_rest")

    def __init__(self) -> None:
        self._fields: list[Field] | None = None
        self._authority = b""
        self._rest: list[Field] = []
        self._length = UNDECLARED

    def encode(self, method: bytes, scheme: bytes, target: bytes, fields: list[Field]) -> RequestFields:
        """Return the field section of a request.

        Names are lowered, connection-specific fields dropped, Host becomes `:authority` (RFC 9113 §8.3.1).

        Raises:
            LocalProtocolError: A method, target, name or value that HTTP/2 does not allow; no Host; a Content-Length
                or Transfer-Encoding that says nothing clear. The message never holds a field's value.
        """
        if fields != self._fields:
            self._fields = None
            self._authority, self._rest, self._length = _request_fields(fields)
            self._fields = fields.copy()  # the caller may change his own
        if _TOKEN.fullmatch(method) is None:
            raise LocalProtocolError("the method cannot be said in HTTP/2")
        if method == b"CONNECT":  # RFC 9113 §8.5: no scheme and no path
            if _VISIBLE.fullmatch(target) is None:
                raise LocalProtocolError("the target of CONNECT cannot be said in HTTP/2")
            return RequestFields([(b":method", method), (b":authority", target), *self._rest], self._length)
        if _TARGET.fullmatch(target) is None or (target == b"*" and method != b"OPTIONS"):
            raise LocalProtocolError("the target cannot be said in HTTP/2: it must be a path, or * for OPTIONS")
        pseudo = [(b":method", method), (b":scheme", scheme), (b":authority", self._authority), (b":path", target)]
        return RequestFields(pseudo + self._rest, self._length)


def _request_fields(fields: list[Field]) -> tuple[bytes, list[Field], int]:
    """Return the authority, the fields that are sent, and the declared length."""
    authority: bytes | None = None
    framing: list[Field] = []
    nominated: set[bytes] = set()
    kept: list[Field] = []
    for name, value in fields:
        if _TOKEN.fullmatch(name) is None:
            raise LocalProtocolError(f"Illegal header name {name!r}")
        if _VALUE.fullmatch(value) is None:
            raise LocalProtocolError(f"Illegal header value of {name.decode('ascii')!r}")
        lowered = name.lower()
        if lowered == b"host":
            if authority is not None:
                raise LocalProtocolError("Found multiple Host: headers")
            if _AUTHORITY.fullmatch(value) is None:
                raise LocalProtocolError("Illegal header value of 'Host'")
            authority = value
            continue
        if lowered in (b"content-length", b"transfer-encoding"):
            framing.append((lowered, value))
        elif lowered == b"connection":
            nominated.update(option.strip(b" \t") for option in value.lower().split(b","))
        kept.append(_compressible(lowered, value))
    if authority is None:
        raise LocalProtocolError("Missing mandatory Host: header")
    dropped = _CONNECTION_FIELDS | nominated - {b"content-length"}
    rest = [field for field in kept if field[0] not in dropped and _sendable(field)]
    return authority, rest, _declared(framing)


def request_trailers(fields: list[Field]) -> list[Field]:
    """Return trailer fields as HTTP/2 sends them (RFC 9113 §8.1).

    Raises:
        LocalProtocolError: A name or value that HTTP/2 does not allow.
    """
    for name, value in fields:
        if _TOKEN.fullmatch(name) is None:
            raise LocalProtocolError(f"Illegal trailer name {name!r}")
        if _VALUE.fullmatch(value) is None:
            raise LocalProtocolError(f"Illegal trailer value of {name.decode('ascii')!r}")
    lowered = [_compressible(name.lower(), value) for name, value in fields]
    return [field for field in lowered if field[0] not in _CONNECTION_FIELDS]


def _compressible(name: bytes, value: bytes) -> Field:
    """Return a field; one that is a secret is marked, so that no table of a compressor holds it."""
    if name in _NEVER_INDEXED or (name == b"cookie" and len(value) < _SHORT_SECRET):
        return NeverIndexedHeaderTuple(name, value)
    return name, value


def _sendable(field: Field) -> bool:
    """Return whether a field that is not connection-specific by name may be sent: TE may say `trailers` only."""
    return field[0] != b"te" or field[1].lower() == b"trailers"


def _declared(framing: list[Field]) -> int:
    """Return the declared length; HTTP/1.1's rules are kept, so that a request is right or wrong on both."""
    if not framing:
        return UNDECLARED
    if len(framing) > 1:
        raise LocalProtocolError("Content-Length and Transfer-Encoding may be given once, and only one of them")
    name, value = framing[0]
    if name == b"transfer-encoding":
        if value.lower() != b"chunked":
            raise LocalProtocolError("the only Transfer-Encoding that can be sent is 'chunked'")
        return UNDECLARED
    if _LENGTH.fullmatch(value) is None:
        raise LocalProtocolError("bad Content-Length: it must be a decimal number of bytes")
    return int(value)


def response_status(fields: list[Field]) -> int:
    """Return the status that a response's field section begins with.

    Raises:
        FieldError: `:status` is missing, comes late, or is none; or it is 101, which HTTP/2 does not have.
    """
    if not fields or fields[0][0] != b":status":
        raise FieldError("a response without :status in the first place")
    if _STATUS.fullmatch(fields[0][1]) is None:
        raise FieldError("a :status that is no status code")
    if fields[0][1] == b"101":
        raise FieldError("status 101, which HTTP/2 does not have")
    return int(fields[0][1])


def check_fields(fields: list[Field]) -> int:
    """Check the fields of a response, or its trailers, without pseudo-fields; return the declared length or UNDECLARED.

    Raises:
        FieldError: What RFC 9113 §8.2 calls malformed: upper case, CR, LF, NUL, a pseudo-field, a connection-specific
            field; or a Content-Length that is not one number.
    """
    lines = b"".join([b"%b:%b\n" % field for field in fields])
    colons = b":" in b"".join([name for name, _ in fields])
    # The count: no value brings a line of its own, no name ends early.
    if colons or lines.count(b"\n") != len(fields) or _LINES.fullmatch(lines) is None:
        raise FieldError(_reason(fields))
    length = UNDECLARED
    for name, value in fields:
        if len(name) not in _RESPONSE_LENGTHS:
            continue
        if name in _FORBIDDEN or (name == b"te" and value != b"trailers"):
            raise FieldError(f"the connection-specific field {name.decode('ascii')!r}")
        if name == b"content-length":
            if _LENGTH.fullmatch(value) is None or length not in (UNDECLARED, int(value)):
                raise FieldError("a Content-Length that is not one number")
            length = int(value)
    return length


def _reason(fields: list[Field]) -> str:
    """Return in words what a field section breaks, without any value: also where that is sent as part of a name."""
    for name, _ in fields:
        legal = _LEGAL_NAME.match(name)
        shown = b"" if legal is None else legal.group()[:40]
        if name.startswith(b":"):
            return f"the pseudo-field {shown!r} where there may be none"
        if shown != name[:40] or _TOKEN.fullmatch(name) is None:
            octet = name[len(shown) : len(shown) + 1] if len(shown) < 40 else b""
            return f"the illegal field name {shown!r}" + (f", followed by 0x{octet.hex()}" if octet else "")
        if name != name.lower():
            return f"the illegal field name {shown!r}"
    names = [name[:40] for name, value in fields if _VALUE.fullmatch(value) is None]
    return f"an illegal value of the field {names[0]!r}"
