"""The signatures are those of 0.28.1, observed; what is new is named, and comes last."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import httpx_client
from httpx_client import USE_CLIENT_DEFAULT, AsyncClient, AsyncHTTPTransport, Client, HTTPTransport, Limits, Timeout

BODY = ["content", "data", "files", "json"]
REST = ["params", "headers", "cookies", "auth", "follow_redirects", "timeout", "extensions"]
METHODS = {
    "request": ["method", "url", *BODY, *REST],
    "stream": ["method", "url", *BODY, *REST],
    "build_request": ["method", "url", *BODY, "params", "headers", "cookies", "timeout", "extensions"],
    "send": ["request", "stream", "auth", "follow_redirects"],
    **{verb: ["url", *REST] for verb in ("get", "options", "head", "delete")},
    **{verb: ["url", *BODY, *REST] for verb in ("post", "put", "patch")},
    "_merge_url": ["url"],
    "_transport_for_url": ["url"],
    "_build_request_auth": ["request", "auth"],
    "_build_redirect_request": ["request", "response"],
    "_redirect_headers": ["request", "url", "method"],
    "_redirect_stream": ["request", "method"],
    "_send_handling_auth": ["request", "auth", "follow_redirects", "history"],
    "_send_handling_redirects": ["request", "follow_redirects", "history"],
    "_send_single_request": ["request"],
    "_get_proxy_map": ["proxy", "allow_env_proxies"],
    "_init_transport": ["verify", "cert", "trust_env", "http1", "http2", "limits", "transport"],
    "_init_proxy_transport": ["proxy", "verify", "cert", "trust_env", "http1", "http2", "limits"],
}
FIRST = ["auth", "params", "headers", "cookies", "verify", "cert"]
LATER = ["http1", "http2", "proxy", "mounts", "timeout", "follow_redirects", "limits", "max_redirects", "event_hooks",
         "base_url", "transport"]  # fmt: skip
NEW = ["proxies", "app", "json_encoder", "json_decoder", "max_decoded_size", "max_decoded_ratio"]
CONSTRUCTORS: list[tuple[Any, list[str]]] = [
    (Client, [*FIRST, "trust_env", *LATER, "default_encoding", *NEW]),
    (AsyncClient, [*FIRST, *LATER, "trust_env", "default_encoding", *NEW]),
]
POOL = ["verify", "cert", "trust_env", "http1", "http2", "limits", "proxy", "uds", "local_address", "retries",
        "socket_options"]  # fmt: skip
WITHOUT_BODY = ["params", "headers", "cookies", "auth", "proxy", "follow_redirects", "verify", "timeout", "trust_env"]
WITH_BODY = [*BODY, *WITHOUT_BODY]
ANY = ["params", *BODY, "headers", "cookies", "auth", "proxy", "timeout", "follow_redirects", "verify", "trust_env"]
FUNCTIONS = [
    ("request", ANY),
    ("stream", ANY),
    ("get", WITHOUT_BODY),
    ("options", WITHOUT_BODY),
    ("head", WITHOUT_BODY),
    ("post", WITH_BODY),
    ("put", WITH_BODY),
    ("patch", WITH_BODY),
    ("delete", [*WITHOUT_BODY[:6], "timeout", "verify", "trust_env"]),
]


def names(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(("name", "expected"), METHODS.items())
def test_methods(kind: Any, name: str, expected: list[str]) -> None:
    assert names(getattr(kind, name)) == expected


@pytest.mark.parametrize(("kind", "expected"), CONSTRUCTORS)
def test_constructors(kind: Any, expected: list[str]) -> None:
    found = inspect.signature(kind).parameters
    assert list(found) == expected
    assert {one.kind for one in found.values()} == {inspect.Parameter.KEYWORD_ONLY}
    given = {name: one.default for name, one in found.items() if one.default is not None}
    assert given == {
        "verify": True,
        "trust_env": True,
        "http1": True,
        "http2": False,
        "timeout": Timeout(5.0),
        "follow_redirects": False,
        "limits": Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0),
        "max_redirects": 20,
        "base_url": "",
        "default_encoding": "utf-8",
    }


@pytest.mark.parametrize("kind", [HTTPTransport, AsyncHTTPTransport])
def test_transports(kind: Any) -> None:
    assert names(kind) == POOL
    assert all(
        one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in inspect.signature(kind).parameters.values()
    )


@pytest.mark.parametrize(("name", "expected"), FUNCTIONS)
def test_functions(name: str, expected: list[str]) -> None:
    first = ["method", "url"] if name in {"request", "stream"} else ["url"]
    assert names(getattr(httpx_client, name)) == [*first, *expected, "proxies"]


def test_what_is_not_given_is_the_clients() -> None:
    found = inspect.signature(Client.request).parameters
    for name in ("auth", "follow_redirects", "timeout"):
        assert found[name].default is USE_CLIENT_DEFAULT


@pytest.mark.parametrize("verb", ["get", "options", "head", "delete"])
def test_some_verbs_have_no_body(verb: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'json'"):
        getattr(Client(), verb)("http://a/", json={})


def test_send_has_no_timeout() -> None:
    client = Client()
    with pytest.raises(TypeError, match="unexpected keyword argument 'timeout'"):
        client.send(client.build_request("GET", "http://a/"), timeout=3)  # type: ignore[call-arg]
