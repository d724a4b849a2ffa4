"""What is said between a client and an ASGI application about one exchange, as pure functions over messages.

It knows scopes and messages (ASGI 3, "HTTP & WebSocket"). It must not know tasks, or who waits for whom.
"""

from __future__ import annotations

from typing import Any

from httpx_models import Headers, RemoteProtocolError, Request

from ._asgi_call import Message, Scope

START = "http.response.start"
BODY = "http.response.body"
TRAILERS = "http.response.trailers"
DEBUG = "http.response.debug"

DISCONNECT = "http.disconnect"


def http_scope(request: Request, root_path: str, client: tuple[str, int], state: dict[str, Any] | None) -> Scope:
    """Return the scope that an application is called with for a request.

    Args:
        request: The request.
        root_path: The path that the application is mounted at.
        client: Host and port that the request seems to come from.
        state: What the application's startup has left for its requests, when it was run.
    """
    url = request.url
    path, _, query = url.raw_path.partition(b"?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},  # 2.4: `send` tells whether the client has gone
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": path,
        "query_string": query,
        "server": (url.host, url.port),
        "client": client,
        "root_path": root_path,
        "extensions": {DEBUG: {}, TRAILERS: {}},
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def request_message(chunk: bytes, more: bool) -> Message:
    """Return the message that brings a piece of a request's body.

    Args:
        chunk: The piece.
        more: Whether another will follow.
    """
    return {"type": "http.request", "body": chunk, "more_body": more}


def message_type(message: Message) -> str:
    """Return a message's type.

    Raises:
        RemoteProtocolError: It has none.
    """
    kind = message.get("type")
    if not isinstance(kind, str):
        raise RemoteProtocolError(f"The application sent a message without a type: its keys are {list(message)}")
    return kind


def status_of(message: Message) -> int:
    """Return the status of a response's start.

    Raises:
        RemoteProtocolError: It is missing, or no int.
    """
    status = message.get("status")
    if not isinstance(status, int):
        raise RemoteProtocolError(f"The status of the application's {START!r} must be an int, not {status!r}")
    return status


def headers_of(message: Message) -> Headers:
    """Return the fields of a response's start, or its trailers.

    Raises:
        RemoteProtocolError: They are no pairs of bytes.
    """
    try:
        return Headers(message.get("headers"))
    except (TypeError, ValueError) as error:  # its message names the field, never the value
        raise RemoteProtocolError(f"The headers of the application's {message['type']!r}: {error}") from error


def content_of(message: Message) -> tuple[bytes, bool]:
    """Return a piece of a response's content, and whether more is to follow. None is no content, as 0.28 takes it.

    Raises:
        RemoteProtocolError: It is not bytes.
    """
    body = message.get("body")
    if body is None:
        body = b""
    if not isinstance(body, bytes | bytearray | memoryview):
        raise RemoteProtocolError(f"The body of the application's {BODY!r} must be bytes, not {type(body)}")
    return bytes(body), bool(message.get("more_body", False))
