"""Applications called by the ASGI transport, on asyncio and trio: what they are told, and what becomes of what they say."""

from __future__ import annotations

import contextvars
import gc
import http
import inspect
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from httpx_client import ASGITransport, AsyncClient
from httpx_models import RemoteProtocolError, Request, StreamClosed

from .applications import END, START, URL, App, ask, get, part, saying

pytestmark = pytest.mark.anyio

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE")


async def told(method: str, url: str, transport: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Return the scope that an application gets."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await saying(START, END)(scope, receive, send)

    await ASGITransport(app, **(transport or {})).handle_async_request(Request(method, url, **options))
    return seen


def test_the_signature() -> None:
    parameters = list(inspect.signature(ASGITransport).parameters.values())
    assert [(p.name, p.default) for p in parameters[1:]] == [
        ("raise_app_exceptions", True),
        ("root_path", ""),
        ("client", ("127.0.0.1", 123)),
        ("lifespan", False),
    ]
    assert parameters[-1].kind is inspect.Parameter.KEYWORD_ONLY


# What an application is told.


async def test_the_scope() -> None:
    fields = [("X-One", "1"), ("x-one", "2")]
    assert await told("get", "http://Example.org/a%20b/%C3%A9?x=%20y&z", headers=fields) == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "headers": [(b"host", b"example.org"), (b"x-one", b"1"), (b"x-one", b"2")],
        "scheme": "http",
        "path": "/a b/é",
        "raw_path": b"/a%20b/%C3%A9",
        "query_string": b"x=%20y&z",
        "server": ("example.org", None),
        "client": ("127.0.0.1", 123),
        "root_path": "",
        "extensions": {"http.response.debug": {}, "http.response.trailers": {}},
    }


async def test_what_the_caller_can_say_of_himself() -> None:
    scope = await told("GET", "https://[::1]:8443/api", {"root_path": "/api", "client": ("1.2.3.4", 5)})
    assert (scope["root_path"], scope["client"], scope["server"]) == ("/api", ("1.2.3.4", 5), ("::1", 8443))
    assert (scope["scheme"], scope["path"], scope["query_string"]) == ("https", "/api", b"")


async def test_a_body_of_none_is_no_content() -> None:
    assert (await get(saying(START, part(None), part(b"one"), part(None, more=False)))).content == b"one"


async def test_the_application_sees_the_callers_context() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await saying(START, part(VARIABLE.get().encode(), more=False))(scope, receive, send)
        VARIABLE.set("the application's")

    VARIABLE.set("the caller's")
    assert (await get(app)).text == "the caller's"
    assert VARIABLE.get() == "the caller's"


async def chunks() -> AsyncIterator[bytes]:
    yield b"one"
    yield b""
    yield b"two"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, [(b"", True), (b"", False)]),
        (b"content", [(b"content", True), (b"", False)]),
        (chunks, [(b"one", True), (b"", True), (b"two", True), (b"", False)]),
    ],
)
async def test_the_requests_body(content: Any, expected: list[tuple[bytes, bool]]) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = {"more_body": True}
        while message["more_body"]:
            message = await receive()
            seen.append(message)
        await saying(START, END)(scope, receive, send)

    await ask(app, "POST", content() if callable(content) else content)
    assert seen == [{"type": "http.request", "body": body, "more_body": more} for body, more in expected]


async def test_the_requests_body_is_asked_for_as_the_application_reads_it() -> None:
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        for name in ("one", "two"):
            log.append(f"give {name}")
            yield name.encode()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        while (message := await receive())["more_body"]:
            log.append(f"echo {message['body'].decode()}")
            await send(part(message["body"]))
        await send(END)

    response = await ask(app, "POST", body())
    async for piece in response.aiter_raw():
        log.append(f"get {piece.decode()}")
    assert log == ["give one", "echo one", "get one", "give two", "echo two", "get two"]


async def test_two_of_the_applications_tasks_may_receive_at_once() -> None:
    async def body() -> AsyncIterator[bytes]:
        for index in range(4):
            await anyio.lowlevel.checkpoint()
            yield b"%d" % index

    seen: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def read() -> None:
            while (message := await receive())["type"] == "http.request":
                seen.append(message["body"])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            tasks.start_soon(read)
            while len(seen) < 5:
                await anyio.lowlevel.checkpoint()
            await saying(START, END)(scope, receive, send)

    await get(app, method="POST", content=body())
    assert seen == [b"0", b"1", b"2", b"3", b""]


async def test_after_the_response_the_client_has_gone() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await saying(START, END)(scope, receive, send)
        for _ in range(4):
            seen.append((await receive())["type"])

    await get(app)
    assert seen == ["http.request", "http.request", "http.disconnect", "http.disconnect"]


async def test_an_application_that_listens_hears_of_the_end_of_the_response() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def listen() -> None:
            while (message := await receive())["type"] != "http.disconnect":
                seen.append(message["type"])
            seen.append(message["type"])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await send(START)
            await send(part(b"one"))
            await send(END)

    assert (await get(app)).content == b"one"
    assert seen == ["http.request", "http.request", "http.disconnect"]


class Wrong(Exception):
    """An error of the request's body."""


async def breaking() -> AsyncIterator[bytes]:
    yield b"one"
    raise Wrong("upload")


async def read_all(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await saying(START, END)(scope, receive, send)


async def test_an_error_of_the_body_goes_through_the_application() -> None:
    with pytest.raises(Wrong, match="upload"):
        await ask(read_all, "POST", breaking())
    assert (await get(read_all, method="POST", content=breaking(), raise_app_exceptions=False)).status_code == 500


async def test_a_body_that_broke_does_not_end_cleanly() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with pytest.raises(Wrong):
            await receive()
        seen.append(await receive())
        await saying(START, END)(scope, receive, send)

    await get(app, method="POST", content=breaking())
    assert seen == [{"type": "http.disconnect"}]


@pytest.mark.parametrize("read", [0, 1])
async def test_a_body_that_was_not_read_to_its_end_is_ended(read: int) -> None:
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        log.append("begun")
        try:
            yield b"one"
            yield b"two"
        finally:
            log.append("ended")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(read):
            await receive()
        await saying(START, END)(scope, receive, send)

    await get(app, method="POST", content=body())
    assert log == ["begun", "ended"] * read


async def test_a_blocking_body_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"^Attempted to send an sync request with an AsyncClient instance\.$"):
        await ask(read_all, "POST", iter([b"one"]))


# What it says.


@pytest.mark.parametrize(
    ("messages", "content"),
    [
        ([END], b""),
        ([part(b"one", more=False)], b"one"),
        ([part(b"one"), part(b""), part(b"two"), END], b"onetwo"),
        ([part(bytearray(b"one")), part(memoryview(b"two"), more=False)], b"onetwo"),
        ([{"type": "http.of the future"}, part(b"one", more=False), {"type": "http.response.trailers"}], b"one"),
    ],
)
async def test_content(messages: list[Any], content: bytes) -> None:
    assert (await get(saying(START, *messages))).content == content
    async with AsyncClient(transport=ASGITransport(saying(START, *messages))) as client:
        assert (await client.get(URL)).content == content


@pytest.mark.parametrize(
    "headers",
    [
        [(b"X-A", b"1"), (b"x-a", b"2")],
        {(b"X-A", b"1"): None, (b"x-a", b"2"): None}.keys(),
        [("X-A", "1"), ("x-a", "2")],
    ],
)
async def test_status_and_headers(headers: Any) -> None:
    start = {"type": "http.response.start", "status": http.HTTPStatus.CREATED, "headers": headers}
    response = await get(saying(start, END))
    assert (response.status_code, response.reason_phrase, response.http_version) == (201, "Created", "HTTP/1.1")
    assert response.headers.raw == [(b"X-A", b"1"), (b"x-a", b"2")]
    assert response.extensions == {}


async def test_headers_may_be_missing() -> None:
    response = await get(saying({"type": "http.response.start", "status": 204}, END))
    assert response.headers.raw == []


async def test_the_content_of_head_is_dropped() -> None:
    assert (await get(saying(START, part(b"one"), part(b"two", more=False)), method="HEAD")).content == b""


@pytest.mark.parametrize("early", [True, False])
async def test_a_template_is_told(early: bool) -> None:
    debug = {"type": "http.response.debug", "info": {"template": "T", "context": {"a": 1}, "other": 2}}
    messages = [debug, START] if early else [START, debug]
    response = await get(saying(*messages, part(b"one", more=False)))
    assert (response.template, response.context) == ("T", {"a": 1})
    assert set(response.extensions) == {"template", "context"}
    response = await get(saying({"type": "http.response.debug"}, START, END))
    with pytest.raises(AttributeError):
        response.template  # noqa: B018


async def test_trailers() -> None:
    def trailers(name: bytes, more: bool) -> Any:
        return {"type": "http.response.trailers", "headers": [(name, b"1")], "more_trailers": more}

    app = saying(
        {**START, "trailers": True}, part(b"one"), part(b"two", more=False), trailers(b"A", True), trailers(b"b", False)
    )
    response = await ask(app)
    assert response.trailers.raw == []
    assert await response.aread() == b"onetwo"
    assert response.trailers.raw == [(b"A", b"1"), (b"b", b"1")]


# How it flows.


async def test_a_chunk_is_there_before_the_next_is_made() -> None:
    log: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        for index in range(3):
            log.append(f"send {index}")
            await send(part(b"%d" % index))
        await send(END)
        log.append("end")

    response = await ask(app)
    async for piece in response.aiter_raw():
        log.append(f"take {piece.decode()}")
        for _ in range(30):
            await anyio.lowlevel.checkpoint()
    assert log == ["send 0", "take 0", "send 1", "take 1", "send 2", "take 2", "end"]


async def test_the_stream_can_be_iterated_by_itself() -> None:
    response = await ask(saying(START, part(b"one"), part(b"two", more=False)))
    pieces = aiter(response.stream)  # type: ignore[arg-type]
    assert aiter(pieces) is pieces
    assert [piece async for piece in pieces] == [b"one", b"two"]


async def test_content_that_is_all_there_is_handed_over_once() -> None:
    response = await ask(saying(START, part(b"one", more=False)))
    stream: Any = response.stream
    while (content := stream.whole()) is None:
        await anyio.lowlevel.checkpoint()
    assert content == b"one"
    assert stream.whole() is None
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(stream))


async def test_an_iterator_keeps_its_response() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await anyio.lowlevel.checkpoint()
        await send(part(b"one"))
        await anyio.lowlevel.checkpoint()
        await send(part(b"two", more=False))

    stream: Any = (await ask(app)).stream
    pieces = aiter(stream)
    del stream
    gc.collect()
    assert [piece async for piece in pieces] == [b"one", b"two"]


async def test_the_response_comes_with_its_head() -> None:
    go_on = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await go_on.wait()
        await send(part(b"late", more=False))

    response = await ask(app)
    go_on.set()
    assert await response.aread() == b"late"


async def test_two_of_the_applications_tasks_may_send_at_once() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, part(b"a"))
            tasks.start_soon(send, part(b"b"))
        await send(END)

    assert sorted((await get(app)).content) == sorted(b"ab")


async def test_the_end_of_the_content_waits_for_the_application() -> None:
    log: list[str] = []
    go_on = anyio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await saying(START, part(b"one", more=False))(scope, receive, send)
        await go_on.wait()
        log.append("done")

    response = await ask(app)
    pieces = response.aiter_raw()
    assert await anext(pieces) == b"one"
    assert log == []
    go_on.set()
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)
        assert log == ["done"]


async def test_a_reader_hears_that_the_response_was_closed_elsewhere() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await saying(START, part(b"one"))(scope, receive, send)
        await anyio.sleep_forever()

    response = await ask(app)
    pieces = response.aiter_raw()
    assert await anext(pieces) == b"one"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(response.aclose)
        with pytest.raises(StreamClosed):
            await anext(pieces)
    with pytest.raises(StreamClosed):
        await anext(pieces)


# How it fails.

BOOM = LookupError("boom")


async def test_an_error_instead_of_a_head() -> None:
    with pytest.raises(LookupError, match="boom"):
        await ask(saying(BOOM))


async def test_an_error_instead_of_a_head_may_be_a_response() -> None:
    response = await get(saying(BOOM), raise_app_exceptions=False)
    assert (response.status_code, response.headers.raw, response.content) == (500, [], b"")
    response = await ask(saying(BOOM), raise_app_exceptions=False)
    assert [piece async for piece in response.aiter_raw()] == []


@pytest.mark.parametrize("messages", [(), (part(b"one"), part(b"two"))])
async def test_an_error_after_the_head_is_raised_from_the_body(messages: Any) -> None:
    response = await ask(saying(START, *messages, BOOM))
    pieces = response.aiter_raw()
    for message in messages:
        assert await anext(pieces) == message["body"]
    with pytest.raises(LookupError) as caught:
        await anext(pieces)
    assert caught.value is BOOM
    await response.aclose()


@pytest.mark.parametrize("messages", [(), (part(b"one"),)])
async def test_an_error_after_the_head_is_never_the_end_of_the_content(messages: Any) -> None:
    response = await ask(saying(START, *messages, BOOM), raise_app_exceptions=False)
    with pytest.raises(RemoteProtocolError, match="^The application failed before the end of its response$") as caught:
        await response.aread()
    assert caught.value.__cause__ is BOOM


async def test_an_error_after_the_response() -> None:
    app = saying(START, part(b"one", more=False), BOOM)
    response = await ask(app)
    with pytest.raises(LookupError, match="boom"):
        await response.aread()
    assert (await get(app, raise_app_exceptions=False)).content == b"one"


@pytest.mark.parametrize("raising", [True, False])
async def test_an_exit_is_always_raised(raising: bool) -> None:
    with pytest.raises(SystemExit):
        await ask(saying(SystemExit(3)), raise_app_exceptions=raising)
    response = await ask(saying(START, END, SystemExit(3)), raise_app_exceptions=raising)
    with pytest.raises(SystemExit):
        await response.aread()


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([], "The application returned without sending 'http.response.start'"),
        (
            [{"type": "http.response.strat"}],
            "without sending 'http.response.start' (it sent 'http.response.strat', which is not understood)",
        ),
        ([END], "The application sent 'http.response.body' before 'http.response.start'"),
        ([{}], "The application sent a message without a type: its keys are []"),
        (
            [{"type": "http.response.start", "status": "200"}],
            "The status of the application's 'http.response.start' must be an int, not '200'",
        ),
        (
            [{"type": "http.response.start"}],
            "The status of the application's 'http.response.start' must be an int, not None",
        ),
        ([{**START, "headers": [("X-A", 1)]}], "The headers of the application's 'http.response.start': "),
        ([{**START, "headers": [3]}], "The headers of the application's 'http.response.start': "),
        ([START, START], "The application sent 'http.response.start' twice"),
        ([START], "The application returned before the end of its response"),
        ([START, part(b"one")], "The application returned before the end of its response"),
        ([START, {"type": "http.response.bdoy"}], "(it sent 'http.response.bdoy', which is not understood)"),
        ([START, END, END], "The application sent 'http.response.body' after the last one"),
        (
            [START, part("text")],
            "The body of the application's 'http.response.body' must be bytes, not <class 'str'>",
        ),
        ([{**START, "trailers": True}, END], "The application returned before the end of its response"),
        (
            [{**START, "trailers": True}, {"type": "http.response.trailers"}],
            "The application sent 'http.response.trailers' before the last 'http.response.body', or twice",
        ),
        (
            [{**START, "trailers": True}, END, {"type": "http.response.trailers"}, {"type": "http.response.trailers"}],
            "The application sent 'http.response.trailers' before the last 'http.response.body', or twice",
        ),
    ],
)
async def test_an_application_that_breaks_the_protocol(messages: list[Any], message: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        await get(saying(*messages))
    assert message in str(caught.value)


async def test_the_client_names_the_request_in_such_errors() -> None:
    async with AsyncClient(transport=ASGITransport(saying(START))) as client:
        with pytest.raises(RemoteProtocolError) as caught:
            await client.get(URL)
    assert str(caught.value.request.url) == URL


def test_no_loop_of_a_kind_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import sniffio

    app: App = saying(START, END)
    request = ASGITransport(app).handle_async_request(Request("GET", URL))
    monkeypatch.setattr(sniffio, "current_async_library", lambda: "curio")
    with pytest.raises(RuntimeError, match="the event loop of 'curio' is not supported: asyncio and trio are"):
        request.send(None)
