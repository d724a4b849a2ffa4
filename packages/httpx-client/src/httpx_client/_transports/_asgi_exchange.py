"""One request to an ASGI application and its response, streamed both ways.

It knows in which order messages may come, who waits for whom, and what an ended application means for the caller. It
must not know which event loop runs it.

The application waits in `send` until a chunk was taken (the last one excepted), so at most one is held. The caller waits
for the head, for chunks and, at their end, for the application: what it does after its response is done by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

from httpx_models import AsyncByteStream, ByteStream, Headers, RemoteProtocolError, Request, Response, StreamClosed

from ._asgi_call import ApplicationCall, ASGIApplication, Message, Scope
from ._asgi_loops import Loop
from ._asgi_messages import (
    BODY,
    DEBUG,
    DISCONNECT,
    START,
    TRAILERS,
    content_of,
    headers_of,
    message_type,
    request_message,
    status_of,
)


class Exchange(ApplicationCall):
    """A call of an application with one request.

    Args:
        app: The application.
        scope: What it is called with.
        loop: The caller's event loop.
        request: The request; its body is read as the application asks for it.
        raise_app_exceptions: Whether the caller wants to see what the application raises.
        running: Where this is kept while the application runs.
    """

    def __init__(
        self,
        app: ASGIApplication,
        scope: Scope,
        loop: Loop,
        request: Request,
        raise_app_exceptions: bool,
        running: set[Exchange],
    ) -> None:
        super().__init__(app, scope, loop)
        self._raises = raise_app_exceptions
        self._running = running
        self._body: Any = request.stream
        self._pieces: AsyncIterator[bytes] | None = None
        self._is_pulling = False
        self._is_request_read = False
        self._is_request_broken = False
        self._takes_content = request.method != "HEAD"
        self._head: tuple[int, Headers] | None = None
        self._extensions: MutableMapping[str, Any] = {}
        self._trailers: list[tuple[bytes, bytes]] | None = None
        self._chunks: deque[bytes] = deque()
        self._is_content_sent = False
        self._is_sent = False
        self._is_closed = False
        self._is_told = False
        self._is_read = False
        self._ignored = ""

    # The application's side.

    async def receive(self) -> Message:
        """Return the next piece of the request; after them, that the client has gone or has got its response.

        Raises:
            Exception: What the request's body raises.
        """
        while self._is_pulling and not self._is_closed:
            await self._wait()
        if not self._is_closed and not self._is_request_read:
            return await self._pull()
        while not (self._is_sent or self._is_closed or self._is_request_broken):
            await self._wait()
        return {"type": DISCONNECT}

    async def _pull(self) -> Message:
        self._is_pulling = True
        try:
            if self._pieces is None:
                self._pieces = aiter(self._body)
            return request_message(await anext(self._pieces), more=True)
        except StopAsyncIteration:
            self._is_request_read = True
            return request_message(b"", more=False)
        except BaseException:
            self._is_request_read = self._is_request_broken = True  # what is left is lost: never a clean end
            raise
        finally:
            self._is_pulling = False
            self._change()

    async def send(self, message: Message) -> None:
        """Take a message; return when the client has taken the content in it.

        Raises:
            BrokenPipeError: The client has gone.
            RemoteProtocolError: The message is malformed, or comes at the wrong time.
        """
        if self._is_closed:
            await self._loop.checkpoint()  # whoever sends on and on can be cancelled here
            raise _client_has_gone()
        kind = message_type(message)
        if kind == START:
            self._take_head(message)
        elif kind == BODY:
            await self._take_content(message)
        elif kind == TRAILERS and self._trailers is not None:
            self._take_trailers(message, self._trailers)
        elif kind == DEBUG:
            info = message.get("info") or {}
            self._extensions.update({name: info[name] for name in ("template", "context") if name in info})
        else:
            self._ignored = f" (it sent {kind!r}, which is not understood)"

    def _take_head(self, message: Message) -> None:
        if self._head is not None:
            raise RemoteProtocolError(f"The application sent {START!r} twice")
        self._head = (status_of(message), headers_of(message))
        if message.get("trailers"):
            self._trailers = self._extensions["trailers"] = []
        self._change()

    async def _take_content(self, message: Message) -> None:
        if self._head is None:
            raise RemoteProtocolError(f"The application sent {BODY!r} before {START!r}")
        if self._is_content_sent:
            raise RemoteProtocolError(f"The application sent {BODY!r} after the last one")
        chunk, more = content_of(message)
        self._is_content_sent = not more
        self._is_sent = not more and self._trailers is None
        if self._takes_content and chunk:
            self._chunks.append(chunk)
        self._change()
        if not more:
            return
        if not self._chunks:
            await self._loop.checkpoint()
        while self._chunks and not self._is_closed:
            await self._wait()
        if self._is_closed:
            raise _client_has_gone()

    def _take_trailers(self, message: Message, trailers: list[tuple[bytes, bytes]]) -> None:
        if self._is_sent or not self._is_content_sent:
            raise RemoteProtocolError(f"The application sent {TRAILERS!r} before the last {BODY!r}, or twice")
        trailers.extend(headers_of(message).raw)
        self._is_sent = not message.get("more_trailers", False)
        self._change()

    async def _call(self) -> None:
        """Call the application; end the iteration of a request's body that it has not read to its end."""
        try:
            await super()._call()
        finally:
            close = getattr(self._pieces, "aclose", None)
            if close is not None and not self._is_request_read:
                await close()

    def _end(self) -> None:
        self._running.discard(self)
        super()._end()

    # The caller's side.

    async def response(self) -> Response:
        """Let the application run; return its response when it has sent the head.

        Raises:
            Exception: What the application has raised instead, if that is wanted.
            RemoteProtocolError: It has ended without sending one.
        """
        self._running.add(self)
        self.start()
        try:
            while self._head is None and not self.is_over:
                await self._wait()
        except BaseException:
            await self.leave()
            raise
        if self._head is None:
            failure = self._failure()
            if failure is not None:
                raise failure
            return Response(500, stream=ByteStream(b""))
        status, headers = self._head
        response = Response(status, headers=headers, stream=ASGIResponseStream(self), extensions=self._extensions)
        self._extensions = response.extensions  # for what is told later
        return response

    def whole(self) -> bytes | None:
        """Return all of the content if the application has ended well, None where there is something to wait for."""
        if not (self.is_over and self._is_sent) or self.error is not None or self._is_told or self._is_closed:
            return None
        self._is_told = self._is_read = True
        content = b"".join(self._chunks)
        self._chunks.clear()
        return content

    async def next_chunk(self) -> bytes:
        """Return the next chunk of the content, when there is one.

        Raises:
            Exception: What the application has raised, if that is wanted.
            RemoteProtocolError: It has ended before the end of its response.
            StopAsyncIteration: It has sent all of its response, and has ended.
            StreamClosed: The response was closed before.
        """
        while not (self._chunks or self.is_over or self._is_closed):
            await self._wait()
        if self._is_closed and not self._is_read:
            raise StreamClosed
        if self._chunks:
            chunk = self._chunks.popleft()
            if not self._chunks:
                self._change()
            return chunk
        failure = self._failure()
        if failure is not None:
            raise failure
        self._is_read = True
        raise StopAsyncIteration

    def _failure(self) -> BaseException | None:
        """Return what the caller is to be told of the application's end, the first time.

        None if all is well, or where the caller does not want to see the error, and there can be a response instead.
        """
        if self._is_told:
            return None
        self._is_told = True
        error, self.error = self.error, None  # whoever catches it shall not find it held here as well
        if error is not None and (self._raises or not isinstance(error, Exception)):
            return error
        if self._is_sent or (self._head is None and error is not None):
            return None
        missing = f"without sending {START!r}" if self._head is None else "before the end of its response"
        failure = RemoteProtocolError(f"The application {'failed' if error else 'returned'} {missing}{self._ignored}")
        failure.__cause__ = error
        return failure

    async def aclose(self) -> None:
        """Tell the application that the client has gone, and wait until it has ended.

        One that has sent all of its response has what time it needs; another is cancelled.

        Raises:
            Exception: What the application had raised, if that is wanted and nobody was told.
        """
        if not (self._is_sent or self.is_over) or not self.is_here():
            await self.leave()
            return
        self._is_closed = True
        self._change()
        try:
            while not self.is_over:
                await self._wait()
        except BaseException:
            await self.leave()
            raise
        error, failure = self.error, self._failure()
        if error is not None and failure is error:
            raise error

    async def leave(self) -> None:
        """Tell the application that the client has gone; cancel it, and wait until it has ended."""
        self._is_closed = self._is_told = True  # what it raises now is what comes of leaving
        self._running.discard(self)
        if self.is_here():
            self._change()
        await self.stop()

    def drop(self) -> None:
        """Cancel an application whose response nobody can read any more, unless it has sent all of it."""
        if not self._is_sent:
            self.abandon()


def _client_has_gone() -> BrokenPipeError:
    return BrokenPipeError("The client has closed the response")  # an OSError, as ASGI 2.4 asks


class ASGIResponseStream(AsyncByteStream):
    """The content of an application's response, as it sends it.

    Args:
        exchange: Where it comes from. It does not know of this stream, so that one that is dropped is noticed.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def whole(self) -> bytes | None:
        """Return the content if all of it is there, and the application has ended; None where it has to be read."""
        return self._exchange.whole()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Chunks(self, self._exchange)

    async def aclose(self) -> None:
        """Close the exchange, and wait for the application.

        Raises:
            Exception: What the application had raised, if that is wanted and nobody was told.
        """
        await self._exchange.aclose()

    def __del__(self) -> None:
        self._exchange.drop()


class _Chunks:
    """An iterator over a response's content. It cannot be closed: the response is, by whoever has it."""

    def __init__(self, stream: ASGIResponseStream, exchange: Exchange) -> None:
        self._stream = stream  # while somebody iterates, nothing is dropped
        self._exchange = exchange

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._exchange.next_chunk()
