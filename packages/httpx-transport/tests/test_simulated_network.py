"""The simulated network as a pool sees it: a mock without faults, and each fault as the error that is documented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from httpx_transport import (
    ConnectError,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TransportError,
    WriteTimeout,
)
from httpx_transport.testing import Faults, Network, Peer, ServedRequest, answer, response

from .simulation import Chunks, echo, fetch, network_of


def test_a_script_without_faults_is_a_mock() -> None:
    seen: list[ServedRequest] = []

    def reply(request: ServedRequest) -> bytes:
        seen.append(request)
        return response(b"made", 201, [(b"X-Kind", b"mock")])

    network = network_of(answer(reply))

    async def main() -> None:
        async with network.pool() as pool:
            url = (b"http", b"A.test", None, b"/items?q=1")
            headers = [(b"Host", b"a.test"), (b"Content-Length", b"3")]
            status, fields, content, facts = await pool.handle_async_request(b"POST", url, headers, b"tea", {})
            assert (status, fields) == (201, [(b"X-Kind", b"mock"), (b"Content-Length", b"4")])
            assert facts["reason_phrase"] == b"Created"
            assert content.whole() == b"made"
            assert network.open_streams == ["<connection 1 to A.test:80>"]

    network.run(main())
    assert seen == [
        ServedRequest(b"POST", b"/items?q=1", [(b"Host", b"a.test"), (b"Content-Length", b"3")], b"tea"),
    ]
    assert seen[0].field(b"hOST") == b"a.test"
    assert seen[0].field(b"Accept") is None
    assert (network.connections, network.open_streams, network.now) == (1, [], 0)


def test_bodies_in_chunks_and_larger_than_the_window() -> None:
    network = network_of(answer(echo))
    pool = network.pool()
    chunked = [(b"Transfer-Encoding", b"chunked")]
    assert network.run(fetch(pool, headers=chunked, body=Chunks(network, b"ab", b"cd"))) == b"/:abcd"
    content = bytes(range(256)) * 2000
    sized = [(b"Content-Length", b"%d" % len(content))]
    assert network.run(fetch(pool, headers=sized, body=content)) == b"/:" + content
    assert network.connections == 1


def test_https_tells_the_server_which_name_is_meant() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(f"{peer.server_name} {peer.host} {peer.port} {peer.number}".encode()))

    network = network_of(script)
    assert network.run(fetch(network.pool(), scheme=b"https")) == b"a.test a.test 443 1"
    assert network.run(fetch(network.pool())) == b"None a.test 80 2"


@pytest.mark.parametrize(
    ("faults", "host", "scheme", "error", "message"),
    [
        ({}, b"b.test", b"http", ConnectError, "Name or service not known (connecting to b.test:80, after 0 s)"),
        ({"unresolved": 1}, b"a.test", b"http", ConnectError, "Name or service not known (connecting to"),
        ({"refuse": 1}, b"a.test", b"http", ConnectError, "Connection refused (connecting to a.test:80"),
        ({"stall": 1}, b"a.test", b"http", ConnectTimeout, "timed out (connecting to a.test:80, after 2 s)"),
        ({"delay": 1, "longest": 1e6}, b"a.test", b"http", ConnectTimeout, "timed out (connecting to a.test:80, after"),
        ({"reset": 1}, b"a.test", b"https", ConnectError, "reset by peer (in the TLS handshake with a.test:443"),
        ({"reset": 1}, b"a.test", b"http", ReadError, "reset by peer (waiting for the response from a.test:80 on a"),
    ],
)
def test_faults_of_connecting(
    faults: dict[str, float], host: bytes, scheme: bytes, error: type[TransportError], message: str
) -> None:
    network = network_of(answer(b""), seed=1, faults=Faults(**faults))
    with pytest.raises(error) as caught:
        network.run(fetch(network.pool(timeout=2), host, scheme=scheme))
    assert message in str(caught.value)
    assert network.open_streams == []


def test_a_port_without_a_server_refuses() -> None:
    network = Network()
    network.serve("a.test", 8080, answer(b""))
    with pytest.raises(ConnectError, match=r"Connection refused \(connecting to a.test:80, after 0 s\)"):
        network.run(fetch(network.pool()))


def test_a_handshake_that_stalls() -> None:
    network = network_of(answer(b""))

    async def main() -> None:
        async def stalling() -> None:
            network.faults = Faults(stall=1)

        network.start(stalling())
        await fetch(network.pool(), scheme=b"https", timeout={"connect": 7.0})

    with pytest.raises(ConnectTimeout, match=r"timed out \(in the TLS handshake with a.test:443, after 7 s\)"):
        network.run(main())
    assert network.now == 7


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("reset", ReadError, "Connection reset by peer"),
        ("half_close", RemoteProtocolError, "peer closed connection"),
        ("stall", ReadTimeout, "timed out (reading the content from a.test:80 on a fresh connection, after 3 s)"),
    ],
)
def test_faults_in_the_middle_of_a_response(fault: str, error: type[TransportError], message: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        network.faults = Faults(**{fault: 1.0})
        await peer.send(bytes(1000))

    network = network_of(script, seed=4)
    with pytest.raises(error) as caught:
        network.run(fetch(network.pool(), timeout={"read": 3.0}))
    assert message in str(caught.value)
    assert f"0.000000 server 1 suffers {fault}" in network.log
    assert network.open_streams == []


@pytest.mark.parametrize("length", [100, 100_000])
def test_a_request_that_is_stalled(length: int) -> None:
    network = network_of(answer(echo))

    async def main() -> None:
        pool = network.pool()
        await fetch(pool)
        network.faults = Faults(stall=1.0)
        headers = [(b"Content-Length", b"%d" % length)]
        await fetch(pool, method=b"POST", headers=headers, body=bytes(length), timeout={"read": 1.0, "write": 2.0})

    with pytest.raises(ReadTimeout if length == 100 else WriteTimeout, match="on a reused connection"):
        network.run(main())
    assert network.now == (1 if length == 100 else 2)


def test_splits_and_delays_change_nothing_but_the_time() -> None:
    content = bytes(range(256)) * 400

    def times(seed: int) -> tuple[float, list[str]]:
        network = network_of(answer(echo), seed=seed, faults=Faults(split=1, delay=0.5, longest=0.1))
        headers = [(b"Content-Length", b"%d" % len(content))]
        assert network.run(fetch(network.pool(), headers=headers, body=content)) == b"/:" + content
        return network.now, network.log

    runs = [times(seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0][1] != runs[2][1]
    assert runs[0][0] > 0


def test_a_late_answer_is_a_read_timeout_at_its_time() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.sleep(5)
        await peer.send(response(b"late"))

    network = network_of(script)
    with pytest.raises(ReadTimeout, match="after 4.5 s"):
        network.run(fetch(network.pool(), timeout={"read": 4.5}))
    assert network.now == 4.5
    assert network.run(fetch(network.pool(), timeout={"read": 5.5})) == b"late"


def test_the_pool_waits_in_virtual_time() -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.sleep(3)
            await peer.send(response(b"ok"))

    network = network_of(script)
    pool = network.pool(max_connections=1)

    async def main() -> None:
        first = network.start(fetch(pool))
        await network.sleep(1)
        with pytest.raises(
            PoolTimeout,
            match=r"became free: 1 in use, 0 more requests waiting \(waiting to reach a.test:80, after 1 s\)",
        ):
            await fetch(pool, timeout={"pool": 1})
        assert await fetch(pool, timeout={"pool": 2}) == b"ok"
        assert await first == b"ok"

    network.run(main())
    assert (network.now, network.connections) == (6, 1)


def test_idle_connections_expire_in_virtual_time() -> None:
    network = network_of(answer(response(b"ok")))
    pool = network.pool(keepalive_expiry=30)

    async def main() -> None:
        for pause in (0, 29, 31):
            await network.sleep(pause)
            await fetch(pool)

    network.run(main())
    assert network.connections == 2


def early_reset(peer: Peer) -> None:
    peer.reset()


def early_close(peer: Peer) -> None:
    peer.close()
    peer.close()


@pytest.mark.parametrize("goodbye", [early_reset, early_close])
def test_a_connection_that_ends_while_idle_is_not_used(goodbye: Callable[[Peer], None]) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(response(b"ok"))
        goodbye(peer)

    network = network_of(script)
    pool = network.pool()
    for _ in range(2):
        # A POST that met the dead connection would not be sent again.
        assert network.run(fetch(pool, method=b"POST")) == b"ok"
    assert network.connections == 2


def test_a_connection_with_half_a_request_on_it_is_not_used_again() -> None:
    async def script(peer: Peer) -> None:
        while (request := await peer.head()) is not None:
            await peer.send(response(request.target))
            await peer.content(request)

    network = network_of(script)
    pool = network.pool()
    headers = [(b"Content-Length", b"1000000")]
    assert network.run(fetch(pool, method=b"POST", target=b"/1", headers=headers, body=bytes(1_000_000))) == b"/1"
    assert network.run(fetch(pool, target=b"/2")) == b"/2"
    assert network.connections == 2


def test_an_answer_that_came_before_the_server_stopped_reading_is_taken() -> None:
    async def script(peer: Peer) -> None:
        await peer.read()
        await peer.send(response(b"too large", 413))

    network = network_of(script)
    content = bytes(1_000_000)
    headers = [(b"Content-Length", b"%d" % len(content))]
    assert network.run(fetch(network.pool(), headers=headers, body=content)) == b"too large"


def test_a_server_that_stops_reading_without_an_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.read()
        peer.reset()

    network = network_of(script)
    content = bytes(1_000_000)
    headers = [(b"Content-Length", b"%d" % len(content))]
    with pytest.raises(ReadError, match="Connection reset by peer"):
        network.run(fetch(network.pool(), headers=headers, body=content))


@pytest.mark.parametrize(
    "faults",
    [{"delay": -0.1}, {"reset": 1.1}, {"longest": -1.0}, {"split": float("nan")}],
)
def test_faults_that_are_none(faults: dict[str, float]) -> None:
    (name,) = faults
    with pytest.raises(ValueError, match=f"{name} must be"):
        Network(faults=Faults(**faults))
    network = Network()
    with pytest.raises(ValueError, match=f"{name} must be"):
        network.faults = Faults(**faults)
    assert network.faults == Faults()


def test_mixed_faults_are_probabilities() -> None:
    assert Faults.mixed(0.1) == Faults(0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5)
    assert Faults.mixed(0.5).check().delay == 1.0
