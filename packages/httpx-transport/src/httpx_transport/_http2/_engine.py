"""h2 as our engine: framing, HPACK, states and windows are its, and it is kept from what is ours.

Fields are judged by the rules of one module, so h2 sees none: a malformed response is then an error of its stream, and not,
as h2 has it, the end of all streams of the connection.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import h2.config
import h2.connection
import h2.settings

from ..interface import Field
from ._compression import FieldDecoder, FieldEncoder
from ._frames import MAX_BLOCK, MAX_FRAME, WINDOW_UPDATE
from ._stream import STREAM_WINDOW

CONNECTION_WINDOW: Final = 16_777_216
"""Bytes that may be under way on one connection. It is given back as bytes arrive, so unread streams starve no other."""

_TABLE_SIZE: Final = 4_096  # bytes of fields that are kept for compression each way, whatever the peer offers

_UPDATE: Final = Struct(">BHBBLL")
_Codes = h2.settings.SettingCodes


class Engine(h2.connection.H2Connection):
    """h2's connection, a client's, which does not count its streams each time one is opened.

    Attributes:
        live: How many streams are open; whoever opens and closes them keeps it true.
        fields: What the peer's field sections hold.
    """

    def __init__(self) -> None:
        super().__init__(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self.live = 0
        self._closed_since = 0
        self._credit: list[bytes] = []
        self._before = b""  # what h2 had to send before a frame whose answer was dropped
        self.decoder = self.fields = FieldDecoder()
        self.encoder = self._sections = FieldEncoder()
        self.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                _Codes.HEADER_TABLE_SIZE: _TABLE_SIZE,
                _Codes.ENABLE_PUSH: 0,
                _Codes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                _Codes.MAX_FRAME_SIZE: MAX_FRAME,
                _Codes.MAX_HEADER_LIST_SIZE: MAX_BLOCK,
            },
        )
        self.initiate_connection()
        self.increment_flow_control_window(CONNECTION_WINDOW - 65_535)

    @property
    def open_outbound_streams(self) -> int:
        """How many streams are open. h2 goes through all it has ever seen since it was last asked; we know."""
        return self.live

    def send_section(self, number: int, section: list[Field], *, end: bool) -> None:
        """Send a field section, which is not empty: a request's, or trailers."""
        self._sections.section = section
        self.send_headers(number, (), end_stream=end)

    def forget_closed(self) -> None:
        """Let h2 drop what it keeps of closed streams, as seldom as costs nothing and as often as bounds it."""
        self._closed_since += 1
        if self._closed_since > self.live + 64:
            self._closed_since = 0
            _ = super().open_outbound_streams

    def bound_table(self) -> None:
        """Keep no more of what we sent than we want to, whatever the peer would allow."""
        if self.encoder.header_table_size > _TABLE_SIZE:
            self.encoder.header_table_size = _TABLE_SIZE

    def credit(self, number: int, size: int) -> None:
        """Give credit for bytes of content; 0 is the connection. h2 sees no content, and keeps no account of it."""
        self._credit.append(_UPDATE.pack(0, 4, WINDOW_UPDATE, 0, number, size))

    def receive_late(self, data: bytes) -> None:
        """Let h2 receive a frame on a stream that is not open, for the compression's sake, and to refuse what it may not be.

        Its answer is dropped: h2 answers every frame on a stream that was reset by one more RST_STREAM, and a stream may
        have one at most (RFC 9113 §5.4.2).

        Raises:
            h2.exceptions.ProtocolError: The frame ends the connection; what says so to the peer is sent.
        """
        self._before += self.data_to_send()
        self.receive_data(data)
        self.clear_outbound_data_buffer()

    def outgoing(self) -> bytes:
        """Return what is to be sent, and forget it."""
        data = self.data_to_send()
        if self._before:
            data, self._before = self._before + data, b""
        if self._credit:
            data += b"".join(self._credit)
            self._credit.clear()
        return data
