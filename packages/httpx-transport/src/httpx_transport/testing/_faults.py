"""What goes wrong in a simulated network, and when: drawn from one seed. It decides, it does nothing."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Final, NamedTuple

_MOST_PIECES: Final = 8


class Faults(NamedTuple):
    """How often what goes wrong: each is a probability from 0 to 1, but for `longest`.

    Without arguments, nothing goes wrong.
    """

    delay: float = 0.0
    """A piece of a write, a connection attempt or a TLS handshake takes up to `longest` seconds."""
    split: float = 0.0
    """A write arrives in up to 8 pieces, cut anywhere."""
    reset: float = 0.0
    """In the middle of a write, or of a TLS handshake, the connection breaks for both ends."""
    half_close: float = 0.0
    """In the middle of a server's write, the server sends no more, but still receives."""
    stall: float = 0.0
    """From the middle of a write on, nothing arrives any more; a connection attempt or TLS handshake is never answered."""
    refuse: float = 0.0
    """A connection attempt is refused."""
    unresolved: float = 0.0
    """The name is not found."""
    reorder: float = 0.0
    """Of several tasks that can run, it is not the one which waits longest that runs."""
    longest: float = 0.5
    """The longest delay, in seconds."""

    @classmethod
    def mixed(cls, rate: float) -> Faults:
        """Return every fault at `rate`; delays, splits and reordering, which break nothing, five times as often."""
        often = min(rate * 5, 1.0)
        return cls(often, often, rate, rate, rate, rate, rate, often)

    def check(self) -> Faults:
        """Return it as it is.

        Raises:
            ValueError: Something is no probability, or `longest` is negative.
        """
        for name, value in self._asdict().items():
            if not (0 <= value <= 1 or (value > 1 and name == "longest")):
                raise ValueError(f"{name} must be {'seconds' if name == 'longest' else 'from 0 to 1'}, not {value!r}")
        return self


class Passage(NamedTuple):
    """How one write gets through."""

    pieces: list[tuple[int, float]]
    """Sizes in bytes, and the delay in seconds of each."""
    fault: str | None
    """What happens after the pieces: "reset", "half_close", "stall"; None where they are all of the write."""


class Attempt(NamedTuple):
    """How one connection attempt or TLS handshake goes."""

    delay: float
    fault: str | None
    """"unresolved", "refuse", "stall" or "reset"; None where it succeeds."""


class Dice:
    """Draws what happens, in the order in which it is asked.

    Args:
        seed: The same seed and the same questions give the same answers.

    Attributes:
        faults: How often what goes wrong, from now on.
    """

    __slots__ = ("_random", "faults")

    def __init__(self, seed: int, faults: Faults) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same every time is the point
        self.faults = faults.check()

    def turn(self, count: int) -> int:
        """Return the index of the task to run, out of `count` that can."""
        if count > 1 and self._happens(self.faults.reorder):
            return self._random.randrange(count)
        return 0

    def connecting(self) -> Attempt:
        """Return how a connection attempt goes."""
        faults = self.faults
        rates = {"unresolved": faults.unresolved, "refuse": faults.refuse, "stall": faults.stall}
        return Attempt(self._delay(), self._fault(rates))

    def handshake(self) -> Attempt:
        """Return how a TLS handshake goes."""
        return Attempt(self._delay(), self._fault({"reset": self.faults.reset, "stall": self.faults.stall}))

    def write(self, size: int, serving: bool) -> Passage:
        """Return how a write of `size` bytes gets through; `serving` says that it is a server's."""
        faults = self.faults
        rates = {"reset": faults.reset, "stall": faults.stall}
        if serving:
            rates["half_close"] = faults.half_close
        fault = self._fault(rates)
        kept = size if fault is None else self._random.randrange(size)
        return Passage([(piece, self._delay()) for piece in self._pieces(kept)], fault)

    def _pieces(self, size: int) -> list[int]:
        if size < 2 or not self._happens(self.faults.split):
            return [size] if size else []
        count = self._random.randint(1, min(_MOST_PIECES, size) - 1)
        cuts = [0, *sorted(self._random.sample(range(1, size), count)), size]
        return [end - start for start, end in pairwise(cuts)]

    def _fault(self, rates: dict[str, float]) -> str | None:
        return next((name for name, rate in rates.items() if self._happens(rate)), None)

    def _delay(self) -> float:
        return self._random.uniform(0, self.faults.longest) if self._happens(self.faults.delay) else 0.0

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate
