"""Bodies as streams: how often they can be iterated, and by whom."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from httpx_models import AsyncByteStream, ByteStream, StreamClosed, StreamConsumed, SyncByteStream
from httpx_models._streams import AsyncIteratorByteStream, AsyncReads, IteratorByteStream, UnattachedStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.anyio


async def collect(stream: Any) -> list[bytes]:
    return [chunk async for chunk in stream]


async def agen() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def test_bytes_can_be_iterated_again_and_by_everybody() -> None:
    stream = ByteStream(b"body")
    assert isinstance(stream, SyncByteStream)
    assert isinstance(stream, AsyncByteStream)
    assert list(stream) == list(stream) == await collect(stream) == await collect(stream) == [b"body"]
    assert stream.content == b"body"
    stream.close()
    await stream.aclose()


async def test_a_generator_is_handed_on_for_who_closes_it() -> None:
    own: Any = agen()
    pieces: Any = aiter(AsyncIteratorByteStream(own))
    assert pieces is own
    assert await anext(pieces) == b"a"
    await pieces.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(own)


async def test_the_base_classes_must_be_filled() -> None:
    with pytest.raises(NotImplementedError, match="The '__iter__' method must be implemented"):
        iter(SyncByteStream())
    with pytest.raises(NotImplementedError, match="The '__aiter__' method must be implemented"):
        AsyncByteStream().__aiter__()
    SyncByteStream().close()
    await AsyncByteStream().aclose()


def test_an_iterator_can_be_iterated_once() -> None:
    stream = IteratorByteStream(iter([b"a", b"b"]))
    assert list(stream) == [b"a", b"b"]
    with pytest.raises(StreamConsumed):
        list(stream)


def test_a_list_can_be_iterated_again() -> None:
    stream = IteratorByteStream([b"a", b"b"])
    assert list(stream) == list(stream) == [b"a", b"b"]


def test_a_file_is_read_in_pieces_and_rewound_to_where_it_stood() -> None:
    file = io.BytesIO(b"skip" + bytes(IteratorByteStream.CHUNK_SIZE + 1))
    file.read(4)
    stream = IteratorByteStream(file)
    assert [len(chunk) for chunk in stream] == [IteratorByteStream.CHUNK_SIZE, 1]
    assert [len(chunk) for chunk in stream] == [IteratorByteStream.CHUNK_SIZE, 1]


class Pipe:
    """A file that cannot be rewound."""

    def __init__(self) -> None:
        self.left = [b"a", b"b", b""]

    def read(self, size: int) -> bytes:
        return self.left.pop(0)

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("it is read, not iterated by lines")


class Forgetful(Pipe):
    """A file that knows where it stands, and cannot go there."""

    def tell(self) -> int:
        return 0


@pytest.mark.parametrize("file", [Pipe, Forgetful])
def test_a_pipe_can_be_read_once(file: type[Pipe]) -> None:
    stream = IteratorByteStream(file())
    assert list(stream) == [b"a", b"b"]
    with pytest.raises(StreamConsumed):
        list(stream)


async def test_an_asynchronous_generator_can_be_iterated_once() -> None:
    stream = AsyncIteratorByteStream(agen())
    assert await collect(stream) == [b"a", b"b"]
    with pytest.raises(StreamConsumed):
        await collect(stream)
    with pytest.raises(StreamConsumed):
        await collect(aiter(stream))


class Again:
    """An asynchronous iterable that is none itself."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return agen()


async def test_an_asynchronous_iterable_can_be_iterated_again() -> None:
    stream = AsyncIteratorByteStream(Again())
    assert await collect(stream) == await collect(stream) == [b"a", b"b"]


class AsyncFile(Again):
    """A file that is read with await."""

    def __init__(self) -> None:
        self.left = [b"x", b"y", b""]

    async def read(self, size: int) -> bytes:
        return self.left.pop(0)


class AsyncFileA(Again):
    """Another, whose method has the other name."""

    def __init__(self) -> None:
        self.left = [b"x", b"y", b""]

    async def aread(self, size: int) -> bytes:
        return self.left.pop(0)


class Both(Again):
    """What is iterated asynchronously, and read without."""

    def read(self, size: int) -> bytes:
        raise AssertionError("it is iterated")


async def test_a_method_that_is_not_awaited_is_not_asked() -> None:
    assert await collect(AsyncIteratorByteStream(Both())) == [b"a", b"b"]


@pytest.mark.parametrize("file", [AsyncFile, AsyncFileA])
async def test_an_asynchronous_file_is_read_in_pieces(file: type[Again]) -> None:
    stream = AsyncIteratorByteStream(file())
    assert await collect(stream) == [b"x", b"y"]
    with pytest.raises(StreamConsumed):
        await collect(stream)


async def test_an_abandoned_iteration_can_be_closed() -> None:
    source = agen()
    pieces: Any = AsyncIteratorByteStream(source).__aiter__()
    assert await pieces.__anext__() == b"a"
    await pieces.aclose()
    with pytest.raises(StopAsyncIteration):
        await source.__anext__()
    nothing_begun: Any = AsyncIteratorByteStream(agen()).__aiter__()
    await nothing_begun.aclose()


def test_every_iterator_is_its_own() -> None:
    for stream in (ByteStream(b"x"), AsyncIteratorByteStream(agen()), AsyncIteratorByteStream(AsyncFile())):
        pieces = aiter(stream)
        assert aiter(pieces) is pieces
    reads = AsyncReads(AsyncFile().read, 1)
    assert aiter(reads) is reads


async def test_a_stream_out_of_a_pickle_is_closed() -> None:
    with pytest.raises(StreamClosed):
        list(UnattachedStream())
    with pytest.raises(StreamClosed):
        await collect(UnattachedStream())
