"""Which URLs a pattern means, and in which order patterns are asked."""

from __future__ import annotations

import itertools
import pickle
import random
import re
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_client._mounts import URLPattern, host_matches, network_contains
from httpx_urls import URL, InvalidURL

from .recorded import ANSWERS, URLS


@pytest.mark.parametrize("pattern", ANSWERS)
def test_the_recorded_answers(pattern: str) -> None:
    _, priority = ANSWERS[pattern]
    # "example.com." is another host for 0.28.1, and "example.com" for this package.
    answers = ANSWERS[pattern.removesuffix(".")][0]
    qualified, plain = URLS.index("http://example.com."), URLS.index("http://example.com")
    answers = answers[:qualified] + answers[plain] + answers[qualified + 1 :]
    assert "".join("01"[URLPattern(pattern).matches(URL(url))] for url in URLS) == answers
    assert URLPattern(pattern).priority == priority


def test_the_recorded_order() -> None:
    expected = sorted(ANSWERS, key=lambda pattern: ANSWERS[pattern][1])
    assert [pattern.pattern for pattern in sorted(map(URLPattern, ANSWERS))] == expected


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (
            "all://*:80",
            "http://x http://x:80 ws://x custom://x:80 https://x:80",
            "https://x http://x:8080 /path custom://x",
        ),
        ("http://example.com:80", "http://example.com http://example.com:80", "http://example.com:8080"),
        ("https://*:443", "https://x", "https://x:8443 http://x:443"),
        ("all://example.com:443", "https://example.com wss://example.com", "http://example.com"),
        (
            "all://*münchen.example",
            "http://xn--mnchen-3ya.example http://www.MÜNCHEN.example",
            "http://munchen.example",
        ),
        (
            "all://10.0.0.0/8",
            "http://10.0.0.0 https://10.255.255.255:8443 http://0xa.1",
            "http://11.0.0.0 http://10.example /x",
        ),
        ("all://10.1.2.3/8", "http://10.9.9.9", "http://9.1.2.3"),
        ("http://10.0.0.0/8", "http://10.0.0.1", "https://10.0.0.1"),
        ("all://10.0.0.0/8:8080", "http://10.0.0.1:8080", "http://10.0.0.1 http://11.0.0.1:8080"),
        ("all://10.0.0.0:80/8", "http://10.9.9.9", "http://10.9.9.9:8080"),
        ("all://0.0.0.0/0", "http://1.2.3.4", "http://[::1] http://x"),
        ("all://[fd00::/8]", "http://[fd12::1] https://[fdff::]:8443", "http://[fe80::1] http://10.0.0.1 http://fd00"),
        ("all://[fd00::]/8", "http://[fd12::1]", "http://[fe80::1]"),
        ("all://[fd00::/8]:8443", "https://[fd12::1]:8443", "https://[fd12::1]"),
        ("all://[::]/0", "http://[::1]", "http://127.0.0.1"),
        ("all://example.com", "http://example.com.", "http://example.com.a http://a.example.com."),
        ("all://example.com.:8080", "http://example.com:8080 http://example.com.:8080", "http://example.com."),
        ("all://*example.com", "http://example.com. http://a.example.com.", "http://aexample.com."),
        (
            "all://*.example.com.",
            "http://a.example.com http://a.example.com.",
            "http://example.com http://example.com.",
        ),
        (
            "all://127.0.0.1",
            "http://[::ffff:127.0.0.1] http://[::FFFF:7f00:1]",
            "http://[::ffff:127.0.0.2] http://[::1]",
        ),
        (
            "all://[::ffff:127.0.0.1]:80",
            "http://127.0.0.1 http://[::ffff:7f00:1]",
            "http://127.0.0.1:81 http://127.0.0.2",
        ),
        ("all://10.0.0.0/8", "http://[::ffff:10.1.2.3]", "http://[::ffff:11.1.2.3]"),
        ("all://[::ffff:10.0.0.0/104]", "http://[::ffff:10.1.2.3] http://10.1.2.3", "http://11.1.2.3 http://[::1]"),
        ("all://[::ffff:0:0/95]", "http://[::ffff:10.1.2.3] http://[::fffe:1:2]", "http://10.1.2.3"),
        ("all://example.com/8", "http://example.com http://example.com:8080", "http://8.example.com"),
        ("all://127.0.0.1/x", "http://127.0.0.1", "http://127.0.0.2"),
    ],
)
def test_what_a_pattern_means(pattern: str, yes: str, no: str) -> None:
    for url in yes.split():
        assert URLPattern(pattern).matches(URL(url)), url
    for url in no.split():
        assert not URLPattern(pattern).matches(URL(url)), url


def test_the_more_specific_pattern_comes_first() -> None:
    expected = [
        "https://*.example.com:443",
        "all://10.0.0.1:80",
        "all://10.0.0.0/8:80",
        "all://*:80",
        "all://*.example.com",
        "all://*example.com",
        "https://example.com",
        "all://example.com",
        "all://10.0.0.1",
        "all://a",
        "all://[fd00::/32]",
        "all://10.0.0.0/24",
        "all://10.0.0.0/8",
        "all://0.0.0.0/0",
        "https://",
        "http://",
        "all://",
    ]
    shuffled = random.Random(1).sample(expected, len(expected))
    assert [pattern.pattern for pattern in sorted(map(URLPattern, shuffled))] == expected


def test_patterns_are_values() -> None:
    one, same, other = URLPattern("all://a:1"), URLPattern("all://a:1"), URLPattern("ALL://a:1")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "all://a:1"
    assert (one.pattern, one.scheme, one.host, one.port) == ("all://a:1", "", "a", 1)
    for pattern in ("all://a:1", "all://[fd00::/8]"):
        assert pickle.loads(pickle.dumps(URLPattern(pattern))) == URLPattern(pattern)


def test_a_pattern_shows_no_password() -> None:
    assert repr(URLPattern("all://*.a:80")) == "URLPattern('all://*.a:80')"
    assert repr(URLPattern("all://user:secret@a")) == "URLPattern('all://a')"


@pytest.mark.parametrize(
    ("pattern", "better"),
    [
        ("http", "http://"),
        ("all", "all://"),
        ("http:", "http://"),
        ("example.com", "all://example.com"),
        ("*.example.com", "all://*.example.com"),
        ("localhost", "all://localhost"),
        ("10.0.0.0/8", "all://10.0.0.0/8"),
        ("example.com:8080", "all://example.com:8080"),
        ("127.0.0.1:8080", "all://127.0.0.1:8080"),
        ("//example.com", "all://example.com"),
        ("*://example.com", "all://example.com"),
        ("http:/", "http://"),
        (" all://", "all://"),
    ],
)
def test_what_is_no_pattern(pattern: str, better: str) -> None:
    message = (
        "Proxy keys should use proper URL forms rather than plain scheme strings. "
        f'Instead of "{pattern}", use "{better}"'
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        URLPattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("all://::1", "Invalid port: ':1'"),
        ("all://x:99999", "Invalid port: '99999'"),
        ("all://x:-1", "Invalid port: '-1'"),
        ("all://x:٣", "Invalid port: '٣'"),
        ("all://*:*", r"Invalid port: '\*'"),
        ("all://[::1", r"Invalid host in a URL pattern: '\[::1'"),
        ("http://user:sec/ret@host", 'Invalid URL pattern: "/", "\\?" and "#" in a user name or a password'),
        ("http://user:1/secret@host:80", "Invalid URL pattern"),
        ("http://user:sec?ret@host", "Invalid URL pattern"),
        ("http://user:sec#ret@host", "Invalid URL pattern"),
        ("all://user:secret@[::1", r"Invalid host in a URL pattern: '\[::1'"),
        ("all://a\\@b", "Invalid host in a URL pattern: 'b'"),
        ("all://[::1]x", "Invalid host in a URL pattern"),
        ("all://a b", "Invalid host: 'a b'"),
        ("all://.", "Invalid host"),
        ("all://*.", "Invalid"),
        ("all://1.2.3.4.5", "Invalid IPv4 address"),
        ("all://[fe80::1%25eth0]", "Invalid IPv6 address"),
        ("all://10.0.0.0/33", "Invalid network: '10.0.0.0/33'"),
        ("all://[fd00::/129]", "Invalid network: 'fd00::/129'"),
        ("all://[a/8]", "Invalid network: 'a/8'"),
    ],
)
def test_a_pattern_of_no_host_or_port(pattern: str, message: str) -> None:
    with pytest.raises(InvalidURL, match=f"^{message}") as caught:
        URLPattern(pattern)
    assert not re.search("sec|ret", str(caught.value))


def test_a_message_shows_no_password() -> None:
    with pytest.raises(ValueError, match=r'Instead of "example\.com:80"') as caught:
        URLPattern("user:secret@example.com:80")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("pattern", [None, 3, b"all://"])
def test_a_pattern_of_another_type(pattern: Any) -> None:
    with pytest.raises(TypeError, match=r"^Invalid type for a URL pattern\. Expected str, got <class"):
        URLPattern(pattern)


labels = st.sampled_from(["a", "b", "com", "www", "example"])
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


@given(st.sampled_from(["", "*", "*."]), names, names)
def test_names_match_by_labels(stars: str, pattern: str, host: str) -> None:
    suffix, labels = pattern.split("."), host.split(".")
    below = len(labels) > len(suffix) and labels[-len(suffix) :] == suffix
    expected = {"": labels == suffix, "*": below or labels == suffix, "*.": below}[stars]
    assert host_matches(stars + pattern, host) == expected
    assert URLPattern(f"all://{stars}{pattern}").matches(URL(f"https://{host}:8443/path")) == expected


@given(st.ip_addresses(), st.integers(0, 32), st.ip_addresses())
def test_a_network_is_its_addresses(base: Any, bits: int, address: Any) -> None:
    network = ip_network(f"{base}/{bits}", strict=False)
    host = f"[{address}]" if address.version == 6 else str(address)
    mapped = getattr(address, "ipv4_mapped", None)
    expected = address in network or (mapped is not None and mapped in network)
    assert URLPattern(f"all://[{network}]").matches(URL(f"http://{host}")) == expected
    assert URLPattern(f"all://[{network}]").matches(URL(f"http://[{base}]" if base.version == 6 else f"http://{base}"))


def test_what_only_looks_like_an_address_is_in_no_network() -> None:
    assert not network_contains(ip_network("0.0.0.0/0"), "999.1.1.1")
    assert not network_contains(ip_network("::/0"), "v1:x")


@given(st.text(alphabet="al:/*.[]@%-12ü8?#\\ \udc80", max_size=24))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    for pattern in (text, f"all://{text}"):
        try:
            found = URLPattern(pattern)
        except (InvalidURL, ValueError):
            continue
        for url in ("http://a", "https://[::1]:8443", "/relative"):
            assert found.matches(URL(url)) in {True, False}


@given(st.lists(st.sampled_from([*ANSWERS, "all://10.0.0.0/8", "all://10.0.0.0/24"]), min_size=2, max_size=6))
def test_the_order_is_total(patterns: list[str]) -> None:
    found = sorted(map(URLPattern, patterns))
    for first, second in itertools.pairwise(found):
        assert first.priority <= second.priority
        assert not second < first
