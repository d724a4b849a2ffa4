"""What a pretended TLS handshake has agreed on. It knows no network."""

from __future__ import annotations


class Agreement:
    """What a pretended TLS handshake has agreed on: what is asked of an `ssl.SSLObject`.

    Args:
        protocol: The next protocol.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol

    def selected_alpn_protocol(self) -> str:
        """Return the next protocol."""
        return self._protocol

    def version(self) -> None:
        """Return None: nothing is encrypted."""
        return

    def cipher(self) -> None:
        """Return None, too."""
        return

    def getpeercert(self, binary_form: bool = False) -> None:  # noqa: ARG002 - asked as the real one is
        """Return None: nobody is checked."""
        return
