"""Both clients on every face: what they send, what they return, what they raise."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from httpx_client import AsyncBaseTransport, AsyncClient, BaseTransport, Client, Timeout
from httpx_client._settings import USER_AGENT
from httpx_models import (
    ConnectError,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProxyError,
    ReadError,
    ReadTimeout,
    Request,
    Response,
    TimeoutException,
    TransportError,
    supported_codings,
)
from httpx_urls import InvalidURL

from .conftest import Face, Raw

URL = "http://Example.org:8080/path?q=1"
DEFAULT_FIELDS = [
    (b"Host", b"example.org:8080"),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", ", ".join(supported_codings()).encode()),
    (b"Connection", b"keep-alive"),
    (b"User-Agent", USER_AGENT.encode()),
]


def ok(*arguments: Any) -> tuple[int, list[tuple[bytes, bytes]], list[Any]]:
    return 200, [(b"X-a", b"1"), (b"x-A", b"2")], [b"hello ", b"world"]


def test_a_request_crosses_as_primitives_and_comes_back_as_a_response(face: Face) -> None:
    seen: list[Any] = []

    def handler(*arguments: Any) -> Any:
        seen.append(arguments)
        return ok()

    async def scenario() -> None:
        async with face.client(Raw(handler)) as client:
            response = await client.get(URL)
            assert (response.status_code, response.text, response.reason_phrase) == (200, "hello world", "Fine")
            assert response.headers.raw == [(b"X-a", b"1"), (b"x-A", b"2")]
            assert (str(response.url), response.request.method) == (URL.replace("E", "e"), "GET")
            assert response.is_closed

    face.run(scenario)
    timeouts = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
    expected = (b"GET", (b"http", b"example.org", 8080, b"/path?q=1"), DEFAULT_FIELDS, b"", {"timeout": timeouts})
    assert seen == [expected]


def test_content_headers_timeout_and_extensions_of_one_request(face: Face) -> None:
    seen: list[Any] = []

    def handler(*arguments: Any) -> Any:
        seen.append(arguments)
        return ok()

    async def scenario() -> None:
        async with face.client(Raw(handler), headers={"X-Client": "1", "Accept": "text/plain"}, timeout=3) as client:
            await client.call("post", URL, content="é", headers={"x-client": "2"}, timeout=None, extensions={"a": 1})
            await client.call("request", "put", URL)

    face.run(scenario)
    (method, _, fields, body, extensions), (put, _, _, _, put_extensions) = seen
    assert (method, put, body) == (b"POST", b"PUT", "é".encode())
    assert (b"x-client", b"2") in fields
    assert (b"Accept", b"text/plain") in fields
    assert (b"Content-Length", b"2") in fields
    assert extensions == {"a": 1, "timeout": dict.fromkeys(("connect", "read", "write", "pool"))}
    assert put_extensions["timeout"]["read"] == 3


def test_a_body_in_chunks(face: Face) -> None:
    seen: list[Any] = []

    def handler(method: bytes, url: Any, fields: Any, body: Any, extensions: Any) -> Any:
        seen.append((fields, body))
        return ok()

    def blocking() -> Iterator[bytes]:
        yield b"a"

    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"a"

    async def scenario() -> None:
        async with face.client(Raw(handler)) as client:
            await client.call("post", URL, content=blocking() if face.name == "blocking" else asynchronous())
            fields, body = seen[0]
            assert (b"Transfer-Encoding", b"chunked") in fields
            chunks = list(body) if face.name == "blocking" else [chunk async for chunk in body]
            assert chunks == [b"a"]

    face.run(scenario)


def test_a_streamed_response_is_the_callers_to_read_and_close(face: Face) -> None:
    raw = Raw(ok)

    async def scenario() -> None:
        async with face.client(raw) as client:
            request = client.client.build_request("GET", URL)
            response = await client.call("send", request, stream=True)
            assert not response.is_closed
            pieces = response.iter_raw() if face.name == "blocking" else response.aiter_raw()
            assert (next(pieces) if face.name == "blocking" else await anext(pieces)) == b"hello "
            await (response.aclose() if face.name != "blocking" else nothing(response.close()))
            assert raw.bodies[0].closed == 1

    face.run(scenario)


async def nothing(result: None) -> None:
    return result


class Whole(Raw):
    """A transport whose bodies are all there."""

    def handle_request(self, *arguments: Any) -> Any:
        status, fields, body, extensions = super().handle_request(*arguments)
        body.whole = lambda: b"whole"  # type: ignore[attr-defined]
        return status, fields, body, extensions


def test_a_body_that_is_all_there_is_not_iterated(face: Face) -> None:
    raw = Whole(ok)

    async def scenario() -> None:
        async with face.client(raw) as client:
            assert (await client.get(URL)).content == b"whole"

    face.run(scenario)
    assert len(raw.bodies[0].chunks) == 2


def test_content_is_decoded(face: Face) -> None:
    async def scenario() -> None:
        async with face.client(
            Raw(lambda *_: (200, [(b"Content-Encoding", b"gzip")], [gzip.compress(b"hello")]))
        ) as client:
            assert (await client.get(URL)).text == "hello"

    face.run(scenario)


class Odd(Exception):
    """An error that is no transport's."""


@pytest.mark.parametrize("where", ["request", "content", "close"])
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("ConnectError", ConnectError),
        ("ProxyError", ProxyError),
        ("ReadTimeout", ReadTimeout),
        ("ReadError", ReadError),
        ("PoolTimeout", PoolTimeout),
        ("LocalProtocolError", LocalProtocolError),
        ("PoolClosed", TransportError),
        (TimeoutError, TimeoutException),
        (ConnectionResetError, NetworkError),
        (Odd, Odd),
    ],
)
def test_a_transports_errors_become_the_clients_and_know_their_request(
    face: Face, where: str, raised: Any, expected: type[Exception]
) -> None:
    import httpx_transport

    error = (getattr(httpx_transport, raised) if isinstance(raised, str) else raised)("what happened")

    def handler(*arguments: Any) -> Any:
        if where == "request":
            raise error
        return 200, [], [b"a", error]

    raw = Raw(handler)

    async def scenario() -> None:
        async with face.client(raw) as client:
            if where == "close":
                response = await client.call("send", client.client.build_request("GET", URL), stream=True)
                with pytest.raises(expected, match="^what happened$"):
                    await (response.aclose() if face.name != "blocking" else nothing(response.close()))
                return
            with pytest.raises(expected, match="^what happened$") as caught:
                await client.get(URL)
            if expected is not Odd:
                assert type(caught.value) is expected
                assert caught.value.__cause__ is error
                assert caught.value.request.url == URL.replace("E", "e")  # type: ignore[attr-defined]
            if where == "content":
                assert raw.bodies[0].closed

    face.run(scenario)


@pytest.mark.parametrize("phase", ["head", "content"])
def test_an_error_that_is_no_transports_passes_as_it_is(face: Face, phase: str) -> None:
    error = LookupError("why")

    def handler(*arguments: Any) -> Any:
        if phase == "head":
            raise error
        return 200, [], [error]

    async def scenario() -> None:
        async with face.client(Raw(handler)) as client:
            with pytest.raises(LookupError) as caught:
                await client.get(URL)
            assert caught.value is error
            assert error.__cause__ is None

    face.run(scenario)


def test_a_closed_client_says_so(face: Face) -> None:
    raw = Raw(ok)

    async def scenario() -> None:
        client = face.client(raw)
        states = [client.client.is_closed]
        await client.close()
        await client.close()
        states.append(client.client.is_closed)
        assert states == [False, True]
        with pytest.raises(RuntimeError, match=r"^Cannot send a request, as the client has been closed\.$"):
            await client.get(URL)
        with pytest.raises(RuntimeError, match=r"^Cannot reopen a client instance, once it has been closed\.$"):
            await client.__aenter__()

    face.run(scenario)
    assert raw.closed == 1


def test_a_body_of_the_other_colour_says_so(face: Face) -> None:
    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"a"

    async def scenario() -> None:
        async with face.client(Raw(ok)) as client:
            blocking = face.name == "blocking"
            message = "an async request with a sync Client" if blocking else "an sync request with an AsyncClient"
            with pytest.raises(RuntimeError, match=f"^Attempted to send {message} instance\\.$"):
                await client.call("post", URL, content=asynchronous() if blocking else iter([b"a"]))

    face.run(scenario)


def test_a_url_that_is_none(face: Face) -> None:
    async def scenario() -> None:
        async with face.client(Raw(ok)) as client:
            with pytest.raises(InvalidURL):
                await client.get("http://\x00/")

    face.run(scenario)


def test_headers_and_timeout_can_be_replaced() -> None:
    client = Client(transport=BaseTransport())
    assert client.timeout == Timeout(5.0)
    client.timeout = 1
    assert client.timeout == Timeout(1)
    client.headers = {"User-Agent": "mine"}
    assert client.headers["user-agent"] == "mine"
    assert client.headers["accept"] == "*/*"


def test_a_transport_written_for_the_client() -> None:
    class Echo(BaseTransport):
        def handle_request(self, request: Request) -> Response:
            return Response(200, text=request.url.host)

    with Client(transport=Echo()) as client:
        assert client.get(URL).text == "example.org"
    with BaseTransport() as transport, pytest.raises(NotImplementedError):
        transport.handle_request(Request("GET", URL))


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_transport_written_for_the_async_client(name: str) -> None:
    class Echo(AsyncBaseTransport):
        async def handle_async_request(self, request: Request) -> Response:
            return Response(200, text=request.url.host)

    async def scenario() -> None:
        async with AsyncClient(transport=Echo()) as client:
            assert (await client.get(URL)).text == "example.org"
        async with AsyncBaseTransport() as transport:
            with pytest.raises(NotImplementedError):
                await transport.handle_async_request(Request("GET", URL))

    Face(name).run(scenario)
