"""A proxy that only opens tunnels, as a script of `ScriptedServer`."""

from __future__ import annotations

import contextlib
import select
import socket


def tunnelling(client: socket.socket) -> None:
    """Take one CONNECT, then carry bytes both ways until one side ends."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65_536)
    host, _, port = head.split()[1].decode().rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port))) as server:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        others = {client: server, server: client}
        while True:
            for sock in select.select(list(others), [], [])[0]:
                data = sock.recv(65_536)
                if not data:
                    return
                others[sock].sendall(data)
