"""The version of httpx-models, in one place."""

__version__ = "0.1.0"
