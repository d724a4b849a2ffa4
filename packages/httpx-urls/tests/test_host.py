"""Which host is contacted: names, addresses, and every spelling that programs read in different ways."""

from __future__ import annotations

import pytest

from httpx_urls import URL, InvalidURL


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
@pytest.mark.parametrize(
    ("host", "wire"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org."),
        ("a_b.example", "a_b.example"),
        ("-a-.example", "-a-.example"),
        ("a~!$&'()*+,;=.example", "a~!$&'()*+,;=.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("ex%61mple.org", "example.org"),
        ("example%2Eorg", "example.org"),
        ("example\u3002org", "example.org"),
        ("xn--a!-yka.example", "xn--a!-yka.example"),
        ("example\uff0eorg", "example.org"),
        ("example\uff61org", "example.org"),
        ("example%EF%BC%8Eorg", "example.org"),
        ("m%C3%BCnchen.example", "xn--mnchen-3ya.example"),
        ("München.example", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("נאמן.example", "xn--4db2adb.example"),
        ("XN--Mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("xn--n3h.example", "xn--n3h.example"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4.", "1.2.3.4"),
        ("0x7f.1", "127.0.0.1"),
        ("0X7F.0.0.0x1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("1.2.65535", "1.2.255.255"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("00.0x0.0", "0.0.0.0"),
        ("%31.2.3.4", "1.2.3.4"),
        ("1\uff0e2.3.4", "1.2.3.4"),
        ("0xg", "0xg"),
        ("1.2.3.4a", "1.2.3.4a"),
        ("[::1]", "::1"),
        ("[::0:1]", "::1"),
        ("[0:0:0:0:0:0:0:0]", "::"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("[2001:db8:0:1:1:1:1:1]", "2001:db8:0:1:1:1:1:1"),
        ("[10:0:1:0:0:2:3:4]", "10:0:1::2:3:4"),
        ("[1:0:0:2:0:0:0:3]", "1:0:0:2::3"),
        ("[1:0:0:2:3:0:0:4]", "1::2:3:0:0:4"),
        ("[1:2:3:4:5:6:0:0]", "1:2:3:4:5:6::"),
        ("[::ffff:1.2.3.4]", "::ffff:102:304"),
    ],
)
def test_the_host_that_is_contacted(scheme: str, host: str, wire: str) -> None:
    url = URL(f"{scheme}://{host}:8080/")
    assert url.raw_host == wire.encode()
    assert url.netloc == (f"[{wire}]:8080" if ":" in wire else f"{wire}:8080").encode()
    assert URL(f"{scheme}://x/", host=host) == URL(f"{scheme}://{host}/")
    assert URL(str(url)).raw == url.raw


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("a..example", "Invalid host: 'a..example', a label is empty"),
        (".example", "Invalid host: '.example', a label is empty"),
        ("example..", "Invalid host: 'example..', a label is empty"),
        (".", "Invalid host: '.', a host is needed"),
        ("%2e", "Invalid host: '%2e', a host is needed"),
        ("a" * 64 + ".example", "Invalid host: "),
        ("a." * 127 + "aa", "Invalid host: "),
        ("exam ple.org", "Invalid host: 'exam ple.org', ' ' stands in no name"),
        ("example%20.org", "Invalid host: 'example%20.org', ' ' stands in no name"),
        ("example%00.org", "Invalid host: 'example%00.org', '\\x00' stands in no name"),
        ("example.org%2f", "Invalid host: 'example.org%2f', '/' stands in no name"),
        ("example.org%23", "Invalid host: 'example.org%23', '#' stands in no name"),
        ("example.org%40x", "Invalid host: 'example.org%40x', '@' stands in no name"),
        ("example.org%3a80", "Invalid host: 'example.org%3a80', ':' stands in no name"),
        ("example%5c", "Invalid host: 'example%5c', '\\\\' stands in no name"),
        ("%5b1%5d", "Invalid host: '%5b1%5d', '[' stands in no name"),
        ("100%.example", "Invalid host: '100%.example', '%' at position 3 begins no escape of UTF-8"),
        ("%zz.example", "Invalid host: '%zz.example', '%' at position 0 begins no escape of UTF-8"),
        ("%ff.example", "Invalid host: '%ff.example', '%' at position 0 begins no escape of UTF-8"),
        ("{tenant}.example", "Invalid host: '{tenant}.example', '{' stands in no name"),
        ("a<b", "Invalid host: 'a<b', '<' stands in no name"),
        ("a|b", "Invalid host: 'a|b', '|' stands in no name"),
        ("a^b", "Invalid host: 'a^b', '^' stands in no name"),
        ('a"b', "Invalid host: 'a\"b', '\"' stands in no name"),
        ("☃.example", "Invalid IDNA hostname: '☃.example', "),
        ("%E2%98%83.example", "Invalid IDNA hostname: '☃.example', "),
        ("a\u00adb.example", "Invalid IDNA hostname: 'a\\xadb.example', "),
        ("\uff41.example", "Invalid IDNA hostname: '\uff41.example', "),
        ("\uff11.2.3.4", "Invalid IDNA hostname: '\uff11.2.3.4', "),
        ("\u1e9e.example", "Invalid IDNA hostname: '\u1e9e.example', '\u1e9e' is 'ss' or 'ß'"),
        ("a%41ü.example", "Invalid IDNA hostname: 'a%41ü.example', "),
        ("ü..example", "Invalid IDNA hostname: 'ü..example', "),
        ("ü" * 60 + ".example", "Invalid IDNA hostname: "),
        ("3com.נאמן", "Invalid IDNA hostname: '3com.xn--4db2adb', "),
        ("example.aΣ", "Invalid IDNA hostname: 'example.aΣ', which standards read in different ways"),
        ("xn--" + "9" * 60 + ".example", "Invalid IDNA hostname: "),
        ("xn--.example", "Invalid IDNA hostname: 'xn--.example', label 'xn--' is no ASCII form"),
        ("xn--abc-.example", "Invalid IDNA hostname: 'xn--abc-.example', label 'xn--abc-' is no ASCII form"),
        ("xn--zzzzzz.example", "Invalid IDNA hostname: 'xn--zzzzzz.example', label 'xn--zzzzzz': "),
        ("xn--a.example", "Invalid IDNA hostname: 'xn--a.example', label 'xn--a': "),
        ("xn--Mnchen-3YA9.example", "Invalid IDNA hostname: "),
        ("xn--wca.example", "Invalid IDNA hostname: 'xn--wca.example', label 'xn--wca' is no ASCII form"),
        ("xn--a-wbb.example", "Invalid IDNA hostname: 'xn--a-wbb.example', label 'xn--a-wbb': Label begins with"),
        ("xn--ab-m1t.example", "Invalid IDNA hostname: 'xn--ab-m1t.example', label 'xn--ab-m1t' is no ASCII form"),
        ("xn--a-zhc.example", "Invalid IDNA hostname: 'xn--a-zhc.example', Invalid direction"),
        ("01.2.3.4", "Invalid IPv4 address: '01.2.3.4'"),
        ("1.2.3.256", "Invalid IPv4 address: '1.2.3.256'"),
        ("1.2.3.4.5", "Invalid IPv4 address: '1.2.3.4.5'"),
        ("1.2.3.0x100", "Invalid IPv4 address: '1.2.3.0x100'"),
        ("256.2.0x1", "Invalid IPv4 address: '256.2.0x1'"),
        ("1.2.65536", "Invalid IPv4 address: '1.2.65536'"),
        ("4294967296", "Invalid IPv4 address: '4294967296'"),
        ("09", "Invalid IPv4 address: '09'"),
        ("example.1", "Invalid IPv4 address: 'example.1'"),
        ("example.0x1", "Invalid IPv4 address: 'example.0x1'"),
        ("[]", "Invalid IPv6 address: '[]'"),
        ("[::g]", "Invalid IPv6 address: '[::g]'"),
        ("[v1.a]", "Invalid IPv6 address: '[v1.a]'"),
        ("[fe80::1%25eth0]", "Invalid IPv6 address: '[fe80::1%25eth0]'"),
        ("[fe80::1%eth0]", "Invalid IPv6 address: '[fe80::1%eth0]'"),
        ("[::1.02.3.4]", "Invalid IPv6 address: '[::1.02.3.4]'"),
        ("[1:2]", "Invalid IPv6 address: '[1:2]'"),
    ],
)
def test_no_host(host: str, message: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(f"http://{host}/")
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("at position 7")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("xn--mnchen-3ya.example", "münchen.example"),
        ("www.xn--mnchen-3ya.example", "www.münchen.example"),
        ("xn--n3h.example", "xn--n3h.example"),
        ("www.xn--n3h.xn--mnchen-3ya.example", "www.xn--n3h.xn--mnchen-3ya.example"),
        ("[::1]", "::1"),
    ],
)
def test_the_host_that_is_shown(host: str, shown: str) -> None:
    assert URL(f"http://{host}").host == shown
    assert URL("http://x", host=shown).host == shown


@pytest.mark.parametrize(
    ("host", "wire"),
    [
        ("Example.org", "example.org"),
        ("0x7f.1", "0x7f.1"),
        ("1.2.3.4", "1.2.3.4"),
        ("a..b", "a..b"),
        ("*.example", "*.example"),
        ("a b{c}", "a%20b{c}"),
        ("a%2Eb", "a%2eb"),
        ("A[b]", "a%5bb%5d"),
        ("münchen", "xn--mnchen-3ya"),
        ("xn--a", "xn--a"),
        ("[::0:1]", "::1"),
        ("[fe80::0:1%25eth0]", "fe80::1%25eth0"),
    ],
)
def test_other_schemes_take_most_names_as_they_are(host: str, wire: str) -> None:
    url = URL(f"custom://{host}/")
    assert url.raw_host == wire.encode()
    assert URL(str(url)).raw == url.raw


@pytest.mark.parametrize("host", ["1.2.3.256", "[::g]", "☃"])
def test_other_schemes_refuse_what_has_the_form_of_an_address_and_is_none(host: str) -> None:
    with pytest.raises(InvalidURL, match="Invalid I"):
        URL(f"custom://{host}/")
