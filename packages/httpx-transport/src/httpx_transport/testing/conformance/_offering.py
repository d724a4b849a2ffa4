"""What a transport may offer beside: where it does, it is as the contract says. Nobody has to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from ...interface import Field
from ._rules import rule
from ._server import ServedConnection, answering, ok
from ._subject import NO_RESPONSE, REFUSAL, NotOffered, Subject, expect, expect_equal, expect_error

_SHORT: Final = 0.2  # seconds
_CHUNKED: Final = (b"Transfer-Encoding", b"chunked")


async def _extension(subject: Subject, name: str, said: bytes, **options: Any) -> Any:
    """Return what a response's extensions hold by that name, when the content has been read."""
    answer = await subject.send(subject.serve(answering(said)), **options)
    await answer.read()
    if name not in answer.extensions:
        raise NotOffered
    return answer.extensions[name]


@rule("The response extension `http_version` is the protocol's name in bytes.")
async def _http_version(subject: Subject) -> None:
    expect_equal("`http_version`", await _extension(subject, "http_version", ok()), b"HTTP/1.1")


@rule("The response extension `reason_phrase` is the status line's text in bytes, also where there is none.")
async def _reason_phrase(subject: Subject) -> None:
    for reason in (b"Very Fine", b""):
        said = b"HTTP/1.1 200 %b\r\nContent-Length: 0\r\n\r\n" % reason
        expect_equal("`reason_phrase`", await _extension(subject, "reason_phrase", said), reason)


@rule("The response extension `informational` lists status and fields of each 1xx response.")
async def _informational(subject: Subject) -> None:
    said = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok()
    expected: list[tuple[int, list[Field]]] = [(103, [(b"Link", b"</a>")]), (102, [])]
    expect_equal("`informational`", await _extension(subject, "informational", said), expected)


@rule("The request extension `on_informational` is called with status and fields of each 1xx response.")
async def _on_informational(subject: Subject) -> None:
    told: list[Any] = []
    said = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok()
    extensions = {"on_informational": lambda *details: told.append(details)}
    await subject.get(subject.serve(answering(said)), extensions=extensions)
    if not told:
        raise NotOffered
    expect_equal("what `on_informational` was told", told, [(103, [(b"Link", b"</a>")])])


@rule("The response extension `trailers` is a list that has the trailer fields when the content has been read.")
async def _trailers(subject: Subject) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    said = head + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n"
    expect_equal("`trailers`", await _extension(subject, "trailers", said), [(b"X-Sum", b"1"), (b"x-sum", b"2")])


def _noted(order: list[str]) -> Iterator[bytes]:
    yield b"ab"
    order.append("end")


@rule("The request extension `trailers` is called when the content has been taken, and returns the trailer fields.")
async def _sent_trailers(subject: Subject) -> None:
    order: list[str] = []

    def fields() -> list[Field]:
        order.append("trailers")
        return [(b"X-Sum", b"1")]

    server = subject.serve(answering(ok()))
    content = subject.port.content(_noted(order))
    await subject.get(server, method=b"POST", fields=[_CHUNKED], content=content, extensions={"trailers": fields})
    if "trailers" not in order:
        raise NotOffered
    expect_equal("the order of the content's end and the call", order, ["end", "trailers"])
    arrived = [(name.lower(), value) for name, value in server.requests[0].trailers]
    expect_equal("the trailers that arrived", arrived, [(b"x-sum", b"1")])


@rule("The request extension `target` is sent instead of the URL's target.")
async def _target(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    await subject.get(server, method=b"OPTIONS", target=b"/path", extensions={"target": b"*"})
    if server.requests[0].target == b"/path":
        raise NotOffered
    expect_equal("the target that arrived", server.requests[0].target, b"*")


def _hanging_up(connection: ServedConnection) -> None:
    connection.receive()


@rule("The request extension `sni_hostname` is the name that TLS asks for, instead of the URL's host.")
async def _sni_hostname(subject: Subject) -> None:
    server = subject.serve(_hanging_up)
    sending = subject.get(server, scheme=b"https", extensions={"sni_hostname": "other.test"})
    await expect_error(sending, *NO_RESPONSE, *REFUSAL)
    hello = b"".join(bytes(connection.received) for connection in server.connections)
    if b"other.test" not in hello:
        raise NotOffered
    expect_equal("the first byte of the connection", hello[:1], b"\x16")


def _dripping(connection: ServedConnection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
    for _ in range(20):
        connection.left.wait(0.02)
        connection.send(b"x")


@rule('`timeout["total"]` seconds are for all of it, to the last byte of the content; then there is a TimeoutError.')
async def _total_timeout(subject: Subject) -> None:
    getting = subject.get(subject.serve(_dripping), extensions={"timeout": {"total": 0.1}})
    try:
        await getting
    except TimeoutError:
        await subject.works()
    else:
        raise NotOffered


@rule("The request extension `trace` is called with an event's name and a dict; what starts is complete, or fails.")
async def _trace(subject: Subject) -> None:
    told: list[Any] = []
    extensions = {"trace": lambda *event: told.append(event)}
    await subject.get(subject.serve(answering(ok())), extensions=extensions)
    if not told:
        raise NotOffered
    for event in told:
        expect(len(event) == 2 and isinstance(event[0], str) and isinstance(event[1], dict), f"it was told {event!r}")
    names = [name for name, _ in told]
    for name in names:
        step, _, state = name.rpartition(".")
        expect(state in {"started", "complete", "failed"}, f"an event has the name {name!r}")
        ends = names.count(f"{step}.complete") + names.count(f"{step}.failed")
        expect_equal(f"how often {step!r} ended", ends, names.count(f"{step}.started"))


@rule("The response extension `network_stream` has a method `get_extra_info`, which knows the peer's address.")
async def _network_stream(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    answer = await subject.send(server)
    if "network_stream" not in answer.extensions:
        await answer.close()
        raise NotOffered
    info = answer.extensions["network_stream"].get_extra_info
    expect_equal("`server_addr`", tuple(info("server_addr"))[:2], ("127.0.0.1", server.port))
    expect_equal("what is known by an unknown name", info("test.unknown"), None)
    await answer.close()


def _switching(connection: ServedConnection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
    connection.send(connection.receive()[::-1])
    connection.wait_until_left()


@rule("After a 101 the `network_stream` reads and writes what is no longer HTTP; closing the body ends it.")
async def _upgrade(subject: Subject) -> None:
    server = subject.serve(_switching)
    upgrading = [(b"Connection", b"Upgrade"), (b"Upgrade", b"test")]
    try:
        answer = await subject.send(server, fields=upgrading, extensions={"timeout": {"read": 1.0}})
    except NO_RESPONSE:
        raise NotOffered from None
    stream = answer.extensions.get("network_stream")
    if answer.status != 101 or stream is None:
        await answer.close()
        raise NotOffered
    expect_equal("what was read from the network stream", await subject.port.write_and_read(stream, b"ping"), b"gnip")
    await answer.close()
    await subject.left(server)


@rule("The response extension `timings` is a dict of seconds by phase, complete when the content has been read.")
async def _timings(subject: Subject) -> None:
    seconds = await _extension(subject, "timings", ok())
    expect(isinstance(seconds, dict), f"`timings` is a {type(seconds)}")
    for phase, value in seconds.items():
        kept = isinstance(phase, str) and isinstance(value, float) and value >= 0
        expect(kept, f"`timings` holds {phase!r}: {value!r}")


@rule("The response extension `connection` tells the addresses, and whether the connection had served before.")
async def _connection_facts(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    for count in (0, 1):
        answer = await subject.send(server)
        await answer.read()
        facts = answer.extensions.get("connection")
        if facts is None:
            raise NotOffered
        expect_equal("`remote_address`", tuple(facts["remote_address"])[:2], ("127.0.0.1", server.port))
        expect_equal("`reused`", facts["reused"], len(server.connections) <= count)


@rule("A connection whose response has been read to the end serves again.")
async def _kept_connections(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    for _ in range(3):
        await subject.get(server)
    if len(server.connections) == 3:
        raise NotOffered
    expect_equal("the number of connections for three requests", len(server.connections), 1)


def _too_large(connection: ServedConnection) -> None:
    connection.receive()
    connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    connection.wait()


@rule("An answer that comes while the content is still being sent is returned.")
async def _early_answer(subject: Subject) -> None:
    server = subject.serve(_too_large)
    content = subject.port.content(bytes(65_536) for _ in range(256))
    limit = {"timeout": {"write": 0.5}}
    try:
        answer = await subject.send(server, b"POST", fields=[_CHUNKED], content=content, extensions=limit)
    except NO_RESPONSE:
        raise NotOffered from None
    expect_equal("the status", answer.status, 413)
    await answer.close()


def _asking(connection: ServedConnection) -> None:
    connection.receive()
    if not connection.received.endswith(b"ab"):
        with contextlib.suppress(TimeoutError):
            connection.receive(_SHORT)
    if connection.received.endswith(b"ab"):
        connection.send(ok(b"not waited"))
        return
    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    connection.receive()
    connection.send(ok())


@rule("With `Expect: 100-continue` the content waits for the peer's word (RFC 9110 section 10.1.1).")
async def _expect_continue(subject: Subject) -> None:
    fields = [(b"Expect", b"100-continue"), (b"Content-Length", b"2")]
    content = await subject.get(subject.serve(_asking), method=b"POST", fields=fields, content=b"ab")
    if content == b"not waited":
        raise NotOffered
    expect_equal("the content", content, b"ok")


RULES: Final = (
    _http_version,
    _reason_phrase,
    _informational,
    _on_informational,
    _trailers,
    _sent_trailers,
    _target,
    _sni_hostname,
    _total_timeout,
    _trace,
    _network_stream,
    _upgrade,
    _timings,
    _connection_facts,
    _kept_connections,
    _early_answer,
    _expect_continue,
)
