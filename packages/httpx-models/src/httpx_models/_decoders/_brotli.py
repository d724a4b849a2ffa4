"""The coding br (RFC 7932). It knows the two libraries that offer it, which share an interface, and their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from httpx_models._errors import DecodingError

from ._zlib import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator


def library() -> Any:
    """Return `brotli` or `brotlicffi`, or None when neither is installed in a version that can bound its output."""
    for name in ("brotli", "brotlicffi"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        if hasattr(module.Decompressor, "can_accept_more_data"):
            return module
    return None


class BrotliDecoder:
    """Brotli. Bytes after the end of the data are an error.

    Args:
        module: What `library` returned.
    """

    def __init__(self, module: Any) -> None:
        self._brotli = module.Decompressor()
        self._error: type[Exception] = module.error
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data becomes.

        Raises:
            DecodingError: The data is malformed.
        """
        self._begun = self._begun or bool(data)
        if data and self._brotli.is_finished():
            raise DecodingError("The brotli data goes on after its end")
        more = bool(data)
        while more:
            try:
                piece = self._brotli.process(data, output_buffer_limit=STEP)
            except self._error as error:
                raise DecodingError(str(error)) from error
            data = b""
            more = bool(piece) and not self._brotli.is_finished()  # there may be more as long as there is some
            if piece:
                yield piece

    def flush(self) -> Iterator[bytes]:
        """Yield nothing.

        Raises:
            DecodingError: The data ended too early.
        """
        if self._begun and not self._brotli.is_finished():
            raise DecodingError("The brotli data ended too early")
        yield from ()
