"""What a transport does when things go wrong, and when they are over: rules 25 to 36 of the contract."""

from __future__ import annotations

from typing import Any, Final

from ._rules import rule
from ._server import ServedConnection, Server, answering, closed_port, echo_target, in_turn, ok, saying, stalling
from ._subject import NO_RESPONSE, Subject, expect_equal, expect_error

_SHORT: Final = 0.05  # seconds
_CUT: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"


@rule("A connection that is refused is a ConnectionError.")
async def _nobody_listens(subject: Subject) -> None:
    with closed_port() as sock:
        await expect_error(subject.send(sock.getsockname()[1]), ConnectionError)
    await subject.works()


@rule("A peer that closes the connection instead of answering is an error.")
async def _hanging_up(subject: Subject) -> None:
    for said in (b"", b"HTTP/1.1 200 OK\r\nContent-Le"):
        await expect_error(subject.get(subject.serve(saying(said))), *NO_RESPONSE)
    await subject.works()


@rule("An answer that is not HTTP is an error.")
async def _nonsense(subject: Subject) -> None:
    for said in (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0" * 100):
        await expect_error(subject.get(subject.serve(saying(said))), *NO_RESPONSE)
    await subject.works()


@rule("Content that is cut short is an error while it is read, and never a success.")
async def _truncation(subject: Subject) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for said in (_CUT, chunked + b"5\r\nhello\r\n", chunked + b"a\r\nhello"):
        await expect_error(subject.get(subject.serve(saying(said))), *NO_RESPONSE)
    await subject.works()


@rule('A peer that is silent for `timeout["read"]` seconds is a TimeoutError, before the head and in the content.')
async def _read_timeout(subject: Subject) -> None:
    for said in (b"", _CUT):
        server = subject.serve(stalling(said))
        await expect_error(subject.get(server, extensions={"timeout": {"read": _SHORT}}), TimeoutError)
        await subject.left(server)
    await subject.works()


def _deaf(connection: ServedConnection) -> None:
    connection.wait()


@rule('A peer that takes nothing for `timeout["write"]` seconds is a TimeoutError.')
async def _write_timeout(subject: Subject) -> None:
    content = bytes(16 * 1024 * 1024)
    options: dict[str, Any] = {
        "method": b"POST",
        "fields": [(b"Content-Length", b"%d" % len(content))],
        "extensions": {"timeout": {"write": _SHORT}},
    }
    for form in (content, subject.port.content([content])):
        await expect_error(subject.get(subject.serve(_deaf), content=form, **options), TimeoutError)
    await subject.works()


@rule("After any number of errors, the transport works as before, and holds no connection of theirs.")
async def _errors_in_a_row(subject: Subject) -> None:
    scripts = (saying(b""), saying(_CUT), saying(b"?\r\n\r\n"))
    servers = [subject.serve(script) for script in scripts for _ in range(10)]
    for server in servers:
        await expect_error(subject.get(server), *NO_RESPONSE)
        await subject.left(server)
    await subject.works()


@rule("Requests after each other get their own answers, whether content was read, or had none, or was not read.")
async def _own_answers(subject: Subject) -> None:
    server = subject.serve(answering(echo_target))
    for number in range(3):
        target = b"/%d" % number
        expect_equal("the answer", await subject.get(server, target=target), target)
        await subject.get(server, method=b"OPTIONS", target=b"*")
        await (await subject.send(server, target=b"/unread")).close()
    expect_equal("the last answer", await subject.get(server, target=b"/last"), b"/last")


@rule("Bytes behind the end of a response never answer the next request (response desync).")
async def _surplus(subject: Subject) -> None:
    server = subject.serve(in_turn(answering(ok(b"first") + ok(b"evil")), answering(ok(b"second"))))
    expect_equal("the first answer", await subject.get(server), b"first")
    expect_equal("the second answer", await subject.get(server), b"second")


@rule("Several responses may be open at a time, and are read in any order.")
async def _several_at_once(subject: Subject) -> None:
    server = subject.serve(answering(lambda request: ok(request.target * 500_000)))  # it does not come at once
    answers = [await subject.send(server, target=b"/%d" % number) for number in range(3)]
    contents = [await answer.read() for answer in reversed(answers)]
    beginnings = [(len(content), content[:2]) for content in contents]
    expect_equal(
        "lengths and beginnings, the last first", beginnings, [(1_000_000, b"/%d" % number) for number in (2, 1, 0)]
    )


@rule("Closing a body that was not read does not wait for the rest, which never answers the next request.")
async def _early_close(subject: Subject) -> None:
    server = subject.serve(in_turn(stalling(_CUT), answering(ok())))
    await _read_one_chunk(subject, server)
    expect_equal("the next answer", await subject.get(server), b"ok")


async def _read_one_chunk(subject: Subject, server: Server) -> None:
    answer = await subject.send(server)
    expect_equal("the first chunk", await answer.chunk(), b"hello")
    await answer.close()
    await subject.left(server)


@rule("Closing the transport leaves no connection open that has served; it may be closed twice.")
async def _close(subject: Subject) -> None:
    server = subject.serve(answering(echo_target))
    answers = [await subject.send(server) for _ in range(3)]
    for answer in answers:
        while await answer.chunk() is not None:  # to the end, but not closed: there is nothing left to close
            continue
    await subject.port.close()
    await subject.left(server)
    await subject.port.close()


RULES: Final = (
    _nobody_listens,
    _hanging_up,
    _nonsense,
    _truncation,
    _read_timeout,
    _write_timeout,
    _errors_in_a_row,
    _own_answers,
    _surplus,
    _several_at_once,
    _early_close,
    _close,
)
