"""http targets through HTTP proxies on every face: the request is the proxy's, in absolute-form, with its credentials."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from httpx_transport import ConnectError, ConnectTimeout, LocalProtocolError, ReadTimeout
from httpx_transport.interface import Field

from .conftest import OK, Face, Peer, Server, answer_each, silence
from .proxies import Heard, basic, field, tunnelling

Serve = Callable[..., Server]

CHALLENGE = (
    b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n'
    b"Content-Length: %d\r\n\r\n"
)


def forwarding(heard: Heard, *answers: bytes) -> Callable[[Peer], None]:
    """Return a proxy that answers each request with the next of `answers`, then with 200."""
    left = list(answers)

    def script(peer: Peer) -> None:
        while head := peer.head():
            peer.take(int(field(head, b"Content-Length") or 0))
            heard.append(head)
            peer.send(left.pop(0) if left else OK)

    return script


def test_all_http_targets_share_the_connections_to_the_proxy(face: Face, serve: Serve) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard))
    option: Any = {
        "url": f"HTTP://127.0.0.1:{proxy.port}/",
        "auth": (b"user", "pässword"),
        "headers": [("X-For-Proxy", "yes"), (b"X-Twice", b"proxy's")],
    }

    async def scenario() -> None:
        async with face.pool(proxy=option) as pool:
            headers = [(b"X-Twice", b"mine")]
            for host, port in ((b"one.test", None), (b"two.test", 8080), (b"three.test", 80), (b"::1", 81)):
                assert await pool.get(0, url=(b"http", host, port, b"/path?q"), headers=headers) == b"ok"
            assert pool.pool.stats()["connections"] == 1

    face.run(scenario)
    assert proxy.accepted == 1
    authorities = [b"one.test", b"two.test:8080", b"three.test", b"[::1]:81"]
    assert [head.split(b"\r\n")[0] for head in heard] == [
        b"GET http://%b/path?q HTTP/1.1" % each for each in authorities
    ]
    for head in heard:
        assert field(head, b"Host") == b"test"
        assert field(head, b"X-For-Proxy") == b"yes"
        assert field(head, b"X-Twice") == b"mine"
        assert field(head, b"Proxy-Authorization") == basic("user", "pässword")


@pytest.mark.parametrize(
    ("method", "target", "line"),
    [
        (b"OPTIONS", b"*", b"OPTIONS http://a.test HTTP/1.1"),
        (b"GET", b"http://b.test/", b"GET http://b.test/ HTTP/1.1"),
        (b"CONNECT", b"b.test:443", b"CONNECT b.test:443 HTTP/1.1"),
    ],
)
def test_targets_of_other_forms(face: Face, serve: Serve, method: bytes, target: bytes, line: bytes) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://127.0.0.1:{proxy.port}") as pool:
            await (await pool.send(0, method, url=(b"http", b"a.test", None, target)))[2].close()

    face.run(scenario)
    assert heard[0].split(b"\r\n")[0] == line


def test_a_target_given_by_extension_is_not_touched(face: Face, serve: Serve) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard, CHALLENGE % 0))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://u:p@127.0.0.1:{proxy.port}") as pool:
            url, extensions = (b"http", b"a.test", None, b"/"), {"target": b"/raw"}
            assert (await pool.send(0, url=url, extensions=extensions))[0] == 200

    face.run(scenario)
    assert [head.split(b"\r\n")[0] for head in heard] == [b"GET /raw HTTP/1.1"] * 2
    assert b'uri="/raw"' in (field(heard[1], b"Proxy-Authorization") or b"")


def test_what_the_caller_says_to_the_proxy_himself(face: Face, serve: Serve) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard, CHALLENGE % 0))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://user:password@127.0.0.1:{proxy.port}") as pool:
            headers: list[Field] = [(b"proxy-authorization", b"mine")]
            answer = await pool.send(0, url=(b"http", b"a.test", None, b"/"), headers=headers)
            assert answer[0] == 407
            assert headers == [(b"proxy-authorization", b"mine")]

    face.run(scenario)
    assert [field(head, b"Proxy-Authorization") for head in heard] == [b"mine"]


@pytest.mark.parametrize("size", [0, 5, 300_000])
def test_digest(face: Face, serve: Serve, size: int) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard, CHALLENGE % size + b"x" * size, OK, CHALLENGE % 0, CHALLENGE % 0))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://user:hunter2@127.0.0.1:{proxy.port}", max_connections=1) as pool:
            url = (b"http", b"a.test", None, b"/")
            for body in (b"abc", b""):
                answer = await pool.send(0, b"POST", [(b"Content-Length", b"%d" % len(body))], body, url=url)
                assert (answer[0], await answer[2].read()) in [(200, b"ok"), (407, b"")]
            assert (await pool.send(0, url=url))[0] == 200

    face.run(scenario)
    said = [field(head, b"Proxy-Authorization") or b"" for head in heard]
    assert said[0] == basic("user", "hunter2")
    assert all(value.startswith(b"Digest ") and b'uri="http://a.test/"' in value for value in said[1:])
    assert [value.partition(b"nc=")[2][:8] for value in said[1:]] == [
        b"00000001",
        b"00000002",
        b"00000001",
        b"00000002",
    ]
    assert proxy.accepted == (2 if size == 300_000 else 1)


def test_a_body_that_cannot_be_sent_twice_gets_the_answer_that_there_is(face: Face, serve: Serve) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard, CHALLENGE % 0))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://user:password@127.0.0.1:{proxy.port}") as pool:
            for status in (407, 200):
                headers = [(b"Content-Length", b"3")]
                body = face.body([b"abc"])
                answer = await pool.send(0, b"POST", headers, body, url=(b"http", b"a.test", None, b"/"))
                assert answer[0] == status

    face.run(scenario)
    assert (field(heard[1], b"Proxy-Authorization") or b"").startswith(b"Digest ")


@pytest.mark.parametrize("said", [b"Basic realm=x", b"Digest realm=x", b"Negotiate"])
def test_a_challenge_that_we_cannot_answer_is_the_callers(face: Face, serve: Serve, said: bytes) -> None:
    heard: Heard = []
    refusal = b"HTTP/1.1 407 No\r\nProxy-Authenticate: %b\r\nContent-Length: 3\r\n\r\nwhy" % said
    proxy = serve(forwarding(heard, refusal))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://user:password@127.0.0.1:{proxy.port}") as pool:
            status, fields, content, _ = await pool.send(0, url=(b"http", b"a.test", None, b"/"))
            assert (status, fields[0][1], await content.read()) == (407, said, b"why")

    face.run(scenario)
    assert len(heard) == 1


def test_a_proxy_that_never_answers_and_one_that_nobody_runs(face: Face, serve: Serve) -> None:
    proxy = serve(silence)

    async def scenario() -> None:
        url = (b"http", b"a.test", None, b"/")
        async with face.pool(proxy=f"http://127.0.0.1:{proxy.port}", max_connections=1) as pool:
            message = (
                rf"^timed out \(waiting for the response from proxy 127\.0\.0\.1:{proxy.port} on a fresh connection"
            )
            with pytest.raises(ReadTimeout, match=message):
                await pool.send(0, url=url, extensions={"timeout": {"read": 0.03}})
            assert pool.pool.stats()["connections"] == 0
        async with face.pool(proxy="http://[::1]:1") as pool:
            with pytest.raises(ConnectError, match=r"\(connecting to proxy \[::1\]:1, after"):
                await pool.send(0, url=url)

    face.run(scenario)


def test_a_host_that_would_be_another_line(face: Face, serve: Serve) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard))

    async def scenario() -> None:
        async with face.pool(proxy=f"http://127.0.0.1:{proxy.port}") as pool:
            for host in (
                b"a.test\r\nX: y",
                b"a.test b",
                b"a\0b",
                b"a/b",
                b"a@b",
                b"a?b",
                b"a#b",
                b"a\\b",
                b"[::1]",
                b"",
            ):
                with pytest.raises(LocalProtocolError):
                    await pool.send(0, url=(b"http", host, None, b"/"))

    face.run(scenario)
    assert heard == []


def test_a_proxy_spoken_to_over_tls(
    face: Face, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    heard: Heard = []
    proxy = serve(forwarding(heard), server_context)
    url = f"https://127.0.0.1:{proxy.port}"

    async def scenario() -> None:
        for context in (client_context, lambda alpn: client_context):
            async with face.pool(proxy={"url": url, "ssl_context": context}) as pool:
                for _ in range(2):
                    assert await pool.get(0, url=(b"http", b"a.test", None, b"/")) == b"ok"
        # The context of the pool is for targets: it vouches for no proxy.
        async with face.pool(proxy=url, ssl_context=client_context) as pool:
            message = r"CERTIFICATE_VERIFY_FAILED.* \(in the TLS handshake with proxy 127\.0\.0\.1:\d+, after"
            for scheme in (b"http", b"https"):
                with pytest.raises(ConnectError, match=message):
                    await pool.send(0, url=(scheme, b"a.test", None, b"/"))

    face.run(scenario)
    assert [head.split(b"\r\n")[0] for head in heard] == [b"GET http://a.test/ HTTP/1.1"] * 4
    assert proxy.accepted == 4


def test_a_proxy_is_offered_http_1_only(face: Face, serve: Serve, authority: trustme.CA) -> None:
    """Also where the context that it is given has been used for more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[str | None] = []

    def script(peer: Peer) -> None:
        assert isinstance(peer.sock, ssl.SSLSocket)
        chosen.append(peer.sock.selected_alpn_protocol())
        answer_each()(peer)

    option: Any = {"url": f"https://127.0.0.1:{serve(script, context).port}", "ssl_context": trusting}

    async def scenario() -> None:
        async with face.pool(proxy=option) as pool:
            assert await pool.get(0, url=(b"http", b"a.test", None, b"/")) == b"ok"

    face.run(scenario)
    assert chosen == ["http/1.1"]


def test_a_proxy_that_stops_in_its_tls_handshake(face: Face, serve: Serve, client_context: ssl.SSLContext) -> None:
    option: Any = {"url": f"https://127.0.0.1:{serve(silence).port}", "ssl_context": client_context}

    async def scenario() -> None:
        async with face.pool(proxy=option, max_connections=1) as pool:
            for scheme in (b"http", b"https"):
                with pytest.raises(
                    ConnectTimeout, match=r"^timed out \(in the TLS handshake with proxy 127\.0\.0\.1:\d+"
                ):
                    await pool.send(0, url=(scheme, b"a.test", None, b"/"), extensions={"timeout": {"connect": 0.03}})
            assert pool.pool.stats()["connections"] == 0

    face.run(scenario)


def test_forwarding_behind_another_proxy(face: Face, serve: Serve) -> None:
    heard: Heard = []
    asked: Heard = []
    last = serve(forwarding(heard))
    first = serve(tunnelling(asked, last.port))
    chain = [f"http://one:1@127.0.0.1:{first.port}", {"url": "http://last.test:3128", "auth": ("two", "2")}]

    async def scenario() -> None:
        async with face.pool(proxy=chain) as pool:
            for _ in range(2):
                assert await pool.get(0, url=(b"http", b"a.test", None, b"/")) == b"ok"

    face.run(scenario)
    assert (first.accepted, last.accepted) == (1, 1)
    assert [(head.split(b"\r\n")[0], field(head, b"Proxy-Authorization")) for head in (*asked, *heard)] == [
        (b"CONNECT last.test:3128 HTTP/1.1", basic("one", "1")),
        (b"GET http://a.test/ HTTP/1.1", basic("two", "2")),
        (b"GET http://a.test/ HTTP/1.1", basic("two", "2")),
    ]


def test_nothing_goes_past_a_proxy(face: Face, serve: Serve) -> None:
    server = serve(answer_each())

    async def scenario() -> None:
        async with face.pool(proxy="http://127.0.0.1:1") as pool:
            for scheme in (b"http", b"https"):
                with pytest.raises(ConnectError):
                    await pool.send(0, url=(scheme, b"127.0.0.1", server.port, b"/"))

    face.run(scenario)
    assert server.accepted == 0
