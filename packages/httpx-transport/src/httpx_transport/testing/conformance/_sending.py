"""What a transport makes of a request: rules 1 to 11 of the contract."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from ...interface import Field
from ._rules import rule
from ._server import ServedConnection, answering, ok
from ._subject import NO_RESPONSE, REFUSAL, BrokenRule, Subject, expect, expect_equal, expect_error

_CHUNKED: Final = (b"Transfer-Encoding", b"chunked")
_ITS_OWN: Final = frozenset({b"connection", b"keep-alive"})  # fields that a transport may add


@rule("The arguments are not changed.")
async def _arguments(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    url = (b"http", b"127.0.0.1", server.port, b"/")
    fields = [(b"host", b"test"), (b"Content-Length", b"3"), (b"accept", b"*/*")]
    extensions: dict[str, Any] = {"timeout": {"read": 5.0}, "test.unknown": ["x"]}
    before = copy.deepcopy((fields, extensions))
    _, _, body, _ = await subject.port.send(b"POST", url, fields, b"abc", extensions)
    await subject.port.close_body(body)
    expect_equal("the list of fields that was passed", fields, before[0])
    expect_equal("the extensions that were passed", extensions, before[1])


@rule("The result is a tuple of an int, a list of pairs of bytes, a body whose chunks are bytes, and a dict.")
async def _result(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    answer = await subject.send(server)
    chunk = await answer.chunk()
    await answer.read()
    expect(type(answer.status) is int, f"the status is a {type(answer.status)}")
    expect(type(answer.fields) is list, f"the fields are a {type(answer.fields)}")
    for field in answer.fields:
        pair = type(field) is tuple and len(field) == 2
        expect(pair and type(field[0]) is type(field[1]) is bytes, f"a field is {field!r}")
    expect(isinstance(chunk, bytes), f"a chunk of the content is {chunk!r}")
    expect(isinstance(answer.extensions, dict), f"the extensions are a {type(answer.extensions)}")


@rule("The fields leave in their order, case and number; none is added, but for Connection and Keep-Alive.")
async def _fields_sent(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    sent: list[Field] = [
        (b"X-Case", b"1"),
        (b"accept", b"text/html;q=0.5"),
        (b"x-case", b"2"),
        (b"X-CASE", b"3, 4"),
        (b"Cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"X-Empty", b""),
        (b"X-Latin", b"caf\xe9"),
        (b"X-Case", b"1"),
    ]
    await subject.get(server, fields=sent)
    arrived = [field for field in server.requests[0].fields if field[0].lower() not in _ITS_OWN]
    expect_equal("the fields that arrived", arrived, [(b"Host", b"127.0.0.1:%d" % server.port), *sent])


@rule("Method and request-target leave as they are (RFC 9112 section 3.2).")
async def _targets(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    lines = [
        (b"GET", b"/a/../b//c;d?x=%7E+%7e&&y"),
        (b"OPTIONS", b"*"),
        (b"GET", b"http://other.test/x?y"),
        (b"PROPFIND", b"/"),
        (b"get", b"/"),
    ]
    for method, target in lines:
        await subject.get(server, method=method, target=target)
    expect_equal(
        "method and target of what arrived", [(request.method, request.target) for request in server.requests], lines
    )


@rule('Content that is bytes leaves as it is, framed as the fields say; b"" is no content.')
async def _content_as_bytes(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    content = bytes(range(256)) * 1_000
    sized = (b"Content-Length", b"%d" % len(content))
    await subject.get(server, method=b"POST", fields=[sized], content=content)
    await subject.get(server, method=b"POST", fields=[_CHUNKED], content=content)
    await subject.get(server, method=b"POST", fields=[(b"Content-Length", b"0")])
    await subject.get(server, method=b"DELETE")
    expect_equal(
        "the content that arrived", [request.content for request in server.requests], [content, content, b"", b""]
    )


@rule("Content that is an iterable leaves chunk by chunk, framed as the fields say; an empty chunk is not the end.")
async def _content_in_chunks(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    chunks = [b"", b"ab", b"", b"c" * 70_000, b"d", b""]
    whole = b"".join(chunks)
    for framing in (_CHUNKED, (b"Content-Length", b"%d" % len(whole))):
        await subject.get(server, method=b"POST", fields=[framing], content=subject.port.content(chunks))
    expect_equal("the content that arrived", [request.content for request in server.requests], [whole, whole])


class _Interruption(Exception):
    """What a caller's content raises."""


def _failing(failure: _Interruption) -> Iterator[bytes]:
    yield b"ab"
    raise failure


@rule("What the iterable raises comes out as it is, and the request is not ended as if it were complete.")
async def _content_that_fails(subject: Subject) -> None:
    failure = _Interruption("of the caller's own")
    server = subject.serve(answering(ok()))
    try:
        await subject.send(server, b"POST", fields=[_CHUNKED], content=subject.port.content(_failing(failure)))
    except _Interruption as error:
        expect(error is failure, "another error of the same type was raised")
    else:
        raise BrokenRule("nothing was raised")
    await subject.left(server)
    expect(not server.requests, "the request arrived as if it were complete")
    await subject.works()


@rule("Content that is longer or shorter than its Content-Length is refused; nothing beyond that length is sent.")
async def _content_length(subject: Subject) -> None:
    for chunks in ([b"abc", b"de"], [b"a"]):
        for content in (b"".join(chunks), subject.port.content(chunks)):
            server = subject.serve(answering(ok()))
            sending = subject.get(server, method=b"POST", fields=[(b"Content-Length", b"3")], content=content)
            await expect_error(sending, *REFUSAL)
            await subject.left(server)
    await subject.works()


_LINE_BREAKS: Final[list[dict[str, Any]]] = [
    {"method": b"GET / HTTP/1.1\r\nX: y\r\n\r\n"},
    {"method": b"GE\nT"},
    {"target": b"/\r\nX: y"},
    {"target": b"/ HTTP/1.1"},
    {"fields": [(b"X\r\nY", b"1")]},
    {"fields": [(b"X", b"1\r\nY: 2")]},
    {"fields": [(b"X", b"1\nY: 2")]},
    {"fields": [(b"X", b"1\rY: 2")]},
    {"fields": [(b"X", b"1\0")]},
]


@rule("CR, LF and NUL in method, target or fields, and a space in the target, are refused before anything is sent.")
async def _no_injection(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    for parts in _LINE_BREAKS:
        await expect_error(subject.get(server, **parts), *REFUSAL)
    expect(not any(connection.received for connection in server.connections), "something was sent all the same")


def _hanging_up(connection: ServedConnection) -> None:
    connection.receive()


@rule("What is meant for https is never sent in the clear, and schemes that it does not know are refused.")
async def _schemes(subject: Subject) -> None:
    server = subject.serve(_hanging_up)
    await expect_error(subject.get(server, scheme=b"https"), *NO_RESPONSE, *REFUSAL)
    first = b"".join(bytes(connection.received) for connection in server.connections)
    expect(first[:1] in {b"", b"\x16"}, "the request was sent in the clear")  # 22: a TLS handshake
    await expect_error(subject.get(subject.serve(answering(ok())), scheme=b"gopher"), *REFUSAL)


@rule("Extensions that are unknown are ignored, and so are unknown keys of `timeout`.")
async def _unknown_extensions(subject: Subject) -> None:
    server = subject.serve(answering(ok()))
    extensions = {"test.unknown": object(), "timeout": {"read": 5.0, "test.unknown": object()}}
    expect_equal("the content", await subject.get(server, extensions=extensions), b"ok")


RULES: Final = (
    _arguments,
    _result,
    _fields_sent,
    _targets,
    _content_as_bytes,
    _content_in_chunks,
    _content_that_fails,
    _content_length,
    _no_injection,
    _schemes,
    _unknown_extensions,
)
