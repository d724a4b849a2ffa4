"""The one error of this package. It knows nothing of parsing."""

from __future__ import annotations


class InvalidURL(Exception):
    """A string that is no URL we could use; the message names the offending part, never a password.

    Args:
        message: What is wrong, and where.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
