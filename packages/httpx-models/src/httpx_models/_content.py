"""What a body is made of: the arguments `content`, `data`, `files`, `json`, `text`, `html` become fields and a stream.

It knows which fields describe a body. It must not know what other fields a message has.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._streams import AsyncByteStream, AsyncIteratorByteStream, ByteStream, IteratorByteStream, SyncByteStream

if TYPE_CHECKING:
    from ._multipart import MultipartStream
    from .types import JSONEncoder, RequestContent, RequestData, RequestFiles, ResponseContent

    Encoded = tuple[dict[str, str], SyncByteStream | AsyncByteStream]


def encode_content(content: Any, name: str = "content") -> Encoded:
    """Make a body of the caller's bytes, text, file or iterable.

    Args:
        content: str (sent as UTF-8), bytes, a binary file, an iterable or asynchronous iterable of bytes.
        name: The argument that it was given as, for messages.

    Raises:
        TypeError: It is none of these, or a file in text mode.
    """
    if isinstance(content, str | bytes | bytearray | memoryview):
        body = content.encode("utf-8") if isinstance(content, str) else bytes(content)
        return ({"Content-Length": str(len(body))} if body else {}), ByteStream(body)
    if isinstance(content, Iterable) and not isinstance(content, dict):
        if is_text_file(content):
            raise TypeError(f"Unexpected type for {name!r}, {type(content)}: files must be opened in binary mode")
        length = peek_filelike_length(content)
        size = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        return size, IteratorByteStream(content)
    if isinstance(content, AsyncIterable):
        return {"Transfer-Encoding": "chunked"}, AsyncIteratorByteStream(content)
    raise TypeError(f"Unexpected type for {name!r}, {type(content)!r}")


def encode_urlencoded_data(data: RequestData) -> tuple[dict[str, str], ByteStream]:
    """Make a form's body, `application/x-www-form-urlencoded`; the values of a list or tuple repeat their name.

    Args:
        data: Names and values.
    """
    from urllib.parse import urlencode

    pairs = [
        (name, primitive_value_to_str(item))
        for name, value in data.items()
        for item in (value if isinstance(value, list | tuple) else (value,))
    ]
    return _sized(urlencode(pairs, doseq=True).encode("utf-8"), "application/x-www-form-urlencoded")


def encode_multipart_data(
    data: RequestData, files: RequestFiles, boundary: bytes | None
) -> tuple[dict[str, str], MultipartStream]:
    """Make a form's body with files, `multipart/form-data` (RFC 7578).

    Args:
        data: Names and values of the fields.
        files: Names and contents of the files.
        boundary: What separates the parts, or None for 32 random hexadecimal digits.
    """
    from ._multipart import MultipartStream

    stream = MultipartStream(data=data, files=files, boundary=boundary)
    return stream.get_headers(), stream


def encode_text(text: str) -> tuple[dict[str, str], ByteStream]:
    """Make a body of plain text in UTF-8.

    Args:
        text: The text.
    """
    return _sized(text.encode("utf-8"), "text/plain; charset=utf-8")


def encode_html(html: str) -> tuple[dict[str, str], ByteStream]:
    """Make a body of HTML in UTF-8.

    Args:
        html: The document.
    """
    return _sized(html.encode("utf-8"), "text/html; charset=utf-8")


def encode_json(json: Any, encoder: JSONEncoder | None = None) -> tuple[dict[str, str], ByteStream]:
    """Make a body of JSON in UTF-8 (RFC 8259), without needless spaces.

    Args:
        json: What `encoder` can write.
        encoder: A function that returns the JSON as str or bytes, such as `orjson.dumps`; without it the standard
            library's, which refuses NaN and the infinities.

    Raises:
        TypeError: The object cannot be written as JSON, or `encoder` returns neither str nor bytes.
        ValueError: A number cannot.
    """
    if encoder is None:
        from json import dumps

        body: str | bytes = dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    else:
        body = encoder(json)
        given: object = body
        if not isinstance(given, str | bytes):
            raise TypeError(f"json_encoder must return str or bytes, not {type(given)}")
    return _sized(body.encode("utf-8") if isinstance(body, str) else body, "application/json")


def encode_request(
    content: RequestContent | None = None,
    data: Any = None,
    files: RequestFiles | None = None,
    json: Any | None = None,
    boundary: bytes | None = None,
    *,
    json_encoder: JSONEncoder | None = None,
) -> Encoded:
    """Return the fields and the body of a request. Of several arguments the first in this order counts.

    Args:
        content: See `encode_content`.
        data: The fields of a form.
        files: The files of a form.
        json: See `encode_json`; None is no body.
        boundary: See `encode_multipart_data`.
        json_encoder: See `encode_json`.

    Raises:
        TypeError: An argument has a type that no body can be made of.
        ValueError: A number cannot be written as JSON.
    """
    if data is not None and not isinstance(data, Mapping):
        # What `data` meant in requests: the body itself.
        warnings.warn("Use 'content=<...>' to upload raw bytes/text content.", DeprecationWarning, stacklevel=3)
        return encode_content(data, "data")
    if content is not None:
        return encode_content(content)
    if files:
        return encode_multipart_data(data or {}, files, boundary)
    if data:
        return encode_urlencoded_data(data)
    if json is not None:
        return encode_json(json, json_encoder)
    return {}, ByteStream(b"")


def encode_response(
    content: ResponseContent | None = None,
    text: str | None = None,
    html: str | None = None,
    json: Any | None = None,
) -> Encoded:
    """Return the fields and the body of a response. Of several arguments the first in this order counts.

    Args:
        content: See `encode_content`.
        text: Plain text.
        html: An HTML document.
        json: See `encode_json`; None is no body.
    """
    if content is not None:
        return encode_content(content)
    if text is not None:
        return encode_text(text)
    if html is not None:
        return encode_html(html)
    if json is not None:
        return encode_json(json)
    return {}, ByteStream(b"")


def primitive_value_to_str(value: Any) -> str:
    """Return a form's value as text: true and false in lower case, None as nothing.

    Args:
        value: str, int, float, bool or None.
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "" if value is None else str(value)


def is_text_file(stream: Any) -> bool:
    """Return whether a file gives str instead of bytes.

    Args:
        stream: Any object.
    """
    from io import TextIOBase

    return isinstance(stream, TextIOBase)


def peek_filelike_length(stream: Any) -> int | None:
    """Return how many bytes a file will give from where it stands, or None when it cannot be known beforehand.

    Args:
        stream: Any object; only seekable files have a length.
    """
    try:
        position = stream.tell()
        stream.seek(0, os.SEEK_END)
        length: int = stream.tell() - position
        stream.seek(position)
    except (AttributeError, OSError):  # io.UnsupportedOperation, which pipes raise, is an OSError
        return None
    return max(length, 0)


def _sized(body: bytes, content_type: str) -> tuple[dict[str, str], ByteStream]:
    return {"Content-Length": str(len(body)), "Content-Type": content_type}, ByteStream(body)
