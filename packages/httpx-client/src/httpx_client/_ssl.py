"""From `verify=`, `cert=` and the environment to a TLS context. It knows trust, not connections."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from httpx_transport import default_ssl_context, deferred_ssl_context

from ._arguments import checked, switch
from ._config import CertTypes

if TYPE_CHECKING:
    import ssl

HTTP_1: Final = ("http/1.1",)
_DEFAULT: Final = {"verify": True, "cafile": None, "capath": None, "cert": None, "trust_env": True}


def create_ssl_context(
    verify: ssl.SSLContext | str | bool = True,
    cert: CertTypes | None = None,
    trust_env: bool = True,
) -> ssl.SSLContext:
    """Return a new TLS context: TLS 1.2 or later, certificate and host name checked, HTTP/1.1 by ALPN.

    SSLKEYLOGFILE is heeded as Python does it, whatever `trust_env` says.

    Args:
        verify: True: check the peer with certifi's roots, or with those that SSL_CERT_FILE or SSL_CERT_DIR name. False:
            check nothing. A context: the one that is returned. A path to a file or directory of roots is deprecated.
        cert: Deprecated: our own certificate, as path of a PEM file with certificate and key, or (certificate, key), or
            (certificate, key, password). It is loaded into a context that is given, too.
        trust_env: Whether those two variables count.

    Raises:
        OSError: A file is not there, cannot be read, or is none of its kind (`ssl.SSLError`).
        TypeError: An argument has another type.
        ValueError: The path is empty.
    """
    switch("trust_env", trust_env)
    context = _callers_own(verify, cert) or default_ssl_context(**_settings(verify, cert, trust_env))
    _warn(verify, cert)
    return context


def context_for(
    verify: ssl.SSLContext | str | bool = True,
    cert: CertTypes | None = None,
    trust_env: bool = True,
    *,
    alpn: Sequence[str] = HTTP_1,
) -> ssl.SSLContext | Callable[..., ssl.SSLContext] | None:
    """Return the context for the connections of a transport, or what makes it: one that all transports of these settings share.

    Which environment variables count, and their values, is decided here. What makes a context is called for the first https connection, with the protocols to offer; None stands for the transport's own
    default. Where no path is given nothing is made here, and `ssl` is not imported. Files that are given are loaded at once,
    and need not be there any more then; that of SSL_CERT_FILE must be there, and is loaded for the first https connection.

    Args:
        verify: As `create_ssl_context`.
        cert: As `create_ssl_context`.
        trust_env: As `create_ssl_context`.
        alpn: What the connections are going to offer, the preferred one first.

    Raises:
        OSError: A file is not there, cannot be read, or is none of its kind (`ssl.SSLError`).
        TypeError: An argument has another type.
        ValueError: The path is empty.
    """
    context: ssl.SSLContext | Callable[..., ssl.SSLContext] | None = _callers_own(verify, cert)
    if context is None:
        # Whoever does not trust the environment has the same default where that says nothing.
        settings = _settings(verify, cert, trust_env or not _environment_names_roots())
        if settings == _DEFAULT:
            _check_file_of_environment()
            return None
        context = make = deferred_ssl_context(**settings)
        if any(settings[given] for given in ("cafile", "capath", "cert")):
            context = make(alpn=alpn)
    _warn(verify, cert)
    return context


def _callers_own(verify: object, cert: Any) -> ssl.SSLContext | None:
    """Return `verify` if it is a context, with `cert` loaded into it."""
    if verify is None or isinstance(verify, bool | str | os.PathLike):
        return None
    import ssl

    if not isinstance(verify, ssl.SSLContext):
        raise TypeError(f"Invalid type for verify. Expected bool or ssl.SSLContext, got {type(verify)}: {verify!r}")
    if cert:
        chain: Any = (cert,) if isinstance(cert, str | os.PathLike) else cert
        verify.load_cert_chain(*chain)
    return verify


def _settings(verify: Any, cert: Any, trust_env: bool) -> dict[str, Any]:
    """Return the arguments as the transport wants them."""
    settings = _DEFAULT | {"cert": _certificate(cert), "trust_env": trust_env}
    if verify is False:
        return settings | {"verify": False}
    if verify is None or verify is True:
        return settings
    path = os.fspath(verify)
    if not path:
        raise ValueError(
            "verify='' names no file or directory; for the system's roots use ssl.create_default_context()"
        )
    return settings | {"capath" if os.path.isdir(path) else "cafile": path}


def _certificate(cert: Any) -> Any:
    """Return `cert` as the transport wants it: None, a path, or two or three things."""
    if not cert:
        return None
    certificate = cert[0] if isinstance(cert, tuple | list) and len(cert) == 1 else cert
    for path in certificate[:2] if isinstance(certificate, tuple | list) else (certificate,):
        checked("cert", path, (str, bytes, os.PathLike, type(None)), "a path, or (certificate, key, password)")
    return certificate


def _environment_names_roots() -> bool:
    return bool(os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"))


def _check_file_of_environment() -> None:
    """Refuse an SSL_CERT_FILE that is not there, without a look into it."""
    path = os.environ.get("SSL_CERT_FILE")
    try:
        if path:
            os.stat(path)
    except OSError as error:
        error.strerror = f"{error.strerror} (SSL_CERT_FILE)"
        raise


def _warn(verify: object, cert: object) -> None:
    """Say whose time is over, to whoever called the function that calls this."""
    if isinstance(verify, str | os.PathLike):
        message = (
            "`verify=<str>` is deprecated. Use `verify=ssl.create_default_context(cafile=...)` or "
            "`verify=ssl.create_default_context(capath=...)` instead."
        )
        warnings.warn(message, DeprecationWarning, stacklevel=3)
    if cert:
        message = (
            "`cert=...` is deprecated. Use `verify=<ssl_context>` instead,with `.load_cert_chain()` to configure the "
            "certificate chain."
        )
        warnings.warn(message, DeprecationWarning, stacklevel=3)
