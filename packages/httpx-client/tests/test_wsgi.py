"""Applications called by the WSGI transport: what they are told, what becomes of what they say, what is closed."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from httpx_client import Client, WSGITransport
from httpx_models import RemoteProtocolError, Request, Response, UnsupportedProtocol

App = Callable[[dict[str, Any], Any], Any]


class Chunks:
    """An application's iterable: chunks, or errors to raise; it notes what was asked for, and that it was closed."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = list(chunks)
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        while self.chunks:
            chunk = self.chunks.pop(0)
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def close(self) -> None:
        self.closed += 1


def answering(result: Any, status: Any = "200 OK", headers: Any = ()) -> App:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, list(headers))
        return result

    return app


def get(app: App, **options: Any) -> Response:
    with Client(transport=WSGITransport(app, **options)) as client:
        return client.get("http://example.org/")


def stream(app: App, **options: Any) -> Response:
    return WSGITransport(app, **options).handle_request(Request("GET", "http://example.org/"))


def told(method: str, url: str, transport: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Return the environ that an application gets."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return answering([])(environ, start_response)  # type: ignore[no-any-return]

    WSGITransport(app, **(transport or {})).handle_request(Request(method, url, **options))
    return seen


def test_the_signature() -> None:
    parameters = list(inspect.signature(WSGITransport).parameters.values())
    assert [(p.name, p.default) for p in parameters[1:]] == [
        ("raise_app_exceptions", True),
        ("script_name", ""),
        ("remote_addr", "127.0.0.1"),
        ("wsgi_errors", None),
    ]


def test_what_an_application_is_told() -> None:
    environ = told("get", "http://example.org/a%20b?x=%20y&z", headers={"X-One": "1", "Content-Type": "text/plain"})
    assert environ.pop("wsgi.errors") is sys.stderr
    assert environ.pop("wsgi.input").read() == b""
    assert environ == {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b",
        "QUERY_STRING": "x=%20y&z",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "example.org",
        "HTTP_X_ONE": "1",
        "CONTENT_TYPE": "text/plain",
    }


def test_what_the_caller_can_say_of_himself() -> None:
    errors = io.StringIO()
    transport = {"script_name": "/api", "remote_addr": "1.2.3.4", "wsgi_errors": errors}
    environ = told("POST", "https://[::1]:8443/api/x", transport, content=b"abc")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["REMOTE_ADDR"]) == ("/api", "/api/x", "1.2.3.4")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"], environ["wsgi.url_scheme"]) == ("::1", "8443", "https")
    assert (environ["CONTENT_LENGTH"], environ["wsgi.input"].read()) == ("3", b"abc")
    assert environ["wsgi.errors"] is errors


@pytest.mark.parametrize(
    ("path", "octets"),
    [
        ("", b"/"),
        ("/%C3%A9", "/é".encode()),
        ("/é/€", "/é/€".encode()),
        ("/%ff%2Fa", b"/\xff/a"),
        ("/%zz%", b"/%zz%"),
    ],
)
def test_the_path_is_octets_as_text(path: str, octets: bytes) -> None:
    assert told("GET", f"http://example.org{path}")["PATH_INFO"] == octets.decode("latin-1")


def test_header_values_are_octets_as_text() -> None:
    environ = told("GET", "http://example.org/", headers=[(b"X-A", b"\xc3\xa9"), (b"X-B", b"1"), (b"x-b", b"2")])
    assert environ["HTTP_X_A"] == b"\xc3\xa9".decode("latin-1")
    assert environ["HTTP_X_B"] == "2"


@pytest.mark.parametrize(
    ("url", "port"), [("http://a/", "80"), ("https://a/", "443"), ("wss://a/", "443"), ("ipp://a:631/", "631")]
)
def test_the_port(url: str, port: str) -> None:
    assert told("GET", url)["SERVER_PORT"] == port


def test_a_scheme_without_a_port() -> None:
    with pytest.raises(UnsupportedProtocol, match="^The URL needs a port: its scheme 'ipp' has none by default$"):
        told("GET", "ipp://example.org/")


def test_a_validated_application_is_content() -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        content = environ["wsgi.input"].read(3) + environ["wsgi.input"].readline()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [content]

    with Client(transport=WSGITransport(validator(app))) as client:
        assert client.post("http://example.org/?q", content=b"abcdef").content == b"abcdef"


# The request's body.


def test_a_streamed_body_is_asked_for_as_it_is_read() -> None:
    asked: list[int] = []

    def body() -> Iterator[bytes]:
        for index in range(3):
            asked.append(index)
            yield b"" if index == 1 else b"line %d\n" % index

    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        file = environ["wsgi.input"]
        seen.extend([list(asked), file.read(2), list(asked), file.readline(), file.read(), file.read()])
        return []

    WSGITransport(app).handle_request(Request("POST", "http://example.org/", content=body()))
    assert seen == [[], b"li", [0], b"ne 0\n", b"line 2\n", b""]


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda file: file.readlines(), [b"one\n", b"two\n", b"three"]),
        (list, [b"one\n", b"two\n", b"three"]),
        (lambda file: [file.read(1), file.read(100)], [b"o", b"ne\ntwo\nthree"]),
        (lambda file: [file.readline(2), file.readlines(1)], [b"on", [b"e\n"]]),
    ],
)
@pytest.mark.parametrize("pieces", [[b"one\ntwo\nthree"], [b"on", b"e\nt", b"wo\n", b"three"]])
def test_a_streamed_body_is_a_file(read: Callable[[Any], Any], expected: Any, pieces: list[bytes]) -> None:
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        seen.append(read(environ["wsgi.input"]))
        return []

    WSGITransport(app).handle_request(Request("POST", "http://example.org/", content=iter(pieces)))
    assert seen == [expected]


def test_an_error_of_the_body_reaches_the_application_and_the_caller() -> None:
    def body() -> Iterator[bytes]:
        yield b"a"
        raise LookupError("gone")

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        return [environ["wsgi.input"].read()]

    with pytest.raises(LookupError, match="gone"):
        WSGITransport(app).handle_request(Request("POST", "http://example.org/", content=body()))


def test_an_asynchronous_body_says_so() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"a"

    with pytest.raises(RuntimeError, match=r"^Attempted to send an async request with a sync Client instance\.$"):
        told("POST", "http://example.org/", content=body())


# The response.


def test_status_and_headers() -> None:
    headers = [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-A", "é")]
    response = get(answering([b"hello ", b"", b"world"], "404 Nothing here", headers))
    assert (response.status_code, response.content) == (404, b"hello world")
    assert response.headers.raw == [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"X-A", b"\xe9")]
    assert (response.reason_phrase, response.http_version) == ("Not Found", "HTTP/1.1")


@pytest.mark.parametrize("status", ["204", b"204 Bytes", "204 No Content"])
def test_forms_of_the_status(status: Any) -> None:
    assert get(answering([], status)).status_code == 204


def test_content_is_asked_for_as_it_is_read() -> None:
    result = Chunks(b"", b"one", bytearray(b"two"), memoryview(b"three"))
    response = stream(answering(result))
    assert len(result.chunks) == 2
    pieces = response.iter_raw()
    assert next(pieces) == b"one"
    assert len(result.chunks) == 2
    assert next(pieces) == b"two"
    assert len(result.chunks) == 1
    assert list(pieces) == [b"three"]
    assert result.closed == 1


def test_a_generator_is_an_application() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield b""
        start_response("201 Created", [("X-A", "b")])
        yield b""
        yield b"content"

    response = get(app)
    assert (response.status_code, response.headers["x-a"], response.content) == (201, "b", b"content")


def test_the_last_head_before_the_content_counts() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b""
        start_response("202 Accepted", [])
        yield b"content"
        start_response("400 Bad Request", [])

    response = get(app)
    assert (response.status_code, response.content) == (202, b"content")


def test_what_is_written_comes_first() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"two ")
        return more(write)

    def more(write: Any) -> Iterator[bytes]:
        yield b"three "
        write(b"four ")
        yield b""
        write(b"five ")
        yield b"six "
        write(b"seven")

    assert get(app).content == b"one two three four five six seven"


def test_what_is_written_while_the_head_is_awaited() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        write(b"one ")
        yield b""
        write(b"two ")
        yield b"three"

    assert get(app).content == b"one two three"


def raise_error() -> None:
    raise LookupError("why")


def failing(late: bool) -> App:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        if late:
            start_response("200 OK", [])
            yield b"content"
        try:
            raise_error()
        except LookupError:
            start_response("500 Sorry", [("X-A", "b")], sys.exc_info())
        yield b"sorry"

    return app


def test_an_error_that_the_application_reports_is_raised() -> None:
    with pytest.raises(LookupError, match="why"):
        get(failing(late=False))


def test_an_error_response_instead_of_the_error() -> None:
    response = get(failing(late=False), raise_app_exceptions=False)
    assert (response.status_code, response.headers["x-a"], response.content) == (500, "b", b"sorry")


@pytest.mark.parametrize("raising", [True, False])
def test_an_error_that_is_reported_after_the_head_is_raised_in_any_case(raising: bool) -> None:
    pieces = stream(failing(late=True), raise_app_exceptions=raising).iter_raw()
    assert next(pieces) == b"content"
    with pytest.raises(LookupError, match="why"):
        next(pieces)


@pytest.mark.parametrize("nothing", [None, (None, None, None)])
def test_no_error_is_reported(nothing: Any) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [], nothing)
        return [b"fine"]

    assert get(app).content == b"fine"


@pytest.mark.parametrize("raising", [True, False])
def test_an_application_that_raises(raising: bool) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise LookupError("why")

    with pytest.raises(LookupError, match="why"):
        get(app, raise_app_exceptions=raising)


# The iterable is closed in every case.


def test_it_is_closed_when_the_response_is_closed_unread() -> None:
    result = Chunks(b"one", b"two")
    response = stream(answering(result))
    response.close()
    response.stream.close()  # type: ignore[union-attr]
    assert (result.closed, len(result.chunks)) == (1, 1)


@pytest.mark.parametrize("chunks", [(b"one", LookupError("why")), (LookupError("why"),)])
def test_it_is_closed_when_it_raises(chunks: Any) -> None:
    result = Chunks(*chunks)
    with pytest.raises(LookupError, match="why"):
        get(answering(result))
    assert result.closed == 1


@pytest.mark.parametrize(
    ("result", "arguments", "message"),
    [
        (Chunks(b"a"), None, "The application sent content before it called start_response"),
        (Chunks(), None, "The application returned without calling start_response"),
        (Chunks(b""), None, "The application returned without calling start_response"),
        (Chunks("text"), ("200 OK", []), "The application's content must be bytes, not <class 'str'>"),
        (Chunks(None), ("200 OK", []), "The application's content must be bytes, not <class 'NoneType'>"),
        (Chunks(b"a", "text"), ("200 OK", []), "The application's content must be bytes, not <class 'str'>"),
        (Chunks(), ("OK", []), "The application's status must be like '200 OK', not 'OK'"),
        (Chunks(), ("", []), "The application's status must be like '200 OK', not ''"),
        (Chunks(), (200, []), "The application's status must be like '200 OK', not 200"),
        (
            Chunks(),
            ("200 OK", [("X-A", "€")]),
            "The application's headers must be pairs of str in ISO-8859-1, which 'X-A' is not",
        ),
        (Chunks(), ("200 OK", [("X-A", 1)]), "which 'X-A' is not"),
        (Chunks(), ("200 OK", ["X-A: secret"]), "which <class 'str'> is not"),
        (Chunks(), ("200 OK", [()]), "which <class 'tuple'> is not"),
    ],
)
def test_it_is_closed_when_the_application_breaks_the_protocol(result: Chunks, arguments: Any, message: str) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        if arguments is not None:
            start_response(*arguments)
        return result

    with pytest.raises(RemoteProtocolError) as caught:
        get(app)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert result.closed == 1


def test_what_is_no_iterable_need_not_be_closed() -> None:
    message = "^The application must return an iterable of bytes, not <class 'NoneType'>$"
    with pytest.raises(RemoteProtocolError, match=message):
        get(answering(None))


def test_text_cannot_be_written() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])("text")

    with pytest.raises(RemoteProtocolError, match="content must be bytes, not <class 'str'>"):
        get(app)
