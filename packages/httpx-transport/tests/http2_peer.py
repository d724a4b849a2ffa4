"""A server of HTTP/2 as a script of the simulated network: h2 where it behaves, bytes where it shall not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings

from httpx_transport.interface import Field
from httpx_transport.testing import Network, Peer, Script, SimulatedPool

Settings = dict[int, int]
OK: list[Field] = [(b":status", b"200")]


class Speaker:
    """The server's end of one connection, once it has sent its settings."""

    def __init__(self, peer: Peer, settings: Settings | None = None) -> None:
        self.peer = peer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=settings or {})  # type: ignore[arg-type]
        self.h2.initiate_connection()
        self.events: list[Any] = []
        self.bodies: dict[int, bytes] = {}
        self.credit = True

    async def flush(self) -> None:
        if data := self.h2.data_to_send():
            await self.peer.send(data)

    async def listen(self) -> bool:
        """Take what comes; return whether anything did."""
        await self.flush()
        data = await self.peer.read()
        if not data:
            return False
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                if self.credit and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.events.append(event)
        await self.flush()
        return True

    async def next(self, *kinds: type[Any]) -> Any:
        """Return the next event of one of these kinds; None where the client sends no more."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, kinds):
                    return event
            if not await self.listen():
                return None

    async def request(self) -> int:
        """Return the stream of the next request that has been sent to its end; 0 where there is none."""
        event = await self.next(h2.events.StreamEnded)
        return 0 if event is None else event.stream_id

    async def respond(
        self, stream: int, content: bytes = b"", fields: Sequence[Field] = OK, trailers: Sequence[Field] = ()
    ) -> None:
        """Answer; content is sent as the client gives credit."""
        self.h2.send_headers(stream, fields)
        await self.send(stream, content, end=not trailers)
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        await self.flush()

    async def send(self, stream: int, content: bytes, *, end: bool = False) -> None:
        while content:
            size = min(self.h2.local_flow_control_window(stream), 16_384)
            if size:
                self.h2.send_data(stream, content[:size])
                content = content[size:]
                await self.flush()
            else:
                await self.listen()
        if end:
            self.h2.end_stream(stream)
        await self.flush()

    async def stay(self) -> None:
        """Listen until the client has gone."""
        while await self.listen():
            continue


Play = Callable[[Speaker], Coroutine[Any, Any, None]]


def speaking(play: Play, settings: Settings | None = None) -> Script:
    """Return a script that is played on each connection, and then listens."""

    async def script(peer: Peer) -> None:
        speaker = Speaker(peer, settings)
        await speaker.flush()
        await play(speaker)
        await speaker.stay()

    return script


async def answer_all(speaker: Speaker) -> None:
    """Answer each request with the connection's number, the stream's, and what was sent."""
    while stream := await speaker.request():
        await speaker.respond(stream, b"%d-%d:" % (speaker.peer.number, stream) + speaker.bodies.get(stream, b""))


def network_of(script: Script, **options: Any) -> Network:
    """Return a network where `script` serves a.test: http by prior knowledge, https by ALPN."""
    network = Network(**options)
    network.serve("a.test", 80, script)
    network.serve("a.test", 443, script, alpn="h2")
    return network


async def send(
    pool: SimulatedPool,
    *,
    method: bytes = b"GET",
    scheme: bytes = b"https",
    headers: Sequence[Field] = (),
    body: Any = b"",
    extensions: dict[str, Any] | None = None,
) -> tuple[int, list[Field], Any, dict[str, Any]]:
    """Send a request."""
    url = (scheme, b"a.test", None, b"/")
    return await pool.handle_async_request(method, url, [(b"Host", b"a.test"), *headers], body, extensions or {})


async def get(pool: SimulatedPool, **options: Any) -> bytes:
    """Send a request; return the whole content of its response."""
    _, _, content, _ = await send(pool, **options)
    return b"".join([chunk async for chunk in content])
