"""Many threads, or tasks, on one pool: each gets its own answer, nobody is forgotten, and the first to come is served first."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from httpx_transport import ConnectionPool, PoolTimeout
from httpx_transport.testing import Faults, Network, Peer, Task, response

from .conftest import Face, Server, answer_each
from .conftest import Peer as Socket
from .simulation import echo, fetch, full, network_of

Serve = Callable[..., Server]


def echo_target(peer: Socket) -> None:
    """Answer each request with its target."""
    while head := peer.head():
        target = head.split()[1]
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target) + target)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []
    begin = threading.Barrier(count)

    def run(number: int) -> None:
        begin.wait()
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(("threads", "requests"), [(50, 20), (300, 4)])
def test_many_threads_on_a_small_pool(serve: Serve, threads: int, requests: int) -> None:
    server = serve(echo_target)
    with ConnectionPool(max_connections=10, timeout=30.0) as pool:

        def work(number: int) -> None:
            for turn in range(requests):
                target = f"/{number}/{turn}"
                answer = pool.request("GET", f"http://127.0.0.1:{server.port}{target}")
                assert answer.read() == target.encode()

        in_threads(threads, work)
        assert pool.stats() == {"connections": 10, "active": 0, "idle": 10, "waiting": 0}
    assert server.accepted == 10


def test_threads_that_close_abandon_and_wait_in_vain_lose_no_slot(serve: Serve) -> None:
    half = serve(answer_each(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"))
    whole = serve(echo_target)
    with ConnectionPool(max_connections=4, max_connections_per_origin=3, timeout=30.0) as pool:

        def work(number: int) -> None:
            dice = random.Random(number)
            for _ in range(15):
                deed = dice.randrange(4)
                port = half.port if deed < 2 else whole.port
                limit = {"timeout": {"pool": 0.0005}} if deed == 3 else {}
                try:
                    answer = pool.request("GET", f"http://127.0.0.1:{port}/", extensions=limit)
                except PoolTimeout:
                    continue
                if deed == 0:
                    answer.close()
                elif deed > 1:
                    assert answer.read() == b"/"
                del answer  # what was neither read nor closed is abandoned here, and not when there is the next

        in_threads(30, work)
        assert pool.stats()["active"] == 0
        assert pool.stats()["waiting"] == 0
        answers = [pool.request("GET", f"http://127.0.0.1:{half.port}/") for _ in range(3)]
        answers.append(pool.request("GET", f"http://127.0.0.1:{whole.port}/"))
        for answer in answers:
            answer.close()


@pytest.mark.parametrize("per_origin", [None, 1])
def test_an_origin_has_its_limit_on_every_face(face: Face, serve: Serve, per_origin: int | None) -> None:
    servers = [serve(answer_each(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")) for _ in range(2)]

    async def scenario() -> None:
        async with face.pool(max_connections=3, max_connections_per_origin=per_origin) as pool:
            held = [(await pool.send(server.port))[2] for server in servers]
            if per_origin is None:
                held.append((await pool.send(servers[0].port))[2])
            with pytest.raises(PoolTimeout, match="1 in use for this origin" if per_origin else "free: 3 in use, 0"):
                await pool.send(servers[0].port, extensions={"timeout": {"pool": 0.001}})
            for content in held:
                await content.close()

    face.run(scenario)


def test_two_thousand_tasks_are_served_in_order() -> None:
    served: list[bytes] = []

    async def script(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            served.append(request.target)
            await peer.sleep(0.1)
            await peer.send(response(b"ok"))

    network = network_of(script)
    pool = network.pool(max_connections=10, timeout=None)

    async def main() -> list[bytes]:
        return await network.gather(*[fetch(pool, target=b"/%d" % number) for number in range(2000)])

    assert network.run(main()) == [b"ok"] * 2000
    assert served == [b"/%d" % number for number in range(2000)]
    assert network.connections == 10
    assert network.now == pytest.approx(20)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_two_thousand_tasks_on_a_pool_of_ten(name: str, serve: Serve) -> None:
    server, face = serve(echo_target), Face(name)
    begun: list[int] = []

    async def scenario() -> None:
        async with face.pool(max_connections=10, timeout=None) as pool, anyio.create_task_group() as tasks:

            async def work(number: int) -> None:
                url = (b"http", b"127.0.0.1", server.port, b"/%d" % number)
                content = (await pool.send(0, url=url))[2]
                begun.append(number)
                assert await content.read() == b"/%d" % number

            for number in range(2000):
                tasks.start_soon(work, number)

    face.run(scenario)
    assert sorted(begun) == list(range(2000))
    assert server.accepted == 10


def test_tasks_of_several_origins_are_served_in_order_within_each() -> None:
    network = Network(7, Faults(delay=0.5, longest=0.05))
    served: dict[str, list[bytes]] = {}
    most = {"now": 0, "ever": 0}

    async def script(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            served.setdefault(peer.host, []).append(request.target)
            most["now"] += 1
            most["ever"] = max(most["ever"], most["now"])
            await peer.sleep(0.1 if peer.host == "quick.test" else 1.0)
            most["now"] -= 1
            await peer.send(response(b"ok"))

    for host in ("slow.test", "quick.test", "other.test"):
        network.serve(host, 80, script)
    pool = network.pool(max_connections=4, max_connections_per_origin=2, timeout=None)

    async def main() -> None:
        slow = [fetch(pool, b"slow.test", target=b"/%d" % number) for number in range(20)]
        quick = [fetch(pool, b"quick.test", target=b"/%d" % number) for number in range(20)]
        tasks = [network.start(each) for each in slow]
        await network.gather(*quick)
        assert network.now < 3  # nobody has waited for the slow ones
        await network.gather(*[fetch(pool, b"other.test") for _ in range(3)])
        for task in tasks:
            assert await task == b"ok"

    network.run(main())
    assert len(served["slow.test"]) == len(served["quick.test"]) == 20
    assert most["ever"] == 4


# Two thousand cancellations, at any wait of any phase, in a network where everything goes wrong now and then.


async def request(network: Network, pool: Any, dice: random.Random) -> None:
    """Send a request, and do with its response what people do."""
    host = dice.choice([b"a.test", b"b.test", b"c.test"])
    scheme = dice.choice(["http", "https"])
    body = bytes(dice.choice([0, 10, 100_000]))
    answer = await pool.request("PUT", f"{scheme}://{host.decode()}/", body=body)
    deed = dice.randrange(4)
    if deed == 0:
        await answer.aclose()
    elif deed > 1:
        await answer.aread()


@pytest.mark.parametrize("per_origin", [None, 2])
def test_two_thousand_cancellations_leave_the_pool_whole(per_origin: int | None) -> None:
    dice = random.Random(per_origin or 0)
    network = Network(11, Faults.mixed(0.02))
    for host in ("a.test", "b.test", "c.test"):
        for port in (80, 443):
            network.serve(host, port, answer_slowly)
    pool = network.pool(max_connections=4, max_connections_per_origin=per_origin, keepalive_expiry=0.5, timeout=1.0)
    cancelled = 0

    async def round_of(count: int) -> list[Task[None]]:
        tasks = []
        for _ in range(count):
            coroutine = request(network, pool, dice)
            late = dice.random() < 0.5
            tasks.append(network.start(coroutine, cancel_at=dice.randrange(1, 12), cancel_late=late))
            await network.sleep(dice.choice([0, 0, 0.01, 0.1]))
        for task in tasks:
            await task.ended()
        return tasks

    while cancelled < 2000:
        tasks = network.run(round_of(50))
        cancelled += sum(task.cancelled for task in tasks)
        assert pool.stats()["active"] == 0
        assert pool.stats()["waiting"] == 0
    network.faults = Faults()
    network.run(network.sleep(2))
    assert network.open_streams == []
    size = per_origin or 4
    assert network.run(full(network, pool, size)) == [b"/:"] * size
    network.run(pool.aclose())
    assert network.open_streams == []


async def answer_slowly(peer: Peer) -> None:
    while (asked := await peer.request()) is not None:
        await peer.sleep(0.02)
        await peer.send(echo(asked))
