"""Answers to Digest challenges: the examples of the RFCs, and which challenge is chosen."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_client._auth._challenge import parse_challenges
from httpx_client._auth._digest_answer import answer_digest
from httpx_client._auth._digest_challenge import DigestChallenge, MalformedDigest, choose_digest
from httpx_client._auth._hashes import DigestError, hash_of, is_session

from .auth_server import HASHES, parameters


def chosen(*fields: str) -> DigestChallenge | None:
    return choose_digest(parse_challenges(fields))


def answered(field: str, **options: Any) -> dict[str, str]:
    challenge = chosen(field)
    assert challenge is not None
    call: dict[str, Any] = {"method": "GET", "uri": "/", "username": b"u", "password": b"p", "cnonce": "c", **options}
    return parameters(answer_digest(challenge, **call))


RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_7616_UTF_8 = (
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
    'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
    'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash={}'
)
RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC_2069 = (
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    assert answered(
        RFC_7616.format(algorithm),
        uri="/dir/index.html",
        username=b"Mufasa",
        password=b"Circle of Life",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    ) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "uri": "/dir/index.html",
        "response": response,
        "algorithm": algorithm,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }


@pytest.mark.parametrize("composed", [True, False])
def test_rfc_7616_section_3_9_2(composed: bool) -> None:
    # The numbers are those of the erratum 4897: the RFC's own are of a draft of SHA-512/256.
    name = "J\u00e4s\u00f8n Doe" if composed else "Ja\u0308s\u00f8n Doe"
    answer = answered(
        RFC_7616_UTF_8.format("true"),
        uri="/doe.json",
        username=name.encode(),
        password=b"Secret, or not?",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert answer["username"] == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert answer["response"] == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    assert answer["userhash"] == "true"


def test_rfc_7616_section_3_9_2_without_userhash() -> None:
    answer = answered(
        RFC_7616_UTF_8.format("false"),
        uri="/doe.json",
        username="J\u00e4s\u00f8n Doe".encode(),
        password=b"Secret, or not?",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert answer["username*"] == "UTF-8''J%C3%A4s%C3%B8n%20Doe"
    assert answer["response"] == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    assert not {"username", "userhash"} & set(answer)


def test_rfc_2617_section_3_5() -> None:
    answer = answered(
        RFC_2617, uri="/dir/index.html", username=b"Mufasa", password=b"Circle Of Life", cnonce="0a4f113b"
    )
    assert answer["response"] == "6629fae49393a05397450978507c4ef1"
    assert answer["algorithm"] == "MD5"


def test_rfc_2069_section_2_4() -> None:
    # The response is that of the erratum 749.
    answer = answered(RFC_2069, uri="/dir/index.html", username=b"Mufasa", password=b"CircleOfLife", cnonce="x")
    assert answer["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert not {"qop", "nc", "cnonce"} & set(answer)


def test_a_proxys_challenge_is_answered_the_same_way() -> None:
    answer = answered('Digest realm="proxy", nonce="n", qop="auth"', method="CONNECT", uri="example.org:443", nc=0x1F)
    assert answer["uri"] == "example.org:443"
    assert answer["nc"] == "0000001f"
    first = hashlib.md5(b"u:proxy:p").hexdigest()
    second = hashlib.md5(b"CONNECT:example.org:443").hexdigest()
    assert answer["response"] == hashlib.md5(f"{first}:n:0000001f:c:auth:{second}".encode()).hexdigest()


def test_auth_int_hashes_the_content() -> None:
    answer = answered('Digest realm="r", nonce="n", qop="auth-int"', method="POST", content=b"content")
    body = hashlib.md5(b"content").hexdigest()
    first, second = hashlib.md5(b"u:r:p").hexdigest(), hashlib.md5(f"POST:/:{body}".encode()).hexdigest()
    assert answer["response"] == hashlib.md5(f"{first}:n:00000001:c:auth-int:{second}".encode()).hexdigest()
    assert answer["qop"] == "auth-int"


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("spelled", [str.upper, str.lower])
def test_algorithms(name: str, spelled: Any) -> None:
    def digest(text: str) -> str:
        return hashlib.new(HASHES[name], text.encode()).hexdigest()

    plain = answered(f'Digest realm="r", nonce="n", qop=auth, algorithm={spelled(name)}')
    proof = f"n:00000001:c:auth:{digest('GET:/')}"
    assert plain["algorithm"] == spelled(name)
    assert plain["response"] == digest(f"{digest('u:r:p')}:{proof}")
    session = answered(f'Digest realm="r", nonce="n", qop=auth, algorithm="{spelled(name + "-sess")}"')
    assert session["algorithm"] == spelled(name + "-sess")
    assert session["response"] == digest(f"{digest(digest('u:r:p') + ':n:c')}:{proof}")


def test_a_session_without_qop_sends_its_cnonce() -> None:
    answer = answered('Digest realm="r", nonce="n", algorithm=MD5-sess')
    assert answer["cnonce"] == "c"
    assert not {"qop", "nc"} & set(answer)


def test_values_are_quoted_and_hashed_unquoted() -> None:
    answer = answered(r'Digest realm="a\"b\\c", nonce="\n", opaque="o\"o"', username=b'u"\\', uri='/"')
    assert answer["realm"] == 'a"b\\c'
    assert (answer["nonce"], answer["opaque"], answer["username"], answer["uri"]) == ("n", 'o"o', 'u"\\', '/"')
    first, second = hashlib.md5(b'u"\\:a"b\\c:p').hexdigest(), hashlib.md5(b'GET:/"').hexdigest()
    assert answer["response"] == hashlib.md5(f"{first}:n:{second}".encode()).hexdigest()


def test_octets_go_back_as_they_came() -> None:
    answer = answered('Digest realm="\xfc\xff", nonce="n"', username=b"\xfc", password=b"\xff")
    assert (answer["realm"], answer["username"]) == ("\xfc\xff", "\xfc")
    first, second = hashlib.md5(b"\xfc:\xfc\xff:\xff").hexdigest(), hashlib.md5(b"GET:/").hexdigest()
    assert answer["response"] == hashlib.md5(f"{first}:n:{second}".encode()).hexdigest()


def test_a_user_who_is_not_in_utf_8() -> None:
    answer = answered('Digest realm="r", nonce="n", charset=utf-8', username=b"\xff", password=b"\xfe")
    assert answer["username*"] == "UTF-8''%FF"


def test_a_method_that_is_none() -> None:
    assert answered('Digest realm="r", nonce="n"', method="\u20ac") == answered(
        'Digest realm="r", nonce="n"', method="?"
    )


@pytest.mark.parametrize("opaque", ["", "x"])
def test_opaque_goes_back_even_if_it_is_empty(opaque: str) -> None:
    assert answered(f'Digest realm="r", nonce="n", opaque="{opaque}"')["opaque"] == opaque
    assert "opaque" not in answered('Digest realm="r", nonce="n"')


octets = st.binary(max_size=12)
texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=12)


@given(octets, octets, texts, texts, st.booleans(), st.booleans())
def test_every_answer_can_be_read(
    username: bytes, password: bytes, realm: str, nonce: str, utf8: bool, userhash: bool
) -> None:
    challenge = DigestChallenge(realm, nonce, opaque=nonce, qop="auth", utf8=utf8, userhash=userhash)
    answer = answer_digest(challenge, method="GET", uri="/", username=username, password=password, cnonce="c")
    [read] = parse_challenges([answer])
    assert not read.flaw
    assert (read.parameters["realm"], read.parameters["nonce"], read.parameters["opaque"]) == (realm, nonce, nonce)
    assert ("username" in read.parameters) != ("username*" in read.parameters)


# Which challenge is chosen.


def test_all_that_a_challenge_says() -> None:
    assert chosen(
        'digest REALM="r", Nonce="n", Algorithm=sha-256, QOP="AUTH-INT , Auth", Opaque="o", domain="/a /b", STALE=TRUE, '
        "Charset=utf-8, UserHash=True"
    ) == DigestChallenge("r", "n", "sha-256", "auth", "o", "/a /b", stale=True, utf8=True, userhash=True)


def test_all_that_a_challenge_may_leave_out() -> None:
    assert chosen('Digest realm="", nonce=""') == DigestChallenge("", "", "MD5", "", None, "", False, False, False)
    assert chosen('Digest realm="r", nonce="n", stale=no, userhash=1, charset=latin-1') == DigestChallenge("r", "n")


@pytest.mark.parametrize("fields", [[], ["Basic realm=x"], ["Digest"], ["Digest, Negotiate"]])
def test_none_to_choose(fields: list[str]) -> None:
    assert chosen(*fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        ['Basic realm="x"', 'Digest realm="r", nonce="n"'],
        ['Basic realm="x", Digest realm="r", nonce="n", Negotiate'],
        ['Digest realm="r", nonce="n"', 'Digest realm="s", nonce="n", algorithm=SHA-256'],
        ['Digest realm="s", nonce="n", algorithm=NEW, Digest realm="r", nonce="n"'],
        ['Digest realm="s", nonce="n", qop=new', 'Digest realm="r", nonce="n"'],
        ['Digest realm="s"', 'Digest realm="r", nonce="n"'],
        ['Digest realm="s', 'Digest realm="r", nonce="n"'],
        ["Digest", 'Digest realm="r", nonce="n"'],
    ],
    ids=str,
)
def test_the_first_that_can_be_answered(fields: list[str]) -> None:
    assert chosen(*fields) == DigestChallenge("r", "n")


@pytest.mark.parametrize(
    ("field", "kind", "message"),
    [
        ('Digest realm="r"', MalformedDigest, "it has no nonce"),
        ('Digest nonce="n"', MalformedDigest, "it has no realm"),
        ("Digest abc", MalformedDigest, "it has no realm"),
        ('Digest realm="r", nonce="n', MalformedDigest, "'nonce=\"n' is no parameter"),
        ('Digest realm="r" nonce="n"', MalformedDigest, '\'realm="r" nonce="n"\' is no parameter'),
        ("Digest " + "{" * 1000, MalformedDigest, f"'{'{' * 80}' is no parameter"),
        ('Digest realm="r", nonce="n", qop=""', DigestError, "Unexpected qop value '' in digest auth"),
        ('Digest realm="r", nonce="n", qop="new"', DigestError, "Unexpected qop value 'new' in digest auth"),
        (
            f'Digest realm="r", nonce="n", qop={"q" * 99}',
            DigestError,
            f"Unexpected qop value '{'q' * 80}' in digest auth",
        ),
        (
            f'Digest realm="r", nonce="n", algorithm={"a" * 99}',
            DigestError,
            f"Unexpected algorithm value '{'a' * 80}' in digest auth",
        ),
        ('Digest realm="r", nonce="n", algorithm=FOO', DigestError, "Unexpected algorithm value 'FOO' in digest auth"),
        (
            'Digest realm="r", nonce="n", algorithm=-sess',
            DigestError,
            "Unexpected algorithm value '-sess' in digest auth",
        ),
    ],
)
def test_none_that_can_be_answered(field: str, kind: type[DigestError], message: str) -> None:
    with pytest.raises(DigestError) as info:
        chosen("Basic realm=x", field, 'Digest realm="second"')
    assert type(info.value) is kind
    assert str(info.value) == message


def test_without_md5(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str, octets: bytes = b"") -> Any:
        if name == "md5":
            raise ValueError("[digital envelope routines] unsupported")
        return new(name, octets)

    new = hashlib.new
    monkeypatch.setattr(hashlib, "new", without)
    with pytest.raises(DigestError, match="^Digest algorithm 'MD5' is not available: .* FIPS mode have no MD5$"):
        chosen('Digest realm="r", nonce="n"')
    both = chosen('Digest realm="r", nonce="n", algorithm=MD5-sess', 'Digest realm="r", nonce="n", algorithm=SHA-256')
    assert both == DigestChallenge("r", "n", "SHA-256")


def test_hashes() -> None:
    assert hash_of("md5-SESS")(b"a") == b"0cc175b9c0f1b6a831c399e269772661"
    assert is_session("MD5-sess")
    assert not is_session("MD5")
