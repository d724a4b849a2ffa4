"""The one limit on a request and all that comes of it: redirects, authentication and the body. It has no clock of its own.

It travels as the request's `timeout` extension, so that whoever copies the extensions copies it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from httpx_models import Request, TimeoutException


class TimeLimits(dict[str, Any]):
    """A `timeout` extension that remembers when all must be over; its "total" is what was left when it was made.

    Args:
        limits: Seconds by phase.
        total: The seconds that were allowed for everything.
        ends: When they are over, by the exchange's clock.
        left: The seconds that are left.
    """

    __slots__ = ("ends", "whole")

    def __init__(self, limits: Mapping[str, Any], total: float, ends: float, left: float) -> None:
        super().__init__(limits, total=left)
        self.whole = total
        self.ends = ends


def start_deadline(request: Request, clock: Callable[[], float]) -> None:
    """Let the seconds of a request's total, if it has one, begin to run; those of an earlier sending are over and done.

    Args:
        request: What is going to be sent; its extension is replaced.
        clock: What tells the time, in seconds.
    """
    limits = request.extensions.get("timeout")
    if isinstance(limits, dict) and limits.get("total") is not None:
        total = limits.whole if isinstance(limits, TimeLimits) else limits["total"]
        _set(request, TimeLimits(limits, total, clock() + total, total))


def update_deadline(request: Request, now: float) -> None:
    """Put the seconds that are left into a request's extension, for the transport.

    Args:
        request: What is going to be sent; its extension is `TimeLimits`, and is replaced.
        now: The time.

    Raises:
        TimeoutException: There are none left.
    """
    limits: TimeLimits = request.extensions["timeout"]
    left = limits.ends - now
    if left <= 0:
        host = request.url.netloc.decode("ascii")
        message = f"timed out: the total of {limits.whole:g} s was over before the next request (to {host})"
        raise TimeoutException(message, request=request)
    # Hundredths are enough, and the first transport is told the number that the caller gave.
    _set(request, TimeLimits(limits, limits.whole, limits.ends, round(left, 2) or left))


def inherit_limits(request: Request, limits: Any) -> None:
    """Give a request that was made on behalf of another, and has no limits, those of the other.

    Args:
        request: What an auth flow wants to be sent.
        limits: The other's `timeout` extension, None if it has none.
    """
    if limits is not None and "timeout" not in request.extensions:
        _set(request, limits)


def _set(request: Request, limits: Any) -> None:
    request.extensions = {**request.extensions, "timeout": limits}
