"""What the client says on the logger `httpx`. It knows which part of a URL is nobody's business.

The standard library's logging is imported with the first request, not with the package.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger

    from httpx_models import Request, Response
    from httpx_urls import URL


@cache
def _logger() -> Logger:
    import logging

    return logging.getLogger("httpx")


def log_response(request: Request, response: Response) -> None:
    """Say at INFO which request was answered how.

    Args:
        request: What was sent.
        response: What came back.
    """
    logger = _logger()
    if logger.isEnabledFor(20):  # logging.INFO
        logger.info(
            'HTTP Request: %s %s "%s %d %s"',
            request.method,
            without_credentials(request.url),
            response.http_version,
            response.status_code,
            response.reason_phrase,
        )


def warn_of_lost_query(url: URL) -> None:
    """Say at WARNING that the query of a URL is replaced.

    Args:
        url: The URL; the query itself is not shown.
    """
    _logger().warning(
        "The query of the URL for %s://%s%s was thrown away, for params= replaces it. "
        "To keep both, pass url.copy_merge_params(params). (This is said once per client.)",
        url.scheme,
        url.netloc.decode("ascii"),
        url.raw_path.partition(b"?")[0].decode("ascii"),  # escaped: a line break must not begin another line
    )


def without_credentials(url: URL) -> URL | str:
    """Return a URL without the user and the password that it may have.

    Args:
        url: The URL.
    """
    if not url.userinfo:
        return url
    return str(url).replace(f"{url.userinfo.decode('ascii')}@", "[secure]@", 1)
