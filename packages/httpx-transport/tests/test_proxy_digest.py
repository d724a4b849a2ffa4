"""Digest for proxies: RFC 7616's own examples, and challenges of every kind."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_transport._connect._proxy_digest import Challenge, digest_credentials, read_challenge

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", b"8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: bytes) -> None:
    challenge = Challenge("http-auth@example.org", NONCE, algorithm, OPAQUE, True)
    value = digest_credentials(challenge, b"Mufasa", b"Circle of Life", b"GET", b"/dir/index.html", 1, CNONCE)
    assert value == (
        b'Digest username="Mufasa", realm="http-auth@example.org", nonce="%b", uri="/dir/index.html", response="%b", '
        b'algorithm=%b, opaque="%b", qop=auth, nc=00000001, cnonce="%b"'
        % (NONCE.encode(), response, algorithm.encode(), OPAQUE.encode(), CNONCE.encode())
    )


def test_the_example_of_rfc_2069() -> None:
    """Its response is the one of the erratum."""
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "", None, False)
    value = digest_credentials(challenge, b"Mufasa", b"CircleOfLife", b"GET", b"/dir/index.html", 1, "")
    assert b'response="1949323746fe6a43ef61f9606e7febea"' in value
    assert b"cnonce" not in value
    assert b"algorithm" not in value


@pytest.mark.parametrize("algorithm", ["MD5-sess", "sha-256-SESS"])
def test_session_variants(algorithm: str) -> None:
    def hashed(text: str) -> str:
        return hashlib.new("md5" if algorithm.startswith("MD5") else "sha256", text.encode()).hexdigest()

    challenge = Challenge("r", "n", algorithm, None, True)
    value = digest_credentials(challenge, b"u", b"p", b"CONNECT", b"a.test:443", 10, "c")
    secret = hashed(f"{hashed('u:r:p')}:n:c")
    expected = hashed(f"{secret}:n:0000000a:c:auth:{hashed('CONNECT:a.test:443')}")
    assert b'response="%b"' % expected.encode() in value
    assert b"nc=0000000a" in value
    without = digest_credentials(challenge._replace(qop=False), b"u", b"p", b"GET", b"/", 1, "c")
    assert b'cnonce="c"' in without


def test_quotes_stay_quoted() -> None:
    challenge = Challenge('a"b\\c', 'n"', "MD5", 'o"', True)
    value = digest_credentials(challenge, b'u"', b"p", b"GET", b"/", 1, "c")
    assert b'username="u\\"", realm="a\\"b\\\\c", nonce="n\\""' in value
    assert b'opaque="o\\""' in value


@pytest.mark.parametrize(
    ("value", "challenge"),
    [
        (b'Digest realm="a, b", nonce="x\\"y", qop="auth,auth-int"', Challenge("a, b", 'x"y', "", None, True)),
        (b"DIGEST  Nonce = n ,ALGORITHM=md5, opaque=o", Challenge("", "n", "md5", "o", False)),
        (b'Basic realm="x", Digest nonce="n"', Challenge("", "n", "", None, False)),
        (b'Negotiate, NTLM TlRM==, Digest nonce="n", Basic realm="z"', Challenge("", "n", "", None, False)),
        (b", ,Digest nonce=n\t opaque=o", Challenge("", "n", "", "o", False)),
        (
            b"Digest nonce=a, algorithm=SHA-512, Digest nonce=b, algorithm=SHA-256",
            Challenge("", "b", "SHA-256", None, False),
        ),
        (b"Digest nonce=n, qop=auth-int", None),
        (b"Digest realm=x", None),
        (b"Digest", None),
        (b'Digest nonce="n', None),
        (b"Digest =, nonce=n", None),
        (b"Basic nonce=n", None),
        (b"", None),
        (b"Digest " + b"a" * 100_000, None),
        (b'Digest nonce="' + b"\\" * 100_000, None),
    ],
)
def test_challenges(value: bytes, challenge: Challenge | None) -> None:
    assert read_challenge([(b"WWW-Authenticate", b"Digest nonce=other"), (b"proxy-authenticate", value)]) == challenge


def test_the_first_field_with_a_challenge_that_can_be_answered_counts() -> None:
    values = [b"Basic realm=x", b"Digest nonce=a, qop=x", b"Digest nonce=b", b"Digest nonce=c"]
    challenge = read_challenge([(b"Proxy-Authenticate", value) for value in values])
    assert challenge is not None
    assert challenge.nonce == "b"


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(max_examples=200)
@given(realm=TEXT, nonce=TEXT, before=st.sampled_from(["", "Basic realm=x, ", "Negotiate, ", "NTLM aaa=, "]))
def test_what_is_written_is_read(realm: str, nonce: str, before: str) -> None:
    value = f"{before}Digest realm={quoted(realm)}, nonce={quoted(nonce)}"
    challenge = read_challenge([(b"Proxy-Authenticate", value.encode("latin-1"))])
    assert challenge == Challenge(realm, nonce, "", None, False)


@settings(max_examples=200)
@given(st.text(st.sampled_from('Digest nonce="\\, =\t;\xe9'), max_size=60).map(lambda text: text.encode("latin-1")))
def test_whatever_a_proxy_says_is_read_to_an_end(value: bytes) -> None:
    challenge = read_challenge([(b"Proxy-Authenticate", value)])
    assert challenge is None or b"nonce" in value.lower()
