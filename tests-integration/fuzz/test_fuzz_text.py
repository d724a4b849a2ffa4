"""Damaged URLs, Set-Cookie fields, Digest challenges and names of multipart parts: documented errors only, round trips."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from python_multipart.multipart import create_form_parser

import httpx
from fuzz.mutation import examples, mutated, mutated_text

URLS = [
    "https://user:p%40ss@example.org:8443/a/../b%2Fc;d?q=1&r=%20#frag", "http://[2001:db8::1%25eth0]:80/", "http://[::ffff:1.2.3.4]/",
    "http://bücher.example/ä?ö#ü", "http://127.0.0.1:0", "//host/path", "/a//b/./../c", "?q", "#f", "mailto:a@example.org", "http://xn--bcher-kva.example",
]  # fmt: skip
URL_TOKENS = [
    "%",
    "%2",
    "%zz",
    "..",
    "//",
    "\\",
    "[",
    "]",
    "@",
    ":",
    "?",
    "#",
    "\0",
    "\n",
    " ",
    "\ud800",
    "\u2024",
    "xn--",
    "0x7f",
    "65536",
]
SET_COOKIES = [
    b"a=b; Path=/; Domain=example.org; Max-Age=60; Secure; HttpOnly; SameSite=Lax", b"__Host-a=1; Path=/; Secure",
    b'a="b c"; Expires=Wed, 21 Oct 2065 07:28:00 GMT', b"=v", b"a=", b"a=b; Max-Age=-1", b"a=b=c; Domain=.org; expires=0",
]  # fmt: skip
COOKIE_TOKENS = [
    b";",
    b"=",
    b'"',
    b",",
    b" ",
    b"\t",
    b"\0",
    b"; Max-Age=99999999999999999999",
    b"; Expires=99 Foo 99999",
    b"; Domain=",
    b"\xff",
]
CHALLENGES = [
    b'Digest realm="a b", nonce="abc", qop="auth,auth-int", algorithm=SHA-256, opaque="o", userhash=true, charset=UTF-8',
    b'Digest realm="a", nonce="n", stale=true', b'Basic realm="x", Digest nonce="n\\"q", realm="\\\\", qop=auth, algorithm=MD5-sess',
]  # fmt: skip
CHALLENGE_TOKENS = [
    b",",
    b"=",
    b'"',
    b"\\",
    b" ",
    b"Digest ",
    b'qop="auth-int"',
    b"algorithm=none",
    b"\xe9",
    b'nonce=""',
    b"\t",
]


@examples(1000)
@given(mutated_text(URLS, URL_TOKENS), mutated_text(URLS, URL_TOKENS))
def test_a_damaged_url_is_refused_or_its_text_is_a_fixed_point(text: str, other: str) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return
    assert httpx.URL(str(url)) == url
    assert str(httpx.URL(str(url))) == str(url)
    assert url.raw_path.isascii()
    assert not set(url.raw_path + url.raw_host) & set(b" \r\n\0")
    try:
        joined = url.join(other)
    except httpx.InvalidURL:
        return
    assert httpx.URL(str(joined)) == joined


@examples(500)
@given(mutated(SET_COOKIES, COOKIE_TOKENS), mutated(SET_COOKIES, COOKIE_TOKENS))
def test_a_damaged_set_cookie_never_fails_and_is_never_sent_as_another_field(first: bytes, second: bytes) -> None:
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(dict(request.headers.raw).get(b"Cookie", b""))
        return httpx.Response(200, headers=[(b"Set-Cookie", first), (b"Set-Cookie", second)])

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        for _ in range(3):
            client.get("https://example.org/")
    assert not sent[0]
    assert sent[1] == sent[2]  # the same cookies, received twice
    assert not set(sent[1]) & set(b"\r\n\0")


@examples(400)
@given(mutated(CHALLENGES, CHALLENGE_TOKENS))
def test_a_damaged_challenge_is_answered_in_one_field_or_refused(challenge: bytes) -> None:
    assume(not set(challenge) & set(b"\r\n\0"))  # no transport passes such a field on
    sent: list[bytes | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(dict(request.headers.raw).get(b"Authorization"))
        return httpx.Response(401, headers=[(b"WWW-Authenticate", challenge)])

    with httpx.Client(transport=httpx.MockTransport(answer), auth=httpx.DigestAuth("usér", 'p"w')) as client:
        try:
            client.get("https://example.org/path?q=1")
        except httpx.HTTPError:
            assert len(sent) <= 2
    assert sent[0] is None
    assert len(sent) <= 3
    for value in sent[1:]:
        assert value is not None
        assert value.startswith(b"Digest ")
        assert not set(value) & set(b"\r\n\0")


# The other parser takes a quote for escaped after any number of backslashes.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\\"), min_size=1, max_size=12)
ESCAPES = {code: f"%{code:02X}" for code in (*range(0x1B), *range(0x1C, 0x20), ord('"'))}


@examples(300)
@given(NAMES, NAMES, st.binary(max_size=60))
def test_multipart_round_trips_through_another_parser(name: str, filename: str, content: bytes) -> None:
    files: list[tuple[bytes | None, bytes | None, bytes]] = []
    fields: list[tuple[bytes | None, bytes]] = []

    def take_file(file: Any) -> None:
        file.file_object.seek(0)
        files.append((file.field_name, file.file_name, file.file_object.read()))
        file.close()

    request = httpx.Request("POST", "https://example.org/", files={name: (filename, content)}, data={"field": content})
    parser = create_form_parser(
        {"Content-Type": request.headers["Content-Type"].encode()},
        lambda field: fields.append((field.field_name, field.value or b"")),
        take_file,
    )
    parser.write(request.read())
    parser.finalize()
    assert fields == [(b"field", content)]
    assert files == [(name.translate(ESCAPES).encode(), filename.translate(ESCAPES).encode(), content)]
