"""What private modules of httpx 0.28 held and other packages use: the same names and signatures, made of ours.

Everything here is kept for code that is already written; new code has no need of it. It knows the old shapes only:
decoders with `decode` and `flush` that return what they have at once, in one piece.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._content import (
    encode_content,
    encode_html,
    encode_json,
    encode_multipart_data,
    encode_request,
    encode_response,
    encode_text,
    encode_urlencoded_data,
    peek_filelike_length,
    primitive_value_to_str,
)
from ._decoders import Chunker, content_decoder, supported_codings
from ._decoders import LineDecoder as _LineStage
from ._decoders import TextDecoder as _TextStage
from ._errors import RequestError
from ._mediatype import boundary as get_multipart_boundary_from_content_type
from ._multipart import MultipartStream
from ._parts import DataField, FileField
from ._streams import AsyncIteratorByteStream, ByteStream, IteratorByteStream, UnattachedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ._request import Request


@contextmanager
def request_context(request: Request | None = None) -> Iterator[None]:
    """Give a request to the errors that are raised inside.

    Args:
        request: The request, or None to do nothing.
    """
    try:
        yield
    except RequestError as error:
        if request is not None:
            error.request = request
        raise


class ContentDecoder:
    """What undoes a content coding, piece by piece."""

    def decode(self, data: bytes) -> bytes:
        """Return what a piece becomes.

        Args:
            data: The piece.

        Raises:
            DecodingError: The data is malformed.
            NotImplementedError: The subclass does not say.
        """
        raise NotImplementedError

    def flush(self) -> bytes:
        """Return what is left.

        Raises:
            DecodingError: The data ended too early.
            NotImplementedError: The subclass does not say.
        """
        raise NotImplementedError


class IdentityDecoder(ContentDecoder):
    """Undoes nothing."""

    def decode(self, data: bytes) -> bytes:
        """Return the piece."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


class _CodingDecoder(ContentDecoder):
    """A decoder of ours in the old shape."""

    coding: str

    def __init__(self) -> None:
        stage = content_decoder([self.coding])
        if stage is None:
            raise ImportError(f"The library for the content coding {self.coding!r} is not installed")
        self._stage = stage

    def decode(self, data: bytes) -> bytes:
        """Return what a piece becomes, however large.

        Raises:
            DecodingError: The data is malformed.
        """
        return b"".join(self._stage.feed(data))

    def flush(self) -> bytes:
        """Return what is left.

        Raises:
            DecodingError: The data ended too early.
        """
        return b"".join(self._stage.flush())


class GZipDecoder(_CodingDecoder):
    """Undoes gzip."""

    coding = "gzip"


class DeflateDecoder(_CodingDecoder):
    """Undoes deflate, both kinds."""

    coding = "deflate"


class BrotliDecoder(_CodingDecoder):
    """Undoes br.

    Raises:
        ImportError: No library for it is installed.
    """

    coding = "br"


class ZStandardDecoder(_CodingDecoder):
    """Undoes zstd.

    Raises:
        ImportError: No library for it is installed.
    """

    coding = "zstd"


class MultiDecoder(ContentDecoder):
    """Undoes several codings.

    Args:
        children: The decoders in the order in which the codings were applied.
    """

    def __init__(self, children: Sequence[ContentDecoder]) -> None:
        self.children = list(reversed(children))

    def decode(self, data: bytes) -> bytes:
        """Return what a piece becomes."""
        for child in self.children:
            data = child.decode(data)
        return data

    def flush(self) -> bytes:
        """Return what is left."""
        data = b""
        for child in self.children:
            data = child.decode(data) + child.flush()
        return data


class ByteChunker:
    """Cuts bytes into chunks of one size.

    Args:
        chunk_size: How many bytes, or None for pieces as they come.
    """

    def __init__(self, chunk_size: int | None = None) -> None:
        self._chunker: Chunker[bytes] = Chunker(chunk_size)

    def decode(self, content: bytes) -> list[bytes]:
        """Return the chunks that are complete."""
        return list(self._chunker.feed(content))

    def flush(self) -> list[bytes]:
        """Return the shorter chunk at the end, if there is one."""
        return list(self._chunker.flush())


class TextChunker:
    """Cuts text into chunks of one size.

    Args:
        chunk_size: How many characters, or None for pieces as they come.
    """

    def __init__(self, chunk_size: int | None = None) -> None:
        self._chunker: Chunker[str] = Chunker(chunk_size)

    def decode(self, content: str) -> list[str]:
        """Return the chunks that are complete."""
        return list(self._chunker.feed(content))

    def flush(self) -> list[str]:
        """Return the shorter chunk at the end, if there is one."""
        return list(self._chunker.flush())


class TextDecoder:
    """Decodes text, wherever its bytes are cut.

    Args:
        encoding: The name of a codec.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._stage = _TextStage(encoding)

    def decode(self, data: bytes) -> str:
        """Return the text that is complete."""
        return "".join(self._stage.feed(data))

    def flush(self) -> str:
        """Return what stands for an incomplete character at the end."""
        return "".join(self._stage.flush())


class LineDecoder:
    """Cuts text into lines without their ends."""

    def __init__(self) -> None:
        self._stage = _LineStage()

    def decode(self, text: str) -> list[str]:
        """Return the lines that are complete."""
        return list(self._stage.feed(text))

    def flush(self) -> list[str]:
        """Return the last line, if nothing ended it."""
        return list(self._stage.flush())


SUPPORTED_DECODERS: dict[str, type[ContentDecoder]] = {"identity": IdentityDecoder}
SUPPORTED_DECODERS.update(
    (decoder.coding, decoder)
    for decoder in (GZipDecoder, DeflateDecoder, BrotliDecoder, ZStandardDecoder)
    if decoder.coding in supported_codings()
)


def to_bytes(value: str | bytes, encoding: str = "utf-8") -> bytes:
    """Return text encoded, and bytes as they are."""
    return value.encode(encoding) if isinstance(value, str) else value


def to_str(value: str | bytes, encoding: str = "utf-8") -> str:
    """Return bytes decoded, and text as it is."""
    return value if isinstance(value, str) else value.decode(encoding)


def to_bytes_or_str(value: str, match_type_of: Any) -> Any:
    """Return text as the type of another value: str or bytes."""
    return value if isinstance(match_type_of, str) else value.encode()


def unquote(value: str) -> str:
    """Return text without the double quotes around it."""
    return value[1:-1] if value[:1] == value[-1:] == '"' else value


__all__ = [
    "SUPPORTED_DECODERS",
    "AsyncIteratorByteStream",
    "BrotliDecoder",
    "ByteChunker",
    "ByteStream",
    "ContentDecoder",
    "DataField",
    "DeflateDecoder",
    "FileField",
    "GZipDecoder",
    "IdentityDecoder",
    "IteratorByteStream",
    "LineDecoder",
    "MultiDecoder",
    "MultipartStream",
    "TextChunker",
    "TextDecoder",
    "UnattachedStream",
    "ZStandardDecoder",
    "encode_content",
    "encode_html",
    "encode_json",
    "encode_multipart_data",
    "encode_request",
    "encode_response",
    "encode_text",
    "encode_urlencoded_data",
    "get_multipart_boundary_from_content_type",
    "peek_filelike_length",
    "primitive_value_to_str",
    "request_context",
    "to_bytes",
    "to_bytes_or_str",
    "to_str",
    "unquote",
]
