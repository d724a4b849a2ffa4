"""The version of httpx-transport, in one place."""

__version__ = "0.1.0"
