"""The coding zstd (RFC 8878). It knows where the library stands in each version of Python."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from httpx_models._errors import DecodingError

from ._zlib import STEP, Sliced

if TYPE_CHECKING:
    from collections.abc import Iterator


WINDOW_LOG_MAX = 23
"""The largest window, as a power of two: 8 MiB, which is what a content coding may ask for (RFC 9659 §3)."""

# A frame costs ten microseconds, however short it is: after the first ones, each has to bring some bytes.
_FREE_FRAMES = 1_000
_MIN_FRAME = 32


def library() -> Any:
    """Return the standard library's zstd (from Python 3.14) or `backports.zstd`, or None when there is neither."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return __import__(name, fromlist=["ZstdDecompressor"])
    except ImportError:
        return None


class ZstdDecoder(Sliced):
    """Zstandard with all its frames. Checksums and the end of the last frame are checked.

    Args:
        module: What `library` returned.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._options = {module.DecompressionParameter.window_log_max: WINDOW_LOG_MAX}
        self._frame: Any = None
        self._frames_left = _FREE_FRAMES
        self._bytes_left = 0  # of the last frame that was earned

    def _feed(self, data: bytes) -> Iterator[bytes]:
        earned, self._bytes_left = divmod(self._bytes_left + len(data), _MIN_FRAME)
        self._frames_left += earned
        more = True
        while more:
            if self._frame is None or self._frame.eof:
                self._begin_frame()
            try:
                piece = self._frame.decompress(data, max_length=STEP)
            except self._module.ZstdError as error:
                raise DecodingError(str(error)) from error
            data = self._frame.unused_data if self._frame.eof else b""
            more = bool(data) if self._frame.eof else not self._frame.needs_input
            if piece:
                yield piece

    def _begin_frame(self) -> None:
        if not self._frames_left:
            raise DecodingError(f"The zstd data has frames of less than {_MIN_FRAME} bytes on average")
        self._frames_left -= 1
        self._frame = self._module.ZstdDecompressor(options=self._options)

    def flush(self) -> Iterator[bytes]:
        """Yield nothing.

        Raises:
            DecodingError: The data ended too early.
        """
        if self._frame is not None and not self._frame.eof:
            raise DecodingError("The zstd data ended too early")
        yield from ()
