"""The body of a response: read whole, or iterated as raw bytes, content, text or lines, by both kinds of code.

It knows when a body may be read, its encoding and its limits. It must not know status codes or requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import RequestError, ResponseNotRead, StreamClosed, StreamConsumed
from ._reading import AsyncItems, AsyncPull, AsyncRaw, Decoding, pull
from ._request import shown_url
from ._streams import end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, MutableMapping

    from ._headers import Headers
    from ._request import Request
    from ._streams import AsyncByteStream, SyncByteStream
    from .types import DefaultEncoding, JSONDecoder

_SHOWN = 40  # characters of the content that an error message shows


class Body:
    """The half of a `Response` that deals with its body."""

    headers: Headers
    stream: SyncByteStream | AsyncByteStream
    extensions: MutableMapping[str, Any]
    default_encoding: DefaultEncoding
    is_closed: bool = False
    is_stream_consumed: bool = False
    max_decoded_size: int | None = None
    max_decoded_ratio: float | None = None
    json_decoder: JSONDecoder | None = None

    status_code: int
    _request: Request | None
    _num_bytes_downloaded: int = 0
    _content: bytes
    _encoding: str
    _given_decoder: Any = None
    _text: str

    @property
    def content(self) -> bytes:
        """The body, decoded.

        Raises:
            ResponseNotRead: The body has not been read.
        """
        try:
            return self._content
        except AttributeError:
            raise ResponseNotRead from None

    @property
    def text(self) -> str:
        """The body as text, in `encoding`; what is malformed becomes U+FFFD.

        Raises:
            LookupError: The encoding that was set, or `default_encoding`, does not exist.
            ResponseNotRead: The body has not been read.
        """
        if not hasattr(self, "_text"):
            from ._decoders import decode_text

            self._text = decode_text(self.content, self.encoding or "utf-8")
        return self._text

    @property
    def encoding(self) -> str | None:
        """The encoding of the text: what was set, else the charset of Content-Type, else `default_encoding`.

        A charset that names no text encoding is passed over. It can be set until `text` has been asked for.
        """
        if not hasattr(self, "_encoding"):
            from ._mediatype import text_charset

            content_type = self.headers.get("Content-Type")
            encoding = None if content_type is None else text_charset(content_type)
            if encoding is None:
                default = self.default_encoding
                if not isinstance(default, str) and not hasattr(self, "_content"):
                    return "utf-8"  # the function cannot be asked yet
                encoding = default if isinstance(default, str) else default(self._content)
            self._encoding = encoding or "utf-8"
        return self._encoding

    @encoding.setter
    def encoding(self, value: str) -> None:
        if hasattr(self, "_text"):
            raise ValueError("Setting encoding after `text` has been accessed is not allowed.")
        self._encoding = value

    @property
    def charset_encoding(self) -> str | None:
        """What the charset parameter of Content-Type says, or None."""
        content_type = self.headers.get("Content-Type")
        if content_type is None:
            return None
        from ._mediatype import charset

        return charset(content_type)

    def json(self, **kwargs: Any) -> Any:
        """Return what the content says as JSON, in UTF-8, UTF-16 or UTF-32.

        Args:
            **kwargs: Passed to the decoder: `json.loads`, or what `json_decoder` says.

        Raises:
            ResponseNotRead: The body has not been read.
            ValueError: The content is no JSON (a `json.JSONDecodeError`, unless the decoder raises another).
        """
        if self.json_decoder is not None:
            return self.json_decoder(self.content, **kwargs)
        from json import JSONDecodeError, loads

        try:
            return loads(self.content, **kwargs)
        except JSONDecodeError as error:
            raise JSONDecodeError(f"{error.msg} ({self._describe(error.doc)})", error.doc, error.pos) from None

    def _describe(self, text: str) -> str:
        """Return what a message says about content that is not what it should be."""
        described = f"status {self.status_code}"
        if self._request is not None:
            described = f"{self._request.method} {shown_url(self._request.url)}, {described}"
        beginning = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
        return f"{described}, content type {self.headers.get('content-type')!r}, content {beginning!r}"

    def read(self) -> bytes:
        """Read the body, if that has not been done, and return it decoded. If that fails, the response is closed.

        Raises:
            DecodingError: The body is malformed in its Content-Encoding, or larger than allowed.
            RuntimeError: The body can only be read with `aread`.
            StreamClosed: The response was closed before.
            StreamConsumed: The body was iterated before.
        """
        if not hasattr(self, "_content") and not self._take_whole("__iter__"):
            begun = self.is_stream_consumed
            try:
                self._content = b"".join(self.iter_bytes())
            except BaseException:
                if self.is_stream_consumed and not begun:
                    self.close()
                raise
        return self._content

    async def aread(self) -> bytes:
        """Read the body, if that has not been done, and return it decoded. See `read`.

        Raises:
            RuntimeError: The body can only be read with `read`.
        """
        if not hasattr(self, "_content") and not self._take_whole("__aiter__"):
            begun = self.is_stream_consumed
            pieces = self.aiter_bytes()
            try:
                self._content = b"".join([piece async for piece in pieces])
            except BaseException:
                if self.is_stream_consumed and not begun:
                    await end(pieces)
                    await self.aclose()
                raise
        return self._content

    def iter_raw(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Return an iterator over the body as it came, not decoded. The response is closed at its end.

        Args:
            chunk_size: How many bytes each chunk is to have, the last one excepted; None for as they come.

        Raises:
            RuntimeError: The body can only be read with `aiter_raw` (this and the following: when it is iterated).
            StreamClosed: The response was closed before.
            StreamConsumed: The body was iterated before.
            ValueError: The chunk size is less than one.
        """
        return self._pieces() if chunk_size is None else pull(self._pieces(), _chunker(chunk_size))

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the body as it came. See `iter_raw`."""
        return AsyncRaw(self) if chunk_size is None else AsyncPull(AsyncRaw(self), _chunker(chunk_size))

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Return an iterator over the body, decoded. A body that has been read can be iterated again and again.

        Args:
            chunk_size: How many bytes each chunk is to have, the last one excepted; None for as they come.

        Raises:
            DecodingError: The body is malformed in its Content-Encoding, or larger than allowed.
            RuntimeError: The body can only be read with `aiter_bytes` (this and the following: when it is iterated).
            StreamClosed: The response was closed before.
            StreamConsumed: The body was iterated before.
            ValueError: The chunk size is less than one.
        """
        if hasattr(self, "_content"):
            return self._cut(chunk_size)
        decoding = self._decoding()
        pieces = self.iter_raw() if decoding is None else pull(self.iter_raw(), decoding)
        return pieces if chunk_size is None else pull(pieces, _chunker(chunk_size))

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the body, decoded. See `iter_bytes`."""
        if hasattr(self, "_content"):
            return AsyncItems(self._cut(chunk_size))
        decoding = self._decoding()
        pieces = self.aiter_raw() if decoding is None else AsyncPull(self.aiter_raw(), decoding)
        return pieces if chunk_size is None else AsyncPull(pieces, _chunker(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """Return an iterator over the body as text in `encoding`. See `iter_bytes`.

        Args:
            chunk_size: How many characters each chunk is to have, the last one excepted; None for as they come.
        """
        pieces = pull(self.iter_bytes(), self._text_decoder())
        return pieces if chunk_size is None else pull(pieces, _chunker(chunk_size))

    def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """Return an asynchronous iterator over the body as text. See `iter_text`."""
        pieces = AsyncPull(self.aiter_bytes(), self._text_decoder())
        return pieces if chunk_size is None else AsyncPull(pieces, _chunker(chunk_size))

    def iter_lines(self) -> Iterator[str]:
        """Return an iterator over the lines of the text, without their ends. See `iter_text`."""
        from ._decoders import LineDecoder

        return pull(self.iter_text(), LineDecoder())

    def aiter_lines(self) -> AsyncIterator[str]:
        """Return an asynchronous iterator over the lines of the text. See `iter_lines`."""
        from ._decoders import LineDecoder

        return AsyncPull(self.aiter_text(), LineDecoder())

    def close(self) -> None:
        """Give back what the body holds, such as a connection. Does nothing when that has been done.

        Raises:
            RuntimeError: The body must be closed with `aclose`.
        """
        if not hasattr(self.stream, "__iter__"):
            raise RuntimeError("Attempted to call an sync close on an async stream.")
        if not self.is_closed:
            self.is_closed = True
            self.stream.close()  # type: ignore[union-attr]

    async def aclose(self) -> None:
        """Give back what the body holds, such as a connection. Does nothing when that has been done.

        Raises:
            RuntimeError: The body must be closed with `close`.
        """
        if not hasattr(self.stream, "__aiter__"):
            raise RuntimeError("Attempted to call an async close on an sync stream.")
        if not self.is_closed:
            self.is_closed = True
            await self.stream.aclose()  # type: ignore[union-attr]

    def _begin(self, method: str, complaint: str) -> None:
        """Refuse to iterate what cannot be iterated, and note that it is now."""
        if self.is_stream_consumed:
            raise StreamConsumed
        if self.is_closed:
            raise StreamClosed
        if not hasattr(self.stream, method):
            raise RuntimeError(complaint)
        self.is_stream_consumed = True
        self._num_bytes_downloaded = 0

    def _take_whole(self, method: str) -> bool:
        """Take the body where its stream has all of it at hand and nothing is to be decoded; return whether it did."""
        stream = self.stream
        if self.is_stream_consumed or self.is_closed or not hasattr(stream, method) or self._decoding() is not None:
            return False
        whole = getattr(stream, "whole", None)  # a stream need not be a subclass of ours
        content: bytes | None = None if whole is None else whole()
        if content is None:
            return False
        self.is_stream_consumed = self.is_closed = True
        self._num_bytes_downloaded = len(content)
        self._content = content
        return True

    def _pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes, and close it."""
        self._begin("__iter__", "Attempted to call a sync iterator on an async stream.")
        try:
            for piece in self.stream:  # type: ignore[union-attr]
                self._num_bytes_downloaded += len(piece)
                if piece:
                    yield piece
        except RequestError as error:
            self._name_request(error)
            raise
        self.close()

    def _cut(self, chunk_size: int | None) -> Iterator[bytes]:
        """Return an iterator over the content that has been read."""
        return pull((self._content,), _chunker(chunk_size))

    def _name_request(self, error: RequestError) -> None:
        if self._request is not None:
            error.request = self._request

    def _decoding(self) -> Decoding | None:
        """Return the stage between the wire and the content, or None when they are the same."""
        unlimited = self.max_decoded_size is None and self.max_decoded_ratio is None
        if self._given_decoder is None and unlimited and not self.headers._tells(b"content-encoding"):
            return None
        return Decoding(self)

    def _get_content_decoder(self) -> Any:
        """Return what undoes the Content-Encoding, or what somebody has set instead."""
        if self._given_decoder is None:
            from ._decoders import Chain, content_decoder

            codings = self.headers.get_list("content-encoding", split_commas=True)
            self._given_decoder = content_decoder(codings) or Chain()
        return self._given_decoder

    @property
    def _decoder(self) -> Any:
        return self._get_content_decoder()

    @_decoder.setter
    def _decoder(self, decoder: Any) -> None:
        self._given_decoder = decoder

    def _text_decoder(self) -> Any:
        from ._decoders import TextDecoder

        return TextDecoder(self.encoding or "utf-8")


def _chunker(chunk_size: int | None) -> Any:
    from ._decoders import Chunker

    return Chunker(chunk_size)
