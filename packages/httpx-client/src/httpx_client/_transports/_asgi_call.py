"""One call of an ASGI application, which runs in a task of its own and is heard through `receive` and `send`.

It knows that the application runs, has ended or is to end. It must not know what is said: HTTP and lifespan do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ._asgi_loops import Event, Job, Loop

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class ApplicationCall(ABC):
    """A call of an application; subclasses say what it receives, and hear what it sends.

    There is one event for every change on either side: whoever waits looks again at what he waits for.

    Args:
        app: The application.
        scope: What it is called with.
        loop: The caller's event loop.

    Attributes:
        is_over: Whether the application has ended.
        error: What it has raised.
    """

    _job: Job

    def __init__(self, app: ASGIApplication, scope: Scope, loop: Loop) -> None:
        self._app = app
        self._scope = scope
        self._loop = loop
        self._changed: Event | None = None
        self._is_stopped = False
        self.is_over = False
        self.error: BaseException | None = None

    def start(self) -> None:
        """Let the application run."""
        self._job = self._loop.start(self._run)

    @abstractmethod
    async def receive(self) -> Message:
        """Return the next message for the application, when there is one."""
        ...

    @abstractmethod
    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        ...

    async def _run(self) -> None:
        try:
            await self._call()
        except BaseException as error:
            if isinstance(error, Exception) or not self._is_stopped:
                self.error = error
            if not isinstance(error, Exception | SystemExit):
                raise
        finally:
            self._end()

    async def _call(self) -> None:
        """Call the application, in its own task."""
        await self._app(self._scope, self.receive, self.send)

    def _end(self) -> None:
        self.is_over = True
        self._change()

    def _change(self) -> None:
        """Wake whoever waits."""
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()

    async def _wait(self) -> None:
        """Wait until something changes."""
        if self._changed is None:
            self._changed = self._loop.event()
        await self._changed.wait()

    def is_here(self) -> bool:
        """Return whether the application runs in the caller's event loop."""
        return self._job.is_here()

    def is_alive(self) -> bool:
        """Return whether the application still runs in some event loop."""
        return not self._job.is_over()

    def abandon(self) -> None:
        """Cancel the application from anywhere, without waiting for it."""
        if self.is_alive():
            self._job.abandon()

    async def stop(self) -> None:
        """Let the application end, cancel it if it does not, and wait for it. One of another loop is abandoned."""
        self._is_stopped = True
        if self.is_here():
            await self._job.stop()
        else:
            self.abandon()
