"""A conversation over one HTTP/2 stream: each line is sent when the echo of the one before it has come.

`python docs/duplex.py` starts a server of its own, in a thread, by h2; `httpx-transport[http2]` is all it needs.
"""

from __future__ import annotations

import asyncio
import socket
import threading

import h2.config
import h2.connection
import h2.events

from httpx_transport import AsyncConnectionPool, ConnectionPool

LINES = (b"one\n", b"two\n", b"three\n")


def serve(listener: socket.socket) -> None:
    """Echo what comes on each stream of one connection, while it comes."""
    client, _ = listener.accept()
    with client:
        h2_side = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        h2_side.initiate_connection()
        client.sendall(h2_side.data_to_send())
        while data := client.recv(65_536):
            for event in h2_side.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    h2_side.send_headers(event.stream_id, [(":status", "200")])
                elif isinstance(event, h2.events.DataReceived):
                    h2_side.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    h2_side.send_data(event.stream_id, event.data)
                elif isinstance(event, h2.events.StreamEnded):
                    h2_side.send_headers(event.stream_id, [("lines", str(len(LINES)))], end_stream=True)
            client.sendall(h2_side.data_to_send())


def talk(url: str) -> list[bytes]:
    """Return the echoes, as a blocking client hears them."""
    with ConnectionPool(http1=False, http2=True) as pool:
        response = pool.request("POST", url, body=b"", extensions={"duplex": True})
        stream = response.extensions["network_stream"]
        heard = []
        for line in LINES:
            stream.write(line)
            heard.append(stream.read(65_536))
        stream.write_eof()
        while received := stream.read(65_536):  # to the end, so that the connection is idle when the pool closes
            heard.append(received)
        return heard


async def talk_async(url: str) -> list[bytes]:
    """Return the echoes; here one task speaks while another listens."""
    async with AsyncConnectionPool(http1=False, http2=True) as pool:
        response = await pool.request("POST", url, body=b"", extensions={"duplex": True})
        stream = response.extensions["network_stream"]

        async def speak() -> None:
            for line in LINES:
                await stream.write(line)
            await stream.write_eof()

        speaking = asyncio.create_task(speak())
        heard = []
        while received := await stream.read(65_536):
            heard.append(received)
        await speaking
        return heard


def main() -> None:
    """Talk twice, each time with a server of its own."""
    for conversation in (talk, lambda url: asyncio.run(talk_async(url))):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = threading.Thread(target=serve, args=(listener,))
            server.start()
            heard = conversation(f"http://127.0.0.1:{listener.getsockname()[1]}/")
            server.join()
        print(b"".join(heard).decode(), end="")


if __name__ == "__main__":
    main()
