"""The conversation between a client and a scheme: what is read when, what is closed, what is refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from httpx_client import Auth
from httpx_models import AsyncByteStream, Request, Response, StreamConsumed, SyncByteStream

from .auth_server import Script, converse
from .conftest import Face


def request(**options: Any) -> Request:
    return Request("POST", "http://example.org/", **options)


class Body(SyncByteStream, AsyncByteStream):
    """A body for both colours; it notes how often it was read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        self.read += 1
        yield b"body"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.read += 1
        yield b"body"


class Chatty(Auth):
    """Sends twice, and notes what it sees and when it is closed."""

    def __init__(self) -> None:
        self.notes: list[Any] = []

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        try:
            if self.requires_request_body:
                self.notes.append(request.content)
            response = yield request
            self.notes.append(response.content if self.requires_response_body else response.status_code)
            response = yield request
            self.notes.append(response.status_code)
        finally:
            self.notes.append("closed")


def test_the_base_sends_the_request_as_it_is(face: Face) -> None:
    server = Script(401)
    assert converse(face, Auth(), request(), server).status_code == 401
    assert server.fields == [None]
    assert (Auth.requires_request_body, Auth.requires_response_body) == (False, False)


def test_a_flow_goes_back_and_forth(face: Face) -> None:
    auth = Chatty()
    assert converse(face, auth, request(), Script(401, 200)).status_code == 200
    assert auth.notes == [401, 200, "closed"]


def test_bodies_are_read_when_they_are_wanted(face: Face) -> None:
    auth = Chatty()
    auth.requires_request_body = auth.requires_response_body = True
    stream = Body()
    converse(face, auth, request(stream=stream), Script(Response(200, stream=Body()), Response(200, stream=Body())))
    assert auth.notes == [b"body", b"body", 200, "closed"]
    assert stream.read == 1


def test_bodies_are_left_alone_when_they_are_not(face: Face) -> None:
    sent, received = Body(), Body()
    converse(face, Chatty(), request(stream=sent), Script(Response(200, stream=received)))
    assert (sent.read, received.read) == (0, 0)


def test_a_body_that_was_sent_cannot_be_wanted_afterwards() -> None:
    class Late(Auth):
        def _wants_content_of(self, request: Request, response: Response | None) -> Request | None:
            return None if response is None else request

    flow = Late().sync_auth_flow(request(content=iter([b"x"])))
    sent: Any = next(flow)
    assert list(sent.stream) == [b"x"]
    with pytest.raises(StreamConsumed):
        flow.send(Response(200))


class Empty(Auth):
    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        yield from ()


class Wrong(Auth):
    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        yield request
        yield "request"  # type: ignore[misc]


def test_a_flow_must_have_a_request(face: Face) -> None:
    with pytest.raises(RuntimeError, match="^An auth flow must yield at least one request$"):
        converse(face, Empty(), request(), Script())


def test_a_flow_must_yield_requests(face: Face) -> None:
    with pytest.raises(TypeError, match="^An auth flow must yield requests, not <class 'str'>$"):
        converse(face, Wrong(), request(), Script())


def test_closing_closes_the_flow() -> None:
    auth = Chatty()
    flow = auth.sync_auth_flow(request())
    next(flow)
    flow.close()
    assert auth.notes == ["closed"]


class Kept(Chatty):
    """Somebody else has the generator too, so that it ends only when it is closed."""

    requires_response_body = True
    flow: Generator[Request, Response, None]

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        self.flow = super().auth_flow(request)
        return self.flow


def test_closing_does_not_wait_for_the_last_reference() -> None:
    auth = Kept()
    flow = auth.sync_auth_flow(request())
    next(flow)
    flow.close()
    assert auth.notes == ["closed"]


class Broken(Body):
    def __iter__(self) -> Iterator[bytes]:
        raise StreamConsumed

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise StreamConsumed


def test_a_response_that_cannot_be_read_closes_the_flow(face: Face) -> None:
    auth = Kept()
    with pytest.raises(StreamConsumed):
        converse(face, auth, request(), Script(Response(200, stream=Broken())))
    assert auth.notes == ["closed"]


def test_an_error_thrown_in_comes_out_and_closes_the_flow() -> None:
    auth = Chatty()
    flow = auth.sync_auth_flow(request())
    next(flow)
    with pytest.raises(KeyError, match="odd"):
        flow.throw(KeyError("odd"))
    assert auth.notes == ["closed"]


@pytest.mark.anyio
async def test_closing_closes_the_asynchronous_flow() -> None:
    auth = Chatty()
    flow = auth.async_auth_flow(request())
    await anext(flow)
    await flow.aclose()
    assert auth.notes == ["closed"]
    with pytest.raises(StopAsyncIteration):
        await flow.asend(Response(200))
    await flow.aclose()


@pytest.mark.anyio
async def test_closing_what_never_began() -> None:
    auth = Chatty()
    flow = auth.async_auth_flow(request())
    await flow.aclose()
    assert auth.notes == []
    with pytest.raises(StopAsyncIteration):
        await anext(flow)


@pytest.mark.anyio
@pytest.mark.parametrize("thrown", [(KeyError,), (KeyError("odd"),), (KeyError, KeyError("odd"), None)])
async def test_an_error_thrown_into_the_asynchronous_flow(thrown: Any) -> None:
    auth = Chatty()
    flow = auth.async_auth_flow(request())
    await anext(flow)
    with pytest.raises(KeyError):
        await flow.athrow(*thrown)
    assert auth.notes == ["closed"]


@pytest.mark.anyio
async def test_an_error_thrown_in_keeps_its_traceback() -> None:
    with pytest.raises(KeyError, match="first") as first:
        dict[str, str]().pop("first")
    flow = Chatty().async_auth_flow(request())
    with pytest.raises(KeyError, match="second") as second:
        await flow.athrow(KeyError, KeyError("second"), first.tb)
    entry: Any = second.tb
    while entry is not first.tb:
        entry = entry.tb_next
    assert entry is first.tb


@pytest.mark.anyio
async def test_an_asynchronous_flow_begins_without_a_response() -> None:
    flow = Chatty().async_auth_flow(request())
    with pytest.raises(TypeError, match="just-started"):
        await flow.asend(Response(200))
    assert (await anext(flow)).method == "POST"


def test_an_asynchronous_flow_is_an_asynchronous_generator() -> None:
    assert isinstance(Auth().async_auth_flow(request()), AsyncGenerator)


def test_flows_with_io_of_their_own(face: Face) -> None:
    class Locked(Auth):
        def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            request.headers["Authorization"] = "sync"
            yield request

        async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
            request.headers["Authorization"] = "async"
            yield request

    server = Script()
    converse(face, Locked(), request(), server)
    assert server.fields == ["sync" if face.name == "blocking" else "async"]


def test_a_flow_around_another(face: Face) -> None:
    class Outer(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield from inner.auth_flow(request)
            yield request

    inner = Chatty()
    assert converse(face, Outer(), request(), Script(401, 403, 200)).status_code == 200
    assert inner.notes == [401, 403, "closed"]
