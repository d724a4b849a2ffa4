"""HTTP/2 through the pool, on the simulated network: what is shared, who waits, and what breaks what."""

from __future__ import annotations

from typing import Any

import h2.events
import pytest

from httpx_transport import (
    ConnectError,
    ConnectTimeout,
    LocalProtocolError,
    PoolClosed,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    WriteTimeout,
)
from httpx_transport.testing import Cancelled, Faults, Network, Peer, answer, response
from httpx_transport.testing._backend import SimulatedBackend, SimulatedStream

from .http2_peer import OK, Speaker, answer_all, get, network_of, send, speaking
from .simulation import Chunks

PRIOR: dict[str, Any] = {"http1": False, "http2": True}


def test_concurrent_first_requests_share_one_connection() -> None:
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True)
        contents = await network.gather(*[get(pool) for _ in range(50)])
        assert sorted(contents) == sorted(b"1-%d:" % (number * 2 + 1) for number in range(50))
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        assert await get(pool) == b"1-101:"
        await pool.aclose()

    network.run(main())
    assert network.connections == 1
    assert network.open_streams == []


def test_requests_of_one_turn_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(speaking(answer_all))
    sent: list[int] = []
    send = SimulatedStream.send

    def counted(stream: SimulatedStream, data: Any) -> int:
        sent.append(len(data))
        return send(stream, data)

    async def main() -> None:
        pool = network.pool(http2=True)
        await get(pool)
        monkeypatch.setattr(SimulatedStream, "send", counted)
        contents = await network.gather(*[get(pool) for _ in range(50)])
        assert sorted(contents) == sorted(b"1-%d:" % (number * 2 + 3) for number in range(50))
        await pool.aclose()

    network.run(main())
    assert len(sent) < 10


def test_alpn_decides_and_http1_is_spoken_where_it_says_so() -> None:
    network = Network()
    network.serve("a.test", 443, answer(response(b"one")), alpn="http/1.1")
    network.serve("a.test", 80, answer(response(b"one")))

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await network.gather(*[get(pool) for _ in range(5)]) == [b"one"] * 5
        assert network.connections == 5
        _, _, _, facts = await send(pool, scheme=b"http")
        assert facts["http_version"] == b"HTTP/1.1"
        assert "stream_id" not in facts
        await pool.aclose()

    network.run(main())


def test_prior_knowledge_needs_no_tls() -> None:
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(**PRIOR)
        status, fields, content, facts = await send(pool, scheme=b"http", headers=[(b"X-A", b"b")])
        assert status == 200
        assert fields == []
        assert facts["http_version"] == b"HTTP/2"
        assert facts["stream_id"] == 1
        assert "reason_phrase" not in facts
        assert facts["connection"]["reused"] is False
        assert set(facts["timings"]) == {"dns", "connect", "send", "first_byte"}
        assert [chunk async for chunk in content] == [b"1-1:"]
        assert facts["timings"]["total"] >= 0
        _, _, _, facts = await send(pool, scheme=b"http")
        assert facts["connection"]["reused"] is True
        await pool.aclose()

    network.run(main())


def test_at_the_stream_limit_requests_queue_and_another_connection_is_made() -> None:
    network = network_of(speaking(answer_all, {3: 10}))

    async def main() -> None:
        pool = network.pool(http2=True)
        contents = await network.gather(*[get(pool) for _ in range(50)])
        assert len(set(contents)) == 50
        assert 1 < network.connections <= 5
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_requests_queue_for_streams_where_there_may_be_no_more_connections() -> None:
    async def slowly(speaker: Speaker) -> None:
        while stream := await speaker.request():
            await speaker.peer.sleep(0.1)
            await speaker.respond(stream, b"%d" % stream)

    network = network_of(speaking(slowly, {3: 2}))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        contents = await network.gather(*[get(pool) for _ in range(9)])
        assert contents == [b"%d" % (number * 2 + 1) for number in range(9)], "first come, first served"
        await pool.aclose()

    network.run(main())
    assert network.connections == 1


def test_no_streams_at_all_is_a_wait_and_no_deadlock() -> None:
    async def closed_for_a_while(speaker: Speaker) -> None:
        first = await speaker.request()
        speaker.h2.update_settings({3: 0})
        await speaker.respond(first, b"open")
        await speaker.peer.sleep(1)
        speaker.h2.update_settings({3: 3})
        await answer_all(speaker)

    network = network_of(speaking(closed_for_a_while, {3: 5}))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        assert await get(pool) == b"open"
        contents = await network.gather(*[get(pool) for _ in range(5)])
        assert sorted(contents) == [b"1-11:", b"1-3:", b"1-5:", b"1-7:", b"1-9:"]
        assert network.now == 1.0
        await pool.aclose()

    network.run(main())


def test_a_refused_stream_is_sent_again_on_another_connection() -> None:
    refused: list[bytes] = []

    async def refuse_first(speaker: Speaker) -> None:
        if speaker.peer.number == 1:
            stream = await speaker.request()
            refused.append(speaker.bodies[stream])
            speaker.h2.reset_stream(stream, 7)
        await answer_all(speaker)

    network = network_of(speaking(refuse_first))

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await get(pool, method=b"POST", body=b"once") == b"2-1:once"
        assert refused == [b"once"]
        await pool.aclose()

    network.run(main())


def test_a_request_that_everybody_refuses_fails() -> None:
    async def refuse(speaker: Speaker) -> None:
        while stream := await speaker.request():
            speaker.h2.reset_stream(stream, 7)

    network = network_of(speaking(refuse))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(RemoteProtocolError, match="REFUSED_STREAM"):
            await get(pool)
        assert pool.stats()["active"] == 0
        with pytest.raises(RemoteProtocolError, match="REFUSED_STREAM"):
            await get(pool, method=b"POST", body=Chunks(network, b"cannot be said twice"))
        await pool.aclose()

    network.run(main())
    assert network.open_streams == []


def test_goaway_lets_promised_streams_finish_and_the_others_start_anew() -> None:
    async def leave(speaker: Speaker) -> None:
        if speaker.peer.number > 1:
            await answer_all(speaker)
            return
        streams = [await speaker.request() for _ in range(3)]
        await turn_away(speaker, streams[0])
        await speaker.peer.sleep(1)
        await speaker.respond(streams[0], b"promised")

    network = network_of(speaking(leave))

    async def main() -> None:
        pool = network.pool(http2=True)
        contents = await network.gather(*[get(pool, method=b"POST", body=b"x") for _ in range(3)])
        assert contents == [b"promised", b"2-1:x", b"2-3:x"]
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        await pool.aclose()

    network.run(main())


async def turn_away(speaker: Speaker, last: int) -> None:
    """Do nothing with the streams after the last, as GOAWAY says."""
    await speaker.peer.send(b"\0\0\x08\x07\0\0\0\0\0" + last.to_bytes(4, "big") + bytes(4))


def test_whom_many_connections_turn_away_in_turn_is_answered_in_the_end() -> None:
    """Each answers one of all that it was sent, as it has said all it will, and that is no error of the others."""

    async def one_each(speaker: Speaker) -> None:
        stream = await speaker.request()
        speaker.h2.send_headers(stream, OK, end_stream=True)
        await speaker.flush()
        await turn_away(speaker, stream)

    network = network_of(speaking(one_each))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        answers = await network.gather(*[send(pool, method=b"POST", body=b"x") for _ in range(20)])
        assert [status for status, *_ in answers] == [200] * 20
        await pool.aclose()

    network.run(main())
    assert network.connections == 20


def test_a_server_that_only_turns_away_is_given_up() -> None:
    async def nothing(speaker: Speaker) -> None:
        await speaker.request()
        await turn_away(speaker, 0)

    network = network_of(speaking(nothing))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(RemoteProtocolError, match="the peer is going away"):
            await get(pool)
        await pool.aclose()

    network.run(main())
    assert network.connections == 5


def test_goaway_on_an_idle_connection_is_noticed() -> None:
    async def leave(speaker: Speaker) -> None:
        stream = await speaker.request()
        await speaker.respond(stream, b"first")
        await speaker.peer.send(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\1\0\0\0\0")

    network = network_of(speaking(leave))

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await get(pool) == b"first"
        await network.sleep(1)
        assert await get(pool, method=b"POST") == b"first"
        await pool.aclose()

    network.run(main())
    assert network.connections == 2


def test_an_end_on_an_idle_connection_is_noticed() -> None:
    async def script(peer: Peer) -> None:
        speaker = Speaker(peer)
        await speaker.respond(await speaker.request(), b"only")

    network = network_of(script)

    async def main() -> None:
        pool = network.pool(http2=True)
        for _ in range(3):
            assert await get(pool, method=b"POST") == b"only"
            await network.sleep(1)
        await pool.aclose()

    network.run(main())
    assert network.connections == 3


def test_an_idle_peer_that_is_silent_for_long_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        SimulatedBackend, "alarm", lambda backend: None
    )  # nobody looks at it meanwhile, as without a loop
    pings: list[int] = []

    async def fall_asleep(speaker: Speaker) -> None:
        await speaker.respond(await speaker.request(), b"x")
        if speaker.peer.number == 1:
            await speaker.next(h2.events.PingReceived)
            pings.append(1)
            await speaker.respond(await speaker.request(), b"y")
            await speaker.peer.sleep(1000)
        await answer_all(speaker)

    network = network_of(speaking(fall_asleep))

    async def main() -> None:
        pool = network.pool(http2=True, keepalive_expiry=None)
        assert await get(pool) == b"x"
        await network.sleep(60)
        assert await get(pool) == b"y"
        assert pings == [1]
        await network.sleep(60)
        started = network.now
        assert await get(pool, method=b"POST") == b"x", "a dead one is not used"
        assert 2.9 < network.now - started < 3.1
        await pool.aclose()

    network.run(main())
    assert network.connections == 2


def test_the_reuse_race_is_run_again() -> None:
    async def script(peer: Peer) -> None:
        speaker = Speaker(peer)
        await speaker.respond(await speaker.request(), b"%d" % peer.number)
        await speaker.request()

    network = network_of(script)

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await get(pool) == b"1"
        assert await get(pool) == b"2"
        with pytest.raises(RemoteProtocolError, match=r"Server disconnected without sending a response.*reused"):
            await get(pool, method=b"POST")
        await pool.aclose()

    network.run(main())


def test_a_violation_ends_all_streams_and_gives_the_slot_back() -> None:
    async def attack(speaker: Speaker) -> None:
        for _ in range(2):
            await speaker.request()
        await speaker.peer.send(b"\xff\xff\xff\0\0\0\0\0\1")

    network = network_of(speaking(attack))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        tasks = [network.start(get(pool, method=b"POST")) for _ in range(2)]
        for task in tasks:
            with pytest.raises(RemoteProtocolError, match=r"HTTP/2 violation: a frame of 16777215 bytes.*a\.test:443"):
                await task
        assert pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
        await pool.aclose()

    network.run(main())
    assert network.open_streams == []


def test_a_violation_of_one_stream_is_its_own() -> None:
    async def attack(speaker: Speaker) -> None:
        first, second = await speaker.request(), await speaker.request()
        speaker.h2.config.validate_outbound_headers = speaker.h2.config.normalize_outbound_headers = False
        await speaker.respond(first, b"", [*OK, (b"connection", b"close")])
        await speaker.respond(second, b"fine")

    network = network_of(speaking(attack))

    async def main() -> None:
        pool = network.pool(http2=True)
        broken, fine = network.start(get(pool)), network.start(get(pool))
        with pytest.raises(RemoteProtocolError, match="connection-specific"):
            await broken
        assert await fine == b"fine"
        assert pool.stats()["idle"] == 1
        await pool.aclose()

    network.run(main())


def test_an_endless_ping_does_not_defeat_the_read_timeout() -> None:
    async def ping(speaker: Speaker) -> None:
        await speaker.request()
        while True:
            speaker.h2.ping(b"12345678")
            await speaker.flush()
            await speaker.peer.sleep(0.5)

    network = network_of(speaking(ping))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(ReadTimeout, match=r"timed out \(waiting for the response from a.test:443"):
            await get(pool, extensions={"timeout": {"read": 2.0}})
        assert network.now < 2.5
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_a_stalled_response_times_out_alone() -> None:
    async def stall(speaker: Speaker) -> None:
        first, second = await speaker.request(), await speaker.request()
        speaker.h2.send_headers(first, OK)
        await speaker.send(first, b"beginning")
        speaker.h2.send_headers(second, OK)
        for _ in range(5):
            await speaker.peer.sleep(1)
            await speaker.send(second, b"x")
        await speaker.send(second, b"", end=True)

    network = network_of(speaking(stall))

    async def main() -> None:
        pool = network.pool(http2=True, timeout=2.0)
        stalled, going = network.start(get(pool)), network.start(get(pool))
        with pytest.raises(ReadTimeout, match="reading the content from"):
            await stalled
        assert await going == b"xxxxx"
        await pool.aclose()

    network.run(main())


def test_the_total_counts_everything() -> None:
    async def drip(speaker: Speaker) -> None:
        stream = await speaker.request()
        speaker.h2.send_headers(stream, OK)
        while True:
            await speaker.send(stream, b"x")
            await speaker.peer.sleep(0.4)

    network = network_of(speaking(drip))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(ReadTimeout, match="the total is over, of which 1.5 s were left"):
            await get(pool, extensions={"timeout": {"total": 1.5}})
        assert 1.4 < network.now < 1.6

        class Slow:
            def __aiter__(self) -> Slow:
                return self

            async def __anext__(self) -> bytes:
                await network.sleep(1)
                return b"x"

        with pytest.raises(WriteTimeout, match="the total is over, of which 2.5 s were left"):
            await get(pool, method=b"POST", body=Slow(), extensions={"timeout": {"total": 2.5}})
        await pool.aclose()

    network.run(main())


def test_uploads_wait_for_credit_and_no_other_stream_does() -> None:
    async def stingy(speaker: Speaker) -> None:
        speaker.credit = False
        await speaker.next(h2.events.DataReceived)
        stream = await speaker.request()
        await speaker.respond(stream, b"meanwhile")
        await speaker.peer.sleep(1)
        speaker.credit = True
        speaker.h2.increment_flow_control_window(100_000)
        speaker.h2.increment_flow_control_window(100_000, 1)
        stream = await speaker.request()
        await speaker.respond(stream, b"%d" % len(speaker.bodies[stream]))

    network = network_of(speaking(stingy))

    async def main() -> None:
        pool = network.pool(http2=True)
        upload = network.start(get(pool, method=b"POST", body=b"x" * 150_000))
        await network.sleep(0.1)
        assert await get(pool) == b"meanwhile"
        assert not upload.done
        assert await upload == b"150000"
        await pool.aclose()

    network.run(main())


def test_an_upload_that_nobody_wants_times_out() -> None:
    async def deaf(speaker: Speaker) -> None:
        speaker.credit = False

    network = network_of(speaking(deaf))

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(WriteTimeout, match="sending the request to"):
            await get(pool, method=b"POST", body=b"x" * 100_000)
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_chunks_are_sent_as_they_come() -> None:
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True)
        body = Chunks(network, b"a", b"", b"b" * 100_000, b"c")
        assert await get(pool, method=b"POST", body=body) == b"1-1:a" + b"b" * 100_000 + b"c"
        assert await get(pool, method=b"POST", body=Chunks(network)) == b"1-3:"
        with pytest.raises(LocalProtocolError, match="Too little data"):
            await get(pool, method=b"POST", headers=[(b"Content-Length", b"5")], body=Chunks(network, b"abc"))
        with pytest.raises(LocalProtocolError, match="Too much data"):
            await get(pool, method=b"POST", headers=[(b"Content-Length", b"5")], body=b"123456")
        with pytest.raises(LocalProtocolError, match="Illegal header value of 'A'"):
            await get(pool, headers=[(b"A", b"\n")])
        with pytest.raises(TypeError):
            await get(pool, body=[b"not asynchronous"])
        assert await get(pool, method=b"POST", headers=[(b"Content-Length", b"3")], body=b"abc") == b"1-9:abc"
        assert pool.stats() == {"connections": 1, "active": 0, "idle": 1, "waiting": 0}
        await pool.aclose()

    network.run(main())


def test_an_error_of_the_body_resets_the_stream_alone() -> None:
    resets: list[int] = []

    async def note(speaker: Speaker) -> None:
        resets.append((await speaker.next(h2.events.StreamReset)).error_code)
        await answer_all(speaker)

    network = network_of(speaking(note))

    class Broken(Chunks):
        async def __anext__(self) -> bytes:
            if self.chunks:
                return await super().__anext__()
            raise TimeoutError("its own")

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(TimeoutError, match="its own"):
            await get(pool, method=b"POST", body=Broken(network, b"x"))
        assert await get(pool) == b"1-3:"
        assert resets == [8]
        await pool.aclose()

    network.run(main())


@pytest.mark.parametrize("status", [b"413", b"302"])
def test_an_early_answer_ends_the_upload(status: bytes) -> None:
    async def refuse(speaker: Speaker) -> None:
        speaker.credit = False
        event = await speaker.next(h2.events.DataReceived)
        await speaker.respond(event.stream_id, b"no", [(b":status", status)])

    network = network_of(speaking(refuse))

    async def main() -> None:
        pool = network.pool(http2=True)
        for body in (b"x" * 200_000, Chunks(network, *[b"x" * 20_000] * 10)):
            answered, _, content, _ = await send(pool, method=b"POST", body=body)
            assert answered == int(status)
            assert [chunk async for chunk in content] == [b"no"]
            assert pool.stats()["active"] == 0
            await pool.aclose()
            pool = network.pool(http2=True)

    network.run(main())


def test_an_early_answer_that_comes_whole_is_whole() -> None:
    async def refuse(speaker: Speaker) -> None:
        speaker.credit = False
        event = await speaker.next(h2.events.DataReceived)
        speaker.h2.send_headers(event.stream_id, [(b":status", b"413")])
        speaker.h2.send_data(event.stream_id, b"too much", end_stream=True)
        await speaker.flush()

    network = network_of(speaking(refuse))

    async def main() -> None:
        pool = network.pool(http2=True)
        assert await get(pool, method=b"POST", body=b"x" * 200_000) == b"too much"
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_a_request_that_ends_after_its_response_gives_its_stream_to_who_waits() -> None:
    async def early(speaker: Speaker) -> None:
        long = await speaker.request()
        await speaker.respond((await speaker.next(h2.events.DataReceived)).stream_id)
        await speaker.request()  # that one has ended too
        await speaker.respond(await speaker.request())
        await speaker.respond(long)

    network = network_of(speaking(early, {3: 2}))

    class Slow(Chunks):
        async def __anext__(self) -> bytes:
            await network.sleep(1)
            return await super().__anext__()

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        long = network.start(get(pool))
        await network.sleep(0.1)
        sending = network.start(get(pool, method=b"POST", body=Slow(network, b"x")))
        await network.sleep(0.1)
        await get(pool, extensions={"timeout": {"pool": 3.0}})
        await sending
        await long
        await pool.aclose()

    network.run(main())


def test_a_peer_that_answers_while_it_reads_is_read_while_we_send() -> None:
    async def echo(speaker: Speaker) -> None:
        started: set[int] = set()
        while (event := await speaker.next(h2.events.DataReceived, h2.events.StreamEnded)) is not None:
            if isinstance(event, h2.events.StreamEnded):
                await speaker.send(event.stream_id, b"", end=True)
                continue
            if event.stream_id not in started:
                started.add(event.stream_id)
                speaker.h2.send_headers(event.stream_id, OK)
            await speaker.send(event.stream_id, event.data)

    network = network_of(speaking(echo))

    async def main() -> None:
        pool = network.pool(http2=True)
        size = 5_000_000  # more than both windows together
        assert await get(pool, method=b"POST", body=b"x" * size) == b"x" * size
        chunks = Chunks(network, *[b"y" * 50_000] * 100)
        assert await get(pool, method=b"POST", body=chunks) == b"y" * size
        await pool.aclose()

    network.run(main())


def test_informational_responses_and_trailers_both_ways() -> None:
    heard: list[Any] = []

    async def play(speaker: Speaker) -> None:
        await speaker.next(h2.events.RequestReceived)
        speaker.h2.send_headers(1, [(b":status", b"103"), (b"link", b"</a>")])
        await speaker.flush()
        heard.append((await speaker.next(h2.events.TrailersReceived)).headers)
        await speaker.request()
        await speaker.respond(1, b"content", trailers=[(b"x-sum", b"1")])
        await answer_all(speaker)

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True)
        extensions = {"on_informational": lambda *told: heard.append(told), "trailers": lambda: [(b"X-Client", b"2")]}
        _, _, content, facts = await send(pool, method=b"POST", body=Chunks(network, b"x", b"y"), extensions=extensions)
        assert len(heard) == 2
        assert (103, [(b"link", b"</a>")]) in heard
        assert [(b"x-client", b"2")] in heard
        assert facts["informational"] == [(103, [(b"link", b"</a>")])]
        assert [chunk async for chunk in content] == [b"content"]
        assert facts["trailers"] == [(b"x-sum", b"1")]
        assert await get(pool, extensions={"trailers": list}) == b"1-3:"
        await pool.aclose()

    network.run(main())


@pytest.mark.parametrize("permitted", [True, False, None])
def test_a_body_that_waits_for_permission(permitted: bool | None) -> None:
    async def play(speaker: Speaker) -> None:
        event = await speaker.next(h2.events.RequestReceived)
        assert not any(isinstance(event, h2.events.DataReceived) for event in speaker.events)
        if permitted:
            speaker.h2.send_headers(event.stream_id, [(b":status", b"100")])
        elif permitted is False:
            await speaker.respond(event.stream_id, b"no", [(b":status", b"417")])
            return
        await answer_all(speaker)

    network = network_of(speaking(play))

    async def main() -> None:
        pool = network.pool(http2=True)
        content = await get(pool, method=b"POST", headers=[(b"Expect", b"100-continue")], body=b"body")
        assert content == (b"no" if permitted is False else b"1-1:body")
        assert network.now == (1.0 if permitted is None else 0.0)
        await pool.aclose()

    network.run(main())


def test_an_abandoned_response_is_reset_and_no_other_notices() -> None:
    async def endless(speaker: Speaker) -> None:
        first = await speaker.request()
        speaker.h2.send_headers(first, OK)
        await speaker.send(first, b"x" * 50_000)
        reset = await speaker.next(h2.events.StreamReset)
        assert reset.error_code == 8
        await answer_all(speaker)

    network = network_of(speaking(endless))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, content, _ = await send(pool)
        assert await anext(content)
        await content.aclose()
        await content.aclose()
        assert await get(pool) == b"1-3:"
        await pool.aclose()

    network.run(main())
    assert network.connections == 1


def test_a_whole_response_is_taken_at_once() -> None:
    async def at_once(speaker: Speaker) -> None:
        stream = await speaker.request()
        speaker.h2.send_headers(stream, OK)
        speaker.h2.send_data(stream, b"content", end_stream=True)

    network = network_of(speaking(at_once))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, content, _ = await send(pool)
        assert content.whole() == b"content"
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())


def test_what_has_come_of_a_broken_response_is_delivered_first() -> None:
    async def script(peer: Peer) -> None:
        speaker = Speaker(peer)
        stream = await speaker.request()
        speaker.h2.send_headers(stream, OK)
        await speaker.send(stream, b"half")
        peer.half_close()
        await speaker.stay()

    network = network_of(script)

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, content, _ = await send(pool)
        assert await anext(content) == b"half"
        with pytest.raises(RemoteProtocolError, match="without sending complete message body"):
            await anext(content)
        assert pool.stats()["connections"] == 0
        await pool.aclose()

    network.run(main())


def test_a_connection_that_breaks_says_so() -> None:
    async def script(peer: Peer) -> None:
        speaker = Speaker(peer)
        await speaker.request()
        peer.reset()

    network = network_of(script)

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(ReadError, match="Connection reset by peer"):
            await get(pool)
        assert pool.stats()["connections"] == 0
        await pool.aclose()

    network.run(main())


def test_an_attempt_that_fails_fails_for_all_who_share_it() -> None:
    network = Network()
    network.serve("a.test", 80, speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True)
        tasks = [network.start(get(pool)) for _ in range(3)]
        for task in tasks:
            with pytest.raises(ConnectError, match="Connection refused"):
                await task
        assert pool.stats() == {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
        await pool.aclose()

    network.run(main())


def test_an_attempt_that_is_cancelled_or_late_is_taken_over() -> None:
    network = network_of(speaking(answer_all), faults=Faults(delay=1.0, longest=1.0))

    async def main() -> None:
        pool = network.pool(http2=True)
        first = network.start(get(pool, extensions={"timeout": {"connect": 0.0}}))
        second = network.start(get(pool), cancel_at=1)
        third = network.start(get(pool))
        with pytest.raises(ConnectTimeout):
            await first
        with pytest.raises(Cancelled):
            await second
        assert await third
        await pool.aclose()

    network.run(main())


def test_waiting_for_anothers_attempt_is_limited_as_ones_own() -> None:
    network = network_of(speaking(answer_all), faults=Faults(delay=1.0, longest=1.0), seed=1)

    async def main() -> None:
        pool = network.pool(http2=True)
        first = network.start(get(pool))
        second = network.start(get(pool, extensions={"timeout": {"connect": 0.001}}))
        with pytest.raises(ConnectTimeout, match="connecting to a.test:443"):
            await second
        assert await first
        await pool.aclose()

    network.run(main())


@pytest.mark.parametrize("leads", [False, True])
def test_who_gives_up_while_he_sends_for_all_hands_that_on(leads: bool) -> None:
    """Those who wait behind him rely on it, whether one of them reads for all or not."""

    async def busy(speaker: Speaker) -> None:
        speaker.h2.increment_flow_control_window(1_000_000)
        await speaker.respond(await speaker.request(), b"begun")
        first = 0 if leads else await speaker.request()
        await speaker.peer.sleep(1)
        second = await speaker.request()
        for stream in filter(None, (second, first)):
            await speaker.respond(stream, b"%d" % stream)

    network = network_of(speaking(busy, {4: 1_000_000}))

    async def main() -> None:
        pool = network.pool(http2=True, timeout=None)
        assert await get(pool) == b"begun"
        if not leads:
            reading = network.start(get(pool))
            await network.sleep(0.1)
        sending = network.start(get(pool, method=b"POST", body=b"x" * 300_000))
        await network.sleep(0.1)
        relying = network.start(get(pool, extensions={"timeout": {"read": 5.0}}))
        await network.sleep(0.1)
        sending.cancel()
        with pytest.raises(Cancelled):
            await sending
        assert await relying
        assert leads or await reading
        await pool.aclose()

    network.run(main())


def test_waiting_for_a_stream_is_limited() -> None:
    async def never(speaker: Speaker) -> None:
        return

    network = network_of(speaking(never, {3: 1}))

    async def main() -> None:
        pool = network.pool(http2=True, max_connections=1)
        timeouts: dict[str, Any] = {"timeout": {"pool": 1.0, "read": None}}
        first = network.start(get(pool, extensions=timeouts))
        await network.sleep(0.5)
        second, third = network.start(get(pool, extensions=timeouts)), network.start(get(pool, extensions=timeouts))
        for waiting in (second, third):
            with pytest.raises(PoolTimeout, match="no stream and no connection became free"):
                await waiting
        assert network.now == 1.5
        fourth, fifth = network.start(get(pool, extensions=timeouts)), network.start(get(pool, extensions=timeouts))
        await network.sleep(0.1)
        await pool.aclose()
        for waiting in (fourth, fifth):
            with pytest.raises(PoolClosed):
                await waiting
        first.cancel()
        with pytest.raises(Cancelled):
            await first
        with pytest.raises(PoolClosed):
            await get(pool)

    network.run(main())
    assert network.open_streams == []


def test_a_response_that_another_task_has_received_ends_when_it_is_iterated() -> None:
    """Its request is not sent any further, its place is free, and its timings are whole."""

    async def play(speaker: Speaker) -> None:
        speaker.credit = False
        first = (await speaker.next(h2.events.RequestReceived)).stream_id
        speaker.h2.send_headers(first, OK)
        await speaker.flush()
        second = (await speaker.next(h2.events.RequestReceived)).stream_id
        speaker.h2.send_headers(second, OK)
        await speaker.flush()
        for stream in (second, first):
            await speaker.peer.sleep(1)
            speaker.h2.send_data(stream, b"whole", end_stream=True)
            await speaker.flush()
        await speaker.next(h2.events.StreamReset)
        await speaker.peer.sleep(10)

    network = network_of(speaking(play, {3: 100}))

    async def main() -> None:
        pool = network.pool(http2=True)
        _, _, reading, _ = await send(pool)
        body = Chunks(network, *[b"x" * 50_000] * 20)
        _, _, content, facts = await send(pool, method=b"POST", body=body)
        other = network.start(anext(reading))
        await network.sleep(1.5)
        assert content.whole() is None, "there is more to do than to take it"
        assert [chunk async for chunk in content] == [b"whole"]
        assert "total" in facts["timings"]
        assert await other == b"whole"
        await reading.aclose()
        assert pool.stats()["active"] == 0
        await pool.aclose()

    network.run(main())
