"""The types that arguments may have, for annotations in your own code.

They are real unions at run time, so that `typing.get_type_hints` and code that reads annotations can use them. What
is expensive to import is named by a forward reference. They know shapes only.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Optional, Union

from httpx_urls import URL, PrimitiveData, QueryParamTypes

from ._streams import AsyncByteStream, SyncByteStream

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from ._cookies import Cookies
    from ._headers import Headers

URLTypes = Union[URL, str]  # noqa: UP007

HeaderTypes = Union[
    "Headers",
    Mapping[str, str],
    Mapping[bytes, bytes],
    Sequence[tuple[str, str]],
    Sequence[tuple[bytes, bytes]],
]

CookieTypes = Union["Cookies", "CookieJar", dict[str, str], list[tuple[str, str]]]

RequestContent = Union[str, bytes, Iterable[bytes], AsyncIterable[bytes]]  # noqa: UP007
ResponseContent = Union[str, bytes, Iterable[bytes], AsyncIterable[bytes]]  # noqa: UP007
ResponseExtensions = Mapping[str, Any]

RequestData = Mapping[str, Any]

FileContent = Union[IO[bytes], bytes, str, AsyncIterable[bytes]]  # noqa: UP007
FileTypes = Union[  # noqa: UP007
    FileContent,
    tuple[Optional[str], FileContent],  # noqa: UP045
    tuple[Optional[str], FileContent, Optional[str]],  # noqa: UP045
    tuple[Optional[str], FileContent, Optional[str], Mapping[str, str]],  # noqa: UP045
]
RequestFiles = Union[  # noqa: UP007
    Mapping[str, Union[FileTypes, list[Any]]],  # noqa: UP007 - a list of files; lists are invariant
    Sequence[tuple[str, FileTypes]],
]

RequestExtensions = Mapping[str, Any]

DefaultEncoding = Union[str, Callable[[bytes], Optional[str]]]  # noqa: UP007, UP045
JSONEncoder = Callable[[Any], Union[str, bytes]]  # noqa: UP007
JSONDecoder = Callable[..., Any]

__all__ = [
    "AsyncByteStream",
    "AsyncIterable",
    "AsyncIterator",
    "CookieTypes",
    "DefaultEncoding",
    "FileContent",
    "FileTypes",
    "HeaderTypes",
    "Iterable",
    "Iterator",
    "JSONDecoder",
    "JSONEncoder",
    "PrimitiveData",
    "QueryParamTypes",
    "RequestContent",
    "RequestData",
    "RequestExtensions",
    "RequestFiles",
    "ResponseContent",
    "ResponseExtensions",
    "SyncByteStream",
    "URLTypes",
]
