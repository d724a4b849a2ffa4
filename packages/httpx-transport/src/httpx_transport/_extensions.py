"""The one place that reads what a caller put into a request's extensions. Keys that it does not know are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from .interface import Field

InformationalListener: TypeAlias = Callable[[int, list[Field]], object]
"""What is called with the status and the fields of each 1xx response."""

TraceListener: TypeAlias = Callable[[str, dict[str, Any]], Any]
"""What is called, and awaited where it returns something to await, with an event's name and its details."""

_OTHERS = frozenset({"target", "sni_hostname", "trace", "on_informational", "trailers", "duplex"})


class Options:
    """What one request asks for beside itself.

    Args:
        connect: Seconds for making a connection; None is no limit, here and in what follows.
        read: Seconds for the next bytes of the response.
        write: Seconds for the peer to take the next bytes of the request.
        pool: Seconds for a connection to become free.
        total: Seconds for all of it, to the last byte of the content.

    Attributes:
        target: The request-target instead of the URL's.
        sni_hostname: The name that TLS asks for and checks, instead of the URL's host.
        trace: What is told of each step.
        on_informational: What is told of each 1xx response.
        trailers: What returns the trailer fields when the content has been sent.
        duplex: Whether the caller reads and writes himself, through the network stream.
        deadline: When the total is over, on the pool's clock.
    """

    __slots__ = (
        "connect",
        "deadline",
        "duplex",
        "on_informational",
        "pool",
        "read",
        "sni_hostname",
        "target",
        "total",
        "trace",
        "trailers",
        "write",
    )

    def __init__(
        self, connect: float | None, read: float | None, write: float | None, pool: float | None, total: float | None
    ) -> None:
        self.connect = connect
        self.read = read
        self.write = write
        self.pool = pool
        self.total = total
        self.target: bytes | None = None
        self.sni_hostname: str | None = None
        self.trace: TraceListener | None = None
        self.on_informational: InformationalListener | None = None
        self.trailers: Callable[[], Iterable[Field]] | None = None
        self.duplex = False
        self.deadline: float | None = None

    def limit(self, seconds: float | None, now: float) -> float | None:
        """Return how long a wait may be that has a limit of its own: the total may leave less."""
        if self.deadline is None:
            return seconds
        left = max(self.deadline - now, 0.0)
        return left if seconds is None else min(seconds, left)

    def expired(self, now: float) -> bool:
        """Return whether the total is over."""
        return self.deadline is not None and now >= self.deadline


class OptionsReader:
    """Reads extensions for one pool. Limits that are the last request's are not read again.

    Args:
        default: Seconds for each phase that a request's `timeout` does not name; None is no limit.
    """

    __slots__ = ("_default", "_last")

    def __init__(self, default: float | None) -> None:
        self._default = default
        self._last: tuple[dict[str, Any], Options] = {}, read_options({}, default)

    def read(self, extensions: dict[str, Any]) -> Options:
        """Return what `extensions` ask for. Requests share it where that is nothing but limits, and no total.

        Raises:
            TypeError, ValueError: As `read_options`.
        """
        last, options = self._last
        if extensions == last:
            return options
        options = read_options(extensions, self._default)
        if len(extensions) == 1 and type(limits := extensions.get("timeout")) is dict and options.total is None:
            self._last = {"timeout": limits.copy()}, options  # the caller may change his own
        return options


def read_options(extensions: dict[str, Any], default: float | None) -> Options:
    """Return what `extensions` ask for, with `default` seconds for each phase that their `timeout` does not name.

    Raises:
        TypeError: A value is of another type than its key asks for; the message names the key.
        ValueError: A limit that is not a number, or text that is not ASCII.
    """
    named = extensions.get("timeout")
    if not named:
        options = Options(default, default, default, default, None)
    else:
        if type(named) is not dict and not isinstance(named, Mapping):  # asking an abstract class takes longer
            raise _wrong("timeout", "a dict of seconds by phase", named)
        get = named.get
        options = Options(
            get("connect", default), get("read", default), get("write", default), get("pool", default), get("total")
        )
        for seconds in (options.connect, options.read, options.write, options.pool, options.total):
            if (seconds is not None and type(seconds) is not float) or seconds != seconds:  # words take longer
                _check_phases(options)
    if not _OTHERS.isdisjoint(extensions):
        _read_others(options, extensions)
    return options


def shortened(extensions: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return `extensions` with a total, where they have one, that is shorter by the seconds that have passed."""
    timeout = extensions.get("timeout") or {}
    if timeout.get("total") is None:
        return extensions
    return {**extensions, "timeout": {**timeout, "total": max(timeout["total"] - seconds, 0.0)}}


def check_seconds(what: str, seconds: object) -> None:
    """Refuse what is no limit in seconds, before anything waits for it.

    Raises:
        TypeError: It is neither a number nor None.
        ValueError: It is NaN, with which every clock does something else.
    """
    if seconds is None:
        return
    if not isinstance(seconds, int | float):
        raise TypeError(f"{what} must be seconds, or None, not {type(seconds)}: {seconds!r}")
    if seconds != seconds:  # which is what NaN is
        raise ValueError(f"{what} must be seconds, or None, not {seconds!r}")


def _check_phases(options: Options) -> None:
    for phase in ("connect", "read", "write", "pool", "total"):
        check_seconds(f"the extension 'timeout' for {phase!r}", getattr(options, phase))


def _read_others(options: Options, extensions: dict[str, Any]) -> None:
    get = extensions.get
    options.target = _text("target", get("target"), bytes)
    options.sni_hostname = _text("sni_hostname", get("sni_hostname"), str)
    options.trace = _callable("trace", get("trace"))
    options.on_informational = _callable("on_informational", get("on_informational"))
    options.trailers = _callable("trailers", get("trailers"))
    options.duplex = bool(get("duplex"))


def _text(key: str, value: Any, kind: type[Any]) -> Any:
    """Return str or bytes as the one that is wanted; both are allowed for either."""
    if value is None or isinstance(value, kind):
        return value
    if not isinstance(value, str | bytes):
        raise _wrong(key, "str or bytes", value)
    try:
        return value.encode("ascii") if isinstance(value, str) else value.decode("ascii")
    except UnicodeError:
        raise ValueError(f"the extension {key!r} must be ASCII") from None


def _callable(key: str, value: Any) -> Any:
    if value is None or callable(value):
        return value
    raise _wrong(key, "callable", value)


def _wrong(key: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"the extension {key!r} must be {wanted}, not {type(value)}: {value!r}")
