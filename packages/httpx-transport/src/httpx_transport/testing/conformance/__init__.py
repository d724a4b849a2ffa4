"""The contract of transports as checks that any transport can run on itself; it need not import anything of ours.

>>> from httpx_transport import ConnectionPool
>>> from httpx_transport.testing import conformance
>>> print(conformance.check_transport(ConnectionPool))  # doctest: +SKIP

The checks talk to servers of their own, on loopback, over real sockets and in threads. They are plain functions for any test
runner, each for one rule:

>>> import pytest  # doctest: +SKIP
>>> @pytest.mark.parametrize("check", conformance.CHECKS, ids=repr)  # doctest: +SKIP
... def test_the_contract(check):
...     check(MyTransport)
"""

from ._checks import (
    ASYNC_CHECKS,
    CHECKS,
    DEADLINE,
    AsyncCheck,
    Check,
    MakeAsyncTransport,
    MakeTransport,
    Report,
    check_async_transport,
    check_transport,
)
from ._subject import BrokenRule

__all__ = [
    "ASYNC_CHECKS",
    "CHECKS",
    "DEADLINE",
    "AsyncCheck",
    "BrokenRule",
    "Check",
    "MakeAsyncTransport",
    "MakeTransport",
    "Report",
    "check_async_transport",
    "check_transport",
]
