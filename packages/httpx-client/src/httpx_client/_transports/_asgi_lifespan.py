"""The startup and shutdown of an ASGI application (ASGI 3, "Lifespan Protocol"), in a task that lives between them.

It knows the four answers and what silence means. It must not know requests.
"""

from __future__ import annotations

from typing import Any

from httpx_models import CloseError, ConnectError, RemoteProtocolError

from ._asgi_call import ApplicationCall, ASGIApplication, Message
from ._asgi_loops import Loop
from ._asgi_messages import message_type

_ANSWERS = {
    "lifespan.startup.complete": "startup",
    "lifespan.startup.failed": "startup",
    "lifespan.shutdown.complete": "shutdown",
    "lifespan.shutdown.failed": "shutdown",
}


class Lifespan(ApplicationCall):
    """A call of an application with its lifespan.

    Args:
        app: The application.
        loop: The caller's event loop.

    Attributes:
        state: What the application leaves there for its requests.
    """

    def __init__(self, app: ASGIApplication, loop: Loop) -> None:
        self.state: dict[str, Any] = {}
        super().__init__(app, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}, loop)
        self._asked: list[str] = []
        self._is_stopping = False
        self._answers: dict[str, str | None] = {}
        self._failed: BaseException | None = None

    async def receive(self) -> Message:
        """Return "lifespan.startup"; then, when it is time, "lifespan.shutdown"; then nothing more."""
        if not self._asked:
            self._asked.append("startup")
        else:
            while not self._is_stopping or "shutdown" in self._asked:
                await self._wait()
            self._asked.append("shutdown")
        return {"type": f"lifespan.{self._asked[-1]}"}

    async def send(self, message: Message) -> None:
        """Take an answer.

        Raises:
            RemoteProtocolError: It is none, or the question was not asked, or has been answered.
        """
        kind = message_type(message)
        about = _ANSWERS.get(kind)
        if about is None:
            raise RemoteProtocolError(f"The application sent {kind!r} to its lifespan")
        if about in self._answers:
            raise RemoteProtocolError(f"The application sent {kind!r} after it had answered")
        if about == "shutdown" and about not in self._asked:  # that it is to start up it may know without asking
            raise RemoteProtocolError(f"The application sent {kind!r} before it was told to shut down")
        self._answers[about] = str(message.get("message", "")) if kind.endswith("failed") else None
        self._change()

    @property
    def is_up(self) -> bool:
        """Whether the application has said that it has started."""
        return self._answers.get("startup", "") is None

    async def started(self) -> None:
        """Wait until the application has started.

        Raises:
            ConnectError: It says that it has failed, or has ended without a word.
            Exception: What it has raised instead.
        """
        await self._until_answered("startup")
        if not self.is_up:
            await self.stop()
            raise self._failure("startup", ConnectError)

    async def shut_down(self) -> None:
        """Tell the application to shut down, and wait until it has ended. One of another event loop is abandoned.

        Raises:
            CloseError: It says that it has failed.
            Exception: What it has raised.
        """
        if not (self.is_up and self.is_here()):
            await self.stop()
            return
        self._is_stopping = True
        self._change()
        try:
            await self._until_answered("shutdown")
        finally:
            await self.stop()
        if self.error is not None or self._answers.get("shutdown") is not None:
            raise self._failure("shutdown", CloseError)

    async def _until_answered(self, about: str) -> None:
        while about not in self._answers and not self.is_over:
            await self._wait()

    def _failure(self, about: str, kind: type[ConnectError | CloseError]) -> BaseException:
        """Return what everybody is told who waits for the same."""
        if self._failed is None:
            said = self._answers.get(about)
            if self.error is not None:
                self._failed = self.error
                self._failed.add_note(f"The application raised this at its lifespan's {about}")
            elif said is None:
                self._failed = kind(f"The application returned without answering 'lifespan.{about}'")
            else:
                self._failed = kind(f"The application's {about} failed: {said or 'it does not say why'}")
        return self._failed
