"""The package as a whole: what it imports, what it exports, and pickles under another name."""

from __future__ import annotations

import pickle
import subprocess
import sys
import typing

import pytest

import httpx_models
from httpx_models import types

HEAVY = [
    "anyio",
    "asyncio",
    "brotli",
    "certifi",
    "dataclasses",
    "datetime",
    "email",
    "h11",
    "h2",
    "http.cookiejar",
    "idna",
    "inspect",
    "json",
    "mimetypes",
    "ssl",
    "tempfile",
    "urllib.request",
    "zlib",
    "httpx_models._decoders._zlib",
]


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_the_import_is_cheap() -> None:
    before = run("import sys; print(*sorted(sys.modules))").split()
    loaded = run("import sys, httpx_models; print(*sorted(sys.modules))").split()
    assert "httpx_models._response" in loaded
    assert not set(HEAVY) & set(loaded) - set(before)


def test_a_plain_exchange_needs_nothing_heavy() -> None:
    program = """
import sys
from httpx_models import Cookies, Headers, Request, Response, SyncByteStream
class Body(SyncByteStream):
    def __iter__(self):
        yield b"hello"
cookies = Cookies()
request = Request("GET", "https://example.org/", headers={"a": "b"})
cookies.set_cookie_header(request)
response = Response(200, headers=Headers.from_raw([(b"A", b"b")]), stream=Body(), request=request)
response.read()
cookies.extract_cookies(response)
print(*sorted(sys.modules))
"""
    bare = run("import sys; print(*sorted(sys.modules))").split()
    assert not {"http.cookiejar", "json", "datetime", "zlib", "mimetypes", "urllib.request"} & set(
        run(program).split()
    ) - set(bare)


def test_exports() -> None:
    public = {name for name in vars(httpx_models) if not name.startswith("_")}
    assert public - {"annotations", "compat", "types"} == set(httpx_models.__all__) - {"__version__"}


def test_types_are_real_at_run_time() -> None:
    for name in types.__all__:
        assert not isinstance(getattr(types, name), str)
    for name in (
        "HeaderTypes",
        "CookieTypes",
        "RequestContent",
        "RequestFiles",
        "FileTypes",
        "QueryParamTypes",
        "URLTypes",
    ):
        assert typing.get_args(getattr(types, name))


PROGRAM = """
import pickle, sys, types
import httpx_models
from httpx_models import *
if {renamed}:
    again = sys.modules["httpx"] = types.ModuleType("httpx")
    for name in httpx_models.__all__:
        thing = getattr(httpx_models, name)
        setattr(again, name, thing)
        if isinstance(thing, type):
            thing.__module__ = "httpx"
request = Request("POST", "https://example.org/", content=b"x")
response = Response(200, request=request, headers={{"Set-Cookie": "a=b"}})
response.cookies
error = ReadTimeout("slow", request=request)
sys.stdout.write(pickle.dumps([request, response, error, codes.OK, response.headers, response.cookies]).hex())
"""


@pytest.mark.parametrize("renamed", [False, True])
def test_pickles_do_not_depend_on_who_re_exports_us(renamed: bool) -> None:
    data = bytes.fromhex(run(PROGRAM.format(renamed=renamed)))
    assert b"httpx\n" not in data
    assert b"\x05httpx\x94" not in data
    request, response, error, code, headers, cookies = pickle.loads(data)
    assert type(request) is httpx_models.Request
    assert request.content == error.request.content == b"x"
    assert response.cookies["a"] == cookies["a"] == "b"
    assert type(error) is httpx_models.ReadTimeout
    assert code is httpx_models.codes.OK
    assert headers == response.headers
