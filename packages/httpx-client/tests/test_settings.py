"""What a client has been told, where it stands in its life, and what it says in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import httpx_client
from httpx_client import AsyncClient, Client, Limits, Timeout
from httpx_client._logs import without_credentials
from httpx_client._settings import ClientState
from httpx_models import Cookies, Request, Response
from httpx_urls import URL, QueryParams

from .conftest import Answering, Face


def ok(request: Request) -> Response:
    return Response(200, text="hello")


# Properties.


def test_what_a_client_starts_with() -> None:
    client = Client()
    assert client.headers.multi_items() == [
        ("accept", "*/*"),
        ("accept-encoding", client.headers["accept-encoding"]),
        ("connection", "keep-alive"),
        ("user-agent", f"python-httpx/{httpx_client.__version__}"),
    ]
    assert (client.auth, client.params, client.base_url, client.timeout) == (None, QueryParams(), URL(""), Timeout(5))
    assert (dict(client.cookies), client.event_hooks) == ({}, {"request": [], "response": []})
    assert (client.follow_redirects, client.max_redirects, client.trust_env, client.is_closed) == (
        False,
        20,
        True,
        False,
    )


def test_everything_can_be_set() -> None:
    client = Client()
    client.headers = {"User-Agent": "mine"}
    client.cookies = {"a": "b"}
    client.params = {"x": 1}
    client.timeout = 3
    client.base_url = "http://q/r"
    client.auth = ("u", "p")
    client.event_hooks = {"request": (print,)}  # type: ignore[dict-item]
    assert (client.headers["user-agent"], client.headers["accept"]) == ("mine", "*/*")
    assert (dict(client.cookies), str(client.params), client.timeout) == ({"a": "b"}, "x=1", Timeout(3))
    assert (client.base_url, client.event_hooks) == (URL("http://q/r/"), {"request": [print], "response": []})
    with pytest.raises(AttributeError):
        client.trust_env = False  # type: ignore[misc]


def test_given_cookies_are_copied() -> None:
    cookies = Cookies({"a": "b"})
    client = Client(cookies=cookies)
    client.cookies.set("c", "d")
    assert dict(cookies) == {"a": "b"}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("auth", 3, TypeError),
        ("params", 3, TypeError),
        ("headers", 3, TypeError),
        ("headers", "a: b", TypeError),
        ("cookies", 3, TypeError),
        ("cookies", b"a=b", TypeError),
        ("timeout", "3", TypeError),
        ("limits", 3, TypeError),
        ("max_redirects", "20", TypeError),
        ("event_hooks", [print], TypeError),
        ("event_hooks", {"request": print}, TypeError),
        ("event_hooks", {"request": "print"}, TypeError),
        ("base_url", 3, TypeError),
        ("base_url", None, TypeError),
        ("transport", 3, TypeError),
        ("mounts", ["all://"], TypeError),
        ("mounts", {"all://": 3}, TypeError),
        ("proxy", 3, TypeError),
        ("default_encoding", 3, TypeError),
        ("json_encoder", 3, TypeError),
        ("json_decoder", "orjson", TypeError),
        ("max_decoded_size", "9", TypeError),
        ("max_decoded_size", True, TypeError),
        ("max_decoded_ratio", 0, ValueError),
        ("verify", 3, TypeError),
        ("trust_env", "no", TypeError),
        ("follow_redirects", "no", TypeError),
        ("http1", "no", TypeError),
        ("http2", [1], TypeError),
        ("default_encoding", None, TypeError),
        ("headers", [("a", "b", "c")], TypeError),
        ("headers", {"a": 3}, TypeError),
        ("cookies", [("a",)], TypeError),
        ("cookies", {"a": 3}, TypeError),
        ("cert", (1, 2), TypeError),
        ("mounts", {3: None}, TypeError),
    ],
)
def test_arguments_that_cannot_be_used_are_named(kind: Any, name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=name):
        kind(**{name: value})


def test_a_cookie_that_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="^Cookie 'a': the name or the value contains control characters"):
        Client(cookies=[("a", "\0")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", b"http://a/"),
        ("method", None),
        ("content", {"a": 1}),
        ("data", 3),
        ("files", 3),
        ("files", ["f"]),
        ("params", 3),
        ("headers", "a: b"),
        ("headers", [("a", "b", "c")]),
        ("cookies", {"a": 3}),
        ("auth", "user"),
        ("follow_redirects", "no"),
        ("timeout", "5"),
        ("extensions", "trace"),
        ("extensions", [1]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*deprecated", "ignore:Use 'content")
def test_arguments_of_a_request_that_cannot_be_used_are_named(face: Face, name: str, value: Any) -> None:
    async def scenario() -> None:
        with pytest.raises(TypeError, match=name):
            await face.over(ok).call("request", **{"method": "POST", "url": "http://a/", name: value})

    face.run(scenario)


@pytest.mark.parametrize(
    ("kind", "given", "name"),
    [
        (httpx_client.HTTPTransport, {"retries": "1"}, "retries"),
        (httpx_client.AsyncHTTPTransport, {"retries": None}, "retries"),
        (httpx_client.HTTPTransport, {"uds": 3}, "uds"),
        (httpx_client.HTTPTransport, {"local_address": 3}, "local_address"),
        (httpx_client.HTTPTransport, {"socket_options": 3}, "socket_options"),
        (httpx_client.HTTPTransport, {"http1": "no"}, "http1"),
        (httpx_client.RawTransport, {"transport": None}, "transport"),
        (httpx_client.AsyncRawTransport, {"transport": 3}, "transport"),
        (httpx_client.MockTransport, {"handler": None}, "handler"),
        (httpx_client.WSGITransport, {"app": None}, "app"),
        (httpx_client.WSGITransport, {"app": ok, "script_name": 3}, "script_name"),
        (httpx_client.WSGITransport, {"app": ok, "remote_addr": 3}, "remote_addr"),
        (httpx_client.ASGITransport, {"app": "main:app"}, "app"),
        (httpx_client.ASGITransport, {"app": ok, "root_path": 3}, "root_path"),
        (httpx_client.ASGITransport, {"app": ok, "client": "1.2.3.4"}, "client"),
        (httpx_client.ASGITransport, {"app": ok, "lifespan": "auto"}, "lifespan"),
        (httpx_client.Proxy, {"url": "http://a", "headers": 3}, "headers"),
        (httpx_client.create_ssl_context, {"trust_env": "no"}, "trust_env"),
        (Client().send, {"request": Request("GET", "http://a/"), "stream": "no"}, "stream"),
    ],
)
def test_arguments_of_other_things_that_cannot_be_used_are_named(kind: Any, given: dict[str, Any], name: str) -> None:
    with pytest.raises(TypeError, match=name):
        kind(**given)


def test_a_transport_of_the_other_colour() -> None:
    with pytest.raises(TypeError, match="\"transport\" argument: it needs a method 'handle_request'"):
        Client(transport=httpx_client.AsyncHTTPTransport())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'handle_async_request'"):
        AsyncClient(transport=httpx_client.HTTPTransport())  # type: ignore[arg-type]


def test_what_is_sent_is_a_request(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            with pytest.raises(TypeError, match='"request" argument'):
                await client.call("send", "http://a/")

    face.run(scenario)


# Life.


def test_open_and_closed(face: Face) -> None:
    async def scenario() -> None:
        client = face.over(ok)
        states = [client.client._state]
        async with client:
            states.append(client.client._state)
            with pytest.raises(RuntimeError, match=r"^Cannot open a client instance more than once\.$"):
                async with client:
                    raise AssertionError
        assert client.client.is_closed
        assert [*states, client.client._state] == list(ClientState)
        with pytest.raises(RuntimeError, match=r"^Cannot reopen a client instance, once it has been closed\.$"):
            async with client:
                raise AssertionError
        with pytest.raises(RuntimeError, match=r"^Cannot send a request, as the client has been closed\.$"):
            await client.get("http://a/")

        used = face.over(ok)
        await used.get("http://a/")
        with pytest.raises(RuntimeError, match="more than once"):
            async with used:
                raise AssertionError
        await used.close()
        await used.close()
        assert used.client._transport.calls == ["close"]  # type: ignore[union-attr]

    face.run(scenario)


def test_transports_are_entered_and_left_once_each(face: Face) -> None:
    async def scenario() -> None:
        one, other = Answering(ok), Answering(ok)
        client = face.client(transport=one, mounts={"http://": other, "https://": one, "all://x": None})
        with pytest.raises(KeyError):
            async with client:
                assert (one.calls, other.calls) == (["enter"], ["enter"])
                raise KeyError
        assert (one.calls, other.calls) == (["enter", "exit None"], ["enter", "exit None"])

    face.run(scenario)


def test_transports_are_told_why_they_are_left() -> None:
    transport = Answering(ok)
    with pytest.raises(KeyError), Client(transport=transport):
        raise KeyError
    assert transport.calls == ["enter", "exit KeyError"]


def test_a_transport_that_cannot_be_entered_or_closed(face: Face) -> None:
    class Failing(Answering):
        def __enter__(self) -> Any:
            raise KeyError("enter")

        def close(self) -> None:
            super().close()
            raise KeyError("close")

        async def aclose(self) -> None:
            self.close()

    async def scenario() -> None:
        one, other = Answering(ok), Failing(ok)
        with pytest.raises(KeyError, match="enter"):
            async with face.client(transport=one, mounts={"http://": other}):
                raise AssertionError
        assert (one.calls, other.calls) == (["enter", "exit KeyError"], [])

        one, first, second = Answering(ok), Failing(ok), Failing(ok)
        client = face.client(transport=first, mounts={"http://": second, "https://": one})
        with pytest.raises(KeyError, match="close"):
            await client.close()
        assert [transport.calls for transport in (one, first, second)] == [["close"]] * 3

    face.run(scenario)


# Streaming.


def test_stream(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            context: Any = client.client.stream("POST", "http://a/", content=b"x", auth=("u", "p"), cookies={"a": "b"})
            if face.name == "blocking":
                with context as response:
                    assert response.read() == b"hello"
            else:
                async with context as response:
                    assert await response.aread() == b"hello"
            assert response.is_closed
            (request,) = client.sent
            assert (request.method, request.headers["Cookie"]) == ("POST", "a=b")
            assert "Authorization" in request.headers

    face.run(scenario)


# Deprecations point here.


def test_cookies_of_one_request(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            with pytest.warns(
                DeprecationWarning, match="^Setting per-request cookies=<...> is being deprecated"
            ) as told:
                assert [await client.call(verb, "http://a/", cookies={"a": "b"}) for verb in ("get", "post")]
            assert [request.headers["Cookie"] for request in client.sent] == ["a=b", "a=b"]
            assert {warning.filename.rpartition("/")[2] for warning in told} == {"conftest.py"}

    face.run(scenario)


# The log.


def test_each_response_is_logged(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            with caplog.at_level(logging.WARNING, "httpx"):
                await client.get("http://a/silent")
            with caplog.at_level(logging.INFO, "httpx"):
                await client.get("http://a/x?q=1")
                await client.get("http://user:pw@a/x")

    face.run(scenario)
    assert caplog.messages == [
        'HTTP Request: GET http://a/x?q=1 "HTTP/1.1 200 OK"',
        'HTTP Request: GET http://[secure]@a/x "HTTP/1.1 200 OK"',
    ]
    first = caplog.records[0]
    assert (first.name, first.args) == ("httpx", ("GET", URL("http://a/x?q=1"), "HTTP/1.1", 200, "OK"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a/", "http://a/"),
        ("http://token@a/", "http://[secure]@a/"),
        ("http://u:p%40@a/u:p@a", "http://[secure]@a/u:p@a"),
    ],
)
def test_urls_in_the_log(url: str, shown: str) -> None:
    assert str(without_credentials(URL(url))) == shown


def test_secrets_are_not_shown() -> None:
    client = Client(auth=("user", "hunter2"), headers={"Authorization": "hunter2"}, cookies={"a": "hunter2"})
    shown = [repr(client), repr(client.auth), repr(client.headers), repr(client.cookies)]
    assert "hunter2" not in "".join(shown)
    with pytest.raises(TypeError) as caught:
        Client(auth=["user", "hunter2"])  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


def test_limits_as_an_argument() -> None:
    client = Client(limits=Limits(max_connections=1))
    assert client.pool_stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
