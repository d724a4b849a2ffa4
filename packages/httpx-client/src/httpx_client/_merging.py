"""What a request gets from its client and what from its own arguments: pure functions over values, tested as tables.

They know URLs, parameters and fields. They must not know clients, nor who asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from httpx_models import Headers
from httpx_models.types import HeaderTypes
from httpx_urls import URL, QueryParams

_remembered: Final = lru_cache(maxsize=256)(URL)
_LONGEST_REMEMBERED: Final = 1024  # characters


def to_url(url: URL | str) -> URL:
    """Return what a caller has given as a URL. Text that was given before is the same URL again: it never changes.

    Args:
        url: A URL, or the text of one.

    Raises:
        InvalidURL: It is none.
        TypeError: It is neither.
    """
    return _remembered(url) if type(url) is str and len(url) <= _LONGEST_REMEMBERED else URL(url)


def with_trailing_slash(url: URL) -> URL:
    """Return a URL whose target ends in "/", so that other paths can be put behind it.

    Args:
        url: The URL.
    """
    raw_path = url.raw_path
    return url if raw_path.endswith(b"/") else url.copy_with(raw_path=raw_path + b"/")


def join_base(base: URL, url: URL) -> URL:
    """Return an absolute URL as it is, and any other with the base's target before its own, as text, not as a reference.

    A URL with a scheme, but without a host, such as "file:///path", is absolute only where there is no base.

    Args:
        base: A URL that ends in "/".
        url: What was asked for.

    Raises:
        InvalidURL: The two make no URL.
    """
    if url.is_absolute_url:
        return url
    if url.scheme and url.raw_path.startswith(b"/") and str(base) in {"", "/"}:  # "file:///path", and no base
        return url
    return base.copy_with(raw_path=base.raw_path + url.raw_path.lstrip(b"/"))


def put_under_query(params: QueryParams, url: URL) -> URL:
    """Return a URL with the parameters that its query does not name before those that it has.

    The query's own text stays as it is.

    Args:
        params: What a client has for every request.
        url: Where a request goes.
    """
    own = url.params
    missing = [pair for pair in params.multi_items() if pair[0] not in own]
    if not missing:
        return url
    query = str(QueryParams(tuple(missing))).encode("ascii")
    return url.copy_with(query=query + b"&" + url.query if url.query else query)


def loses_query(url: URL, params: QueryParams) -> bool:
    """Return whether parameters that replace a URL's query throw away some of it.

    Args:
        url: The URL.
        params: What takes the query's place.
    """
    if not url.query:
        return False
    kept = set(params.multi_items())
    return any(pair not in kept for pair in url.params.multi_items())


def merge_headers(defaults: Headers, headers: HeaderTypes | None) -> Headers:
    """Return the fields of a request: its own, and the defaults for the names that it does not give.

    Args:
        defaults: The client's; they are not changed.
        headers: The request's.
    """
    merged = Headers(defaults)
    if headers is not None:
        merged.update(headers)
    return merged
