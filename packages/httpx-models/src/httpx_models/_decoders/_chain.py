"""Decoders one after the other, and which ones a Content-Encoding asks for (RFC 9110 §8.4).

It knows the names of the codings, and how many are too many. It must not know how any of them works.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from httpx_models._errors import DecodingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T_in_contra = TypeVar("T_in_contra", contravariant=True)
T_out_co = TypeVar("T_out_co", covariant=True)

MAX_LAYERS = 5  # a message with more is an attack
INNER_RATIO = 4  # bytes that inner codings may be given for each byte that was received,
INNER_FREE = 1_048_576  # and this many in any case


class Stage(Protocol[T_in_contra, T_out_co]):
    """What takes pieces and gives others: all decoders here, and chains of them."""

    def feed(self, data: T_in_contra, /) -> Iterable[T_out_co]:
        """Give what can be given now that this piece is known."""
        ...

    def flush(self) -> Iterable[T_out_co]:
        """Give what is left now that no more pieces come."""
        ...


class Chain:
    """Stages, each fed with what the one before gives.

    Args:
        stages: The first one is fed first.
    """

    def __init__(self, *stages: Stage[Any, Any]) -> None:
        self._stages = stages

    def feed(self, data: Any) -> Iterator[Any]:
        """Return what comes out at the end when a piece goes in at the beginning."""
        pieces: Iterable[Any] = (data,)
        for stage in self._stages:
            pieces = chain.from_iterable(map(stage.feed, pieces))
        return iter(pieces)

    def flush(self) -> Iterator[Any]:
        """Return what comes out at the end when nothing more goes in."""
        pieces: Iterable[Any] = ()
        for stage in self._stages:
            pieces = chain(chain.from_iterable(map(stage.feed, pieces)), _late(stage))
        return iter(pieces)


class Budget:
    """How many bytes the inner codings of a message may be given, by how many were received.

    What has been compressed once hardly becomes smaller a second time. A message whose outer coding expands to much more than
    itself is made to let an inner decoder work on what yields nothing, such as empty gzip members.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = INNER_FREE


class Received:
    """Passes on the bytes of a message, and counts them.

    Args:
        budget: What they add to.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the bytes."""
        self._budget.left += INNER_RATIO * len(data)
        return (data,)

    def flush(self) -> Iterable[bytes]:
        """Return nothing."""
        return ()


class Passed:
    """Passes on the bytes from one coding to the next, within the budget.

    Args:
        budget: What they take from.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the bytes.

        Raises:
            DecodingError: There are too many.
        """
        self._budget.left -= len(data)
        if self._budget.left < 0:
            raise DecodingError(f"An outer coding expands the content to more than {INNER_RATIO} times its size")
        return (data,)

    def flush(self) -> Iterable[bytes]:
        """Return nothing."""
        return ()


def _late(stage: Stage[Any, Any]) -> Iterator[Any]:
    """Flush a stage when its turn comes, and not before."""
    yield from stage.flush()


def _make(coding: str) -> Stage[bytes, bytes] | None:
    """Return a new decoder for a coding, or None when it is unknown here."""
    if coding in {"gzip", "x-gzip"}:
        from ._zlib import GzipDecoder

        return GzipDecoder()
    if coding == "deflate":
        from ._zlib import DeflateDecoder

        return DeflateDecoder()
    if coding == "br":
        from . import _brotli

        module = _brotli.library()
        return None if module is None else _brotli.BrotliDecoder(module)
    if coding == "zstd":
        from . import _zstd

        module = _zstd.library()
        return None if module is None else _zstd.ZstdDecoder(module)
    return None


@cache
def supported_codings() -> tuple[str, ...]:
    """Return the content codings that can be decoded here, as Accept-Encoding lists them.

    "br" and "zstd" are among them when their libraries are installed; asking imports these, and looks for them once.
    """
    return tuple(coding for coding in ("gzip", "deflate", "br", "zstd") if _make(coding) is not None)


def content_decoder(codings: Iterable[str]) -> Stage[bytes, bytes] | None:
    """Return what undoes the given codings, or None when there is nothing that can be undone.

    The codings are undone from the last to the first. The first unknown one ends that: what it holds is passed through as it is.

    Args:
        codings: The names in the order in which they were applied.

    Raises:
        DecodingError: There are more than five.
    """
    applied = [name for name in (coding.strip().lower() for coding in codings) if name not in {"", "identity"}]
    stages: list[Stage[bytes, bytes]] = []
    for coding in reversed(applied):
        stage = _make(coding)
        if stage is None:
            break
        stages.append(stage)
        if len(stages) > MAX_LAYERS:
            raise DecodingError(f"The content is encoded {len(applied)} times over, which is more than {MAX_LAYERS}")
    if len(stages) < 2:
        return stages[0] if stages else None
    budget = Budget()
    outer, *inner = stages
    return Chain(Received(budget), outer, *chain.from_iterable((Passed(budget), stage) for stage in inner))
