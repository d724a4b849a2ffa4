"""The transport that stands for a proxy of the environment that cannot be used.

Responsibility: failing at the request that would use the proxy. A client is made all the same: the variable may have been
set for other programs, and NO_PROXY may exempt every host that the client asks for.
"""

from __future__ import annotations

from typing import NoReturn

from httpx_models import ProxyError, Request

from ._interface import AsyncBaseTransport, BaseTransport


class UnusableProxyTransport(BaseTransport, AsyncBaseTransport):
    """A transport of both kinds of clients whose every request fails.

    Args:
        reason: The message of the error; it names the variable.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def handle_request(self, request: Request) -> NoReturn:
        """Refuse the request.

        Raises:
            ProxyError: Always.
        """
        raise ProxyError(self._reason, request=request)

    async def handle_async_request(self, request: Request) -> NoReturn:
        """Refuse the request. See `handle_request`."""
        self.handle_request(request)
