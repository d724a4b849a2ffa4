"""How our objects name their class in a pickle: by our name for it, whatever module a re-export says it is in.

It knows only class names. It must not know what state an object has.
"""

from __future__ import annotations

from typing import Any


def reference(cls: type) -> str | type:
    """Return the public name of a class of this package, or the class itself when somebody else made it."""
    import httpx_models

    return cls.__name__ if getattr(httpx_models, cls.__name__, None) is cls else cls


def restore(found: str | type, args: tuple[Any, ...] = ()) -> Any:
    """Make the empty object that a pickle's state is then poured into."""
    import httpx_models

    cls: Any = getattr(httpx_models, found) if isinstance(found, str) else found
    return cls.__new__(cls, *args)
