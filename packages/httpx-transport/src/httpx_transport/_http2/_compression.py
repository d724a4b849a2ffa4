"""HPACK (RFC 7541) both ways, by hpack, with a memory: what was said before in the same words is not worked out again.

It knows the compressor's tables, and no rule about fields: those are the rules of one module, and h2 sees no field at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import hpack

from ..interface import Field
from ._frames import MAX_BLOCK

_MAX_KNOWN: Final = 32  # field sections that are remembered each way
_MAX_SIZE: Final = 512  # bytes that one of them may have, compressed

_PATH: Final = 3  # where `:path` stands in a request's section

_FINAL: Final = [hpack.HeaderTuple(b":status", b"200")]
_INFORMATIONAL: Final = [hpack.HeaderTuple(b":status", b"100")]

K = TypeVar("K")
V = TypeVar("V")


def quieten() -> None:
    """Let hpack log fields only where its logger has been given a level: it writes all with their values, credentials too."""
    logger = logging.getLogger("hpack")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


quieten()


class Known(Generic[K, V]):
    """What field sections mean that neither read a changed table nor change it: each says the same as it did before.

    Args:
        table: The table that they refer to.
    """

    __slots__ = ("_first", "_known", "_length", "_size", "_table")

    def __init__(self, table: hpack.table.HeaderTable) -> None:
        self._table = table
        self._known: dict[K, V] = {}
        self._look()

    def find(self, key: K) -> V | None:
        """Return what is known, None if nothing is."""
        if self._same():
            return self._known.get(key)
        self._look()
        return None

    def keep(self, key: K, value: V) -> None:
        """Remember a section that was just worked out, unless that changed the table."""
        if not self._same():
            self._look()
            return
        if len(self._known) == _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = value

    def _same(self) -> bool:
        """Return whether the table is as it was: whatever is added becomes the first, and is an object of its own."""
        entries = self._table.dynamic_entries
        return (
            len(entries) == self._length
            and (not entries or entries[0] is self._first)
            and self._table.maxsize == self._size
        )

    def _look(self) -> None:
        entries = self._table.dynamic_entries
        self._known.clear()
        self._length = len(entries)
        self._first = entries[0] if entries else None
        self._size = self._table.maxsize


class FieldDecoder(hpack.Decoder):
    """Decompresses field sections, keeps them, and tells h2 only whether a response is final.

    Attributes:
        fields: The field section decoded last; it may be the object that it was before, and is not to be changed.
        last: Whether the section being received ends its stream.
        final: Whether it cannot be an informational response, whatever it says: h2 would end the connection for one that
            ends its stream, or that comes for a stream that is over.
    """

    def __init__(self) -> None:
        super().__init__(max_header_list_size=MAX_BLOCK)
        self.fields: list[Field] = []
        self.last = False
        self.final = False
        self._known: Known[bytes, list[Field]] = Known(self.header_table)

    def decode(self, data: bytes, raw: bool = False) -> Iterable[hpack.HeaderTuple]:  # noqa: ARG002 - hpack's signature
        """Keep the fields in `data`; return what h2 shall see of them."""
        fields = self._known.find(data)
        if fields is None:
            fields = [(name, value) for name, value in super().decode(data, raw=True)]
            if len(data) <= _MAX_SIZE:
                self._known.keep(data, fields)
        self.fields = fields
        informational = not self.final and bool(fields) and fields[0][0] == b":status" and fields[0][1][:1] == b"1"
        return _INFORMATIONAL if informational else _FINAL


class FieldEncoder(hpack.Encoder):
    """Compresses the field section that it has been told of, whatever h2 has seen of it.

    The target of a request is kept in no table: it may hold a secret, hardly ever comes twice, and would drive out what does.

    Attributes:
        section: The field section to be sent next: a request's, or trailers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.section: list[Field] = []
        self._known: Known[tuple[Field, ...], bytes] = Known(self.header_table)

    def encode(self, headers: Any, huffman: bool = True) -> bytes:  # noqa: ARG002 - hpack's signature
        """Return the section, compressed."""
        section = self.section
        block = b""
        if self.table_size_changes:  # that has to be said first
            self.header_table.resized = True  # hpack forgets it where the last change was none
            block = super().encode(())
        if len(section) > _PATH and section[_PATH][0] == b":path":
            block += self._part(section[:_PATH]) + self.add(section[_PATH], True, huffman)
            section = section[_PATH + 1 :]
        return block + self._part(section)

    def _part(self, fields: list[Field]) -> bytes:
        key = tuple(fields)
        block = self._known.find(key)
        if block is None:
            block = super().encode(fields)
            if len(block) <= _MAX_SIZE:
                self._known.keep(key, block)
        return block
