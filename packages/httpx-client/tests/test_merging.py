"""How URLs, parameters, fields and cookies of a client and of a request become one."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_client import Client
from httpx_client._merging import join_base, loses_query, merge_headers, put_under_query, to_url, with_trailing_slash
from httpx_models import Cookies, Headers, Request, Response
from httpx_urls import URL, InvalidURL, QueryParams

from .conftest import Answering

# Observed: what 0.28.1 makes of a base URL and another.
BASES = {
    "http://a": "http://a",
    "http://a/": "http://a/",
    "http://a/x": "http://a/x/",
    "http://a/x/?q=1": "http://a/x/?q=1/",
    "http://a/x%2Fy": "http://a/x%2Fy/",
    "http://a/x#f": "http://a/x/#f",
    "": "",
    "/rel": "/rel/",
}
JOINED = [
    ("http://a", "", "http://a/"),
    ("http://a", "y", "http://a/y"),
    ("http://a", "/y", "http://a/y"),
    ("http://a", "../y", "http://a/y"),
    ("http://a", "?a=b", "http://a/?a=b"),
    ("http://a", "#frag", "http://a/"),
    ("http://a", "//h/y", "http://a/y"),
    ("http://a", "https://z/y#f", "https://z/y#f"),
    ("http://a", "file:///etc/motd", "http://a/etc/motd"),
    ("http://a/x", "file:///etc/motd", "http://a/x/etc/motd"),
    ("/rel", "file:///etc/motd", "/rel/etc/motd"),
    ("", "file:///etc/motd", str(URL("file:///etc/motd"))),
    ("http://a", "mailto:y", "http://a/y"),
    ("http://a/x", "", "http://a/x/"),
    ("http://a/x", "/", "http://a/x/"),
    ("http://a/x", "y?a=b#f", "http://a/x/y?a=b"),
    ("http://a/x", "../y", "http://a/y"),
    ("http://a/x", "./y/", "http://a/x/y/"),
    ("http://a/x", "//h/y", "http://a/x/y"),
    ("http://a/x", "/y%2Fz", "http://a/x/y%2Fz"),
    ("http://a/x/?q=1", "y", "http://a/x/?q=1/y"),
    ("http://a/x%2Fy", "y", "http://a/x%2Fy/y"),
    ("http://a/x#f", "y", "http://a/x/y#f"),
    ("", "", "/"),
    ("", "y", "/y"),
    ("", "//h/y", "/y"),
    ("", "?a", "/?a"),
    ("/rel", "y", "/rel/y"),
]


@pytest.mark.parametrize(("url", "expected"), BASES.items())
def test_a_base_url_ends_in_a_slash(url: str, expected: str) -> None:
    assert str(with_trailing_slash(URL(url))) == expected
    assert str(Client(base_url=url).base_url) == expected


def test_text_that_was_given_before_is_the_same_url() -> None:
    class Text(str):
        """Text that may say another thing each time."""

        __slots__ = ()

    url = to_url("http://a.test/ä")
    assert url == URL("http://a.test/ä")
    assert to_url("http://a.test/ä") is url
    assert to_url(Text("http://a.test/ä")) is not url
    assert to_url(url) == url
    long = f"http://a.test/{'a' * 2000}"
    assert to_url(long) == URL(long)
    assert to_url(long) is not to_url(long)
    with pytest.raises(InvalidURL):
        to_url("http://[")
    with pytest.raises(TypeError):
        to_url(1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("base", "url", "expected"), JOINED)
def test_relative_urls_go_behind_the_base(base: str, url: str, expected: str) -> None:
    assert str(join_base(with_trailing_slash(URL(base)), URL(url))) == expected
    assert str(Client(base_url=base).build_request("GET", url).url) == expected


PATHS = st.text("ab/.%2?#=&é ", max_size=12)


@settings(max_examples=200, deadline=None)
@given(PATHS, PATHS)
def test_a_relative_url_never_leaves_the_base_s_host(base: str, url: str) -> None:
    try:
        home = with_trailing_slash(URL(f"http://host.example:81/{base}"))
        reference = URL(url)
        joined = join_base(home, reference)
    except InvalidURL:
        return
    assert joined.origin == home.origin


@pytest.mark.parametrize(
    ("own", "url", "expected"),
    [
        ({"a": 1}, "/?a=2&b=3", "/?a=2&b=3"),
        ({"a": 1}, "/?b=3", "/?a=1&b=3"),
        ({"a": 1}, "/", "/?a=1"),
        ({"a": [1, 2]}, "/?b=%2f+%20", "/?a=1&a=2&b=%2f+%20"),
        ({"a": 1, "b": "é"}, "/x?a=#f", "/x?b=%C3%A9&a=#f"),
        ({}, "/?b=3", "/?b=3"),
    ],
)
def test_a_clients_parameters_go_under_the_query(own: Any, url: str, expected: str) -> None:
    expected = f"http://a{expected}"
    assert str(put_under_query(QueryParams(own), URL(f"http://a{url}"))) == expected
    assert str(Client(params=own).build_request("GET", f"http://a{url}").url) == expected


@pytest.mark.parametrize(
    ("own", "params", "url", "expected"),
    [
        ({}, None, "/?x=1", "/?x=1"),
        ({}, {}, "/?x=1", "/"),
        ({}, "", "/?x=1", "/"),
        ({}, {"y": 2}, "/?x=1", "/?y=2"),
        ({"z": 1}, {"y": 2}, "/?x=1", "/?z=1&y=2"),
        ({"z": 1}, {"z": 2}, "/", "/?z=2"),
        ({"z": 1}, {}, "/?x=1", "/?z=1"),
        ({"z": 1}, "z=4&z=5&q=1", "/", "/?z=4&z=5&q=1"),
    ],
)
def test_a_requests_parameters_replace_the_query(own: Any, params: Any, url: str, expected: str) -> None:
    client = Client(params=own)
    assert str(client.build_request("GET", f"http://a{url}", params=params).url) == f"http://a{expected}"


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        ("http://a/", {"b": 1}, False),
        ("http://a/?b=1", {"b": 1, "c": 2}, False),
        ("http://a/?b=1", {"b": 2}, True),
        ("http://a/?b=1&b=2", {"b": 1}, True),
        ("http://a/?b", {}, True),
    ],
)
def test_what_is_lost(url: str, params: Any, expected: bool) -> None:
    assert loses_query(URL(url), QueryParams(params)) is expected


def test_a_lost_query_is_said_once_per_client_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    for client in (Client(), Client()):
        client.build_request("GET", "http://user:pw@a/p?key=secret", params={"b": 1, "key": "secret"})
        for _ in range(2):
            client.build_request("GET", "http://user:pw@a/p?key=secret", params={"b": 1})
    assert [(record.name, record.levelno) for record in caplog.records] == [("httpx", logging.WARNING)] * 2
    message = caplog.messages[0]
    assert "copy_merge_params" in message
    assert "http://a/p" in message
    assert "secret" not in message
    assert "pw" not in message


def test_a_lost_query_is_said_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    Client().build_request("GET", "http://a/%0aINFO%20well?key=1", params={"b": 1})
    assert "http://a/%0aINFO%20well was" in caplog.messages[0]


def test_fields_of_a_request_replace_those_of_the_client() -> None:
    defaults = Headers([("Accept", "*/*"), ("X-A", "1"), ("X-A", "2")])
    assert merge_headers(defaults, None) == defaults
    merged = merge_headers(defaults, [("x-a", "3"), ("x-b", "4")])
    assert merged.raw == [(b"Accept", b"*/*"), (b"x-a", b"3"), (b"x-b", b"4")]
    merged["Accept"] = "changed"
    merge_headers(defaults, None)["Accept"] = "changed"
    assert defaults.raw == [(b"Accept", b"*/*"), (b"X-A", b"1"), (b"X-A", b"2")]


def test_cookies_of_the_client_and_of_the_request() -> None:
    client = Client(cookies={"a": "b"})
    assert client.build_request("GET", "http://h/").headers["Cookie"] == "a=b"
    assert client.build_request("GET", "http://h/", cookies={"c": "d"}).headers["Cookie"] == "a=b; c=d"
    assert client.build_request("GET", "http://h/", headers={"Cookie": "own"}).headers["Cookie"] == "own"
    assert dict(client.cookies) == {"a": "b"}
    assert "Cookie" not in Client().build_request("GET", "http://h/").headers


def test_cookies_that_others_merge() -> None:
    class Own(Client):
        def _merge_cookies(self, cookies: Any = None) -> Any:
            return {"x": "y"}

    assert Own().build_request("GET", "http://h/").headers["Cookie"] == "x=y"


def test_extensions_and_timeouts() -> None:
    client = Client(timeout=3)
    whole = {"connect": 3, "read": 3, "write": 3, "pool": 3}
    assert client.build_request("GET", "http://a/").extensions == {"timeout": whole}
    assert client.build_request("GET", "http://a/", extensions={"x": 1}).extensions == {"x": 1, "timeout": whole}
    assert client.build_request("GET", "http://a/", timeout=None).extensions["timeout"]["read"] is None
    own = {"timeout": {"read": 1}}
    assert client.build_request("GET", "http://a/", extensions=own, timeout=9).extensions == own


def test_json_is_written_and_read_by_the_clients_own_functions() -> None:
    def answer(request: Request) -> Response:
        return Response(200, content=request.read())

    client = Client(
        transport=Answering(answer), json_encoder=lambda value: f"<{value}>", json_decoder=lambda text: ["read", text]
    )
    response = client.post("http://a/", json=5)
    assert response.content == b"<5>"
    assert response.json() == ["read", b"<5>"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"headers": 3}, "headers"),
        ({"headers": "a: b"}, "headers"),
        ({"headers": {"a": 1}}, "headers"),
        ({"params": 3}, "params"),
        ({"cookies": "a=b"}, "cookies"),
        ({"cookies": 3}, "cookies"),
        ({"timeout": "3"}, "timeout"),
        ({"extensions": 3}, "extensions"),
        ({"content": 3}, "content"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(options: Any, named: str) -> None:
    for client in (Client(), Client(cookies={"a": "b"}, params={"a": "b"})):
        with pytest.raises(TypeError, match=named):
            client.build_request("POST", "http://a/", **options)


def test_the_clients_cookies_can_be_a_jar_of_others() -> None:
    cookies = Cookies({"a": "b"})
    client = Client(cookies=cookies.jar)
    cookies.set("c", "d")
    assert client.build_request("GET", "http://h/").headers["Cookie"] == "a=b; c=d"
