"""What a peer sends never stands in an error or in a log as a value: what is malformed is named, and what is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from httpx_transport import RemoteProtocolError
from httpx_transport._http2 import _compression
from httpx_transport._http11 import HeadReader, ResponseDecoder
from httpx_transport._http11._faults import field_fault, reworded, trailer_fault
from httpx_transport._trace import log

from .conftest import Face, Server, answer_once
from .frames import OK, attacked, drain, get
from .http2_peer import Speaker, answer_all, network_of, speaking
from .http2_peer import get as get_simulated

Serve = Callable[..., Server]
SECRET = "s3cr3t"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FOLDED = HEAD + b"X: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n"  # which h11 reads
COOKIE = b"Set-Cookie: sid=s3cr3t"

MALFORMED: dict[str, tuple[bytes, str]] = {
    "NUL in a value": (
        HEAD + COOKIE + b"\0\r\n\r\n",
        "illegal header line: the field b'Set-Cookie' with 0x00 in its value",
    ),
    "CR in a value": (
        HEAD + COOKIE + b"\rx\r\n\r\n",
        "illegal header line: the field b'Set-Cookie' with 0x0d in its value",
    ),
    "no colon": (
        HEAD + b"s3cr3t=1\r\n\r\n".replace(b"s3cr3t", b"sid") + b"",
        "illegal header line: the field b'sid' with 0x3d in its name",
    ),
    "a blank for a colon": (
        HEAD + b"Set-Cookie sid=s3cr3t\r\n\r\n",
        "illegal header line: the field b'Set-Cookie' with a blank behind its name",
    ),
    "a quotation mark": (
        HEAD + b"Set-Cookie'\"\0: sid=s3cr3t\r\n\r\n",
        'illegal header line: the field b"Set-Cookie\'" with 0x22 in its name',
    ),
    "no name": (HEAD + b": s3cr3t\r\n\r\n", "illegal header line: a line that begins with no field name"),
    "a field for a status line": (COOKIE + b"\r\n\r\n", "illegal status line: b'Set-Cook'…"),
    "content for a status line": (b'{"token": "s3cr3t"}\r\n\r\n', "illegal status line: b''…"),
    "a status line with a field": (
        b"HTTP/1.1 abc Set-Cookie: s3cr3t\r\n\r\n",
        "illegal status line: b'HTTP/1.1 abc Set-Cookie'…",
    ),
    "a head cut short": (HEAD + COOKIE, "Server disconnected in the middle of the response head: b'HTTP/1.1 200 OK'"),
    "a chunk's size": (CHUNKED + b"s3cr3t\r\n", "illegal chunk header: b's3'…"),
    "a chunk's extension": (CHUNKED + b"5;sid=s3cr3t\0\r\n", "illegal chunk header: b'5;'…"),
    "a field for a chunk": (CHUNKED + COOKIE + b"\r\n", "illegal chunk header: b'Se'…"),
    "a chunk's end": (CHUNKED + b"1\r\nas3cr3t\r\n", "bad end of chunk: b's3'"),
    "a trailer": (
        CHUNKED + b"0\r\nA: b\r\n" + COOKIE + b"\0\r\n\r\n",
        "illegal trailer: the field b'Set-Cookie' with 0x00 in its value",
    ),
    "a trailer's name": (
        CHUNKED + b"0\r\nSet-Cookie : s3cr3t\r\n\r\n",
        "illegal trailer: the field b'Set-Cookie' with a blank behind its name",
    ),
    "a trailer's end": (
        CHUNKED + b"0\r\n" + COOKIE + b"\n\r\n",
        "illegal trailer: the field b'Set-Cookie', which ends in LF without CR",
    ),
    "a chunk's size, for h11": (FOLDED + b"s3cr3t\r\n", "illegal chunk header: b's3'…"),
    "a chunk's end, for h11": (FOLDED + b"1\r\nas3cr3t\r\n", "bad end of chunk"),
    "a trailer, for h11": (
        FOLDED + b"0\r\n" + COOKIE + b"\0\r\n\r\n",
        "illegal header line: the field b'Set-Cookie' with 0x00 in its value",
    ),
    "a length": (HEAD + b"Content-Length: s3cr3t\r\n\r\n", "bad Content-Length"),
    "a coding": (HEAD + b"Transfer-Encoding: s3cr3t\r\n\r\n", "Only Transfer-Encoding: chunked is supported"),
}


def chain(error: BaseException | None) -> list[str]:
    """Return the words of an error, and of all that it was raised for or beside."""
    return [] if error is None else [repr(error), str(error), *chain(error.__cause__), *chain(error.__context__)]


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_response_is_described_without_its_values(name: str) -> None:
    received, message = MALFORMED[name]
    decoder = ResponseDecoder(HeadReader(), b"GET", close=False)
    with pytest.raises(RemoteProtocolError) as caught:
        decoder.feed(received)
        decoder.feed(b"")
    assert str(caught.value) == message
    assert not [words for words in chain(caught.value) if SECRET in words]


@pytest.mark.parametrize("name", ["NUL in a value", "a trailer", "a chunk's extension", "a head cut short"])
def test_the_log_of_a_malformed_response_has_no_value(
    face: Face, serve: Serve, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    received, message = MALFORMED[name]
    server = serve(answer_once(received))
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with face.pool() as pool:
            with pytest.raises(RemoteProtocolError) as caught:
                await pool.get(server.port)
            assert str(caught.value).startswith(message)
            assert not [words for words in chain(caught.value) if SECRET in words]

    face.run(scenario)
    assert message.partition(":")[0] in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"A:b", "the field b'A'"),  # h11 has reasons of its own
        (b"A" * 50 + b": b\0", f"the field {b'A' * 40!r} with 0x00 in its value"),
        (b"A", "the field b'A' without a colon"),
        (b"\r\n", "a line that begins with no field name"),
        (b"\n", "a line that begins with no field name, which ends in LF without CR"),
    ],
)
def test_what_is_wrong_with_a_line(line: bytes, fault: str) -> None:
    assert field_fault(line) == fault


def test_a_section_of_trailers_that_is_well_formed_but_for_its_end() -> None:
    assert trailer_fault(b"A: b\r\nC: d\r\n") == "no end"


def test_what_h11_says_is_passed_on_only_where_it_is_known() -> None:
    assert reworded("Receive buffer too long") == "Receive buffer too long"
    assert reworded("something new about s3cr3t") == "malformed response"
    assert reworded("illegal body line: b's3cr3t'") == "illegal body line: b's3'…"


H2_MALFORMED = {
    "a field in a name": ((b"set-cookie: sid=s3cr3t", b""), "the illegal field name b'set-cookie', followed by 0x3a"),
    "a line in a name": ((b"a\r\nset-cookie: sid=s3cr3t", b""), "the illegal field name b'a', followed by 0x0d"),
    "a field in a pseudo-field": (
        (b":set-cookie=s3cr3t", b""),
        "the pseudo-field b':set-cookie' where there may be none",
    ),
    "no name": ((b"", b"s3cr3t"), "the illegal field name b''"),
    "a control octet for a name": ((b"\0s3cr3t", b""), "the illegal field name b'', followed by 0x00"),
    "upper case": ((b"Set-Cookie", b"s3cr3t"), "the illegal field name b'Set-Cookie'"),
    "a long name": ((b"a" * 41 + b"\0", b"s3cr3t"), f"the illegal field name {b'a' * 40!r}"),
    "NUL in a value": ((b"set-cookie", b"sid=s3cr3t\0"), "an illegal value of the field b'set-cookie'"),
}


@pytest.mark.parametrize("name", H2_MALFORMED)
@pytest.mark.parametrize("trailer", [False, True])
def test_malformed_fields_of_http2_are_described_without_their_values(name: str, trailer: bool) -> None:
    field, message = H2_MALFORMED[name]
    codec, peer = attacked()
    stream = get(codec)
    drain(codec)
    sections = peer.headers(1, OK) + peer.headers(1, [field], end=True) if trailer else peer.headers(1, [*OK, field])
    codec.feed(sections)
    assert str(stream.failure) == f"HTTP/2 violation: {message}"


def test_the_log_of_malformed_fields_of_http2_has_no_value(caplog: pytest.LogCaptureFixture) -> None:
    async def attack(speaker: Speaker) -> None:
        speaker.h2.config.validate_outbound_headers = speaker.h2.config.normalize_outbound_headers = False
        await speaker.respond(await speaker.request(), b"", [*OK, (b"set-cookie: sid=s3cr3t", b"s3cr3t\0")])

    network = network_of(speaking(attack))
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        pool = network.pool(http2=True)
        with pytest.raises(RemoteProtocolError, match="the illegal field name b'set-cookie', followed by 0x3a"):
            await get_simulated(pool)
        await pool.aclose()

    network.run(main())
    assert "the illegal field name" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.WARNING])
def test_what_hpack_logs_is_asked_for_by_its_name_only(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("hpack")
    monkeypatch.setattr(logger, "level", level)
    _compression.quieten()
    assert logger.level == (level or logging.INFO)


def test_fields_are_not_logged_by_the_compression(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    network = network_of(speaking(answer_all))

    async def main() -> None:
        pool = network.pool(http2=True)
        headers = [(b"Authorization", b"Bearer s3cr3t"), (b"Cookie", b"sid=s3cr3t")]
        assert await get_simulated(pool, headers=headers) == b"1-1:"
        await pool.aclose()

    network.run(main())
    assert "http2" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"https://user:s3cr3t@a.test/x?y=a@b", b"https://[secure]@a.test/x?y=a@b"),
        (b"//s3cr3t@a.test", b"//[secure]@a.test"),
        (
            b"<https://u:s3cr3t@a.test/>; rel=next, <//u:s3cr3t@b.test>",
            b"<https://[secure]@a.test/>; rel=next, <//[secure]@b.test>",
        ),
        (b"/a@b", b"/a@b"),
        (b"mail@a.test", b"mail@a.test"),
    ],
)
def test_a_password_in_a_url_is_not_logged(value: bytes, shown: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log("http11.receive_response_headers.complete", return_value=(302, [(b"Location", value)]))
    assert repr(shown) in caplog.text
    assert SECRET not in caplog.text


def test_what_is_no_field_is_logged_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log("connection.connect_tcp.started", socket_options=[(1, 2, 3)])
    assert "socket_options=[(1, 2, 3)]" in caplog.text
