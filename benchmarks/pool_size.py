"""What one decision of the pool costs, however much it has to decide about: idle connections, waiting requests, origins.

    python benchmarks/pool_size.py

Only the decisions are timed: the pure state under the pool, without sockets. The last column is the point of it.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

from httpx_transport._connection import Connection, Origin
from httpx_transport._pool._share import Share, Waiter
from httpx_transport._pool._slots import Slots

SIZES = [10, 1_000, 10_000, 100_000]
NOBODY: Any = None  # a stream or an event that nobody asks anything


def origin(number: int) -> Origin:
    return (b"http", b"%d" % number, None, None)


def taken(slots: Slots, where: Origin) -> Share:
    share, _, _ = slots.assign(where, 0.0)
    assert share is not None
    return share


def reuse_among_idle(size: int) -> Callable[[], None]:
    """Take an idle connection out of many, and give it back."""
    slots = Slots(None, None, 5.0)
    for number in range(size):
        slots.release(taken(slots, origin(number)), Connection(origin(number), NOBODY, ""), 0.0)
    where = origin(size // 2)

    def step() -> None:
        share, connection, _ = slots.assign(where, 1.0)
        assert share is not None
        slots.release(share, connection, 1.0)

    return step


def room_for_another(size: int) -> Callable[[], None]:
    """Let an idle connection of another origin, the oldest of many, give way."""
    slots = Slots(size, None, 5.0)
    for number in range(size):
        slots.release(taken(slots, origin(number)), Connection(origin(number), NOBODY, ""), 0.0)
    numbers = iter(range(size, 10**9))

    def step() -> None:
        where = origin(next(numbers))
        slots.release(taken(slots, where), Connection(where, NOBODY, ""), 0.0)

    return step


def serve_who_waits(size: int, per_origin: int | None = None) -> Callable[[], None]:
    """Serve the first of many that wait, who then waits again, at the end."""
    slots = Slots(10, None, 5.0, per_origin)
    held = [taken(slots, origin(number)) for number in range(10)]
    for number in range(size):
        slots.queue(Waiter(origin(number % 1000), NOBODY))

    def step() -> None:
        served, _ = slots.release(held.pop(0), None, 0.0)
        assert served is not None
        held.append(served.share)
        slots.queue(Waiter(served.origin, NOBODY))

    return step


def give_up_in_the_middle(size: int) -> Callable[[], None]:
    """Leave the queue from anywhere in it, and come back at its end."""
    slots = Slots(1, None, 5.0)
    taken(slots, origin(0))
    waiting = [Waiter(origin(number % 1000), NOBODY) for number in range(size)]
    for waiter in waiting:
        slots.queue(waiter)
    places = iter(range(10**9))

    def step() -> None:
        place = next(places) * 7919 % size
        slots.withdraw(waiting[place])
        waiting[place] = Waiter(waiting[place].origin, NOBODY)
        slots.queue(waiting[place])

    return step


def expire_one(size: int) -> Callable[[], None]:
    """Find the one idle connection of many whose time is over."""
    slots = Slots(None, None, 1e9)
    for number in range(size):
        slots.release(taken(slots, origin(number)), Connection(origin(number), NOBODY, ""), 0.0)
    times = iter(range(10**9))
    where = origin(-1)

    def step() -> None:
        now = float(next(times))
        slots.release(taken(slots, where), Connection(where, NOBODY, ""), now, 1.0)
        assert len(slots.expire(now + 0.6)) == 1

    return step


CASES: dict[str, Callable[[int], Callable[[], None]]] = {
    "idle connection taken and given back": reuse_among_idle,
    "idle connection gives way": room_for_another,
    "waiting request served": serve_who_waits,
    "the same with a limit per origin": lambda size: serve_who_waits(size, 1),
    "waiting request gives up": give_up_in_the_middle,
    "idle connection expires": expire_one,
}


def main() -> None:
    """Measure, and print a table."""
    print(f"{'microseconds among':40s}" + "".join(f"{size:>10,}" for size in SIZES) + "   growth")
    for name, case in CASES.items():
        costs = []
        for size in SIZES:
            step = case(size)
            costs.append(min(timeit.repeat(step, number=2_000, repeat=7)) / 2_000 * 1e6)
        print(f"  {name:38s}" + "".join(f"{cost:10.2f}" for cost in costs) + f"{costs[-1] / costs[0]:8.1f} x")


if __name__ == "__main__":
    main()
