"""What a request may ask for beside itself, on every face: what is read, what it does, and what is refused."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from httpx_transport import (
    ConnectTimeout,
    LocalProtocolError,
    PoolTimeout,
    ReadTimeout,
    RemoteProtocolError,
    WriteTimeout,
)
from httpx_transport._extensions import OptionsReader, read_options
from httpx_transport.testing import Cancelled, Faults, Network, answer, response
from httpx_transport.testing import Peer as SimulatedPeer

from .conftest import OK, Face, Peer, Server, answer_each, silence
from .simulation import echo, fetch, full, network_of

Serve = Callable[..., Server]
CHUNKED = (b"Transfer-Encoding", b"chunked")


class TestReading:
    def test_what_is_not_named_is_the_default(self) -> None:
        options = read_options({}, 5.0)
        assert (options.connect, options.read, options.write, options.pool, options.total) == (5, 5, 5, 5, None)
        options = read_options({"timeout": {"read": None, "total": 7}}, 5.0)
        assert (options.connect, options.read, options.total, options.deadline) == (5, None, 7, None)
        assert (options.target, options.sni_hostname, options.trace, options.trailers) == (None, None, None, None)
        assert (options.on_informational, options.duplex) == (None, False)

    def test_text_may_be_str_or_bytes(self) -> None:
        for target, name in ((b"*", b"example.org"), ("*", "example.org")):
            options = read_options({"target": target, "sni_hostname": name, "unknown": object()}, None)
            assert (options.target, options.sni_hostname) == (b"*", "example.org")

    @pytest.mark.parametrize("key", ["timeout", "target", "sni_hostname", "trace", "on_informational", "trailers"])
    def test_other_types_are_named(self, key: str) -> None:
        with pytest.raises(TypeError, match=f"the extension '{key}' must be .*, not <class 'float'>: 1.5"):
            read_options({key: 1.5}, None)

    @pytest.mark.parametrize("phase", ["connect", "read", "write", "pool", "total"])
    def test_seconds_are_numbers(self, phase: str) -> None:
        with pytest.raises(TypeError, match=f"the extension 'timeout' for '{phase}' must be seconds, .*: '5'"):
            read_options({"timeout": {phase: "5"}}, None)
        with pytest.raises(ValueError, match=f"the extension 'timeout' for '{phase}' must be seconds, .* not nan"):
            read_options({"timeout": {phase: float("nan")}}, None)
        assert getattr(read_options({"timeout": {phase: 5}}, None), phase) == 5

    @pytest.mark.parametrize(("key", "value"), [("target", "\xfc"), ("sni_hostname", b"\xfc")])
    def test_text_that_is_not_ascii(self, key: str, value: Any) -> None:
        with pytest.raises(ValueError, match=f"the extension '{key}' must be ASCII"):
            read_options({key: value}, None)


class TestTarget:
    def test_it_goes_on_the_wire_instead_of_the_urls(self, face: Face, serve: Serve) -> None:
        seen = []

        def script(peer: Peer) -> None:
            while head := peer.head():
                seen.append(head.partition(b"\r\n")[0])
                peer.send(OK)

        server = serve(script)

        async def scenario() -> None:
            async with face.pool() as pool:
                await pool.send(server.port, b"OPTIONS", extensions={"target": b"*"})
                await pool.send(server.port, extensions={"target": "http://example.org/%7Ea"})
                with pytest.raises(LocalProtocolError):
                    await pool.send(server.port, extensions={"target": b"/ HTTP/1.1\r\nX: y"})

        face.run(scenario)
        assert seen == [b"OPTIONS * HTTP/1.1", b"GET http://example.org/%7Ea HTTP/1.1"]


class TestServerName:
    def test_it_is_asked_for_checked_and_not_mixed_with_others(
        self, face: Face, serve: Serve, server_context: ssl.SSLContext, authority: Any
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("inner.test").configure_cert(context)
        client = ssl.create_default_context()
        authority.configure_trust(client)
        asked: list[str | None] = []
        context.sni_callback = lambda _, name, __: asked.append(name)
        server = serve(answer_each(), context)

        async def scenario() -> None:
            async with face.pool(ssl_context=client) as pool:
                url = (b"https", b"127.0.0.1", server.port, b"/")
                for _ in range(2):
                    assert (await pool.send(0, url=url, extensions={"sni_hostname": "inner.test"}))[0] == 200
                with pytest.raises(OSError, match="certificate"):
                    await pool.send(0, url=url)

        face.run(scenario)
        assert asked == ["inner.test", None]
        assert server.accepted == 2


class TestTheLastRequestsOptions:
    def test_limits_that_are_the_same_are_read_once(self) -> None:
        reader = OptionsReader(5.0)
        assert reader.read({}) is reader.read({})
        options = reader.read({"timeout": {"read": 1}})
        assert (options.read, options.write) == (1, 5.0)
        assert reader.read({"timeout": {"read": 1.0}}) is options
        assert reader.read({"timeout": {"read": 2}}).read == 2
        assert reader.read({}).read == 5.0

    def test_what_the_caller_changes_later_is_read_again(self) -> None:
        reader, limits = OptionsReader(None), {"read": 1}
        reader.read({"timeout": limits})
        limits["read"] = 2
        assert reader.read({"timeout": limits}).read == 2

    @pytest.mark.parametrize(
        "extensions", [{"timeout": {"total": 3}}, {"trailers": list}, {"timeout": {}, "duplex": True}]
    )
    def test_what_is_one_requests_own_is_not_shared(self, extensions: dict[str, Any]) -> None:
        reader = OptionsReader(None)
        assert reader.read(extensions) is not reader.read(extensions)

    def test_a_limit_that_is_none_is_refused_each_time(self) -> None:
        reader = OptionsReader(None)
        for _ in range(2):
            with pytest.raises(TypeError, match="'read'"):
                reader.read({"timeout": {"read": "5"}})


class TestTrailers:
    @pytest.mark.parametrize("kind", ["bytes", "chunks"])
    def test_they_follow_a_chunked_body(self, face: Face, serve: Serve, kind: str) -> None:
        seen: list[bytes] = []

        def script(peer: Peer) -> None:
            peer.head()
            seen.extend(peer.take_line() for _ in range(6))
            peer.send(OK)

        server = serve(script)

        async def scenario() -> None:
            async with face.pool() as pool:
                body = b"abc" if kind == "bytes" else face.body([b"abc"])
                extensions = {"trailers": lambda: [(b"X-Sum", b"900150"), (b"X-End", b"1")]}
                assert (await pool.send(server.port, b"POST", [CHUNKED], body, extensions))[0] == 200

        face.run(scenario)
        assert seen == [b"3", b"abc", b"0", b"X-Sum: 900150", b"X-End: 1", b""]

    @pytest.mark.parametrize(
        ("framing", "trailers", "message"),
        [
            (CHUNKED, [(b"Content-Length", b"3")], "'Content-Length' cannot be a trailer"),
            (CHUNKED, [(b"X-Sum", b"1\r\nX-Evil: 1")], "Illegal header value of 'X-Sum'"),
            (CHUNKED, [(b"X Sum", b"1")], "Illegal header name"),
            ((b"Content-Length", b"3"), [(b"X-Sum", b"1")], "trailers can be sent after a chunked body only"),
        ],
    )
    def test_what_cannot_be_sent_is_refused(
        self, face: Face, serve: Serve, framing: Any, trailers: Any, message: str
    ) -> None:
        server = serve(silence)

        async def scenario() -> None:
            async with face.pool() as pool:
                with pytest.raises(LocalProtocolError, match=message):
                    await pool.send(
                        server.port, b"POST", [framing], face.body([b"abc"]), {"trailers": lambda: trailers}
                    )

        face.run(scenario)

    def test_they_are_not_forgotten_where_there_is_no_body(self, face: Face, serve: Serve) -> None:
        server = serve(silence)

        async def scenario() -> None:
            async with face.pool() as pool:
                with pytest.raises(LocalProtocolError, match="trailers can be sent after a chunked body only"):
                    await pool.send(server.port, extensions={"trailers": lambda: [(b"X-Sum", b"1")]})

        face.run(scenario)


def test_both_ways_at_once_is_refused_where_it_cannot_be_had(face: Face, serve: Serve) -> None:
    server = serve(silence)

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(LocalProtocolError, match="'duplex' needs HTTP/2, and this connection speaks HTTP/1.1"):
                await pool.send(server.port, b"POST", [CHUNKED], b"", {"duplex": True})

    face.run(scenario)


EXPECT = (b"Expect", b"100-continue")


class TestExpect:
    @pytest.mark.parametrize("kind", ["bytes", "chunks"])
    def test_the_body_waits_for_the_peers_word(self, face: Face, serve: Serve, kind: str) -> None:
        def script(peer: Peer) -> None:
            peer.head()
            assert peer.buffer == b""
            peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert peer.take(3) == b"abc"
            peer.send(OK)
            assert peer.head() == b""

        server = serve(script)

        async def scenario() -> None:
            async with face.pool() as pool:
                body = b"abc" if kind == "bytes" else face.body([b"abc"])
                told: list[int] = []
                fields = [EXPECT, (b"Content-Length", b"3")]
                extensions = {"on_informational": lambda status, _: told.append(status)}
                assert (await pool.send(server.port, b"POST", fields, body, extensions))[0] == 200
                assert told == [103, 100]

        face.run(scenario)

    @pytest.mark.parametrize("kind", ["bytes", "chunks"])
    def test_a_peer_that_does_not_want_the_body_does_not_get_it(self, face: Face, serve: Serve, kind: str) -> None:
        def script(peer: Peer) -> None:
            peer.head()
            peer.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
            assert peer.sock.recv(10) == b""

        server = serve(script)

        async def scenario() -> None:
            async with face.pool() as pool:
                body = b"abc" if kind == "bytes" else face.body([b"abc"])
                fields = [EXPECT, (b"Content-Length", b"3")]
                assert (await pool.send(server.port, b"POST", fields, body))[0] == 417
                assert pool.pool.stats()["connections"] == 0  # the peer may still wait for a body

        face.run(scenario)

    def test_a_peer_that_answers_before_it_is_asked(self) -> None:
        async def script(peer: SimulatedPeer) -> None:
            await peer.read()
            await peer.send(response(b"early", 413))
            await peer.sleep(60)

        network = network_of(script)
        fields = [EXPECT, (b"Content-Length", b"3"), (b"X-long", b"x" * 100_000)]
        assert network.run(fetch(network.pool(), method=b"POST", headers=fields, body=b"abc")) == b"early"

        async def chunks() -> AsyncIterator[bytes]:
            yield b"abc"

        assert network.run(fetch(network.pool(), method=b"POST", headers=fields, body=chunks())) == b"early"

    def test_without_a_body_there_is_nothing_to_wait_for(self, face: Face, serve: Serve) -> None:
        server = serve(answer_each())

        async def scenario() -> None:
            async with face.pool() as pool:
                assert await pool.get(server.port, headers=[EXPECT]) == b"ok"

        face.run(scenario)

    def test_a_peer_that_goes_instead(self, face: Face, serve: Serve) -> None:
        def script(peer: Peer) -> None:
            peer.head()

        server = serve(script)

        async def scenario() -> None:
            async with face.pool() as pool:
                with pytest.raises(RemoteProtocolError, match="disconnected without sending a response"):
                    await pool.send(server.port, b"POST", [EXPECT, (b"Content-Length", b"3")], b"abc")

        face.run(scenario)

    def test_a_peer_that_does_not_know_the_question_gets_the_body_after_a_second(self) -> None:
        times = []

        async def script(peer: SimulatedPeer) -> None:
            await peer.head()
            assert await peer.read() == b"abc"
            times.append(network.now)
            await peer.send(response(b""))

        network = network_of(script)
        fields = [EXPECT, (b"Content-Length", b"3")]
        network.run(fetch(network.pool(), method=b"POST", headers=fields, body=b"abc"))
        assert times == [1.0]

    def test_the_total_is_shorter_than_our_patience(self) -> None:
        async def script(peer: SimulatedPeer) -> None:
            await peer.head()
            await peer.sleep(60)

        network = network_of(script)
        fields = [EXPECT, (b"Content-Length", b"3")]
        request = fetch(network.pool(), method=b"POST", headers=fields, body=b"abc", timeout={"total": 0.5})
        with pytest.raises(ReadTimeout, match="the total is over, of which 0.5 s were left"):
            network.run(request)
        assert network.now == 0.5


class TestTotal:
    def test_it_ends_the_wait_for_a_connection(self) -> None:
        async def script(peer: SimulatedPeer) -> None:
            await peer.request()
            await peer.sleep(60)

        network = network_of(script)
        pool = network.pool(max_connections=1, timeout=None)

        async def scenario() -> None:
            holding = network.start(fetch(pool))
            await network.sleep(0)
            with pytest.raises(PoolTimeout):
                await fetch(pool, timeout={"total": 3})
            assert network.now == 3.0
            holding.cancel()
            with pytest.raises(Cancelled):
                await holding

        network.run(scenario())

    def test_it_ends_connecting(self) -> None:
        network = network_of(answer(response(b"")), faults=Faults(stall=1.0))
        with pytest.raises(ConnectTimeout):
            network.run(fetch(network.pool(timeout=None), timeout={"total": 2}))
        assert network.now == 2.0

    @pytest.mark.parametrize("read", [None, 1.0])
    def test_it_ends_a_response_that_drips(self, read: float | None) -> None:
        async def script(peer: SimulatedPeer) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                await peer.sleep(0.75)
                await peer.send(b"x")

        network = network_of(script)
        with pytest.raises(
            ReadTimeout, match=r"timed out: the total is over, of which 5 s were left \(reading the content from"
        ):
            network.run(fetch(network.pool(max_connections=1), timeout={"read": read, "total": 5}))
        assert network.now == 5.0

    def test_it_ends_an_upload_that_nobody_takes(self) -> None:
        async def script(peer: SimulatedPeer) -> None:
            await peer.sleep(60)

        network = network_of(script)
        pool = network.pool(timeout=None)
        body = b"x" * 1_000_000
        upload = fetch(pool, method=b"POST", headers=[(b"Content-Length", b"1000000")], body=body, timeout={"total": 4})
        with pytest.raises(WriteTimeout, match="the total is over, of which 4 s were left"):
            network.run(upload)
        assert network.now == 4.0

    def test_it_ends_a_body_that_never_comes(self) -> None:
        network = network_of(answer(response(b"")))

        class Never:
            def __aiter__(self) -> Never:
                return self

            async def __anext__(self) -> bytes:
                await network.sleep(60)
                raise StopAsyncIteration

        pool = network.pool(max_connections=1)
        with pytest.raises(WriteTimeout, match=r"the total is over, of which 2 s were left \(sending the request to"):
            network.run(fetch(pool, method=b"POST", headers=[CHUNKED], body=Never(), timeout={"total": 2}))
        assert network.now == 2.0
        network.run(full(network, pool, 1))

    def test_an_error_of_the_body_that_is_a_timeout_of_its_own(self) -> None:
        network = network_of(answer(response(b"")))

        async def failing() -> AsyncIterator[bytes]:
            yield b"x"
            raise TimeoutError("mine")

        with pytest.raises(TimeoutError, match="mine"):
            network.run(fetch(network.pool(), method=b"POST", headers=[CHUNKED], body=failing(), timeout={"total": 2}))

    def test_a_request_within_it_is_as_any_other(self) -> None:
        network: Network = network_of(answer(echo))
        body = network.run(fetch(network.pool(), method=b"POST", headers=[(b"Content-Length", b"1")], body=b"x"))
        assert body == b"/:x"

        async def chunks() -> AsyncIterator[bytes]:
            yield b"x"

        request = fetch(network.pool(), method=b"POST", headers=[CHUNKED], body=chunks(), timeout={"total": 2})
        assert network.run(request) == b"/:x"
