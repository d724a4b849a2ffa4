"""Where redirects lead, by which method, with which fields; as tables, and through both clients."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_client import Client, MockTransport
from httpx_client._redirects import loses_body, redirect_headers, redirect_method, redirect_url, refuse_scheme
from httpx_models import (
    DecodingError,
    Headers,
    RemoteProtocolError,
    Request,
    Response,
    ResponseNotRead,
    StreamConsumed,
    TooManyRedirects,
    UnsupportedProtocol,
)
from httpx_urls import URL, InvalidURL

from .conftest import Answering, Face, Stream

SECRETS = {"Authorization": "s", "Proxy-Authorization": "p", "Cookie": "c", "Host": "mine", "X-Api-Key": "k"}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"]


@pytest.mark.parametrize("method", METHODS)
def test_methods(method: str) -> None:
    see_other = "HEAD" if method == "HEAD" else "GET"
    expected = {301: "GET" if method == "POST" else method, 302: see_other, 303: see_other, 307: method, 308: method}
    assert {status: redirect_method(method, status) for status in expected} == expected


def test_who_loses_the_body() -> None:
    assert loses_body("POST", "GET")
    assert not loses_body("GET", "GET")
    assert not loses_body("PUT", "PUT")
    assert not loses_body("HEAD", "HEAD")


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [(301, "POST", "GET"), (302, "PUT", "GET"), (303, "DELETE", "GET"), (307, "POST", "POST"), (303, "HEAD", "HEAD")],
)
def test_fields_that_describe_content_stay_with_it(status: int, method: str, expected: str) -> None:
    described = {
        "Content-Type": "text/plain",
        "Content-Encoding": "identity",
        "Content-Language": "en",
        "Content-Location": "/draft",
        "Content-Range": "bytes 0-3/4",
        "Content-Disposition": "attachment",
        "Content-Digest": "sha-256=:x:",
        "Repr-Digest": "sha-256=:x:",
        "Content-MD5": "x",
        "Digest": "sha-256=x",
        "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
        "Trailer": "Checksum",
        "Expect": "100-continue",
    }
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        requests.append(request)
        return Response(status, headers={"Location": "/next"}) if len(requests) == 1 else Response(200)

    with Client(transport=MockTransport(answer), follow_redirects=True) as client:
        client.request(method, "http://a/", content=b"text", headers={**described, "Accept": "text/html"})
    following = requests[1]
    assert following.method == expected
    assert following.headers["Accept"] == "text/html"
    kept = {name for name in (*described, "Content-Length") if name in following.headers}
    assert kept == (set() if expected == "GET" else {*described, "Content-Length"})


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("", "http://a/x?q=1#f"),
        ("/y", "http://a/y#f"),
        ("y", "http://a/y#f"),
        ("?z", "http://a/x?z#f"),
        ("#g", "http://a/x?q=1#g"),
        ("//b/y", "http://b/y#f"),
        ("http://b", "http://b#f"),
        ("http://a/y#new", "http://a/y#new"),
        ("http://a:80/y", "http://a/y#f"),
        ("http://:8080/y", "http://a:8080/y#f"),
        ("https:///y", "https://a/y#f"),
        ("HTTPS://", "https://a#f"),
        ("http://?z", "http://a?z#f"),
        ("/é y", "http://a/%C3%A9%20y#f"),
        ("ftp://a/x", "ftp://a/x#f"),
        ("mailto:a", "mailto:a#f"),
        ("http://u:p@b/", "http://u:p@b/#f"),
        ("http://:p@b/", "http://:p@b/#f"),
    ],
)
def test_targets(location: str, expected: str) -> None:
    assert str(redirect_url(URL("http://a/x?q=1#f"), location)) == expected


@pytest.mark.parametrize("fragment", ["%0A", "a%20b%25", "a%2Fb", "%E9", "%C3%A9", "a?b/c"])
def test_an_inherited_fragment_stays_as_it_is_written(face: Face, fragment: str) -> None:
    async def scenario() -> None:
        for location in ("/y", "/y#", "http://b/y"):
            async with face.over(to(location), follow_redirects=True) as client:
                response = await client.get(f"http://a/x#{fragment}")
                assert str(response.url) == f"http://{'b' if 'b' in location else 'a'}/y#{fragment}"

    face.run(scenario)


@pytest.mark.parametrize("beside", ["plain", "é", "日"])
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/é".encode(), "http://a/%C3%A9"),
        ("/é".encode("latin-1"), "http://a/%E9"),
        (b"/\xe9?\xff#\x80", "http://a/%E9?%FF#%80"),
        (b"/%E9", "http://a/%E9"),
        ("http://exä.de/é".encode(), "http://xn--ex-wia.de/%C3%A9"),
        ("http://exä.de/é".encode("latin-1"), "http://xn--ex-wia.de/%E9"),
        ("//exä.de/é".encode("latin-1"), "http://xn--ex-wia.de/%E9"),
    ],
)
def test_a_location_is_decoded_by_itself(face: Face, location: bytes, expected: str, beside: str) -> None:
    answers = iter(
        [
            Response(
                302,
                headers=[
                    (b"Location", location),
                    (b"X-Other", beside.encode("utf-8" if beside == "日" else "latin-1")),
                ],
            )
        ]
    )

    async def scenario() -> None:
        async with face.over(lambda request: next(answers, None) or Response(200), follow_redirects=True) as client:
            assert str((await client.get("http://a/x")).url) == expected

    face.run(scenario)


def test_a_location_without_a_host_on_ipv6() -> None:
    assert str(redirect_url(URL("http://[::1]:81/x"), "https://:82/y")) == "https://[::1]:82/y"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text("htps:/\\@.#?[]ab1 %", max_size=20)))
def test_any_location_leads_somewhere_or_is_refused(location: str) -> None:
    asked = URL("https://user:secret@host.example/a")
    try:
        target = redirect_url(asked, location)
    except InvalidURL as error:
        said = str(error)
    else:
        said = repr(target)
        fields = redirect_headers(Headers(SECRETS), asked, target, loses_body=False)
        stays = target.scheme == "https" and target.origin == asked.origin
        assert ("Authorization" in fields, "Proxy-Authorization" in fields) == (stays, stays)
        assert fields["Host"] == ("mine" if stays else target.netloc.decode())
    assert "secret" not in said


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("http://a/", "https://b/", False),
        ("http://a/", "ftp://a/", True),
        ("http://a/", "file:///etc/passwd", True),
        ("http://a/", "javascript:1", True),
        ("mock://a/", "mock://b/", False),
        ("mock://a/", "http://b/", False),
        ("mock://a/", "other://b/", True),
        ("file:///a", "file:///b", True),
    ],
)
def test_schemes(old: str, new: str, refused: bool) -> None:
    if refused:
        with pytest.raises(UnsupportedProtocol, match=URL(new).scheme):
            refuse_scheme(URL(old), URL(new))
    else:
        refuse_scheme(URL(old), URL(new))


@pytest.mark.parametrize(
    ("old", "new", "kept", "host"),
    [
        ("http://a/", "http://a/y", {"authorization", "proxy-authorization"}, "mine"),
        ("http://a:80/", "http://a/y", {"authorization", "proxy-authorization"}, "mine"),
        ("http://a/", "https://a/y", {"authorization"}, "a"),
        ("http://a:80/", "https://a:443/y", {"authorization"}, "a"),
        ("https://a/", "http://a/y", set(), "a"),
        ("http://a:8080/", "https://a/y", set(), "a"),
        ("http://a/", "https://a:8443/y", set(), "a:8443"),
        ("http://a/", "https://b/y", set(), "b"),
        ("http://a/", "http://b/y", set(), "b"),
        ("http://a/", "http://a:8080/y", set(), "a:8080"),
        ("http://a/", "http://sub.a/y", set(), "sub.a"),
        ("http://[::1]/", "http://[::2]/y", set(), "[::2]"),
        ("http://host.test/", "http://host.test./y", {"authorization", "proxy-authorization"}, "host.test."),
        ("http://host.test./", "https://host.test/y", {"authorization"}, "host.test"),
        ("http://host.test./", "http://host.test:8080/y", set(), "host.test:8080"),
    ],
)
def test_credentials_stay_with_their_origin(old: str, new: str, kept: set[str], host: str) -> None:
    given = Headers(SECRETS)
    fields = redirect_headers(given, URL(old), URL(new), loses_body=False)
    assert set(fields) == kept | {"host", "x-api-key"}
    assert fields["Host"] == host
    assert given == Headers(SECRETS)


def test_fields_that_describe_content_go_with_it() -> None:
    given = Headers(
        {"Content-Length": "3", "Transfer-Encoding": "chunked", "Content-Type": "text/plain", "Accept": "a/b"}
    )
    given |= {"Content-Encoding": "gzip", "Content-Language": "en", "Content-Location": "/a"}
    url = URL("http://a/")
    assert list(redirect_headers(given, url, url, loses_body=True)) == ["accept"]
    assert redirect_headers(given, url, url, loses_body=False) == given


# Through the clients.


def to(location: str | bytes, status: int = 302, content: Any = b"moved", **fields: str) -> Any:
    """Return a function that answers the first request with a redirect, and the others with 200."""
    answered: list[Request] = []

    def answer(request: Request) -> Response:
        answered.append(request)
        if len(answered) > 1:
            return Response(200, text="there")
        given = location if isinstance(location, bytes) else location.encode()
        headers = [(b"Location", given), *((n.replace("_", "-").encode(), v.encode()) for n, v in fields.items())]
        stream = Stream(*content) if isinstance(content, list) else None
        return Response(status, headers=headers, content=None if stream else content, stream=stream)

    return answer


def test_a_redirect_is_followed_when_asked_for(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(to("/y"), follow_redirects=True) as client:
            response = await client.get("http://a/x#f")
            assert (str(response.url), response.text, response.next_request) == ("http://a/y#f", "there", None)
            (first,) = response.history
            assert (first.status_code, first.text, str(first.url)) == (302, "moved", "http://a/x#f")
            assert repr(first) == "<Response [302 Found]>"
        async with face.over(to("/y"), follow_redirects=True) as client:
            response = await client.get("http://a/x", follow_redirects=False)
            assert (response.status_code, response.history, response.text) == (302, [], "moved")
            assert str(response.next_request.url) == "http://a/y"  # type: ignore[union-attr]
            assert (await client.call("send", response.next_request)).text == "there"
        async with face.over(to("/y")) as client:
            assert (await client.get("http://a/x")).status_code == 302
        async with face.over(to("/y")) as client:
            assert (await client.get("http://a/x", follow_redirects=True)).status_code == 200

    face.run(scenario)


def test_who_is_told_what(face: Face) -> None:
    async def scenario() -> None:
        secrets = {"Authorization": "s", "Proxy-Authorization": "p", "Host": "mine"}
        for location, kept in (("/y", secrets), ("https://a/y", {"Authorization": "s", "Host": "a"})):
            async with face.over(to(location)) as client:
                await client.get("http://a/", headers={**secrets, "Cookie": "own"}, follow_redirects=True)
                fields = client.sent[1].headers
                assert {name: fields.get(name) for name in secrets} == {**dict.fromkeys(secrets), **kept}
                assert "Cookie" not in fields

    face.run(scenario)


@pytest.mark.parametrize("option", [{"auth": ("u", "p")}, {"headers": {"Authorization": "s"}}])
def test_credentials_are_not_restored_on_the_way_back(face: Face, option: Any) -> None:
    places = iter(["http://b/", "http://a/again"])

    def answer(request: Request) -> Response:
        place = next(places, None)
        return Response(200) if place is None else Response(307, headers={"Location": place})

    async def scenario() -> None:
        async with face.over(answer, follow_redirects=True, **option) as client:
            await client.get("http://a/")
            assert ["Authorization" in request.headers for request in client.sent] == [True, False, False]

    face.run(scenario)
    assert next(places, "end") == "end"


def test_userinfo_stays_with_its_host(face: Face) -> None:
    async def scenario() -> None:
        for location, told in (("/y", True), ("http://b/y", False), ("http://u2:p2@b/y", False)):
            async with face.over(to(location), follow_redirects=True) as client:
                await client.get("http://u:p@a/x")
                assert ["Authorization" in request.headers for request in client.sent] == [True, told]

    face.run(scenario)


def test_cookies_of_a_redirect_are_sent_where_they_belong(face: Face) -> None:
    async def scenario() -> None:
        for location, cookie in (("/y", "a=b"), ("http://other.example/", None)):
            async with face.over(to(location, set_cookie="a=b"), follow_redirects=True) as client:
                await client.get("http://host.example/x")
                assert client.sent[1].headers.get("Cookie") == cookie
                assert dict(client.client.cookies) == {"a": "b"}

    face.run(scenario)


@pytest.mark.parametrize(
    ("location", "error", "message"),
    [
        ("http://a:99999/", RemoteProtocolError, r"^Invalid URL in location header: .*99999"),
        ("http://user:secret@[::1", RemoteProtocolError, "^Invalid URL in location header"),
        (b"http://\xff \xfe/", RemoteProtocolError, "^Invalid URL in location header"),
        ("\\\\b\\y", RemoteProtocolError, "^Invalid URL in location header"),
        ("ftp://a/", UnsupportedProtocol, r"^Request URL has an unsupported protocol 'ftp://'\.$"),
        ("file:///etc/passwd", UnsupportedProtocol, "'file://'"),
    ],
)
def test_where_nobody_goes(face: Face, location: Any, error: type[Exception], message: str) -> None:
    async def scenario() -> None:
        async with face.over(to(location, content=[b"moved"])) as client:
            with pytest.raises(error, match=message) as caught:
                await client.get("http://a/", follow_redirects=True)
            assert "secret" not in str(caught.value)
            assert caught.value.request.method == "GET"  # type: ignore[attr-defined]
            assert len(client.sent) == 1
        async with face.over(to(location)) as client:
            response = await client.get("http://a/", follow_redirects=False)
            assert response.status_code == 302
            assert (response.next_request is None) == (error is RemoteProtocolError)

    face.run(scenario)


@pytest.mark.parametrize(("limit", "sent"), [(0, 1), (1, 2), (20, 21)])
def test_too_many_redirects(face: Face, limit: int, sent: int) -> None:
    async def scenario() -> None:
        async with face.over(
            lambda request: Response(302, headers={"Location": "/"}), max_redirects=limit, follow_redirects=True
        ) as client:
            with pytest.raises(TooManyRedirects, match=r"^Exceeded maximum allowed redirects\. ") as caught:
                await client.get("http://a/")
            assert str(caught.value).endswith(
                f" The limit is max_redirects={limit}; the last Location leads to 'http://a/'."
            )
            assert str(caught.value.request.url) == "http://a/"
            assert len(client.sent) == sent

    face.run(scenario)


def test_too_many_redirects_show_no_password(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(to("http://user:secret@b/y"), max_redirects=0, follow_redirects=True) as client:
            with pytest.raises(TooManyRedirects, match=r"leads to 'http://\[secure\]@b/y'\.$"):
                await client.get("http://a/")

    face.run(scenario)


def test_a_body_that_can_be_sent_once(face: Face) -> None:
    def once() -> Iterator[bytes]:
        yield b"abc"

    async def aonce() -> AsyncIterator[bytes]:
        yield b"abc"

    async def drained(request: Request) -> bytes:
        stream: Any = request.stream
        return b"".join(stream) if face.name == "blocking" else b"".join([piece async for piece in stream])

    async def scenario() -> None:
        for status in (307, 303):
            async with face.over(to("/y", status), follow_redirects=True) as client:
                content = once() if face.name == "blocking" else aonce()
                await client.call("post", "http://a/", content=content)
                first, second = client.sent
                assert await drained(first) == b"abc"
                if status == 303:
                    assert (second.method, await drained(second)) == ("GET", b"")
                    assert "Transfer-Encoding" not in second.headers
                else:
                    with pytest.raises(StreamConsumed):
                        await drained(second)

    face.run(scenario)


def test_a_known_body_is_sent_again(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(to("/y", 308), follow_redirects=True) as client:
            await client.call("put", "http://a/", json={"a": 1})
            assert [await request.aread() for request in client.sent] == [b'{"a":1}'] * 2
            assert client.sent[1].headers["Content-Length"] == "7"

    face.run(scenario)


# What is kept of their bodies.


def test_a_long_body_is_given_up(face: Face) -> None:
    answer = to("/y", content=[b"x" * 60_000, b"y" * 5_536, b"z", b"never"])

    async def scenario() -> None:
        async with face.over(answer, follow_redirects=True) as client:
            (first,) = (await client.get("http://a/")).history
            with pytest.raises(ResponseNotRead, match="65536 bytes"):
                first.content  # noqa: B018
            with pytest.raises(ResponseNotRead, match="65536 bytes"):
                first.text  # noqa: B018
            with pytest.raises(ResponseNotRead, match="65536"):
                await first.aread()
            assert first.is_closed

    face.run(scenario)


def test_a_body_at_the_bound_is_kept(face: Face) -> None:
    pieces = Stream(b"x" * 65_536, b"")

    def answer(request: Request) -> Response:
        return Response(302, headers={"Location": "/y"}, stream=pieces) if request.url.path == "/" else Response(200)

    async def scenario() -> None:
        async with face.over(answer, follow_redirects=True) as client:
            (first,) = (await client.get("http://a/")).history
            assert first.content == b"x" * 65_536
            assert (pieces.taken, pieces.closed, first.num_bytes_downloaded) == (2, 1, 65_536)

    face.run(scenario)


def test_a_coded_body_is_decoded_when_it_is_asked_for(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(
            to("/y", content=[gzip.compress(b"moved")], content_encoding="gzip"), follow_redirects=True
        ) as client:
            (first,) = (await client.get("http://a/")).history
            assert not hasattr(first, "_content")
            assert (first.text, first.content, await first.aread()) == ("moved", b"moved", b"moved")
            assert (first.is_closed, repr(first)) == (True, "<Response [302 Found]>")
            assert [piece async for piece in first.aiter_bytes(2)] == [b"mo", b"ve", b"d"]

    face.run(scenario)


@pytest.mark.parametrize("coded", [b"no gzip", gzip.compress(b"moved")[:-4]])
def test_a_malformed_body_harms_nobody_who_does_not_ask(face: Face, coded: bytes) -> None:
    async def scenario() -> None:
        async with face.over(to("/y", content=[coded], content_encoding="gzip"), follow_redirects=True) as client:
            response = await client.get("http://a/")
            assert response.text == "there"
            for _ in range(2):
                with pytest.raises(DecodingError):
                    response.history[0].text  # noqa: B018

    face.run(scenario)


@pytest.mark.parametrize(("option", "bound"), [({}, "1048576 bytes"), ({"max_decoded_size": 9}, "9 bytes")])
def test_a_bomb_is_not_unpacked(face: Face, option: Any, bound: str) -> None:
    answer = to("/y", content=[gzip.compress(bytes(2_000_000))], content_encoding="gzip")

    async def scenario() -> None:
        async with face.over(answer, follow_redirects=True, **option) as client:
            (first,) = (await client.get("http://a/")).history
            for _ in range(2):
                with pytest.raises(DecodingError, match=bound):
                    first.content  # noqa: B018

    face.run(scenario)


def test_limits_hold_for_a_body_that_is_not_coded() -> None:
    with Client(transport=Answering(to("/y", content=[b"12345"])), follow_redirects=True, max_decoded_size=4) as client:
        (first,) = client.get("http://a/").history
        with pytest.raises(DecodingError, match="4 bytes"):
            list(first.iter_bytes())


def test_a_followed_response_in_a_pickle() -> None:
    class Own(Response):
        pass

    def answers(stream: list[bytes]) -> Response:
        answer = to("/y", content=stream, content_encoding="gzip")
        with Client(transport=Answering(answer), follow_redirects=True) as client:
            return client.get("http://a/").history[0]

    restored = pickle.loads(pickle.dumps(answers([gzip.compress(b"moved")])))
    assert (type(restored), restored.text) == (Response, "moved")
    restored = pickle.loads(pickle.dumps(answers([b"no gzip"])))
    assert type(restored) is Response
    with pytest.raises(ResponseNotRead):
        restored.content  # noqa: B018


def test_a_followed_response_of_another_class_stays_one() -> None:
    class Own(Response):
        extra = "own"

    def answer(request: Request) -> Response:
        if request.url.path == "/y":
            return Response(200)
        headers = {"Location": "/y", "Content-Encoding": "gzip"}
        return Own(302, headers=headers, stream=Stream(gzip.compress(b"moved")))

    with Client(transport=Answering(answer), follow_redirects=True) as client:
        (first,) = client.get("http://a/").history
    assert isinstance(first, Own)
    assert (first.extra, first.read(), repr(first)) == ("own", b"moved", "<Own [302 Found]>")


def test_a_body_that_a_hook_has_begun() -> None:
    pieces = Stream(b"a", b"b")

    def answer(request: Request) -> Response:
        return Response(302, headers={"Location": "/y"}, stream=pieces) if request.url.path == "/" else Response(200)

    begun: list[Any] = []

    def hook(response: Response) -> None:
        begun.append(response.iter_raw())
        next(begun[0])

    with Client(transport=Answering(answer), follow_redirects=True, event_hooks={"response": [hook]}) as client:
        (first,) = client.get("http://a/", follow_redirects=True).history[:1]
    assert first.is_closed
    assert pieces.closed
