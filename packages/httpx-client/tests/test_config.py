"""Timeouts as values, and what `verify` means."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from httpx_client import Timeout
from httpx_client._ssl import context_for


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (Timeout(5), (5, 5, 5, 5)),
        (Timeout(None), (None, None, None, None)),
        (Timeout(5, read=None, pool=1), (5, None, 5, 1)),
        (Timeout((1, 2, 3, 4)), (1, 2, 3, 4)),
        (Timeout(Timeout(1, read=2)), (1, 2, 1, 1)),
        (Timeout(connect=1, read=2, write=3, pool=None), (1, 2, 3, None)),
    ],
)
def test_the_four_limits(timeout: Timeout, expected: Any) -> None:
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool) == expected
    assert timeout.as_dict() == dict(zip(("connect", "read", "write", "pool"), expected, strict=True))
    assert timeout == Timeout(expected)
    assert timeout != expected


def test_how_a_timeout_looks() -> None:
    assert repr(Timeout(5.0)) == "Timeout(timeout=5.0)"
    assert repr(Timeout(5.0, read=None)) == "Timeout(connect=5.0, read=None, write=5.0, pool=5.0)"


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, r"^httpx\.Timeout must either include a default, or set all four parameters explicitly\.$"),
        ((), {"read": 1}, "either include a default"),
        (((1, 2, 3, 4),), {"read": 1}, "not both"),
        ((Timeout(1),), {"read": 1}, "not both"),
        (((1, 2),), {}, "four values"),
    ],
)
def test_what_is_no_timeout(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Timeout(*arguments, **options)


@pytest.mark.parametrize("timeout", ["5", [1, 2, 3, 4], (1, 2, 3, "4")])
def test_a_timeout_of_another_type(timeout: Any) -> None:
    with pytest.raises(TypeError, match="a timeout is a number of seconds or None, not <class"):
        Timeout(timeout)
    with pytest.raises(TypeError, match="a timeout is a number"):
        Timeout(5, read=timeout)


def test_verify() -> None:
    assert context_for(True) is None
    context = ssl.create_default_context()
    assert context_for(context) is context
    unsafe = context_for(False)
    assert unsafe is not None
    assert (unsafe.verify_mode, unsafe.check_hostname) == (ssl.CERT_NONE, False)
    with pytest.raises(TypeError, match="Invalid type for verify. Expected bool or ssl.SSLContext, got <class 'str'>"):
        context_for("bundle.pem")  # type: ignore[arg-type]
