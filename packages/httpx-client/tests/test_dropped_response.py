"""A response that is dropped unread: its connection comes back with its last reference, without the garbage collector."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator

import anyio.lowlevel
import pytest

from httpx_client import Client, MockTransport
from httpx_models import Response, SyncByteStream

from .conftest import Face


@pytest.fixture
def half() -> Iterator[str]:
    """The URL of a server that sends a half of each response, and waits for the client to go."""

    def serve() -> None:
        sock, _ = listener.accept()
        sock.settimeout(20)
        with sock, contextlib.suppress(OSError):
            sock.recv(65_536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok")
            sock.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def test_a_dropped_response_gives_its_connection_back_at_once(face: Face, half: str) -> None:
    async def scenario() -> None:
        async with face.client(trust_env=False) as client:
            gc.disable()
            try:
                request = client.client.build_request("GET", half)
                response = await client.call("send", request, stream=True)
                assert client.client.pool_stats()["active"] == 1
                del response
                if face.name != "blocking":  # the event loop takes the slot back in its next turns
                    for _ in range(3):
                        await anyio.lowlevel.checkpoint()
                assert client.client.pool_stats()["active"] == 0
            finally:
                gc.enable()

    face.run(scenario)


def test_a_stream_outlives_its_response() -> None:
    transport = MockTransport(lambda _: Response(200, content=iter([b"te", b"xt"])))
    with Client(transport=transport) as client:
        stream = client.send(client.build_request("GET", "http://a/"), stream=True).stream
        assert isinstance(stream, SyncByteStream)
        assert b"".join(stream) == b"text"
        stream.close()
