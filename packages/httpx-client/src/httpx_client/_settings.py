"""What both clients have in common: their state, and the requests they build from it. No I/O."""

from __future__ import annotations

from typing import Any, Final

from httpx_models import Headers, Request, supported_codings
from httpx_models.types import HeaderTypes, RequestContent
from httpx_urls import URL

from .__about__ import __version__
from ._config import DEFAULT_TIMEOUT_CONFIG, UNSET, Timeout, TimeoutTypes, UnsetType

USER_AGENT: Final = f"python-httpx/{__version__}"


class BaseClient:
    """The state of a client.

    Args:
        headers: Fields for every request; a request's own of the same name replace them.
        timeout: Seconds for each phase of a request.
    """

    def __init__(self, *, headers: HeaderTypes | None = None, timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG) -> None:
        self.headers = headers
        self.timeout = timeout
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the client has been closed."""
        return self._closed

    @property
    def headers(self) -> Headers:
        """The fields for every request. Assigning puts the given ones over the defaults."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderTypes | None) -> None:
        self._headers = Headers(
            {
                "Accept": "*/*",
                "Accept-Encoding": ", ".join(supported_codings()),
                "Connection": "keep-alive",
                "User-Agent": USER_AGENT,
            }
        )
        self._headers.update(headers)

    @property
    def timeout(self) -> Timeout:
        """How long each phase of a request may take. Assigning takes anything that `Timeout` takes."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = Timeout(timeout)

    def build_request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        headers: HeaderTypes | None = None,
        timeout: TimeoutTypes | UnsetType = UNSET,
        extensions: dict[str, Any] | None = None,
    ) -> Request:
        """Return the request that `request` would send.

        Args:
            method: The method, in any case.
            url: An absolute http or https URL.
            content: The body: str, bytes, or an iterable of bytes (asynchronous for an AsyncClient).
            headers: Fields over the client's.
            timeout: Seconds instead of the client's; None is no limit.
            extensions: What else the transport shall know.

        Raises:
            InvalidURL: The URL is none.
        """
        merged = self._headers
        if headers is not None:
            merged = Headers(merged)
            merged.update(headers)
        limits = self._timeout if isinstance(timeout, UnsetType) else Timeout(timeout)
        extensions = {"timeout": limits.as_dict(), **(extensions or {})}
        return Request(method, url, headers=merged, content=content, extensions=extensions)

    def _check_not_closed(self, complaint: str) -> None:
        if self._closed:
            raise RuntimeError(complaint)
