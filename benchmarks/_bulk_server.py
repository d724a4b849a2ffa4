"""A server for bodies of any size: `GET /N` answers with N bytes, anything else is read to its end and answered with two.

A thread for each connection, and large buffers: it is not to be what is measured.
"""

from __future__ import annotations

import re
import socket
import sys
import threading

BLOCK = bytes(262_144)


def serve(sock: socket.socket) -> None:
    """Answer one connection's requests."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            data = sock.recv(262_144)
            if not data:
                return
            buffer += data
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        size = re.match(rb"GET /([0-9]+) ", head)
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        if size is not None:
            send(sock, int(size[1]))
            continue
        if length is not None:
            buffer = skip(sock, buffer, int(length[1]))
        elif b"chunked" in head:
            while not buffer.endswith(b"0\r\n\r\n"):  # the content is zeros, so this can only be its end
                buffer = buffer[-8:] + sock.recv(262_144)
            buffer = b""
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def send(sock: socket.socket, size: int) -> None:
    """Send a response with so many bytes."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    while size:
        sent = sock.send(BLOCK[:size])
        size -= sent


def skip(sock: socket.socket, buffer: bytes, size: int) -> bytes:
    """Read so many bytes, of which `buffer` has the first; return what comes after them."""
    missing = size - len(buffer)
    space = bytearray(262_144)
    while missing > 0:
        missing -= sock.recv_into(space, min(missing, len(space)))
    return buffer[size:]


def main() -> None:
    """Print the port, and serve until killed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
