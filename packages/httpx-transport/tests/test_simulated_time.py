"""The simulated network's clock and tasks: who runs when, what ends a run, and where a cancellation arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from httpx_transport.testing import Cancelled, Deadlock, Faults, Network, Peer, _scheduler, answer, response

from .simulation import fetch, network_of


def test_waiting_moves_the_clock_and_nothing_else() -> None:
    network = Network()

    async def main() -> str:
        await network.sleep(3600)
        return "done"

    assert network.run(main()) == "done"
    assert network.now == 3600


def test_tasks_run_in_the_order_of_their_times() -> None:
    network = Network()
    seen: list[float] = []

    async def at(seconds: float) -> float:
        await network.sleep(seconds)
        seen.append(seconds)
        return network.now

    async def main() -> list[float]:
        return await network.gather(at(3), at(1), at(2), at(-1))

    assert network.run(main()) == [3, 1, 2, 0]
    assert seen == [-1, 1, 2, 3]


def test_tasks_take_turns_in_order_unless_they_are_to_be_reordered() -> None:
    def order(seed: int, faults: Faults) -> list[int]:
        network = Network(seed, faults)
        seen: list[int] = []

        async def note(number: int) -> None:
            seen.append(number)

        async def main() -> None:
            await network.gather(*[note(number) for number in range(10)])

        network.run(main())
        return seen

    assert order(1, Faults()) == list(range(10))
    assert order(1, Faults(reorder=1.0)) == order(1, Faults(reorder=1.0)) != list(range(10))
    assert order(1, Faults(reorder=1.0)) != order(2, Faults(reorder=1.0))


def test_a_deadlock_names_who_waits_for_what() -> None:
    async def script(peer: Peer) -> None:
        await peer.stall()

    network = network_of(script)
    pool = network.pool(max_connections=1, timeout=None)
    cleaned: list[str] = []

    async def waiting() -> None:
        try:
            await fetch(pool)
        finally:
            cleaned.append("up")

    async def main() -> None:
        first = network.start(fetch(pool), name="first")
        network.start(waiting(), name="second")
        await first

    with pytest.raises(Deadlock) as caught:
        network.run(main())
    assert str(caught.value) == (
        "nobody can go on, and no timer is set: main waits for the end of first; "
        "first waits for bytes (connection 1 to a.test:80); second waits for a free connection of the pool; "
        "server 1 waits for the client to go (connection 1 to a.test:80)"
    )
    assert cleaned == ["up"]
    assert network.open_streams == []


def test_a_run_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scheduler, "_PATIENCE", 100)

    async def ticking(peer: Peer) -> None:
        while True:
            await peer.sleep(1)

    network = network_of(ticking)
    pool = network.pool(timeout=None)
    with pytest.raises(Deadlock, match=r"no end after 100 turns, at \d+\.000000 s: main waits for bytes"):
        network.run(fetch(pool))


def test_a_task_is_awaited_for_its_result_or_its_error() -> None:
    network = Network()

    async def right() -> int:
        return 7

    async def wrong() -> int:
        raise KeyError("no")

    async def main() -> int:
        failing, working = network.start(wrong()), network.start(right(), name="worker")
        assert (working.name, working.waits_for, working.done) == ("worker", "its turn", False)
        with pytest.raises(KeyError):
            await failing
        await network.sleep(0)
        assert working.done
        return await working

    assert network.run(main()) == 7
    assert [line.split(" ", 1)[1] for line in network.log] == [
        "task 1 ends with KeyError",
        "worker ends",
        "main ends",
    ]


def test_if_one_of_several_fails_the_others_are_cancelled() -> None:
    network = Network()
    ended: list[float] = []

    async def long() -> None:
        try:
            await network.sleep(100)
        finally:
            ended.append(network.now)

    async def wrong() -> None:
        await network.sleep(1)
        raise KeyError("no")

    async def main() -> None:
        with pytest.raises(KeyError):
            await network.gather(long(), wrong(), wrong())
        assert ended == [1]

    network.run(main())


def test_what_nobody_awaits_is_cancelled_at_the_end_or_raised() -> None:
    network = Network()
    ended: list[str] = []

    async def long() -> None:
        try:
            await network.sleep(100)
        finally:
            ended.append("long")

    async def wrong() -> None:
        raise KeyError("unheard")

    async def start(coroutine: Coroutine[Any, Any, None]) -> None:
        network.start(coroutine)
        await network.sleep(1)

    network.run(start(long()))
    assert ended == ["long"]
    with pytest.raises(KeyError, match="unheard"):
        network.run(start(wrong()))
    network.run(network.sleep(1))  # it is raised once


@pytest.mark.parametrize("late", [False, True])
def test_a_cancellation_arrives_at_the_step_that_was_named(late: bool) -> None:
    network = Network()
    seen: list[str] = []

    async def steps() -> None:
        for number in range(3):
            try:
                await network.sleep(1)
            except Cancelled:
                seen.append(f"cancelled in {number} at {network.now:g}")
                raise

    async def main() -> None:
        task = network.start(steps(), cancel_at=2, cancel_late=late)
        with pytest.raises(Cancelled):
            await task
        assert (task.cancelled, task.steps) == (True, 2)
        task.cancel()  # too late, and no matter

    network.run(main())
    assert seen == [f"cancelled in 1 at {2 if late else 1}"]


def test_a_task_can_cancel_itself_and_one_that_has_not_begun() -> None:
    network = Network()

    async def own() -> None:
        task.cancel()
        await network.sleep(5)

    async def main() -> float:
        network.start(network.sleep(5)).cancel()
        await task.ended()
        return network.now

    task = network.start(own())
    assert network.run(main()) == 0
    assert task.cancelled


def test_what_is_not_of_the_network_cannot_be_awaited() -> None:
    network = Network()

    async def main() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="main awaited None, which is not of this simulated network"):
        network.run(main())


def test_a_network_runs_once_at_a_time() -> None:
    network = Network()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="runs already"):
            network.run(network.sleep(0))

    network.run(main())
    network.run(main())


def test_an_interrupt_is_not_kept_for_later() -> None:
    async def script(peer: Peer) -> None:
        raise KeyboardInterrupt

    network = network_of(script)
    with pytest.raises(KeyboardInterrupt):
        network.run(fetch(network.pool()))
    network.serve("a.test", 80, answer(response(b"ok")))
    assert network.run(fetch(network.pool())) == b"ok"


def test_what_a_script_failed_with_is_told_before_what_came_of_it() -> None:
    async def script(peer: Peer) -> None:
        request = await peer.request()
        assert request is not None
        assert request.method == b"PUT", "a PUT was expected"

    network = network_of(script)
    with pytest.raises(AssertionError, match="a PUT was expected") as caught:
        network.run(fetch(network.pool()))
    assert type(caught.value.__cause__).__name__ == "RemoteProtocolError"


def test_what_a_script_failed_with_is_told_before_the_deadlock_that_came_of_it() -> None:
    async def script(peer: Peer) -> None:
        if peer.number == 1:
            raise ValueError("the first")
        await peer.stall()

    network = network_of(script)

    async def main() -> None:
        network.start(fetch(network.pool()))  # that this fails as well is not worth telling
        await network.sleep(1)
        await fetch(network.pool(timeout=None))

    with pytest.raises(ValueError, match="the first") as caught:
        network.run(main())
    assert isinstance(caught.value.__cause__, Deadlock)
