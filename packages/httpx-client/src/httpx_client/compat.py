"""What private modules of httpx 0.28 held and other packages use: the same names and signatures, made of ours.

Everything here is kept for code that is already written; new code has no need of it. It knows the client's settings,
patterns and errors, and of httpcore only what its errors are called.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx_models
from httpx_models import AsyncByteStream, SyncByteStream

from ._async_client import AsyncClient
from ._auth import Auth, AuthTypes, BasicAuth, DigestAuth, FunctionAuth, NetRCAuth
from ._client import Client
from ._config import (
    DEFAULT_LIMITS,
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    UNSET,
    USE_CLIENT_DEFAULT,
    CertTypes,
    Limits,
    Proxy,
    ProxyTypes,
    Timeout,
    TimeoutTypes,
    UnsetType,
    UseClientDefault,
)
from ._environment import get_environment_proxies
from ._mounts import URLPattern
from ._routing import BaseClient
from ._settings import ClientState, EventHook
from ._ssl import create_ssl_context
from ._transports._errors import ANYBODYS, translate
from ._transports._options import SOCKET_OPTION

# Errors of httpcore, by name: it need not be installed, and whoever raises one has imported it.
_NAMES: Final = frozenset(
    ("TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "NetworkError", "ConnectError",
     "ReadError", "WriteError", "ProxyError", "UnsupportedProtocol", "ProtocolError", "LocalProtocolError",
     "RemoteProtocolError")
)  # fmt: skip


@contextmanager
def map_httpcore_exceptions() -> Iterator[None]:
    """Turn what httpcore, or a transport of ours, raises inside into the client's error of that name.

    Raises:
        TransportError: One of those was raised; it is the cause.
    """
    try:
        yield
    except Exception as error:
        kind = _kind_for(error)
        if kind is not None:
            raise kind(str(error)) from error
        if isinstance(error, ANYBODYS):
            raise translate(error) from error
        raise


def _kind_for(error: Exception) -> type[httpx_models.TransportError] | None:
    for kind in type(error).__mro__:
        if kind.__module__.partition(".")[0] == "httpcore" and kind.__name__ in _NAMES:
            return getattr(httpx_models, kind.__name__)  # type: ignore[no-any-return]
    return None


class ResponseStream(SyncByteStream):
    """The content of a response of httpcore.

    Args:
        httpcore_stream: Its chunks; closed with this, if it can be.
    """

    def __init__(self, httpcore_stream: Iterable[bytes]) -> None:
        self._httpcore_stream = httpcore_stream

    def __iter__(self) -> Iterator[bytes]:
        with map_httpcore_exceptions():
            yield from self._httpcore_stream

    def close(self) -> None:
        """Close the chunks.

        Raises:
            TransportError: That failed.
        """
        close = getattr(self._httpcore_stream, "close", None)
        if close is not None:
            with map_httpcore_exceptions():
                close()


class AsyncResponseStream(AsyncByteStream):
    """The content of an asynchronous response of httpcore; its own iterator.

    Args:
        httpcore_stream: Its chunks; closed with this, if it can be.
    """

    def __init__(self, httpcore_stream: AsyncIterable[bytes]) -> None:
        self._httpcore_stream = httpcore_stream
        self._chunks: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with map_httpcore_exceptions():
            if self._chunks is None:
                self._chunks = aiter(self._httpcore_stream)
            return await anext(self._chunks)

    async def aclose(self) -> None:
        """Close the chunks.

        Raises:
            TransportError: That failed.
        """
        close = getattr(self._httpcore_stream, "aclose", None)
        if close is not None:
            with map_httpcore_exceptions():
                await close()


__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_MAX_REDIRECTS",
    "DEFAULT_TIMEOUT_CONFIG",
    "SOCKET_OPTION",
    "UNSET",
    "USE_CLIENT_DEFAULT",
    "AsyncClient",
    "AsyncResponseStream",
    "Auth",
    "AuthTypes",
    "BaseClient",
    "BasicAuth",
    "CertTypes",
    "Client",
    "ClientState",
    "DigestAuth",
    "EventHook",
    "FunctionAuth",
    "Limits",
    "NetRCAuth",
    "Proxy",
    "ProxyTypes",
    "ResponseStream",
    "Timeout",
    "TimeoutTypes",
    "URLPattern",
    "UnsetType",
    "UseClientDefault",
    "create_ssl_context",
    "get_environment_proxies",
    "map_httpcore_exceptions",
]
