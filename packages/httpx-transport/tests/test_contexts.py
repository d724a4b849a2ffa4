"""TLS contexts: what is in them, when they are made, who shares them, and what is said of files that are wrong."""

from __future__ import annotations

import os
import ssl
import threading
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from httpx_transport import (
    AsyncConnectionPool,
    ConnectionPool,
    default_ssl_context,
    deferred_ssl_context,
    shared_ssl_context,
)
from httpx_transport._backends import ProcessLock
from httpx_transport._connect import _contexts
from httpx_transport._settings import Settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_contexts, "_shared", {})


@pytest.fixture
def roots(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "roots.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def client_files(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A certificate, its key, and the same key under the password `secret`."""
    issued = authority.issue_cert("client@example.org")
    certificate, key, locked = (tmp_path / name for name in ("client.pem", "key.pem", "locked.pem"))
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    loaded = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"secret")
    form = serialization.PrivateFormat.PKCS8
    locked.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, form, encryption))
    return certificate, key, locked


def subjects(context: ssl.SSLContext) -> int:
    return len(context.get_ca_certs())


def test_the_default_checks_everything() -> None:
    context = default_ssl_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.post_handshake_auth
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert subjects(context) == subjects(ssl.create_default_context(cafile=certifi.where()))
    assert default_ssl_context() is not context


def test_a_system_that_allows_less_and_one_that_asks_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for theirs, ours in [("TLSv1", "TLSv1_2"), ("TLSv1_3", "TLSv1_3"), ("MINIMUM_SUPPORTED", "TLSv1_2")]:
        loose = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        loose.minimum_version = ssl.TLSVersion.TLSv1_3  # setting an old one would warn
        made = type("Context", (), {"minimum_version": ssl.TLSVersion[theirs], "keylog_filename": None})()
        monkeypatch.setattr(ssl, "create_default_context", lambda made=made, **options: made)
        assert default_ssl_context(alpn=None).minimum_version is ssl.TLSVersion[ours]


def test_no_check_at_all(roots: Path) -> None:
    context = default_ssl_context(verify=False, cafile=roots)
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname
    assert subjects(context) == 0


def test_roots_by_file_directory_and_environment(roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = subjects(default_ssl_context())
    assert subjects(default_ssl_context(cafile=str(roots))) == 1
    assert subjects(default_ssl_context(capath=tmp_path)) == 0  # directories are read when they are needed
    assert subjects(default_ssl_context(cafile=roots, capath=tmp_path)) == 1
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}{os.pathsep}/nowhere")
    assert subjects(default_ssl_context()) == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    assert subjects(default_ssl_context()) == 1
    assert subjects(default_ssl_context(capath=tmp_path)) == 0
    assert subjects(default_ssl_context(trust_env=False)) == everything
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.setenv("SSL_CERT_DIR", "")
    assert subjects(default_ssl_context()) == everything


def test_a_client_certificate_in_all_its_forms(client_files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    certificate, key, locked = client_files
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    forms: list[Any] = [
        both,
        str(both),
        (both, None),
        (certificate, key),
        (str(certificate), key, None),
        (certificate, locked, "secret"),
        (certificate, locked, bytearray(b"secret")),
        (certificate, locked, lambda: "secret"),
    ]
    for form in forms:
        assert shared_ssl_context(verify=False, cert=form) is shared_ssl_context(verify=False, cert=form)


@pytest.mark.parametrize("verify", [True, False])
def test_keys_are_logged_where_the_environment_says(
    verify: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = shared_ssl_context(verify=verify)
    assert not without.keylog_filename
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert default_ssl_context(verify=verify).keylog_filename == str(tmp_path / "keys")
    assert shared_ssl_context(verify=verify) is not without


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"cafile": "/nowhere.pem"}, FileNotFoundError, r"No such file or directory \(cafile\): '/nowhere.pem'"),
        ({"capath": "/nowhere"}, FileNotFoundError, r"No such file or directory \(capath\): '/nowhere'"),
        ({"cafile": "{tmp}"}, IsADirectoryError, r"Is a directory \(cafile\): '"),
        ({"capath": "{roots}"}, NotADirectoryError, r"Not a directory \(capath\): '"),
        ({"cafile": "{odd}"}, ssl.SSLError, r"NO_CERTIFICATE_OR_CRL_FOUND.* \(cafile: '.*odd.pem'\)"),
        ({"cert": "/nowhere.pem"}, FileNotFoundError, r"\(cert\): '/nowhere.pem'"),
        ({"cert": ("{certificate}", "/nowhere.pem")}, FileNotFoundError, r"\(cert\): '/nowhere.pem'"),
        ({"cert": "{odd}"}, ssl.SSLError, r"\(cert: '.*odd.pem'\)"),
        (
            {"cert": ("{certificate}", "{locked}", "forgotten")},
            ssl.SSLError,
            r"\(cert: '.*client.pem' and '.*locked.pem'\)",
        ),
        ({"cert": ("{certificate}",)}, TypeError, "cert must be a path"),
        ({"cert": 5}, TypeError, "cert must be a path"),
        ({"verify": "{roots}"}, TypeError, "verify must be True or False.* cafile"),
    ],
)
def test_what_is_wrong_is_named(
    options: dict[str, Any],
    kind: type[Exception],
    message: str,
    roots: Path,
    client_files: tuple[Path, Path, Path],
    tmp_path: Path,
) -> None:
    odd = tmp_path / "odd.pem"
    odd.write_text("nothing that is a certificate")
    names = {"tmp": tmp_path, "roots": roots, "odd": odd, "certificate": client_files[0], "locked": client_files[2]}

    def filled(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(filled(part) for part in value)
        return value.format(**names) if isinstance(value, str) and value != "forgotten" else value

    given = {name: filled(value) for name, value in options.items()}
    for make in (default_ssl_context, shared_ssl_context):
        with pytest.raises(kind, match=message) as caught:
            make(**given)
        assert "forgotten" not in str(caught.value)


def test_what_is_wrong_in_the_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(FileNotFoundError, match=r"\(SSL_CERT_FILE\): '/nowhere.pem'"):
        default_ssl_context()


def test_a_shared_context_is_shared_until_something_changes(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shared_ssl_context(cafile=roots)
    assert shared_ssl_context(cafile=str(roots)) is first
    assert shared_ssl_context(cafile=roots, alpn=("h2", "http/1.1")) is not first
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    assert shared_ssl_context() is shared_ssl_context()
    trustme.CA().cert_pem.write_to_path(str(roots), append=True)
    second = shared_ssl_context(cafile=roots)
    assert second is not first
    assert (subjects(first), subjects(second)) == (1, 2)


def test_the_contexts_used_last_are_kept() -> None:
    kept = shared_ssl_context(verify=False)
    forgotten = shared_ssl_context(verify=False, alpn=("x",))
    for number in range(_contexts._MOST - 1):
        shared_ssl_context(verify=False, alpn=(str(number),))
        assert shared_ssl_context(verify=False) is kept
    assert len(_contexts._shared) == _contexts._MOST
    assert shared_ssl_context(verify=False, alpn=("x",)) is not forgotten


def test_threads_that_ask_at_once_share(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(8)
    found = []

    def ask() -> None:
        barrier.wait()
        found.append(shared_ssl_context())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(context) for context in found}) == 1


def test_a_process_lock_is_open_in_a_forked_child() -> None:
    lock = ProcessLock()
    with lock:
        child = os.fork()
        if not child:
            with lock:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


class TestTheEnvironmentWhenAPoolIsMade:
    """What is trusted is decided then; only the files may be read later."""

    @pytest.mark.parametrize("verify", [True, False])
    def test_a_deferred_context_is_that_of_the_environment_before(
        self, verify: bool, roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        early = deferred_ssl_context(verify=verify)
        monkeypatch.setenv("SSL_CERT_FILE", str(roots))
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
        late, untrusting = deferred_ssl_context(verify=verify), deferred_ssl_context(verify=verify, trust_env=False)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "other"))
        assert not early().keylog_filename
        assert subjects(early()) == (subjects(default_ssl_context(trust_env=False)) if verify else 0)
        assert late(alpn=("h2",)).keylog_filename == str(tmp_path / "keys")
        assert subjects(late()) == (1 if verify else 0)
        assert subjects(untrusting()) == subjects(early())

    def test_a_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        make = deferred_ssl_context()
        monkeypatch.delenv("SSL_CERT_DIR")
        assert subjects(make()) == 0

    def test_verify_is_checked_at_once(self) -> None:
        with pytest.raises(TypeError, match="^verify must be True or False"):
            deferred_ssl_context(verify="roots.pem")  # type: ignore[arg-type]

    @pytest.mark.parametrize("make", [ConnectionPool, AsyncConnectionPool])
    def test_pools_and_their_https_proxies_are_decided_at_once(
        self, make: Any, roots: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Settings] = []
        check = Settings.check

        def checked(self: Settings) -> Settings:
            seen.append(check(self))
            return seen[-1]

        monkeypatch.setattr(Settings, "check", checked)
        given = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        proxies: Any = ["http://a.test", "https://b.test", {"url": "https://c.test", "ssl_context": given}]
        make(proxy=proxies)
        monkeypatch.setenv("SSL_CERT_FILE", str(roots))
        settings = seen[0]
        contexts = [proxy.ssl_context for proxy in settings.proxies]
        assert (contexts[0], contexts[2]) == (None, given)
        for decided in (settings.ssl_context, contexts[1]):
            assert callable(decided)
            assert subjects(decided(alpn=("http/1.1",))) == subjects(default_ssl_context(trust_env=False)) > 1
