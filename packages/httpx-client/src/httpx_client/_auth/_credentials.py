"""What a caller gives as user name, password or token: its type, and its octets. No message shows a value."""

from __future__ import annotations


def to_octets(name: str, value: str | bytes) -> bytes:
    """Return a credential as octets; text as UTF-8.

    Args:
        name: How the caller knows it: the name of the argument.
        value: The credential.

    Raises:
        TypeError: It is neither str nor bytes.
        ValueError: It contains lone surrogates, which no octets stand for.
    """
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"Argument {name!r} must be str or bytes but got {type(value).__name__}")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"Argument {name!r} contains lone surrogates, which cannot be encoded") from None
