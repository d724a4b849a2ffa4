"""jh2 in the place of h2, for comparison: its connection is h2's in Python, its HPACK is in Rust. The package knows nothing of it.

Imported before `httpx_transport` has loaded its HTTP/2; also as a plugin of pytest, to see what the tests say:

    PYTHONPATH=benchmarks pytest -p _jh2_engine packages/httpx-transport/tests -k http2
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Any

_REPLACED = ("config", "connection", "events", "exceptions", "settings")


def install(own_hpack: bool = False) -> None:
    """Load our HTTP/2 over jh2; other users of h2 in this process, such as tests' servers, keep theirs.

    Args:
        own_hpack: Keep hpack and our memory of field sections, so that jh2 does the rest only.
    """
    names = {"h2": "jh2", **{f"h2.{name}": f"jh2.{name}" for name in _REPLACED}}
    names |= {"hyperframe": "jh2.hyperframe", "hyperframe.exceptions": "jh2.hyperframe.exceptions"}
    for name in names:
        importlib.import_module(name)
    before = {name: sys.modules[name] for name in names}
    sys.modules.update({name: importlib.import_module(other) for name, other in names.items()})
    try:
        engine = importlib.import_module("httpx_transport._http2._engine")
    finally:
        sys.modules.update(before)
    if not own_hpack:
        _use_rust(engine)


def _use_rust(engine: Any) -> None:
    """Let jh2 compress and decompress: it keeps its tables to itself, so nothing can be remembered beside it."""
    from jh2 import _hazmat  # type: ignore[import-not-found,unused-ignore]

    class FieldDecoder:
        """As ours."""

        def __init__(self) -> None:
            self._rust = _hazmat.Decoder(engine.MAX_BLOCK)
            self._rust.max_allowed_table_size = 4_096
            self.fields: list[tuple[bytes, bytes]] = []
            self.last = self.final = False

        def decode(self, data: bytes, raw: bool = True) -> Iterable[Any]:
            """Keep the fields; tell jh2 what ours tells h2."""
            self.fields = fields = [(name, value) for name, value, _ in self._rust.decode(data, raw)]
            informational = not self.final and bool(fields) and fields[0][0] == b":status" and fields[0][1][:1] == b"1"
            return [(b":status", b"100" if informational else b"200", False)]

    class FieldEncoder:
        """As ours."""

        def __init__(self) -> None:
            self._rust = _hazmat.Encoder()
            self.section: list[Any] = []

        @property
        def header_table_size(self) -> int:
            """The size of the table in bytes."""
            return int(self._rust.header_table_size)

        @header_table_size.setter
        def header_table_size(self, value: int) -> None:
            self._rust.header_table_size = value

        def encode(self, headers: Any, huffman: bool = True) -> bytes:
            """Return the section, compressed."""
            fields = [(field[0], field[1], not getattr(field, "indexable", True)) for field in self.section]
            return bytes(self._rust.encode(fields))

    engine.FieldDecoder, engine.FieldEncoder = FieldDecoder, FieldEncoder


def pytest_configure() -> None:
    """Be a plugin of pytest."""
    install()
