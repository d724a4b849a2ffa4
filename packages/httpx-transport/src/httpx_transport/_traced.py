"""An exchange that tells what it does, for requests that somebody listens to; the others have no trace of this."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING

from ._backends import Backend, Bytes
from ._connection import Connection
from ._exchange import Exchange
from ._extensions import Options
from ._http11 import Head
from .interface import Field

if TYPE_CHECKING:
    from ._pool._lease import Lease
    from ._trace import Trace


class TracedExchange(Exchange):
    """One request and its response, with an event at the beginning and the end of each step.

    Args:
        trace: Who is told.
        backend: How I/O is done, and likewise the rest: see `Exchange`.
    """

    __slots__ = ("_step", "_trace")

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
        self._trace = trace
        self._step = ""

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head."""
        await self._begin("send_request_headers")
        try:
            head = await super().start(method, target, fields, body)
        except Exception as error:
            await self._fail(error)
            raise
        await self._end((head.version, head.status, head.reason, head.fields))
        return head

    async def _send(self, data: Bytes) -> bool:
        left = await super()._send(data)
        if self._step == "send_request_headers":  # they leave with the first write, and as much of the body as fits
            await self._end(None)
            await self._begin("send_request_body")
        return left

    async def _receive_head(self) -> Head:
        if self._step != "receive_response_headers":
            await self._end(None)
            await self._begin("receive_response_headers")
        return await super()._receive_head()

    def whole(self) -> bytes | None:
        """Return None: the content is read, so that its events come in their order."""
        return None

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last."""
        if not self._step:
            await self._begin("receive_response_body")
        try:
            content = await super().read()
        except Exception as error:
            await self._fail(error)
            raise
        if not content and self._step == "receive_response_body":
            await self._end(None)
            await self._tell_closed()
        return content

    async def close(self) -> None:
        """Give up what has not been read."""
        await super().close()
        await self._tell_closed()

    async def _tell_closed(self) -> None:
        if self._step != "response_closed":
            self._step = "response_closed"
            await self._trace.tell("http11.response_closed.started")
            await self._trace.tell("http11.response_closed.complete", return_value=None)

    async def _begin(self, step: str) -> None:
        self._step = step
        await self._trace.tell(f"http11.{step}.started", request=self._trace.request)

    async def _end(self, result: object) -> None:
        step, self._step = self._step, ""
        await self._trace.tell(f"http11.{step}.complete", return_value=result)

    async def _fail(self, error: Exception) -> None:
        step, self._step = self._step, ""
        await self._trace.tell(f"http11.{step}.failed", exception=error)
