"""Settings as values: how long to wait. They know no client."""

from __future__ import annotations

from typing import Final, TypeAlias


class UnsetType:
    """The type of UNSET, which tells "not given" from None."""

    __slots__ = ()


UNSET: Final = UnsetType()

TimeoutTypes: TypeAlias = "float | None | tuple[float | None, float | None, float | None, float | None] | Timeout"


class Timeout:
    """How many seconds to wait in each phase of a request; None is no limit.

    Args:
        timeout: One limit for all four phases, a tuple (connect, read, write, pool), or another Timeout.
        connect: For a connection: name lookup, TCP and TLS.
        read: For the next bytes of the response.
        write: For the peer to take the next bytes of the request.
        pool: For a free connection of the pool.

    Raises:
        TypeError: A limit is neither a number nor None.
        ValueError: Neither a default nor all four are given.
    """

    __slots__ = ("connect", "pool", "read", "write")

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: float | None | UnsetType = UNSET,
        read: float | None | UnsetType = UNSET,
        write: float | None | UnsetType = UNSET,
        pool: float | None | UnsetType = UNSET,
    ) -> None:
        given = (connect, read, write, pool)
        if isinstance(timeout, Timeout | tuple):
            if not all(isinstance(value, UnsetType) for value in given):
                raise ValueError("httpx.Timeout takes a Timeout or a tuple, or the four limits by name, not both")
            defaults = timeout if isinstance(timeout, tuple) else tuple(timeout.as_dict().values())
            if len(defaults) != 4:
                raise ValueError("a timeout tuple has four values: connect, read, write, pool")
        elif isinstance(timeout, UnsetType):
            if any(isinstance(value, UnsetType) for value in given):
                raise ValueError("httpx.Timeout must either include a default, or set all four parameters explicitly.")
            defaults = (None, None, None, None)
        else:
            defaults = (timeout, timeout, timeout, timeout)
        for value in (*defaults, *given):
            if not isinstance(value, int | float | UnsetType | None):
                raise TypeError(f"a timeout is a number of seconds or None, not {type(value)}: {value!r}")
        self.connect, self.read, self.write, self.pool = (
            default if isinstance(value, UnsetType) else value for value, default in zip(given, defaults, strict=True)
        )

    def as_dict(self) -> dict[str, float | None]:
        """Return the four limits by name: a request's `timeout` extension."""
        return {"connect": self.connect, "read": self.read, "write": self.write, "pool": self.pool}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        limits = self.as_dict()
        if len(set(limits.values())) == 1:
            return f"Timeout(timeout={self.connect})"
        return f"Timeout({', '.join(f'{name}={value}' for name, value in limits.items())})"


DEFAULT_TIMEOUT_CONFIG: Final = Timeout(timeout=5.0)
