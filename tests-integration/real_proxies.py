"""Requests through proxies that others wrote; `nox -s proxies` puts them where `servers.proxies` looks for them.

Its name keeps it out of the ordinary run, where there are none of them: here one that is missing is an error.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from faces import AnyClient, Face
from servers.proxies import (
    PASSWORD,
    USER,
    Process,
    dante,
    existing,
    free_port,
    microsocks,
    mitmproxy,
    proxy_py,
    squid,
    tinyproxy,
)
from servers.scripted import ScriptedServer, answering

import httpx
from httpx_transport import AsyncConnectionPool, ConnectionPool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
LOGIN = f"{USER}:{PASSWORD}@"

KINDS: dict[str, Callable[[Path], Process]] = {
    "proxy.py": proxy_py,
    "proxy.py with a password": lambda directory: proxy_py(directory, "--basic-auth", f"{USER}:{PASSWORD}"),
    "mitmproxy": lambda directory: mitmproxy(directory, "regular", "--ignore-hosts", ".*"),
    "mitmproxy by SOCKS": lambda directory: mitmproxy(directory, "socks5", "--ignore-hosts", ".*"),
    "squid": squid,
    "squid with a password": functools.partial(squid, auth="basic"),
    "squid with Digest": functools.partial(squid, auth="digest"),
    "tinyproxy": tinyproxy,
    "tinyproxy with a password": functools.partial(tinyproxy, auth=True),
    "dante": dante,
    "microsocks": microsocks,
    "microsocks with a password": functools.partial(microsocks, auth=True),
}
WAYS = [
    *((kind, "http") for kind in KINDS if not kind.startswith(("dante", "microsocks", "mitmproxy by"))),
    *(("dante", scheme) for scheme in ("socks4", "socks4a", "socks5", "socks5h")),
    *(("microsocks", scheme) for scheme in ("socks5", "socks5h")),
    ("microsocks with a password", "socks5h"),
    ("mitmproxy by SOCKS", "socks5h"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], int]]:
    """Return what starts a kind of proxy, once, and returns its port."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def start(kind: str) -> int:
            return stack.enter_context(KINDS[kind](tmp_path_factory.mktemp("proxy"))).port

        yield start


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def secure(authority: trustme.CA) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(answering(OK), context) as server:
        yield server


@pytest.fixture(scope="module")
def plain() -> Iterator[ScriptedServer]:
    with ScriptedServer(answering(OK)) as server:
        yield server


def url_of(kind: str, scheme: str, port: int, login: str = LOGIN) -> str:
    return f"{scheme}://{login if ' with ' in kind else ''}127.0.0.1:{port}"


def through(face: Face, scenario: Any, proxy: Any, **options: Any) -> None:
    """Run a scenario with a client of this colour, all of whose requests go through `proxy`."""
    if face.name == "blocking":
        face.run(scenario, transport=httpx.RawTransport(ConnectionPool(proxy=proxy, **options)))
    else:
        face.run(scenario, transport=httpx.AsyncRawTransport(AsyncConnectionPool(proxy=proxy, **options)))


@pytest.mark.parametrize(("kind", "scheme"), WAYS)
@pytest.mark.parametrize("tunnel", [False, True])
def test_http_and_https_targets(
    face: Face,
    running: Callable[[str], int],
    plain: ScriptedServer,
    secure: ScriptedServer,
    trusting: ssl.SSLContext,
    kind: str,
    scheme: str,
    tunnel: bool,
) -> None:
    if tunnel and scheme != "http":
        scheme = scheme.upper()  # nothing else to be said

    async def scenario(client: AnyClient) -> None:
        for target in (plain.url, secure.url, plain.url, secure.url):
            assert (await client.get(target)).text == "hello"

    before = secure.accepted
    proxy: dict[str, Any] = {"url": url_of(kind, scheme, running(kind))}
    if tunnel and scheme == "http":
        proxy["tunnel"] = True
    through(face, scenario, proxy, ssl_context=trusting)
    assert secure.accepted == before + 1


@pytest.mark.parametrize(("kind", "scheme"), [("squid with Digest", "http"), ("microsocks with a password", "socks5h")])
def test_a_client_with_a_proxy(
    face: Face,
    running: Callable[[str], int],
    plain: ScriptedServer,
    secure: ScriptedServer,
    trusting: ssl.SSLContext,
    kind: str,
    scheme: str,
) -> None:
    async def scenario(client: AnyClient) -> None:
        for target in (plain.url, secure.url):
            assert (await client.get(target)).text == "hello"

    face.run(scenario, proxy=url_of(kind, scheme, running(kind)), verify=trusting)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if " with " in kind])
def test_a_wrong_password(face: Face, running: Callable[[str], int], kind: str) -> None:
    socks = kind.startswith("microsocks")
    proxy = url_of(kind, "socks5h" if socks else "http", running(kind), f"{USER}:wrong@")

    async def scenario(client: AnyClient) -> None:
        message = (
            r"(Invalid username/password|40[17] [A-Za-z ]+) \(asking proxy 127\.0\.0\.1:\d+ for 127\.0\.0\.1:443, after"
        )
        with pytest.raises(httpx.TransportError, match=message) as caught:
            await client.get("https://127.0.0.1/")
        assert "wrong" not in str(caught.value)
        if not socks:
            assert (await client.get("http://127.0.0.1/")).status_code in (401, 407)

    through(face, scenario, proxy, max_connections=1)


@pytest.mark.parametrize(("kind", "scheme"), WAYS)
def test_a_target_that_nobody_runs(face: Face, running: Callable[[str], int], kind: str, scheme: str) -> None:
    async def scenario(client: AnyClient) -> None:
        for _ in range(2):
            with pytest.raises(httpx.TransportError, match=r" proxy 127\.0\.0\.1:\d+"):
                await client.get(f"https://127.0.0.1:{free_port()}/")

    through(face, scenario, url_of(kind, scheme, running(kind)), max_connections=1)


CHAINS = [
    [("squid with Digest", "http"), ("microsocks with a password", "socks5h"), ("tinyproxy with a password", "http")],
    [
        ("dante", "socks4a"),
        ("proxy.py with a password", "http"),
        ("dante", "socks5"),
        ("squid with a password", "http"),
    ],
    [("tinyproxy", "http"), ("mitmproxy by SOCKS", "socks5h"), ("dante", "socks5h")],
]


@pytest.mark.parametrize("chain", CHAINS)
def test_chains(
    face: Face,
    running: Callable[[str], int],
    plain: ScriptedServer,
    secure: ScriptedServer,
    trusting: ssl.SSLContext,
    chain: list[tuple[str, str]],
) -> None:
    async def scenario(client: AnyClient) -> None:
        for target in (plain.url, secure.url, plain.url, secure.url):
            assert (await client.get(target)).text == "hello"

    proxies = [url_of(kind, scheme, running(kind)) for kind, scheme in chain]
    through(face, scenario, proxies, ssl_context=trusting)


def test_a_proxy_spoken_to_over_tls(
    face: Face,
    tmp_path: Path,
    plain: ScriptedServer,
    secure: ScriptedServer,
    authority: trustme.CA,
    trusting: ssl.SSLContext,
) -> None:
    """TLS with the proxy, and for https targets TLS with the target inside it."""
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "proxy.pem"))
    options = ["--cert-file", str(tmp_path / "proxy.pem"), "--key-file", str(tmp_path / "proxy.pem")]

    async def scenario(client: AnyClient) -> None:
        for target in (plain.url, secure.url, plain.url, secure.url):
            assert (await client.get(target)).text == "hello"

    async def refused(client: AnyClient) -> None:
        message = r"CERTIFICATE_VERIFY_FAILED.* \(in the TLS handshake with proxy 127\.0\.0\.1:\d+, after"
        with pytest.raises(httpx.ConnectError, match=message):
            await client.get(plain.url)

    with proxy_py(tmp_path, *options) as process:
        url = f"https://127.0.0.1:{process.port}"
        through(face, scenario, {"url": url, "ssl_context": trusting}, ssl_context=trusting)
        through(face, refused, url, ssl_context=trusting)


@pytest.mark.parametrize(("mode", "scheme"), [("regular", "http"), ("socks5", "socks5h")])
def test_a_proxy_that_opens_what_it_carries(tmp_path: Path, secure: ScriptedServer, mode: str, scheme: str) -> None:
    """It is trusted where its authority is, and nowhere else."""
    with mitmproxy(tmp_path, mode) as process:
        trusting = ssl.create_default_context(cafile=str(existing(tmp_path / "mitmproxy-ca-cert.pem")))

        async def scenario(client: AnyClient) -> None:
            assert (await client.get(secure.url)).text == "hello"

        async def refused(client: AnyClient) -> None:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(secure.url)

        for name in ("blocking", "asyncio", "trio"):
            through(Face(name), scenario, f"{scheme}://127.0.0.1:{process.port}", ssl_context=trusting)
            through(Face(name), refused, f"{scheme}://127.0.0.1:{process.port}")
