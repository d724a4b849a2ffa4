"""Digest between a client and servers: who is answered, with which nonce, how often."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from httpx_client import DigestAuth
from httpx_client._auth._digest_challenge import DigestChallenge
from httpx_client._auth._spaces import ProtectionSpaces
from httpx_models import (
    AsyncByteStream,
    ProtocolError,
    Request,
    RequestNotRead,
    Response,
    StreamConsumed,
    SyncByteStream,
)
from httpx_urls import URL

from .auth_server import DigestServer, Script, converse, parameters
from .conftest import Face

CHALLENGE = 'Digest realm="r", nonce="n", qop="auth"'
URL_A = "http://example.org/a?b=c"


def get(url: str = URL_A, **options: Any) -> Request:
    return Request("GET", url, **options)


@pytest.fixture
def auth() -> DigestAuth:
    return DigestAuth("user", "pass")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA", "SHA-256", "SHA-512", "SHA-512-256", "MD5-sess", "SHA-256-sess"])
@pytest.mark.parametrize("qop", ["", 'qop="auth", ', 'qop="auth-int", ', 'qop="auth-int,auth", '])
def test_a_server_lets_in(face: Face, algorithm: str, qop: str) -> None:
    server = DigestServer(f"{qop}algorithm={algorithm}")
    auth = DigestAuth("user", "pass")
    for _ in range(3):
        response = converse(face, auth, Request("POST", URL_A, content=b"body"), server)
        assert response.status_code == 200
    assert server.told == ["none given", "", "", ""]
    if qop:
        wanted = "auth-int" if qop == 'qop="auth-int", ' else "auth"
        assert [given and (given["qop"], given["nc"]) for given in server.seen] == [
            None,
            (wanted, "00000001"),
            (wanted, "00000002"),
            (wanted, "00000003"),
        ]


def test_the_client_nonce_is_new_each_time_but_not_in_a_session(face: Face) -> None:
    for algorithm, different in (("MD5", 3), ("MD5-sess", 1)):
        server = DigestServer(f'qop="auth", algorithm={algorithm}')
        auth = DigestAuth("user", "pass")
        for _ in range(3):
            converse(face, auth, get(), server)
        nonces = {given["cnonce"] for given in server.seen if given}
        assert len(nonces) == different
        assert all(len(nonce) == 16 for nonce in nonces)


def test_a_wrong_password_is_tried_once(face: Face) -> None:
    server = DigestServer()
    auth = DigestAuth("user", "wrong")
    assert converse(face, auth, get(), server).status_code == 401
    assert server.told == ["none given", "wrong"]
    assert converse(face, auth, get(), server).status_code == 401
    assert server.told == ["none given", "wrong", "wrong", "wrong"]


@pytest.mark.parametrize("response", [200, 401, 403, "Basic realm=x", "Digest"])
def test_what_is_no_challenge_is_not_answered(face: Face, auth: DigestAuth, response: Any) -> None:
    server = Script(response)
    converse(face, auth, get(), server)
    assert server.fields == [None]


def test_a_challenge_in_another_status_is_not_answered(face: Face, auth: DigestAuth) -> None:
    server = Script(Response(407, headers={"WWW-Authenticate": CHALLENGE}))
    assert converse(face, auth, get(), server).status_code == 407
    assert server.fields == [None]


def test_a_stale_nonce_is_renewed(face: Face, auth: DigestAuth) -> None:
    server = DigestServer(nonces=2)
    for _ in range(5):
        assert converse(face, auth, get(), server).status_code == 200
    assert server.told == ["none given", "", "", "stale", "", "", "stale", ""]
    assert [given and given["nc"][-1] for given in server.seen] == [None, "1", "2", "3", "1", "2", "3", "1"]


def test_a_nonce_may_go_stale_before_it_is_used(face: Face, auth: DigestAuth) -> None:
    stale = CHALLENGE.replace('"n"', '"m"') + ", stale=true"
    server = Script(CHALLENGE, stale)
    assert converse(face, auth, get(), server).status_code == 200
    assert [field and parameters(field)["nonce"] for field in server.fields] == [None, "n", "m"]


def test_nonces_that_are_always_stale(face: Face, auth: DigestAuth) -> None:
    server = Script(*[CHALLENGE.replace('"n"', f'"{number}"') + ", stale=true" for number in range(9)])
    assert converse(face, auth, get(), server).status_code == 401
    assert [field and parameters(field)["nonce"] for field in server.fields] == [None, "0", "1"]


def test_a_stale_nonce_is_not_used_again(face: Face, auth: DigestAuth) -> None:
    server = Script(*[CHALLENGE + ", stale=true"] * 9)
    assert converse(face, auth, get(), server).status_code == 401
    assert len(server.fields) == 2


def test_the_next_nonce_is_taken(face: Face, auth: DigestAuth) -> None:
    server = DigestServer(nonces=1)
    server.next_nonce = True
    for _ in range(4):
        assert converse(face, auth, get(), server).status_code == 200
    assert server.told == ["none given", "", "", "", ""]
    assert [given and (given["nonce"], given["nc"]) for given in server.seen[1:]] == [
        (f"nonce-{number}", "00000001") for number in range(1, 5)
    ]


def test_an_empty_next_nonce_is_none(face: Face, auth: DigestAuth) -> None:
    server = Script(CHALLENGE, Response(200, headers={"Authentication-Info": 'nextnonce="", rspauth="x"'}))
    converse(face, auth, get(), server)
    converse(face, auth, get(), server)
    assert [field and parameters(field)["nonce"] for field in server.fields] == [None, "n", "n"]


def test_the_same_nonce_is_counted_on(face: Face, auth: DigestAuth) -> None:
    server = Script(CHALLENGE, 200, CHALLENGE, 200)
    for _ in range(2):
        converse(face, auth, get(), server)
    assert [field and parameters(field)["nc"] for field in server.fields] == [None, *(f"0000000{n}" for n in "123")]


def test_octets_of_a_realm_come_back(face: Face, auth: DigestAuth) -> None:
    server = Script(Response(401, headers=[(b"WWW-Authenticate", b'Digest realm="\xfc\xe4", nonce="n"')]))
    sent = get()
    converse(face, auth, sent, server)
    assert next(value for name, value in sent.headers.raw if name == b"Authorization").startswith(
        b'Digest username="user", realm="\xfc\xe4", nonce="n", uri="/a?b=c", response="'
    )


def test_the_caller_s_own_field_is_replaced(face: Face, auth: DigestAuth) -> None:
    server = Script(CHALLENGE)
    sent = get(headers={"authorization": "own"})
    converse(face, auth, sent, server)
    assert server.fields[0] == "own"
    assert len(sent.headers.get_list("authorization")) == 1


@pytest.mark.parametrize("target", [b"*", "*"], ids=["bytes", "str"])
def test_the_target_that_goes_on_the_wire_is_hashed(face: Face, auth: DigestAuth, target: bytes | str) -> None:
    server = Script(CHALLENGE)
    converse(face, auth, Request("OPTIONS", "http://example.org/", extensions={"target": target}), server)
    assert server.fields[1] is not None
    assert parameters(server.fields[1])["uri"] == "*"


# Where a nonce holds.


def test_each_origin_is_by_itself(face: Face, auth: DigestAuth) -> None:
    a, b, c = (Script(CHALLENGE.replace('"n"', f'"{name}"')) for name in "abc")
    urls = ["http://a.example/", "https://a.example/", "http://a.example:8080/"]
    for _ in range(2):
        for url, server in zip(urls, (a, b, c), strict=True):
            converse(face, auth, get(url), server)
    for name, server in zip("abc", (a, b, c), strict=True):
        assert [field and parameters(field)["nonce"] for field in server.fields] == [None, name, name]


def test_each_realm_is_by_itself(face: Face, auth: DigestAuth) -> None:
    def challenge(name: str) -> str:
        return f'Digest realm="{name}", nonce="{name}", qop=auth, domain="http://[/ http://other.example/ /{name}/"'

    for name in "ab":
        converse(face, auth, get(f"http://example.org/{name}/"), Script(challenge(name)))
    fields = {}
    for path in ("/a/x", "/b/y?z", "/c", "/a"):
        server = Script()
        converse(face, auth, get(f"http://example.org{path}"), server)
        fields[path] = server.fields[0]
    assert parameters(fields["/a/x"] or "")["nonce"] == "a"
    assert parameters(fields["/b/y?z"] or "")["nonce"] == "b"
    assert (fields["/c"], fields["/a"]) == (None, None)
    other = Script()
    converse(face, auth, get("http://other.example/"), other)
    assert other.fields == [None]


def test_the_longest_path_counts() -> None:
    spaces = ProtectionSpaces()
    url = URL("http://example.org/")
    deep = spaces.learn(url, DigestChallenge("deep", "n", domain="/a/b"))
    shallow = spaces.learn(url, DigestChallenge("shallow", "n", domain="/ /c/d"))
    whole = spaces.learn(url, DigestChallenge("whole", "n", domain=" "))
    assert spaces.find(URL("http://example.org/a/b/c")) is deep
    assert spaces.find(URL("http://example.org/a")) is shallow
    assert whole.reach("/a") == 0
    assert spaces.learn(url, DigestChallenge("deep", "m")) is deep
    assert spaces.find(URL("http://example.org/x")) is shallow
    latest = spaces.learn(url, DigestChallenge("latest", "n", domain="/"))
    assert spaces.find(URL("http://example.org/x")) is latest
    assert spaces.find(URL("http://example.com/")) is None


def test_a_qualified_name_is_in_the_same_spaces() -> None:
    spaces = ProtectionSpaces()
    space = spaces.learn(URL("http://example.org./"), DigestChallenge("r", "n", domain="http://example.org/a"))
    assert spaces.find(URL("http://example.org/a")) is space
    assert spaces.find(URL("http://example.org./a")) is space
    assert spaces.find(URL("http://example.org/x")) is None


def test_what_is_remembered_is_bounded() -> None:
    spaces = ProtectionSpaces()
    for number in range(300):
        spaces.learn(URL(f"http://h{number}.example/"), DigestChallenge("r", "n"))
        spaces.learn(URL("http://many.example/"), DigestChallenge(f"realm-{number}", "n"))
    assert spaces.find(URL("http://h0.example/")) is None
    assert spaces.find(URL("http://h299.example/")) is not None
    assert len(spaces._known) == 256
    assert max(len(realms) for realms in spaces._known.values()) == 16
    space = spaces.learn(URL("http://nonces.example/"), DigestChallenge("r", "n"))
    for number in range(100):
        space.renew(f"nonce-{number}")
        assert space.take().nc == 1
    assert len(space._uses) == 16
    assert space.take().nc == 2


def in_threads(work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_share_a_count(auth: DigestAuth) -> None:
    server = DigestServer()
    converse(Face("blocking"), auth, get(), server)
    start = threading.Barrier(8)
    counts: list[str] = []

    def work() -> None:
        start.wait()
        for _ in range(100):
            flow = auth.sync_auth_flow(get())
            counts.append(parameters(next(flow).headers["authorization"])["nc"])
            flow.close()

    in_threads(work)
    assert sorted(counts) == [f"{number:08x}" for number in range(2, 802)]


def test_threads_that_get_the_same_challenge_share_a_count(auth: DigestAuth) -> None:
    start = threading.Barrier(8)
    counts: list[str] = []

    def work() -> None:
        flow = auth.sync_auth_flow(get())
        next(flow)
        start.wait()
        sent = flow.send(Response(401, headers={"WWW-Authenticate": CHALLENGE}))
        counts.append(parameters(sent.headers["authorization"])["nc"])
        flow.close()

    in_threads(work)
    assert sorted(counts) == [f"{number:08x}" for number in range(1, 9)]


# Redirects between the request and the challenge.


def redirected(sent: Request, *urls: str) -> Response:
    """Return a challenge from where redirects have led."""
    hops = [Response(302, request=sent)]
    hops += [Response(302, request=Request("GET", url)) for url in urls[:-1]]
    response = Response(401, headers={"WWW-Authenticate": CHALLENGE}, history=hops)
    response.request = Request("GET", urls[-1])
    return response


@pytest.mark.parametrize(
    ("first", "urls"),
    [
        ("http://example.org/", ["http://example.org/next"]),
        ("http://example.org/", ["http://example.org/1", "http://example.org/2"]),
        ("http://example.org/", ["https://example.org/next"]),
        ("http://example.org/", ["https://example.org/1", "http://example.org/2"]),
    ],
    ids=str,
)
def test_the_answer_goes_where_the_challenge_came_from(auth: DigestAuth, first: str, urls: list[str]) -> None:
    sent = get(first)
    flow = auth.sync_auth_flow(sent)
    next(flow)
    again = flow.send(redirected(sent, *urls))
    assert str(again.url) == urls[-1]
    assert parameters(again.headers["authorization"])["uri"] == again.url.path
    # The retry's history has the first hops too; they are behind it.
    renewed = CHALLENGE.replace('"n"', '"m"') + ", stale=true"
    response = Response(401, headers={"WWW-Authenticate": renewed}, request=again)
    response.history = [Response(302, request=sent), Response(401, request=again)]
    assert flow.send(response) is again


@pytest.mark.parametrize(
    ("first", "urls"),
    [
        ("http://example.org/", ["http://evil.example/"]),
        ("http://example.org/", ["http://example.org:8080/"]),
        ("http://example.org/", ["https://example.org:444/"]),
        ("https://example.org/", ["http://example.org/"]),
        ("http://example.org/", ["http://evil.example/", "http://example.org/next"]),
        ("http://example.org/", ["http://evil.example/", "http://evil.example/2", "http://example.org/next"]),
    ],
    ids=str,
)
def test_strangers_get_no_answer(auth: DigestAuth, first: str, urls: list[str]) -> None:
    sent = get(first)
    flow = auth.sync_auth_flow(sent)
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(redirected(sent, *urls))
    assert "authorization" not in sent.headers


def test_strangers_are_not_even_heard(auth: DigestAuth) -> None:
    sent = get()
    flow = auth.sync_auth_flow(sent)
    next(flow)
    response = redirected(sent, "http://evil.example/")
    response.headers["WWW-Authenticate"] = "Digest malformed"
    with pytest.raises(StopIteration):
        flow.send(response)


def test_a_request_that_somebody_has_replaced_is_answered_itself(auth: DigestAuth) -> None:
    flow = auth.sync_auth_flow(get())
    next(flow)
    other = get("http://example.org/other")
    assert flow.send(Response(401, headers={"WWW-Authenticate": CHALLENGE}, request=other)) is other
    flow.close()


def test_strangers_give_no_nonce(auth: DigestAuth) -> None:
    sent = get()
    flow = auth.sync_auth_flow(sent)
    next(flow)
    flow.send(Response(401, headers={"WWW-Authenticate": CHALLENGE}, request=sent))
    info = Response(200, headers={"Authentication-Info": "nextnonce=evil"}, request=get("http://evil.example/"))
    with pytest.raises(StopIteration):
        flow.send(info)
    assert parameters(next(auth.sync_auth_flow(get())).headers["authorization"])["nonce"] == "n"


def test_a_response_made_by_hand_is_answered(auth: DigestAuth) -> None:
    sent = get()
    flow = auth.sync_auth_flow(sent)
    next(flow)
    by_hand = Response(401, headers=[("WWW-Authenticate", CHALLENGE), ("Set-Cookie", "a=b")])
    assert flow.send(by_hand) is sent
    assert "cookie" not in sent.headers
    with pytest.raises(StopIteration):
        flow.send(Response(200))


# Cookies that come with the challenge.


@pytest.mark.parametrize(
    ("own", "cookie"),
    [
        (None, "sid=2; x=y"),
        ("old=1", "old=1; sid=2; x=y"),
        ("sid=1; old=1", "old=1; sid=2; x=y"),
        ("\u00fc=1", "\u00fc=1; sid=2; x=y"),
    ],
)
def test_cookies_of_the_challenge_go_with_the_answer(
    face: Face, auth: DigestAuth, own: str | None, cookie: str
) -> None:
    fields = [("WWW-Authenticate", CHALLENGE), ("Set-Cookie", "sid=2"), ("Set-Cookie", "x=y; Path=/")]
    server = Script(Response(401, headers=[*fields, ("Set-Cookie", "other=1; Path=/other")]))
    sent = get(headers=[(b"Cookie", own.encode())] if own else None)
    converse(face, auth, sent, server)
    assert [value for name, value in sent.headers.raw if name == b"Cookie"] == [cookie.encode()]


@pytest.mark.parametrize("own", [None, "a=1;  b=2"])
def test_cookies_that_go_elsewhere_change_nothing(face: Face, auth: DigestAuth, own: str | None) -> None:
    fields = [("WWW-Authenticate", CHALLENGE), ("Set-Cookie", "a=1; Path=/other")]
    sent = get(headers={"Cookie": own} if own else None)
    converse(face, auth, sent, Script(Response(401, headers=fields)))
    assert sent.headers.get("cookie") == own


# Bodies.


class Chunks(SyncByteStream, AsyncByteStream):
    """A body for both colours."""

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"bo", b"dy")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in (b"bo", b"dy"):
            yield chunk


def test_a_body_is_read_for_auth_int(face: Face, auth: DigestAuth) -> None:
    sent = Request("PUT", URL_A, stream=Chunks())
    assert converse(face, auth, sent, DigestServer('qop="auth-int"')).status_code == 200
    assert sent.content == b"body"


def test_a_body_is_not_read_for_auth(face: Face, auth: DigestAuth) -> None:
    sent = Request("PUT", URL_A, stream=Chunks())
    assert converse(face, auth, sent, DigestServer('qop="auth-int, auth"')).status_code == 200
    with pytest.raises(RequestNotRead):
        sent.content  # noqa: B018


def test_a_known_challenge_reads_the_body_before_it_is_sent(face: Face, auth: DigestAuth) -> None:
    server = DigestServer('qop="auth-int"')
    converse(face, auth, get(), server)
    sent = Request("PUT", URL_A, stream=Chunks())
    assert converse(face, auth, sent, server).status_code == 200
    assert server.told == ["none given", "", ""]


def test_a_body_that_is_gone_cannot_be_hashed(auth: DigestAuth) -> None:
    flow = auth.sync_auth_flow(Request("PUT", URL_A, content=iter([b"x"])))
    sent: Any = next(flow)
    list(sent.stream)
    with pytest.raises(StreamConsumed):
        flow.send(Response(401, headers={"WWW-Authenticate": CHALLENGE.replace("auth", "auth-int")}))


def test_a_subclass_may_want_the_body_at_once(face: Face) -> None:
    class Reading(DigestAuth):
        requires_request_body = True

    sent = Request("PUT", URL_A, stream=Chunks())
    assert converse(face, Reading("user", "pass"), sent, DigestServer()).status_code == 200
    assert sent.content == b"body"


# What cannot be answered.


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('Digest realm="r"', "Malformed Digest WWW-Authenticate header: it has no nonce"),
        ('Digest realm="r", nonce="n" x', "Malformed Digest WWW-Authenticate header: 'nonce=\"n\" x' is no parameter"),
        (CHALLENGE.replace("auth", "new"), "Unexpected qop value 'new' in digest auth"),
        (f"{CHALLENGE}, algorithm=NEW", "Unexpected algorithm value 'NEW' in digest auth"),
    ],
)
def test_what_cannot_be_answered_is_an_error(face: Face, auth: DigestAuth, field: str, message: str) -> None:
    sent = get()
    with pytest.raises(ProtocolError) as info:
        converse(face, auth, sent, Script(field))
    assert type(info.value) is ProtocolError
    assert str(info.value) == message
    assert info.value.request is sent


def test_the_flow_alone_says_what_cannot_be_answered(auth: DigestAuth) -> None:
    flow = auth.auth_flow(get())
    next(flow)
    with pytest.raises(ProtocolError, match="^Malformed Digest"):
        flow.send(Response(401, headers={"WWW-Authenticate": "Digest x=y"}))


@pytest.mark.parametrize("username", ["a\rb", "a\nb", b"a\0b"])
def test_a_user_name_breaks_no_line(username: Any) -> None:
    with pytest.raises(ValueError, match="^Argument 'username' contains a line break or NUL$"):
        DigestAuth(username, "p")
