"""Warnings about what will go, which point at the caller's own line. They know no client."""

from __future__ import annotations

import sys
import warnings
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0]


def deprecated(message: str) -> None:
    """Warn whoever called into this package.

    Args:
        message: What is deprecated, and what to use instead.
    """
    depth = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
        depth += 1
    warnings.warn(message, DeprecationWarning, stacklevel=depth)
