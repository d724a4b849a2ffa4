"""A client and what goes wrong while it sends and receives, on each of its faces: nothing is lost, nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import trio
from faces import AnyClient, Face
from servers.scripted import Script, ScriptedServer, answering

import httpx
from httpx_client import AsyncRawTransport
from httpx_transport.testing import Cancelled, Network, Peer, ServedRequest, response

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def body(face: Face, make: Callable[[], Iterator[bytes]]) -> Any:
    """Return a body of the face's colour that can be sent once."""

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in make():
            yield chunk

    return make() if face.name == "blocking" else chunks()


def receiving(received: list[bytes], response: bytes, end: bytes) -> Script:
    """Return a script that notes what comes, and responds when it ends like this."""

    def script(connection: socket.socket) -> None:
        got = b""
        while data := connection.recv(65536):
            got += data
            if got.endswith(end):
                connection.sendall(response)
        received.append(got)

    return script


# Uploads.


@pytest.mark.parametrize("status", [307, 308])
def test_a_body_that_is_gone_is_not_sent_again(face: Face, status: int) -> None:
    received: list[bytes] = []
    there = f"HTTP/1.1 {status} Go\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".encode()

    async def scenario(client: AnyClient) -> None:
        with pytest.raises(httpx.StreamConsumed):
            await client.post(server.url, content=body(face, lambda: iter([b"once"])), follow_redirects=True)
        assert client.client.pool_stats()["active"] == 0

    with ScriptedServer(receiving(received, there, b"0\r\n\r\n")) as server:
        face.run(scenario)
    assert b"".join(received).count(b"POST") == 1


@pytest.mark.parametrize(("length", "sent"), [("10", b"short"), ("3", b"longer"), ("0", b"x")])
def test_a_declared_length_is_kept_to(face: Face, length: str, sent: bytes) -> None:
    received: list[bytes] = []

    async def scenario(client: AnyClient) -> None:
        for content in (sent, body(face, lambda: iter([sent]))):
            with pytest.raises(httpx.LocalProtocolError, match="Content-Length"):
                await client.post(server.url, content=content, headers={"Content-Length": length})
        assert client.client.pool_stats()["active"] == 0
        assert (await client.get(server.url)).text == "hello"

    with ScriptedServer(receiving(received, OK, b"\r\n\r\n")) as server:
        face.run(scenario)
    assert not any(len(got.partition(b"\r\n\r\n")[2]) > int(length) for got in received if got.startswith(b"POST"))


def test_two_framings_are_never_sent(face: Face) -> None:
    async def scenario(client: AnyClient) -> None:
        both = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
        with pytest.raises(httpx.LocalProtocolError):
            await client.post(server.url, content=b"body", headers=both)

    with ScriptedServer(answering(OK)) as server:
        face.run(scenario)


def test_a_body_that_breaks_never_ends_well(face: Face) -> None:
    received: list[bytes] = []

    def breaking() -> Iterator[bytes]:
        yield b"begun"
        raise RuntimeError("the file is gone")

    async def scenario(client: AnyClient) -> None:
        with pytest.raises(RuntimeError, match="the file is gone"):
            await client.post(server.url, content=body(face, breaking))
        assert client.client.pool_stats()["active"] == 0
        assert (await client.get(server.url)).text == "hello"

    with ScriptedServer(receiving(received, OK, b"\r\n\r\n")) as server:
        face.run(scenario)
        assert server.accepted == 2
    assert not any(got.endswith(b"\r\n0\r\n\r\n") for got in received)


@pytest.mark.parametrize("chunk", ["text", 3, None])
def test_a_body_of_something_else(face: Face, chunk: Any) -> None:
    async def scenario(client: AnyClient) -> None:
        with pytest.raises(TypeError, match="bytes"):
            await client.post(server.url, content=body(face, lambda: iter([b"x", chunk])))
        assert client.client.pool_stats()["active"] == 0

    with ScriptedServer(answering(OK)) as server:
        face.run(scenario)


def test_an_empty_chunk_is_not_the_end(face: Face) -> None:
    received: list[bytes] = []

    async def scenario(client: AnyClient) -> None:
        await client.post(server.url, content=body(face, lambda: iter([b"a", b"", b"b"])))

    with ScriptedServer(receiving(received, OK, b"\r\n0\r\n\r\n")) as server:
        face.run(scenario)
    assert received[0].partition(b"\r\n\r\n")[2] == b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"


@pytest.mark.parametrize("status", [413, 401, 303])
@pytest.mark.parametrize("reset", [False, True])
def test_an_early_answer_is_heard(face: Face, status: int, reset: bool) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(
            f"HTTP/1.1 {status} Early\r\nLocation: /x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly".encode()
        )
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                continue

    async def scenario(client: AnyClient) -> None:
        early = await client.post(server.url, content=body(face, lambda: (bytes(65536) for _ in range(2_000))))
        assert (early.status_code, early.text) == (status, "early")
        assert client.client.pool_stats()["active"] == 0

    with ScriptedServer(script) as server:
        face.run(scenario)


# Cookies.


def test_cookies_stay_where_they_belong(face: Face) -> None:
    seen: list[httpx.Request] = []
    fields = [
        "host=1", "wide=1; Domain=a.test", "deep=1; Path=/deep", "sealed=1; Secure", "alien=1; Domain=b.test",
        "suffix=1; Domain=test", "__Host-x=1", "__Secure-y=1", "bad=1; Max-Age=abc", "odd=\x01", "q=\"x y\"",
    ]  # fmt: skip

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers=[("Set-Cookie", field) for field in fields] if len(seen) == 1 else None)

    async def scenario(client: AnyClient) -> None:
        for host in (
            "http://a.test/",
            "http://a.test/deep/er",
            "http://www.a.test/",
            "http://xa.test/",
            "http://b.test/",
        ):
            await client.get(host)
        await client.get("https://a.test/")

    face.run(scenario, transport=httpx.MockTransport(handler))
    sent = [
        {pair.partition("=")[0] for pair in request.headers.get("Cookie", "").split("; ")} - {""} for request in seen
    ]
    own = {"host", "wide", "bad", "q"}
    assert sent[:3] == [set(), own | {"deep"}, {"wide"}]
    assert sent[3:] == [set(), set(), own]


def test_a_cookie_of_an_address_stays_with_it(face: Face) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200, headers=[("Set-Cookie", "a=1; Domain=0.0.1"), ("Set-Cookie", "b=1; Domain=127.0.0.1")]
        )

    async def scenario(client: AnyClient) -> None:
        for host in ("http://127.0.0.1/", "http://127.0.0.1/", "http://126.0.0.1/"):
            await client.get(host)

    face.run(scenario, transport=httpx.MockTransport(handler))
    assert [request.headers.get("Cookie") for request in seen] == [None, "b=1", None]


# Threads, loops, and callers that go away.


def test_fifty_threads_with_cookies_hooks_and_digest() -> None:
    counts: list[str] = []
    failed: list[BaseException] = []
    hooked: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        answer = request.headers.get("Authorization")
        if answer is None:
            return httpx.Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})
        counts.append(re.findall(r"nc=([0-9a-f]{8})", answer)[0])
        return httpx.Response(200, headers={"Set-Cookie": f"c{request.url.path[1:-1]}=1"}, text=request.url.path)

    def work(number: int) -> None:
        try:
            for turn in range(10, 30):
                found = client.get(f"http://a.test/{number}-{turn}")
                assert (found.status_code, found.text) == (200, f"/{number}-{turn}")
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    hooks: dict[str, list[Callable[..., Any]]] = {"request": [lambda request: hooked.append(1)]}
    with httpx.Client(
        transport=httpx.MockTransport(handler), auth=httpx.DigestAuth("u", "p"), event_hooks=hooks
    ) as client:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(counts) == len(set(counts)) == 1_000
        assert len(client.cookies) == 100
        assert len(hooked) >= 1_000


@pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # asyncio says so of what a loop that has ended left behind
def test_one_client_in_loops_of_both_kinds_in_turn() -> None:
    async def once() -> None:
        for _ in range(2):
            assert (await client.get(server.url)).text == "hello"

    with ScriptedServer(answering(OK)) as server:
        client = httpx.AsyncClient()
        for run in (asyncio.run, asyncio.run):
            run(once())
        trio.run(once)
        asyncio.run(once())
        trio.run(client.aclose)
        gc.collect()
        assert server.accepted == 4


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", ["plain", "redirect", "digest", "upload", "broken"])
def test_a_caller_who_goes_away_leaves_nothing_behind(kind: str, late: bool) -> None:
    for step in range(1, 200):
        if not goes_away(kind, step, late):
            return
    raise AssertionError("it never ends")


def goes_away(kind: str, step: int, late: bool) -> bool:
    """Cancel a request at its nth wait; return whether there was one."""
    network = Network()

    async def script(peer: Peer) -> None:
        while request := await peer.request():
            await peer.send(said(kind, request))
            if kind == "broken" and request.target != b"/after":
                return

    async def content() -> AsyncIterator[bytes]:
        for _ in range(3):
            await network.sleep(1)
            yield b"chunk"

    async def main() -> bool:
        pool = network.pool(max_connections=1)
        auth = httpx.DigestAuth("u", "p") if kind == "digest" else None
        async with httpx.AsyncClient(transport=AsyncRawTransport(pool), follow_redirects=True, auth=auth) as client:
            body = content() if kind == "upload" else None
            task = network.start(
                client.request("POST", "http://a.test/", content=body), cancel_at=step, cancel_late=late
            )
            try:
                await task
                cancelled = False
            except Cancelled:
                cancelled = True
            except httpx.RemoteProtocolError:
                assert kind == "broken"
                cancelled = False
            await network.sleep(0)
            stats = pool.stats()
            assert (stats["active"], stats["waiting"]) == (0, 0)
            assert (await client.get("http://a.test/after", auth=None)).text == "hello"
        assert network.open_streams == []
        return cancelled

    network.serve("a.test", 80, script)
    return network.run(main())


def said(kind: str, request: ServedRequest) -> bytes:
    """Return what a server of this kind answers."""
    if request.target == b"/after" or kind in {"plain", "upload"}:
        return response(b"hello")
    if kind == "redirect" and request.target != b"/there":
        return response(b"moved", 302, [(b"Location", b"/there")])
    if kind == "digest" and request.field(b"Authorization") is None:
        return response(b"who?", 401, [(b"WWW-Authenticate", b'Digest realm="r", nonce="n", qop="auth"')])
    return response(b"hello") if kind != "broken" else response(b"hello")[:-3]


# Responses that nobody closes.


def test_an_abandoned_response_gives_its_connection_back(face: Face) -> None:
    limits = httpx.Limits(max_connections=1)

    async def scenario(client: AnyClient) -> None:
        for _ in range(3):
            found = await client.begin("GET", server.url)
            assert found.status_code == 200
            del found
            gc.collect()
        assert (await client.get(server.url)).text == "hello"

    with ScriptedServer(answering(OK)) as server:
        face.run(scenario, limits=limits, timeout=2)
