"""What other packages import from private modules of httpx 0.28."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import httpx_client
import httpx_models
import httpx_transport
from httpx_client import compat


def test_every_name_is_there() -> None:
    for name in compat.__all__:
        assert getattr(compat, name) is not None
    for name in ("Limits", "Proxy", "Timeout", "USE_CLIENT_DEFAULT", "create_ssl_context"):
        assert getattr(compat, name) is getattr(httpx_client, name)


def test_types_are_unions_at_run_time() -> None:
    for name in ("TimeoutTypes", "CertTypes", "ProxyTypes", "SOCKET_OPTION"):
        assert typing.get_origin(getattr(compat, name)) is typing.Union

    def function(timeout: compat.TimeoutTypes, proxy: compat.ProxyTypes | None, cert: compat.CertTypes) -> None: ...

    hints = typing.get_type_hints(function)
    assert compat.Timeout in typing.get_args(hints["timeout"])
    assert compat.Proxy in typing.get_args(hints["proxy"])


def test_signatures() -> None:
    def names(function: Any) -> list[str]:
        return [str(parameter).partition(":")[0] for parameter in inspect.signature(function).parameters.values()]

    assert names(compat.create_ssl_context) == ["verify", "cert", "trust_env"]
    assert names(compat.Limits) == [
        "max_connections", "max_keepalive_connections", "keepalive_expiry", "max_connections_per_origin"
    ]  # fmt: skip
    assert names(compat.Timeout) == ["timeout", "connect", "read", "write", "pool", "total"]
    assert names(compat.Proxy) == ["url", "ssl_context", "auth", "headers"]


def test_not_given_and_as_the_client_has_it_are_things_of_their_own() -> None:
    assert isinstance(compat.UNSET, compat.UnsetType)
    assert isinstance(compat.USE_CLIENT_DEFAULT, compat.UseClientDefault)


class TimeoutException(Exception):
    __module__ = "httpcore._exceptions"


class ReadTimeout(TimeoutException):
    __module__ = "httpcore._exceptions"


class Unknown(ReadTimeout):
    __module__ = "elsewhere"


class Closed(Exception):
    __module__ = "httpcore._exceptions"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutException("why"), httpx_models.TimeoutException),
        (ReadTimeout("why"), httpx_models.ReadTimeout),
        (Unknown("why"), httpx_models.ReadTimeout),
        (httpx_transport.ConnectError("why"), httpx_models.ConnectError),
        (TimeoutError("why"), httpx_models.TimeoutException),
        (Closed("why"), Closed),
        (LookupError("why"), LookupError),
    ],
)
def test_errors_of_httpcore_become_ours(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="why") as caught, compat.map_httpcore_exceptions():
        raise error
    assert type(caught.value) is expected
    assert caught.value is error or caught.value.__cause__ is error


class Chunks:
    """Chunks of both colours that end in an error."""

    def __init__(self) -> None:
        self.left = [b"a", b"b"]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise ReadTimeout("late")
        return self.left.pop(0)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return next(self)

    def close(self) -> None:
        raise ReadTimeout("closing")

    async def aclose(self) -> None:
        self.close()


def test_a_stream_of_httpcore() -> None:
    stream = compat.ResponseStream(Chunks())
    got: list[bytes] = []
    with pytest.raises(httpx_models.ReadTimeout, match="late"):
        got.extend(stream)
    assert got == [b"a", b"b"]
    with pytest.raises(httpx_models.ReadTimeout, match="closing"):
        stream.close()
    short = compat.ResponseStream([b"a"])
    assert list(short) == [b"a"]
    short.close()


@pytest.mark.anyio
async def test_an_asynchronous_stream_of_httpcore() -> None:
    stream, got = compat.AsyncResponseStream(Chunks()), []
    with pytest.raises(httpx_models.ReadTimeout, match="late"):
        async for chunk in stream:
            got.append(chunk)
    assert got == [b"a", b"b"]
    with pytest.raises(httpx_models.ReadTimeout, match="closing"):
        await stream.aclose()

    class Short:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"a"

    short = compat.AsyncResponseStream(Short())
    assert [chunk async for chunk in short] == [b"a"]
    await short.aclose()
