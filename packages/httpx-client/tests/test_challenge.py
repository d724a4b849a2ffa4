"""The grammar of challenges (RFC 9110 §11): what servers send, what they should not, and anything at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from httpx_client._auth._challenge import Challenge, parse_challenges, parse_parameters, quote

BASIC = Challenge("basic", {"realm": "x"}, "", "")


def digest(flaw: str = "", **parameters: str) -> Challenge:
    return Challenge("digest", parameters, "", flaw)


@pytest.mark.parametrize(
    ("fields", "challenges"),
    [
        ([], []),
        ([""], []),
        ([" , ,\t,"], []),
        (['Basic realm="x"'], [BASIC]),
        (['bASIC REALM="x"'], [BASIC]),
        (["Basic realm=x"], [BASIC]),
        (['Basic realm = "x"'], [BASIC]),
        (['Basic\trealm\t=\t"x"\t,'], [BASIC]),
        (['Basic realm="x"', 'Digest realm="y"'], [BASIC, digest(realm="y")]),
        (['Basic realm="x", Digest realm="y", nonce="z"'], [BASIC, digest(realm="y", nonce="z")]),
        (['Digest realm="y",nonce="z",Basic realm="x"'], [digest(realm="y", nonce="z"), BASIC]),
        (['Digest realm="y" , , nonce="z",'], [digest(realm="y", nonce="z")]),
        (["Negotiate"], [Challenge("negotiate", {}, "", "")]),
        (['Negotiate, Basic realm="x"'], [Challenge("negotiate", {}, "", ""), BASIC]),
        (['Basic realm="x", Negotiate'], [BASIC, Challenge("negotiate", {}, "", "")]),
        (["NTLM TlRMTVNTUAAC+/=="], [Challenge("ntlm", {}, "TlRMTVNTUAAC+/==", "")]),
        (['NTLM abc= , Basic realm="x"'], [Challenge("ntlm", {}, "abc=", ""), BASIC]),
        (["Digest realm"], [Challenge("digest", {}, "realm", "")]),
        (["Digest realm="], [Challenge("digest", {}, "realm=", "")]),
        (['Digest realm="a, b=c, Basic realm=d"'], [digest(realm="a, b=c, Basic realm=d")]),
        ([r'Digest realm="a\"b\\c\d"'], [digest(realm=r"a\"b\c".replace('\\"', '"') + "d")]),
        (['Digest realm="", nonce='], [digest(realm="", nonce="")]),
        (["Digest nonce=abc/+==, opaque=/a/b;c"], [digest(nonce="abc/+==", opaque="/a/b;c")]),
        (['Digest realm="a", realm="b"'], [digest(realm="b")]),
        (['Digest realm="\xfc"'], [digest(realm="\xfc")]),
        (['Digest realm="a", foo, nonce="b"'], [digest(realm="a"), Challenge("foo", {"nonce": "b"}, "", "")]),
        (['realm="x"'], []),
        (['realm="x", Basic realm="x"'], [BASIC]),
        (['realm="x", Basic realm="x"', 'realm="y"'], [BASIC]),
    ],
    ids=str,
)
def test_challenges(fields: list[str], challenges: list[Challenge]) -> None:
    assert parse_challenges(fields) == challenges


@pytest.mark.parametrize(
    ("field", "flaw", "rest"),
    [
        ('Digest realm="r" nonce="n"', 'realm="r" nonce="n"', {}),
        ('Digest realm="r, nonce="n"', 'realm="r, nonce="n"', {}),
        ('Digest realm="r", nonce="n', 'nonce="n', {"realm": "r"}),
        ('Digest realm="r", nonce="n\\', 'nonce="n\\', {"realm": "r"}),
        ('Digest realm="r", nonce="n\\"', 'nonce="n\\"', {"realm": "r"}),
        ('Digest realm="r", a b=c; d, nonce="n"', "b=c; d", None),
        ('Digest {}, realm="r"', "{}", {"realm": "r"}),
        ('Digest {}, [], realm="r"', "{}", {"realm": "r"}),
        ('Digest "a, b" , realm="r"', '"a, b" ', {"realm": "r"}),
    ],
)
def test_flaws_are_noted(field: str, flaw: str, rest: dict[str, str] | None) -> None:
    challenges = parse_challenges([field, 'Basic realm="x"'])
    assert challenges[-1] == BASIC
    assert [challenge.flaw for challenge in challenges if challenge.flaw] == [flaw]
    if rest is not None:
        assert challenges[0] == Challenge("digest", rest, "", flaw)


def test_a_flaw_of_no_challenge() -> None:
    assert parse_challenges(['"x", Basic realm="x"']) == [BASIC]


def test_parameters() -> None:
    fields = ['nextnonce="a\\"b", RSPAUTH="c",', "nc=00000001", "odd, {}"]
    assert parse_parameters(fields) == {"nextnonce": 'a"b', "rspauth": "c", "nc": "00000001"}
    assert parse_parameters([]) == {}


octets = st.characters(min_codepoint=0, max_codepoint=255)
tokens = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)
values = st.text(octets, max_size=12)


@given(st.lists(st.text(octets, max_size=60)))
@example(['a="' + 'b"c' * 50])
@example(["\\", '"', '"\\', "a=\\", 'a="\\', "=", "a =", ",=,"])
def test_anything_is_read(fields: list[str]) -> None:
    for challenge in parse_challenges(fields):
        assert challenge.scheme
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name and name == name.lower() for name in challenge.parameters)
    parse_parameters(fields)


@given(st.text(' ,="\\ab\t', max_size=40))
def test_what_follows_changes_nothing_before_it(field: str) -> None:
    first = parse_challenges([f"Scheme z=1, {field}"])[0]
    assert first.scheme == "scheme"
    assert first.parameters["z"] == "1"


@given(
    st.lists(
        st.tuples(tokens, st.one_of(st.dictionaries(tokens.map(str.lower), values, min_size=1, max_size=4), tokens)),
        max_size=4,
    ),
    st.sampled_from([", ", ",", " , ", ",,\t"]),
)
def test_what_is_written_is_read(given_challenges: list[tuple[str, dict[str, str] | str]], comma: str) -> None:
    written, expected = [], []
    for scheme, rest in given_challenges:
        if isinstance(rest, dict):
            written.append(f"{scheme} " + comma.join(f"{name}={quote(value)}" for name, value in rest.items()))
            expected.append(Challenge(scheme.lower(), rest, "", ""))
        else:
            written.append(scheme)
            expected.append(Challenge(scheme.lower(), {}, "", ""))
    assert parse_challenges([comma.join(written)]) == expected
    assert parse_challenges(written) == expected


@pytest.mark.parametrize("piece", ["a", "a ", "a=", 'a="', '"', "\\", '"\\', ",", " ", 'a="b" ', "a b=", "=", "a=b c"])
def test_long_fields_take_steps_in_proportion(piece: str) -> None:
    # Were it quadratic, each of these would take minutes.
    parse_challenges([piece * 60_000])
    parse_challenges(["Digest " + piece * 60_000])
