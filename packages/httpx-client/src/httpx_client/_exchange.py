"""One request and what comes of it, written once for both clients. Code that has a colour is behind the port."""

from __future__ import annotations

from typing import TypeVar

from httpx_models import Request, RequestError, Response

from ._ports import Port

Tr = TypeVar("Tr")


async def exchange(port: Port[Tr], transport: Tr, request: Request, stream: bool) -> Response:
    """Send a request; return its response, read to the end unless it is to be streamed.

    Args:
        port: How transports and responses of this colour are called.
        transport: What to send through.
        request: What to send.
        stream: Whether the caller reads the response himself.

    Raises:
        RequestError: There is no response, or not all of it; the error knows its request.
    """
    try:
        response = await port.send(transport, request)
        response.request = request
        if not stream:
            try:
                await port.read(response)
            except BaseException:
                await port.close(response)
                raise
    except RequestError as error:
        error.request = request
        raise
    return response
