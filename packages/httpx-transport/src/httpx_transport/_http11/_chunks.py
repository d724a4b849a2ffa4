"""Reading a chunked body (RFC 9112 §7.1): a push object from bytes on the wire to bytes of content."""

from __future__ import annotations

from .._errors import RemoteProtocolError
from ..interface import Field
from ._faults import shown_chunk_head, trailer_fault
from ._grammar import CHUNK_LINE, FIELDS, HEAD_END, MAX_CHUNK_LINE, MAX_HEAD, TRAILERS


class ChunkedReader:
    """The state between two pieces of a chunked body.

    Attributes:
        complete: Whether the last chunk and the trailers have arrived.
        surplus: What came after them.
        trailers: The trailer fields, once complete; never merged into the headers.
    """

    __slots__ = ("_after_data", "_buffer", "_missing", "_searched", "_trailing", "complete", "surplus", "trailers")

    def __init__(self) -> None:
        self._buffer = b""  # bytes that no rule has accepted yet
        self._missing = 0  # bytes that the current chunk still lacks
        self._after_data = False  # the CRLF behind a chunk's data comes next
        self._trailing = False
        self._searched = 0  # bytes of the trailers in which no end was found
        self.complete = False
        self.surplus = b""
        self.trailers: list[Field] = []

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the wire; return the content that they complete.

        Raises:
            RemoteProtocolError: A size, an end of chunk or a trailer that is not what RFC 9112 says, or too long.
        """
        data = self._buffer + data
        content: list[bytes] = []
        position = 0
        while position < len(data) and not self.complete:
            if self._missing:
                piece = data[position : position + self._missing]
                content.append(piece)
                self._missing -= len(piece)
                self._after_data = not self._missing
                position += len(piece)
                continue
            following = self._step(data, position)
            if following is None:
                break
            position = following
        self._buffer = b"" if self.complete else data[position:]
        self.surplus = data[position:] if self.complete else b""
        return content[0] if len(content) == 1 else b"".join(content)

    def _step(self, data: bytes, position: int) -> int | None:
        """Read what stands between data; return where it ends, or None where more bytes are needed."""
        if self._after_data:
            if not b"\r\n".startswith(data[position : position + 2]):
                raise RemoteProtocolError(f"bad end of chunk: {data[position : position + 2]!r}")
            if len(data) < position + 2:
                return None
            self._after_data = False
            return position + 2
        return self._trailers(data, position) if self._trailing else self._size(data, position)

    def _size(self, data: bytes, position: int) -> int | None:
        if data.find(b"\n", position, position + MAX_CHUNK_LINE) < 0:
            if len(data) - position >= MAX_CHUNK_LINE:
                raise RemoteProtocolError(f"chunk size line longer than {MAX_CHUNK_LINE} bytes")
            return None
        match = CHUNK_LINE.match(data, position)
        if match is None:
            raise RemoteProtocolError(f"illegal chunk header: {shown_chunk_head(data[position : position + 40])}")
        self._missing = int(match[1], 16)
        self._trailing = not self._missing
        return match.end()

    def _trailers(self, data: bytes, position: int) -> int | None:
        ended = data.startswith((b"\r\n", b"\n"), position) or HEAD_END.search(data, position + self._searched)
        if not ended:
            if len(data) - position > MAX_HEAD:
                raise RemoteProtocolError(f"trailers longer than {MAX_HEAD} bytes")
            self._searched = max(len(data) - position - 2, 0)  # an end may have begun
            return None
        match = TRAILERS.match(data, position)
        if match is None:
            raise RemoteProtocolError(f"illegal trailer: {trailer_fault(data[position:])}")
        self.trailers = [(name, value.rstrip(b" \t")) for name, value in FIELDS.findall(match[1])]
        self.complete = True
        return match.end()
