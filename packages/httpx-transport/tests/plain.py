"""A transport over `http.client`, as somebody else would write it: one connection for each request."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Iterable, Iterator
from typing import Any

Field = tuple[bytes, bytes]


class PlainTransport:
    """Sends each request over a connection of its own; there is nothing to keep, and nothing to close."""

    def handle_request(
        self,
        method: bytes,
        url: tuple[bytes, bytes, int | None, bytes],
        headers: list[Field],
        body: Iterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> tuple[int, list[Field], PlainBody, dict[str, Any]]:
        scheme, host, port, target = url
        if scheme not in {b"http", b"https"}:
            raise ValueError(f"there is no way to send a request for {scheme!r}")
        refuse_line_breaks(method, target, headers)
        timeout = extensions.get("timeout") or {}
        kind = http.client.HTTPSConnection if scheme == b"https" else http.client.HTTPConnection
        connection = kind(host.decode("ascii"), port, timeout=timeout.get("connect"))
        connection.response_class = FinalResponse
        try:
            with built_in_errors():
                connection.connect()
            sock = connection.sock
            sock.settimeout(timeout.get("write"))
            with built_in_errors():
                connection.putrequest(
                    method.decode("ascii"), target.decode("ascii"), skip_host=True, skip_accept_encoding=True
                )
                for name, value in headers:
                    connection.putheader(name, value)
                connection.endheaders()
            for data in framed(headers, body):
                with built_in_errors():
                    connection.send(data)
            sock.settimeout(timeout.get("read"))
            response = head_of(connection)
        except BaseException:
            connection.close()
            raise
        fields = [(name.encode("ascii"), value.strip().encode("latin-1")) for name, value in response.msg.items()]
        facts = {"reason_phrase": response.reason.encode("latin-1")}
        return response.status, fields, PlainBody(connection, response), facts

    def close(self) -> None: ...


class PlainBody:
    """The content of a response, and the connection over which it comes."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self._left = response.length  # None: until the last chunk, or until the connection ends

    def __iter__(self) -> Iterator[bytes]:
        while not self._response.isclosed() and self._left != 0:
            with built_in_errors():
                chunk = self._response.read1(65_536 if self._left is None else min(65_536, self._left))
            if not chunk:
                break
            if self._left is not None:
                self._left -= len(chunk)
            yield chunk
        self.close()
        if self._left:
            raise ConnectionError(f"the peer left out the last {self._left} bytes")

    def close(self) -> None:
        self._response.close()
        self._connection.close()

    def __enter__(self) -> PlainBody:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


class FinalResponse(http.client.HTTPResponse):
    """A response that reads over 103 Early Hints and the like, and not only over 100 Continue."""

    def begin(self) -> None:
        super().begin()
        while 102 <= self.status <= 199:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


def head_of(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    """Return the response as soon as its head is here."""
    with built_in_errors():
        response = connection.getresponse()
    if response.msg.defects:
        raise ConnectionError(f"the response's head is malformed: {response.msg.defects}")
    return response


def framed(headers: list[Field], body: Iterable[bytes] | bytes) -> Iterator[bytes]:
    """Yield the content as the fields say that it is framed."""
    known = {name.lower(): value for name, value in headers}
    chunked, left = b"transfer-encoding" in known, int(known.get(b"content-length", b"0"))
    for chunk in [body] if isinstance(body, bytes) else body:
        left -= len(chunk)
        if not chunked and left < 0:
            raise ValueError("the content is longer than its Content-Length")
        if chunk:
            yield b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
    if chunked:
        yield b"0\r\n\r\n"
    elif left:
        raise ValueError("the content is shorter than its Content-Length")


def refuse_line_breaks(method: bytes, target: bytes, headers: list[Field]) -> None:
    """Let nothing through that would be read as something else."""
    if re.search(rb"[\0\r\n ]", method + target) or any(
        re.search(rb"[\0\r\n]", name + value) for name, value in headers
    ):
        raise ValueError("there is a line break, a space or a NUL where none may be")


@contextlib.contextmanager
def built_in_errors() -> Iterator[None]:
    """Raise nothing but the built-ins that every caller knows."""
    try:
        yield
    except (TimeoutError, ConnectionError):
        raise
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(str(error) or type(error).__name__) from error
