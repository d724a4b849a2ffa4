"""What a transport makes of a response: rules 12 to 24 of the contract."""

from __future__ import annotations

import gzip
from typing import Final

from ...interface import Field
from ._rules import rule
from ._server import ServedConnection, Server, answering, ok, saying, stalling
from ._subject import Subject, expect, expect_equal

_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@rule("Any final status is a success.")
async def _any_status(subject: Subject) -> None:
    for status in (200, 206, 301, 404, 418, 503, 599):
        server = subject.serve(answering(b"HTTP/1.1 %d It\r\nContent-Length: 2\r\n\r\nok" % status))
        answer = await subject.send(server)
        expect_equal("the status", answer.status, status)
        expect_equal(f"the content of a {status}", await answer.read(), b"ok")


@rule("The fields come out in their order, case and number, without the whitespace around their values.")
async def _fields_received(subject: Subject) -> None:
    fields: list[Field] = [
        (b"X-Case", b"1"),
        (b"set-cookie", b"a=1; Expires=Wed, 09 Jun 2032 10:18:14 GMT"),
        (b"x-case", b"2"),
        (b"X-CASE", b"3, 4"),
        (b"Set-Cookie", b"b=2"),
        (b"Set-Cookie", b"c=3"),
        (b"X-Latin", b"caf\xe9"),
        (b"X-Empty", b""),
        (b"Content-Length", b"0"),
    ]
    head = b"".join(b"%b: %b \r\n" % field for field in fields)
    answer = await subject.send(subject.serve(answering(b"HTTP/1.1 200 OK\r\n%b\r\n" % head)))
    await answer.read()
    expect_equal("the fields", answer.fields, fields)


@rule("A redirect is a response like any other.")
async def _no_redirects(subject: Subject) -> None:
    server = subject.serve(answering(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", ok()))
    await _one_answer(subject, server, 302)


@rule("A challenge is a response like any other.")
async def _no_authentication(subject: Subject) -> None:
    challenge = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
    await _one_answer(subject, subject.serve(answering(challenge, ok())), 401)


async def _one_answer(subject: Subject, server: Server, status: int) -> None:
    answer = await subject.send(server)
    await answer.read()
    expect_equal("the status", answer.status, status)
    expect_equal("the number of requests that arrived", len(server.requests), 1)


@rule("Cookies that a response sets are not sent with the next request.")
async def _no_cookies(subject: Subject) -> None:
    server = subject.serve(answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok"))
    for _ in range(2):
        await subject.get(server)
    cookies = [field for field in server.requests[1].fields if field[0].lower() == b"cookie"]
    expect_equal("the cookies of the second request", cookies, [])


@rule("Content codings are not undone: content and fields come out as they came.")
async def _no_decoding(subject: Subject) -> None:
    content = gzip.compress(b"hello" * 100)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content)
    answer = await subject.send(subject.serve(answering(head + content)), fields=[(b"Accept-Encoding", b"gzip")])
    expect_equal("the content", await answer.read(), content)
    expect((b"Content-Encoding", b"gzip") in answer.fields, "the field Content-Encoding has gone")


@rule("Interim responses (1xx, but for 101) are not the answer (RFC 9110 section 15.2).")
async def _interim_responses(subject: Subject) -> None:
    interim = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    )
    answer = await subject.send(subject.serve(answering(interim + ok())))
    expect_equal("the status", answer.status, 200)
    expect_equal("the content", await answer.read(), b"ok")


@rule("HEAD, 204 and 304 have no content, whatever their fields say (RFC 9112 section 6.3).")
async def _no_content(subject: Subject) -> None:
    for method, status in ((b"HEAD", 200), (b"GET", 204), (b"GET", 304), (b"HEAD", 404)):
        length = b"" if status == 204 else b"Content-Length: 5\r\n"
        server = subject.serve(answering(b"HTTP/1.1 %d It\r\n%b\r\n" % (status, length), ok()))
        content = await subject.get(server, method=method)
        expect_equal(f"the content of a {status} to {method.decode()}", content, b"")
        expect_equal(
            f"the content of the response after a {status} to {method.decode()}", await subject.get(server), b"ok"
        )


@rule("Content ends where its length, its last chunk or the end of the connection says (RFC 9112 section 6.3).")
async def _framings(subject: Subject) -> None:
    big = bytes(range(256)) * 2_000
    chunks = b"A;x=y\r\n0123456789\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(big), big)
    for framing, said, content in (
        ("Content-Length", ok(big), big),
        ("Content-Length: 0", ok(b""), b""),
        ("chunks", _CHUNKED + chunks, b"0123456789" + big),
        ("no chunks", _CHUNKED + b"0\r\n\r\n", b""),
        ("the end of the connection", b"HTTP/1.1 200 OK\r\n\r\n" + big, big),
        ("the end of the connection (HTTP/1.0)", b"HTTP/1.0 200 OK\r\n\r\nok", b"ok"),
    ):
        expect_equal(f"content that ends by {framing}", await subject.get(subject.serve(saying(said))), content)


@rule("Trailer fields never come among the fields of the head (RFC 9110 section 6.5.1).")
async def _trailers_apart(subject: Subject) -> None:
    server = subject.serve(answering(_CHUNKED + b"2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n"))
    answer = await subject.send(server)
    expect_equal("the content", await answer.read(), b"ok")
    expect_equal("the fields", answer.fields, [(b"Transfer-Encoding", b"chunked")])


def _in_two_parts(connection: ServedConnection) -> None:
    connection.request()
    connection.send(_CHUNKED + b"5\r\nfirst\r\n")
    connection.wait()
    connection.send(b"6\r\nsecond\r\n0\r\n\r\n")


@rule("The call returns when the head has arrived, and a chunk comes out when it has; neither waits for more.")
async def _streaming(subject: Subject) -> None:
    await (await subject.send(subject.serve(stalling(_CHUNKED)))).close()
    server = subject.serve(_in_two_parts)
    answer = await subject.send(server)
    expect_equal("the first chunk, before there is another", await answer.chunk(), b"first")
    server.signal.set()
    expect_equal("the rest of the content", await answer.read(), b"second")


@rule("A body is iterated, closed once or twice, or used in `with`; after its end there is nothing more.")
async def _body(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    answer = await subject.send(server)
    expect_equal("the content", await answer.read(), b"ok")
    expect_equal("what comes after the last chunk", await answer.chunk(), None)
    await answer.close()
    closed = await subject.send(server)
    await closed.close()
    await closed.close()
    within = await subject.send(server)
    expect_equal("the content, read in `with`", b"".join(await subject.port.read_within(within.body)), b"ok")


@rule("Where a body has a method `whole`, it gives all of the content once, or None; it does not wait.")
async def _whole(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    answer = await subject.send(server)
    if not hasattr(answer.body, "whole"):
        await answer.close()
        return
    content = answer.body.whole()
    rest = await answer.read()
    expect(content is None or not rest, "what `whole` returned comes again")
    expect_equal("the content", (content or b"") + rest, b"ok")
    slow = subject.serve(_in_two_parts)
    answer = await subject.send(slow)
    expect_equal("what `whole` returns while there is more to come", answer.body.whole(), None)
    slow.signal.set()
    expect_equal("the content, after `whole` returned None", await answer.read(), b"firstsecond")


RULES: Final = (
    _any_status,
    _fields_received,
    _no_redirects,
    _no_authentication,
    _no_cookies,
    _no_decoding,
    _interim_responses,
    _no_content,
    _framings,
    _trailers_apart,
    _streaming,
    _body,
    _whole,
)
