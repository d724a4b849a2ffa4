"""The contract as checks: who keeps it passes, and each way of breaking it is found by the check that is there for it."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import itertools
import posixpath
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import anyio
import pytest
import trio

from httpx_transport import AsyncConnectionPool, ConnectError, ConnectionPool, RemoteProtocolError
from httpx_transport.interface import RawURL
from httpx_transport.testing import conformance

from . import plain
from .plain import PlainTransport

BY_NAME = {check.name: check for check in conformance.CHECKS}
ASYNC_BY_NAME = {check.name: check for check in conformance.ASYNC_CHECKS}
SOON = 1.0  # seconds: a deadline that only defects meet


@pytest.mark.parametrize("check", conformance.CHECKS, ids=repr)
def test_the_pool_keeps_the_contract(check: conformance.Check) -> None:
    assert check(ConnectionPool)


@pytest.mark.parametrize("run", [asyncio.run, lambda main: trio.run(lambda: main)], ids=["asyncio", "trio"])
def test_the_asynchronous_pool_keeps_the_contract(run: Callable[[Any], conformance.Report]) -> None:
    report = run(conformance.check_async_transport(AsyncConnectionPool))
    assert (report.kept, report.not_offered) == (list(BY_NAME), [])
    assert str(report) == f"{len(BY_NAME)} rules kept; not offered: nothing"


def test_a_transport_of_somebody_else_keeps_it_and_offers_little() -> None:
    report = conformance.check_transport(PlainTransport)
    assert report.not_offered == [
        check.name for check in conformance.CHECKS if check.optional and check.name != "reason_phrase"
    ]
    assert report.kept == [check.name for check in conformance.CHECKS if check.name not in report.not_offered]
    assert str(report).startswith(f"{len(report.kept)} rules kept; not offered: http_version, informational, ")


def test_the_checks_say_what_they_are() -> None:
    assert repr(BY_NAME["trailers"]) == "<Check trailers>"
    assert repr(ASYNC_BY_NAME["trailers"]) == "<AsyncCheck trailers>"
    assert list(BY_NAME) == list(ASYNC_BY_NAME)


def test_importing_the_suite_imports_no_event_loop_and_no_test_runner() -> None:
    program = (
        "import sys, httpx_transport.testing.conformance; "
        "print([name for name in ('anyio', 'asyncio', 'trio', 'pytest', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class Defective:
    """A pool with room for defects, each of which overrides one of these."""

    def __init__(self) -> None:
        self.pool = ConnectionPool()

    def handle_request(self, *request: Any) -> Any:
        return self.pool.handle_request(*request)

    def close(self) -> None:
        self.pool.close()


class Content:
    """A body of other chunks, over the one that there was."""

    def __init__(self, body: Any, chunks: Iterable[bytes] | None = None) -> None:
        self.body = body
        self.chunks = body if chunks is None else chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        self.body.close()

    def __enter__(self) -> Content:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


def sending(change: Callable[..., Any]) -> Callable[[], Any]:
    """Return a transport that sends something else: what `change` makes of the request."""

    class Sending(Defective):
        def handle_request(self, *request: Any) -> Any:
            return super().handle_request(*change(*request))

    return Sending


def answering(change: Callable[..., Any]) -> Callable[[], Any]:
    """Return a transport that returns something else: what `change` makes of the response."""

    class Answering(Defective):
        def handle_request(self, *request: Any) -> Any:
            return change(*super().handle_request(*request))

    return Answering


class ChangesArguments(Defective):
    def handle_request(self, *request: Any) -> Any:
        answer = super().handle_request(*request)
        request[2].clear()
        return answer


class ChangesExtensions(Defective):
    def handle_request(self, *request: Any) -> Any:
        request[4].pop("test.unknown", None)
        return super().handle_request(*request)


class Status(int):
    """More than a number."""


def swallowing(chunks: Any, error: type[Exception]) -> Iterator[bytes]:
    iterator = iter(chunks)
    while True:
        try:
            yield next(iterator)
        except (StopIteration, error):
            return


def cut_to_length(method: bytes, url: RawURL, headers: Any, body: Any, extensions: Any) -> Any:
    length = int(dict(headers).get(b"Content-Length", b"0"))
    content = (body if isinstance(body, bytes) else b"".join(body)) + bytes(length)
    return method, url, headers, content[:length], extensions


def without_line_breaks(method: bytes, url: RawURL, headers: Any, body: Any, extensions: Any) -> Any:
    clean = [(name, value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")) for name, value in headers]
    return method, url, clean, body, extensions


class RefusesTheUnknown(Defective):
    def handle_request(self, *request: Any) -> Any:
        if unknown := set(request[4]) - {"timeout"}:
            raise TypeError(f"unknown extensions: {unknown}")
        return super().handle_request(*request)


class RaisesForStatus(Defective):
    def handle_request(self, *request: Any) -> Any:
        answer = super().handle_request(*request)
        if answer[0] >= 400:
            raise ConnectionError(f"the server answered {answer[0]}")
        return answer


class Follows(Defective):
    def handle_request(self, *request: Any) -> Any:
        answer = super().handle_request(*request)
        if answer[0] == 302:
            method, (scheme, host, port, _), *rest = request
            return super().handle_request(method, (scheme, host, port, dict(answer[1])[b"Location"]), *rest)
        return answer


class Authenticates(Defective):
    def handle_request(self, *request: Any) -> Any:
        answer = super().handle_request(*request)
        return super().handle_request(*request) if answer[0] == 401 else answer


class KeepsCookies(Defective):
    cookies: tuple[tuple[bytes, bytes], ...] = ()

    def handle_request(self, *request: Any) -> Any:
        method, url, headers, body, extensions = request
        answer = super().handle_request(method, url, [*headers, *self.cookies], body, extensions)
        self.cookies = tuple((b"Cookie", value) for name, value in answer[1] if name == b"Set-Cookie")
        return answer


def decoded(status: int, fields: Any, body: Any, extensions: Any) -> Any:
    if (b"Content-Encoding", b"gzip") in fields:
        body = Content(body, [gzip.decompress(b"".join(body))])
    return status, fields, body, extensions


class TakesTheFirst(Defective):
    """Takes 103 Early Hints for the answer."""

    def handle_request(self, *request: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plain, "FinalResponse", http.client.HTTPResponse)
            return PlainTransport().handle_request(*request)


class HasContentForHead(Defective):
    def handle_request(self, *request: Any) -> Any:
        method, *rest = request
        status, fields, body, extensions = super().handle_request(method, *rest)
        return status, fields, Content(body, [b"12345"]) if method == b"HEAD" else body, extensions


def cut(status: int, fields: Any, body: Any, extensions: Any) -> Any:
    return status, fields, Content(body, itertools.islice(body, 1)), extensions


def merged(status: int, fields: Any, body: Any, extensions: Any) -> Any:
    content = b"".join(body)
    return status, [*fields, *extensions["trailers"]], Content(body, [content]), extensions


def read_at_once(status: int, fields: Any, body: Any, extensions: Any) -> Any:
    with body:
        return status, fields, Content(body, [b"".join(body)]), extensions


class ClosesOnce(Content):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("the body has been closed")
        self.closed = True
        super().close()


class RepeatsItself(Content):
    def __init__(self, body: Any) -> None:
        self.content = list(body)
        super().__init__(body, self.content)

    def whole(self) -> bytes | None:
        return b"".join(self.content)


class Drains(Content):
    def close(self) -> None:
        for _ in self.body:
            continue
        super().close()


def with_body(kind: Callable[[Any], Any]) -> Callable[[], Any]:
    return answering(lambda status, fields, body, extensions: (status, fields, kind(body), extensions))


def raising(kind: type[Exception], instead_of: type[Exception]) -> Callable[[], Any]:
    class Raising(Defective):
        def handle_request(self, *request: Any) -> Any:
            try:
                return super().handle_request(*request)
            except instead_of as error:
                raise kind(str(error)) from error

    return Raising


def without_timeout(key: str) -> Callable[[], Any]:
    def change(method: bytes, url: RawURL, headers: Any, body: Any, extensions: Any) -> Any:
        timeout = {name: seconds for name, seconds in extensions.get("timeout", {}).items() if name != key}
        return method, url, headers, body, {**extensions, "timeout": timeout}

    return sending(change)


class LosesSlots(Defective):
    """Has ten slots; an error never gives its own back."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = threading.Semaphore(10)

    def handle_request(self, *request: Any) -> Any:
        self.slots.acquire()
        answer = super().handle_request(*request)
        answer = (*answer[:2], Content(answer[2], list(answer[2])), answer[3])
        self.slots.release()
        return answer


class HoldsOn(Defective):
    """Keeps a descriptor of what it should have closed."""

    held: list[Any]

    def __init__(self) -> None:
        super().__init__()
        self.held = []

    def handle_request(self, *request: Any) -> Any:
        answer = super().handle_request(*request)
        self.held.append(answer[3]["network_stream"].get_extra_info("socket").dup())
        return answer

    def close(self) -> None:
        super().close()
        threading.Timer(SOON, self.let_go).start()

    def let_go(self) -> None:
        for sock in self.held:
            sock.close()


class RemembersAnswers(Defective):
    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[bytes, Any] = {}

    def handle_request(self, *request: Any) -> Any:
        status, fields, body, extensions = super().handle_request(*request)
        content = self.answers.setdefault(request[0], b"".join(body))
        return status, fields, Content(body, [content]), extensions


class Confused(Defective):
    """Hands what follows a response to the next request."""

    behind = b""

    def handle_request(self, *request: Any) -> Any:
        status, fields, body, extensions = super().handle_request(*request)
        content = b"".join(body)
        content, self.behind = (self.behind or content), b"evil" if content == b"first" else b""
        return status, fields, Content(body, [content]), extensions


class OneAtATime(Defective):
    def __init__(self) -> None:
        super().__init__()
        self.pool = ConnectionPool(max_connections=1, timeout=0.05)


def telling(key: str, value: Any) -> Callable[[], Any]:
    """Return a transport whose responses have that extension."""
    return answering(lambda status, fields, body, facts: (status, fields, body, {**facts, key: value}))


class AsksTooEarly(Defective):
    def handle_request(self, *request: Any) -> Any:
        method, url, headers, body, extensions = request
        fields = extensions["trailers"]()
        return super().handle_request(method, url, headers, body, {"trailers": lambda: fields})


class TellsHalf(Defective):
    def handle_request(self, *request: Any) -> Any:
        request[4]["trace"]("test.request.started", {})
        return super().handle_request(*request[:4], {})


class TellsNonsense(Defective):
    def handle_request(self, *request: Any) -> Any:
        request[4]["trace"](b"test.request.started")
        return super().handle_request(*request[:4], {})


class Misreports(Defective):
    def handle_request(self, *request: Any) -> Any:
        request[4]["on_informational"](103, {"Link": "</a>"})
        return super().handle_request(*request[:4], {})


class ReusesAtTimes(Defective):
    count = 0

    def handle_request(self, *request: Any) -> Any:
        method, url, headers, body, extensions = request
        self.count += 1
        more = [(b"Connection", b"close")] if self.count == 1 else []
        return super().handle_request(method, url, [*headers, *more], body, extensions)


def changed(part: int, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a function that changes one part of a request or a response."""
    return lambda *parts: (*parts[:part], change(parts[part]), *parts[part + 1 :])


def of_bytes(change: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    return lambda body: change(body) if isinstance(body, bytes) else body


def of_chunks(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda body: body if isinstance(body, bytes) else change(body)


DEFECTS: list[tuple[str, Callable[[], Any], str]] = [
    ("arguments", ChangesArguments, "the list of fields that was passed should be"),
    ("arguments", ChangesExtensions, "the extensions that were passed should be"),
    ("result", answering(changed(0, Status)), "the status is a <class .*Status'>"),
    ("result", answering(changed(1, tuple)), "the fields are a <class 'tuple'>"),
    ("result", answering(changed(1, lambda fields: [list(field) for field in fields])), "a field is \\["),
    ("result", with_body(lambda body: Content(body, ["ok"])), "a chunk of the content is 'ok'"),  # type: ignore[list-item]
    (
        "fields_sent",
        sending(changed(2, lambda fields: list(dict(fields).items()))),
        "the fields that arrived should be",
    ),
    ("fields_sent", sending(changed(2, lambda fields: [*fields, (b"User-Agent", b"x")])), "the fields that arrived"),
    ("fields_sent", sending(changed(2, lambda fields: [(n.title(), v) for n, v in fields])), "the fields that arrived"),
    ("targets", sending(changed(1, lambda url: (*url[:3], posixpath.normpath(url[3])))), "method and target of what"),
    ("targets", sending(changed(0, bytes.upper)), "method and target of what arrived"),
    (
        "content_as_bytes",
        sending(changed(3, of_bytes(lambda body: body.replace(b"\n", b" ")))),
        "the content that arrived",
    ),
    (
        "content_in_chunks",
        sending(changed(3, of_chunks(lambda body: itertools.takewhile(bool, body)))),
        "it raised LocalProtocolError: Too little data",
    ),
    (
        "content_that_fails",
        sending(changed(3, of_chunks(lambda body: swallowing(body, Exception)))),
        "nothing was raised",
    ),
    ("content_length", sending(cut_to_length), "nothing was raised; the result was b'ok'"),
    ("no_injection", sending(without_line_breaks), "nothing was raised"),
    ("schemes", sending(changed(1, lambda url: (b"http", *url[1:]))), "the request was sent in the clear"),
    ("unknown_extensions", RefusesTheUnknown, "it raised TypeError: unknown extensions"),
    ("any_status", RaisesForStatus, "it raised ConnectionError: the server answered 404"),
    ("fields_received", answering(changed(1, lambda fields: list(dict(fields).items()))), "the fields should be"),
    ("no_redirects", Follows, "the status should be 302, and is 200"),
    ("no_authentication", Authenticates, "the status should be 401, and is 200"),
    ("no_cookies", KeepsCookies, r"the cookies of the second request should be \[\], and is \[\(b'Cookie', b'a=1'\)\]"),
    ("no_decoding", answering(decoded), "the content should be"),
    ("interim_responses", TakesTheFirst, "the status should be 200, and is 103"),
    ("no_content", HasContentForHead, "the content of a 200 to HEAD should be b'', and is b'12345'"),
    ("framings", answering(cut), "content that ends by Content-Length should be"),
    ("trailers_apart", answering(merged), "the fields should be"),
    ("streaming", answering(read_at_once), "it raised RemoteProtocolError"),
    ("body", with_body(ClosesOnce), "it raised RuntimeError: the body has been closed"),
    ("whole", with_body(RepeatsItself), "what `whole` returned comes again"),
    ("nobody_listens", raising(OSError, ConnectError), "raised OSError .*, which is no ConnectionError"),
    ("hanging_up", raising(http.client.BadStatusLine, RemoteProtocolError), "raised BadStatusLine"),
    ("nonsense", raising(http.client.BadStatusLine, RemoteProtocolError), "raised BadStatusLine"),
    ("truncation", with_body(lambda body: Content(body, swallowing(body, RemoteProtocolError))), "nothing was raised"),
    ("read_timeout", without_timeout("read"), "raised RemoteProtocolError .*, which is no TimeoutError"),
    ("write_timeout", without_timeout("write"), "raised RemoteProtocolError .*, which is no TimeoutError"),
    ("errors_in_a_row", LosesSlots, "there was no end after 1.0 seconds"),
    ("own_answers", RemembersAnswers, "the answer should be b'/1', and is b'/0'"),
    ("surplus", Confused, "the second answer should be b'second', and is b'evil'"),
    ("several_at_once", OneAtATime, "it raised PoolTimeout"),
    ("early_close", with_body(Drains), "it raised ReadTimeout|it raised RemoteProtocolError"),
    ("early_close", HoldsOn, "a connection is still open, and of no use"),
    ("close", HoldsOn, "a connection is still open, and of no use"),
    ("http_version", telling("http_version", "HTTP/1.1"), "`http_version` should be b'HTTP/1.1', and is 'HTTP/1.1'"),
    ("reason_phrase", telling("reason_phrase", b"OK"), "`reason_phrase` should be b'Very Fine'"),
    ("informational", telling("informational", []), "`informational` should be"),
    ("on_informational", Misreports, "what `on_informational` was told should be"),
    ("trailers", telling("trailers", []), "`trailers` should be"),
    ("sent_trailers", AsksTooEarly, "the order of the content's end and the call should be"),
    ("target", sending(changed(4, lambda facts: {"target": b"/x"})), r"the target that arrived should be b'\*'"),
    ("trace", TellsHalf, "how often 'test.request' ended should be 1, and is 0"),
    ("trace", TellsNonsense, "it was told"),
    ("timings", telling("timings", {"total": "1"}), "`timings` holds 'total': '1'"),
    ("connection_facts", telling("connection", {"remote_address": ("::1", 1)}), "`remote_address` should be"),
    ("kept_connections", ReusesAtTimes, "the number of connections for three requests should be 1, and is 2"),
    ("early_answer", answering(changed(0, lambda status: 200)), "the status should be 413, and is 200"),
]


@pytest.mark.parametrize(
    ("name", "make", "how"), DEFECTS, ids=[f"{n}-{name}" for n, (name, _, _) in enumerate(DEFECTS)]
)
def test_each_defect_is_found_by_its_check(name: str, make: Callable[[], Any], how: str) -> None:
    number = list(BY_NAME).index(name) + 1
    named = f"option {name}" if BY_NAME[name].optional else f"rule {number}, {name}"
    with pytest.raises(conformance.BrokenRule, match=rf"^{named} is broken: .*\. But: {how}"):
        BY_NAME[name](make, deadline=SOON)


class Speaks:
    """Sends some bytes, whatever is asked for, and waits for any."""

    said: bytes

    def handle_request(self, *request: Any) -> Any:
        with socket.create_connection(("127.0.0.1", request[1][2])) as sock:
            sock.sendall(self.said)
            sock.shutdown(socket.SHUT_WR)
            sock.recv(100)
        return 200, [], Content(Canned(), [b"ok"]), {}

    def close(self) -> None: ...


class Canned:
    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("said", "how"),
    [
        (b"GET /\r\n\r\n", "illegal request line"),
        (b"GET", "b'GET' is no request"),
        (b"GET / HTTP/1.1\r\nHost: test\r\n\r\nab", "b'ab' came behind the end of a request"),
    ],
)
def test_what_is_not_http_is_told(said: bytes, how: str) -> None:
    speaks: Any = type("SpeaksSo", (Speaks,), {"said": said})
    with pytest.raises(conformance.BrokenRule, match=f"But: what arrived is not HTTP/1.1: {how}"):
        BY_NAME["unknown_extensions"](speaks)


class AsyncDefective:
    def __init__(self) -> None:
        self.pool = AsyncConnectionPool()

    async def handle_async_request(self, *request: Any) -> Any:
        return await self.pool.handle_async_request(*request)

    async def aclose(self) -> None:
        await self.pool.aclose()


class NeverEnds(AsyncDefective):
    async def handle_async_request(self, *request: Any) -> Any:
        await anyio.sleep_forever()


class AddsFields(AsyncDefective):
    async def handle_async_request(self, *request: Any) -> Any:
        request[2].append((b"X-More", b"1"))
        return await super().handle_async_request(*request)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_defects_of_asynchronous_transports_are_found() -> None:
    never_ends: Any = NeverEnds
    adds_fields: Any = AddsFields
    with pytest.raises(conformance.BrokenRule, match="rule 12, any_status is broken: .* there was no end after 0.05 s"):
        await ASYNC_BY_NAME["any_status"](never_ends, deadline=0.05)
    with pytest.raises(conformance.BrokenRule, match="the fields that arrived should be"):
        await ASYNC_BY_NAME["fields_sent"](adds_fields)


class RefusesUpgrades(Defective):
    def handle_request(self, *request: Any) -> Any:
        if (b"Upgrade", b"test") in request[2]:
            raise ConnectionError("there is nothing but HTTP here")
        return super().handle_request(*request)


def test_a_transport_need_not_offer_upgrades() -> None:
    refuses: Any = RefusesUpgrades
    assert not BY_NAME["upgrade"](refuses)


def test_a_transport_need_not_wait_with_the_content() -> None:
    ignoring = sending(changed(2, lambda fields: [field for field in fields if field[0] != b"Expect"]))
    assert not BY_NAME["expect_continue"](ignoring)


def test_all_that_is_broken_is_told_at_once() -> None:
    change = sending(changed(2, lambda fields: [*fields, (b"Cookie", b"a=1")]))
    with pytest.raises(conformance.BrokenRule) as caught:
        conformance.check_transport(change)
    lines = str(caught.value).splitlines()
    assert [line.partition(" is broken: ")[0] for line in lines] == [
        "2 broken:",
        "rule 3, fields_sent",
        "rule 16, no_cookies",
    ]


def test_every_rule_has_a_defect() -> None:
    assert {name for name, _, _ in DEFECTS} >= {check.name for check in conformance.CHECKS if not check.optional}
