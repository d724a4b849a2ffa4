"""Whatever a request waits for, on every face: it ends in time, or when it is cancelled, leaves nothing, and shows no secret."""

from __future__ import annotations

import itertools
import logging
import re
import ssl
import threading
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest

from httpx_transport import ConnectTimeout, PoolTimeout, ReadTimeout, TransportError, WriteTimeout

from .conftest import Face, Peer, TestPool, silence
from .saying import CHUNKED, HALF, Saying, Serve, given_back

PHASES: Final[dict[str, tuple[str, type[Exception], str]]] = {
    "handshake": ("connect", ConnectTimeout, r"^timed out.* \(in the TLS handshake with 127"),
    "tunnel": ("connect", ConnectTimeout, r"^timed out.* \(asking proxy 127"),
    "send": ("write", WriteTimeout, r"^timed out.* \(sending the request to 127"),
    "head": ("read", ReadTimeout, r"^timed out.* \(waiting for the response from 127"),
    "content": ("read", ReadTimeout, r"^timed out.* \(reading the content from 127"),
}


class Stuck:
    """Requests that get as far as one of the phases, and no further; `over` lets the server go."""

    def __init__(self, phase: str, serve: Serve, context: ssl.SSLContext) -> None:
        self.phase = phase
        self.gone, self.over = threading.Semaphore(0), threading.Event()
        self.server = serve(self.script)
        self.options: dict[str, Any] = {"ssl_context": context, "timeout": None}
        if phase == "tunnel":
            self.options["proxy"] = f"http://127.0.0.1:{self.server.port}"

    def script(self, peer: Peer) -> None:
        if self.phase == "send":
            self.over.wait(30)
        elif self.phase == "content":
            peer.head()
            peer.send(HALF)
        peer.wait_closed()
        self.gone.release()

    async def request(self, pool: TestPool, timeout: dict[str, float] | None = None) -> None:
        secure = self.phase in ("handshake", "tunnel")
        body = bytes(30_000_000 if self.phase == "send" else 0)
        url = (b"https" if secure else b"http", b"127.0.0.1", self.server.port, b"/")
        fields = [(b"Content-Length", b"%d" % len(body))]
        await pool.get(0, method=b"PUT", headers=fields, body=body, url=url, extensions={"timeout": timeout or {}})


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize("phase", PHASES)
def test_each_wait_has_its_limit(
    face: Face, serve: Serve, client_context: ssl.SSLContext, phase: str, total: bool
) -> None:
    stuck = Stuck(phase, serve, client_context)
    name, error, message = PHASES[phase]

    async def scenario() -> None:
        async with face.pool(max_connections=1, **stuck.options) as pool:
            limit, waited = 0.05, 0
            while waited < 2:
                with pytest.raises(TransportError, match="^timed out") as caught:
                    await stuck.request(pool, {"total" if total else name: limit})
                assert pool.pool.stats()["connections"] == 0
                if total and not re.search(message, str(caught.value)):
                    limit *= 2  # the machine was so slow that an earlier wait has used it up
                    continue
                waited += 1
                assert re.search(message, str(caught.value))
                assert type(caught.value) is error
            stuck.over.set()

    face.run(scenario)
    assert all(stuck.gone.acquire(timeout=30) for _ in range(stuck.server.accepted))


@pytest.mark.parametrize("name", ["pool", "total"])
def test_the_wait_for_a_connection_has_its_limit(face: Face, serve: Serve, name: str) -> None:
    server = serve(Saying(HALF))

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            holder = (await pool.send(server.port))[2]
            with pytest.raises(PoolTimeout, match=r"no connection became free: 1 in use.* \(waiting to reach 127"):
                await pool.get(server.port, extensions={"timeout": {name: 0.03}})
            await holder.close()

    face.run(scenario)


def test_the_total_ends_a_response_that_is_always_there(face: Face, serve: Serve) -> None:
    server = serve(Saying(CHUNKED, endless=b"5\r\nhello\r\n" * 100))

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            with pytest.raises(
                ReadTimeout, match=r"the total is over, of which 0.05 s were left \(reading the content from"
            ):
                content = (await pool.send(server.port, extensions={"timeout": {"total": 0.05}}))[2]
                while await content.next():
                    pass

    face.run(scenario)


def test_the_total_ends_an_upload_that_is_always_taken(face: Face, serve: Serve) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with given_back(face, serve) as pool:
            body, headers = face.body(itertools.repeat(b"x")), [(b"Transfer-Encoding", b"chunked")]
            with pytest.raises(
                WriteTimeout, match=r"the total is over, of which 0.05 s were left \(sending the request to"
            ):
                await pool.send(server.port, b"POST", headers, body, {"timeout": {"total": 0.05}})

    face.run(scenario)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("phase", PHASES)
def test_cancelled_in_each_phase_nothing_is_left(
    name: str, serve: Serve, client_context: ssl.SSLContext, phase: str
) -> None:
    stuck, face = Stuck(phase, serve, client_context), Face(name)

    async def scenario() -> None:
        async with face.pool(max_connections=1, **stuck.options) as pool:
            for number in (1, 2):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(stuck.request, pool)
                    while stuck.server.accepted < number:
                        await anyio.lowlevel.checkpoint()
                    await anyio.wait_all_tasks_blocked()
                    assert pool.pool.stats()["active"] == 1
                    tasks.cancel_scope.cancel()
                assert pool.pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
            stuck.over.set()

    face.run(scenario)
    assert [stuck.gone.acquire(timeout=30) for _ in range(2)] == [True, True]


@pytest.mark.parametrize("phase", PHASES)
def test_no_error_and_no_line_shows_a_secret(
    face: Face, serve: Serve, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture, phase: str
) -> None:
    stuck = Stuck(phase, serve, client_context)
    proxy = f"http://me:hush@127.0.0.1:{stuck.server.port}" if phase == "tunnel" else None
    secrets = [(b"Authorization", b"Bearer hush"), (b"Cookie", b"a=hush"), (b"Proxy-Authorization", b"Basic hush")]
    fields = [(b"Content-Length", b"30000000" if phase == "send" else b"0"), *secrets]
    scheme = b"https" if phase in ("handshake", "tunnel") else b"http"
    extensions = {"timeout": {PHASES[phase][0]: 0.03}}
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with face.pool(**{**stuck.options, "proxy": proxy}) as pool:
            body = bytes(30_000_000 if phase == "send" else 0)
            with pytest.raises(TransportError) as caught:
                await pool.get(
                    0,
                    method=b"PUT",
                    url=(scheme, b"127.0.0.1", stuck.server.port, b"/"),
                    headers=fields,
                    body=body,
                    extensions=extensions,
                )
            stuck.over.set()
            assert (
                "hush" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {pool.pool!r}"
            )

    face.run(scenario)
    assert any(record.name.startswith("httpcore.") for record in caplog.records)
    assert "hush" not in caplog.text
