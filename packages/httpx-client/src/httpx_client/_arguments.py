"""What is said when an argument has a type that cannot be used: its name, never its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def converted(name: str, convert: Callable[[Any], T], value: Any) -> T:
    """Return what a value is as another type.

    Args:
        name: The argument's name.
        convert: What makes the one of the other.
        value: What was given.

    Raises:
        TypeError: It cannot be made of that.
    """
    if isinstance(value, str | bytes) and name in {"headers", "cookies"}:
        raise TypeError(f'Invalid "{name}" argument: a mapping or pairs are needed, not {type(value)}')
    try:
        return convert(value)
    except (TypeError, AttributeError) as error:
        raise TypeError(f'Invalid "{name}" argument: {error}') from None


def checked(name: str, value: Any, kinds: type | tuple[type, ...], wanted: str) -> Any:
    """Return a value if it is of one of these types.

    Args:
        name: The argument's name.
        value: What was given.
        kinds: The types.
        wanted: What they are, in words.

    Raises:
        TypeError: It is none of them.
    """
    if not isinstance(value, kinds):
        raise TypeError(f'Invalid "{name}" argument: {wanted} is needed, not {type(value)}')
    return value


def able(name: str, value: Any, method: str) -> Any:
    """Return a value if it has a method of this name, or is None.

    Args:
        name: The argument's name.
        value: What was given.
        method: What is going to be called.

    Raises:
        TypeError: It has none.
    """
    if value is not None and not callable(getattr(value, method, None)):
        raise TypeError(f'Invalid "{name}" argument: it needs a method {method!r}, which {type(value)} has not')
    return value
