"""A request: method, URL, fields, body, extensions.

It knows which fields a request has of itself. It must not know who sends it, nor how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from httpx_urls import URL

from . import _pickling
from ._content import encode_request
from ._errors import LocalProtocolError, RequestNotRead
from ._headers import Field, Headers
from ._streams import AsyncByteStream, ByteStream, SyncByteStream, UnattachedStream

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from .types import (
        CookieTypes,
        HeaderTypes,
        JSONEncoder,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
    )

_EXPECT_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_NOTHING = ByteStream(b"")


class Request:
    """A request, ready to be sent.

    `Host` comes from the URL; `Content-Length`, `Transfer-Encoding` and `Content-Type` come from the body. What is given in
    `headers` takes precedence over all of them. A request that is given a `stream` gets no fields but its own.

    Args:
        method: "GET", "POST" and the like; it is made upper case.
        url: Where to.
        params: Query parameters, which replace those of the URL.
        headers: Header fields.
        cookies: Cookies to send.
        content: The body: bytes, str, a binary file, an iterable or asynchronous iterable of bytes.
        data: The body: the fields of a form.
        files: The body: the files of a form, by field name.
        json: The body: anything that can be written as JSON.
        stream: The body, as a stream that describes itself in `headers`.
        extensions: What the transport should know: "timeout", "trace", "sni_hostname".
        json_encoder: What writes `json`: a function from an object to str or bytes, such as `orjson.dumps`.

    Raises:
        InvalidURL: The URL is none.
        LocalProtocolError: The method, or a name or value of a field, contains a line break or NUL.
        TypeError: An argument is of a type that cannot be used.
        UnicodeEncodeError: A field is not ASCII, and `headers` do not say how to encode it.
        ValueError: A number cannot be written as JSON.
    """

    json_encoder: JSONEncoder | None = None
    """What writes JSON bodies, unless the constructor is given another; a subclass may set it."""

    stream: SyncByteStream | AsyncByteStream
    extensions: MutableMapping[str, Any]
    _content: bytes

    def __init__(
        self,
        method: str,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        extensions: RequestExtensions | None = None,
        json_encoder: JSONEncoder | None = None,
    ) -> None:
        self.method = method = method.upper() if type(method) is str else _to_method(method).upper()
        if params is not None:
            self.url = URL(url, params=params)
        else:
            self.url = url if type(url) is URL else URL(url)
        self.extensions = {} if extensions is None else dict(extensions)
        if json_encoder is not None:
            self.json_encoder = json_encoder
        bodiless = content is None and data is None and files is None and json is None and stream is None
        plain = bodiless and not cookies and method not in _EXPECT_CONTENT
        if plain and type(headers) is Headers and type(self) is Request and (netloc := self.url.netloc):
            # What a client sends most often: what there is to know of its fields, they know from the last time.
            self.headers = headers._to_host(netloc)
            self.stream = _NOTHING
            self._content = b""
            if not method.isalpha() or self.headers._broken:
                self._refuse_injection()
            return
        if type(headers) is Headers:
            headers._breaks_line()  # asked of the caller's own, so that it is known when they serve again
        self.headers = Headers(headers)
        if cookies:
            from ._cookies import Cookies

            Cookies(cookies).set_cookie_header(self)
        if stream is not None:
            self.stream = stream
        elif bodiless:
            self._prepare({})
            self.stream = _NOTHING
            self._content = b""
        else:
            fields, self.stream = encode_request(
                content=content,
                data=data,
                files=files,
                json=json,
                boundary=self._boundary() if files else None,
                json_encoder=self.json_encoder,
            )
            if files:
                self._name_boundary(fields.get("Content-Type", ""))
            self._prepare(fields)
            if isinstance(self.stream, ByteStream):
                self._content = self.stream.content
        self._refuse_injection()

    @property
    def content(self) -> bytes:
        """The body.

        Raises:
            RequestNotRead: The body is a stream that has not been read.
        """
        try:
            return self._content
        except AttributeError:
            raise RequestNotRead from None

    def read(self) -> bytes:
        """Read the body into memory, and return it. A body that could be sent once can then be sent again.

        Raises:
            RuntimeError: The body can only be read with `aread`.
            StreamClosed: The request came out of a pickle, its stream did not.
            StreamConsumed: The body was read before, and cannot be read again.
        """
        if not hasattr(self, "_content"):
            stream: Any = self.stream
            if not hasattr(stream, "__iter__"):
                raise RuntimeError("Attempted to call a sync iterator on an async stream.")
            self._keep(b"".join(stream))
        return self._content

    async def aread(self) -> bytes:
        """Read the body into memory, and return it. See `read`.

        Raises:
            RuntimeError: The body can only be read with `read`.
        """
        if not hasattr(self, "_content"):
            stream: Any = self.stream
            if not hasattr(stream, "__aiter__"):
                raise RuntimeError("Attempted to call an async iterator on an sync stream.")
            self._keep(b"".join([chunk async for chunk in stream]))
        return self._content

    def _keep(self, content: bytes) -> None:
        """Keep a body that has been read, so that it can be sent, and sent again."""
        self._content = content
        if not isinstance(self.stream, ByteStream):
            self.stream = ByteStream(content)

    def _prepare(self, default_headers: dict[str, str]) -> None:
        """Add what the URL and the body ask for, where the caller has not said otherwise."""
        given = self.headers
        before: list[Field] = []
        after: list[Field] = []
        if not given._carries(b"host") and self.url.host:
            before.append((b"Host", self.url.netloc))
        if default_headers or self.method in _EXPECT_CONTENT:
            framed = given._carries(b"content-length") or given._carries(b"transfer-encoding")
            if not framed and not default_headers:
                before.append((b"Content-Length", b"0"))
            for name, value in default_headers.items():
                key = name.lower().encode("ascii")
                if not given._carries(key) and not (framed and key in _FRAMING):
                    after.append((name.encode("ascii"), value.encode("ascii")))
        self.headers = Headers.from_raw([*before, *given._raw, *after])
        if not after:  # Host comes from a URL, which has no line breaks
            self.headers._broken = given._breaks_line()

    def _boundary(self) -> bytes | None:
        """Return the boundary that the caller's Content-Type names, None without one."""
        from ._mediatype import any_boundary, is_multipart

        given = self.headers.get("Content-Type", "").encode("latin-1", "replace")
        return any_boundary(given) if is_multipart(given) else None

    def _name_boundary(self, generated: str) -> None:
        """Add the generated boundary to a Content-Type of the caller that is multipart and names none."""
        from ._mediatype import any_boundary, is_multipart

        given = self.headers.get("Content-Type", "")
        octets = given.encode("latin-1", "replace")
        if "; boundary=" in generated and is_multipart(octets) and any_boundary(octets) is None:
            others = given if "boundary" not in given.lower() else given.partition(";")[0]
            self.headers["Content-Type"] = others.rstrip(" ;") + generated[generated.index(";") :]

    def _refuse_injection(self) -> None:
        """Raise LocalProtocolError for what would end a line early; the message shows names, never values."""
        if not self.method.isalpha() and _has_break(self.method.encode("utf-8", "replace")):
            raise LocalProtocolError(f"The method contains a line break or NUL: {self.method!r}", request=self)
        if not self.headers._breaks_line():
            return
        name = next(name for name, value in self.headers._raw if _has_break(name + value))
        shown = name.decode("latin-1")
        if _has_break(name):
            raise LocalProtocolError(f"A header's name contains a line break or NUL: {shown!r}", request=self)
        raise LocalProtocolError(f"The value of header {shown!r} contains a line break or NUL", request=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.method!r}, {shown_url(self.url)!r})>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.restore, (_pickling.reference(type(self)),), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        left = {"extensions", "json_encoder", "stream"}
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.extensions = {}
        self.stream = UnattachedStream()


def shown_url(url: URL) -> str:
    """Return a URL as text with its password hidden.

    Args:
        url: The URL.
    """
    return repr(url)[5:-2] if "@" in str(url) else str(url)


def _to_method(method: Any) -> str:
    if isinstance(method, bytes):
        return method.decode("ascii", "replace")
    if not isinstance(method, str):
        raise TypeError(f"Invalid type for method. Expected str, got {type(method)}: {method!r}")
    return method


def _has_break(octets: bytes) -> bool:
    return b"\r" in octets or b"\n" in octets or b"\0" in octets
