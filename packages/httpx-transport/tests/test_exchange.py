"""One exchange on every face: bodies both ways, early answers, and what goes wrong."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from httpx_transport import (
    LocalProtocolError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    WriteTimeout,
)

from .conftest import OK, Face, Peer, Server, answer_each, answer_once, silence

Serve = Callable[..., Server]

MEGABYTES = 5_000_000  # more than the buffers of both ends hold


def test_status_fields_and_facts(face: Face, serve: Serve) -> None:
    server = serve(answer_each(b"HTTP/1.1 404 Not Found\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 0\r\n\r\n"))

    async def scenario() -> None:
        async with face.pool() as pool:
            status, fields, content, facts = await pool.send(server.port)
            assert (status, fields) == (404, [(b"X-a", b"1"), (b"x-A", b"2"), (b"Content-Length", b"0")])
            assert (facts["http_version"], facts["reason_phrase"], facts["trailers"]) == (b"HTTP/1.1", b"Not Found", [])
            assert await content.read() == b""
            await content.close()

    face.run(scenario)


def test_what_is_told_of_the_connection_and_of_the_time(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        while peer.head():
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            looked.wait(30)
            looked.clear()
            peer.send(b"ok")

    looked = threading.Event()
    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            seen = []
            for _ in range(2):
                _, _, content, facts = await pool.send(server.port)
                assert "total" not in facts["timings"]
                looked.set()
                assert await content.read() == b"ok"
                seen.append(facts)
            first, second = [facts["connection"] for facts in seen]
            assert first == {
                "id": first["id"],
                "reused": False,
                "local_address": first["local_address"],
                "remote_address": ("127.0.0.1", server.port),
                "tls_version": None,
                "cipher": None,
                "certificate": None,
                "alpn": None,
            }
            assert second == {**first, "reused": True}
            phases = [facts["timings"] for facts in seen]
            assert set(phases[0]) == {"dns", "connect", "send", "first_byte", "receive", "total"}
            assert set(phases[1]) == {"send", "first_byte", "receive", "total"}
            for measured in phases:
                total = measured.pop("total")
                assert all(seconds >= 0 for seconds in measured.values())
                assert sum(measured.values()) <= total

    face.run(scenario)


def test_what_is_told_of_tls(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server = serve(answer_each(), server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context) as pool:
            facts = (await pool.send(0, url=(b"https", b"127.0.0.1", server.port, b"/")))[3]
            assert facts["connection"]["tls_version"] == "TLSv1.3"
            assert facts["timings"]["tls"] > 0
            assert facts["network_stream"].get_extra_info("ssl_object").version() == "TLSv1.3"

    face.run(scenario)


def test_what_goes_on_the_wire(face: Face, serve: Serve) -> None:
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.head())
        peer.send(OK)

    server = serve(script)
    headers = [(b"X-b", b"1"), (b"x-B", b"2")]

    async def scenario() -> None:
        async with face.pool() as pool:
            await pool.send(server.port, b"OPTIONS", headers, url=(b"http", b"127.0.0.1", server.port, b"*"))

    face.run(scenario)
    assert seen == [b"OPTIONS * HTTP/1.1\r\nHost: test\r\nX-b: 1\r\nx-B: 2\r\n\r\n"]
    assert headers == [(b"X-b", b"1"), (b"x-B", b"2")]


@pytest.mark.parametrize("framing", ["length", "chunked", "until close"])
def test_content_in_pieces(face: Face, serve: Serve, framing: str) -> None:
    pieces = [b"a" * 10, b"b" * 100_000, b"c"]
    head = {"length": b"Content-Length: 100011\r\n", "chunked": b"Transfer-Encoding: chunked\r\n", "until close": b""}

    def script(peer: Peer) -> None:
        while peer.head():
            peer.send(b"HTTP/1.1 200 OK\r\n%b\r\n" % head[framing])
            for piece in pieces:
                peer.send(b"%x\r\n%b\r\n" % (len(piece), piece) if framing == "chunked" else piece)
            if framing == "chunked":
                peer.send(b"0\r\n\r\n")
            if framing == "until close":
                return

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                assert await pool.get(server.port) == b"".join(pieces)

    face.run(scenario)
    assert server.accepted == (2 if framing == "until close" else 1)


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("kind", ["bytes", "chunks"])
@pytest.mark.parametrize("sizes", [[], [3, 0, 4], [100_000, 5], [MEGABYTES]])
def test_bodies(face: Face, serve: Serve, chunked: bool, kind: str, sizes: list[int]) -> None:
    chunks = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    body = b"".join(chunks)
    seen = []

    def script(peer: Peer) -> None:
        while b"POST" in peer.head():
            if chunked:
                received = b""
                while size := int(peer.take_line(), 16):
                    received += peer.take(size + 2)[:-2]
                assert peer.take_line() == b""
            else:
                received = peer.take(len(body))
            seen.append(received)
            peer.send(OK)

    server = serve(script)
    framing = (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", b"%d" % len(body))

    async def scenario() -> None:
        async with face.pool() as pool:
            for _ in range(2):
                sent = body if kind == "bytes" else face.body(chunks)
                assert (await pool.send(server.port, b"POST", [framing], sent))[0] == 200

    face.run(scenario)
    assert seen == [body, body]
    assert server.accepted == 1


@pytest.mark.parametrize(("declared", "message"), [(b"4", "Too much data"), (b"6", "Too little data")])
@pytest.mark.parametrize("kind", ["bytes", "chunks"])
def test_a_declared_length_is_kept(face: Face, serve: Serve, declared: bytes, message: str, kind: str) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool() as pool:
            body = b"12345" if kind == "bytes" else face.body([b"123", b"45"])
            with pytest.raises(LocalProtocolError, match=message):
                await pool.send(server.port, b"POST", [(b"Content-Length", declared)], body)

    face.run(scenario)


def test_an_error_of_the_body_is_the_callers_and_never_ends_the_body_cleanly(face: Face, serve: Serve) -> None:
    seen = []

    def script(peer: Peer) -> None:
        with contextlib.suppress(ConnectionError):
            while data := peer.sock.recv(65536):
                seen.append(data)

    server = serve(script)

    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise OSError("disk")

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            with pytest.raises(OSError, match=r"^disk$"):
                await pool.send(server.port, b"POST", [(b"Transfer-Encoding", b"chunked")], face.body(chunks()))
            assert await pool.get(serve(answer_each()).port) == b"ok"

    face.run(scenario)
    assert b"0\r\n\r\n" not in b"".join(seen)


def test_chunks_that_are_like_bytes_are_sent(face: Face, serve: Serve) -> None:
    seen = []

    def script(peer: Peer) -> None:
        peer.head()
        seen.append(peer.take(6))
        peer.send(OK)

    server = serve(script)
    chunks: list[Any] = [bytearray(b"ab"), memoryview(b"-cd-")[1:3], b"ef"]

    async def scenario() -> None:
        async with face.pool() as pool:
            answer = await pool.send(server.port, b"POST", [(b"Content-Length", b"6")], face.body(chunks))
            assert answer[0] == 200

    face.run(scenario)
    assert seen == [b"abcdef"]


@pytest.mark.parametrize("chunk", [None, "text", 1])
def test_a_chunk_that_is_no_bytes_never_passes_for_the_end(face: Face, serve: Serve, chunk: Any) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(TypeError, match="chunks of a request's body must be bytes, not <class"):
                await pool.send(server.port, b"POST", [(b"Transfer-Encoding", b"chunked")], face.body([b"a", chunk]))

    face.run(scenario)


def test_a_timeout_extension_that_is_none(face: Face) -> None:
    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(TypeError, match="'timeout' must be a dict of seconds by phase, not <class 'int'>: 5"):
                await pool.send(1, extensions={"timeout": 5})

    face.run(scenario)


def test_a_body_of_the_other_colour(face: Face, serve: Serve) -> None:
    server = serve(silence)
    other = Face("asyncio" if face.name == "blocking" else "blocking")

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(TypeError, match="must be bytes or an"):
                await pool.send(server.port, b"POST", [(b"Content-Length", b"1")], other.body([b"a"]))

    face.run(scenario)


@pytest.mark.parametrize("hang_up", [False, True])
@pytest.mark.parametrize("kind", ["bytes", "chunks"])
def test_an_early_answer_is_seen_while_uploading(face: Face, serve: Serve, kind: str, hang_up: bool) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        if hang_up:
            peer.sock.shutdown(1)
        finished.wait()

    finished = threading.Event()
    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            body = b"x" * MEGABYTES if kind == "bytes" else face.body([b"x" * 100_000] * (MEGABYTES // 100_000))
            status, _, content, _ = await pool.send(
                server.port, b"POST", [(b"Content-Length", b"%d" % MEGABYTES)], body
            )
            assert (status, await content.read()) == (413, b"no")
            finished.set()
            fresh = serve(answer_each())
            assert await pool.get(fresh.port) == b"ok"

    face.run(scenario)


@pytest.mark.parametrize("hang_up", [False, True])
def test_an_early_answer_is_seen_between_chunks_that_all_fit(face: Face, serve: Serve, hang_up: bool) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.take_line()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        if hang_up:
            peer.close()
        answered.set()
        peer.wait_closed()

    answered = threading.Event()
    server = serve(script)

    def chunks() -> Iterator[bytes]:
        yield b"x"
        answered.wait()
        yield b"x" * 300_000
        raise AssertionError("the answer was there")

    async def scenario() -> None:
        async with face.pool() as pool:
            headers = [(b"Transfer-Encoding", b"chunked")]
            status, _, content, _ = await pool.send(server.port, b"POST", headers, face.body(chunks()))
            assert (status, await content.read()) == (413, b"no")

    face.run(scenario)


def test_a_reset_between_chunks(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.reset()
        gone.set()

    gone = threading.Event()
    server = serve(script)

    def chunks() -> Iterator[bytes]:
        yield b"x"
        gone.wait()
        yield b"x"

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises((RemoteProtocolError, ReadError), match="waiting for the response from"):
                await pool.send(server.port, b"POST", [(b"Transfer-Encoding", b"chunked")], face.body(chunks()))

    face.run(scenario)


def test_an_answer_is_heard_although_a_reset_followed(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        peer.reset()
        gone.set()

    gone = threading.Event()
    server = serve(script)

    def chunks() -> Iterator[bytes]:
        yield b"x" * 100
        gone.wait()  # an event loop hears of nothing meanwhile
        yield b"x" * 100

    async def scenario() -> None:
        async with face.pool() as pool:
            body = face.body(chunks())
            status, _, content, _ = await pool.send(server.port, b"POST", [(b"Content-Length", b"200")], body)
            assert (status, await content.read()) == (413, b"no")

    face.run(scenario)


def test_a_reset_while_uploading(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.reset()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            message = rf"\(waiting for the response from 127.0.0.1:{server.port} on a fresh connection"
            with pytest.raises((RemoteProtocolError, ReadError), match=message):
                await pool.send(server.port, b"POST", [(b"Content-Length", b"%d" % MEGABYTES)], b"x" * MEGABYTES)

    face.run(scenario)


def test_a_peer_that_takes_nothing(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        finished.wait()

    finished = threading.Event()
    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            try:
                with pytest.raises(WriteTimeout, match=r"timed out \(sending the request to .* after 0.05 s\)"):
                    await pool.send(
                        server.port,
                        b"POST",
                        [(b"Content-Length", b"%d" % (10 * MEGABYTES))],
                        b"x" * 10 * MEGABYTES,
                        extensions={"timeout": {"write": 0.05}},
                    )
            finally:
                finished.set()

    face.run(scenario)


def test_a_peer_that_says_nothing(face: Face, serve: Serve) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool(timeout=0.03) as pool:
            message = rf"^timed out \(waiting for the response from 127.0.0.1:{server.port} on a fresh connection, after 0.03 s\)$"
            with pytest.raises(ReadTimeout, match=message):
                await pool.send(server.port)

    face.run(scenario)


def test_a_peer_that_stops_in_the_middle(face: Face, serve: Serve) -> None:
    first = OK
    rest = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"

    def script(peer: Peer) -> None:
        peer.head()
        peer.send(first)
        peer.head()
        peer.send(rest)
        peer.wait_closed()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            await pool.get(server.port)
            content = (await pool.send(server.port, extensions={"timeout": {"read": 0.03}}))[2]
            assert await content.next() == b"ab"
            message = r"timed out \(reading the content from .* on a reused connection, after 0.03 s\)"
            with pytest.raises(ReadTimeout, match=message):
                await content.next()
            assert await pool.get(serve(answer_each()).port) == b"ok"

    face.run(scenario)


@pytest.mark.parametrize("limit", [1e7, 1e12, float("inf")])
def test_a_very_long_timeout_is_no_limit(face: Face, serve: Serve, limit: float) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool(timeout=limit) as pool:
            assert await pool.get(server.port) == b"ok"

    face.run(scenario)


def test_a_timeout_below_nothing_is_over_at_once(face: Face, serve: Serve) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(ReadTimeout):
                await pool.send(server.port, extensions={"timeout": {"read": -1}})

    face.run(scenario)


def test_a_slow_peer_is_waited_for(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        for byte in OK:
            peer.send(bytes([byte]))

    server = serve(script)

    async def scenario() -> None:
        async with face.pool(timeout=None) as pool:
            assert await pool.get(server.port) == b"ok"

    face.run(scenario)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            b"",
            r"^Server disconnected without sending a response\. \(waiting for the response from 127.0.0.1:\d+ on a fresh",
        ),
        (b"nonsense\r\n\r\n", r"^illegal status line.* \(waiting for the response from 127.0.0.1:\d+ on a fresh"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            r"^peer closed .* \(reading the content from 127.0.0.1:\d+ on",
        ),
    ],
)
def test_a_bad_response_says_where_and_when(face: Face, serve: Serve, response: bytes, message: str) -> None:
    server = serve(answer_once(response))

    async def scenario() -> None:
        async with face.pool(max_connections=1) as pool:
            with pytest.raises(RemoteProtocolError, match=message):
                await pool.get(server.port)
            assert await pool.get(serve(answer_each()).port) == b"ok"

    face.run(scenario)


def test_a_reset_while_waiting(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.reset()

    server = serve(script)

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(ReadError, match=r"^\[Errno \d+\] .* \(waiting for the response from 127.0.0.1:"):
                await pool.send(server.port)

    face.run(scenario)


def test_content_that_came_with_the_head_can_be_taken_whole(face: Face, serve: Serve) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    small_server, large_server = serve(answer_each(OK)), serve(answer_each(large))

    async def scenario() -> None:
        async with face.pool() as pool:
            content = (await pool.send(small_server.port))[2]
            assert content.body.whole() == b"ok"
            assert content.body.whole() == b""
            assert await content.read() == b""
            content = (await pool.send(large_server.port))[2]
            assert content.body.whole() is None
            assert len(await content.read()) == 1_000_000

    face.run(scenario)


def test_what_comes_before_the_head_and_after_the_content(face: Face, serve: Serve) -> None:
    def script(peer: Peer) -> None:
        while peer.head():
            peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send(b"1\r\na\r\n0\r\nT: 1\r\n\r\n")

    server = serve(script)
    heard: list[Any] = []

    async def scenario() -> None:
        async with face.pool() as pool:
            listen = lambda status, fields: heard.append((status, fields))  # noqa: E731
            status, _, content, facts = await pool.send(server.port, extensions={"on_informational": listen})
            assert (status, await content.read()) == (200, b"a")
            assert facts["informational"] == heard == [(103, [(b"Link", b"<a>")]), (102, [])]
            assert facts["trailers"] == [(b"T", b"1")]
            assert await pool.get(server.port) == b"a"

    face.run(scenario)
    assert server.accepted == 1


def test_bodies_are_context_managers(serve: Serve) -> None:
    import asyncio

    from httpx_transport import AsyncConnectionPool, ConnectionPool

    server = serve(answer_each(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"))
    url, headers = (b"http", b"127.0.0.1", server.port, b"/"), [(b"Host", b"test")]
    with ConnectionPool() as pool, pool.handle_request(b"GET", url, headers, b"", {})[2] as body:
        assert next(body) == b"ab"

    async def scenario() -> None:
        async with (
            AsyncConnectionPool() as pool,
            (await pool.handle_async_request(b"GET", url, headers, b"", {}))[2] as body,
        ):
            async for chunk in body:
                assert chunk == b"ab"
                break

    asyncio.run(scenario())
