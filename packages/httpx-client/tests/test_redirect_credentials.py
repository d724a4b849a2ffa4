"""What belongs to one request, or to one origin, is not sent to another that a redirect leads to."""

from __future__ import annotations

from typing import Any

import pytest

from httpx_client import AsyncHTTPTransport, Auth, DigestAuth, HTTPTransport
from httpx_client._redirects import may_have_credentials, redirect_extensions
from httpx_models import RemoteProtocolError, Request, Response
from httpx_urls import URL

from .conftest import Face

A, B = (b"http", b"a", None), (b"http", b"b", None)


def through(*places: str, final: Response | None = None, status: int = 307) -> Any:
    """Return a function that answers with redirects to places, one after the other, and then with a final response."""
    left = list(places)

    def answer(request: Request) -> Response:
        if left:
            return Response(status, headers={"Location": left.pop(0)})
        return final or Response(200)

    return answer


@pytest.mark.parametrize(
    ("new", "kept"),
    [
        ("http://a/y", {"sni_hostname": "s", "trace": 1}),
        ("https://a/y", {"sni_hostname": "s", "trace": 1}),
        ("http://a./y", {"sni_hostname": "s", "trace": 1}),
        ("http://a:8080/y", {"sni_hostname": "s", "trace": 1, "credentials_origin": A}),
        ("http://b/y", {"trace": 1, "credentials_origin": A}),
    ],
)
def test_extensions(new: str, kept: dict[str, Any]) -> None:
    given = {"target": b"*", "trailers": list, "duplex": True, "sni_hostname": "s", "trace": 1}
    assert redirect_extensions(given, URL("http://a/x"), URL(new)) == kept
    assert len(given) == 5


def test_the_first_origin_is_remembered() -> None:
    away = redirect_extensions({}, URL("http://a/"), URL("http://b/"))
    further = redirect_extensions(away, URL("http://b/"), URL("http://c/"))
    assert further == away == {"credentials_origin": A}
    assert may_have_credentials({}, URL("http://b/"))
    for url, allowed in (
        ("http://a/y", True),
        ("http://a./y", True),
        ("https://a/", True),
        ("http://b/", False),
        ("https://a:8443/", False),
    ):
        assert may_have_credentials(further, URL(url)) is allowed
    assert not may_have_credentials({"credentials_origin": (b"https", b"a", None)}, URL("http://a/"))


def test_a_qualified_name_is_the_same_host(face: Face) -> None:
    async def scenario() -> None:
        for first, second in (
            ("http://host.test/", "http://host.test./"),
            ("http://host.test./", "https://host.test/"),
        ):
            async with face.over(through(second), auth=("u", "p"), follow_redirects=True) as client:
                await client.get(first)
                assert [bool(request.headers.get("Authorization")) for request in client.sent] == [True, True]
                assert client.sent[1].headers["Host"] == URL(second).netloc.decode()

    face.run(scenario)


def test_extensions_of_one_message_stay_behind(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(through("/y", "http://b/"), follow_redirects=True) as client:
            await client.get("http://a/x?secret", extensions={"target": b"/x?secret", "sni_hostname": "a"})
            first, second, third = (request.extensions for request in client.sent)
            assert (first["target"], first["sni_hostname"]) == (b"/x?secret", "a")
            assert ("target" in second, second["sni_hostname"]) == (False, "a")
            assert not {"target", "sni_hostname"} & set(third)

    face.run(scenario)


def with_secret(request: Request) -> Request:
    request.headers["Authorization"] = "secret"
    return request


@pytest.mark.parametrize("auth", [("u", "p"), DigestAuth("u", "p"), with_secret])
def test_the_clients_auth_is_not_for_another_origin(face: Face, auth: Any) -> None:
    challenge = Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})

    async def scenario() -> None:
        async with face.over(through("http://b/", final=challenge), auth=auth) as client:
            response = await client.get("http://a/")
            assert response.next_request is not None
            response = await client.call("send", response.next_request)
            assert (response.status_code, len(client.sent)) == (401, 2)
            assert "Authorization" not in client.sent[1].headers
            response = await client.call("send", response.request, auth=("own", "p"))
            assert "Authorization" in client.sent[2].headers  # the caller's word
        async with face.over(through("/y"), auth=("u", "p")) as client:
            response = await client.get("http://a/")
            await client.call("send", response.next_request)
            assert "Authorization" in client.sent[1].headers

    face.run(scenario)


@pytest.mark.parametrize(
    ("places", "sent"),
    [
        (("/y",), [True, True]),
        (("https://a.example/",), [True, True]),
        (("http://b.example/", "http://b.example/y"), [True, False, False]),
        (("http://b.example/", "http://a.example/"), [True, False, True]),
    ],
)
@pytest.mark.parametrize("followed", [True, False])
def test_cookies_without_a_domain_stay_with_the_first_origin(
    face: Face, places: tuple[str, ...], sent: list[bool], followed: bool
) -> None:
    async def scenario() -> None:
        async with face.over(through(*places), cookies={"a": "b"}) as client:
            response = await client.get("http://a.example/", follow_redirects=followed)
            while response.next_request is not None:
                response = await client.call("send", response.next_request)
            assert ["Cookie" in request.headers for request in client.sent] == sent

    face.run(scenario)


def test_cookies_without_a_domain_are_not_sent_without_tls(face: Face) -> None:
    async def scenario() -> None:
        async with face.over(through("http://a.example/"), cookies={"a": "b"}, follow_redirects=True) as client:
            client.client.cookies.set("bound", "1", domain="a.example")
            await client.get("https://a.example/")
            assert [request.headers["Cookie"] for request in client.sent] == ["a=b; bound=1", "bound=1"]

    face.run(scenario)


def test_two_locations_are_refused(face: Face) -> None:
    def answer(request: Request) -> Response:
        return Response(302, headers=[("Location", "/y"), ("location", "/y")])

    async def scenario() -> None:
        async with face.over(answer) as client:
            with pytest.raises(RemoteProtocolError, match="^The response has 2 Location fields instead of one"):
                await client.get("http://a/", follow_redirects=True)
            assert (await client.get("http://a/")).next_request is None

    face.run(scenario)


def test_credentials_for_a_proxy_are_not_for_the_origin(face: Face) -> None:
    secret = {"Proxy-Authorization": "secret"}
    kind: Any = HTTPTransport if face.name == "blocking" else AsyncHTTPTransport

    async def scenario() -> None:
        mounts = {"all://proxied.test": kind(proxy="http://127.0.0.1:1")}
        async with face.client(headers=secret, mounts=mounts, trust_env=False) as client:
            for url, kept in (("http://a/", False), ("http://proxied.test/", True), ("https://proxied.test/", False)):
                request = client.client.build_request("GET", url)
                assert ("Proxy-Authorization" in request.headers) is kept, url
            assert client.client.build_request("GET", "http://a/", headers=secret).headers["Proxy-Authorization"]
            assert client.client.headers["Proxy-Authorization"] == "secret"
        async with face.over(through(), headers=secret) as client:  # a foreign transport may lead to a proxy
            await client.get("https://a/", auth=Auth())
            assert client.sent[0].headers["Proxy-Authorization"] == "secret"

    face.run(scenario)
