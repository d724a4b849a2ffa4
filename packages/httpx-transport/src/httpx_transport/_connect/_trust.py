"""What a TLS context is made of: whom to trust, who we are, what is spoken next. It knows files, no connections."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import ssl

DIRECTORY_VARIABLE: Final = "SSL_CERT_DIR"
FILE_VARIABLE: Final = "SSL_CERT_FILE"

Password: TypeAlias = str | bytes | Callable[[], str | bytes] | None


class Trust(NamedTuple):
    """The settings of one context, with nothing left to look up: the same settings and files make the same context.

    `source` is what named the roots, for messages: an argument, an environment variable, or certifi.
    """

    verify: bool
    cafile: str | None
    capath: str | None
    certfile: str | None
    keyfile: str | None
    password: Password
    alpn: tuple[str, ...]
    keylog: str | None
    source: str

    def stamps(self) -> list[tuple[int, ...]]:
        """Return what changes when one of the files does.

        Raises:
            OSError: A file is not there, or is a directory, or the other way round; the message names it.
        """
        files = [(self.cafile, self.source), (self.certfile, "cert"), (self.keyfile, "cert")]
        found = [_stamp(path, source, directory=False) for path, source in files if path is not None]
        directories = (self.capath or "").split(os.pathsep)  # OpenSSL takes several in one string
        if self.source == DIRECTORY_VARIABLE:  # the variable may name absent ones, as it always could
            directories = [path for path in directories if os.path.isdir(path)]
        return found + [_stamp(path, self.source, directory=True) for path in directories if path]

    def context(self) -> ssl.SSLContext:
        """Return a new context of these settings.

        Raises:
            OSError: A file is not there, cannot be read, or is not what it should be (`ssl.SSLError`); the message
                names it.
        """
        self.stamps()
        context = self._verifying() if self.verify else self._trusting()
        import ssl

        if context.keylog_filename != self.keylog:  # Python's default context reads the variable anew
            context.keylog_filename = self.keylog  # type: ignore[assignment]  # None is "no longer"
        if context.minimum_version < ssl.TLSVersion.TLSv1_2:
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.post_handshake_auth = True
        if self.certfile is not None:
            with _named("cert", self.certfile, self.keyfile):
                context.load_cert_chain(self.certfile, self.keyfile, self.password)
        if self.alpn:
            context.set_alpn_protocols(list(self.alpn))
        return context

    def _verifying(self) -> ssl.SSLContext:
        import ssl

        with _named(self.source, self.cafile, self.capath):
            context = ssl.create_default_context(cafile=self.cafile, capath=self.capath)
        context.hostname_checks_common_name = False  # names stand in subjectAltName alone (RFC 9525 §2)
        return context

    def _trusting(self) -> ssl.SSLContext:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _stamp(path: str, source: str, *, directory: bool) -> tuple[int, ...]:
    with _named(source, path):
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode) != directory:
            number = errno.ENOTDIR if directory else errno.EISDIR
            raise OSError(number, os.strerror(number), path)
    return found.st_mtime_ns, found.st_size, found.st_ino


@contextlib.contextmanager
def _named(source: str, *paths: str | None) -> Iterator[None]:
    """Let an error say which file it is about, and who named that."""
    try:
        yield
    except OSError as error:
        if error.filename is None:  # as it always is in those of `ssl`
            source = f"{source}: {' and '.join(repr(path) for path in paths if path)}"
        error.strerror = f"{error.strerror} ({source})"
        raise
