"""What the documentation shows is run: each page from its top to its end, its blocks of Python sharing their names.

Every host's name leads to a server on this machine, which answers with what it was asked. A block that cannot run here has
`<!-- not run: reason -->` before it. What stands in a comment behind `print(…)` is what it has to print, `…` being anything.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import gc
import http.server
import inspect
import io
import json
import logging
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

import httpx
from httpx_transport import ConnectionPool
from httpx_transport.testing import conformance

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")])
CONTRACT = ROOT / "docs" / "transports.md"
BLOCK = re.compile(r"(?:^<!-- not run: ([^\n]+) -->\n+)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of Python on a page."""

    line: int
    source: str
    not_run: str | None


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    return [Block(text.count("\n", 0, m.start(2)), m[2], m[1]) for m in BLOCK.finditer(text)]


def name_of(page: Path) -> str:
    """Return the page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def pages_to_run() -> Iterator[Any]:
    """Yield the pages that have blocks, as parameters of a test."""
    for page in filter(blocks, PAGES):
        yield pytest.param(page, id=name_of(page))


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what was asked, as JSON; `/status/404` with that status."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def handle_one_request(self) -> None:
        """Answer whatever the method is."""
        line = self.rfile.readline(65_537)
        if not line:
            self.close_connection = True
            return
        self.raw_requestline = line
        if self.parse_request():
            self.echo()

    def content(self) -> bytes:
        """Return the request's content."""
        if self.headers.get("Transfer-Encoding") is None:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def echo(self) -> None:
        """Answer."""
        content = self.content()
        wanted = re.fullmatch(r"/status/(\d{3})", self.path)
        fields, text = dict(self.headers), content.decode("latin-1")
        asked = {"method": self.command, "path": self.path, "headers": fields, "content": text}
        answer = json.dumps(asked).encode()
        self.send_response(int(wanted[1]) if wanted else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def tls_context(authority: trustme.CA) -> ssl.SSLContext:
    """Return a server's context that is whoever it is taken for."""

    def become(tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name or "127.0.0.1").configure_cert(own)
        tls.context = own

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.sni_callback = become
    return context


class Stage(NamedTuple):
    """Where every host is."""

    port: int
    tls_port: int
    roots: Path


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Start a server without and one with TLS."""
    authority = trustme.CA()
    roots = tmp_path_factory.mktemp("trust") / "roots.pem"
    authority.cert_pem.write_to_path(str(roots))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)) for _ in range(2)]
        servers[1].socket = tls_context(authority).wrap_socket(servers[1].socket, server_side=True)
        for server in servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            stack.callback(server.shutdown)
        yield Stage(servers[0].server_port, servers[1].server_port, roots)


@pytest.fixture
def offline(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let every host be here, and nothing that a page does last."""
    original = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or name == "localhost" or name.startswith("127."):
            return original(host, port, *args, **options)
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        here = stage.tls_port if port == 443 else stage.port
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", here))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("SSL_CERT_FILE", str(stage.roots))
    monkeypatch.setattr(logging.root, "handlers", [*logging.root.handlers])
    monkeypatch.chdir(tmp_path)


def fits(comment: str, printed: str) -> bool:
    """Return whether a comment says what was printed; it may say more, behind a comma or in other words."""
    pattern = ".*".join(re.escape(part) for part in comment.split("…"))
    rest = comment.removeprefix(printed) if printed else comment
    return bool(re.fullmatch(pattern, printed)) or (rest != comment and not rest[:1].isalnum())


class Runner:
    """Runs the blocks of a page."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.lines = page.read_text(encoding="utf-8").splitlines()
        self.names: dict[str, Any] = {"__name__": "__main__", "httpx": httpx}
        self.compared: set[int] = set()

    def print(self, *values: object, sep: str = " ") -> None:
        """Compare what a page prints with what it says; in a loop, what it prints first."""
        caller = sys._getframe(1)
        if caller.f_code.co_filename == str(self.page) and caller.f_lineno not in self.compared:
            self.compared.add(caller.f_lineno)
            _, mark, comment = self.lines[caller.f_lineno - 1].partition("  # ")
            printed = " ".join(sep.join(map(str, values)).split("\n")).strip()
            if mark and not fits(comment.strip(), printed):
                pytest.fail(f"{name_of(self.page)}:{caller.f_lineno} says {comment!r}, but prints {printed!r}")

    def run(self, block: Block) -> None:
        """Run a block, as a session or as a program, in which one may `await`."""
        if block.source.startswith(">>> "):
            self.run_session(block)
            return
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile("\n" * block.line + block.source, str(self.page), "exec", flags, dont_inherit=True)
        self.names["print"] = self.print
        coroutine = eval(code, self.names)
        if inspect.iscoroutine(coroutine):
            asyncio.run(coroutine)

    def run_session(self, block: Block) -> None:
        """Run a block that shows what an interpreter says."""
        self.names.pop("print", None)  # sessions say themselves what they print
        name, said = name_of(self.page), io.StringIO()
        test = doctest.DocTestParser().get_doctest(block.source, self.names, name, str(self.page), block.line)
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write, clear_globs=False)
        self.names.update(test.globs)
        assert not result.failed, said.getvalue()


# Pages may leave a client open that a program would close.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("page", list(pages_to_run()))
def test_what_a_page_shows_is_so(page: Path) -> None:
    runner = Runner(page)
    for block in blocks(page):
        if block.not_run is None:
            runner.run(block)
    del runner
    gc.collect()  # what the page leaves open is a warning here, and not in a later test


def test_few_blocks_are_not_run(record_property: Callable[[str, object], None]) -> None:
    found = [block for page in PAGES for block in blocks(page)]
    kept = [block for block in found if block.not_run]
    record_property("blocks", len(found))
    record_property("not_run", len(kept))
    assert len(found) >= 30
    assert len(kept) <= len(found) / 5


def test_every_mark_stands_before_a_block() -> None:
    for page in PAGES:
        marks = page.read_text(encoding="utf-8").count("<!-- not run")
        assert marks == sum(block.not_run is not None for block in blocks(page)), name_of(page)


@pytest.mark.parametrize(
    ("comment", "printed", "kept"),
    [
        ("5.0, at once", "5.0", True),
        ("5.05", "5.0", False),
        ("5.0", "5.05", False),
        ("Host: … and more", "Host: a b and more", True),
        ("nothing", "", False),
    ],
)
def test_comments_say_what_is_printed(comment: str, printed: str, kept: bool) -> None:
    assert fits(comment, printed) is kept


def test_the_contract_has_every_rule_and_the_transport_that_keeps_them() -> None:
    text = " ".join(CONTRACT.read_text(encoding="utf-8").split())
    for number, check in enumerate(conformance.CHECKS, 1):
        mark = "*" if check.optional else f"{number}."
        assert f"{mark} `{check.name}`: {check.rule}" in text
    plain = ROOT / "packages" / "httpx-transport" / "tests" / "plain.py"
    assert plain.read_text(encoding="utf-8") in {block.source for block in blocks(CONTRACT)}


@pytest.mark.usefixtures("offline")
def test_the_contract_has_every_extension_and_every_event() -> None:
    events: list[str] = []
    with ConnectionPool() as pool:
        asked = {"trace": lambda event, _: events.append(event.rpartition(".")[0])}
        with pool.request("POST", "https://example.org/", body=b"hello", extensions=asked) as response:
            response.read()
    facts = response.extensions
    words = [*facts, *facts["timings"], *facts["connection"], *facts["connection"]["certificate"], *events]
    text = CONTRACT.read_text(encoding="utf-8")
    assert {"tls", "alpn", "issuer", "trailers", "http11.response_closed"} <= set(words)
    assert [word for word in words if f"`{word}`" not in text] == []
