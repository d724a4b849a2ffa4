"""Basic, Bearer, functions, netrc, and what `auth=` accepts; no message and no repr shows a secret."""

from __future__ import annotations

import base64
import typing
from netrc import NetrcParseError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_client import Auth, BasicAuth, BearerAuth, DigestAuth, FunctionAuth, NetRCAuth
from httpx_client._auth import AuthTypes, build_auth
from httpx_models import Request

from .auth_server import Script, converse
from .conftest import Face

SECRET = "s3cr3t"


def sent_with(auth: Auth, url: str = "http://example.org/", **options: Any) -> str | None:
    """Return the Authorization field of the first request."""
    flow = auth.sync_auth_flow(Request("GET", url, **options))
    field: str | None = next(flow).headers.get("authorization")
    flow.close()
    return field


# Basic.


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617 §2
        ("test", "123\u00a3", "Basic dGVzdDoxMjPCow=="),  # RFC 7617 §2.1
        (b"bytes", b"open sesame", "Basic Ynl0ZXM6b3BlbiBzZXNhbWU="),
        ("u", b"\xff", "Basic dTr/"),
        ("", "", "Basic Og=="),
    ],
)
def test_basic(face: Face, username: str | bytes, password: str | bytes, field: str) -> None:
    server = Script(401)
    response = converse(face, BasicAuth(username, password), Request("GET", "http://example.org/"), server)
    assert server.fields == [field]
    assert response.status_code == 401


@given(st.binary(), st.binary())
def test_basic_can_be_read_back(username: bytes, password: bytes) -> None:
    field = sent_with(BasicAuth(username, password))
    assert field is not None
    assert base64.b64decode(field.removeprefix("Basic "), validate=True) == username + b":" + password


def test_basic_replaces_what_the_caller_gave() -> None:
    assert sent_with(BasicAuth("u", "p"), headers={"Authorization": "other"}) == "Basic dTpw"


@pytest.mark.parametrize("scheme", [BasicAuth, DigestAuth])
@pytest.mark.parametrize("odd", [None, 5, ["u"]])
def test_credentials_are_text_or_bytes(scheme: Any, odd: Any) -> None:
    kind = type(odd).__name__
    with pytest.raises(TypeError, match=f"^Argument 'username' must be str or bytes but got {kind}$"):
        scheme(odd, SECRET)
    with pytest.raises(TypeError, match=f"^Argument 'password' must be str or bytes but got {kind}$"):
        scheme("u", odd)


@pytest.mark.parametrize("scheme", [BasicAuth, DigestAuth])
def test_credentials_that_cannot_be_encoded(scheme: Any) -> None:
    with pytest.raises(ValueError, match="^Argument 'password' contains lone surrogates") as info:
        scheme("u", SECRET + "\udc80")
    assert type(info.value) is ValueError
    assert SECRET not in repr(info.value)
    assert info.value.__suppress_context__


# Bearer.


def test_bearer(face: Face) -> None:
    server = Script(401)
    assert (
        converse(face, BearerAuth("mF_9.B5f-4.1JqM"), Request("GET", "http://example.org/"), server).status_code == 401
    )
    assert server.fields == ["Bearer mF_9.B5f-4.1JqM"]  # RFC 6750 §2.1


def test_bearer_asks_a_function_each_time() -> None:
    tokens = iter(["one", "two"])
    auth = BearerAuth(lambda: next(tokens))
    assert [sent_with(auth), sent_with(auth)] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("token", ["", f"{SECRET}\n", f"{SECRET} x", f"{SECRET}\u00fc", f"{SECRET}\0"])
def test_bearer_refuses_tokens_that_are_none(token: str) -> None:
    with pytest.raises(ValueError, match="^Argument 'token' must be visible ASCII") as info:
        BearerAuth(token)
    assert SECRET not in str(info.value)
    with pytest.raises(ValueError, match="^Argument 'token' must be visible ASCII"):
        sent_with(BearerAuth(lambda: token))


@pytest.mark.parametrize("odd", [None, 5, SECRET.encode()])
def test_bearer_wants_text(odd: Any) -> None:
    message = f"^Argument 'token' must be str, or a function that returns one, but got {type(odd).__name__}$"
    with pytest.raises(TypeError, match=message):
        BearerAuth(odd)
    with pytest.raises(TypeError, match=message):
        sent_with(BearerAuth(lambda: odd))


# Functions.


def test_a_function_changes_the_request(face: Face) -> None:
    def sign(request: Request) -> Request:
        request.headers["Authorization"] = f"{request.method} {request.url.path}"
        return request

    server = Script(401)
    assert converse(face, FunctionAuth(sign), Request("GET", "http://example.org/a"), server).status_code == 401
    assert server.fields == ["GET /a"]


def test_a_function_may_make_another_request() -> None:
    other = Request("GET", "http://example.org/", headers={"Authorization": "other"})
    assert sent_with(FunctionAuth(lambda request: other)) == "other"


def test_a_function_must_return_the_request() -> None:
    forgetful: Any = lambda request: None  # noqa: E731
    with pytest.raises(TypeError, match="^The function given as auth must return the request, but returned NoneType$"):
        sent_with(FunctionAuth(forgetful))


def test_a_function_must_be_one() -> None:
    with pytest.raises(TypeError, match="^Argument 'func' must be callable but got int$"):
        FunctionAuth(typing.cast("Any", 5))


# netrc.

NETRC = """
machine example.org login ann password pass#word
machine accounted.example login u account a password p
machine nameless.example password p
machine open.example login u
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "netrc"
    path.write_text(NETRC)
    return path


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("http://example.org/", "Basic YW5uOnBhc3Mjd29yZA=="),
        ("https://example.org:8443/", "Basic YW5uOnBhc3Mjd29yZA=="),
        ("http://accounted.example/", "Basic dTpw"),
        ("http://nameless.example/", "Basic OnA="),
        ("http://open.example/", None),
        ("http://www.example.org/", None),
    ],
)
def test_netrc(face: Face, file: Path, url: str, field: str | None) -> None:
    server = Script(401)
    converse(face, NetRCAuth(str(file)), Request("GET", url), server)
    assert server.fields == [field]


def test_netrc_by_default(file: Path) -> None:
    file.write_text(NETRC + "default login d password p\n")
    assert sent_with(NetRCAuth(str(file)), "http://unknown.example/") == "Basic ZDpw"
    assert sent_with(NetRCAuth(str(file)), "http://open.example/") is None


def test_netrc_leaves_the_callers_own(file: Path) -> None:
    assert sent_with(NetRCAuth(str(file)), "http://open.example/", headers={"Authorization": "own"}) == "own"


def test_netrc_in_the_home_directory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = file.rename(file.with_name(".netrc"))
    home.chmod(0o600)
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.setenv("USERPROFILE", str(home.parent))
    assert sent_with(NetRCAuth()) == "Basic YW5uOnBhc3Mjd29yZA=="
    assert sent_with(NetRCAuth(None)) == "Basic YW5uOnBhc3Mjd29yZA=="


@pytest.mark.parametrize("of", [Path, bytes, str])
def test_netrc_takes_any_path(file: Path, of: Any) -> None:
    assert sent_with(NetRCAuth(of(file))) == "Basic YW5uOnBhc3Mjd29yZA=="


def test_netrc_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        NetRCAuth(str(tmp_path / "nowhere"))


def test_netrc_wants_a_path() -> None:
    with pytest.raises(TypeError, match="^Argument 'file' must be a path but got int$"):
        NetRCAuth(typing.cast("Any", 0))


@pytest.mark.parametrize("text", [f"machine a login u password p\n{SECRET}", f"machine a login u {SECRET} p", SECRET])
def test_netrc_that_cannot_be_read(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(NetrcParseError, match=r"bad (toplevel|follower) token \(.*netrc, line \d\)") as info:
        NetRCAuth(str(file))
    assert info.value.filename == str(file)
    assert SECRET not in repr(info.value)
    assert info.value.__suppress_context__


# What `auth=` accepts.


def test_none_is_none() -> None:
    assert build_auth(None) is None


@pytest.mark.parametrize("pair", [("u", "p"), (b"u", b"p"), ("u", b"p")], ids=["str", "bytes", "both"])
def test_a_pair_is_basic(pair: Any) -> None:
    auth = build_auth(pair)
    assert type(auth) is BasicAuth
    assert sent_with(auth) == "Basic dTpw"


def test_a_scheme_is_itself() -> None:
    class Callable(Auth):
        def __call__(self, request: Request) -> Request:
            raise AssertionError("a scheme is not called")

    for auth in (BasicAuth("u", "p"), Callable()):
        assert build_auth(auth) is auth


def test_a_callable_is_a_function() -> None:
    auth = build_auth(lambda request: request)
    assert type(auth) is FunctionAuth
    assert sent_with(auth) is None


@pytest.mark.parametrize(
    "odd", [SECRET, SECRET.encode(), [SECRET, SECRET], {SECRET: SECRET}, 5, False], ids=lambda odd: type(odd).__name__
)
def test_anything_else_is_refused_without_being_shown(odd: Any) -> None:
    with pytest.raises(TypeError, match='^Invalid "auth" argument: <class ') as info:
        build_auth(odd)
    assert SECRET not in str(info.value)


@pytest.mark.parametrize("odd", [(), (SECRET,), (SECRET, SECRET, SECRET)])
def test_a_tuple_is_a_pair(odd: Any) -> None:
    with pytest.raises(TypeError, match=rf'^Invalid "auth" argument: a tuple of {len(odd)}, where') as info:
        build_auth(odd)
    assert SECRET not in str(info.value)


def test_a_pair_of_something_else() -> None:
    with pytest.raises(TypeError, match="^Argument 'password' must be str or bytes but got NoneType$"):
        build_auth(typing.cast("Any", (SECRET, None)))


def test_the_types_are_real_at_run_time() -> None:
    assert Auth in typing.get_args(AuthTypes)


@pytest.mark.parametrize(
    "auth", [BasicAuth("ann", SECRET), DigestAuth("ann", SECRET), BearerAuth(SECRET), FunctionAuth(lambda r: r)]
)
def test_reprs_show_no_secret(auth: Auth) -> None:
    assert repr(auth).startswith(f"<{type(auth).__module__}.{type(auth).__qualname__} object at 0x")
