"""Which transport takes which request: mounts, proxies, the environment, and what the old arguments become."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from httpx_client import AsyncClient, AsyncHTTPTransport, Client, HTTPTransport, Limits, Proxy
from httpx_client._mounts import URLPattern
from httpx_client._routing import route
from httpx_client._transports._options import pool_options, proxy_options
from httpx_models import ProxyError, Request, Response
from httpx_transport import ConnectionPool
from httpx_urls import URL

from .conftest import Answering, Face


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.org/", "http"),
        ("https://example.org/", "host"),
        ("https://example.org:8443/", "port"),
        ("https://direct.example/", "default"),
        ("ftp://other/", "default"),
    ],
)
def test_the_first_pattern_that_matches(url: str, expected: str) -> None:
    mounts = {
        URLPattern("https://example.org:8443"): "port",
        URLPattern("https://example.org"): "host",
        URLPattern("https://direct.example"): None,
        URLPattern("http://"): "http",
    }
    assert route(mounts, "default", URL(url)) == expected


def test_mounts(face: Face) -> None:
    def named(name: str) -> Answering:
        return Answering(lambda request: Response(200, text=name))

    async def scenario() -> None:
        mounts = {
            "all://": named("all"),
            "file://": named("file"),
            "https://*example.org": named("below"),
            "https://www.example.org": None,
        }
        async with face.client(transport=named("default"), mounts=mounts) as client:
            for url, expected in (
                ("http://example.org/", "all"),
                ("https://a.example.org/", "below"),
                ("https://www.example.org/", "default"),
                ("file:///etc/motd", "file"),
            ):
                assert (await client.get(url)).text == expected

    face.run(scenario)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_plain_schemes_are_no_patterns(kind: Any) -> None:
    with pytest.raises(ValueError, match='Instead of "http", use "http://"'):
        kind(mounts={"http": None})


class Routed(Client):
    """A client whose proxies only have names."""

    def _init_proxy_transport(self, proxy: Proxy, **options: Any) -> Any:  # type: ignore[override]
        return Answering(lambda request: Response(200, text=str(proxy.url)))

    @property
    def routes(self) -> dict[str, str | None]:
        """The proxies by pattern."""
        urls = {pattern.pattern: transport for pattern, transport in self._mounts.items()}
        return {
            pattern: None if transport is None else transport.handle_request(Request("GET", "http://a/")).text
            for pattern, transport in urls.items()
        }


@pytest.mark.parametrize("proxy", ["http://p:1", URL("http://p:1"), Proxy("http://p:1")])
def test_a_proxy_for_everything(proxy: Any) -> None:
    assert Routed(proxy=proxy).routes == {"all://": "http://p:1"}
    assert Routed(proxy=proxy, transport=Answering(lambda request: Response(200))).routes == {"all://": "http://p:1"}


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTP_PROXY", "http://", "host"),
        ("HTTP_PROXY", "http://user:secret@p:99999", "99999"),
        ("ALL_PROXY", "ftp://user:secret@p", "Unknown scheme for proxy URL"),
        ("ALL_PROXY", "socks4://user:secret@p:1080", "SOCKS 4"),
    ],
)
def test_an_unusable_proxy_of_the_environment_fails_where_it_would_be_used(
    face: Face, variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def scenario() -> None:
        async with face.client() as client:
            assert (await client.get(url)).status_code == 200
            with pytest.raises(ProxyError, match=message) as caught:
                await client.get("http://a.test/")
            assert str(caught.value).endswith(f" (in the environment, {variable})")
            assert "secret" not in str(caught.value)
            assert str(caught.value.request.url) == "http://a.test/"
        async with face.client(trust_env=False) as client:
            assert not client.client._mounts

    face.run(scenario)


@pytest.mark.parametrize("value", ["socks://p:1080", "SOCKS://p:1080"])
def test_socks_without_a_version_is_version_5(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    assert Routed().routes == {"all://": "socks5://p:1080"}


def test_a_proxy_without_a_scheme_shows_no_password() -> None:
    with pytest.raises(ValueError, match=r"Unknown scheme for proxy URL URL\('\[secure\]@host:3128'\)") as caught:
        Client(proxy="user:password@host:3128")
    assert "password" not in str(caught.value)
    with pytest.raises(ValueError, match="Unknown scheme for proxy URL") as caught:
        Client(proxy="ftp://user:password@host:3128")
    assert "password" not in str(caught.value)


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://p:2")
    monkeypatch.setenv("NO_PROXY", "x.example")
    assert Routed().routes == {"all://*x.example": None, "http://": "http://p:2"}
    assert Routed(trust_env=False).routes == {}
    assert Routed(proxy="http://p:1").routes == {"all://": "http://p:1"}
    transport = Answering(lambda request: Response(200, text="mounted"))
    assert Routed(transport=transport).routes == {}
    mounts = {"http://": transport, "all://b": None}
    assert Routed(mounts=mounts).routes == {"all://*x.example": None, "all://b": None, "http://": "mounted"}


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        ("http://p:1", {"all://": "http://p:1"}),
        ({"http://": "http://p:1", "all://x": None}, {"all://x": None, "http://": "http://p:1"}),
        ({}, {}),
    ],
)
def test_proxies_in_the_old_words(proxies: Any, expected: Any) -> None:
    with pytest.warns(
        DeprecationWarning, match=r"^The 'proxies' argument is now deprecated\. Use 'proxy' or 'mounts'"
    ) as told:
        assert Routed(proxies=proxies).routes == expected
    assert told[0].filename == __file__


@pytest.mark.filterwarnings("ignore:The 'proxies' argument")
def test_proxies_that_are_none() -> None:
    with pytest.raises(RuntimeError, match="^Use either `proxy` or 'proxies', not both"):
        Routed(proxies="http://p:1", proxy="http://q:1")
    for proxies in (3, {"all://": 3}):
        with pytest.raises(TypeError, match='"proxies" argument'):
            Routed(proxies=proxies)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Unknown scheme for proxy"):
        Client(proxy="ftp://p")


# What the pool is told.


def options_for(**given: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "verify": True,
        "cert": None,
        "trust_env": False,
        "http1": True,
        "http2": False,
        "limits": Limits(),
        "proxy": None,
        "uds": None,
        "local_address": None,
        "retries": 0,
        "socket_options": None,
    }
    return pool_options(**{**defaults, **given})


ASKED_FOR = [
    ("http2", True, {"http2": True}),
    ("uds", "/socket", {"uds": "/socket"}),
    ("local_address", "127.0.0.1", {"local_address": "127.0.0.1"}),
    ("retries", 2, {"retries": 2}),
    ("socket_options", [(1, 2, 3)], {"socket_options": [(1, 2, 3)]}),
    ("proxy", "http://u:p@p:1", {"proxy": {"url": "http://p:1", "auth": (b"u", b"p")}}),
    ("limits", Limits(max_connections_per_origin=3), {"max_connections_per_origin": 3}),
]


@pytest.mark.parametrize(("name", "value", "told"), ASKED_FOR)
def test_what_is_asked_for_is_handed_on(name: str, value: Any, told: Any) -> None:
    plain, found = options_for(), options_for(**{name: value})
    del plain["ssl_context"], found["ssl_context"]  # what makes one is another each time
    assert found == {**plain, **told}
    assert ConnectionPool.__init__.__kwdefaults__.keys() >= told.keys()  # type: ignore[union-attr]


def test_versions_of_http() -> None:
    assert options_for(http1=False, http2=True)["http1"] is False
    assert options_for(http1=False, http2=False)["http1"] is True
    unsaid = options_for(http1=None, http2=None)
    assert (unsaid["http1"], unsaid["http2"]) == (True, False)
    Client(http1=None, http2=None).close()  # type: ignore[arg-type]
    assert options_for()["timeout"] is None


def test_limits_are_handed_on() -> None:
    options = options_for(limits=Limits(max_connections=1, max_keepalive_connections=2, keepalive_expiry=3))
    assert [options[n] for n in ("max_connections", "max_keepalive_connections", "keepalive_expiry")] == [1, 2, 3]


def test_a_proxy_as_primitives() -> None:
    import ssl

    context = ssl.create_default_context()
    proxy = Proxy("https://p:1", auth=("u", "p"), headers={"X": "y"}, ssl_context=context)
    assert proxy_options(proxy) == {
        "url": "https://p:1",
        "auth": (b"u", b"p"),
        "headers": [(b"X", b"y")],
        "ssl_context": context,
    }
    assert proxy_options(URL("http://p:1")) == {"url": "http://p:1"}
    assert proxy_options(Proxy("socks5h://p:1", headers={"X-Team": "a"})) == {"url": "socks5h://p:1"}
    assert proxy_options("socks5://p:1") == proxy_options("socks5h://p:1") == {"url": "socks5h://p:1"}
    with pytest.raises(TypeError, match='"proxy" argument'):
        proxy_options(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [HTTPTransport, AsyncHTTPTransport])
def test_the_transports_take_what_they_took(kind: Any) -> None:
    transport = kind(True, None, False, True, False, Limits(max_connections=1), None, None, None, 0, None)
    assert transport.pool_stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
    with pytest.raises(TypeError, match='"limits" argument'):
        kind(limits=3)


def test_the_stats_of_all_pools() -> None:
    class Counting(Answering):
        def pool_stats(self) -> dict[str, int]:
            return {"connections": 2, "active": 1, "idle": 1, "waiting": 0, "other": 1}

    one, other = Counting(lambda request: Response(200)), Counting(lambda request: Response(200))
    client = Client(
        transport=one, mounts={"http://": other, "https://": one, "ftp://": Answering(lambda r: Response(200))}
    )
    assert client.pool_stats() == {"connections": 4, "active": 2, "idle": 2, "waiting": 0, "other": 2}


def test_base_client_makes_no_transports_itself() -> None:
    from httpx_client._routing import BaseClient

    with pytest.raises(NotImplementedError):
        BaseClient._init_transport(Client(), True, None, True, True, False, Limits(), None)
    with pytest.raises(NotImplementedError):
        BaseClient._init_proxy_transport(Client(), Proxy("http://p"), True, None, True, True, False, Limits())


def test_an_application_in_the_old_words() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"from the app"]

    with pytest.warns(
        DeprecationWarning, match=r"^The 'app' shortcut is now deprecated\. .*transport=WSGITransport\(app="
    ) as told:
        client = Client(app=app)
    assert told[0].filename == __file__
    assert client.get("http://a/").text == "from the app"
    transport = Answering(lambda request: Response(200, text="given"))
    with pytest.warns(DeprecationWarning, match="app"):
        assert Client(app=app, transport=transport)._transport is transport


def test_an_asynchronous_application_in_the_old_words() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the app"})

    async def scenario() -> None:
        async with client:
            assert (await client.get("http://a/")).text == "from the app"

    with pytest.warns(DeprecationWarning, match=r"transport=ASGITransport\(app=\.\.\.\)"):
        client = AsyncClient(app=app)
    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [(Client, "_client", "HTTPTransport"), (AsyncClient, "_async_client", "AsyncHTTPTransport")],
)
def test_a_transport_is_made_for_each_proxy(kind: Any, module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def make(**options: Any) -> Answering:
        made.append(options)
        return Answering(lambda request: Response(200))

    monkeypatch.setattr(f"httpx_client.{module}.{name}", make)
    limits = Limits(max_connections=1)
    kind(proxy="http://p:1", verify=False, limits=limits)
    settings = {"verify": False, "cert": None, "trust_env": True, "http1": True, "http2": False, "limits": limits}
    assert made[0] == settings
    assert str(made[1].pop("proxy").url) == "http://p:1"
    assert made[1] == settings
