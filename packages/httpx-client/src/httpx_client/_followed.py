"""What is kept of a response that led to another request: at most 64 KiB of its body, undecoded until somebody asks.

It knows responses. It must not know why another request followed.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from httpx_models import ByteStream, DecodingError, Response, ResponseNotRead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MOST_KEPT: Final = 65_536
"""How many bytes of the body, as they came, are kept."""

MOST_DECODED: Final = 16 * MOST_KEPT
"""How many bytes they may become once they are decoded, unless the client says less."""


class Kept:
    """The bytes of a body, up to the bound.

    Attributes:
        is_full: Whether there were more.
    """

    __slots__ = ("_chunks", "_size", "is_full")

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self.is_full = False

    def feed(self, chunk: bytes) -> bool:
        """Take a piece; return whether there is room for another."""
        self._size += len(chunk)
        self.is_full = self._size > MOST_KEPT
        if self.is_full:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)
        return not self.is_full

    def leave_with(self, response: Response) -> None:
        """Make what was kept the content of its response, to be decoded when it is asked for.

        Args:
            response: The response; it has been closed.
        """
        content = b"".join(self._chunks)
        limited = response.max_decoded_size is not None or response.max_decoded_ratio is not None
        if not (self.is_full or limited or "content-encoding" in response.headers):
            response._content = content  # as it came: there is nothing to put off
            return
        response.stream = ByteStream(content)
        kind: Any = type(response)
        response.__class__ = _followed(kind)
        vars(response)["_is_longer"] = self.is_full


class FollowedResponse(Response):
    """A response that was followed by another request, with what was kept of its body."""

    _was: type[Response] = Response
    _is_longer: bool = False

    @property
    def content(self) -> bytes:
        """The body, decoded.

        Raises:
            DecodingError: It is malformed in its Content-Encoding, or becomes too large.
            ResponseNotRead: It was longer than what is kept.
        """
        return self.read()

    def read(self) -> bytes:
        """Decode what was kept of the body, if that has not been done, and return it; raises as `content`."""
        if not hasattr(self, "_content"):
            if self._is_longer:
                raise ResponseNotRead(
                    f"The content of a response that is followed by another request is kept up to {MOST_KEPT} bytes; "
                    "this one was longer."
                )
            bound = self.max_decoded_size
            self.max_decoded_size = MOST_DECODED if bound is None else min(bound, MOST_DECODED)
            self.is_closed = self.is_stream_consumed = False
            decoder = self._given_decoder
            try:
                super().read()
            finally:
                self._given_decoder = decoder  # where this failed, the next attempt has to begin anew
                self.is_closed = self.is_stream_consumed = True
        return self._content

    async def aread(self) -> bytes:
        """Decode what was kept of the body; as `read`."""
        return self.read()

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Return an iterator over the content; raises as `content`."""
        if self.is_closed:  # while it is being decoded it is open
            self.read()
        return super().iter_bytes(chunk_size)

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Return an asynchronous iterator over the content; raises as `content`."""
        self.read()
        return super().aiter_bytes(chunk_size)

    def __reduce__(self) -> tuple[Any, ...]:
        # In a pickle it is the response that it was, with its content if that can be had.
        with suppress(DecodingError, ResponseNotRead):
            self.read()
        twin = self._was.__new__(self._was)
        vars(twin).update(vars(self))
        return twin.__reduce__()


@functools.cache
def _followed(kind: Any) -> Any:
    """Return the class for responses of a class; it goes by the same name."""
    return type(kind.__name__, (FollowedResponse, kind), {"_was": kind, "__module__": kind.__module__})
