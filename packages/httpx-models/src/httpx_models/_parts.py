"""One part of a form: a field or a file, its head and its content (RFC 7578 §4).

It knows what may stand in a part's head. It must not know what stands around a part.
"""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, Any

from ._content import is_text_file, primitive_value_to_str
from ._errors import LocalProtocolError, StreamConsumed
from ._streams import CHUNK_SIZE, AsyncChunks, AsyncReads, async_read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .types import FileTypes

# What ends a quoted string, or a line, as browsers write it (HTML §4.10.21.8), and the rest of the control characters.
_ESCAPES = {code: f"%{code:02X}" for code in range(0x20) if code != 0x1B} | {ord('"'): "%22", ord("\\"): "\\\\"}
_BREAK = re.compile(r"[\r\n\0]")


class DataField:
    """A field of a form.

    Args:
        name: Its name.
        value: str, bytes, int, float, bool or None.

    Raises:
        TypeError: The name or the value is of another type.
    """

    def __init__(self, name: str, value: str | bytes | float | None) -> None:
        _check_name(name)
        if value is not None and not isinstance(value, str | bytes | int | float):
            raise TypeError(f"Invalid type for value. Expected primitive type, got {type(value)}, for field {name!r}")
        self.name = name
        self.value: str | bytes = value if isinstance(value, bytes) else primitive_value_to_str(value)

    def render_headers(self) -> bytes:
        """Return the part's head."""
        return f'Content-Disposition: form-data; name="{_escape(self.name)}"\r\n\r\n'.encode()

    def render_data(self) -> bytes:
        """Return the part's content."""
        return self.value if isinstance(self.value, bytes) else self.value.encode("utf-8")

    def get_length(self) -> int:
        """Return the length of head and content in bytes."""
        return len(self.render_headers()) + len(self.render_data())

    def render(self) -> Iterator[bytes]:
        """Yield head and content."""
        yield self.render_headers()
        yield self.render_data()


class FileField:
    """A file of a form.

    Args:
        name: The name of the field.
        value: The content: bytes, str, a binary file, an iterable of bytes, or the asynchronous kind of either; or a
            tuple of file name, content, content type, further headers, of which the last two may be left out. A
            file name or content type of None is left out of the part's head.

    Raises:
        LocalProtocolError: A header of the part contains a line break or NUL.
        TypeError: The name or the content is of another type, or a file is in text mode.
        ValueError: A tuple has another length.
    """

    CHUNK_SIZE = CHUNK_SIZE

    def __init__(self, name: str, value: FileTypes) -> None:
        _check_name(name)
        filename, file, content_type, headers = _unpack(name, value)
        if content_type is None:
            content_type = _guess_content_type(filename)
        if content_type is not None and "content-type" not in {key.lower() for key in headers}:
            headers["Content-Type"] = content_type
        _check_content(name, file)
        self.name = name
        self.filename = filename
        self.file = file
        self.headers = headers
        self._consumed = False
        self._head = self._render_head()

    def _render_head(self) -> bytes:
        lines = [f'Content-Disposition: form-data; name="{_escape(self.name)}"']
        if self.filename:
            lines[0] += f'; filename="{_escape(self.filename)}"'
        for key, value in self.headers.items():
            if _BREAK.search(key) or _BREAK.search(value):
                raise LocalProtocolError(f"Header {key!r} of the file {self.name!r} contains a line break or NUL")
            lines.append(f"{key}: {value}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def render_headers(self) -> bytes:
        """Return the part's head."""
        return self._head

    def data_length(self) -> int | None:
        """Return the length of the content in bytes, or None when it is not known."""
        if isinstance(self.file, str | bytes):
            return len(_to_bytes(self.file))
        return None if _is_async(self.file) else _size(self.file)

    def get_length(self) -> int | None:
        """Return the length of head and content in bytes, or None when it is not known."""
        length = self.data_length()
        return None if length is None else len(self._head) + length

    def render_data(self) -> Iterator[bytes]:
        """Yield the content; a file is read from its beginning.

        Raises:
            RuntimeError: The file is asynchronous.
            StreamConsumed: The file was read before, and cannot be rewound.
        """
        if isinstance(self.file, str | bytes):
            yield _to_bytes(self.file)
            return
        if _is_async(self.file):
            raise RuntimeError("Attempted to call a sync iterator on an async stream.")
        self._rewind()
        read = getattr(self.file, "read", None)
        if read is None:
            yield from self.file
        else:
            while chunk := read(self.CHUNK_SIZE):
                yield _to_bytes(chunk)

    def arender_data(self) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the content. See `render_data`."""
        if not _is_async(self.file):
            return AsyncChunks(self.render_data())
        if self._consumed:
            raise StreamConsumed
        self._consumed = True
        read = async_read(self.file)
        return self.file.__aiter__() if read is None else AsyncReads(read, self.CHUNK_SIZE)

    def render(self) -> Iterator[bytes]:
        """Yield head and content."""
        yield self.render_headers()
        yield from self.render_data()

    def _rewind(self) -> None:
        """Go to the beginning of the file, or refuse to read what is gone."""
        try:
            self.file.seek(0)
        except (AttributeError, OSError):  # io.UnsupportedOperation, which pipes raise, is an OSError
            if self._consumed and (hasattr(self.file, "read") or hasattr(self.file, "__next__")):
                raise StreamConsumed from None
        self._consumed = True


def _unpack(name: str, value: Any) -> tuple[str | None, Any, str | None, dict[str, str]]:
    """Return file name, content, content type and headers of what was given for a file."""
    if isinstance(value, bytearray | memoryview):
        value = bytes(value)
    if not isinstance(value, tuple):
        # A descriptor's number is no name, but it is what there is.
        return os.path.basename(str(getattr(value, "name", "upload"))), value, None, {}
    if not 2 <= len(value) <= 4:
        raise ValueError(
            f"The tuple for file {name!r} must have 2 to 4 items (name, content, content type, headers), not {len(value)}"
        )
    filename, file, content_type, headers = (*value, None, None)[:4]
    for what, given in (("file name", filename), ("content type", content_type)):
        if not isinstance(given, str | None):
            raise TypeError(f"Invalid type for the {what} of file {name!r}. Expected str or None, got {type(given)}")
    if isinstance(file, bytearray | memoryview):
        file = bytes(file)
    return filename, file, content_type, dict(headers or {})


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"Invalid type for name. Expected str, got {type(name)}: {name!r}")


def _check_content(name: str, file: object) -> None:
    if isinstance(file, io.StringIO):
        raise TypeError("Multipart file uploads require 'io.BytesIO', not 'io.StringIO'.")
    if is_text_file(file):
        raise TypeError("Multipart file uploads must be opened in binary mode, not text mode.")
    readable = isinstance(file, str | bytes) or hasattr(file, "read") or hasattr(file, "__iter__") or _is_async(file)
    if not readable or isinstance(file, dict):
        raise TypeError(f"Invalid type for file {name!r}. Expected bytes, str, or a binary file, got {type(file)}")


def _is_async(file: Any) -> bool:
    """Return whether a file must be read with `await`."""
    return hasattr(file, "__aiter__") or async_read(file) is not None


def _size(file: Any) -> int | None:
    """Return the length of a whole file in bytes, or None when it cannot be known."""
    try:
        position = file.tell()
        file.seek(0, os.SEEK_END)
        size: int = file.tell()
        file.seek(position)
    except (AttributeError, OSError):
        return None
    return size


def _guess_content_type(filename: str | None) -> str | None:
    if not filename:
        return None
    import mimetypes

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)


def _to_bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content
