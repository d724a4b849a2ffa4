"""Content-Type values: the media type, its parameters, and which charset names a text codec (RFC 9110 §8.3).

It knows the grammar of parameters and Python's table of encodings. It must not know headers or responses.
"""

from __future__ import annotations

import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

from ._parameters import scan

_USUAL = 80  # characters of a Content-Type that is worth remembering
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")

# Encodings of Python's that no alias leads to, and which servers name all the same.
_WITHOUT_ALIAS = frozenset({"cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "utf_8_sig"})
# What stands in the same table and is no charset: transformations of bytes, and what depends on the machine.
# UTF-7 is left out as browsers do: its decoder takes time that grows with the square of an unterminated sequence.
_NO_CHARSET = frozenset({"mbcs", "rot_13", "utf_7"})


def parameters(content_type: str) -> dict[str, str]:
    """Return the parameters of a Content-Type by lower-case name, without their quotes; the first of a name wins.

    Args:
        content_type: The field's value.
    """
    found: dict[str, str] = {}
    for name, value in scan(f";{content_type}", 0)[0]:
        found.setdefault(name.lower(), value)
    return found


def charset(content_type: str) -> str | None:
    """Return what the charset parameter of a Content-Type says, in lower case, whether or not it exists.

    Args:
        content_type: The field's value.
    """
    found = parameters(content_type).get("charset")
    return None if found is None else found.lower()


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Return Python's names of the encodings that are charsets."""
    names = {name for name in aliases.values() if not name.endswith("_codec")}
    return frozenset((names - _NO_CHARSET) | _WITHOUT_ALIAS)


def is_text_charset(name: str) -> bool:
    """Return whether a charset named by a server is one that text can be decoded with.

    The codec registry is not asked: it also knows base64, zlib, rot13 and the like, whatever else the process has
    registered, and it keeps every name that it was ever asked for.

    Args:
        name: The charset's name.
    """
    if not _CHARSET_NAME.fullmatch(name):
        return False
    wanted = normalize_encoding(name.lower())
    return aliases.get(wanted, wanted) in _known()


def text_charset(content_type: str) -> str | None:
    """Return the charset of a Content-Type if text can be decoded with it, else None.

    Args:
        content_type: The field's value.
    """
    return _seen_before(content_type) if len(content_type) <= _USUAL else _text_charset(content_type)


def _text_charset(content_type: str) -> str | None:
    found = charset(content_type)
    return found if found is not None and is_text_charset(found) else None


_seen_before = lru_cache(maxsize=64)(_text_charset)


def boundary(content_type: bytes | None) -> bytes | None:
    """Return the boundary of a multipart/form-data Content-Type, or None when it is none or has none.

    Args:
        content_type: The field's value.
    """
    if content_type is None or content_type.split(b";", 1)[0].strip().lower() != b"multipart/form-data":
        return None
    return any_boundary(content_type)


def is_multipart(content_type: bytes) -> bool:
    """Return whether a Content-Type is one of the multipart types (RFC 2046 §5.1).

    Args:
        content_type: The field's value.
    """
    return content_type.lstrip()[:10].lower() == b"multipart/"


def any_boundary(content_type: bytes) -> bytes | None:
    """Return the boundary parameter of a Content-Type, or None without one.

    Args:
        content_type: The field's value.
    """
    found = parameters(content_type.decode("latin-1")).get("boundary", "")
    return found.encode("latin-1") or None
