"""Who is told in a process that has just been forked. It knows processes, not what is told.

Systems that cannot fork have nothing to tell.
"""

from __future__ import annotations

import os
import weakref
from typing import Final

from ._interface import Inheritance

_inherited: Final[weakref.WeakSet[Inheritance]] = weakref.WeakSet()


def tell_in_children(heir: Inheritance) -> None:
    """Let `heir` be told in each process that is forked from now on, for as long as it lives."""
    _inherited.add(heir)


def tell() -> None:
    """Tell all of them; called by the interpreter in the new process."""
    for heir in list(_inherited):
        heir.forked()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has none
    os.register_at_fork(after_in_child=tell)
