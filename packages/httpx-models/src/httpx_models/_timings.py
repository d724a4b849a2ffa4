"""How long the phases of an exchange took. It knows the names of the phases, and where they may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

PHASES = frozenset({"pool", "dns", "connect", "tls", "send", "first_byte", "receive", "total"})


class Timings(Mapping[str, float]):
    """The seconds that each phase of an exchange took, by name; also to be had as attributes.

    The phases are `pool` (waiting for a connection of the pool), `dns`, `connect`, `tls`, `send` (the request),
    `first_byte` (waiting for the response), `receive` (the body) and `total`; a transport may measure others. One that
    did not happen, or was not measured, is missing from the mapping, and None as an attribute: a reused connection has
    no `dns`, `connect` and `tls`.

    Args:
        measured: Seconds by name of the phase.
    """

    def __init__(self, measured: Mapping[str, float]) -> None:
        self._measured = measured

    def __getitem__(self, phase: str) -> float:
        return self._measured[phase]

    def __iter__(self) -> Iterator[str]:
        return iter(self._measured)

    def __len__(self) -> int:
        return len(self._measured)

    def __getattr__(self, phase: str) -> float | None:
        measured: Mapping[str, float] = self.__dict__.get("_measured", {})
        if phase not in PHASES and phase not in measured:
            raise AttributeError(f"There is no phase {phase!r}")
        return measured.get(phase)

    def __repr__(self) -> str:
        phases = ", ".join(f"{phase}={seconds:.6f}" for phase, seconds in self._measured.items())
        return f"{type(self).__name__}({phases})"
