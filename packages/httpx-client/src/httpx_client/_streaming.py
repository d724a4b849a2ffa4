"""Responses that are closed where their `with` ends. They know a client's `build_request` and `send`, which may be others'."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

from httpx_models import Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ._async_client import AsyncClient
    from ._client import Client


class _NotEntered:
    """Explains an attribute of a response that is asked of its context: the `with` is missing."""

    _statement: ClassVar[str] = "with"


_OF_RESPONSES = frozenset(name for name in (*dir(Response), *vars(Response(200))) if not name.startswith("_"))


def _explain_missing_with(context: _NotEntered, name: str) -> Any:
    message = f"{type(context).__name__!r} object has no attribute {name!r}"
    if name in _OF_RESPONSES:
        statement = context._statement
        message += (
            f": the response is what `{statement}` gives, and the request is sent then. "
            f"Write `{statement} ….stream(…) as response:`, and use `response.{name}` in its block"
        )
    raise AttributeError(message, name=name, obj=context)


# Set here, as a method of this name in the class would give every attribute a meaning for type checkers.
_NotEntered.__getattr__ = _explain_missing_with  # type: ignore[attr-defined]


class ResponseContext(_NotEntered, AbstractContextManager[Response]):
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


class OneResponseContext(_NotEntered, AbstractContextManager[Response]):
    """A request that is sent by a client of its own when its `with` begins. Both are closed when it ends.

    Args:
        make_client: What makes the client.
        options: The arguments of the client's `stream`.
    """

    def __init__(self, make_client: Callable[[], Client], **options: Any) -> None:
        self._make_client = make_client
        self._options = options

    def __enter__(self) -> Response:
        with ExitStack() as stack:
            client = stack.enter_context(self._make_client())
            response = stack.enter_context(client.stream(**self._options))
            self._stack = stack.pop_all()
        return response

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(exc_type, exc_value, traceback)


class AsyncResponseContext(_NotEntered, AbstractAsyncContextManager[Response]):
    """As `ResponseContext`, for an AsyncClient."""

    _statement = "async with"

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
