"""The two ends of a simulated connection: what a script can do, and what the backend keeps of its contract."""

from __future__ import annotations

import errno

import pytest

from httpx_transport import RemoteProtocolError
from httpx_transport._backends import Backend, Event, Stream
from httpx_transport.testing import Network, Peer, answer, response
from httpx_transport.testing._backend import SimulatedBackend
from httpx_transport.testing._faults import Dice, Faults
from httpx_transport.testing._link import WINDOW, End, join
from httpx_transport.testing._scheduler import Scheduler

from .conftest import dial
from .simulation import echo, fetch, network_of


def ends() -> tuple[Scheduler, End, End]:
    dice = Dice(0, Faults())
    scheduler = Scheduler(dice.turn)
    return scheduler, *join(scheduler, dice, 1, "a connection")


def test_bytes_go_both_ways_as_far_as_the_window_allows() -> None:
    _, client, server = ends()
    assert client.receive() is None
    assert client.send(bytes(WINDOW + 1)) == WINDOW
    assert (client.send(b"x"), client.writable(), server.readable()) == (0, False, True)
    assert server.receive() == bytes(WINDOW)
    assert (client.send(b"x"), client.writable()) == (1, True)
    assert (server.receive(), server.receive()) == (b"x", None)
    assert server.send(memoryview(b"back")) == 4
    assert client.receive() == b"back"


def test_an_end_that_is_half_closed_still_receives() -> None:
    _, client, server = ends()
    server.finish()
    server.finish()
    assert (client.receive(), client.over()) == (b"", True)
    client.send(b"still")
    assert server.receive() == b"still"
    with pytest.raises(BrokenPipeError):
        server.send(b"x")


def test_an_end_that_is_closed_does_nothing_more() -> None:
    _, client, server = ends()
    client.finish()
    client.close()
    client.close()
    assert server.receive() == b""
    for use in (client.receive, lambda: client.send(b"x")):
        with pytest.raises(OSError, match="closed while in use") as caught:
            use()
        assert caught.value.errno == errno.EBADF
    assert server.send(b"x") == 1  # nobody knows yet
    with pytest.raises(ConnectionResetError):
        server.send(b"x")


def test_closing_with_something_unread_breaks_the_connection() -> None:
    _, client, server = ends()
    server.send(b"before")
    client.send(b"unread")
    server.close()
    assert client.receive() == b"before"
    with pytest.raises(ConnectionResetError):
        client.receive()


def test_a_script_reads_as_it_likes() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.readline())
        seen.append(await peer.read_exactly(4))
        seen.append(await peer.read())
        with pytest.raises(TimeoutError):
            await peer.read(timeout=2)
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await peer.send(b"until the end")
        peer.half_close()
        seen.append(await peer.read())

    network = network_of(script)
    assert network.run(fetch(network.pool())) == b"until the end"
    assert seen == [b"GET / HTTP/1.1\r\n", b"Host", b": a.test\r\n\r\n", b""]
    assert network.now == 2


@pytest.mark.parametrize("cut", [5, 20, 40, 60, 80, 84, 90, 92, 95])
def test_a_client_that_stops_in_the_middle_is_no_failure_of_the_script(cut: int) -> None:
    heads = [
        b"PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: yes\r\n\r\n",
        b"PUT /somewhere/long HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhello, and so on and on and on",
    ]
    network = network_of(answer(echo))

    async def main(data: bytes) -> None:
        backend = network._backend
        stream = await dial(backend, "a.test", 80, None)
        stream.send(data)
        stream._end.finish()
        received = b""
        while data := await stream.read(None):
            received += data
        assert received in (b"", response(b"/:hello"))
        stream.close()

    for head in heads:
        network.run(main(head[:cut]))
    assert network.open_streams == []


def test_a_client_that_speaks_something_else() -> None:
    network = network_of(answer(b""))

    async def main() -> None:
        stream = await dial(network._backend, "a.test", 80, None)
        stream.send(b"HELO\r\n")
        await stream.read(None)

    with pytest.raises(ValueError, match="this is no request line"):
        network.run(main())


def test_a_response_with_a_status_that_nobody_knows() -> None:
    assert response(status=299) == b"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"
    network = network_of(answer(response(b"ok", 299)))
    assert network.run(fetch(network.pool())) == b"ok"


def test_a_server_that_is_replaced_serves_new_connections() -> None:
    network = network_of(answer(b"nonsense\r\n\r\n"))
    with pytest.raises(RemoteProtocolError):
        network.run(fetch(network.pool()))
    network.serve("A.TEST", 80, answer(response(b"new")))
    assert network.run(fetch(network.pool())) == b"new"


def test_the_backend_keeps_the_contract_of_backends() -> None:
    network = Network()
    simulated = network._backend
    assert isinstance(simulated, SimulatedBackend)
    backend: Backend = simulated
    assert (backend.current(), backend.busy()) == (True, False)
    clock = backend.clock

    async def main() -> None:
        event: Event = backend.event()
        assert await event.wait(3) is False
        assert clock() == 3
        event.set()
        assert await event.wait(3) is True
        assert clock() == 3
        stream: Stream = await dial(backend, "a.test", 80, None)
        with pytest.raises(TimeoutError):
            await stream.wait(True, False, 1)
        assert await stream.wait(True, True, 1) == (False, True)
        assert stream.idle()
        network.start(late(stream))
        with pytest.raises(OSError, match="closed while in use"):
            await stream.read(5)
        assert clock() == 5

    async def late(stream: Stream) -> None:
        await network.sleep(1)
        stream.close()

    async def script(peer: Peer) -> None:
        await peer.stall()

    network.serve("a.test", 80, script)
    network.run(main())
