"""Cookies of a host name that is written with the dot of a fully qualified name, and without it."""

from __future__ import annotations

import pytest

from httpx_models import Cookies, Request, Response

NAMES = ["https://host.test/", "https://host.test./"]


def received(url: str, field: str) -> Cookies:
    """Return a jar with what a response from a URL has set."""
    cookies = Cookies()
    cookies.extract_cookies(Response(200, headers={"Set-Cookie": field}, request=Request("GET", url)))
    return cookies


def sent(cookies: Cookies, url: str) -> str | None:
    """Return the Cookie field of a request."""
    request = Request("GET", url)
    cookies.set_cookie_header(request)
    field: str | None = request.headers.get("Cookie")
    return field


@pytest.mark.parametrize(
    "field", ["a=b", "a=b; Domain=host.test", "a=b; Domain=.host.test.", "__Host-a=b; Path=/; Secure"]
)
@pytest.mark.parametrize("url", NAMES)
def test_both_spellings_share_their_cookies(url: str, field: str) -> None:
    cookies = received(url, field)
    assert [sent(cookies, name) for name in NAMES] == [field.partition(";")[0]] * 2
    assert sent(cookies, "https://other.test./") is None
    below = "a=b" if "Domain" in field else None
    assert (sent(cookies, "https://www.host.test/"), sent(cookies, "https://www.host.test./")) == (below, below)


@pytest.mark.parametrize("url", NAMES)
def test_one_spelling_replaces_and_deletes_what_the_other_has_set(url: str) -> None:
    cookies = received(NAMES[0], "a=b")
    cookies.extract_cookies(Response(200, headers={"Set-Cookie": "a=c"}, request=Request("GET", url)))
    assert [cookie.value for cookie in cookies.jar] == ["c"]
    cookies.extract_cookies(Response(200, headers={"Set-Cookie": "a=; Max-Age=0"}, request=Request("GET", url)))
    assert not list(cookies.jar)


@pytest.mark.parametrize("domain", ["host.test", "host.test.", ".host.test", ".host.test."])
@pytest.mark.parametrize("url", NAMES)
def test_a_domain_that_a_program_gives_in_either_spelling(url: str, domain: str) -> None:
    cookies = Cookies()
    cookies.set("a", "b", domain=domain)
    assert sent(cookies, url) == "a=b"
    assert sent(cookies, "https://nothost.test./") is None


@pytest.mark.parametrize("domain", ["com", "com.", ".com."])
@pytest.mark.parametrize("url", ["https://evil.com/", "https://evil.com./"])
def test_no_cookie_for_a_public_suffix_in_any_spelling(url: str, domain: str) -> None:
    assert not list(received(url, f"a=b; Domain={domain}").jar)
