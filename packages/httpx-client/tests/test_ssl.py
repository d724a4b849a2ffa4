"""What `verify` and `cert` mean."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme

from httpx_client import HTTPTransport, create_ssl_context
from httpx_client._config import Proxy
from httpx_client._ssl import context_for
from httpx_client._transports._options import proxy_options

VERIFY = (
    r"^`verify=<str>` is deprecated\. Use `verify=ssl\.create_default_context\(cafile=\.\.\.\)` or "
    r"`verify=ssl\.create_default_context\(capath=\.\.\.\)` instead\.$"
)
CERT = (
    r"^`cert=\.\.\.` is deprecated\. Use `verify=<ssl_context>` instead,with `\.load_cert_chain\(\)` to configure the "
    r"certificate chain\.$"
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a root (ca.pem), our certificate (cert.pem, key.pem, both.pem), and no PEM file (junk)."""
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(directory / "key.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / "both.pem"))
    (directory / "junk").write_text("junk")
    (directory / "roots").mkdir()
    return directory


def roots(context: ssl.SSLContext) -> int:
    return len(context.get_ca_certs())


def checks(context: ssl.SSLContext) -> tuple[ssl.VerifyMode, bool, ssl.TLSVersion, bool]:
    return context.verify_mode, context.check_hostname, context.minimum_version, context.post_handshake_auth


CHECKED = (ssl.CERT_REQUIRED, True, ssl.TLSVersion.TLSv1_2, True)
UNCHECKED = (ssl.CERT_NONE, False, ssl.TLSVersion.TLSv1_2, True)


def made(context: Any) -> ssl.SSLContext:
    """Return a context, or the one that a function makes."""
    return context if isinstance(context, ssl.SSLContext) else context()


@pytest.mark.parametrize("verify", [True, None])
def test_the_default_context_checks_with_certifis_roots(verify: Any) -> None:
    context = create_ssl_context(verify)
    assert checks(context) == CHECKED
    assert not context.hostname_checks_common_name
    assert roots(context) == roots(ssl.create_default_context(cafile=certifi.where()))
    assert create_ssl_context(verify) is not context


def test_a_context_that_checks_nothing() -> None:
    context = create_ssl_context(verify=False)
    assert checks(context) == UNCHECKED
    assert roots(context) == 0


def test_a_context_is_used_as_it_is() -> None:
    context: Any = ssl.create_default_context()
    assert create_ssl_context(context) is context
    assert context_for(context) is context


def test_a_path_of_roots_is_deprecated(files: Path) -> None:
    with pytest.warns(DeprecationWarning, match=VERIFY) as warned:
        context = create_ssl_context(str(files / "ca.pem"))
    assert warned[0].filename == __file__
    assert (roots(context), checks(context)) == (1, CHECKED)
    with pytest.warns(DeprecationWarning, match=VERIFY):
        context = create_ssl_context(files / "roots")  # type: ignore[arg-type]
    assert (roots(context), checks(context)) == (0, CHECKED)


@pytest.mark.parametrize("make", [create_ssl_context, context_for])
def test_our_own_certificate_is_deprecated(files: Path, make: Any) -> None:
    cert, key, both = (str(files / name) for name in ("cert.pem", "key.pem", "both.pem"))
    for value in (both, files / "both.pem", (cert, key), [cert, key], (cert, key, "unused"), (both,)):
        with pytest.warns(DeprecationWarning, match=CERT) as warned:
            context = made(make(verify=False, cert=value))
        assert warned[0].filename == __file__
        assert checks(context) == UNCHECKED
    own = ssl.create_default_context()
    for value in (both, files / "both.pem", (cert, key)):
        with pytest.warns(DeprecationWarning, match=CERT):
            assert make(own, value) is own
    with pytest.warns(DeprecationWarning, match=VERIFY), pytest.warns(DeprecationWarning, match=CERT):
        make(str(files / "ca.pem"), both)


@pytest.mark.parametrize("cert", ["", ()])
def test_no_certificate_of_ours(cert: Any) -> None:
    assert checks(create_ssl_context(verify=False, cert=cert)) == UNCHECKED


@pytest.mark.parametrize("make", [create_ssl_context, context_for])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"verify": "nowhere"}, FileNotFoundError, "nowhere"),
        ({"verify": "junk"}, ssl.SSLError, "junk"),
        ({"cert": "nowhere"}, FileNotFoundError, "nowhere"),
        ({"cert": "junk"}, ssl.SSLError, "junk"),
    ],
)
def test_paths_are_checked_at_once(
    files: Path, make: Any, arguments: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make(**{name: str(files / value) for name, value in arguments.items()})


@pytest.mark.parametrize("make", [create_ssl_context, context_for])
def test_arguments_of_another_type(make: Any) -> None:
    for verify in (3, 0, b"x", object()):
        with pytest.raises(TypeError, match=r"^Invalid type for verify\. Expected bool or ssl\.SSLContext, got <class"):
            make(verify)
    with pytest.raises(TypeError, match="^cert must be"):
        make(cert=("a", "b", "secret", "d"))
    with pytest.raises(ValueError, match="^verify='' names no file or directory"):
        make("")


def test_the_environment_names_the_roots(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "ca.pem"))
    assert roots(create_ssl_context()) == 1
    assert context_for() is None
    assert roots(create_ssl_context(trust_env=False)) > 1
    assert roots(made(context_for(trust_env=False))) > 1
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(files / "roots"))
    assert roots(create_ssl_context()) == 0
    assert context_for() is None


@pytest.mark.parametrize("make", [create_ssl_context, context_for])
def test_the_file_that_the_environment_names_must_be_there(
    files: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"\(SSL_CERT_FILE\): '.*nowhere'$"):
        make()
    assert checks(made(make(verify=False))) == UNCHECKED
    make(trust_env=False)


def test_keys_are_logged_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert create_ssl_context(trust_env=False).keylog_filename == str(tmp_path / "keys")


def test_transports_share_a_context() -> None:
    assert made(context_for(False)) is made(context_for(False))
    assert context_for(True, trust_env=False) is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_transports_that_offer_others_do_not_share_a_context(files: Path) -> None:
    path = str(files / "ca.pem")
    assert context_for(path) is context_for(path)
    assert context_for(path) is not context_for(path, alpn=("h2",))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("protocols", [{}, {"http2": True}, {"http1": False, "http2": True}])
def test_files_that_were_given_are_needed_no_longer_than_to_make_a_transport(
    protocols: dict[str, Any], monkeypatch: pytest.MonkeyPatch, files: Path, tmp_path: Path
) -> None:
    seen: dict[str, Any] = {}

    class Pool:
        handle_request = print

        def __init__(self, **options: Any) -> None:
            seen.update(options)

    monkeypatch.setattr("httpx_client._transports._border.ConnectionPool", Pool)
    roots_of, both = tmp_path / "ca.pem", tmp_path / "both.pem"
    for path in (roots_of, both):
        path.write_bytes((files / path.name).read_bytes())
    HTTPTransport(verify=str(roots_of), cert=str(both), trust_env=False, **protocols)
    roots_of.unlink()
    both.unlink()
    context = made(seen["ssl_context"])
    assert checks(context) == CHECKED
    assert roots(context) == 1


@pytest.mark.parametrize("options", [{}, {"http2": True}, {"verify": False}, {"trust_env": False}])
def test_no_context_is_made_before_the_first_https_connection(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    def make(*args: Any, **settings: Any) -> None:
        raise AssertionError("a context was made")

    monkeypatch.setenv("SSL_CERT_FILE", str(files / "ca.pem"))
    monkeypatch.setattr(ssl, "SSLContext", make)
    HTTPTransport(**options).close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_trusted_does_not_change_with_the_environment_later(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "ca.pem"))
    decided: list[Any] = [context_for(False), context_for(trust_env=False)]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert [made(context).keylog_filename for context in decided] == [None, None]
    assert roots(made(decided[1])) > 1


@pytest.mark.parametrize("trust_env", [True, False])
def test_the_environment_counts_for_https_proxies_as_for_servers(
    trust_env: bool, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "ca.pem"))
    context = proxy_options("https://p.test", trust_env).get("ssl_context")
    assert context is None if trust_env else roots(made(context)) > 1
    given = ssl.create_default_context()
    assert proxy_options(Proxy("https://p.test", ssl_context=given), trust_env)["ssl_context"] is given
    assert "ssl_context" not in proxy_options("http://p.test", trust_env)
