"""One request without a client: signatures, docstrings, one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from httpx_models import Response
from httpx_models.types import HeaderTypes, RequestContent
from httpx_urls import URL

from ._client import Client
from ._config import DEFAULT_TIMEOUT_CONFIG, TimeoutTypes

if TYPE_CHECKING:
    import ssl


def request(
    method: str,
    url: URL | str,
    *,
    content: RequestContent | None = None,
    headers: HeaderTypes | None = None,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    verify: ssl.SSLContext | bool = True,
) -> Response:
    """Send one request over a connection of its own; return its response, read to the end.

    Args:
        method: The method, in any case.
        url: An absolute http or https URL.
        content: The body: str, bytes, or an iterable of bytes.
        headers: Fields over the defaults.
        timeout: Seconds for each phase: connect, read, write, pool; None is no limit.
        verify: True: check https peers with certifi's roots. False: check nothing. Or a TLS context.

    Raises:
        InvalidURL: The URL is none.
        RequestError: There is no response; the subclass says why.
    """
    with Client(verify=verify, timeout=timeout) as client:
        return client.request(method, url, content=content, headers=headers)


def get(
    url: URL | str,
    *,
    headers: HeaderTypes | None = None,
    verify: ssl.SSLContext | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
) -> Response:
    """Send a GET request; the rest as `request`."""
    return request("GET", url, headers=headers, verify=verify, timeout=timeout)


def post(
    url: URL | str,
    *,
    content: RequestContent | None = None,
    headers: HeaderTypes | None = None,
    verify: ssl.SSLContext | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
) -> Response:
    """Send a POST request; the rest as `request`."""
    return request("POST", url, content=content, headers=headers, verify=verify, timeout=timeout)
