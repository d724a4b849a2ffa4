"""What is said when an argument has a type that cannot be used: its name, never its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

_NO_TEXT: Final = frozenset({"headers", "cookies", "extensions"})
"""What is made of pairs, where a text would be taken letter by letter."""


def converted(name: str, convert: Callable[[Any], T], value: Any) -> T:
    """Return what a value is as another type.

    Args:
        name: The argument's name.
        convert: What makes the one of the other.
        value: What was given.

    Raises:
        TypeError: It cannot be made of that.
    """
    if isinstance(value, str | bytes) and name in _NO_TEXT:
        raise TypeError(f'Invalid "{name}" argument: a mapping or pairs are needed, not {type(value)}')
    try:
        return convert(value)
    except (TypeError, AttributeError) as error:
        raise TypeError(f'Invalid "{name}" argument: {error}') from None
    except ValueError:
        if isinstance(value, list | tuple) and not all(_is_pair(item) for item in value):
            raise TypeError(f'Invalid "{name}" argument: a mapping or pairs are needed') from None
        raise


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


def switch(name: str, value: Any) -> Any:
    """Return a value if it is true or false by itself, and not by being empty: "no" would be true.

    Args:
        name: The argument's name.
        value: What was given.

    Raises:
        TypeError: It is neither.
    """
    if value is not True and value is not False and not hasattr(type(value), "__bool__"):
        raise TypeError(f'Invalid "{name}" argument: True or False is needed, not {type(value)}')
    return value


def function(name: str, value: Any) -> Any:
    """Return a value if it can be called.

    Args:
        name: The argument's name.
        value: What was given.

    Raises:
        TypeError: It cannot.
    """
    if not callable(value):
        raise TypeError(f'Invalid "{name}" argument: something to call is needed, not {type(value)}')
    return value


def able(name: str, value: Any, method: str, *, optional: bool = True) -> Any:
    """Return a value if it has a method of this name, or is None.

    Args:
        name: The argument's name.
        value: What was given.
        method: What is going to be called.
        optional: Whether it may be None.

    Raises:
        TypeError: It has none.
    """
    if not (optional and value is None) and not callable(getattr(value, method, None)):
        raise TypeError(f'Invalid "{name}" argument: it needs a method {method!r}, which {type(value)} has not')
    return value


def _is_pair(item: Any) -> bool:
    return isinstance(item, list | tuple) and len(item) == 2
