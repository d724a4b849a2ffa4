"""What happens around one request: hooks, auth flows, deadlines, elapsed time, failures half-way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from httpx_client import AsyncClient, Auth, BasicAuth, Client, DigestAuth, Timeout
from httpx_client._exchange import Face as ExchangeFace
from httpx_client._ports import ASYNC, BLOCKING
from httpx_models import (
    AsyncByteStream,
    ConnectError,
    DecodingError,
    ReadError,
    Request,
    Response,
    SyncByteStream,
    TimeoutException,
)

from .conftest import Answering, AnyClient, Face, Raw, Stream


def ok(request: Request) -> Response:
    return Response(200, text="hello")


# Hooks.


def test_hooks_are_called_for_each_request_and_may_change_it(face: Face) -> None:
    told: list[Any] = []

    def answer(request: Request) -> Response:
        told.append(("sent", request.url.path, request.headers["X-Hook"]))
        return Response(302, headers={"Location": "/y"}) if request.url.path == "/x" else Response(200)

    def on_request(request: Request) -> None:
        request.headers["X-Hook"] = str(len(told))
        told.append(("request", request.url.path))

    def on_response(response: Response) -> None:
        told.append(("response", response.url.path, response.status_code, response.elapsed is not None))

    async def scenario() -> None:
        hooks = {"request": [face.hook(on_request)], "response": [face.hook(on_response)]}
        async with face.over(answer, event_hooks=hooks, follow_redirects=True) as client:
            await client.get("http://a/x")
            client.client.event_hooks["request"].clear()
            client.client.event_hooks = {}
            assert client.client.event_hooks == {"request": [], "response": []}

    face.run(scenario)
    assert told == [
        ("request", "/x"),
        ("sent", "/x", "0"),
        ("response", "/x", 302, True),
        ("request", "/y"),
        ("sent", "/y", "3"),
        ("response", "/y", 200, True),
    ]


def test_a_hook_that_fails_closes_the_response(face: Face) -> None:
    stream = Stream(b"a")

    def fail(response: Response) -> None:
        raise KeyError("mine")

    async def scenario() -> None:
        async with face.over(
            lambda request: Response(200, stream=stream), event_hooks={"response": [face.hook(fail)]}
        ) as client:
            with pytest.raises(KeyError, match="mine"):
                await client.get("http://a/")

    face.run(scenario)
    assert stream.closed == 1


def test_a_hook_of_the_other_colour(face: Face) -> None:
    async def coroutine(request: Request) -> None:
        raise AssertionError

    hook: Any = coroutine if face.name == "blocking" else ok
    message = "must not be async: <function" if face.name == "blocking" else "must be async: <function"

    async def scenario() -> None:
        async with face.over(ok, event_hooks={"request": [hook]}) as client:
            with pytest.raises(TypeError, match=message):
                await client.get("http://a/")
            assert client.sent == []

    face.run(scenario)


def test_a_hook_may_read_the_response(face: Face) -> None:
    async def scenario() -> None:
        async def aread(response: Response) -> None:
            await response.aread()

        hook: Any = Response.read if face.name == "blocking" else aread
        async with face.over(
            lambda request: Response(200, stream=Stream(b"ab")), event_hooks={"response": [hook]}
        ) as client:
            assert (await client.get("http://a/")).content == b"ab"

    face.run(scenario)


# Auth flows.


class Twice(Auth):
    """Asks for a token first, where it is told to, and again after 401."""

    def __init__(self, *, token_url: str | None = None) -> None:
        self.token_url = token_url
        self.ended = False

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        try:
            if self.token_url is not None:
                response = yield Request("POST", self.token_url)
                request.headers["Authorization"] = response.headers["X-Token"]
            response = yield request
            if response.status_code == 401:
                request.headers["Authorization"] = "again"
                yield request
        finally:
            self.ended = True


def guarded(request: Request) -> Response:
    if request.url.path == "/token":
        return Response(200, headers={"X-Token": "first"}, stream=Stream(b"token"))
    known = request.headers.get("Authorization") == "again"
    return Response(200, text="in") if known else Response(401, stream=Stream(b"who"))


def test_a_flow_sends_several_requests(face: Face) -> None:
    async def scenario() -> None:
        auth = Twice(token_url="http://a/token")
        async with face.over(guarded, auth=auth, timeout=Timeout(3)) as client:
            response = await client.get("http://a/x")
            assert (response.text, [r.text for r in response.history]) == ("in", ["token", "who"])
            assert [request.url.path for request in client.sent] == ["/token", "/x", "/x"]
            # What the flow makes itself may not wait for ever.
            assert client.sent[0].extensions["timeout"]["read"] == 3
        assert auth.ended

    face.run(scenario)


def test_a_flow_and_redirects(face: Face) -> None:
    def answer(request: Request) -> Response:
        if request.url.path == "/x":
            return Response(302, headers={"Location": "/y"})
        return guarded(request)

    async def scenario() -> None:
        async with face.over(answer, auth=Twice(), follow_redirects=True) as client:
            response = await client.get("http://a/x")
            assert [r.status_code for r in (*response.history, response)] == [302, 401, 302, 200]
            assert [[r.status_code for r in one.history] for one in response.history] == [[], [302], [302, 401]]

    face.run(scenario)


def test_digest_in_one_go(face: Face) -> None:
    def answer(request: Request) -> Response:
        if "Authorization" in request.headers:
            return Response(200, text=request.headers["Authorization"][:6])
        return Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})

    async def scenario() -> None:
        async with face.over(answer) as client:
            response = await client.get("http://a/", auth=DigestAuth("u", "p"))
            assert (response.text, len(response.history)) == ("Digest", 1)

    face.run(scenario)


@pytest.mark.parametrize(
    ("option", "argument", "url", "expected"),
    [
        ({}, {}, "http://a/", None),
        ({"auth": ("u", "p")}, {}, "http://a/", "Basic dTpw"),
        ({"auth": ("u", "p")}, {"auth": None}, "http://a/", None),
        ({"auth": ("u", "p")}, {"auth": ("x", "y")}, "http://a/", "Basic eDp5"),
        ({"auth": ("u", "p")}, {}, "http://x:y@a/", "Basic dTpw"),
        ({}, {}, "http://u:p%40@a/", "Basic dTpwQA=="),
        ({}, {"auth": None}, "http://u:p%40@a/", "Basic dTpwQA=="),
        ({}, {"headers": {"Authorization": "own"}}, "http://u:p@a/", "Basic dTpw"),
    ],
)
def test_who_authenticates(face: Face, option: Any, argument: Any, url: str, expected: str | None) -> None:
    async def scenario() -> None:
        async with face.over(ok, **option) as client:
            await client.get(url, **argument)
            assert client.sent[0].headers.get("Authorization") == expected

    face.run(scenario)


def test_a_flow_without_requests(face: Face) -> None:
    class Nothing(Auth):
        def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield from ()

        async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
            nothing: list[Request] = []
            for one in nothing:
                yield one

    async def scenario() -> None:
        async with face.over(ok) as client:
            with pytest.raises(RuntimeError, match="The auth flow of Nothing yielded no request"):
                await client.get("http://a/", auth=Nothing())

    face.run(scenario)


class OnlyBlocking(Auth):
    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def async_auth_flow(self, request: Request) -> Any:  # type: ignore[override]
        if self.error is not None:
            raise self.error


@pytest.mark.anyio
async def test_an_async_flow_that_only_raises() -> None:
    transport = Answering(lambda request: Response(200))
    async with AsyncClient(transport=transport) as client:
        with pytest.raises(RuntimeError, match="^not with an AsyncClient$"):
            await client.get("http://a/", auth=OnlyBlocking(RuntimeError("not with an AsyncClient")))
        with pytest.raises(TypeError, match="async_auth_flow is no asynchronous generator"):
            await client.get("http://a/", auth=OnlyBlocking(None))
    assert transport.sent == []


def test_a_flow_that_fails_closes_the_response_and_is_closed(face: Face) -> None:
    stream = Stream(b"a")

    class Failing(Twice):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield request
            raise KeyError("mine")

    async def scenario() -> None:
        async with face.over(lambda request: Response(401, stream=stream)) as client:
            with pytest.raises(KeyError, match="mine"):
                await client.get("http://a/", auth=Failing())
        auth = Twice()

        def refuse(request: Request) -> Response:
            raise ConnectError("no")

        async with face.over(refuse) as client:
            with pytest.raises(ConnectError):
                await client.get("http://a/", auth=auth)
        assert auth.ended

    face.run(scenario)
    assert stream.closed == 1


def test_auth_as_a_property() -> None:
    client = Client(auth=("u", "p"))
    assert isinstance(client.auth, BasicAuth)
    client.auth = None
    assert client.auth is None
    with pytest.raises(TypeError, match='Invalid "auth" argument'):
        client.auth = 3  # type: ignore[assignment]


# One limit for everything.


class Clock:
    """Time that passes when somebody says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(BLOCKING, "clock", lambda: self.now, raising=True)
        monkeypatch.setattr(ASYNC, "clock", lambda: self.now, raising=True)


def test_the_total_shrinks_from_hop_to_hop(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def answer(request: Request) -> Response:
        clock.now += 20
        if request.url.path == "/token":
            return Response(200, headers={"X-Token": "again"})
        return Response(302, headers={"Location": "/y"}) if request.url.path == "/x" else Response(200)

    async def scenario() -> None:
        auth = Twice(token_url="http://a/token")
        async with face.over(answer, follow_redirects=True, timeout=Timeout(5, total=60), auth=auth) as client:
            await client.get("http://a/x")
            limits = [request.extensions["timeout"] for request in client.sent]
            assert [one["total"] for one in limits] == [60, 40, 20]
            assert {one["read"] for one in limits} == {5}
            # The same request again has all of its time again.
            await client.call("send", client.sent[2], auth=None)
            assert client.sent[3].extensions["timeout"]["total"] == 60

    face.run(scenario)


def test_the_total_in_hundredths(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    passing = iter([0.0004, 59.996])

    def pass_time(request: Request) -> None:
        clock.now += next(passing)

    def answer(request: Request) -> Response:
        return Response(302, headers={"Location": "/y"}) if request.url.path == "/x" else Response(200)

    async def scenario() -> None:
        hooks = {"request": [face.hook(pass_time)]}
        async with face.over(answer, follow_redirects=True, timeout=Timeout(5, total=60), event_hooks=hooks) as client:
            await client.get("http://a/x")
            first, second = (request.extensions["timeout"]["total"] for request in client.sent)
            assert first == 60
            assert 0 < second < 0.01

    face.run(scenario)


def test_a_total_that_is_over_before_the_next_hop(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def answer(request: Request) -> Response:
        clock.now += 61
        return Response(302, headers={"Location": "http://b:81/y"})

    async def scenario() -> None:
        async with face.over(answer, follow_redirects=True, timeout=Timeout(5, total=60)) as client:
            with pytest.raises(TimeoutException, match=r"the total of 60 s was over .* \(to b:81\)") as caught:
                await client.get("http://a/x")
            assert str(caught.value.request.url) == "http://b:81/y"

    face.run(scenario)


def test_without_a_total_there_is_none(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            await client.get("http://a/")
            assert "total" not in client.sent[0].extensions["timeout"]
            assert type(client.sent[0].extensions["timeout"]) is dict
            request = Request("GET", "http://a/", extensions={"timeout": {}})
            await client.call("send", request)
            assert request.extensions["timeout"] == {}
            request = Request("GET", "http://a/")
            await client.call("send", request)
            assert request.extensions["timeout"]["read"] == 5
            request = Request("GET", "http://a/", extensions={"timeout": 3})
            await client.call("send", request)
            assert request.extensions["timeout"] == 3  # whoever sends it says that this is none

    face.run(scenario)


# How long it took.


def test_elapsed(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    streams = [Stream(b"ab"), Stream(b"ab")]

    def answer(request: Request) -> Response:
        clock.now += 1
        return Response(200, stream=streams.pop()) if request.url.path == "/streamed" else Response(200)

    async def scenario() -> None:
        async with face.over(answer) as client:
            assert (await client.get("http://a/")).elapsed.total_seconds() == 1
            assert (await client.get("http://a/streamed")).elapsed.total_seconds() == 1
            request = client.client.build_request("GET", "http://a/streamed")
            response = await client.call("send", request, stream=True)
            with pytest.raises(RuntimeError, match="elapsed"):
                response.elapsed  # noqa: B018
            clock.now += 3
            await (response.aclose() if face.name != "blocking" else nothing(response.close()))
            assert response.elapsed.total_seconds() == 4
            clock.now += 3
            stream = response.stream
            await (stream.aclose() if face.name != "blocking" else nothing(stream.close()))
            assert response.elapsed.total_seconds() == 4

    face.run(scenario)


async def nothing(result: None) -> None:
    return result


def test_a_stream_without_whole(face: Face) -> None:
    class Plain:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"plain"])

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"plain"

        def close(self) -> None:
            """Do nothing."""

        async def aclose(self) -> None:
            """Do nothing."""

    async def scenario() -> None:
        async with face.over(lambda request: Response(200, stream=Plain())) as client:  # type: ignore[arg-type]
            assert (await client.get("http://a/")).text == "plain"

    face.run(scenario)


# Failures half-way.


def test_a_body_that_breaks_closes_the_response(face: Face) -> None:
    stream = Stream(b"a", ReadError("broken"))

    async def scenario() -> None:
        async with face.over(lambda request: Response(200, stream=stream)) as client:
            with pytest.raises(ReadError, match="broken") as caught:
                await client.get("http://a/")
            assert str(caught.value.request.url) == "http://a/"

    face.run(scenario)
    assert stream.closed == 1


@pytest.mark.parametrize("made", [None, "text", 200])
def test_a_transport_that_returns_no_response(face: Face, made: Any) -> None:
    async def scenario() -> None:
        async with face.over(lambda request: made) as client:
            with pytest.raises(TypeError, match="must return a Response, but <class .*Answering'> returned <class"):
                await client.get("http://a/")

    face.run(scenario)


def test_a_response_of_the_other_colour(face: Face) -> None:
    class Sync(SyncByteStream):
        """Blocking."""

    class Async(AsyncByteStream):
        """Asynchronous."""

    async def scenario() -> None:
        other = Async() if face.name == "blocking" else Sync()
        async with face.over(lambda request: Response(200, stream=other)) as client:
            with pytest.raises(TypeError, match="returned an? (asynchronous|blocking) stream"):
                await client.get("http://a/")

    face.run(scenario)


def test_cookies_that_cannot_be_stored_close_the_response(face: Face) -> None:
    stream = Stream(b"a")

    async def scenario() -> None:
        headers = {"Set-Cookie": "a=b"}
        async with face.over(lambda request: Response(200, headers=headers, stream=stream)) as client:
            client.client._cookies.extract_cookies = fail  # type: ignore[method-assign]
            with pytest.raises(KeyError, match="cookies"):
                await client.get("http://a/")

    def fail(response: Response) -> None:
        raise KeyError("cookies")

    face.run(scenario)
    assert stream.closed == 1


def test_limits_on_decoded_content(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(lambda request: Response(200, stream=Stream(b"12345")), max_decoded_size=4) as client:
            with pytest.raises(DecodingError, match="max_decoded_size"):
                await client.get("http://a/")
        async with face.over(lambda request: Response(200, stream=Stream(b"12345")), max_decoded_ratio=0.5) as client:
            with pytest.raises(DecodingError, match="max_decoded_ratio"):
                await client.get("http://a/")

    face.run(scenario)


def test_default_encoding(face: Face) -> None:
    async def scenario() -> None:
        for default in ("latin-1", lambda content: "latin-1"):
            async with face.over(
                lambda request: Response(200, stream=Stream(b"\xe9")), default_encoding=default
            ) as client:
                assert (await client.get("http://a/")).text == "é"

    face.run(scenario)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_cancelled_caller_closes_the_response(anyio_backend: str) -> None:
    import anyio

    class Slow(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"a"
            scope.cancel()
            await anyio.sleep_forever()

        async def aclose(self) -> None:
            await anyio.lowlevel.checkpoint()
            await super().aclose()

    stream = Slow()
    transport = Answering(lambda request: Response(200, headers={"Location": "/"}, stream=stream))
    async with AsyncClient(transport=transport) as client:
        with anyio.CancelScope() as scope:
            await client.get("http://a/")
    assert scope.cancelled_caught
    assert stream.closed == 1


def test_closing_on_a_loop_that_nobody_knows() -> None:
    from httpx_transport.blocking import run

    class Odd(BaseException):
        """No error."""

    class Interrupted(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"a"
            raise Odd

    stream = Interrupted()

    async def scenario() -> None:
        client = AsyncClient(transport=Answering(lambda request: Response(200, stream=stream)))
        with pytest.raises(Odd):
            await client.get("http://a/")

    run(scenario())
    assert stream.closed >= 1


def test_both_clients_are_what_the_exchange_asks_for() -> None:
    faces: list[ExchangeFace] = [Client(), AsyncClient()]
    assert all(face.max_redirects == 20 for face in faces)


def test_a_raw_transport_by_somebody_else(face: Face) -> None:
    raw = Raw(lambda *arguments: (302, [(b"Location", b"/y")], [b"moved"]))

    async def scenario() -> None:
        async with face.client(raw, follow_redirects=True, max_redirects=3) as client:
            assert isinstance(client, AnyClient)
            with pytest.raises(Exception, match="Exceeded maximum allowed redirects"):
                await client.get("http://a/")

    face.run(scenario)
    assert [body.closed for body in raw.bodies] == [1, 1, 1, 1]


@pytest.mark.parametrize("told", [{"http_version": b"HTTP/2"}, {}, None])
def test_what_a_raw_transport_keeps_is_not_changed(face: Face, told: dict[str, Any] | None) -> None:
    class Telling(Raw):
        def handle_request(self, *arguments: Any) -> tuple[int, list[tuple[bytes, bytes]], Any, Any]:
            return *super().handle_request(*arguments)[:3], told

    async def scenario() -> None:
        async with face.client(Telling(lambda *arguments: (200, [], [b"a"]))) as client:
            response = await client.get("http://a/")
            assert response.http_version == ("HTTP/2" if told else "HTTP/1.1")
            response.extensions["mine"] = 1

    face.run(scenario)
    assert not told or "mine" not in told
