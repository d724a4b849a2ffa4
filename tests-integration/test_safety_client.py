"""What a client must not do, tried on each of its faces: tell secrets, follow blindly, send what nobody meant."""

from __future__ import annotations

import base64
import logging
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces import AnyClient, Face
from servers.scripted import ScriptedServer

import httpx

Seen = list[httpx.Request]
SECRET = "s3cr3t"
BASIC = "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()


def answering(seen: Seen, *responses: httpx.Response | Callable[[], httpx.Response]) -> httpx.MockTransport:
    """Return a transport that gives these responses in turn, then the last one again, and notes the requests."""
    left = list(responses)

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        found = left.pop(0) if len(left) > 1 else left[0]
        return found() if callable(found) else found

    return httpx.MockTransport(handler)


def to(place: str, status: int = 302, fields: dict[str, str] | None = None) -> Callable[[], httpx.Response]:
    """Return what makes a redirect."""
    return lambda: httpx.Response(status, headers={"Location": place, **(fields or {})})


def ok() -> httpx.Response:
    return httpx.Response(200, text="fine")


# Redirects: what stays behind.

ORIGINS = [
    # from, to, whether Authorization goes along, whether all else of the caller does
    ("http://a.test/", "http://a.test/x", True, True),
    ("http://a.test/", "http://a.test:80/x", True, True),
    ("http://A.test/", "//a.TEST/x", True, True),
    ("https://a.test/", "https://a.test:443/x", True, True),
    ("http://a.test/", "https://a.test/x", True, False),
    ("http://a.test/", "https://a.test:8443/x", False, False),
    ("http://a.test:8080/", "https://a.test/x", False, False),
    ("https://a.test/", "http://a.test/x", False, False),
    ("http://a.test/", "http://a.test:8080/x", False, False),
    ("http://a.test/", "http://b.test/x", False, False),
    ("http://a.test/", "http://sub.a.test/x", False, False),
    ("http://a.test/", "http://a.test./x", True, True),
    ("http://a.test/", "http://a.test@b.test/x", False, False),
    ("http://a.test/", "http://b.test#@a.test/", False, False),
    ("https://127.0.0.1/", "https://0x7f.1/x", True, True),
    ("http://[::1]/", "http://127.0.0.1/x", False, False),
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("start", "place", "authorized", "same"), ORIGINS)
def test_credentials_stay_with_their_origin(
    face: Face, start: str, place: str, authorized: bool, same: bool, status: int
) -> None:
    seen: Seen = []
    own = {"Authorization": SECRET, "Proxy-Authorization": SECRET, "Host": "mine.test", "X-Plain": "1"}

    async def scenario(client: AnyClient) -> None:
        await client.get(start, follow_redirects=True, headers=own)
        await client.get(start, follow_redirects=True, auth=("user", SECRET))

    face.run(scenario, transport=answering(seen, to(place, status), ok, to(place, status), ok))
    _, by_field, _, by_auth = (request.headers for request in seen)
    assert ("Authorization" in by_field) == ("Authorization" in by_auth) == authorized
    assert ("Proxy-Authorization" in by_field) == same
    assert (by_field["Host"] == "mine.test") == (same and "a.test./" not in place)  # Host is spelled as the URL is
    assert by_field["X-Plain"] == "1"


@pytest.mark.parametrize("option", ["headers", "auth", "userinfo", "request"])
def test_credentials_do_not_come_back(face: Face, option: str) -> None:
    seen: Seen = []
    by_name: dict[str, dict[str, Any]] = {
        "headers": {"headers": {"Authorization": SECRET}},
        "auth": {"auth": ("user", SECRET)},
    }

    async def scenario(client: AnyClient) -> None:
        url = f"http://user:{SECRET}@a.test/" if option == "userinfo" else "http://a.test/"
        own = {"headers": {"Authorization": SECRET}} if option == "request" else {}
        await client.get(url, follow_redirects=True, **own)

    transport = answering(seen, to("http://b.test/"), to("http://a.test/back"), to("/again"), ok)
    face.run(scenario, transport=transport, **by_name.get(option, {}))
    assert ["Authorization" in request.headers for request in seen] == [True, False, False, False]
    assert [str(request.url) for request in seen[1:]] == ["http://b.test/", "http://a.test/back", "http://a.test/again"]


def test_a_redirect_brings_no_credentials(face: Face) -> None:
    seen: Seen = []

    async def scenario(client: AnyClient) -> None:
        await client.get("http://a.test/", follow_redirects=True)

    face.run(scenario, transport=answering(seen, to("http://root:pw@b.test/"), to("//root:pw@b.test/"), ok))
    assert [request.headers.get("Authorization") for request in seen] == [None, None, None]


def test_netrc_stays_with_its_host(face: Face, tmp_path: Path) -> None:
    seen: Seen = []
    (tmp_path / "netrc").write_text(f"machine a.test\nlogin user\npassword {SECRET}\n")
    (tmp_path / "netrc").chmod(0o600)

    async def scenario(client: AnyClient) -> None:
        for start in ("http://a.test/", "http://b.test/"):
            await client.get(start, follow_redirects=True)

    auth = httpx.NetRCAuth(str(tmp_path / "netrc"))
    face.run(scenario, auth=auth, transport=answering(seen, to("http://b.test/"), ok, to("http://a.test/"), ok))
    assert [request.headers.get("Authorization") for request in seen] == [BASIC, None, None, None]


def test_a_digest_answer_is_for_who_was_asked(face: Face) -> None:
    seen: Seen = []
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}

    async def scenario(client: AnyClient) -> None:
        response = await client.get("http://a.test/", follow_redirects=True)
        assert response.status_code == 401

    transport = answering(seen, to("http://b.test/"), lambda: httpx.Response(401, headers=challenge))
    face.run(scenario, auth=httpx.DigestAuth("user", SECRET), transport=transport)
    assert len(seen) == 2
    assert not any("Authorization" in request.headers for request in seen)


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("http://a.test:99999/", httpx.RemoteProtocolError),
        ("http://[::1/", httpx.RemoteProtocolError),
        ("http://a b/", httpx.RemoteProtocolError),
        ("http://a.test\\@b.test/", httpx.RemoteProtocolError),
        ("///b.test/", httpx.RemoteProtocolError),
        ("http://\u2100.test/".encode(), httpx.RemoteProtocolError),
        ("file:///etc/passwd", httpx.UnsupportedProtocol),
        ("FILE:/etc/passwd", httpx.UnsupportedProtocol),
        ("ftp://a.test/", httpx.UnsupportedProtocol),
        ("data:text/plain,x", httpx.UnsupportedProtocol),
        ("custom://a.test/", httpx.UnsupportedProtocol),
    ],
)
def test_places_where_nobody_goes(face: Face, place: Any, error: type[httpx.RequestError]) -> None:
    seen: Seen = []

    async def scenario(client: AnyClient) -> None:
        with pytest.raises(error) as caught:
            await client.get("http://a.test/", follow_redirects=True)
        assert caught.value.request is not None
        response = await client.get("http://a.test/")
        assert response.has_redirect_location

    everywhere = answering(seen, to(place))
    mounts = {"file://": everywhere, "custom://": everywhere, "ftp://": everywhere}
    face.run(scenario, transport=everywhere, mounts=mounts)
    assert len(seen) == 2


def test_redirects_end(face: Face) -> None:
    seen: Seen = []

    async def scenario(client: AnyClient) -> None:
        with pytest.raises(httpx.TooManyRedirects):
            await client.get("http://a.test/", follow_redirects=True)

    face.run(scenario, transport=answering(seen, to("/")))
    assert len(seen) == 21


# Secrets: what nobody gets to read.


def told(error: BaseException) -> str:
    """Return all that a traceback shows of an error and of its causes."""
    return "".join(traceback.format_exception(error)) + repr(error)


def test_logs_and_reprs_keep_secrets(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    seen: Seen = []
    fields = {"Set-Cookie": f"session={SECRET}", "Authorization": SECRET}

    async def scenario(client: AnyClient) -> None:
        url = f"http://user:{SECRET}@a.test/?q=1"
        response = await client.get(url, follow_redirects=True, params={"p": "2"})
        shown = [response, response.request, response.url, response.history, response.cookies, response.headers]
        shown += [response.request.headers, response.next_request, client.client, client.client.cookies]
        shown += [client.client.auth, client.client.headers, client.client.base_url, client.client._mounts]
        assert SECRET not in repr(shown)
        with pytest.raises(httpx.HTTPStatusError) as caught:
            response.raise_for_status()
        assert SECRET not in told(caught.value)

    caplog.set_level(logging.DEBUG)
    start = to(f"http://user:{SECRET}@a.test/next", fields=fields)
    face.run(
        scenario,
        transport=answering(seen, start, lambda: httpx.Response(404, headers=fields)),
        auth=("user", SECRET),
        headers={"Proxy-Authorization": SECRET},
        cookies={"own": SECRET},
        base_url=f"http://user:{SECRET}@b.test/",
    )
    assert "HTTP Request: GET http://[secure]@a.test/" in caplog.text
    assert SECRET not in caplog.text
    assert seen[0].headers["Authorization"] == BASIC


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": f"{SECRET}\n"}},
        {"headers": {"Cookie": f"{SECRET}\r\nX: y"}},
        {"headers": {"Authorization": f"\u20ac{SECRET}"}},
        {"headers": {"Authorization": (SECRET,)}},
        {"headers": {"Authorization": None, "Cookie": SECRET}},
        {"headers": f"Authorization: {SECRET}"},
        {"headers": [("Authorization", SECRET, 1)]},
        {"cookies": {"session": f"{SECRET}\n"}},
        {"cookies": f"session={SECRET}"},
        {"cookies": [("session", SECRET, 1)]},
        {"auth": ("user", SECRET, 1)},
        {"auth": ("user", [SECRET])},
        {"auth": f"user:{SECRET}"},
        {"auth": ("user", f"{SECRET}\ud800")},
        {"url": f"http://user:{SECRET}@a.test:port/"},
        {"url": f"http://user:{SECRET}@a b/"},
        {"url": f"http://user:{SECRET}\n@a.test/"},
        {"url": f"http://user:{SECRET}@/"},
        {"url": f"http://user:{SECRET}@[::1/"},
        {"url": f"http://user:{SECRET}\ud800@a.test/"},
        {"url": f"ftp://user:{SECRET}@a.test/"},
        {"url": f"user:{SECRET}@a.test/"},
    ],
)
def test_errors_about_what_is_sent_keep_secrets(face: Face, options: dict[str, Any]) -> None:
    async def scenario(client: AnyClient) -> None:
        given = {"url": "http://127.0.0.1:9/", **options}
        with pytest.raises((httpx.RequestError, httpx.InvalidURL, TypeError, ValueError)) as caught:
            await client.request("GET", **given)
        assert SECRET not in told(caught.value)

    face.run(scenario)


@pytest.mark.parametrize(
    "place",
    [
        f"http://user:{SECRET}@a.test:99999/",
        f"http://user:{SECRET}@a b/",
        f"ftp://user:{SECRET}@a.test/",
        f"http://user:{SECRET}@[::1/",
        f"http://user:{SECRET}@a.test/",
    ],
)
def test_errors_about_redirects_keep_secrets(face: Face, place: str) -> None:
    async def scenario(client: AnyClient) -> None:
        with pytest.raises(httpx.RequestError) as caught:
            await client.get("http://a.test/", follow_redirects=True)
        assert SECRET not in told(caught.value) + repr(caught.value.request)

    face.run(scenario, transport=answering([], to(place)))


def test_a_lost_query_is_mentioned_in_one_line(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(client: AnyClient) -> None:
        await client.get(f"http://user:{SECRET}@a.test/%0aINFO%20all%20is%20well?key={SECRET}", params={"a": "1"})

    face.run(scenario, transport=answering([], ok))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "copy_merge_params" in warnings[0]
    assert "\n" not in warnings[0]
    assert SECRET not in caplog.text


# Injection: what is one thing stays one thing.

EVIL = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\x00"]


INJECTIONS: dict[str, Callable[[str], dict[str, Any]]] = {
    "method": lambda evil: {"method": f"GET{evil}"},
    "request line": lambda evil: {"method": f"GET / HTTP/1.1{evil}"},
    "path": lambda evil: {"url": f"http://127.0.0.1:PORT/{evil}"},
    "port": lambda evil: {"url": f"http://127.0.0.1:PORT{evil}/"},
    "host": lambda evil: {"url": f"http://127.0.0.1{evil}:PORT/"},
    "name": lambda evil: {"headers": {f"X-A{evil}": "1"}},
    "value": lambda evil: {"headers": {"X-A": f"1{evil}"}},
    "bytes": lambda evil: {"headers": [(b"X-A", f"1{evil}".encode())]},
    "Host": lambda evil: {"headers": {"Host": f"a.test{evil}"}},
    "Cookie": lambda evil: {"headers": {"Cookie": f"a=1{evil}"}},
    "length": lambda evil: {"headers": {"Content-Length": f"0{evil}"}},
    "auth": lambda evil: {"auth": lambda request: request.headers.update({"X-A": f"1{evil}"}) or request},
    "target": lambda evil: {"extensions": {"target": f"/{evil}".encode()}},
    "part type": lambda evil: {"files": {"f": ("a.txt", b"x", f"text/plain{evil}")}},
    "part value": lambda evil: {"files": {"f": ("a.txt", b"x", "text/plain", {"X-A": f"1{evil}"})}},
    "part name": lambda evil: {"files": {"f": ("a.txt", b"x", "text/plain", {f"X-A{evil}": "1"})}},
}


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("place", INJECTIONS)
def test_line_breaks_are_refused(face: Face, evil: str, place: str) -> None:
    received: list[bytes] = []

    def script(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            received.append(data)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def scenario(client: AnyClient) -> None:
        given: dict[str, Any] = {"method": "POST", "url": "http://127.0.0.1:PORT/", **INJECTIONS[place](evil)}
        given["url"] = given["url"].replace("PORT", str(server.port))
        with pytest.raises((httpx.LocalProtocolError, httpx.InvalidURL)):
            await client.request(**given)

    with ScriptedServer(script) as server:
        face.run(scenario)
    assert received == []


@pytest.mark.parametrize("evil", EVIL)
def test_line_breaks_in_texts_are_written_otherwise(face: Face, evil: str) -> None:
    seen: Seen = []

    async def scenario(client: AnyClient) -> None:
        await client.post("http://a.test/", params={evil: evil}, data={evil: evil}, files={evil: (evil, b"x", None)})
        await client.post("http://a.test/", data={evil: evil})

    face.run(scenario, transport=answering(seen, ok))
    assert all(b"\nX-Evil: 1" not in request.content.replace(b"\r\n\r\n" + evil.encode(), b"") for request in seen)
    assert not any(sign in str(request.url) for request in seen for sign in "\r\n\0")
