"""International names, between Unicode and ASCII. It alone touches the `idna` package, and imports it when first asked.

A name counts only if IDNA 2008 (RFC 5891) and the WHATWG standard's domain-to-ASCII (UTS #46, not transitional) make
the same ASCII of it: what two programs read differently is refused.
"""

from __future__ import annotations

from typing import Final

from ._errors import InvalidURL

_BIDI_CATEGORIES: Final = frozenset({"R", "AL", "AN"})
_CAPITAL_SHARP_S: Final = "\u1e9e"
_LONGEST_LABEL: Final = 63


def to_ascii(host: str) -> str:
    """Return the ASCII form of `host`, which has characters beyond ASCII.

    Raises:
        InvalidURL: It is no name of IDNA 2008, or UTS #46 would read it as another.
    """
    import idna

    if _CAPITAL_SHARP_S in host:
        raise InvalidURL(
            f"Invalid IDNA hostname: {host!r}, {_CAPITAL_SHARP_S!r} is 'ss' or 'ß', as the program's age is"
        )
    try:
        strict = idna.encode(host.lower())
        agreed = strict == idna.encode(host, uts46=True, std3_rules=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidURL(f"Invalid IDNA hostname: {host!r}, {_reason(error)}") from None
    if not agreed:
        raise InvalidURL(f"Invalid IDNA hostname: {host!r}, which standards read in different ways")
    name = strict.decode("ascii")
    check_a_labels(name)
    return name


def check_a_labels(name: str) -> None:
    """Check the `xn--` labels of a lower-case ASCII name by the rules of UTS #46 as the WHATWG standard sets them.

    Raises:
        InvalidURL: A label is not the one ASCII form of a valid Unicode label.
    """
    import idna

    labels = [_decode_label(label, name) if label.startswith("xn--") else label for label in name.split(".")]
    if _is_bidi("".join(labels)):
        try:
            for label in filter(None, labels):
                idna.check_bidi(label, check_ltr=True)
        except idna.IDNAError as error:
            raise InvalidURL(f"Invalid IDNA hostname: {name!r}, {_reason(error)}") from None


def _decode_label(label: str, name: str) -> str:
    import idna

    if len(label) > _LONGEST_LABEL:  # Punycode's decoder is slow on longer ones
        raise InvalidURL(f"Invalid IDNA hostname: {name!r}, a label has more than {_LONGEST_LABEL} bytes")
    try:
        text = label[4:].encode("ascii").decode("punycode")
        valid = not text.isascii() and text.encode("punycode").decode("ascii") == label[4:]
        # A label that the mapping changes is not what the mapping would have made.
        valid = valid and idna.uts46_remap(text, std3_rules=False) == text
        if valid:
            idna.check_nfc(text)
            idna.check_initial_combiner(text)
            valid = all(idna.valid_contextj(text, at) for at, sign in enumerate(text) if sign in "\u200c\u200d")
    except (idna.IDNAError, UnicodeError, ValueError, OverflowError) as error:
        raise InvalidURL(f"Invalid IDNA hostname: {name!r}, label {label!r}: {_reason(error)}") from None
    if not valid:
        raise InvalidURL(f"Invalid IDNA hostname: {name!r}, label {label!r} is no ASCII form of an international name")
    return text


def _is_bidi(text: str) -> bool:
    import unicodedata

    return not text.isascii() and any(unicodedata.bidirectional(character) in _BIDI_CATEGORIES for character in text)


def to_unicode(name: str) -> str:
    """Return the Unicode form of an ASCII name with `xn--` labels; unchanged where IDNA 2008 has none (as for emoji)."""
    import idna

    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
