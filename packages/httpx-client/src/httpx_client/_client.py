"""The blocking face of the client: signatures, docstrings, one call. State is `_settings`'s, the work `_exchange`'s."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from httpx_models import Request, Response
from httpx_models.types import HeaderTypes, RequestContent
from httpx_urls import URL

from ._config import DEFAULT_TIMEOUT_CONFIG, UNSET, TimeoutTypes, UnsetType
from ._exchange import exchange
from ._ports import BLOCKING, run
from ._settings import BaseClient
from ._transports import BaseTransport, HTTPTransport

if TYPE_CHECKING:
    import ssl


class Client(BaseClient):
    """Sends requests over connections that are kept and used again. Any number of threads may share one.

    Args:
        headers: Fields for every request; a request's own of the same name replace them.
        verify: True: check https peers with certifi's roots. False: check nothing. Or a TLS context.
        timeout: Seconds for each phase of a request: connect, read, write, pool; None is no limit.
        transport: What to send through, instead of a pool of connections.
    """

    def __init__(
        self,
        *,
        headers: HeaderTypes | None = None,
        verify: ssl.SSLContext | bool = True,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        transport: BaseTransport | None = None,
    ) -> None:
        super().__init__(headers=headers, timeout=timeout)
        self._transport = HTTPTransport(verify) if transport is None else transport

    def request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        headers: HeaderTypes | None = None,
        timeout: TimeoutTypes | UnsetType = UNSET,
        extensions: dict[str, Any] | None = None,
    ) -> Response:
        """Send a request; return its response, read to the end.

        Args:
            method: The method, in any case.
            url: An absolute http or https URL.
            content: The body: str, bytes, or an iterable of bytes.
            headers: Fields over the client's.
            timeout: Seconds instead of the client's; None is no limit.
            extensions: What else the transport shall know.

        Raises:
            InvalidURL: The URL is none.
            RequestError: There is no response; the subclass says why.
            RuntimeError: The client has been closed.
        """
        request = self.build_request(
            method, url, content=content, headers=headers, timeout=timeout, extensions=extensions
        )
        return self.send(request)

    def get(
        self,
        url: URL | str,
        *,
        headers: HeaderTypes | None = None,
        timeout: TimeoutTypes | UnsetType = UNSET,
        extensions: dict[str, Any] | None = None,
    ) -> Response:
        """Send a GET request; the rest as `request`."""
        return self.request("GET", url, headers=headers, timeout=timeout, extensions=extensions)

    def post(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        headers: HeaderTypes | None = None,
        timeout: TimeoutTypes | UnsetType = UNSET,
        extensions: dict[str, Any] | None = None,
    ) -> Response:
        """Send a POST request; the rest as `request`."""
        return self.request("POST", url, content=content, headers=headers, timeout=timeout, extensions=extensions)

    def send(self, request: Request, *, stream: bool = False) -> Response:
        """Send a request as it is; return its response.

        Args:
            request: What to send; `build_request` makes one.
            stream: Leave the response unread; the caller reads and closes it.

        Raises:
            RequestError: There is no response; the subclass says why.
            RuntimeError: The client has been closed.
        """
        self._check_not_closed("Cannot send a request, as the client has been closed.")
        return run(exchange(BLOCKING, self._transport, request, stream))

    def close(self) -> None:
        """Close the transport, and its connections. Closing twice is allowed."""
        if not self._closed:
            self._closed = True
            self._transport.close()

    def __enter__(self) -> Self:
        self._check_not_closed("Cannot reopen a client instance, once it has been closed.")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()
