"""A server for soaks: HTTP/1.1 and HTTP/2 over cleartext on two ports, with a fault where the request's path names one.

The path is `/<fault>/<number>`; every complete response holds the number, so that a client can tell whose response it has.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import ClassVar

import hpack

LARGE = 200_000
HTTP1_FAULTS = (
    "plain", "plain", "plain", "chunked", "early", "close", "until-close", "slow", "large", "reset", "reset-content", "truncated",
    "truncated-chunks", "garbage",
)  # fmt: skip
HTTP2_FAULTS = (
    "plain",
    "plain",
    "plain",
    "early",
    "slow",
    "large",
    "reset",
    "reset-content",
    "goaway",
    "abort",
    "refused",
)
MUST_FAIL = {"reset", "reset-content", "truncated", "truncated-chunks", "garbage", "abort"}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def content(fault: str, number: bytes) -> bytes:
    """Return the content that belongs to a request."""
    return number * (LARGE // len(number) if fault == "large" else 1)


class HTTP1(asyncio.Protocol):
    """Answers each request head; there are no requests with content."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer the heads that are complete."""
        *heads, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for head in heads:
            fault, number = head.split(b" ")[1].decode().strip("/").split("/")
            self._answer(fault, content(fault, number.encode()))

    def _answer(self, fault: str, body: bytes) -> None:
        write = self._transport.write
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n%b\r\n%x\r\n%b\r\n" % (
            body[:1], len(body) - 1, body[1:],
        )  # fmt: skip
        if fault in {"plain", "large"}:
            write(whole)
        elif fault == "chunked":
            write(chunks + b"0\r\nX-Trailer: a\r\n\r\n")
        elif fault == "early":
            write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + whole)
        elif fault == "slow":
            write(whole[:20])
            asyncio.get_running_loop().call_later(0.002, write, whole[20:])
        else:
            self._fail(fault, body, whole, chunks)

    def _fail(self, fault: str, body: bytes, whole: bytes, chunks: bytes) -> None:
        write = self._transport.write
        if fault == "close":
            write(whole.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        elif fault == "until-close":
            write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        elif fault == "garbage":
            write(b"\0\1\2 garbage\r\n\r\n")
        elif fault == "reset-content":
            write(whole[:-1])
            asyncio.get_running_loop().call_later(0.001, reset, self._transport)
            return
        elif fault == "reset":
            reset(self._transport)
            return
        else:
            write(whole[:-1] if fault == "truncated" else chunks)
        self._transport.close()


class HTTP2(asyncio.Protocol):
    """Answers each HEADERS frame, within the windows that `benchmarks/soak.py`'s client opens."""

    refused: ClassVar[set[bytes]] = set()  # what requests for it were refused, on any connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the settings."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._encoder, self._decoder = hpack.Encoder(), hpack.Decoder()
        self._buffer = b""
        self._window = self._initial = 65_535
        self._streams: dict[int, tuple[bytes, int]] = {}  # what is left to send, and the window, by stream
        transport.write(frame(4, 0, 0))

    def data_received(self, data: bytes) -> None:
        """Take the frames that are complete."""
        buffer = (self._buffer + data).removeprefix(PREFACE)
        if PREFACE.startswith(buffer):
            self._buffer = buffer
            return
        while len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
            end = 9 + int.from_bytes(buffer[:3], "big")
            self._take(buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big"), buffer[9:end])
            buffer = buffer[end:]
        self._buffer = buffer

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._transport.is_closing():
            return
        if kind == 4 and not flags:
            for start in range(0, len(payload), 6):
                if payload[start : start + 2] == b"\0\4":
                    self._initial = int.from_bytes(payload[start + 2 : start + 6], "big")
            self._transport.write(frame(4, 1, 0))
        elif kind == 6 and not flags:
            self._transport.write(frame(6, 1, 0, payload))
        elif kind == 3:
            self._streams.pop(stream, None)
        elif kind == 8:
            if not stream:
                self._window += int.from_bytes(payload, "big")
            elif stream in self._streams:
                rest, window = self._streams[stream]
                self._streams[stream] = (rest, window + int.from_bytes(payload, "big"))
            self._pump()
        elif kind == 1:
            fields = {bytes(name): bytes(value) for name, value in self._decoder.decode(payload, raw=True)}
            fault, number = fields[b":path"].decode().strip("/").split("/")
            self._answer(fault, stream, content(fault, number.encode()))

    def _answer(self, fault: str, stream: int, body: bytes) -> None:
        write = self._transport.write
        if fault == "reset":
            write(frame(3, 0, stream, b"\0\0\0\2"))
            return
        if fault == "refused" and body not in self.refused:  # which the client sends once more
            self.refused.add(body)
            write(frame(3, 0, stream, b"\0\0\0\7"))
            return
        self.refused.discard(body)
        if fault == "abort":
            reset(self._transport)
            return
        if fault == "early":
            write(frame(1, 4, stream, self._encoder.encode([(":status", "103"), ("link", "</a>")])))
        head = frame(1, 4, stream, self._encoder.encode([(":status", "200"), ("content-length", str(len(body)))]))
        if fault == "reset-content":
            write(head + frame(3, 0, stream, b"\0\0\0\2"))
        elif fault == "slow":
            write(head)
            asyncio.get_running_loop().call_later(0.002, self._send, stream, body)
        else:
            write(head)
            self._send(stream, body)
            if fault == "goaway":  # streams up to this one are finished, then the connection ends
                write(frame(7, 0, 0, stream.to_bytes(4, "big") + bytes(4)))

    def _send(self, stream: int, body: bytes) -> None:
        self._streams[stream] = (body, self._initial)
        self._pump()

    def _pump(self) -> None:
        for stream, (rest, window) in list(self._streams.items()):
            while (
                rest and not self._transport.is_closing() and (size := min(16_384, len(rest), window, self._window)) > 0
            ):
                part, rest = rest[:size], rest[size:]
                window -= size
                self._window -= size
                self._transport.write(frame(0, not rest, stream, part))
            if rest:
                self._streams[stream] = (rest, window)
            else:
                del self._streams[stream]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame (RFC 9113 §4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def reset(transport: asyncio.Transport) -> None:
    """Close a connection with a TCP reset."""
    if not transport.is_closing():
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


async def main() -> None:
    """Print the ports, and serve until killed."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(kind, "127.0.0.1", 0, backlog=1024) for kind in (HTTP1, HTTP2)]
    sys.stdout.write(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
