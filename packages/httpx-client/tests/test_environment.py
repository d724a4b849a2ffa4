"""Proxies by environment."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_client._environment import get_environment_proxies, no_proxy_pattern
from httpx_client._mounts import URLPattern
from httpx_urls import URL

from .recorded import NO_PROXY


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)


def proxies_of(variables: dict[str, str]) -> dict[str, str | None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return get_environment_proxies()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"HTTP_PROXY": "http://p:80"}, {"http://": "http://p:80"}),
        ({"https_proxy": "p"}, {"https://": "http://p"}),
        ({"ALL_PROXY": "socks5://p"}, {"all://": "socks5://p"}),
        ({"Http_Proxy": "p:80"}, {"http://": "http://p:80"}),
        ({"HTTP_PROXY": "upper", "http_proxy": "lower"}, {"http://": "http://lower"}),
        ({"HTTP_PROXY": "upper", "http_proxy": ""}, {}),
        ({"HTTP_PROXY": ""}, {}),
        ({"http_proxy": "", "ALL_PROXY": "p"}, {"all://": "http://p"}),
        ({"FTP_PROXY": "p"}, {}),
        ({"http_proxy": "u:p@host:80"}, {"http://": "http://u:p@host:80"}),
        ({"http_proxy": "//p"}, {"http://": "http://p"}),
        ({"http_proxy": " http://p "}, {"http://": "http://p"}),
        ({"HTTP_PROXY": "upper", "http_proxy": " "}, {}),
        ({"http_proxy": "[::1]:80"}, {"http://": "http://[::1]:80"}),
        ({"http_proxy": "ftp://p"}, {"http://": "ftp://p"}),
        ({"HTTP_PROXY": "a", "HTTPS_PROXY": "b", "ALL_PROXY": "c"},
         {"http://": "http://a", "https://": "http://b", "all://": "http://c"}),
        ({"HTTP_PROXY": "p", "REQUEST_METHOD": "GET"}, {}),
        ({"Http_Proxy": "p", "REQUEST_METHOD": ""}, {}),
        ({"http_proxy": "p", "REQUEST_METHOD": "GET"}, {"http://": "http://p"}),
        ({"HTTPS_PROXY": "p", "REQUEST_METHOD": "GET"}, {"https://": "http://p"}),
        ({"http_proxy": "p", "NO_PROXY": "a"}, {"http://": "http://p", "all://*a": None}),
        ({"http_proxy": "p", "NO_PROXY": "a", "no_proxy": "b"}, {"http://": "http://p", "all://*b": None}),
        ({"http_proxy": "p", "NO_PROXY": "a", "no_proxy": ""}, {"http://": "http://p"}),
        ({"http_proxy": "p", "no_proxy": "a,*"}, {}),
        ({"http_proxy": "p", "no_proxy": "http://"}, {"http://": None}),
    ],
)  # fmt: skip
def test_proxies_by_scheme(variables: dict[str, str], expected: dict[str, str | None]) -> None:
    assert proxies_of(variables) == expected


@pytest.mark.parametrize(("value", "expected"), NO_PROXY)
def test_the_recorded_entries_of_no_proxy(value: str, expected: list[str]) -> None:
    assert proxies_of({"NO_PROXY": value}) == dict.fromkeys(expected)


@pytest.mark.parametrize(
    ("entry", "direct", "through_proxy"),
    [
        ("a.com", "http://a.com https://www.a.com:8443", "http://ba.com http://a.com.org http://com"),
        (".a.com", "http://www.a.com http://x.y.a.com", "http://a.com http://wwwa.com"),
        ("*.a.com", "http://www.a.com", "http://a.com http://wwwa.com"),
        ("*a.com", "http://www.a.com http://a.com", "http://wwwa.com"),
        ("a.com:80", "http://a.com http://www.a.com:80", "https://a.com http://a.com:8080"),
        ("a.com:443", "https://a.com", "http://a.com https://a.com:8443"),
        ("127.0.0.1", "http://127.0.0.1:8080 http://0x7f.1", "http://127.0.0.2"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1"),
        ("10.0.0.0/8", "http://10.1.2.3", "http://11.1.2.3 http://10.com"),
        ("10.0.0.0/8:80", "http://10.1.2.3", "https://10.1.2.3"),
        ("::1", "http://[::1] https://[::1]:8443", "http://[::2]"),
        ("[::1]", "http://[::1] https://[::1]:8443", "http://[::2]"),
        ("[::1]:8443", "https://[::1]:8443", "https://[::1]"),
        ("fd00::/8", "http://[fd12::1]", "http://[fe80::1] http://10.0.0.1"),
        ("[fd00::/8]", "http://[fd12::1]", "http://[fe80::1]"),
        ("::ffff:1.2.3.4", "http://[::ffff:102:304] http://1.2.3.4", "http://1.2.3.5"),
        ("1.2.3.4", "http://[::ffff:1.2.3.4]", "http://[::1.2.3.4] http://[::ffff:1.2.3.5]"),
        ("host.test", "http://host.test. http://a.host.test.", "http://ahost.test."),
        ("host.test.", "http://host.test http://a.host.test.", "http://ahost.test"),
        ("localhost", "http://localhost.", "http://a.localhost."),
        ("http://a.com", "http://a.com", "https://a.com http://www.a.com"),
        ("https://a.com:8443", "https://a.com:8443", "https://a.com"),
        ("localhost", "http://localhost:8080", "http://a.localhost"),
        ("*:80", "http://x http://[::1]", "https://x"),
        ("münchen.example", "http://www.xn--mnchen-3ya.example", "http://munchen.example"),
        ("a.com b.com\tc.com", "http://a.com http://b.com http://c.com", "http://d.com"),
    ],
)
def test_who_is_spoken_to_directly(entry: str, direct: str, through_proxy: str) -> None:
    assert proxies_of({"NO_PROXY": f" {entry} ,other.example"})["all://*other.example"] is None
    proxies = proxies_of({"ALL_PROXY": "http://proxy", "NO_PROXY": f" {entry} ,other.example"})
    patterns = sorted((URLPattern(key), value) for key, value in proxies.items())

    def proxy_for(url: str) -> str | None:
        return next(value for pattern, value in patterns if pattern.matches(URL(url)))

    assert [proxy_for(url) for url in direct.split()] == [None] * len(direct.split())
    assert [proxy_for(url) for url in through_proxy.split()] == ["http://proxy"] * len(through_proxy.split())


@pytest.mark.parametrize(
    "junk",
    ["%", "[::1", "::1]", "<local>", ":80", ".", "*.", "/", "/x", "?x", "#x", "u@", "u@*", "*/x", "://", "*://x", "10.0.0.0/33",
     "2001:db8::/129", "fe80::1%eth0", "a:b", "a:99999", "1.2.3.4.5", "\udcff", "a\\b", "http://[", "http://a:b"],
)  # fmt: skip
def test_what_means_nothing_is_ignored(junk: str) -> None:
    assert no_proxy_pattern(junk) is None
    proxies = proxies_of({"http_proxy": "p", "no_proxy": f"{junk},a.com"})
    assert proxies == {"http://": "http://p", "all://*a.com": None}


@given(st.text(st.characters(exclude_characters="\0"), max_size=20), st.text(alphabet="a.:/*[]@10,% ", max_size=30))
def test_nothing_in_the_environment_raises(proxy: str, no_proxy: str) -> None:
    try:
        os.fsencode(proxy)
    except UnicodeEncodeError:
        proxy = ""
    for pattern in proxies_of({"all_proxy": proxy, "no_proxy": no_proxy}):
        URLPattern(pattern)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_what_the_system_has_been_configured_to_use(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": "system:80", "https": "https://system"})
    assert get_environment_proxies() == {"http://": "http://system:80", "https://": "https://system"}
    assert proxies_of({"ALL_PROXY": "p"}) == {"all://": "http://p"}


def test_the_environment_is_read_without_what_is_slow_to_import() -> None:
    program = (
        "import sys; from httpx_client import _environment, _ssl; _environment.get_environment_proxies();"
        "print(_ssl.context_for(), {'urllib.request', 'ipaddress', 'ssl', 'certifi'} & set(sys.modules))"
    )
    # Measuring coverage would import more.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "None set()"
