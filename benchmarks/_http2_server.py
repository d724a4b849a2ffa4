"""The HTTP/2 server that every client is measured against: canned frames over TLS, in a process of its own.

It answers each request with 1 KiB, on its second port with 100 MB, or as many bytes as it is told, as the client's windows allow; on its
third port it takes what it is sent, and answers the end of that.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

import hpack
import trustme

SMALL = b"x" * 1024
BIG = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000_000
FIELDS = [
    (b":status", b"200"),
    (b"server", b"toy"),
    (b"content-type", b"application/json"),
    (b"etag", b'"a"'),
    (b"cache-control", b"max-age=60"),
    (b"x-request-id", b"1"),
]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Canned(asyncio.Protocol):
    """Answers each HEADERS frame; requests with content are not its business."""

    big = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the settings: up to 2,000 streams."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._encoder = hpack.Encoder()
        self._buffer = b""
        self._window = self._initial = 65_535
        self._streams: dict[int, list[int]] = {}  # what is left to send, and the window, by stream
        self._writable = True
        transport.write(frame(4, 0, 0, b"\0\3\0\0\x07\xd0"))

    def data_received(self, data: bytes) -> None:
        """Take frames."""
        buffer = (self._buffer + data).removeprefix(PREFACE)
        position, out = 0, []
        while len(buffer) - position >= 9:
            length = int.from_bytes(buffer[position : position + 3], "big")
            if len(buffer) - position < 9 + length:
                break
            kind, flags = buffer[position + 3], buffer[position + 4]
            stream = int.from_bytes(buffer[position + 5 : position + 9], "big")
            out.append(self._answer(kind, flags, stream, buffer[position + 9 : position + 9 + length]))
            position += 9 + length
        self._buffer = buffer[position:]
        self._transport.write(b"".join(out))
        self._pump()

    def _answer(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind == 4 and not flags:
            for start in range(0, len(payload), 6):
                if payload[start : start + 2] == b"\0\4":
                    self._initial = int.from_bytes(payload[start + 2 : start + 6], "big")
            return frame(4, 1, 0, b"")
        if kind == 6 and not flags:
            return frame(6, 1, 0, payload)
        if kind == 8 and stream in self._streams:
            self._streams[stream][1] += int.from_bytes(payload, "big")
        elif kind == 8 and not stream:
            self._window += int.from_bytes(payload, "big")
        if kind != 1:
            return b""
        head = frame(1, 4, stream, self._encoder.encode(FIELDS))
        if self.big or self._window < len(SMALL):
            self._streams[stream] = [BIG if self.big else len(SMALL), self._initial]
            return head
        self._window -= len(SMALL)
        return head + frame(0, 1, stream, SMALL)

    def pause_writing(self) -> None:
        """Send no more for now."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on."""
        self._writable = True
        self._pump()

    def _pump(self) -> None:
        for stream, state in list(self._streams.items()):
            while self._writable and state[0]:
                size = min(16_384, state[0], state[1], self._window)
                if size <= 0:
                    break
                state[0] -= size
                state[1] -= size
                self._window -= size
                self._transport.write(frame(0, not state[0], stream, bytes(size)))
            if not state[0]:
                del self._streams[stream]


class Bulk(Canned):
    """Answers with 100 MB."""

    big = True


class Sink(Canned):
    """Takes any content, and gives credit for it at once."""

    def _answer(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        if kind != 0:
            return b"" if kind == 1 else super()._answer(kind, flags, stream, payload)
        size = len(payload).to_bytes(4, "big")
        credit = frame(8, 0, 0, size) + frame(8, 0, stream, size) if payload else b""
        return credit + super()._answer(1, 4, stream, b"") if flags & 1 else credit


async def main() -> None:
    """Print the ports, write the authority to the file that is named, and serve until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(sys.argv[1])
    context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(kind, "127.0.0.1", 0, ssl=context, backlog=1024) for kind in (Canned, Bulk, Sink)
    ]
    sys.stdout.write(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
