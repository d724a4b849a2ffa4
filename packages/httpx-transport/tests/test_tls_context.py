"""Contexts that threads share, and the names that TLS is given: one lock for each context, no trailing dot."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import trustme

from httpx_transport._backends import _tls_context
from httpx_transport._backends._tls_context import ContextLocks, wrap

from .conftest import Face, Server, answer_each
from .proxies import Heard, tunnelling

Serve = Callable[..., Server]


class Watched(ssl.SSLContext):
    """A context that notes each change of its protocols, each use of them, and whether other threads were kept out then."""

    def note(self, what: str) -> None:
        vars(self).setdefault("seen", []).append((what, held(_tls_context._LOCKS.of(self))))

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        self.note(f"offer {' '.join(alpn_protocols)}")
        super().set_alpn_protocols(alpn_protocols)

    def wrap_socket(self, *args: Any, **options: Any) -> Any:
        self.note("wrap")
        return super().wrap_socket(*args, **options)

    def wrap_bio(self, *args: Any, **options: Any) -> Any:
        self.note("wrap")
        return super().wrap_bio(*args, **options)


def held(lock: Any) -> bool:
    """Return whether another thread than the holder finds the lock taken."""
    found: list[bool] = []

    def look() -> None:
        free = lock.acquire(blocking=False)
        found.append(not free)
        if free:
            lock.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def watched(authority: trustme.CA) -> Watched:
    context = Watched(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


def test_a_callers_context_is_locked_from_setting_the_protocols_to_wrapping(
    face: Face, serve: Serve, server_context: ssl.SSLContext, watched: Watched
) -> None:
    """Directly, with an https proxy, and with the target behind it."""
    server = serve(answer_each(), server_context)
    heard: Heard = []
    proxy = serve(tunnelling(heard, server.port), server_context)
    option: Any = {"url": f"https://127.0.0.1:{proxy.port}", "ssl_context": watched}
    url = b"https", b"127.0.0.1", server.port, b"/"

    async def scenario() -> None:
        async with face.pool(ssl_context=watched) as pool:
            assert await pool.get(0, url=url) == b"ok"
        async with face.pool(ssl_context=watched, proxy=option) as pool:
            assert await pool.get(0, url=url) == b"ok"

    face.run(scenario)
    assert vars(watched)["seen"] == [("offer http/1.1", True), ("wrap", True)] * 3
    assert not held(_tls_context._LOCKS.of(watched))


def test_the_protocols_of_our_own_context_are_not_set_again(
    face: Face, serve: Serve, server_context: ssl.SSLContext, watched: Watched
) -> None:
    server = serve(answer_each(), server_context)

    async def scenario() -> None:
        async with face.pool(ssl_context=lambda alpn: watched) as pool:
            assert await pool.get(0, url=(b"https", b"127.0.0.1", server.port, b"/")) == b"ok"

    face.run(scenario)
    assert vars(watched)["seen"] == [("wrap", True)]


class TestLocks:
    def test_each_context_has_one_of_its_own(self) -> None:
        locks = ContextLocks()
        first, second = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        assert locks.of(first) is locks.of(first)
        assert locks.of(first) is not locks.of(second)

    def test_a_lock_ends_with_its_context(self) -> None:
        locks = ContextLocks()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        locks.of(context)
        assert len(locks._locks) == 1
        del context
        gc.collect()
        assert len(locks._locks) == 0

    def test_what_cannot_be_weakly_referenced_shares_one(self) -> None:
        class Context:
            __slots__ = ()

        locks, contexts = ContextLocks(), [Context(), Context()]
        shared: list[AbstractContextManager[bool]] = [locks.of(context) for context in contexts]  # type: ignore[arg-type]
        assert shared[0] is shared[1]

    def test_the_same_thread_may_take_it_again(self, watched: Watched) -> None:
        """A signal handler may make a request while the thread wraps."""

        def interrupted(context: ssl.SSLContext, hostname: str) -> str:
            return wrap(context, None, hostname, lambda context, hostname: hostname)

        assert wrap(watched, None, "a.test", interrupted) == "a.test"

    def test_a_forked_process_finds_none_taken(self, watched: Watched) -> None:
        locks = ContextLocks()
        with locks.of(watched):
            assert held(locks.of(watched))
            locks.renew()  # what runs in the child
            assert not held(locks.of(watched))


@pytest.mark.parametrize("sni", [None, "a.example", "a.example."])
def test_a_fully_qualified_name_has_no_dot_in_tls(
    face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext, sni: str | None
) -> None:
    """RFC 6066 §3: neither in what is sent nor in what is looked for in the certificate. The name that is looked up keeps it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example").configure_cert(context)
    asked: list[Any] = []
    context.sni_callback = lambda tls, name, context: asked.append(name)
    looked_up: list[str] = []
    server = serve(answer_each(), context)

    def resolver(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    async def scenario() -> None:
        async with face.pool(ssl_context=client_context, resolver=resolver) as pool:
            extensions = {} if sni is None else {"sni_hostname": sni}
            answer = await pool.send(0, url=(b"https", b"a.example.", server.port, b"/"), extensions=extensions)
            assert await answer[2].read() == b"ok"

    face.run(scenario)
    assert asked == ["a.example"]
    assert looked_up == ["a.example."]


def test_a_fully_qualified_name_behind_a_proxy_and_of_one(
    face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    """The proxy is asked for the name as it is, with its dot, as browsers and curl do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example", "p.example").configure_cert(context)
    asked: list[Any] = []
    context.sni_callback = lambda tls, name, context: asked.append(name)
    server = serve(answer_each(), context)
    heard: Heard = []
    proxy = serve(tunnelling(heard, server.port), context)
    option: Any = {"url": f"https://p.example.:{proxy.port}", "ssl_context": client_context}

    async def scenario() -> None:
        async with face.pool(
            ssl_context=client_context, proxy=option, resolver=lambda host, port: ["127.0.0.1"]
        ) as pool:
            assert await pool.get(0, url=(b"https", b"a.example.", None, b"/")) == b"ok"

    face.run(scenario)
    assert asked == ["p.example", "a.example"]
    assert heard[0].startswith(b"CONNECT a.example.:443 HTTP/1.1\r\n")
