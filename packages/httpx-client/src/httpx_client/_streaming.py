"""Responses that are closed where their `with` ends. They know a client's `build_request` and `send`, which may be others'."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any

from httpx_models import Response

if TYPE_CHECKING:
    from types import TracebackType

    from ._async_client import AsyncClient
    from ._client import Client


class ResponseContext(AbstractContextManager[Response]):
    """A request that is sent when its `with` begins; what it gives is the response, not read.

    Args:
        client: What sends it.
        sending: What `send` is told.
        building: What `build_request` is told.
    """

    def __init__(self, client: Client, sending: dict[str, Any], **building: Any) -> None:
        self._client = client
        self._sending = sending
        self._building = building

    def __enter__(self) -> Response:
        request = self._client.build_request(**self._building)
        self._response = self._client.send(request, stream=True, **self._sending)
        return self._response

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._response.close()


class AsyncResponseContext(AbstractAsyncContextManager[Response]):
    """As `ResponseContext`, for an AsyncClient."""

    def __init__(self, client: AsyncClient, sending: dict[str, Any], **building: Any) -> None:
        self._client = client
        self._sending = sending
        self._building = building

    async def __aenter__(self) -> Response:
        request = self._client.build_request(**self._building)
        self._response = await self._client.send(request, stream=True, **self._sending)
        return self._response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._response.aclose()
