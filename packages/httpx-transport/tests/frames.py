"""An HTTP/2 server in memory for tests of the codec: h2 where it behaves, frames by hand where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import h2.config
import h2.connection
import h2.events
import hpack
import hyperframe.frame as frames

from httpx_transport._http2 import Codec, Stream
from httpx_transport.interface import Field

HOST: list[Field] = [(b"Host", b"a.test")]
OK: list[Field] = [(b":status", b"200")]


def raw(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame, however wrong."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Attacker:
    """The server's side by hand: frames as bytes, field sections by HPACK."""

    def __init__(self) -> None:
        self.encoder = hpack.Encoder()

    def settings(self, values: dict[int, int] | None = None) -> bytes:
        return frames.SettingsFrame(0, settings=values or {}).serialize()

    def block(self, fields: Iterable[Field]) -> bytes:
        return self.encoder.encode([hpack.HeaderTuple(*field) for field in fields])

    def headers(self, stream: int, fields: Iterable[Field], *, end: bool = False) -> bytes:
        return raw(0x1, 0x4 | end, stream, self.block(fields))

    def data(self, stream: int, content: bytes, *, end: bool = False) -> bytes:
        return raw(0x0, int(end), stream, content)

    def reset(self, stream: int, code: int) -> bytes:
        return raw(0x3, 0, stream, code.to_bytes(4, "big"))

    def goaway(self, last: int, code: int = 0, debug: bytes = b"") -> bytes:
        return raw(0x7, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big") + debug)

    def window(self, stream: int, size: int) -> bytes:
        return raw(0x8, 0, stream, size.to_bytes(4, "big"))

    def ping(self, *, ack: bool = False) -> bytes:
        return raw(0x6, int(ack), 0, b"\0" * 8)


class Server:
    """h2 as the server of one codec; `events` is what it has been told and nobody has asked for."""

    def __init__(self, codec: Codec) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        self.codec = codec
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.events: list[Any] = []

    def exchange(self, pieces: int = 0) -> list[Stream]:
        """Carry bytes both ways until there are none; return the streams of the codec that changed."""
        changed: dict[Stream, None] = {}
        while True:
            sent = drain(self.codec)
            if sent:
                self.events += self.h2.receive_data(sent)
            answer = self.h2.data_to_send()
            if answer:
                step = pieces or len(answer)
                for start in range(0, len(answer), step):
                    changed.update((stream, None) for stream in self.codec.feed(answer[start : start + step]))
            if not sent and not answer:
                return list(changed)

    def take(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind, and forget all."""
        found = [event for event in self.events if isinstance(event, kind)]
        self.events.clear()
        return found

    def respond(
        self, stream: Stream, fields: Sequence[Field] = OK, content: bytes = b"", *, end: bool = True, pieces: int = 0
    ) -> list[Stream]:
        self.h2.send_headers(stream.number, fields, end_stream=end and not content)
        if content:
            self.h2.send_data(stream.number, content, end_stream=end)
        return self.exchange(pieces)


def drain(codec: Codec) -> bytes:
    """Return all that a codec has to send."""
    sent = codec.unsent()
    if sent:
        codec.sent(len(sent))
    return sent


def sent_frames(codec: Codec) -> list[frames.Frame]:
    """Return all that a codec has to send, as frames."""
    data = memoryview(drain(codec).removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    found: list[frames.Frame] = []
    while data:
        frame, length = frames.Frame.parse_frame_header(data[:9])
        frame.parse_body(data[9 : 9 + length])
        found.append(frame)
        data = data[9 + length :]
    return found


def get(codec: Codec, method: bytes = b"GET", fields: Iterable[Field] = (), target: bytes = b"/") -> Stream:
    """Open a request without a body."""
    return codec.open(method, b"https", target, [*HOST, *fields], end=True)


def post(codec: Codec, fields: Iterable[Field] = ()) -> Stream:
    """Open a request with a body."""
    return codec.open(b"POST", b"https", b"/", [*HOST, *fields], end=False)


def attacked(settings: dict[int, int] | None = None) -> tuple[Codec, Attacker]:
    """Return a codec that has the peer's settings, and the peer; what the codec had to send is gone."""
    codec, attacker = Codec(), Attacker()
    codec.feed(attacker.settings(settings))
    drain(codec)
    return codec, attacker
