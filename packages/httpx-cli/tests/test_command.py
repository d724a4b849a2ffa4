"""The command: what it prints, where, and its exit code."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from httpx_cli import main
from httpx_cli._output import render
from httpx_models import Response


class Canned(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canned) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_response(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([url]) == 0
    printed = capsys.readouterr()
    head, _, content = printed.out.partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\nServer: ")
    assert head.endswith("\nContent-Length: 6")
    assert content == "hello\n"
    assert printed.err == ""


def test_an_error_status_is_exit_code_1(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{url}/missing"]) == 1
    assert capsys.readouterr().out.startswith("HTTP/1.1 404 Not Found\n")


def test_no_response_is_a_line_on_stderr_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        assert main([f"http://127.0.0.1:{port}/"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("ConnectError: [Errno ")
    assert f"(connecting to 127.0.0.1:{port}, after " in printed.err
    assert main(["http://\x00/"]) == 1
    assert capsys.readouterr().err.startswith("InvalidURL: ")


def test_help_version_and_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    for words, code, text in (["--help"], 0, "usage: httpx"), (["--version"], 0, "httpx-cli 0."), ([], 2, "URL"):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == code
        printed = capsys.readouterr()
        assert text in printed.out + printed.err


def test_as_a_module(url: str) -> None:
    done = subprocess.run([sys.executable, "-m", "httpx_cli", url], check=True, capture_output=True, text=True)
    assert done.stdout.endswith("\n\nhello\n")


@pytest.mark.parametrize(
    ("content", "headers", "shown"),
    [
        (b"", {}, "\n"),
        (b"line", {}, "\nline\n"),
        (b"line\n", {}, "\nline\n"),
        (b"\xff\x00", {}, "\n<2 bytes of binary data>\n"),
        ("é".encode("latin-1"), {"Content-Type": "text/plain; charset=latin-1"}, "\né\n"),
    ],
)
def test_content(content: bytes, headers: dict[str, str], shown: str) -> None:
    response = Response(200, headers=headers, content=content)
    assert render(response).endswith(shown)
    assert render(response).startswith("HTTP/1.1 200 OK\n")
    assert render(Response(299, content=b"")).startswith("HTTP/1.1 299\n")
