"""An exchange of HTTP/2 that tells what it does, for requests that somebody listens to."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from .._backends import Backend
from .._extensions import Options
from .._http11 import Head
from .._traced import Steps
from ..interface import Field
from ._connection import Http2Connection
from ._exchange import Http2Exchange
from ._stream import StreamState

if TYPE_CHECKING:
    from .._trace import Trace

T = TypeVar("T")


class TracedHttp2Exchange(Http2Exchange):
    """One request and its response, with an event at the beginning and the end of each step.

    Args:
        trace: Who is told.
        backend: How I/O is done, and likewise the rest: see `Http2Exchange`.
    """

    __slots__ = ("_steps",)

    _waits = False  # whoever is told that the fields were sent may do anything first

    def __init__(
        self,
        trace: Trace,
        backend: Backend,
        shared: Http2Connection,
        options: Options,
        began: float,
        started: float,
        timings: dict[str, float],
    ) -> None:
        super().__init__(backend, shared, options, began, started, timings)
        self._steps = Steps(trace, "http2")

    async def start(
        self, method: bytes, target: bytes, fields: list[Field], body: Iterable[bytes] | AsyncIterable[bytes] | bytes
    ) -> Head:
        """Send the request, and return the response's head.

        A listener may raise, or its task be cancelled: before there is a stream the right to it is given back, and after
        that the stream.
        """
        try:
            await self._steps.begin("send_request_headers")
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._backend.soon(self._shared.unreserve)
            raise
        except BaseException:
            self._shared.unreserve()
            raise
        try:
            head = await super().start(method, target, fields, body)
        except Exception as error:
            await self._steps.fail(error)
            raise
        await self._holding(lambda: self._steps.end((head.status, head.fields)))
        return head

    async def _holding(self, doing: Callable[[], Awaitable[T]]) -> T:
        """Do something, and give the stream up where that fails."""
        try:
            return await doing()
        except GeneratorExit:  # the task has been collected, in the middle of anything
            self._shared.abandon(self.stream)
            raise
        except BaseException:
            await self._stop()
            raise

    async def _send_request(self, fields: list[Field]) -> None:
        await self._steps.end(None)
        await self._steps.begin("send_request_body")
        await super()._send_request(fields)

    async def _receive_head(self) -> tuple[Head, StreamState]:
        await self._steps.end(None)
        await self._steps.begin("receive_response_headers")
        return await super()._receive_head()

    def whole(self) -> bytes | None:
        """Return None: the content is read, so that its events come in their order."""
        return None

    async def read(self) -> bytes:
        """Return the next bytes of the content, b"" after the last."""
        read = super().read
        return await self._holding(lambda: self._steps.read(read))

    async def close(self) -> None:
        """Give up what has not been read."""
        await super().close()
        await self._steps.close()
