"""Small ASGI applications for tests, and what tests do with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from httpx_client import ASGITransport
from httpx_models import Request, Response

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

URL = "http://example.org/"
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body"}
COMPLETE: Message = {"type": "lifespan.startup.complete"}


def part(content: Any, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def saying(*messages: Any) -> App:
    """Return an application that sends messages, and raises exceptions that stand among them."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            if isinstance(message, BaseException):
                raise message
            await send(message)

    return app


async def ask(app: App, method: str = "GET", content: Any = None, **options: Any) -> Response:
    """Return an application's response, unread."""
    return await ASGITransport(app, **options).handle_async_request(Request(method, URL, content=content))


async def get(app: App, **options: Any) -> Response:
    """Return an application's response, read."""
    response = await ask(app, **options)
    await response.aread()
    return response
