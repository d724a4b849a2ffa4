"""How a response's body is pulled through push objects, by blocking and by asynchronous code.

It knows streams, stages and limits. It must not know what a response is besides its request and its counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._errors import DecodingError, RequestError
from ._streams import end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from ._body import Body
    from ._decoders import Stage

T_in = TypeVar("T_in")
T_out = TypeVar("T_out")


def pull(source: Iterable[T_in], stage: Stage[T_in, T_out]) -> Iterator[T_out]:
    """Yield what a stage makes of a source."""
    for item in source:
        yield from stage.feed(item)
    yield from stage.flush()


class AsyncPull(Generic[T_in, T_out]):
    """An asynchronous iterator over what a stage makes of an asynchronous source.

    A class and not a generator: abandoning it leaves nothing suspended but the source, which `aclose` ends.
    """

    def __init__(self, source: AsyncIterator[T_in], stage: Stage[T_in, T_out]) -> None:
        self._source = source
        self._stage = stage
        self._ready: Iterator[T_out] = iter(())
        self._ended = False

    def __aiter__(self) -> AsyncPull[T_in, T_out]:
        return self

    async def __anext__(self) -> T_out:
        while True:
            try:
                return next(self._ready)
            except StopIteration:
                pass
            except BaseException:
                self._ended = True
                raise
            if self._ended:
                raise StopAsyncIteration
            try:
                self._ready = iter(self._stage.feed(await self._source.__anext__()))
            except StopAsyncIteration:
                self._ended = True
                self._ready = iter(self._stage.flush())

    async def aclose(self) -> None:
        """End the iteration, and that of the source."""
        self._ended = True
        self._ready = iter(())
        await end(self._source)


class AsyncItems(Generic[T_out]):
    """An asynchronous iterator over what is at hand.

    Args:
        items: What to give.
    """

    def __init__(self, items: Iterator[T_out]) -> None:
        self._items = items

    def __aiter__(self) -> AsyncItems[T_out]:
        return self

    async def __anext__(self) -> T_out:
        for item in self._items:
            return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the iteration."""
        self._items = iter(())


class AsyncRaw:
    """An asynchronous iterator over the pieces of a body, as they come; it closes the response at the end.

    Args:
        body: The response. Its state is checked when the first piece is asked for.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncRaw:
        return self

    async def __anext__(self) -> bytes:
        body = self._body
        if self._pieces is None:
            body._begin("__aiter__", "Attempted to call an async iterator on an sync stream.")
            self._pieces = body.stream.__aiter__()  # type: ignore[union-attr]
        try:
            while True:
                piece = await self._pieces.__anext__()
                body._num_bytes_downloaded += len(piece)
                if piece:
                    return piece
        except StopAsyncIteration:
            await body.aclose()
            raise
        except RequestError as error:
            body._name_request(error)
            raise

    async def aclose(self) -> None:
        """End the iteration, when the stream's iterator can be ended. The response stays open."""
        await end(self._pieces)


class Decoding:
    """The stage between the wire and the content: undoes the coding, keeps the limits, names the request in errors.

    What undoes the coding is a stage, or an object with `decode` and `flush` that return bytes.

    Args:
        body: Whose decoder, whose limits, whose request, and whose count of bytes.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of a piece.

        Raises:
            DecodingError: It is malformed, or the content is larger than allowed.
        """
        return self._checked(lambda decoder: decoder.feed(data) if hasattr(decoder, "feed") else decoder.decode(data))

    def flush(self) -> Iterator[bytes]:
        """Yield the content that is left.

        Raises:
            DecodingError: The data ended too early, or the content is larger than allowed.
        """
        return self._checked(lambda decoder: decoder.flush())

    def _checked(self, work: Callable[[Any], Iterable[bytes] | bytes]) -> Iterator[bytes]:
        try:
            pieces = work(self._body._get_content_decoder())
            for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                self._size += len(piece)
                self._check()
                if piece:
                    yield piece
        except DecodingError as error:
            self._body._name_request(error)
            raise

    def _check(self) -> None:
        body = self._body
        most, ratio = body.max_decoded_size, body.max_decoded_ratio
        if most is not None and self._size > most:
            raise DecodingError(f"The decoded content is larger than the {most} bytes of max_decoded_size")
        received = body._num_bytes_downloaded
        if ratio is not None and self._size > ratio * received:
            raise DecodingError(
                f"The decoded content is more than max_decoded_ratio ({ratio:g}) times the {received} bytes received"
            )
