"""A server on loopback that shows what it was sent, and does on request what servers do: redirect, compress, ask who it is."""

from __future__ import annotations

import gzip
import http.server
import json
import re
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = b"<!doctype html>\n<p>first\r\nsecond</p>\n"
PASSWORD = "Basic dXNlcjpwYXNz"  # user:pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self) -> None:
        content = self._content()
        place = urlsplit(self.path)
        if found := re.fullmatch(r"/status/(\d{3})", place.path):
            self._say(b"", status=int(found[1]))
        elif place.path == "/page":
            self._say(PAGE, {"Content-Type": "text/html; charset=UTF-8"})
        elif place.path == "/latin":
            self._say(b"caf\xe9", {"Content-Type": "text/plain"})
        elif place.path == "/gzip":
            self._say(gzip.compress(PAGE), {"Content-Encoding": "gzip", "Content-Type": "text/html"})
        elif place.path == "/cookies/set":
            self._say(b"", {"Location": "/cookies", "Set-Cookie": f"{place.query}; Path=/"}, status=302)
        elif place.path == "/redirect":
            self._say(b"elsewhere", {"Location": "/anything"}, status=301)
        elif place.path == "/basic" and self.headers["Authorization"] != PASSWORD:
            self._say(b"", {"WWW-Authenticate": 'Basic realm="bin"'}, status=401)
        elif place.path == "/digest" and not (self.headers["Authorization"] or "").startswith("Digest username="):
            self._say(b"", {"WWW-Authenticate": 'Digest realm="bin", nonce="n", qop="auth"'}, status=401)
        else:
            asked: dict[str, Any] = {"method": self.command, "args": parse_qs(place.query), "path": place.path}
            asked |= {"headers": dict(self.headers), "content": content.decode("latin-1")}
            self._say(json.dumps(asked).encode(), {"Content-Type": "application/json"})

    def _content(self) -> bytes:
        if self.headers.get("Transfer-Encoding") is None:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _say(self, content: bytes, fields: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**(fields or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


for _verb in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_verb}", _Handler.answer)


class Bin:
    """The server; use it in `with`."""

    def __init__(self) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        """The port."""
        return self._server.server_port

    def __enter__(self) -> Bin:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
