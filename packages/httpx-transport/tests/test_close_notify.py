"""An end of TLS without close_notify is an error of one type on every version of Python."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from httpx_transport._backends import _tls_context
from httpx_transport._backends._tls import TlsSession
from httpx_transport._backends._tls_context import require_close_notify, wrap
from httpx_transport.blocking import run


class FailingChannel:
    """A TLS channel whose every operation fails."""

    def __init__(self, error: ssl.SSLError) -> None:
        self._error = error

    def recv(self, size: int, /) -> bytes:
        raise self._error

    def send(self, data: Any, /) -> int:
        raise self._error

    def do_handshake(self) -> None:
        raise self._error

    def pending(self) -> int:
        return 0

    def unwrap(self) -> object:
        raise self._error


def unexpected_eof(kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, "[SSL: UNEXPECTED_EOF_WHILE_READING] unexpected eof while reading")
    error.reason = "UNEXPECTED_EOF_WHILE_READING"
    return error


async def no_wait(readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
    raise AssertionError


OPERATIONS: dict[str, Callable[[TlsSession], Any]] = {
    "receive": lambda session: session.receive(),
    "send": lambda session: session.send(b"x"),
    "handshake": lambda session: run(session.shake_hands(no_wait, 1)),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_bare_error_becomes_an_eof_error(operation: Callable[[TlsSession], Any]) -> None:
    error = unexpected_eof()
    with pytest.raises(ssl.SSLEOFError, match="EOF occurred in violation of protocol") as caught:
        operation(TlsSession(FailingChannel(error)))
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("error", [unexpected_eof(ssl.SSLEOFError), ssl.SSLError(1, "decryption failed")], ids=str)
def test_other_errors_stay_as_they_are(operation: Callable[[TlsSession], Any], error: ssl.SSLError) -> None:
    with pytest.raises(ssl.SSLError) as caught:
        operation(TlsSession(FailingChannel(error)))
    assert caught.value is error


@pytest.mark.parametrize("by_default", [True, False])
def test_the_option_is_cleared_where_python_sets_it(by_default: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tls_context, "_ignores_unexpected_eof_by_default", lambda: by_default)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    require_close_notify(context)
    assert bool(context.options & ssl.OP_IGNORE_UNEXPECTED_EOF) is not by_default


def test_the_option_is_cleared_before_a_connection_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tls_context, "_ignores_unexpected_eof_by_default", lambda: True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    found = wrap(context, None, "host", lambda context, name: context.options & ssl.OP_IGNORE_UNEXPECTED_EOF)
    assert not found
