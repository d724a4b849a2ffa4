"""What error messages say about mistakes that callers often make."""

from __future__ import annotations

from typing import Any

import pytest

import httpx_client
from httpx_client import AsyncClient, Client
from httpx_models import Request, Response, UnsupportedProtocol
from httpx_urls import URL

from .conftest import Face

MISSING = "Request URL is missing an 'http://' or 'https://' protocol. "


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("example.org", "The URL is 'example.org'; 'https://example.org' was probably meant."),
        (
            "example.org:8080/a?b#c",
            "The URL is 'example.org:8080/a?b#c'; 'https://example.org:8080/a?b#c' was probably meant.",
        ),
        ("localhost:8000", "The URL is 'localhost:8000'; 'http://localhost:8000' was probably meant."),
        ("127.0.0.1/a", "The URL is '127.0.0.1/a'; 'http://127.0.0.1/a' was probably meant."),
        ("[::1]:80", "The URL is '[::1]:80'; 'http://[::1]:80' was probably meant."),
        ("//a/b", "The URL is '//a/b'; 'https://a/b' was probably meant."),
        (URL("a.example/b"), "The URL is 'a.example/b'; 'https://a.example/b' was probably meant."),
        ("/a", "The URL is '/a': an absolute URL is needed, or a client with a base_url."),
        ("", "The URL is '': an absolute URL is needed, or a client with a base_url."),
        ("user:sec@ret@host/x", "The URL is '[secure]@host/x'; 'https://host/x' was probably meant."),
        ("user:sec?ret@host", "The URL is '[secure]@host'; 'https://host' was probably meant."),
        ("user:" + "sec" * 100 + "@host", "The URL is '[secure]@host'; 'https://host' was probably meant."),
    ],
)
def test_a_url_without_a_scheme_is_shown(face: Face, url: Any, said: str) -> None:
    async def scenario() -> None:
        async with face.client() as client:
            with pytest.raises(UnsupportedProtocol) as caught:
                await client.get(url)
            assert str(caught.value) == MISSING + said
            assert caught.value.request.method == "GET"

    face.run(scenario)


def test_a_base_url_without_a_scheme_is_shown(face: Face) -> None:
    async def scenario() -> None:
        async with face.client(base_url="example.org/api") as client:
            with pytest.raises(UnsupportedProtocol, match="'https://example.org/api/x' was probably meant"):
                await client.get("x")
            with pytest.raises(UnsupportedProtocol, match="'ftp://'"):
                await client.get("ftp://a")

    face.run(scenario)


def test_a_request_without_a_scheme_that_no_client_has_made(face: Face) -> None:
    async def scenario() -> None:
        async with face.client() as client:
            with pytest.raises(UnsupportedProtocol, match="^Request URL is missing .* The URL is '/a': an absolute"):
                await client.call("send", Request("GET", "/a"))

    face.run(scenario)


def test_other_transports_may_take_a_url_without_a_scheme(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(lambda request: Response(200)) as client:
            assert (await client.get("example.org")).status_code == 200

    face.run(scenario)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_misspelt_event_is_refused(kind: Any) -> None:
    message = "^Unknown key 'respones' in 'event_hooks': the events are 'request' and 'response'$"
    with pytest.raises(ValueError, match=message):
        kind(event_hooks={"respones": [print]})
    client = kind(event_hooks={"request": [print]})
    with pytest.raises(ValueError, match=message):
        client.event_hooks = {"request": [], "respones": []}
    assert client.event_hooks == {"request": [print], "response": []}


@pytest.mark.parametrize(
    ("stream", "statement"),
    [
        (httpx_client.stream, "with"),
        (Client().stream, "with"),
        (AsyncClient().stream, "async with"),
    ],
    ids=["function", "Client", "AsyncClient"],
)
@pytest.mark.parametrize("name", ["status_code", "headers", "read", "aread", "iter_lines", "json", "history"])
def test_a_stream_without_with_says_what_is_missing(stream: Any, statement: str, name: str) -> None:
    context = stream("GET", "http://a/")
    message = rf"^'\w+' object has no attribute '{name}': .* Write `{statement} .* as response:`, .* `response\.{name}`"
    with pytest.raises(AttributeError, match=message):
        getattr(context, name)
    with pytest.raises(AttributeError, match=r"^'\w+' object has no attribute 'other'$"):
        context.other  # noqa: B018
    assert not hasattr(context, "_response")


def test_one_streamed_response_leaves_its_client_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Client] = []

    def make(**options: Any) -> Client:
        made.append(Client(**options, transport=httpx_client.MockTransport(lambda request: Response(200, text="a"))))
        return made[-1]

    monkeypatch.setattr("httpx_client._api.Client", make)
    with httpx_client.stream("GET", "http://a/") as response:
        assert (response.read(), made[0].is_closed) == (b"a", False)
    assert made[0].is_closed
    with pytest.raises(ValueError, match="mine"), httpx_client.stream("GET", "http://a/") as response:
        raise ValueError("mine")
    assert (response.is_closed, made[1].is_closed) == (True, True)
    with pytest.raises(TypeError, match="headers"), httpx_client.stream("GET", "http://a/", headers=3):  # type: ignore[arg-type]
        raise AssertionError
    assert made[2].is_closed
