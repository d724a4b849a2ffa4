"""The one place that reads what a caller put into a request's extensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from .interface import Field

InformationalListener: TypeAlias = Callable[[int, list[Field]], object]
"""What is called with the status and the fields of each 1xx response."""


class Timeouts(NamedTuple):
    """Seconds for each phase of an exchange; None is no limit."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None


def read_timeouts(extensions: dict[str, Any], default: float | None) -> Timeouts:
    """Return the limits in `extensions["timeout"]`, and `default` for each phase that it does not name.

    Raises:
        TypeError: The extension is no mapping.
    """
    named = extensions.get("timeout")
    if not named:
        return Timeouts(default, default, default, default)
    if type(named) is not dict and not isinstance(named, Mapping):  # asking an abstract class takes longer
        raise TypeError(f"the extension 'timeout' must be a dict of seconds by phase, not {type(named)}: {named!r}")
    get = named.get
    return Timeouts(get("connect", default), get("read", default), get("write", default), get("pool", default))


def read_listener(extensions: dict[str, Any]) -> InformationalListener | None:
    """Return what `extensions["on_informational"]` is, None where nobody wants to know."""
    return extensions.get("on_informational")
