"""One request without a client, over a real socket."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import httpx_client

from .conftest import Face


@pytest.mark.parametrize("verb", ["get", "options", "head", "delete", "post", "put", "patch"])
def test_functions(url: str, verb: str) -> None:
    options: dict[str, Any] = {"headers": {"X-Test": "x"}, "params": {"a": 1}, "timeout": 9}
    body = {"content": b"body"} if verb in {"post", "put", "patch"} else {}
    response = getattr(httpx_client, verb)(url, **options, **body)
    assert response.request.method == verb.upper()
    assert response.text == ("" if verb == "head" else f"{verb.upper()} /?a=1 x {'body' if body else ''}")


def test_one_request_with_everything(url: str) -> None:
    response = httpx_client.request(
        "patch",
        url,
        params={"a": 1},
        data={"b": "c"},
        headers={"X-Test": "x"},
        cookies={"c": "d"},
        auth=("u", "p"),
        timeout=None,
        follow_redirects=True,
        verify=False,
        trust_env=False,
    )
    assert response.text == "PATCH /?a=1 x b=c"
    assert response.request.headers["Cookie"] == "c=d"
    assert response.request.headers["Authorization"] == "Basic dTpw"


def test_one_streamed_response(url: str) -> None:
    with httpx_client.stream("GET", url, headers={"X-Test": "x"}) as response:
        assert not response.is_closed
        assert b"".join(response.iter_bytes()) == b"GET / x "
    assert response.is_closed


@pytest.mark.filterwarnings("ignore:The 'proxies' argument")
def test_proxies_in_the_old_words_for_one_request(url: str) -> None:
    assert httpx_client.get(url, headers={"X-Test": "x"}, proxies={"all://": None}).text == "GET / x "


def test_an_odd_method_is_refused_before_it_is_sent(face: Face, url: str) -> None:
    from httpx_models import LocalProtocolError

    async def scenario() -> None:
        async with face.client() as client:
            for method in ("GÉT", "G T", "\ud800"):
                with pytest.raises(LocalProtocolError, match="method"):
                    await client.call("request", method, url)

    face.run(scenario)


@pytest.mark.parametrize("error", [TimeoutError("mine"), ConnectionResetError("mine"), KeyError("mine")])
def test_an_error_of_the_body_stays_what_it_is(face: Face, url: str, error: Exception) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a"
        raise error

    async def achunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise error

    async def scenario() -> None:
        async with face.client() as client:
            with pytest.raises(type(error), match="mine") as caught:
                await client.call("post", url, content=chunks() if face.name == "blocking" else achunks())
            assert caught.value is error

    face.run(scenario)


def test_importing_and_making_a_client_loads_nothing_heavy() -> None:
    program = (
        "import sys, httpx_client; httpx_client.Client().close(); httpx_client.AsyncClient();"
        "heavy = {'ssl', 'h11', 'asyncio', 'anyio', 'certifi', 'idna', 'json', 'http.cookiejar', 'urllib.request'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    # Measuring coverage would import more.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"
