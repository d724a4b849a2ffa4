"""The version of httpx, in one place."""

__version__ = "0.28.2"
