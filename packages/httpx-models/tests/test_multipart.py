"""Forms with files: read back by a parser that is not ours, of exactly the length they say, and never broken out of."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.multipart import MultipartParser, parse_options_header

from httpx_models import LocalProtocolError, Request, StreamConsumed
from httpx_models.compat import DataField, FileField, MultipartStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

FIXED = {"content-type": "multipart/form-data; boundary=BB"}


def form(**arguments: Any) -> Request:
    return Request("POST", "https://example.org/", headers=FIXED, **arguments)


def parse(body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Return the head and the content of each part, as another project's parser reads them."""
    parts: list[tuple[dict[str, str], bytes]] = []
    text = {"field": b"", "value": b"", "data": b""}
    head: dict[str, str] = {}

    def add(key: str) -> Callable[[bytes, int, int], None]:
        def take(data: bytes, start: int, end: int) -> None:
            text[key] += data[start:end]

        return take

    def end_header() -> None:
        head[text["field"].decode().lower()] = text["value"].decode()
        text["field"] = text["value"] = b""

    def end_part() -> None:
        parts.append((dict(head), text["data"]))
        head.clear()
        text["data"] = b""

    callbacks: Any = {
        "on_header_field": add("field"),
        "on_header_value": add("value"),
        "on_part_data": add("data"),
        "on_header_end": end_header,
        "on_part_end": end_part,
    }
    parser = MultipartParser(boundary, callbacks)
    parser.write(body)
    parser.finalize()
    return parts


NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\\x1b\x7f"), min_size=1, max_size=8)


@given(
    data=st.dictionaries(
        NAME, st.one_of(st.text(max_size=9), st.binary(max_size=9), st.integers(), st.booleans(), st.none()), max_size=3
    ),
    files=st.lists(st.tuples(NAME, NAME, st.binary(max_size=40)), min_size=1, max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_a_real_parser_reads_it_back(data: dict[str, Any], files: list[tuple[str, str, bytes]]) -> None:
    given_files = [(name, (filename, content, "a/b")) for name, filename, content in files]
    request = Request("POST", "https://example.org/", data=data, files=given_files)
    body = request.read()
    assert request.headers["Content-Length"] == str(len(body))
    _, options = parse_options_header(request.headers["Content-Type"])
    parts = parse(body, options[b"boundary"])
    assert len(parts) == len(data) + len(files)
    for (head, content), (name, value) in zip(parts, data.items(), strict=False):
        assert disposition(head) == {"name": escaped(name)}
        assert content == (value if isinstance(value, bytes) else as_text(value).encode())
    for (head, content), (name, filename, expected) in zip(parts[len(data) :], files, strict=True):
        assert disposition(head) == {"name": escaped(name), "filename": escaped(filename)}
        assert head["content-type"] == "a/b"
        assert content == expected


def as_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def escaped(name: str) -> str:
    return re.sub(r'[\x00-\x1f"]', lambda found: f"%{ord(found[0]):02X}", name)


def disposition(head: dict[str, str]) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', head["content-disposition"]))


class NoSeek:
    """A file that cannot be rewound, whose length nobody knows."""

    def __init__(self) -> None:
        self.left = [b"abc", b""]

    def read(self, size: int) -> bytes:
        return self.left.pop(0)


class Named(io.BytesIO):
    name = "/x/y/pic.PNG"


def gen() -> Iterator[bytes]:
    yield b"gen"


HEAD = 'Content-Disposition: form-data; name="f"'
OCTETS = "Content-Type: application/octet-stream"


@pytest.mark.parametrize(
    ("file", "head", "content"),
    [
        (b"x", [f'{HEAD}; filename="upload"', OCTETS], "x"),
        ("text", [f'{HEAD}; filename="upload"', OCTETS], "text"),
        (bytearray(b"x"), [f'{HEAD}; filename="upload"', OCTETS], "x"),
        (("a.txt", b"x"), [f'{HEAD}; filename="a.txt"', "Content-Type: text/plain"], "x"),
        (("a.txt", memoryview(b"x")), [f'{HEAD}; filename="a.txt"', "Content-Type: text/plain"], "x"),
        (("a.unknown", b"x"), [f'{HEAD}; filename="a.unknown"', OCTETS], "x"),
        ((None, b"x"), [HEAD], "x"),
        (("", b"x"), [HEAD], "x"),
        ((None, b"x", None, None), [HEAD], "x"),
        ((None, "x", "a/b"), [HEAD, "Content-Type: a/b"], "x"),
        (("a", "x", "a/b"), [f'{HEAD}; filename="a"', "Content-Type: a/b"], "x"),
        (("a", "x", "a/b", {"X-A": "1"}), [f'{HEAD}; filename="a"', "X-A: 1", "Content-Type: a/b"], "x"),
        (("a", "x", "a/b", {"content-type": "c/d"}), [f'{HEAD}; filename="a"', "content-type: c/d"], "x"),
        (io.BytesIO(b"hi"), [f'{HEAD}; filename="upload"', OCTETS], "hi"),
        (Named(b"hi"), [f'{HEAD}; filename="pic.PNG"', "Content-Type: image/png"], "hi"),
        (("a", gen()), [f'{HEAD}; filename="a"', OCTETS], "gen"),
    ],
)
def test_the_head_of_a_file(file: Any, head: list[str], content: str) -> None:
    lines = ["--BB", *head, "", content, "--BB--", ""]
    assert form(files={"f": file}).read().decode() == "\r\n".join(lines)


def test_a_real_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"content")
    with path.open("rb") as file:
        file.read(3)
        request = form(files={"f": file})
        body = request.read()
    assert b'filename="notes.txt"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n' in body
    assert request.headers["Content-Length"] == str(len(body))


def test_fields_come_before_files_and_repeat() -> None:
    request = form(data={"a": [1, 2.5, True, None], "b": b"x"}, files={"f": (None, b"y")})
    found = [(disposition(head)["name"], content) for head, content in parse(request.read(), b"BB")]
    assert found == [("a", b"1"), ("a", b"2.5"), ("a", b"true"), ("a", b""), ("b", b"x"), ("f", b"y")]


@pytest.mark.parametrize(
    "files",
    [
        [("f", b"1"), ("f", ("n", b"2")), ("g", b"3")],
        {"f": [b"1", ("n", io.BytesIO(b"2"))], "g": b"3"},
    ],
)
def test_several_files_of_one_field(files: Any) -> None:
    found = [(disposition(head)["name"], content) for head, content in parse(form(files=files).read(), b"BB")]
    assert found == [("f", b"1"), ("f", b"2"), ("g", b"3")]


def test_the_boundary_is_random_hexadecimal() -> None:
    types = {Request("POST", "https://example.org/", files={"f": b"x"}).headers["Content-Type"] for _ in range(9)}
    assert len(types) == 9
    for content_type in types:
        assert re.fullmatch(r"multipart/form-data; boundary=[0-9a-f]{32}", content_type)


def test_a_boundary_can_be_given() -> None:
    request = Request(
        "POST",
        "https://example.org/",
        headers={"Content-Type": 'multipart/form-data; boundary="a b"'},
        files={"f": b"x"},
    )
    assert request.read().startswith(b"--a b\r\n")
    assert request.headers.get_list("content-type") == ['multipart/form-data; boundary="a b"']


@pytest.mark.parametrize("content_type", [None, "multipart/form-data", "text/plain; boundary=BB"])
def test_without_a_boundary_there_is_a_random_one(content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = Request("POST", "https://example.org/", headers=headers, files={"f": b"x"}).read()
    assert re.match(rb"--[0-9a-f]{32}\r\n", body)


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("multipart/form-data", "multipart/form-data; boundary="),
        ("multipart/form-data; charset=utf-8", "multipart/form-data; charset=utf-8; boundary="),
        ("Multipart/Mixed;boundary=", "Multipart/Mixed; boundary="),
        ("multipart/related; boundary=zzz", "multipart/related; boundary=zzz"),
    ],
)
def test_a_multipart_content_type_names_the_boundary_of_the_body(given: str, prefix: str) -> None:
    headers = {"Content-Type": given}
    request = Request("POST", "https://example.org/", headers=headers, files={"f": b"x"}, data={"a": "b"})
    content_type = request.headers["Content-Type"]
    assert content_type.startswith(prefix)
    assert request.read().startswith(f"--{content_type.rpartition('=')[2]}\r\n".encode())
    assert headers == {"Content-Type": given}


def test_content_takes_precedence_over_files() -> None:
    headers = {"Content-Type": "multipart/form-data"}
    request = Request("POST", "https://example.org/", headers=headers, content=b"x", files={"f": b"x"})
    assert request.headers["Content-Type"] == "multipart/form-data"


def test_a_boundary_that_cannot_be_sent() -> None:
    for boundary in (b"a\r\nb", b"\xe9"):
        with pytest.raises(LocalProtocolError, match="boundary of a multipart body"):
            MultipartStream({}, {"f": b"x"}, boundary)


@pytest.mark.parametrize("file", [NoSeek(), ("n", gen())])
def test_an_unknown_length_is_sent_in_chunks(file: Any) -> None:
    request = form(files={"f": file})
    assert request.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in request.headers
    stream: Any = request.stream
    assert stream.get_content_length() is None
    list(stream)
    with pytest.raises(StreamConsumed):
        list(stream)


class Stuck(io.BytesIO):
    """A file that can be rewound until it cannot."""

    stuck = False

    def seek(self, offset: int, whence: int = 0) -> int:
        if self.stuck:
            raise io.UnsupportedOperation
        return super().seek(offset, whence)


def test_a_form_can_be_sent_again_while_its_files_can_be_rewound() -> None:
    file = Stuck(bytes(FileField.CHUNK_SIZE + 1))
    stream: Any = form(files={"f": file}).stream
    first = b"".join(stream)
    assert b"".join(stream) == first
    assert len(first) == stream.get_content_length()
    file.stuck = True
    with pytest.raises(StreamConsumed):
        list(stream)


def test_a_list_of_pieces_can_be_sent_again() -> None:
    stream: Any = form(files={"f": ("n", [b"a", b"b"])}).stream
    assert b"".join(stream) == b"".join(stream)


class AsyncIter:
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"as"
        yield b"ync"


class AsyncRead:
    def __init__(self) -> None:
        self.left = [b"as", b"ync", b""]

    async def read(self, size: int) -> bytes:
        return self.left.pop(0)


class AsyncARead:
    def __init__(self) -> None:
        self.left = [b"as", b"ync", b""]

    async def aread(self, size: int) -> bytes:
        return self.left.pop(0)


@pytest.mark.parametrize("make", [AsyncIter, AsyncRead, AsyncARead])
async def test_asynchronous_files(make: Callable[[], Any]) -> None:
    request = form(data={"a": "1"}, files=[("f", ("n", make())), ("g", io.BytesIO(b"sync")), ("h", b"")])
    assert request.headers["Transfer-Encoding"] == "chunked"
    stream: Any = request.stream
    with pytest.raises(RuntimeError, match="sync iterator on an async stream"):
        list(stream)
    found = [content for _, content in parse(await request.aread(), b"BB")]
    assert found == [b"1", b"async", b"sync", b""]
    with pytest.raises(StreamConsumed):
        [chunk async for chunk in stream]


async def test_an_abandoned_form_can_be_closed() -> None:
    pieces: Any = aiter(MultipartStream({}, {"f": ("n", AsyncIter())}))
    while await pieces.__anext__() != b"as":
        pass
    await pieces.aclose()
    unused: Any = aiter(MultipartStream({}, {}))
    await unused.aclose()


async def test_both_ways_give_the_same() -> None:
    pieces: Any = aiter(MultipartStream({}, {}))
    assert aiter(pieces) is pieces
    stream: Any = form(data={"a": "1"}, files={"f": io.BytesIO(b"x" * 10)}).stream
    assert b"".join(stream) == b"".join([chunk async for chunk in stream])


@pytest.mark.parametrize("breaking", ["\r", "\n", "\0", '"'])
def test_nothing_breaks_out_of_a_parts_head(breaking: str) -> None:
    evil = f"a{breaking}X: y"
    request = form(data={evil: "v"}, files={evil: (evil, b"x")})
    parts = parse(request.read(), b"BB")
    assert len(parts) == 2
    assert all(set(head) <= {"content-disposition", "content-type"} for head, _ in parts)
    assert all(breaking not in value for head, _ in parts for value in disposition(head).values())
    if breaking == '"':
        return
    for file in (
        ("a", b"x", f"a/b{breaking}X: y"),
        ("a", b"x", None, {f"A{breaking}": "1"}),
        ("a", b"x", None, {"X-Key": f"s3cret{breaking}"}),
    ):
        with pytest.raises(LocalProtocolError, match="of the file 'f' contains a line break or NUL") as caught:
            form(files={"f": file})
        assert "s3cret" not in str(caught.value)


def test_escapes_are_those_of_browsers() -> None:
    body = form(data={'a\r\n"b\\é': "v"}, files={"f": ("\x00\x1f\x1b\x7f", b"x")}).read()
    assert 'name="a%0D%0A%22b\\\\é"'.encode() in body
    assert b'filename="%00%1F\x1b\x7f"' in body


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"data": {"a": {"x": 1}}, "files": {"f": b""}},
            "^Invalid type for value. Expected primitive type, got <class 'dict'>, for field 'a'",
        ),
        (
            {"data": {"a": [[1]]}, "files": {"f": b""}},
            "^Invalid type for value. Expected primitive type, got <class 'list'>",
        ),
        ({"data": {1: "x"}, "files": {"f": b""}}, "^Invalid type for name. Expected str, got <class 'int'>: 1"),
        ({"files": {b"f": b""}}, "^Invalid type for name. Expected str, got <class 'bytes'>"),
        ({"files": {"f": 3}}, "^Invalid type for file 'f'. Expected bytes, str, or a binary file, got <class 'int'>"),
        ({"files": {"f": None}}, "^Invalid type for file 'f'"),
        ({"files": {"f": ("n", {"a": 1})}}, "^Invalid type for file 'f'"),
        (
            {"files": {"f": (3, b"")}},
            "^Invalid type for the file name of file 'f'. Expected str or None, got <class 'int'>",
        ),
        ({"files": {"f": ("n", b"", 3)}}, "^Invalid type for the content type of file 'f'"),
        ({"files": 3}, "^Invalid type for 'files'. Expected a mapping or pairs of name and file, got <class 'int'>"),
        ({"files": "f"}, "^Invalid type for 'files'"),
        ({"files": ["ab"]}, "^Invalid item in 'files'. Expected a pair of name and file, got <class 'str'>"),
        ({"files": [("f", b"", 1)]}, "^Invalid item in 'files'"),
        ({"files": {"f": io.StringIO("x")}}, "^Multipart file uploads require 'io.BytesIO', not 'io.StringIO'."),
        ({"files": {"f": io.TextIOWrapper(io.BytesIO())}}, "^Multipart file uploads must be opened in binary mode"),
    ],
)
def test_what_cannot_be_sent(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        form(**arguments)


@pytest.mark.parametrize("file", [(b"a",), ("a", "b", "c", {}, 1)])
def test_a_tuple_of_another_length(file: Any) -> None:
    with pytest.raises(ValueError, match="The tuple for file 'f' must have 2 to 4 items"):
        form(files={"f": file})


def test_a_part_by_itself() -> None:
    field = DataField("a", "é")
    assert field.get_length() == len(b"".join(field.render()))
    file = FileField("a", ("n", "é"))
    assert file.get_length() == len(b"".join(file.render()))
    assert FileField("a", ("n", gen())).get_length() is None  # type: ignore[arg-type]
