"""The startup and shutdown of applications by the ASGI transport, on asyncio and trio."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import anyio
import pytest

from httpx_client import ASGITransport, AsyncClient
from httpx_models import CloseError, ConnectError, RemoteProtocolError, Request, Response

from .applications import COMPLETE, END, START, URL, App, saying

pytestmark = pytest.mark.anyio

DOWN = {"type": "lifespan.shutdown.complete"}


class Living:
    """An application with a lifespan: sends some messages when it is asked to start, others when asked to shut down."""

    def __init__(self, startup: Any = (COMPLETE,), shutdown: Any = (DOWN,)) -> None:
        self.startup = startup
        self.shutdown = shutdown
        self.log: list[str] = []
        self.states: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.states.append(scope.get("state"))
            await saying(START, END)(scope, receive, send)
            return
        try:
            self.log.append((await receive())["type"])
            scope["state"]["database"] = "connected"
            await saying(*self.startup)(scope, receive, send)
            self.log.append((await receive())["type"])
            await saying(*self.shutdown)(scope, receive, send)
        except BaseException as error:
            self.log.append(type(error).__name__)
            raise


async def get(transport: ASGITransport) -> Response:
    response = await transport.handle_async_request(Request("GET", URL))
    await response.aread()
    return response


async def test_without_being_asked_no_lifespan_is_run() -> None:
    app = Living()
    async with ASGITransport(app) as transport:
        await get(transport)
    assert (app.log, app.states) == ([], [None])


async def test_startup_with_the_transport_and_shutdown_at_its_end() -> None:
    app = Living()
    async with ASGITransport(app, lifespan=True) as transport:
        assert app.log == ["lifespan.startup"]
        await get(transport)
        app.states[0]["mine"] = 1
        await get(transport)
    assert app.log == ["lifespan.startup", "lifespan.shutdown"]
    assert app.states == [{"database": "connected", "mine": 1}, {"database": "connected"}]


async def test_startup_before_the_first_request_and_only_once() -> None:
    app = Living()
    client = AsyncClient(transport=ASGITransport(app, lifespan=True))
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(client.get, URL)
    await client.aclose()
    assert app.log == ["lifespan.startup", "lifespan.shutdown"]
    assert len(app.states) == 3


async def test_a_closed_transport_starts_again_when_it_is_used_again() -> None:
    app = Living()
    transport = ASGITransport(app, lifespan=True)
    for _ in range(2):
        await get(transport)
        await transport.aclose()
    await transport.aclose()
    assert app.log == ["lifespan.startup", "lifespan.shutdown"] * 2


async def test_the_shutdown_comes_after_the_end_of_running_requests() -> None:
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["type"] == "http":
                await send(START)
                await anyio.sleep_forever()
            else:
                await Living()(scope, receive, send)
        finally:
            log.append(scope["type"])

    transport = ASGITransport(app, lifespan=True)
    response = await transport.handle_async_request(Request("GET", URL))
    await transport.aclose()
    assert log == ["http", "lifespan"]
    await response.aclose()


async def test_an_application_may_start_without_asking() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await send(COMPLETE)
        else:
            await saying(START, END)(scope, receive, send)

    async with ASGITransport(app, lifespan=True) as transport:
        assert (await get(transport)).status_code == 200


async def test_what_comes_after_the_last_answer_is_given_some_time_then_cancelled() -> None:
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Living()(scope, receive, send)
        await anyio.lowlevel.checkpoint()
        log.append("after")
        try:
            await receive()
        finally:
            log.append("cancelled")

    async with ASGITransport(app, lifespan=True):
        pass
    assert log == ["after", "cancelled"]


@pytest.mark.parametrize(
    ("startup", "expected", "message"),
    [
        ([LookupError("no database")], LookupError, "no database"),
        (
            [{"type": "lifespan.startup.failed", "message": "no database"}],
            ConnectError,
            "The application's startup failed: no database",
        ),
        (
            [{"type": "lifespan.startup.failed"}],
            ConnectError,
            "The application's startup failed: it does not say why",
        ),
        (
            [{"type": "lifespan.startup.failed", "message": "Traceback"}, LookupError("no database")],
            LookupError,
            "no database",
        ),
        ([START], RemoteProtocolError, "The application sent 'http.response.start' to its lifespan"),
        (
            [DOWN],
            RemoteProtocolError,
            "The application sent 'lifespan.shutdown.complete' before it was told to shut down",
        ),
    ],
)
async def test_a_startup_that_fails(startup: Any, expected: type[Exception], message: str) -> None:
    app = Living(startup)
    transport = ASGITransport(app, lifespan=True)
    errors: list[Exception] = []

    async def failing() -> None:
        with pytest.raises(expected) as caught:
            await get(transport)
        errors.append(caught.value)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(failing)
        tasks.start_soon(failing)
    assert [str(error) for error in errors] == [message] * 2
    assert app.states == []
    app.startup = (COMPLETE,)
    await get(transport)
    await transport.aclose()
    assert app.log[-2:] == ["lifespan.startup", "lifespan.shutdown"]


async def test_a_startup_that_fails_at_the_beginning_of_with() -> None:
    error = LookupError("no database")
    app = Living([error])
    with pytest.raises(LookupError) as caught:
        async with ASGITransport(app, lifespan=True):
            raise AssertionError
    assert caught.value is error
    assert error.__notes__ == ["The application raised this at its lifespan's startup"]


async def test_an_application_that_knows_no_lifespan() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    with pytest.raises(ConnectError, match="^The application returned without answering 'lifespan.startup'$"):
        await get(ASGITransport(app, lifespan=True))


@pytest.mark.parametrize(
    ("shutdown", "expected", "message"),
    [
        ([], None, ""),
        ([LookupError("stuck")], LookupError, "stuck"),
        (
            [{"type": "lifespan.shutdown.failed", "message": "stuck"}],
            CloseError,
            "The application's shutdown failed: stuck",
        ),
        ([COMPLETE], RemoteProtocolError, "The application sent 'lifespan.startup.complete' after it had answered"),
    ],
)
async def test_a_shutdown_that_fails(shutdown: Any, expected: type[Exception] | None, message: str) -> None:
    transport = ASGITransport(Living(shutdown=shutdown), lifespan=True)
    await get(transport)
    with contextlib.nullcontext() if expected is None else pytest.raises(expected) as caught:
        await transport.aclose()
    if caught is not None:
        assert str(caught.value) == message
    await transport.aclose()


async def test_a_lifespan_that_ends_early_is_told_at_the_end() -> None:
    transport = ASGITransport(Living(startup=[COMPLETE, LookupError("lost")]), lifespan=True)
    await get(transport)
    await get(transport)
    with pytest.raises(LookupError, match="lost"):
        await transport.aclose()


# Cancellation.


class Slow(Living):
    """One that starts, or shuts down, only when it is let."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.go_on = anyio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def slow_send(message: Any) -> None:
            if message["type"] == f"lifespan.{self.slow}.complete":
                await self.go_on.wait()
            await send(message)

        await super().__call__(scope, receive, slow_send)


async def cancelled_at(app: Living, event: str, work: Any) -> None:
    """Cancel some work when the application has heard so far."""
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                while event not in app.log:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            tasks.start_soon(watch)
            await work()
    assert scope.cancelled_caught


async def test_cancelled_while_waiting_for_the_startup() -> None:
    app = Slow("startup")
    transport = ASGITransport(app, lifespan=True)
    await cancelled_at(app, "lifespan.startup", lambda: get(transport))
    app.go_on.set()
    await get(transport)
    await transport.aclose()
    assert app.log == ["lifespan.startup", "lifespan.shutdown"]


@pytest.mark.parametrize("use", ["with", "request"])
async def test_a_startup_that_nobody_waits_for_is_cancelled(use: str) -> None:
    app = Slow("startup")
    transport = ASGITransport(app, lifespan=True)
    await cancelled_at(app, "lifespan.startup", transport.__aenter__ if use == "with" else lambda: get(transport))
    if use == "request":
        assert app.log == ["lifespan.startup"]
        await transport.aclose()
    assert app.log[1] in ("CancelledError", "Cancelled")


async def test_cancelled_while_waiting_for_the_shutdown() -> None:
    app = Slow("shutdown")
    transport = ASGITransport(app, lifespan=True)
    await get(transport)
    await cancelled_at(app, "lifespan.shutdown", transport.aclose)
    assert app.log[2] in ("CancelledError", "Cancelled")


# Several event loops.


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_another_event_loop_gets_another_startup(backend: str) -> None:
    app = Living()
    transport = ASGITransport(app, lifespan=True)
    for _ in range(2):
        anyio.run(get, transport, backend=backend)
    assert [word for word in app.log if word.startswith("lifespan")] == ["lifespan.startup"] * 2
    anyio.run(transport.aclose, backend=backend)


def test_two_event_loops_at_once_say_so() -> None:
    app = Living()
    transport = ASGITransport(app, lifespan=True)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(get(transport))
    with pytest.raises(RuntimeError, match="^The application's lifespan is running in another event loop$"):
        asyncio.run(get(transport))
    asyncio.run(transport.aclose())
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()
    assert app.log == ["lifespan.startup", "CancelledError"]


def test_the_type_of_an_application_is_an_asgi_application() -> None:
    app: App = Living()
    assert ASGITransport(app).app is app
