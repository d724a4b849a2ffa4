"""What headers, requests, responses and cookies cost, in microseconds of one core, beside httpx 0.28.1.

    python benchmarks/models.py [--peer path/to/python] [--count 20000] [--rounds 7]

`--peer` is another interpreter, with httpx 0.28.1; this one has httpx-models. Both are asked in turns, and the best of
the rounds is shown: what is compared is the work. A response has twelve fields, as servers send them.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

RAW = [
    (b"Server", b"nginx/1.27.0"),
    (b"Date", b"Sat, 21 Nov 2026 04:00:00 GMT"),
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"Content-Length", b"27"),
    (b"Connection", b"keep-alive"),
    (b"Cache-Control", b"no-cache, private"),
    (b"ETag", b'"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    (b"Vary", b"Accept, Accept-Encoding"),
    (b"X-Request-Id", b"5ba8d8d2-6a3b-4d52-b6f1-7a3d7f0f7f0b"),
    (b"X-RateLimit-Limit", b"5000"),
    (b"X-RateLimit-Remaining", b"4999"),
    (b"Strict-Transport-Security", b"max-age=31536000"),
]
BODY = b'{"hello": "world", "n": 42}'
URL_TEXT = "https://api.example.org/v1/items?page=2"
DEFAULTS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive", "User-Agent": "x/1.0"}
Case = tuple[str, Callable[[], object]]


def best(call: Callable[[], object], count: int) -> float:
    """Return the microseconds of a call in one round."""
    start = time.perf_counter()
    for _ in itertools.repeat(None, count):
        call()
    return (time.perf_counter() - start) / count * 1e6


def cases(api: Any) -> Iterator[Case]:
    """Yield what is measured, by name."""
    view = getattr(api.Headers, "from_raw", api.Headers)

    class Body(api.SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            yield BODY

    def headers() -> None:
        fields = view(RAW)
        fields["content-type"]
        fields["Content-Length"]

    def response(read: Callable[[Any], object]) -> Callable[[], object]:
        def make() -> object:
            extensions = {"http_version": b"HTTP/1.1"}
            made = api.Response(200, headers=view(RAW), stream=Body(), request=request, extensions=extensions)
            made.read()
            return read(made)

        return make

    request = api.Request("GET", URL_TEXT)
    defaults = api.Headers(DEFAULTS)
    jar = api.Cookies()
    for number in range(1000):
        jar.set(f"c{number}", "x", domain=f"h{number}.example.com")
    yield "Headers of 12 raw fields, 2 lookups", headers
    yield "Response of 12 raw fields, .content", response(lambda made: made.content)
    yield "the same, .text", response(lambda made: made.text)
    yield "the same, .json()", response(lambda made: made.json())
    yield "Request, GET", lambda: api.Request("GET", URL_TEXT)
    yield "Request, GET with 4 fields", lambda: api.Request("GET", URL_TEXT, headers=defaults)
    yield "Request, POST json", lambda: api.Request("POST", URL_TEXT, headers=defaults, json={"hello": "world"})
    yield "Request, POST form", lambda: api.Request("POST", URL_TEXT, headers=defaults, data={"hello": "world"})
    yield "no cookies for a request", lambda: api.Cookies().set_cookie_header(request)
    yield "1000 cookies, none for a request", lambda: jar.set_cookie_header(request)


def measure(name: str, count: int) -> dict[str, float]:
    """Return the microseconds of each case."""
    api = importlib.import_module(name)
    found = {}
    for label, call in cases(api):
        times = count // 50 if "1000" in label else count
        call()
        found[label] = best(call, times)
    return found


def ask(python: str, name: str, count: int) -> dict[str, float]:
    """Return the same from another process."""
    command = [python, __file__, "--only", name, "--count", str(count)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, float] = json.loads(answer.stdout) if answer.returncode == 0 else {}
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.count)))
        return
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for _ in range(options.rounds):
        ours.append(ask(sys.executable, "httpx_models", options.count))
        theirs.append(ask(options.peer, "httpx", options.count))
    print(f"{'µs':36}{'httpx-models':>14}{'httpx':>10}{'ratio':>8}")
    for label in ours[0]:
        mine = min(found[label] for found in ours)
        peer = min((found[label] for found in theirs if found), default=None)
        rest = "" if peer is None else f"{peer:10.2f}{peer / mine:8.1f}"
        print(f"{label:36}{mine:14.2f}{rest}")


if __name__ == "__main__":
    main()
