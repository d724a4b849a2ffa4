"""The one error of this package. It knows nothing of parsing."""

from __future__ import annotations


class InvalidURL(Exception):
    """Text that is no URL we could use. The message names the offending part and its position, never a password.

    Pickling and copying keep the message.

    Args:
        message: What is wrong, and where.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
