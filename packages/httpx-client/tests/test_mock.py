"""The transport whose responses a function makes, on both clients and on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest

from httpx_client import AsyncClient, Client, MockTransport
from httpx_models import ReadTimeout, Request, Response

URL = "http://example.org/path"


def echo(request: Request) -> Response:
    return Response(200, content=request.content, headers={"X-Method": request.method})


async def async_echo(request: Request) -> Response:
    return echo(request)


class Later:
    """An awaitable that is no coroutine."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def __await__(self) -> Generator[None, None, Any]:
        yield from ()
        return self.result


def returning(result: Any) -> Callable[[Request], Any]:
    return lambda request: result


def chunks() -> Iterator[bytes]:
    yield b"one "
    yield b"two"


async def async_chunks() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


def test_a_client_gets_what_the_handler_returns() -> None:
    with Client(transport=MockTransport(echo)) as client:
        response = client.post(URL, content=b"hello")
    assert (response.status_code, response.content, response.headers["X-Method"]) == (200, b"hello", "POST")
    assert str(response.request.url) == URL


def test_the_request_has_been_read() -> None:
    with Client(transport=MockTransport(echo)) as client:
        assert client.post(URL, content=chunks()).content == b"one two"


@pytest.mark.anyio
@pytest.mark.parametrize("handler", [echo, async_echo, lambda request: Later(echo(request))])
async def test_an_async_client_takes_handlers_of_both_kinds(handler: Any) -> None:
    async with AsyncClient(transport=MockTransport(handler)) as client:
        assert (await client.post(URL, content=b"hello")).content == b"hello"
        assert (await client.post(URL, content=async_chunks())).content == b"one two"


@pytest.mark.parametrize("handler", [async_echo, returning(Later(None))])
def test_a_client_takes_no_async_handler(handler: Callable[[Request], Awaitable[Response]]) -> None:
    client = Client(transport=MockTransport(handler))
    with pytest.raises(TypeError, match="^Cannot use an async handler in a sync Client$"):
        client.get(URL)


def test_a_handler_that_returns_no_response_says_so() -> None:
    message = "^The handler of a MockTransport must return a Response, not <class 'NoneType'>$"
    with pytest.raises(TypeError, match=message):
        MockTransport(returning(None)).handle_request(Request("GET", URL))


@pytest.mark.anyio
@pytest.mark.parametrize("result", ["text", Later("text")])
async def test_an_async_handler_that_returns_no_response_says_so(result: Any) -> None:
    with pytest.raises(TypeError, match="must return a Response, not <class 'str'>"):
        await MockTransport(returning(result)).handle_async_request(Request("GET", URL))


def test_an_error_of_the_handler_is_the_callers_and_knows_its_request() -> None:
    def fail(request: Request) -> Response:
        raise ReadTimeout("too slow")

    with Client(transport=MockTransport(fail)) as client, pytest.raises(ReadTimeout, match="too slow") as caught:
        client.get(URL)
    assert str(caught.value.request.url) == URL


def test_one_transport_serves_both_clients() -> None:
    transport = MockTransport(echo)

    async def get() -> Response:
        async with transport:
            return await transport.handle_async_request(Request("GET", URL))

    with transport:
        assert transport.handle_request(Request("GET", URL)).status_code == 200
    assert asyncio.run(get()).status_code == 200
    assert transport.handler is echo
