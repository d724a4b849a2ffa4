"""TLS on every face: whom we trust and expect, what is agreed on, what is told of it, and how it ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from httpx_transport import (
    ConnectError,
    ConnectTimeout,
    ReadError,
    RemoteProtocolError,
    certificate_facts,
    default_ssl_context,
    shared_ssl_context,
)
from httpx_transport._backends import blocking_backend
from httpx_transport._connect._connector import Connector
from httpx_transport._settings import Settings
from httpx_transport.blocking import run

from .conftest import OK, Face, Peer, Server, answer_each, collect, silence

Serve = Callable[..., Server]


def context_of(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


def url_of(server: Server, host: bytes = b"127.0.0.1") -> Any:
    return b"https", host, server.port, b"/"


@pytest.fixture
def roots(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


class TestWhomWeExpect:
    def failure(self, face: Face, server: Server, context: Any, host: bytes = b"127.0.0.1") -> str:
        """Return what is said when nobody is talked to; not a byte of a request may have left."""

        async def scenario() -> str:
            async with face.pool(ssl_context=context, max_connections=1) as pool:
                messages = []
                for _ in range(2):
                    with pytest.raises(ConnectError) as caught:
                        await pool.get(0, url=url_of(server, host))
                    messages.append(str(caught.value))
                assert pool.pool.stats()["connections"] == 0
                return messages[-1]

        return face.run(scenario)

    @pytest.fixture
    def unheard(self, serve: Serve) -> Callable[[ssl.SSLContext], Server]:
        def hear_nothing(peer: Peer) -> None:
            assert peer.head() == b""

        return lambda context: serve(hear_nothing, context)

    def test_an_expired_certificate(
        self, face: Face, authority: trustme.CA, client_context: ssl.SSLContext, unheard: Any
    ) -> None:
        past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        server = unheard(context_of(authority, "127.0.0.1", not_before=past, not_after=past))
        message = self.failure(face, server, client_context)
        assert "certificate has expired" in message
        assert "; it has to be renewed on the server" in message
        assert f"(in the TLS handshake with 127.0.0.1:{server.port}, after" in message

    def test_one_that_only_its_owner_has_signed(self, face: Face, unheard: Any, tmp_path: Path) -> None:
        own, path = trustme.CA(), str(tmp_path / "own.pem")
        own.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
        own.cert_pem.write_to_path(path, append=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        message = self.failure(face, unheard(context), None)
        assert "self-signed certificate in certificate chain" in message
        assert "; to trust its authority, use a context that has loaded it" in message

    def test_one_for_somebody_else(
        self, face: Face, authority: trustme.CA, client_context: ssl.SSLContext, unheard: Any
    ) -> None:
        server = unheard(context_of(authority, "other.example", "192.0.2.1"))
        assert "IP address mismatch" in self.failure(face, server, client_context)
        localhost = unheard(context_of(authority, "other.example"))
        message = self.failure(face, localhost, client_context, b"localhost")
        assert "Hostname mismatch" in message
        assert "; use a name that its certificate has" in message

    def test_a_server_that_speaks_plain_http(self, face: Face, serve: Serve, client_context: ssl.SSLContext) -> None:
        def script(peer: Peer) -> None:
            peer.take(1)
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        message = self.failure(face, serve(script), client_context)
        assert message.startswith("[SSL: ")
        assert "it seems to speak plain HTTP on this port, try http:// in its URL (in the TLS handshake with" in message

    def test_a_common_name_is_no_name(self, face: Face, authority: trustme.CA, roots: Path, unheard: Any) -> None:
        server = unheard(context_of(authority, "other.example", common_name="localhost"))
        assert "Hostname mismatch" in self.failure(face, server, default_ssl_context(cafile=roots), b"localhost")

    def test_a_version_that_is_too_old(self, face: Face, authority: trustme.CA, roots: Path, unheard: Any) -> None:
        context = context_of(authority, "127.0.0.1")
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        message = self.failure(face, unheard(context), default_ssl_context(cafile=roots))
        assert "in the TLS handshake with" in message

    def test_protocols_that_do_not_meet(
        self, face: Face, authority: trustme.CA, client_context: ssl.SSLContext, unheard: Any
    ) -> None:
        context = context_of(authority, "127.0.0.1")
        context.set_alpn_protocols(["h2"])  # without HTTP/1.1 a server has to refuse, or to choose none as OpenSSL does
        server = unheard(context)

        async def scenario() -> None:
            for offered, chosen in ((("imap",), "none"), (("acme", "imap"), "none")):
                settings = Settings(ssl_context=client_context)
                connector = Connector(face.backend(), settings, offered)
                message = f"no protocol in common: {' and '.join(offered)} offered, {chosen} chosen .in the TLS"
                with pytest.raises(ConnectError, match=message):
                    await connector.connect((b"https", b"127.0.0.1", server.port, None), 5)

        face.run(scenario)

    def test_trust_that_cannot_be_read(
        self, face: Face, unheard: Any, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/roots.pem")
        message = self.failure(face, unheard(server_context), None)
        assert "No such file or directory (SSL_CERT_FILE): '/nowhere/roots.pem'" in message


class TestWhomWeTrust:
    def facts(self, face: Face, server: Server, context: Any, host: bytes = b"127.0.0.1", **extensions: Any) -> Any:
        async def scenario() -> Any:
            async with face.pool(ssl_context=context) as pool:
                _, _, content, facts = await pool.send(0, url=url_of(server, host), extensions=extensions)
                assert await content.read() == b"ok"
                return facts["connection"]

        return face.run(scenario)

    def test_roots_of_the_environment(
        self, face: Face, serve: Serve, roots: Path, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(roots))
        assert self.facts(face, serve(answer_each(), server_context), None)["alpn"] is None

    def test_a_context_made_when_it_is_needed(
        self, face: Face, serve: Serve, roots: Path, server_context: ssl.SSLContext
    ) -> None:
        made = []

        def make(*, alpn: tuple[str, ...]) -> ssl.SSLContext:
            made.append(alpn)
            return shared_ssl_context(cafile=roots, alpn=alpn)

        server = serve(answer_each(), server_context)

        async def scenario() -> None:
            async with face.pool(ssl_context=make, max_keepalive_connections=0) as pool:
                assert made == []
                for _ in range(2):
                    assert await pool.get(0, url=url_of(server)) == b"ok"

        face.run(scenario)
        assert made == [("http/1.1",)]

    def test_no_trust_is_needed(self, face: Face, serve: Serve, server_context: ssl.SSLContext) -> None:
        server = serve(answer_each(), server_context)
        facts = self.facts(face, server, default_ssl_context(verify=False))
        assert facts["certificate"] is None
        assert facts["tls_version"] == "TLSv1.3"

    def test_what_is_told(
        self, face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
    ) -> None:
        context = context_of(authority, "127.0.0.1", "a.example", common_name="somebody")
        context.set_alpn_protocols(["http/1.1"])
        facts = self.facts(face, serve(answer_each(), context), client_context)
        assert (facts["alpn"], facts["tls_version"], facts["cipher"]) == (
            "http/1.1",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
        )
        certificate = facts["certificate"]
        assert ("commonName", "somebody") in certificate["subject"]
        assert certificate["issuer"][0] == ("organizationName", certificate["issuer"][0][1])
        assert certificate["subject_alt_names"] == (("IP Address", "127.0.0.1"), ("DNS", "a.example"))
        for name in ("not_before", "not_after"):
            assert ssl.cert_time_to_seconds(certificate[name])
        assert int(certificate["serial_number"], 16)

    def test_a_name_for_tls_alone(
        self, face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
    ) -> None:
        asked = []
        context = context_of(authority, "a.example")
        context.sni_callback = lambda tls, name, context: asked.append(name)
        server = serve(answer_each(), context)
        assert self.facts(face, server, client_context, sni_hostname="a.example")
        assert asked == ["a.example"]

    def test_an_ipv6_address(
        self, face: Face, authority: trustme.CA, client_context: ssl.SSLContext, serve: Serve
    ) -> None:
        server = serve(answer_each(), context_of(authority, "::1"), "::1")
        assert self.facts(face, server, client_context, b"::1")["remote_address"] == ("::1", server.port)

    def test_who_we_are(self, face: Face, serve: Serve, authority: trustme.CA, roots: Path, tmp_path: Path) -> None:
        seen = []
        both = tmp_path / "client.pem"
        authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(str(both))
        context = context_of(authority, "127.0.0.1")
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)

        def script(peer: Peer) -> None:
            seen.append(certificate_facts(cast("ssl.SSLSocket", peer.sock)))
            answer_each()(peer)

        server = serve(script, context)
        self.facts(face, server, default_ssl_context(cafile=roots, cert=both))
        assert seen[0] is not None
        assert seen[0]["subject_alt_names"] == (("email", "client@example.org"),)

    def test_who_we_are_not(
        self, face: Face, serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
    ) -> None:
        """In TLS 1.3 the handshake is over for us when the server looks at our certificate: the alert comes later."""
        context = context_of(authority, "127.0.0.1")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        server = serve(silence, context)

        async def scenario() -> None:
            async with face.pool(ssl_context=client_context) as pool:
                for body in (b"", bytes(1_000), bytes(1_000_000)):
                    headers = [(b"Content-Length", b"%d" % len(body))]
                    with pytest.raises(ReadError, match="ALERT_CERTIFICATE_REQUIRED"):
                        await pool.get(0, url=url_of(server), method=b"POST", headers=headers, body=body)

        face.run(scenario)


def ended(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_RDWR)


class TestHowItEnds:
    """Who hangs up without a goodbye is believed where HTTP says how much there is, and only there."""

    def end(self, face: Face, serve: Serve, said: bytes, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> bytes:
        def script(peer: Peer) -> None:
            peer.head()
            peer.send(said)
            ended(peer)

        server = serve(script, contexts[0])

        async def scenario() -> bytes:
            async with face.pool(ssl_context=contexts[1]) as pool:
                return await pool.get(0, url=url_of(server), method=b"POST")

        return face.run(scenario)

    @pytest.fixture
    def contexts(self, server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> Any:
        return server_context, client_context

    def test_all_has_come(self, face: Face, serve: Serve, contexts: Any) -> None:
        assert self.end(face, serve, OK, contexts) == b"ok"

    @pytest.mark.parametrize(
        ("said", "error", "message"),
        [
            (b"", RemoteProtocolError, r"^Server disconnected without sending a response\. \(waiting for"),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
                RemoteProtocolError,
                "without sending complete message body",
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
                RemoteProtocolError,
                "incomplete chunked read",
            ),
            (b"HTTP/1.1 200 OK\r\n\r\nok", ReadError, "EOF occurred in violation of protocol"),
        ],
        ids=["nothing", "length", "chunks", "unknown"],
    )
    def test_something_is_missing(
        self, face: Face, serve: Serve, contexts: Any, said: bytes, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            self.end(face, serve, said, contexts)

    def test_nothing_where_we_asked_before_sending(self, face: Face, serve: Serve, contexts: Any) -> None:
        def script(peer: Peer) -> None:
            peer.head()
            ended(peer)

        server = serve(script, contexts[0])
        headers = [(b"Content-Length", b"2"), (b"Expect", b"100-continue")]

        async def scenario() -> None:
            async with face.pool(ssl_context=contexts[1]) as pool:
                with pytest.raises(RemoteProtocolError, match="^Server disconnected without sending a response"):
                    await pool.send(0, b"POST", headers, b"ok", url=url_of(server))

        face.run(scenario)

    def test_a_connection_that_was_said_goodbye_to_is_not_used_again(
        self, face: Face, serve: Serve, contexts: Any
    ) -> None:
        def script(peer: Peer) -> None:
            peer.head()
            peer.send(OK)
            peer.sock.setblocking(False)
            try:
                cast("ssl.SSLSocket", peer.sock).unwrap()
            except ssl.SSLWantReadError:
                peer.sock.settimeout(30)
            peer.wait_closed()

        server = serve(script, contexts[0])

        async def scenario() -> None:
            async with face.pool(ssl_context=contexts[1]) as pool:
                for _ in range(2):
                    assert await pool.get(0, url=url_of(server), method=b"POST") == b"ok"

        face.run(scenario)
        assert server.accepted == 2


class TestHandshakes:
    def test_hanging_up(self, face: Face, serve: Serve, client_context: ssl.SSLContext) -> None:
        server = serve(lambda peer: None)

        async def scenario() -> None:
            async with face.pool(ssl_context=client_context) as pool:
                with pytest.raises(ConnectError, match=r"(EOF|reset|closed).* \(in the TLS handshake with"):
                    await pool.get(0, url=url_of(server))

        face.run(scenario)

    @pytest.mark.parametrize("limit", [None, 100.0])
    def test_giving_up_leaves_no_timer_and_no_socket(
        self, serve: Serve, client_context: ssl.SSLContext, limit: float | None
    ) -> None:
        server = serve(silence)

        async def scenario() -> None:
            face = Face("asyncio")
            loop = asyncio.get_running_loop()
            async with face.pool(ssl_context=client_context, timeout=limit) as pool:
                task = asyncio.ensure_future(pool.get(0, url=url_of(server)))
                while not server.accepted or pool.pool.stats()["active"] == 0:
                    await asyncio.sleep(0)
                for _ in range(20):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert pool.pool.stats()["connections"] == 0
                timers = [timer for timer in cast("Any", loop)._scheduled if not timer.cancelled()]
                assert timers == []

        asyncio.run(scenario())
        collect()


def test_a_connector_waits_no_longer_than_it_may(serve: Serve, client_context: ssl.SSLContext) -> None:
    server = serve(silence)
    connector = Connector(blocking_backend(), Settings(ssl_context=client_context, retries=1))
    clock = blocking_backend().clock
    with pytest.raises(ConnectTimeout):
        run(connector.connect((b"https", b"127.0.0.1", server.port, None), None, None, clock() + 0.05))
