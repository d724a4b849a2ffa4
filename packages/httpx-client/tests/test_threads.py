"""One client shared: by many threads, by event loops in turn."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
import trio

from httpx_client import AsyncClient, Client
from httpx_models import Request, Response

from .conftest import Answering


def cookies_and_redirects(request: Request) -> Response:
    number = request.url.params["n"]
    if request.url.path == "/x":
        return Response(302, headers={"Location": f"/y?n={number}", "Set-Cookie": f"c{number}=1"})
    return Response(200, text=f"{number} {request.headers['X-Number']}")


def test_fifty_threads_on_one_client() -> None:
    failed: list[BaseException] = []
    begin = threading.Barrier(50)

    def work(number: int) -> None:
        try:
            begin.wait()
            for _ in range(20):
                response = client.get("http://a/x", params={"n": number}, headers={"X-Number": str(number)})
                assert response.text == f"{number} {number}"
                assert [one.status_code for one in response.history] == [302]
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    with Client(transport=Answering(cookies_and_redirects), follow_redirects=True) as client:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(client.cookies) == 50


# A loop that ends does not close what was open in it: asyncio says so of the connection that was kept.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_client_in_several_loops_in_turn(url: str) -> None:
    client = AsyncClient()

    async def get() -> str:
        return (await client.get(url, headers={"X-Test": "x"})).text

    runs: list[Callable[[], Any]] = [lambda: asyncio.run(get()), lambda: trio.run(get), lambda: asyncio.run(get())]
    assert [run() for run in runs] == ["GET / x "] * 3
    asyncio.run(client.aclose())
    assert client.is_closed
    gc.collect()


def test_a_sync_client_inside_a_running_loop(url: str) -> None:
    async def get() -> str:
        with Client() as client:
            return client.get(url, headers={"X-Test": "x"}).text

    assert asyncio.run(get()) == "GET / x "
