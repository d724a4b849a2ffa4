"""The methods and attributes that other packages override, call or replace are what the exchange really uses."""

from __future__ import annotations

from typing import Any

import pytest

from httpx_client import (
    AsyncClient,
    AsyncHTTPTransport,
    Client,
    HTTPTransport,
    Limits,
    Proxy,
)
from httpx_client._mounts import URLPattern
from httpx_client._routing import BaseClient
from httpx_client._settings import ClientState
from httpx_models import Cookies, Headers, Request, Response
from httpx_urls import URL, QueryParams

from .conftest import Answering, AnyClient, Face


def ok(request: Request) -> Response:
    return Response(200, text=str(request.url))


def redirecting(request: Request) -> Response:
    return Response(302, headers={"Location": "/y"}) if request.url.path == "/x" else ok(request)


LAYERS = ["_send_handling_auth", "_send_handling_redirects", "_send_single_request"]


@pytest.mark.parametrize("name", LAYERS)
def test_each_layer_of_the_exchange_can_be_replaced(face: Face, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def replaced(client: Any, request: Request, **options: Any) -> Response:
        seen.append((request.url.path, sorted(options)))
        return Response(200, text="replaced", request=request)

    async def areplaced(client: Any, request: Request, **options: Any) -> Response:
        return replaced(client, request, **options)

    async def scenario() -> None:
        async with face.over(ok) as client:
            monkeypatch.setattr(type(client.client), name, replaced if face.name == "blocking" else areplaced)
            assert (await client.get("http://a/x")).text == "replaced"
            assert client.sent == []

    face.run(scenario)
    options = [["auth", "follow_redirects", "history"], ["follow_redirects", "history"], []]
    assert seen == [("/x", options[LAYERS.index(name)])]


def test_transport_for_url_can_be_replaced(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Answering(lambda request: Response(200, text="other"))

    async def scenario() -> None:
        async with face.over(ok) as client:
            monkeypatch.setattr(type(client.client), "_transport_for_url", lambda client, url: other)
            assert (await client.get("http://a/x")).text == "other"

    face.run(scenario)


def test_the_transport_is_read_at_each_request(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(ok) as client:
            await client.get("http://a/")
            client.client._transport = Answering(lambda request: Response(200, text="other"))
            assert (await client.get("http://a/")).text == "other"
            mounted = Answering(lambda request: Response(200, text="mounted"))
            client.client._mounts = {URLPattern("all://a"): mounted}  # type: ignore[assignment]
            assert (await client.get("http://a/")).text == "mounted"

    face.run(scenario)


def test_handle_request_of_the_class_can_be_replaced(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ahandle(transport: Any, request: Request) -> Response:
        return ok(request)

    monkeypatch.setattr(HTTPTransport, "handle_request", lambda transport, request: ok(request))
    monkeypatch.setattr(AsyncHTTPTransport, "handle_async_request", ahandle)

    async def scenario() -> None:
        async with face.client() as client:
            assert (await client.get("http://nowhere.invalid/")).text == "http://nowhere.invalid/"

    face.run(scenario)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_transports_are_made_through_the_hooks_by_keyword(kind: Any) -> None:
    seen: list[Any] = []
    transport = Answering(ok)

    class Own(kind):  # type: ignore[misc]
        def _init_transport(self, **options: Any) -> Any:
            seen.append(("transport", options))
            return transport

        def _init_proxy_transport(self, **options: Any) -> Any:
            seen.append(("proxy", options))
            return transport

    limits = Limits(max_connections=1)
    client = Own(proxy="http://p:1", verify=False, http2=True, limits=limits, trust_env=False)
    settings = {"verify": False, "cert": None, "trust_env": False, "http1": True, "http2": True, "limits": limits}
    (first, options), (second, proxy_options) = seen
    assert (first, second) == ("transport", "proxy")
    assert options == {**settings, "transport": None}
    proxy = proxy_options.pop("proxy")
    assert isinstance(proxy, Proxy)
    assert (str(proxy.url), proxy_options) == ("http://p:1", settings)
    assert client._transport is transport
    assert list(client._mounts.values()) == [transport]
    assert BaseClient._init_transport is not Own._init_transport


def test_the_proxy_map_can_be_replaced() -> None:
    class Own(Client):
        def _get_proxy_map(self, proxy: Any, allow_env_proxies: bool) -> Any:
            assert (proxy, allow_env_proxies) == (None, True)
            return {"all://internal": None}

    assert [pattern.pattern for pattern in Own()._mounts] == ["all://internal"]


@pytest.mark.parametrize(
    ("name", "replacement", "url"),
    [
        ("_merge_url", lambda client, url: URL("http://b/merged"), "http://b/merged"),
        ("_merge_queryparams", lambda client, params=None: QueryParams("own=1"), "http://a/x?own=1"),
    ],
)
def test_what_is_merged_can_be_replaced(name: str, replacement: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, name, replacement)
    assert str(Client().build_request("GET", "http://a/x", params={}).url) == url


def test_merged_fields_and_cookies_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "_merge_headers", lambda client, headers=None: {"X-Own": "1"})
    monkeypatch.setattr(Client, "_merge_cookies", lambda client, cookies=None: Cookies({"own": "1"}))
    request = Client().build_request("GET", "http://a/x")
    assert dict(request.headers) == {"host": "a", "x-own": "1", "cookie": "own=1"}


def test_the_slash_of_the_base_url_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "_enforce_trailing_slash", lambda client, url: url)
    assert str(Client(base_url="http://a/x").base_url) == "http://a/x"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("_redirect_method", "PUT", ("PUT", "http://a/y")),
        ("_redirect_url", URL("http://b/z"), ("GET", "http://b/z")),
        ("_redirect_headers", Headers({"X-Own": "1"}), ("GET", "http://a/y")),
        ("_redirect_stream", None, ("GET", "http://a/y")),
        ("_build_redirect_request", Request("FOO", "http://c/"), ("FOO", "http://c/")),
    ],
)
def test_each_decision_about_a_redirect_can_be_replaced(
    face: Face, name: str, value: Any, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def replacement(client: Any, *arguments: Any) -> Any:
        called.append(name)
        return value

    async def scenario() -> None:
        async with face.over(redirecting, follow_redirects=True) as client:
            monkeypatch.setattr(type(client.client), name, replacement)
            await client.get("http://a/x")
            assert (client.sent[1].method, str(client.sent[1].url)) == expected
            if name == "_redirect_headers":
                assert client.sent[1].headers["X-Own"] == "1"

    face.run(scenario)
    assert called == [name]


def test_how_auth_is_built_can_be_replaced(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    from httpx_client import BasicAuth

    async def scenario() -> None:
        async with face.over(ok) as client:
            kind = type(client.client)
            with monkeypatch.context() as patch:
                patch.setattr(kind, "_build_auth", lambda client, auth: auth and BasicAuth("u", auth))
                await client.get("http://a/", auth="p")
                client.client.auth = "p"  # type: ignore[assignment]
                assert client.client.auth is not None
                client.client.auth = None
            with monkeypatch.context() as patch:
                patch.setattr(kind, "_build_request_auth", lambda client, request, auth=None: BasicAuth("u", "p"))
                await client.get("http://a/")
            assert [request.headers["Authorization"] for request in client.sent] == ["Basic dTpw"] * 2

    face.run(scenario)


def test_how_the_timeout_is_set_can_be_replaced(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    def replacement(client: Any, request: Request) -> None:
        request.extensions = {"timeout": {"read": 7}}

    async def scenario() -> None:
        async with face.over(ok) as client:
            monkeypatch.setattr(type(client.client), "_set_timeout", replacement)
            await client.call("send", Request("GET", "http://a/"))
            assert client.sent[0].extensions == {"timeout": {"read": 7}}

    face.run(scenario)


def test_attributes_are_read_at_each_request(face: Face) -> None:
    told: list[str] = []

    async def scenario() -> None:
        async with face.over(redirecting) as client:
            inner = client.client
            inner._base_url = URL("http://a/")
            inner._headers = Headers({"X-Own": "1"})
            inner._cookies = Cookies({"own": "1"})
            inner._params = QueryParams("own=1")
            inner._timeout = type(inner.timeout)(7)
            inner._auth = inner._build_auth(("u", "p"))
            inner._event_hooks = {"request": [face.hook(lambda request: told.append("hook"))], "response": []}
            inner.follow_redirects = True
            response = await client.get("x")
            first = client.sent[0]
            assert str(first.url) == "http://a/x?own=1"
            assert (first.headers["X-Own"], first.headers["Cookie"]) == ("1", "own=1")
            assert first.headers["Authorization"] == "Basic dTpw"
            assert first.extensions["timeout"]["read"] == 7
            assert (response.status_code, told) == (200, ["hook", "hook"])
            inner._state = ClientState.CLOSED
            with pytest.raises(RuntimeError, match="has been closed"):
                await client.get("x")

    face.run(scenario)


def test_event_hooks_can_become_a_property_of_the_class() -> None:
    class Instrumented(Client):
        @property
        def _event_hooks(self) -> Any:
            return {**self.__dict__["hooks"], "request": [told.append]}

        @_event_hooks.setter
        def _event_hooks(self, hooks: Any) -> None:
            self.__dict__["hooks"] = hooks

    told: list[Request] = []
    with Instrumented(transport=Answering(ok)) as client:
        client.get("http://a/")
    assert [str(request.url) for request in told] == ["http://a/"]


def test_what_one_calls_on_the_client_goes_through_request_and_send(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    async def scenario() -> None:
        async with face.over(ok) as client:
            kind = type(client.client)
            for name in ("request", "send", "build_request"):
                original = getattr(kind, name)

                def noting(self: Any, *arguments: Any, _name: str = name, _call: Any = original, **options: Any) -> Any:
                    calls.append(_name)
                    return _call(self, *arguments, **options)

                monkeypatch.setattr(kind, name, noting)
            for verb in ("get", "options", "head", "post", "put", "patch", "delete"):
                response = await client.call(verb, "http://a/")
                assert response.request.method == verb.upper()
            context = client.client.stream("GET", "http://a/")
            if face.name == "blocking":
                with context as response:  # type: ignore[union-attr]
                    assert response.status_code == 200
            else:
                async with context as response:  # type: ignore[union-attr]
                    assert response.status_code == 200

    face.run(scenario)
    assert calls == ["request", "build_request", "send"] * 7 + ["build_request", "send"]


def test_what_overrides_a_layer_can_call_it(face: Face) -> None:
    told: list[str] = []

    class Own(Client):
        def _send_handling_auth(self, request: Request, *arguments: Any, **options: Any) -> Response:
            told.append("auth")
            return super()._send_handling_auth(request, *arguments, **options)

        def _send_handling_redirects(self, request: Request, *arguments: Any, **options: Any) -> Response:
            told.append("redirects")
            return super()._send_handling_redirects(request, *arguments, **options)

        def _send_single_request(self, request: Request) -> Response:
            told.append("once")
            return super()._send_single_request(request)

    class AsyncOwn(AsyncClient):
        async def _send_handling_auth(self, request: Request, *arguments: Any, **options: Any) -> Response:
            told.append("auth")
            return await super()._send_handling_auth(request, *arguments, **options)

        async def _send_handling_redirects(self, request: Request, *arguments: Any, **options: Any) -> Response:
            told.append("redirects")
            return await super()._send_handling_redirects(request, *arguments, **options)

        async def _send_single_request(self, request: Request) -> Response:
            told.append("once")
            return await super()._send_single_request(request)

    async def scenario() -> None:
        kind: Any = Own if face.name == "blocking" else AsyncOwn
        async with AnyClient(kind(transport=Answering(redirecting), follow_redirects=True)) as client:
            assert (await client.get("http://a/x")).text == "http://a/y"

    face.run(scenario)
    assert told == ["auth", "redirects", "once", "once"]
