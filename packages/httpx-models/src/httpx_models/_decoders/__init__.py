"""Push objects that turn the pieces of a body into other pieces: `feed` takes one, `flush` says that it was the last.

Both return iterators, and do their work while these are iterated, so that a small piece that grows into a large one
never stands in memory as a whole. The package knows content codings, text, lines and sizes. It must not know
responses or streams.
"""

from __future__ import annotations

from ._chain import Chain, Stage, content_decoder, supported_codings
from ._chunks import Chunker
from ._text import LineDecoder, TextDecoder, decode_text

__all__ = [
    "Chain",
    "Chunker",
    "LineDecoder",
    "Stage",
    "TextDecoder",
    "content_decoder",
    "decode_text",
    "supported_codings",
]
