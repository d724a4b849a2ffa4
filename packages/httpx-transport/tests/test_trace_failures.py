"""A `trace` callback that raises, or is cancelled: whatever the request had acquired by then is given back."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from .conftest import OK, Face, Peer, Server, answer_each

Serve = Callable[..., Server]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


class CallbackError(Exception):
    """What a callback raises."""


class CallbackInterrupt(BaseException):
    """What a callback raises where nothing can be cancelled."""


class FailingTrace:
    """A trace that fails at one event.

    Args:
        face: Which says whether it is asynchronous.
        at: The number of the event, from 0.
        scope: What is cancelled; None raises instead.
    """

    def __init__(
        self, face: Face, at: int, scope: anyio.CancelScope | None, error: type[BaseException] = CallbackError
    ) -> None:
        self.names: list[str] = []
        self._at = at
        self._scope = scope
        self._error = error
        self.extension: Any = self.note if face.name == "blocking" else self.note_and_wait

    def note(self, name: str, details: dict[str, Any]) -> None:
        self.names.append(name)
        if len(self.names) == self._at + 1 and self._scope is None:
            raise self._error

    async def note_and_wait(self, name: str, details: dict[str, Any]) -> None:
        self.note(name, details)
        if len(self.names) == self._at + 1 and self._scope is not None:
            self._scope.cancel()
            await anyio.sleep_forever()


@pytest.mark.parametrize("cancelled", [False, True], ids=["raises", "cancelled"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_whichever_event_fails_nothing_is_lost(
    face: Face, serve: Serve, tls: bool, cancelled: bool, server_context: Any, client_context: Any
) -> None:
    interrupted = cancelled and face.name == "blocking"
    scheme = b"https" if tls else b"http"

    def script(peer: Peer) -> None:
        with contextlib.suppress(OSError):  # a client that gives up sends no close_notify
            answer_each(CHUNKED)(peer)

    server = serve(script, server_context if tls else None)
    plain = serve(answer_each(OK))
    seen: set[str] = set()

    async def attempt(pool: Any, number: int) -> bool:
        """Send a request whose event of that number fails; return whether there was one."""
        with anyio.CancelScope() if face.name != "blocking" else _NoScope() as scope:
            error = CallbackInterrupt if interrupted else CallbackError
            trace = FailingTrace(face, number, scope if cancelled else None, error)
            url = (scheme, b"127.0.0.1", server.port, b"/")
            try:
                _, _, content, _ = await pool.send(0, url=url, extensions={"trace": trace.extension})
                try:
                    await content.read()
                finally:
                    with anyio.CancelScope(shield=True) if face.name != "blocking" else _NoScope():
                        await content.close()
            except (CallbackError, CallbackInterrupt):
                pass
        seen.update(trace.names[:number])
        return len(trace.names) > number

    async def scenario() -> None:
        number = 0
        failing = True
        while failing:
            async with face.pool(ssl_context=client_context if tls else None, max_connections=1) as pool:
                failing = await attempt(pool, number)
                stats = pool.pool.stats()
                assert (stats["active"], stats["waiting"]) == (0, 0), number
                assert await pool.get(plain.port) == b"ok"
            number += 1
        assert number > 10

    face.run(scenario)
    gc.collect()  # a socket that was lost is a warning, and so an error
    assert {"connection.connect_tcp.complete", "http11.receive_response_body.started"} <= seen


class _NoScope:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *details: object) -> None:
        return None
