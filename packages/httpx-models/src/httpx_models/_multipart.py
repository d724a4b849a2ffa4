"""Forms with files, `multipart/form-data` (RFC 7578), streamed as they are sent.

It knows how the parts stand in a body, and how long that is. What a single part is, is `_parts`'s.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._errors import LocalProtocolError
from ._parts import DataField, FileField
from ._streams import AsyncByteStream, SyncByteStream, end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .types import FileTypes, RequestData, RequestFiles

_BOUNDARY = re.compile(rb"[ -~]*")


class MultipartStream(SyncByteStream, AsyncByteStream):
    """The body of a form with files.

    It can be iterated again when all its files can be rewound. When one of them is asynchronous, only asynchronous code
    can iterate it.

    Args:
        data: Names and values of the fields; the values of a list or tuple repeat their name.
        files: Names and contents of the files: a mapping, whose values may be lists of files, or a list of pairs.
        boundary: What separates the parts; 32 random hexadecimal digits when there is none.

    Raises:
        LocalProtocolError: The boundary, or a header of a part, contains a line break or NUL.
        TypeError: A name, value or file is of a type that cannot be sent.
    """

    def __init__(self, data: RequestData, files: RequestFiles, boundary: bytes | None = None) -> None:
        if boundary is None:
            boundary = os.urandom(16).hex().encode("ascii")
        elif not _BOUNDARY.fullmatch(boundary):
            raise LocalProtocolError("The boundary of a multipart body must be printable ASCII")
        self.boundary = boundary
        self.content_type = f"multipart/form-data; boundary={boundary.decode('ascii')}"
        self.fields = list(self._iter_fields(data, files))

    def _iter_fields(self, data: RequestData, files: RequestFiles) -> Iterator[FileField | DataField]:
        for name, value in data.items():
            for item in value if isinstance(value, list | tuple) else (value,):
                yield DataField(name=name, value=item)
        if not isinstance(files, Mapping):
            for pair in _pairs(files):
                yield FileField(*pair)
            return
        for name, given in files.items():
            for file in given if isinstance(given, list) else (given,):
                yield FileField(name=name, value=file)

    def _segments(self) -> Iterator[bytes | FileField]:
        """Yield the body: what is at hand as bytes, and the files where their content belongs."""
        for field in self.fields:
            head = b"--%b\r\n%b" % (self.boundary, field.render_headers())
            if isinstance(field, DataField):
                yield head + field.render_data() + b"\r\n"
            else:
                yield head
                yield field
                yield b"\r\n"
        yield b"--%b--\r\n" % self.boundary

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the body in pieces.

        Raises:
            RuntimeError: A file is asynchronous.
            StreamConsumed: A file was read before, and cannot be rewound.
        """
        for segment in self._segments():
            if isinstance(segment, bytes):
                yield segment
            else:
                yield from segment.render_data()

    def get_content_length(self) -> int | None:
        """Return the length of the body in bytes, or None when that of a file is not known."""
        total = 0
        for segment in self._segments():
            length = len(segment) if isinstance(segment, bytes) else segment.data_length()
            if length is None:
                return None
            total += length
        return total

    def get_headers(self) -> dict[str, str]:
        """Return the fields that describe the body."""
        length = self.get_content_length()
        size = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        return {**size, "Content-Type": self.content_type}

    def __iter__(self) -> Iterator[bytes]:
        """Return an iterator over the body. See `iter_chunks`."""
        return self.iter_chunks()

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the body."""
        return _AsyncForm(self._segments())


class _AsyncForm:
    """One asynchronous pass over a form."""

    def __init__(self, segments: Iterator[bytes | FileField]) -> None:
        self._segments = segments
        self._file: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            if self._file is not None:
                try:
                    return await self._file.__anext__()
                except StopAsyncIteration:
                    self._file = None
            for segment in self._segments:
                if isinstance(segment, bytes):
                    return segment
                self._file = segment.arender_data()
                break
            else:
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the iterator of the file that is being read, when it can be closed."""
        await end(self._file)


def _pairs(files: Any) -> Iterator[tuple[str, FileTypes]]:
    """Yield what is a pair of name and file; anything else is a TypeError."""
    if not isinstance(files, Iterable) or isinstance(files, str | bytes):
        raise TypeError(f"Invalid type for 'files'. Expected a mapping or pairs of name and file, got {type(files)}")
    for pair in files:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"Invalid item in 'files'. Expected a pair of name and file, got {type(pair)}")
        yield pair[0], pair[1]
