"""An exchange that tells what it does, for requests that somebody listens to; the others have no trace of this."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from ._backends import Backend, Bytes
from ._connection import Connection
from ._exchange import Exchange
from ._extensions import Options
from ._http11 import Head
from ._wire import WAITING
from .interface import Field

if TYPE_CHECKING:
    from ._pool._lease import Lease
    from ._trace import Trace


class Steps:
    """The steps of one exchange, told as they begin and end; one at a time.

    Args:
        trace: Who is told.
        protocol: The first word of the events' names.

    Attributes:
        current: The step that has begun and not ended, "" between two.
    """

    __slots__ = ("_protocol", "_trace", "current")

    def __init__(self, trace: Trace, protocol: str) -> None:
        self._trace = trace
        self._protocol = protocol
        self.current = ""

    async def begin(self, step: str) -> None:
        """Tell that a step begins."""
        self.current = step
        await self._trace.tell(f"{self._protocol}.{step}.started", request=self._trace.request)

    async def end(self, result: object) -> None:
        """Tell what the current step has led to."""
        step, self.current = self.current, ""
        await self._trace.tell(f"{self._protocol}.{step}.complete", return_value=result)

    async def fail(self, error: Exception) -> None:
        """Tell that the current step has failed."""
        step, self.current = self.current, ""
        await self._trace.tell(f"{self._protocol}.{step}.failed", exception=error)

    async def read(self, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """Read the next bytes of the content by `read`, and return them; the first and the last tell of it."""
        if not self.current:
            await self.begin("receive_response_body")
        try:
            content = await read()
        except Exception as error:
            await self.fail(error)
            raise
        if not content and self.current == "receive_response_body":
            await self.end(None)
            await self.close()
        return content

    async def close(self) -> None:
        """Tell, once, that there are no more steps."""
        if self.current != "response_closed":
            self.current = "response_closed"
            await self._trace.tell(f"{self._protocol}.response_closed.started")
            await self._trace.tell(f"{self._protocol}.response_closed.complete", return_value=None)


class TracedExchange(Exchange):
    """One request and its response, with an event at the beginning and the end of each step.

    Args:
        trace: Who is told.
        backend: How I/O is done, and likewise the rest: see `Exchange`.
    """

    __slots__ = ("_steps",)

    def __init__(
        self,
        trace: Trace,
        backend: Backend,
        lease: Lease,
        connection: Connection,
        options: Options,
        began: float,
        started: float,
        timings: dict[str, float],
    ) -> None:
        super().__init__(backend, lease, connection, options, began, started, timings)
        self._steps = Steps(trace, "http11")

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head."""
        await self._steps.begin("send_request_headers")
        try:
            head = await super().start(method, target, fields, body)
            await self._turn_to_head()  # also where it came before it was waited for
        except Exception as error:
            await self._steps.fail(error)
            raise
        await self._steps.end((head.version, head.status, head.reason, head.fields))
        return head

    async def _send(self, data: Bytes) -> bool:
        left = await super()._send(data)
        if self._steps.current == "send_request_headers":  # they leave with the first write, and some of the body
            await self._steps.end(None)
            await self._steps.begin("send_request_body")
        return left

    async def receive(self, doing: str) -> None:
        """Wait for bytes, and let the decoder have them."""
        if doing == WAITING:
            await self._turn_to_head()
        await super().receive(doing)

    async def _turn_to_head(self) -> None:
        if self._steps.current != "receive_response_headers":
            await self._steps.end(None)
            await self._steps.begin("receive_response_headers")

    def whole(self) -> bytes | None:
        """Return None: the content is read, so that its events come in their order."""
        return None

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last."""
        try:
            return await self._steps.read(super().read)
        except BaseException:  # also of the listener
            self.give_up()
            raise

    async def close(self) -> None:
        """Give up what has not been read."""
        await super().close()
        await self._steps.close()
