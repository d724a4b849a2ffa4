"""HTTP/2 with servers that others wrote; `nox -s servers` puts them where `servers.http2` looks for them.

Its name keeps it out of the ordinary run, where there are none of them: here one that is missing is an error.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme
from faces import AnyClient, Face
from servers.http2 import hypercorn, nginx
from servers.proxies import Process
from servers.scripted import ScriptedServer
from servers.tunnel import tunnelling

import httpx
from httpx_transport import AsyncConnectionPool, ConnectionPool

Start = Callable[..., Process]
MANY = 100


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def secure(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with hypercorn(tmp_path_factory.mktemp("hypercorn"), certificate) as server:
        yield f"https://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def engine(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nginx(tmp_path_factory.mktemp("nginx"), certificate) as server:
        yield f"https://127.0.0.1:{server.port}"


async def all_at_once(client: AnyClient, send: Callable[[int], Any]) -> None:
    """Send many requests, in threads or tasks."""
    if isinstance(client.client, httpx.Client):
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                with contextlib.suppress(StopIteration):
                    send(number).send(None)
            except BaseException as error:  # noqa: BLE001 - told to the test
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
    else:
        async with anyio.create_task_group() as tasks:
            for number in range(MANY):
                tasks.start_soon(send, number)


def pieces(client: AnyClient, count: int, piece: bytes = b"y" * 50_000) -> Any:
    """Return a body in pieces, of the client's colour."""

    async def coming() -> AsyncIterator[bytes]:
        for _ in range(count):
            await anyio.lowlevel.checkpoint()
            yield piece

    return (piece for _ in range(count)) if isinstance(client.client, httpx.Client) else coming()


def test_hypercorn(face: Face, secure: str, trusting: ssl.SSLContext) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.get(secure)
        assert (response.status_code, response.http_version, response.headers["x-version"]) == (200, "HTTP/2", "2")
        assert (await client.post(secure, content=b"z" * 1_000_000)).content == b"z" * 1_000_000
        assert (await client.post(secure, content=pieces(client, 40))).content == b"y" * 2_000_000
        assert len((await client.get(secure + "/large")).content) == 3_000_000

        async def send(number: int) -> None:
            content = b"%d" % number * 1_000
            assert (await client.post(secure, content=content)).content == content

        await all_at_once(client, send)

    face.run(scenario, http2=True, verify=trusting)


def test_nginx(face: Face, engine: str, trusting: ssl.SSLContext) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.get(engine + "/small")
        assert (response.http_version, response.text) == ("HTTP/2", "small")
        assert len((await client.get(engine + "/large")).content) == 3_000_000
        assert (await client.post(engine + "/upload", content=pieces(client, 40))).text == "taken"

        async def send(number: int) -> None:
            assert (await client.get(engine + "/small")).text == "small"

        await all_at_once(client, send)

    face.run(scenario, http2=True, verify=trusting)


@pytest.mark.parametrize(
    "settings",
    [("keepalive_requests 20", "http2_max_concurrent_streams 3"), ("keepalive_requests 7",), ("keepalive_requests 2",)],
)
def test_a_connection_that_serves_so_many_requests_and_leaves(
    face: Face, tmp_path: Path, certificate: Path, trusting: ssl.SSLContext, settings: tuple[str, ...]
) -> None:
    """By GOAWAY, in the middle of a crowd, most of which each of many connections turns away; and few streams at once."""

    async def scenario(client: AnyClient) -> None:
        async def send(number: int) -> None:
            assert (await client.get(url)).text == "small"

        await all_at_once(client, send)
        for number in range(20):
            await send(number)

    with nginx(tmp_path, certificate, "http2", *settings) as server:
        url = f"https://127.0.0.1:{server.port}/small"
        face.run(scenario, http2=True, verify=trusting, timeout=30, limits=httpx.Limits(max_connections=4))


def test_a_server_that_stays_with_http1(
    face: Face, tmp_path: Path, certificate: Path, trusting: ssl.SSLContext
) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.get(url)
        assert (response.http_version, response.text) == ("HTTP/1.1", "small")

    with nginx(tmp_path, certificate, "") as server:
        url = f"https://127.0.0.1:{server.port}/small"
        face.run(scenario, http2=True, verify=trusting)


def test_few_streams_at_once(face: Face, tmp_path: Path, certificate: Path, trusting: ssl.SSLContext) -> None:
    async def scenario(client: AnyClient) -> None:
        async def send(number: int) -> None:
            assert (await client.post(url, content=b"%d" % number)).content == b"%d" % number

        await all_at_once(client, send)

    with hypercorn(tmp_path, certificate, h2_max_concurrent_streams=2) as server:
        url = f"https://127.0.0.1:{server.port}/"
        face.run(scenario, http2=True, verify=trusting, timeout=30, limits=httpx.Limits(max_connections=2))


def test_cleartext_by_prior_knowledge(face: Face, tmp_path: Path) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.post(url, content=b"z" * 300_000)
        assert (response.http_version, response.content) == ("HTTP/2", b"z" * 300_000)
        assert len((await client.get(url + "large")).content) == 3_000_000

    with hypercorn(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}/"
        face.run(scenario, http1=False, http2=True)


def test_through_a_tunnel(face: Face, secure: str, engine: str, trusting: ssl.SSLContext) -> None:
    async def scenario(client: AnyClient) -> None:
        response = await client.post(secure, content=b"z" * 300_000)
        assert (response.http_version, response.content) == ("HTTP/2", b"z" * 300_000)
        response = await client.get(engine + "/large")
        assert (response.http_version, len(response.content)) == ("HTTP/2", 3_000_000)

    with ScriptedServer(tunnelling) as tunnel:
        face.run(scenario, http2=True, verify=trusting, proxy=f"http://127.0.0.1:{tunnel.port}")


@pytest.fixture(scope="module")
def through(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of hypercorn's application behind nginx."""
    directory = tmp_path_factory.mktemp("before")
    with (
        hypercorn(tmp_path_factory.mktemp("behind")) as server,
        nginx(directory, certificate, behind=server.port) as front,
    ):
        yield f"https://127.0.0.1:{front.port}/behind"


@pytest.fixture(params=["hypercorn", "nginx"])
def stepping(request: pytest.FixtureRequest) -> str:
    """Return the URL of the application, which is reached directly or through nginx."""
    url: str = request.getfixturevalue("secure" if request.param == "hypercorn" else "through")
    return url


def test_each_piece_is_here_before_the_next_is_sent(face: Face, stepping: str, trusting: ssl.SSLContext) -> None:
    """A request for the next piece goes beside the response that it is a piece of, on the same connection."""

    async def scenario(client: AnyClient) -> None:
        name = f"?{face.name}-pieces"
        response = await client.begin("GET", stepping + "/steps" + name)
        take = client.pieces(response)
        assert response.http_version == "HTTP/2"
        for number in range(3):
            assert await take() == b"piece %d" % number
            assert (await client.get(stepping + "/next" + name)).extensions["stream_id"] > 1
        assert await take() == b""

    face.run(scenario, http2=True, verify=trusting)


def test_a_response_that_is_left_is_none_of_the_others_business(
    face: Face, stepping: str, trusting: ssl.SSLContext
) -> None:
    async def scenario(client: AnyClient) -> None:
        left, kept = f"?{face.name}-left", f"?{face.name}-kept"
        abandoned = await client.begin("GET", stepping + "/steps" + left)
        response = await client.begin("GET", stepping + "/steps" + kept)
        take = client.pieces(response)
        assert await client.pieces(abandoned)() == b"piece 0"
        assert await take() == b"piece 0"
        await client.close(abandoned)
        await client.get(stepping + "/gone" + left)  # the server says when it has been told
        for number in (1, 2):
            await client.get(stepping + "/next" + kept)
            assert await take() == b"piece %d" % number
        assert await take() == b""
        assert (await client.get(stepping + "/small")).status_code == 200

    face.run(scenario, http2=True, verify=trusting)


def test_an_upload_goes_on_while_its_answer_is_read(face: Face, stepping: str, trusting: ssl.SSLContext) -> None:
    """20 MB are more than all that holds bytes on the way: the rest is asked of the body when the echo is read."""
    asked = 0

    def counted() -> Iterator[bytes]:
        nonlocal asked
        while asked < 400:
            asked += 1
            yield b"y" * 50_000

    async def counted_async() -> AsyncIterator[bytes]:
        for piece in counted():
            await anyio.lowlevel.checkpoint()
            yield piece

    async def scenario(client: AnyClient) -> None:
        content: Any = counted() if face.name == "blocking" else counted_async()
        response = await client.begin("POST", stepping + "/", content=content)
        take = client.pieces(response)
        received = len(await take())
        assert asked < 400
        while piece := await take():
            received += len(piece)
        assert received == 20_000_000
        assert asked == 400

    face.run(scenario, http2=True, verify=trusting, timeout=30)


def test_a_conversation(face: Face, stepping: str, trusting: ssl.SSLContext) -> None:
    """Each piece that is sent brings the next one that is received."""

    async def scenario(client: AnyClient) -> None:
        first = pieces(client, 1, b"first")  # content of a known length would be declared, and no more could follow
        response = await client.begin("POST", stepping + "/", content=first, extensions={"duplex": True})
        stream = response.extensions["network_stream"]

        async def call(name: str, *arguments: object) -> Any:
            answer = getattr(stream, name)(*arguments)
            return answer if face.name == "blocking" else await answer

        heard = [await call("read", 65_536)]
        for line in (b"second", b"third"):
            await call("write", line)
            heard.append(await call("read", 65_536))
        await call("write_eof")
        assert heard == [b"first", b"second", b"third"]
        assert await call("read", 65_536) == b""
        await client.close(response)

    face.run(scenario, http2=True, verify=trusting)


def test_pools_alone(face: Face, secure: str, trusting: ssl.SSLContext) -> None:
    async def scenario(client: AnyClient) -> None:
        assert (await client.post(secure, content=b"z" * 300_000)).content == b"z" * 300_000

    options: dict[str, Any] = {"http2": True, "ssl_context": trusting}
    if face.name == "blocking":
        face.run(scenario, transport=httpx.RawTransport(ConnectionPool(**options)))
    else:
        face.run(scenario, transport=httpx.AsyncRawTransport(AsyncConnectionPool(**options)))
