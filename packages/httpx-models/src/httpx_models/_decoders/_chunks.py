"""Pieces of one size, made of pieces of any size. It knows lengths only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AnyStr, Generic

if TYPE_CHECKING:
    from collections.abc import Iterator


class Chunker(Generic[AnyStr]):
    """Cuts bytes or text into chunks of one size; only the last may be shorter. Chunks are never empty.

    Args:
        size: How many bytes, or characters; None leaves the pieces as they are.

    Raises:
        ValueError: The size is less than one.
    """

    def __init__(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"chunk_size must be at least 1, not {size}")
        self._size = size
        self._parts: list[AnyStr] = []
        self._held = 0

    def feed(self, content: AnyStr) -> Iterator[AnyStr]:
        """Yield the chunks that are complete."""
        size = self._size
        if size is None:
            if content:
                yield content
            return
        part: Any = content
        if not isinstance(part, bytes | str):  # somebody may go on writing to it, and it may know no `join`
            part = bytes(part)
        self._parts.append(part)
        self._held += len(part)
        if self._held < size:
            return
        whole = self._join()
        end = self._held - self._held % size
        self._parts = [whole[end:]]
        self._held -= end
        for start in range(0, end, size):
            yield whole[start : start + size]

    def flush(self) -> Iterator[AnyStr]:
        """Yield the shorter chunk at the end, if there is one."""
        if self._held:
            yield self._join()
        self._parts = []
        self._held = 0

    def _join(self) -> AnyStr:
        parts: Any = self._parts
        joined: AnyStr = parts[0][:0].join(parts)
        return joined
