"""TLS contexts: made when they are asked for, and shared by all who ask for the same. They know no connection."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from .._backends import ProcessLock
from ._trust import DIRECTORY_VARIABLE, FILE_VARIABLE, Password, Trust

if TYPE_CHECKING:
    import ssl

StrPath: TypeAlias = str | os.PathLike[str]
ClientCertificate: TypeAlias = StrPath | tuple[StrPath, StrPath | None] | tuple[StrPath, StrPath | None, Password]
"""A PEM file with certificate and key; or the certificate's file, the key's, and the key's password."""

HTTP_1: Final = ("http/1.1",)
_MOST: Final = 32  # contexts that are kept; who has one of the others keeps it


class TlsEnvironment(NamedTuple):
    """What the environment variables of TLS said when they were read.

    Attributes:
        cert_file: SSL_CERT_FILE.
        cert_dir: SSL_CERT_DIR.
        keylog: SSLKEYLOGFILE.
    """

    cert_file: str | None
    cert_dir: str | None
    keylog: str | None

    @classmethod
    def read(cls) -> TlsEnvironment:
        """Return what they say now."""
        keylog = None if sys.flags.ignore_environment else os.environ.get("SSLKEYLOGFILE") or None
        return cls(os.environ.get(FILE_VARIABLE) or None, os.environ.get(DIRECTORY_VARIABLE) or None, keylog)


_shared: Final[dict[Trust, tuple[object, ssl.SSLContext]]] = {}
_lock: Final = ProcessLock()


def default_ssl_context(
    *,
    verify: bool = True,
    cafile: StrPath | None = None,
    capath: StrPath | None = None,
    cert: ClientCertificate | None = None,
    trust_env: bool = True,
    alpn: Sequence[str] | None = HTTP_1,
) -> ssl.SSLContext:
    """Return a new TLS context as clients need it: TLS 1.2 or later, chain and host name checked, ALPN.

    Names are those in the certificate's subjectAltName, never its common name (RFC 9525). Authentication after the
    handshake (RFC 8446 §4.6.2) is answered. With the environment variable SSLKEYLOGFILE, keys are logged there.

    Args:
        verify: Whether to check the peer at all.
        cafile: A PEM file with the authorities to trust.
        capath: A directory with them, prepared by `openssl rehash`. With neither, and `trust_env`, SSL_CERT_FILE or
            SSL_CERT_DIR name them; else they are certifi's.
        cert: What the peer may ask us for: a PEM file with certificate and key, or the two in a pair, or with the
            key's password as third.
        trust_env: Whether those two variables count.
        alpn: The protocols to offer, the preferred one first (RFC 7301); None offers none.

    Raises:
        OSError: A file is not there, cannot be read, or is not what it should be (`ssl.SSLError`); the message names
            it.
        TypeError: `verify` is no bool, or `cert` is none of its forms.
    """
    return _trust(verify, cafile, capath, cert, trust_env, alpn).context()


def shared_ssl_context(
    *,
    verify: bool = True,
    cafile: StrPath | None = None,
    capath: StrPath | None = None,
    cert: ClientCertificate | None = None,
    trust_env: bool = True,
    alpn: Sequence[str] | None = HTTP_1,
) -> ssl.SSLContext:
    """Return the process's one context of these settings, to be changed by nobody; else as `default_ssl_context`.

    It is made anew where one of its files has changed since. A pool's `ssl_context` may be a partial of this function.
    """
    return _context_of(_trust(verify, cafile, capath, cert, trust_env, alpn))


def deferred_ssl_context(
    *,
    verify: bool = True,
    cafile: StrPath | None = None,
    capath: StrPath | None = None,
    cert: ClientCertificate | None = None,
    trust_env: bool = True,
) -> Callable[..., ssl.SSLContext]:
    """Return a function that returns `shared_ssl_context` of these settings, and of the environment as it is now.

    What is trusted is so decided when a pool is made, though files are read, and `ssl` is imported, for the first connection
    only. The function is called with `alpn`, and raises OSError as `shared_ssl_context` does.

    Args:
        verify: As `default_ssl_context`.
        cafile: As `default_ssl_context`.
        capath: As `default_ssl_context`.
        cert: As `default_ssl_context`.
        trust_env: Whether SSL_CERT_FILE and SSL_CERT_DIR count.

    Raises:
        TypeError: `verify` is no bool.
    """
    _check_verify(verify)
    environment = TlsEnvironment.read()

    def make(*, alpn: Sequence[str] | None = HTTP_1) -> ssl.SSLContext:
        return _context_of(_trust(verify, cafile, capath, cert, trust_env, alpn, environment))

    return make


def _context_of(trust: Trust) -> ssl.SSLContext:
    """Return the process's context of these settings, made anew where one of its files has changed."""
    with _lock:
        stamps = trust.stamps()
        known = _shared.pop(trust, None)
        context = known[1] if known is not None and known[0] == stamps else trust.context()
        _shared[trust] = stamps, context  # as the last, for it was used last
        if len(_shared) > _MOST:
            del _shared[next(iter(_shared))]
    return context


def _trust(
    verify: bool,
    cafile: StrPath | None,
    capath: StrPath | None,
    cert: ClientCertificate | None,
    trust_env: bool,
    alpn: Sequence[str] | None,
    environment: TlsEnvironment | None = None,
) -> Trust:
    """Look up what the arguments leave open, in the environment as it is now if none is given."""
    _check_verify(verify)
    environment = environment or TlsEnvironment.read()
    file, directory, source = _path(cafile), _path(capath), "cafile" if capath is None else "capath"
    if not verify:
        file = directory = None  # whoever is trusted without a look needs no roots
    elif file is None and directory is None:
        file, directory, source = _default_roots(environment if trust_env else None)
    certfile, keyfile, password = _client_certificate(cert)
    return Trust(verify, file, directory, certfile, keyfile, password, tuple(alpn or ()), environment.keylog, source)


def _check_verify(verify: object) -> None:
    if not isinstance(verify, bool):
        raise TypeError(
            f"verify must be True or False, not {type(verify)}: a file is named by cafile, a directory by capath"
        )


def _default_roots(environment: TlsEnvironment | None) -> tuple[str | None, str | None, str]:
    """Return file, directory, and what named them."""
    if environment is not None and environment.cert_file is not None:
        return environment.cert_file, None, FILE_VARIABLE
    if environment is not None and environment.cert_dir is not None:
        return None, environment.cert_dir, DIRECTORY_VARIABLE
    import certifi

    return certifi.where(), None, "certifi"


def _client_certificate(cert: object) -> tuple[str | None, str | None, Password]:
    """Return certificate, key and password."""
    if cert is None:
        return None, None, None
    if isinstance(cert, str | os.PathLike):
        return os.fspath(cert), None, None
    if not isinstance(cert, tuple | list) or not 2 <= len(cert) <= 3:
        raise TypeError(f"cert must be a path, (path, path) or (path, path, password), not {type(cert)}")
    password = cert[2] if len(cert) == 3 else None
    return os.fspath(cert[0]), _path(cert[1]), bytes(password) if isinstance(password, bytearray) else password


def _path(path: StrPath | None) -> str | None:
    return None if path is None else os.fspath(path)
