"""A request as people write it: what is filled in, what is refused, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport import AsyncConnectionPool, ConnectionPool, LocalProtocolError, UnsupportedProtocol
from httpx_transport._request import parse_url, raw_request

from .conftest import OK, Face, Peer, Server


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        (b"http://example.org", (b"http", b"example.org", None, b"/")),
        (b"HTTPS://Example.ORG:443/a%20b?c#d", (b"https", b"example.org", None, b"/a%20b?c")),
        (b"http://[2001:DB8::1]:8080?q", (b"http", b"2001:db8::1", 8080, b"/?q")),
    ],
)
def test_urls(url: bytes, raw: Any) -> None:
    assert parse_url(url) == raw


@pytest.mark.parametrize(
    "url",
    [
        b"/path",
        b"http:///",
        b"http://u:secret@host/",
        b"http://a b/",
        b"http://host/ ",
        b"http://h\\@x/",
        b"http://a%2e/",
    ],
)
def test_urls_that_leave_something_to_interpret(url: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="must be absolute, ASCII") as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_ports_and_schemes() -> None:
    with pytest.raises(LocalProtocolError, match="at most 65535, not 65536"):
        parse_url(b"http://host:65536/")
    with pytest.raises(UnsupportedProtocol, match="'ftp://'"):
        parse_url(b"ftp://host/")


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (("GET", "http://host:8080/", None, b""), [(b"Host", b"host:8080")]),
        (("GET", b"http://[::1]/", {"A": "b"}, b""), [(b"Host", b"[::1]"), (b"A", b"b")]),
        (("PUT", "http://host/", [(b"host", "x")], b"xy"), [(b"host", b"x"), (b"Content-Length", b"2")]),
        ((b"PUT", "http://h/", {"Content-Length": "1"}, [b"x"]), [(b"Host", b"h"), (b"Content-Length", b"1")]),
        (("PUT", (b"http", b"h", 1, b"*"), None, [b"x"]), [(b"Host", b"h:1"), (b"Transfer-Encoding", b"chunked")]),
    ],
)
def test_what_is_filled_in(arguments: Any, fields: Any) -> None:
    method, _, given = raw_request(*arguments)
    assert (method, given) == (arguments[0] if isinstance(arguments[0], bytes) else arguments[0].encode(), fields)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GÉT", "http://h/", None, b""), "the method must be ASCII"),
        (("GET", "http://é/", None, b""), "the URL must be ASCII"),
        (("GET", "http://h/", {"é": "secret"}, b""), "a header's name must be ASCII"),
        (("GET", "http://h/", {"A": "secreté"}, b""), "the header 'A' must be ASCII"),
    ],
)
def test_text_that_is_not_ascii_is_named_not_shown(arguments: Any, message: str) -> None:
    with pytest.raises(LocalProtocolError, match=message) as caught:
        raw_request(*arguments)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "http://h/", None, b""), "the method must be str or bytes, not <class 'NoneType'>"),
        (("GET", None, None, b""), "the URL must be str or bytes, not <class 'NoneType'>"),
        (("GET", "http://h/", {5: "secret"}, b""), "a header's name must be str or bytes, not <class 'int'>"),
        (("GET", "http://h/", {"A": ["secret"]}, b""), "the header 'A' must be str or bytes, not <class 'list'>"),
    ],
)
def test_what_is_no_text_is_named_not_shown(arguments: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message) as caught:
        raw_request(*arguments)
    assert "secret" not in str(caught.value)


def test_a_request_and_its_response_on_every_face(face: Face, serve: Callable[..., Server]) -> None:
    def script(peer: Peer) -> None:
        while head := peer.head():
            assert head.startswith(b"POST /?q HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)
            assert peer.take(4) == b"body"
            peer.send(OK)

    server = serve(script)

    async def scenario() -> None:
        url = f"http://127.0.0.1:{server.port}?q"
        if face.name == "blocking":
            with ConnectionPool() as pool, pool.request("POST", url, body="body") as response:
                assert (response.status, response.read(), repr(response)) == (200, b"ok", "<RawResponse [200]>")
                pool.request("POST", url, body=b"body").close()
        else:
            async with AsyncConnectionPool() as async_pool:
                async with await async_pool.request("POST", url, body="body") as answer:
                    assert (answer.status, await answer.aread()) == (200, b"ok")
                    assert repr(answer) == "<AsyncRawResponse [200]>"
                await (await async_pool.request("POST", url, body=b"body")).aclose()

    face.run(scenario)
    assert server.accepted == 1
