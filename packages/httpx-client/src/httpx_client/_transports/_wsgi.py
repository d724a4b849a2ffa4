"""The transport that calls a WSGI application (PEP 3333) in the caller's own thread.

It knows what an application is told and what it may answer. It must not know clients, connections or threads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO

from httpx_models import (
    ByteStream,
    Headers,
    RemoteProtocolError,
    Request,
    Response,
    SyncByteStream,
    UnsupportedProtocol,
)

from .._arguments import checked, function, switch
from ._interface import BaseTransport

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class WSGITransport(BaseTransport):
    """A transport that hands requests to a WSGI application, without a server or a network.

    The response is returned when the application has said its status and sent its first bytes; the rest of its content
    is asked for as it is read. The application's iterable is closed in every case.

    Args:
        app: The application.
        raise_app_exceptions: Whether to raise what the application reports with `start_response(…, exc_info)`. When
            False, its error response is returned.
        script_name: SCRIPT_NAME: the path that the application is mounted at.
        remote_addr: REMOTE_ADDR: the address that requests seem to come from.
        wsgi_errors: The text stream for the application's messages; None is `sys.stderr`.

    Raises:
        TypeError: An argument has a type that cannot be used; the message names it.
    """

    def __init__(
        self,
        app: WSGIApplication,
        raise_app_exceptions: bool = True,
        script_name: str = "",
        remote_addr: str = "127.0.0.1",
        wsgi_errors: TextIO | None = None,
    ) -> None:
        self.app: WSGIApplication = function("app", app)
        self.raise_app_exceptions: bool = switch("raise_app_exceptions", raise_app_exceptions)
        self.script_name: str = checked("script_name", script_name, str, "a str")
        self.remote_addr: str = checked("remote_addr", remote_addr, str, "a str")
        self.wsgi_errors = wsgi_errors

    def handle_request(self, request: Request) -> Response:
        """Call the application; return its response, whose content is still to come.

        Raises:
            Exception: Whatever the application raises.
            RemoteProtocolError: The application does not keep to PEP 3333; the message says how.
            RuntimeError: The request's body is asynchronous.
            UnsupportedProtocol: The URL has no port, and its scheme none by default.
        """
        answer = _Answer()
        environ = _environ(request, self.script_name, self.remote_addr, self.wsgi_errors or sys.stderr)
        stream = WSGIByteStream(self.app(environ, answer.start_response), answer)
        try:
            stream.begin()
            status, fields = answer.take_head(self.raise_app_exceptions)
        except BaseException:
            stream.close()
            raise
        return Response(status, headers=Headers.from_raw(fields), stream=stream)


class _Answer:
    """What an application has said besides its iterable: its head, and what it has written.

    The last head counts, until the first content has been seen (PEP 3333, "The start_response() Callable").
    """

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self._head: tuple[Any, Any, Any] | None = None
        self._is_taken = False

    @property
    def is_started(self) -> bool:
        """Whether there is a head."""
        return self._head is not None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        """Take a head; return the function that writes content.

        Raises:
            BaseException: What `exc_info` tells, when the head that it would replace has been returned already.
        """
        if self._is_taken:
            if exc_info:
                raise exc_info[1].with_traceback(exc_info[2])
        else:
            self._head = (status, headers, exc_info)
        return self.write

    def write(self, data: bytes, /) -> None:
        """Take content that comes before that of the iterable."""
        self.written.append(_checked(data))

    def take_head(self, raising: bool) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Return status and fields; from now on they stand.

        Args:
            raising: Whether to raise the error that the head reports, if any.

        Raises:
            BaseException: That error.
            RemoteProtocolError: There is no head, or it is malformed.
        """
        if self._head is None:
            raise RemoteProtocolError("The application returned without calling start_response")
        (status, headers, exc_info), self._head = self._head, None
        self._is_taken = True
        if raising and exc_info and exc_info[1] is not None:
            raise exc_info[1]
        return _status_code(status), [_field(header) for header in headers]


class WSGIByteStream(SyncByteStream):
    """The content of an application's response, asked for as it is read.

    Args:
        result: The iterable that the application returned.
        answer: What it has said besides.
    """

    def __init__(self, result: Any, answer: _Answer) -> None:
        self._result = result
        self._answer = answer
        self._chunks: Iterator[bytes] = iter(())
        self._first: list[bytes] = []
        self._is_closed = False

    def begin(self) -> None:
        """Ask for content until there is some, for the head is certain only then.

        Raises:
            RemoteProtocolError: The application has returned no iterable, or something in it is not bytes, or comes
                before the head.
        """
        try:
            self._chunks = iter(self._result)
        except TypeError:
            raise RemoteProtocolError(
                f"The application must return an iterable of bytes, not {type(self._result)}"
            ) from None
        if self._answer.written:
            return
        for chunk in self._chunks:
            if _checked(chunk):
                if not self._answer.is_started:
                    raise RemoteProtocolError("The application sent content before it called start_response")
                self._first.append(_checked(chunk))
            if chunk or self._answer.written:
                return

    def __iter__(self) -> Iterator[bytes]:
        yield from self._take_written()
        yield from self._first
        for chunk in self._chunks:
            yield from self._take_written()
            yield _checked(chunk)
        yield from self._take_written()

    def _take_written(self) -> list[bytes]:
        written = self._answer.written[:]
        self._answer.written.clear()
        return written

    def close(self) -> None:
        """Close the application's iterable, when it can be closed. Closing twice is allowed."""
        if not self._is_closed:
            self._is_closed = True
            close = getattr(self._result, "close", None)
            if close is not None:
                close()


def _environ(request: Request, script_name: str, remote_addr: str, errors: TextIO) -> dict[str, Any]:
    """Return what the application is told of a request (PEP 3333, "environ Variables").

    Raises:
        RuntimeError: The request's body is asynchronous.
        UnsupportedProtocol: The URL has no port, and its scheme none by default.
    """
    from urllib.parse import unquote_to_bytes

    url = request.url
    path, _, query = url.raw_path.partition(b"?")
    port = url.port or _DEFAULT_PORTS.get(url.scheme)
    if port is None:
        raise UnsupportedProtocol(
            f"The URL needs a port: its scheme {url.scheme!r} has none by default", request=request
        )
    environ = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": _input(request.stream),
        "wsgi.input_terminated": True,  # it ends by itself: content of unknown length can be read to the end
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("ascii"),
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": remote_addr,
    }
    for name, value in request.headers.raw:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = value.decode("latin-1")
    return environ


def _input(stream: Any) -> Any:
    """Return a request's body as a binary file, which asks for no more than is read."""
    if isinstance(stream, ByteStream):
        return io.BytesIO(stream.content)
    if not hasattr(stream, "__iter__"):
        raise RuntimeError("Attempted to send an async request with a sync Client instance.")
    return io.BufferedReader(_Pieces(iter(stream)))


class _Pieces(io.RawIOBase):
    """The pieces of a request's body, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from at most one piece; return the number of bytes, 0 at the end."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size


def _checked(chunk: Any) -> bytes:
    if not isinstance(chunk, bytes | bytearray | memoryview):
        raise RemoteProtocolError(f"The application's content must be bytes, not {type(chunk)}")
    return bytes(chunk)


def _status_code(status: Any) -> int:
    try:
        return int(status.split(None, 1)[0])
    except (AttributeError, IndexError, ValueError):
        raise RemoteProtocolError(f"The application's status must be like '200 OK', not {status!r}") from None


def _field(header: Any) -> tuple[bytes, bytes]:
    """Return a header of the application as a raw field; errors show its name, never its value."""
    try:
        name, value = header
        return name.encode("latin-1"), value.encode("latin-1")
    except (AttributeError, TypeError, ValueError):
        shown = repr(header[0]) if isinstance(header, tuple | list) and header else str(type(header))
        raise RemoteProtocolError(
            f"The application's headers must be pairs of str in ISO-8859-1, which {shown} is not"
        ) from None
