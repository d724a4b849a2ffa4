"""What becomes of an application when its response is closed, its caller cancelled, its transport closed or forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio

from httpx_client import ASGITransport
from httpx_models import Request, StreamClosed

from .applications import END, START, URL, App, ask, part, saying

pytestmark = pytest.mark.anyio

FOREVER = [START, part(b"one")]


class Watched:
    """An application that says something and then waits for ever; it notes how it ended."""

    def __init__(self, *messages: Any, wait: Callable[[Any], Awaitable[Any]] | None = None) -> None:
        self.messages = messages
        self.wait = wait or (lambda receive: anyio.sleep_forever())
        self.log: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.log.append("begun")
        try:
            await saying(*self.messages)(scope, receive, send)
            self.log.append("waiting")
            await self.wait(receive)
            self.log.append("done")
        except BaseException as error:
            self.log.append("gone" if isinstance(error, OSError) else "cancelled")
            raise


async def hear(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.mark.parametrize(
    ("app", "log"),
    [
        (lambda: Watched(START), ["begun", "waiting", "cancelled"]),
        (lambda: Watched(START, part(b"one"), part(b"two")), ["begun", "gone"]),
        (lambda: Watched(START, wait=hear), ["begun", "waiting", "done"]),
    ],
)
async def test_closing_an_incomplete_response_ends_the_application(app: Callable[[], Watched], log: list[str]) -> None:
    watched = app()
    transport = ASGITransport(watched)
    response = await transport.handle_async_request(Request("GET", URL))
    await response.aclose()
    assert watched.log == log
    assert transport._running == set()
    with pytest.raises(StreamClosed):
        await anext(response.stream.__aiter__())  # type: ignore[union-attr]


async def test_closing_after_a_part_was_read() -> None:
    watched = Watched(*FOREVER)
    response = await ask(watched)
    assert await anext(response.aiter_raw()) == b"one"
    await response.aclose()
    assert watched.log == ["begun", "gone"]


async def test_an_application_has_time_to_take_its_leave() -> None:
    log: list[str] = []

    async def leave(receive: Any) -> None:
        await hear(receive)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        log.append("left")

    await (await ask(Watched(START, wait=leave))).aclose()
    assert log == ["left"]


async def test_an_application_that_sends_on_and_on_is_cancelled() -> None:
    sent: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        while True:
            with contextlib.suppress(OSError):
                await send(part(b"one"))
            sent.append("one")

    await (await ask(app)).aclose()
    assert sent
    assert await (await ask(app, "HEAD")).aclose() is None  # type: ignore[func-returns-value]


async def test_what_an_application_raises_when_it_is_left_is_its_own() -> None:
    async def fail(receive: Any) -> None:
        await hear(receive)
        raise LookupError("why did you go?")

    await (await ask(Watched(START, wait=fail))).aclose()


async def test_a_complete_response_may_be_closed_unread_and_the_application_does_what_it_does() -> None:
    watched = Watched(START, part(b"one", more=False), wait=lambda receive: anyio.lowlevel.checkpoint())
    response = await ask(watched)
    await response.aclose()
    assert watched.log == ["begun", "waiting", "done"]
    with pytest.raises(StreamClosed):
        await anext(aiter(response.stream))  # type: ignore[arg-type]


@pytest.mark.parametrize("messages", [(START,), (START, END)])
@pytest.mark.parametrize("raising", [True, False])
async def test_an_error_that_nobody_was_told_is_raised_by_close(messages: Any, raising: bool) -> None:
    response = await ask(saying(*messages, LookupError("boom")), raise_app_exceptions=raising)
    with pytest.raises(LookupError, match="boom") if raising else contextlib.nullcontext():
        await response.aclose()
    await response.stream.aclose()  # type: ignore[union-attr]


async def test_a_body_that_is_waited_for_does_not_keep_the_application() -> None:
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await anyio.sleep_forever()
        finally:
            log.append("body ended")

    watched = Watched(START, wait=hear)
    response = await ask(watched, "POST", body())
    await response.aclose()
    assert (watched.log, log) == (["begun", "waiting", "cancelled"], ["body ended"])


async def test_a_task_that_waits_for_its_turn_to_receive_hears_of_the_close() -> None:
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        log.append("asked")
        await anyio.sleep_forever()
        yield b""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def listen() -> None:
            log.append("listening")
            log.append((await receive())["type"])

        await send(START)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            tasks.start_soon(listen)

    response = await ask(app, "POST", body())
    while len(log) < 3:
        await anyio.lowlevel.checkpoint()
    await response.aclose()
    assert sorted(log) == ["asked", "http.disconnect", "listening", "listening"]


# Cancellation at every wait.


async def cancelled_in(work: Callable[[], Awaitable[Any]], when: Callable[[], bool]) -> None:
    """Cancel some work when it has come so far."""
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                while not when():
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            tasks.start_soon(watch)
            await work()
    assert scope.cancelled_caught


async def test_cancelled_while_waiting_for_the_head() -> None:
    watched = Watched()
    transport = ASGITransport(watched)
    request = Request("GET", URL)
    await cancelled_in(lambda: transport.handle_async_request(request), lambda: "waiting" in watched.log)
    assert watched.log == ["begun", "waiting", "cancelled"]
    assert transport._running == set()


async def test_cancelled_before_the_application_has_begun() -> None:
    watched = Watched()
    transport = ASGITransport(watched)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await transport.handle_async_request(Request("GET", URL))
    assert scope.cancelled_caught
    assert watched.log in ([], ["begun", "waiting", "cancelled"])
    assert transport._running == set()


async def test_cancelled_while_waiting_for_content() -> None:
    watched = Watched(*FOREVER)
    response = await ask(watched)
    await cancelled_in(response.aread, lambda: "waiting" in watched.log)
    assert watched.log == ["begun", "waiting", "cancelled"]
    assert response.is_closed


async def test_cancelled_while_waiting_for_the_end_of_the_application() -> None:
    watched = Watched(START, END)
    response = await ask(watched)
    closing = []

    async def close() -> None:
        closing.append(True)
        await response.aclose()

    await cancelled_in(close, lambda: bool(closing))
    assert watched.log == ["begun", "waiting", "cancelled"]


@pytest.mark.parametrize("messages", [(), (START, END)])
def test_a_task_that_is_cancelled_once(messages: Any) -> None:
    watched = Watched(*messages)
    closing = []

    async def use() -> None:
        response = await ask(watched)
        closing.append(True)
        await response.aclose()

    async def main() -> None:
        task = asyncio.create_task(use())
        while "waiting" not in watched.log or (messages and not closing):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert watched.log == ["begun", "waiting", "cancelled"]


async def test_cancelled_while_waiting_for_an_application_to_be_cancelled() -> None:
    closing = []

    async def linger(receive: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                closing.append(True)
                for _ in range(50):
                    await anyio.lowlevel.checkpoint()

    watched = Watched(START, wait=linger)
    response = await ask(watched)
    await cancelled_in(response.aclose, lambda: bool(closing))
    assert watched.log == ["begun", "waiting", "cancelled"]


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_cancelled_anywhere_nothing_is_left(turns: int) -> None:
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        log.append("body+")
        try:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
                yield b"one"
        finally:
            log.append("body-")

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        log.append("app+")
        try:
            await anyio.lowlevel.checkpoint()
            await send(START)
            while (message := await receive())["more_body"]:
                await send(part(message["body"]))
            await anyio.lowlevel.checkpoint()
            await send(END)
            await anyio.lowlevel.checkpoint()
        finally:
            log.append("app-")

    transport = ASGITransport(echo)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:

            async def cancel() -> None:
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            tasks.start_soon(cancel)
            response = await transport.handle_async_request(Request("POST", URL, content=body()))
            async with contextlib.aclosing(response):
                assert await response.aread() == b"one" * 3
    assert transport._running == set()
    for name in ("body", "app"):
        assert log.count(f"{name}+") == log.count(f"{name}-")


# The transport.


async def test_closing_the_transport_ends_what_is_running() -> None:
    watched = [Watched(*FOREVER), Watched(START, END)]
    apps = iter(watched)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await next(apps)(scope, receive, send)

    transport = ASGITransport(app)
    async with transport as same:
        assert same is transport
        responses = [await transport.handle_async_request(Request("GET", URL)) for _ in watched]
    assert [one.log for one in watched] == [["begun", "gone"], ["begun", "waiting", "cancelled"]]
    for response in responses:
        with pytest.raises(StreamClosed):
            await response.aread()
    await transport.aclose()


async def test_a_transport_whose_closing_is_cancelled_leaves_nothing() -> None:
    closing = []

    async def linger(receive: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            closing.append(True)
            with anyio.CancelScope(shield=True):
                for _ in range(50):
                    await anyio.lowlevel.checkpoint()

    watched = Watched(START, wait=linger)
    transport = ASGITransport(watched)
    responses = [await transport.handle_async_request(Request("GET", URL)) for _ in range(3)]
    await cancelled_in(transport.aclose, lambda: bool(closing))
    while transport._running:
        await anyio.lowlevel.checkpoint()
    assert sorted(watched.log) == sorted(["begun", "waiting", "cancelled"] * 3)
    assert len(responses) == 3


@pytest.mark.parametrize("complete", [True, False])
async def test_a_response_that_is_forgotten(complete: bool) -> None:
    go_on = anyio.Event()
    watched = Watched(START, *([END] if complete else []), wait=lambda receive: go_on.wait())
    transport = ASGITransport(watched)
    response = await transport.handle_async_request(Request("GET", URL))
    del response
    gc.collect()
    if complete:
        go_on.set()
    while transport._running:
        await anyio.lowlevel.checkpoint()
    assert watched.log == ["begun", "waiting", "done" if complete else "cancelled"]


# Without a fixture's loop: what outlives its own.


def run(backend: str, work: Callable[[], Awaitable[Any]]) -> Any:
    return anyio.run(work, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("end", ["stream", "transport", "forget"])
def test_a_response_that_outlives_its_event_loop(backend: str, end: str) -> None:
    watched = Watched(*FOREVER)
    transport = ASGITransport(watched)

    async def begin() -> Any:
        return await transport.handle_async_request(Request("GET", URL))

    responses = [run(backend, begin)]
    assert watched.log[-1] == "cancelled"
    assert transport._running == set()
    responses[0].stream._exchange._job.abandon()  # as by a thread that has not heard of the end
    if end == "forget":
        responses.clear()
        gc.collect()
    else:
        run(backend, responses[0].aclose if end == "stream" else transport.aclose)


def test_an_event_loop_that_is_closed_under_an_application() -> None:
    watched = Watched(*FOREVER)
    transport = ASGITransport(watched)
    loop = asyncio.new_event_loop()
    response = loop.run_until_complete(transport.handle_async_request(Request("GET", URL)))
    (task,) = asyncio.all_tasks(loop)
    loop.close()
    asyncio.run(response.aclose())
    assert transport._running == set()
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # the test's own loop was closed too early


def test_a_response_of_another_loop_is_left_to_it() -> None:
    watched = Watched(*FOREVER)
    transport = ASGITransport(watched)
    loop = asyncio.new_event_loop()
    response = loop.run_until_complete(transport.handle_async_request(Request("GET", URL)))
    trio.run(response.aclose)
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()
    assert watched.log[-1] == "cancelled"


def test_a_response_of_trio_is_not_asyncios() -> None:
    watched = Watched(*FOREVER)

    async def main() -> Any:
        response = await ask(watched)
        await trio.to_thread.run_sync(lambda: asyncio.run(response.aclose()))
        while "cancelled" not in watched.log:
            await trio.lowlevel.checkpoint()

    trio.run(main)


def test_tasks_that_begin_at_once_where_there_are_such() -> None:
    async def main() -> bytes:
        asyncio.get_running_loop().set_task_factory(getattr(asyncio, "eager_task_factory", None))  # since Python 3.12
        response = await ask(saying(START, part(b"one"), part(b"two", more=False)))
        return await response.aread()

    assert asyncio.run(main()) == b"onetwo"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_asyncio_as_it_does_elsewhere(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(error):
        asyncio.run(_answer(saying(error())))
    gc.collect()
    assert caplog.records == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, LookupError])
def test_trio_outlives_what_an_application_raises(error: type[BaseException]) -> None:
    with pytest.raises(error):
        trio.run(_answer, saying(error()))


async def _answer(app: App) -> None:
    await ask(app)


def test_an_application_that_is_cancelled_by_its_own() -> None:
    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await ask(saying(asyncio.CancelledError()))

    asyncio.run(main())


@pytest.mark.parametrize("how", ["scope", "task", "close", "drop"])
@pytest.mark.parametrize("inner", [None, 3600.0, -1.0])
async def test_a_shielded_section_of_the_application_is_not_cancelled(
    how: str, inner: float | None, anyio_backend_name: str
) -> None:
    log: list[str] = []
    shielded, release, over = anyio.Event(), anyio.Event(), anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        try:
            deadline = {} if inner is None else {"deadline": anyio.current_time() + inner}
            with anyio.CancelScope(shield=True, **deadline):
                with anyio.CancelScope(shield=True):
                    shielded.set()
                    await release.wait()
                    log.append("kept")
            await anyio.sleep_forever()
        except BaseException as error:
            log.append("cancelled" if isinstance(error, anyio.get_cancelled_exc_class()) else repr(error))
            raise
        finally:
            over.set()

    async def call() -> None:
        response = await ASGITransport(app).handle_async_request(Request("GET", URL))
        await shielded.wait()
        if how == "close":
            await response.aclose()
        elif how == "drop":
            del response
            gc.collect()
        else:
            await response.aread()

    async with anyio.create_task_group() as group:
        if how == "task" and anyio_backend_name == "asyncio":
            task = asyncio.create_task(call())
        else:
            group.start_soon(call)
        await shielded.wait()
        await turns()
        if how == "scope":
            group.cancel_scope.cancel()
        elif how == "task" and anyio_backend_name == "asyncio":
            task.cancel()
        elif how == "task":
            group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await turns()
            assert log == []
            release.set()
            await over.wait()
    assert log == ["kept", "cancelled"]


async def turns() -> None:
    """Let other tasks run for longer than a task that is to end has for ending by itself."""
    for _ in range(50):
        await anyio.lowlevel.checkpoint()


async def test_an_application_is_cancelled_where_nothing_has_imported_anyio(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "anyio")
        watched = Watched(START)
        transport = ASGITransport(watched)
        response = await transport.handle_async_request(Request("GET", URL))
    await response.aclose()
    assert watched.log == ["begun", "waiting", "cancelled"]
