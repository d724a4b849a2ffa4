"""What newcomers do first, in the order in which they meet it, over real connections and on each face of the client."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from faces import AnyClient, Face
from servers.bin import PAGE, Bin

import httpx


class Elsewhere(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends what is meant for any host to the server of the test."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pool, self._async_pool = httpx.HTTPTransport(retries=1), httpx.AsyncHTTPTransport(retries=1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._pool.handle_request(self._moved(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._async_pool.handle_async_request(self._moved(request))

    def close(self) -> None:
        self._pool.close()

    async def aclose(self) -> None:
        await self._async_pool.aclose()

    def _moved(self, request: httpx.Request) -> httpx.Request:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        own = {"headers": request.headers, "extensions": request.extensions}
        return httpx.Request(request.method, url, stream=request.stream, **own)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Bin() as server:
        yield server.port


@pytest.fixture
def anywhere(port: int) -> Elsewhere:
    """A transport to the test's server; each face closes its own half."""
    return Elsewhere(port)


def test_functions(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    home = f"http://127.0.0.1:{port}"
    for verb in ("get", "head", "options", "delete", "post", "put", "patch"):
        found = getattr(httpx, verb)(f"{home}/anything")
        assert repr(found) == "<Response [200 OK]>"
        assert found.text == "" or found.json()["method"] == verb.upper()
    with httpx.stream("GET", f"{home}/page") as streamed:
        assert b"".join(streamed.iter_bytes()) == PAGE
    assert httpx.request("PURGE", f"{home}/anything").status_code == 501
    assert httpx.get(f"{home}/basic", auth=("user", "pass"), timeout=None).raise_for_status().json()["path"] == "/basic"


def test_parameters_headers_and_bodies(face: Face, anywhere: Elsewhere) -> None:
    async def scenario(client: AnyClient) -> None:
        async def shown(**options: Any) -> Any:
            return (await client.post("/anything", **options)).json()

        found = await client.get("/anything", params={"a": "1", "b": ["2", "3"]}, headers={"user-agent": "mine/1"})
        assert found.url == "https://any.test/anything?a=1&b=2&b=3"
        assert (found.json()["args"], found.json()["headers"]["user-agent"]) == (
            {"a": ["1"], "b": ["2", "3"]},
            "mine/1",
        )
        assert (await shown(data={"a": ["1", "2"], "b": "x y"}))["content"] == "a=1&a=2&b=x+y"
        assert (await shown(json={"a": [1, True, None]}))["content"] == '{"a":[1,true,null]}'
        assert (await shown(content="é".encode()))["content"] == "Ã©"
        assert (await shown(content=pieces()))["content"] == "onetwo"
        form = await shown(data={"note": "hi"}, files={"f": ("r.xls", io.BytesIO(b"..."), "application/vnd.ms-excel")})
        assert 'name="note"\r\n\r\nhi\r\n' in form["content"]
        assert 'filename="r.xls"\r\nContent-Type: application/vnd.ms-excel\r\n\r\n...\r\n' in form["content"]
        two = await shown(files=[("f", ("a.png", b"1")), ("f", (None, "text", "text/plain"))])
        assert two["content"].count('name="f"') == 2
        assert 'filename="a.png"\r\nContent-Type: image/png\r\n\r\n1' in two["content"]

    def pieces() -> Any:
        return iter((b"one", b"two")) if face.name == "blocking" else slowly(b"one", b"two")

    face.run(scenario, transport=anywhere, base_url="https://any.test")


async def slowly(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def test_responses(face: Face, anywhere: Elsewhere) -> None:
    async def scenario(client: AnyClient) -> None:
        page = await client.get("http://any.test/page")
        assert (page.status_code == httpx.codes.OK, page.encoding, page.content) == (True, "utf-8", PAGE)
        assert page.headers["CONTENT-type"] == page.headers.get("content-type") == "text/html; charset=UTF-8"
        assert page.raise_for_status() is page
        with pytest.raises(ValueError, match="encoding"):
            page.encoding = page.text
        latin = await client.get("http://any.test/latin")
        latin.encoding = "iso-8859-1"
        assert latin.text == "café"
        assert (await client.get("http://any.test/gzip")).content == PAGE
        missing = await client.get("http://any.test/status/404")
        with pytest.raises(
            httpx.HTTPStatusError, match="Client error '404 Not Found' for url 'http://any.test/"
        ) as caught:
            missing.raise_for_status()
        assert (caught.value.response, caught.value.request) == (missing, missing.request)

    face.run(scenario, transport=anywhere)


def test_streaming(face: Face, anywhere: Elsewhere) -> None:
    async def taken(response: httpx.Response, kind: str) -> list[Any]:
        if face.name == "blocking":
            return list(getattr(response, kind)())
        return [piece async for piece in getattr(response, f"a{kind}")()]

    async def scenario(client: AnyClient) -> None:
        for kind, joined in (("iter_bytes", PAGE), ("iter_text", PAGE.decode()), ("iter_raw", PAGE)):
            response = await client.begin("GET", "http://any.test/page")
            assert type(joined)().join(await taken(response, kind)) == joined
            assert response.num_bytes_downloaded == len(PAGE)
            with pytest.raises(httpx.ResponseNotRead):
                response.content  # noqa: B018
            await client.close(response)
        lines = await taken(await client.begin("GET", "http://any.test/page"), "iter_lines")
        assert lines == ["<!doctype html>", "<p>first", "second</p>"]
        coded = await client.begin("GET", "http://any.test/gzip")
        assert b"".join(await taken(coded, "iter_raw")).startswith(b"\x1f\x8b")
        read = await client.begin("GET", "http://any.test/page")
        assert (read.read() if face.name == "blocking" else await read.aread()) == read.content == PAGE

    face.run(scenario, transport=anywhere)


def test_cookies_and_redirects(face: Face, anywhere: Elsewhere) -> None:
    async def scenario(client: AnyClient) -> None:
        found = await client.get("http://any.test/cookies/set?chocolate=chip")
        assert (found.cookies["chocolate"], client.client.cookies["chocolate"], found.history) == ("chip", "chip", [])
        assert repr(found.next_request) == "<Request('GET', 'http://any.test/cookies')>"
        client.client.cookies.set("here", "1", domain="any.test")
        client.client.cookies.set("there", "1", domain="other.test")
        sent = (await client.get("http://any.test/anything")).json()["headers"]["Cookie"]
        assert set(sent.split("; ")) == {"chocolate=chip", "here=1"}
        moved = await client.get("http://any.test/redirect", follow_redirects=True)
        assert (str(moved.url), repr(moved.history)) == (
            "http://any.test/anything",
            "[<Response [301 Moved Permanently]>]",
        )

    face.run(scenario, transport=anywhere)


class Token(httpx.Auth):
    """Asks for a token when it is told that it needs one."""

    requires_request_body = requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Any:
        response = yield request
        if response.status_code == 401:
            told = yield httpx.Request("POST", "http://any.test/anything", content=b"token")
            request.headers["X-Token"] = f"{told.json()['content']} {len(request.content)}"
            yield request


def test_who_is_there(face: Face, anywhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine any.test\nlogin user\npassword pass\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    async def scenario(client: AnyClient) -> None:
        for auth in (("user", "pass"), httpx.BasicAuth(b"user", b"pass"), httpx.NetRCAuth(file=os.environ["NETRC"])):
            assert (await client.get("http://any.test/basic", auth=auth)).status_code == 200
        assert (await client.get("http://user:pass@any.test/basic", auth=None)).status_code == 200
        assert (await client.get("http://any.test/basic")).status_code == 401
        digest = await client.get("http://any.test/digest", auth=httpx.DigestAuth("user", "pass"))
        assert (digest.status_code, [response.status_code for response in digest.history]) == (200, [401])
        named = await client.get(
            "http://any.test/anything", auth=lambda request: request.headers.update({"a": "b"}) or request
        )
        assert named.json()["headers"]["a"] == "b"
        asked = await client.post("http://any.test/status/401", content=b"abc", auth=Token())
        assert (asked.request.headers["X-Token"], len(asked.history)) == ("token 3", 2)

    face.run(scenario, transport=anywhere)


def test_settings_of_a_client(face: Face, anywhere: Elsewhere) -> None:
    told: list[str] = []

    def note(subject: Any) -> None:
        told.append(
            f"{type(subject).__name__} {subject.status_code if hasattr(subject, 'status_code') else subject.url}"
        )

    async def note_later(subject: Any) -> None:
        note(subject)

    async def scenario(client: AnyClient) -> None:
        found = await client.get("things", params={"request": "2"}, headers={"X-Request": "2"})
        assert found.url == "http://any.test/api/things?client=1&request=2"
        assert (found.request.headers["X-Client"], found.request.headers["X-Request"]) == ("1", "2")
        assert told == ["Request http://any.test/api/things?client=1&request=2", "Response 200"]
        built = client.client.build_request("GET", "things")
        del built.headers["X-Client"]
        client.client.event_hooks["request"] = []
        sent = client.client.send(built)
        assert "X-Client" not in (sent if isinstance(sent, httpx.Response) else await sent).json()["headers"]
        assert (await client.get("http://any.test/latin")).text == "café"
        assert client.client.timeout == httpx.Timeout(connect=60, read=10, write=10, pool=10)

    hook = note if face.name == "blocking" else note_later
    face.run(
        scenario,
        transport=anywhere,
        base_url="http://any.test/api",
        params={"client": "1"},
        headers={"X-Client": "1"},
        event_hooks={"request": [hook], "response": [hook]},
        default_encoding=lambda content: "latin-1",
        timeout=httpx.Timeout(10, connect=60),
        limits=httpx.Limits(max_connections=2),
    )


def test_mounted_transports(face: Face, anywhere: Elsewhere) -> None:
    def upgrade(request: httpx.Request) -> httpx.Response:
        return httpx.Response(303, headers={"Location": str(request.url.copy_with(scheme="https"))})

    def known(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"text": request.url.path})

    async def scenario(client: AnyClient) -> None:
        safe = await client.get("http://any.test/anything", follow_redirects=True)
        assert (str(safe.url), safe.json()["path"]) == ("https://any.test/anything", "/anything")
        assert (await client.get("https://mock.test/hello")).json() == {"text": "/hello"}
        assert (await client.get("file:///there/index.html")).json() == {"text": "/there/index.html"}

    mounts = {
        "http://": httpx.MockTransport(upgrade),
        "all://*mock.test": httpx.MockTransport(known),
        "file://": httpx.MockTransport(known),
    }
    face.run(scenario, transport=anywhere, mounts=mounts)


def test_applications_in_place_of_servers(face: Face) -> None:
    def wsgi(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"Hello {environ['REMOTE_ADDR']}".encode()]

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"Hello {scope['client'][0]}".encode()})

    async def scenario(client: AnyClient) -> None:
        assert (await client.get("/")).text == "Hello 1.2.3.4"

    transport: Any = httpx.ASGITransport(app=asgi, client=("1.2.3.4", 123))
    if face.name == "blocking":
        transport = httpx.WSGITransport(app=wsgi, remote_addr="1.2.3.4")
    face.run(scenario, transport=transport, base_url="http://testserver")


def test_an_async_client_without_with(face: Face, anywhere: Elsewhere) -> None:
    client = httpx.Client(transport=anywhere) if face.name == "blocking" else httpx.AsyncClient(transport=anywhere)

    async def scenario(_: AnyClient) -> None:
        assert (await AnyClient(client).get("http://any.test/page")).content == PAGE
        if isinstance(client, httpx.Client):
            client.close()
        else:
            await client.aclose()
        assert client.is_closed

    face.run(scenario)
