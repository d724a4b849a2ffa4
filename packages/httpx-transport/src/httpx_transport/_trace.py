"""What happens, told as it happens: to the listener of one request, and to the loggers `httpcore.*`.

The names of events are httpcore 1.x's: `connection.connect_tcp.started`, and `.complete` or `.failed` when it is over. A
request that nobody listens to has no trace at all.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ._extensions import TraceListener
from .interface import Field

if TYPE_CHECKING:
    import logging

T = TypeVar("T")

_found: tuple[logging.Logger, ...] = ()

_DEBUG: Final = 10  # logging.DEBUG
_KINDS: Final = ("connection", "http11", "http2", "proxy", "socks")
_SECRETS: Final = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})


class TracedRequest:
    """A request as a listener sees it.

    Args:
        method: The method.
        url: Scheme, host, port, target.
        headers: The field lines.
        extensions: What the caller asked for beside.
    """

    __slots__ = ("extensions", "headers", "method", "url")

    def __init__(self, method: bytes, url: object, headers: list[Field], extensions: dict[str, Any]) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.extensions = extensions

    def __repr__(self) -> str:
        return f"<Request [{self.method!r}]>"


class Trace:
    """Who wants to know what happens to one request.

    Args:
        listener: The caller's own, None where only loggers listen.
        request: The request.
    """

    __slots__ = ("_listener", "request")

    def __init__(self, listener: TraceListener | None, request: TracedRequest) -> None:
        self._listener = listener
        self.request = request

    async def tell(self, event: str, **details: Any) -> None:
        """Tell of an event, such as `http11.send_request_headers.started`."""
        if self._listener is not None:
            told = self._listener(event, details)
            if hasattr(told, "__await__"):
                await told
        log(event, **details)

    async def around(
        self,
        event: str,
        doing: Callable[[], Awaitable[T]],
        release: Callable[[T], object] | None = None,
        /,
        **details: Any,
    ) -> T:
        """Do something, and tell when it starts, and that it is complete or has failed; return what it returns.

        Args:
            event: The first words of the events' names.
            doing: What is done.
            release: Called with the result where the listener raises or is cancelled, as the result is lost then.
            details: What the first event holds.
        """
        await self.tell(f"{event}.started", **details)
        try:
            result = await doing()
        except Exception as error:
            await self.tell(f"{event}.failed", exception=error)
            raise
        try:
            await self.tell(f"{event}.complete", return_value=result)
        except BaseException:
            if release is not None:
                release(result)
            raise
        return result


def logged() -> bool:
    """Return whether a logger wants to know. It is asked for each request: those without a level are their parent's."""
    loggers = _found or _loggers()
    if not loggers:
        return False
    parent, connection, http11, http2, proxy, socks = loggers
    if connection.level or http11.level or http2.level or proxy.level or socks.level or parent.disabled:
        return any(logger.isEnabledFor(_DEBUG) for logger in loggers)
    return parent.isEnabledFor(_DEBUG)


def log(event: str, **details: Any) -> None:
    """Write an event as a line, if its logger is enabled; secrets are not shown."""
    kind, _, name = event.partition(".")
    loggers = _loggers()
    if loggers and kind in _KINDS and (logger := loggers[1 + _KINDS.index(kind)]).isEnabledFor(_DEBUG):
        shown = [f"{key}={_shown(value)}" for key, value in details.items() if _worth_a_word(key, value)]
        logger.debug("%s", " ".join([name, *shown]))


def _loggers() -> tuple[logging.Logger, ...]:
    """Return the loggers: their parent, then one by kind of event; none while nobody has imported `logging`."""
    global _found  # noqa: PLW0603 - replaced at once: threads look at it
    if not _found and "logging" in sys.modules:
        import logging

        _found = logging.getLogger("httpcore"), *(logging.getLogger(f"httpcore.{kind}") for kind in _KINDS)
    return _found


def _worth_a_word(key: str, value: object) -> bool:
    return key != "return_value" or value is not None


def _shown(value: object) -> str:
    """Return a detail as a log shows it: the values of fields that are secrets are left out."""
    if isinstance(value, list):
        return repr([_masked(item) for item in value])
    if isinstance(value, tuple):
        return f"({', '.join(_shown(item) for item in value)})"
    return repr(value)


def _masked(item: Any) -> Any:
    if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], bytes)):
        return item
    name, value = item
    if name.lower() in _SECRETS:
        return name, b"[secure]"
    if isinstance(value, bytes) and b"@" in value:
        import re

        # A user and a password may stand in a URL, such as Location's.
        return name, re.sub(rb"//[^/?#\s]*@", b"//[secure]@", value)
    return item
