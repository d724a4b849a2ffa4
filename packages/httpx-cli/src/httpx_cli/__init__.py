"""The `httpx` command. `main` is all there is to import."""

from .__about__ import __version__
from ._command import main

__all__ = ["__version__", "main"]
