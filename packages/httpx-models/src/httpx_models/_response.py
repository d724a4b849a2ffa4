"""A response: status, fields, extensions, and what they say; its body is `_body`'s.

It knows what a user asks of a response's head; nothing of it is worked out before it is asked. It must not know where
responses come from, nor what follows from a status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from . import _pickling
from ._body import Body
from ._content import encode_response
from ._errors import HTTPStatusError
from ._headers import Field, Headers
from ._request import shown_url
from ._status import codes
from ._streams import AsyncByteStream, ByteStream, SyncByteStream, UnattachedStream

if TYPE_CHECKING:
    import datetime as dt

    from httpx_urls import URL

    from ._cookies import Cookies
    from ._request import Request
    from ._timings import Timings
    from .types import DefaultEncoding, HeaderTypes, ResponseContent, ResponseExtensions

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KINDS = {1: "Informational response", 3: "Redirect response", 4: "Client error", 5: "Server error"}
_NOTE_BYTES = 200  # of a body, in the note of a status error


class Response(Body):
    """A response: its head is here, its body may be still to come.

    Args:
        status_code: The status (RFC 9110 §15).
        headers: Header fields. `Headers.from_raw(list)` takes a list of raw fields without copying it.
        content: The body: bytes, str, a binary file, an iterable or asynchronous iterable of bytes.
        text: The body: plain text.
        html: The body: an HTML document.
        json: The body: anything that can be written as JSON.
        stream: The body, as a stream that describes itself in `headers`: an iterable with `close`, or an asynchronous
            iterable with `aclose`.
        request: The request that this answers.
        extensions: What the transport tells: "http_version", "reason_phrase", "network_stream" and the like.
        history: The redirect responses that led here.
        default_encoding: The encoding of text whose charset the response does not give: its name, or a function from
            the content to its name.

    Attributes:
        status_code: The status.
        headers: The fields.
        stream: The body's stream; may be replaced.
        extensions: A dict of what the transport tells.
        history: The redirect responses that led here, the oldest first.
        next_request: The request that would follow a redirect that was not followed.
        is_closed: Whether the body has been read or closed.
        is_stream_consumed: Whether the body has been iterated.
        default_encoding: As above.
        max_decoded_size: How many bytes the content may have once it is decoded, or None. A client sets it.
        max_decoded_ratio: How many times the bytes received the decoded content may have, or None. A client sets it.
        json_decoder: What `json()` calls with the content, or None for the standard library's. A client sets it.

    Raises:
        DecodingError: The body is given, and is malformed in its Content-Encoding.
        TypeError: An argument is of a type that cannot be used.
    """

    next_request: Request | None = None
    history: list[Response]
    _elapsed: dt.timedelta | float
    _cookies: Cookies

    def __init__(
        self,
        status_code: int,
        *,
        headers: HeaderTypes | None = None,
        content: ResponseContent | None = None,
        text: str | None = None,
        html: str | None = None,
        json: Any = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        request: Request | None = None,
        extensions: ResponseExtensions | None = None,
        history: list[Response] | None = None,
        default_encoding: DefaultEncoding = "utf-8",
    ) -> None:
        self.status_code = status_code
        self.headers = Headers(headers)
        self._request = request
        self.extensions = {} if extensions is None else dict(extensions)
        self.history = [] if history is None else list(history)
        self.default_encoding = default_encoding
        if stream is not None:
            self.stream = stream
            return
        fields, self.stream = encode_response(content, text, html, json)
        self._prepare(fields)
        if isinstance(self.stream, ByteStream):
            self.read()
            self._num_bytes_downloaded = 0

    @classmethod
    def from_raw(
        cls,
        status_code: int,
        fields: list[Field],
        stream: SyncByteStream | AsyncByteStream,
        extensions: dict[str, Any],
    ) -> Self:
        """Make a response of what came over the wire, without copying it, or looking at it.

        The list and the dict are handed over: the caller must not change them afterwards.

        Args:
            status_code: The status.
            fields: Pairs of name and value, both bytes.
            stream: The body.
            extensions: What the transport tells.
        """
        response = cls.__new__(cls)
        response.status_code = status_code
        response.headers = Headers.from_raw(fields)
        response.stream = stream
        response.extensions = extensions
        response.history = []
        response.default_encoding = "utf-8"
        response._request = None
        response.is_closed = response.is_stream_consumed = False  # read more often than what only the class says
        return response

    def _prepare(self, default_headers: dict[str, str]) -> None:
        """Add the fields that the body asks for, where the caller has not said otherwise."""
        for name, value in default_headers.items():
            if name == "Transfer-Encoding" and "Content-Length" in self.headers:
                continue
            self.headers.setdefault(name, value)

    # What the head says.

    @property
    def request(self) -> Request:
        """The request that this answers.

        Raises:
            RuntimeError: Nobody has set it.
        """
        if self._request is None:
            raise RuntimeError("The request instance has not been set on this response.")
        return self._request

    @request.setter
    def request(self, request: Request | None) -> None:
        self._request = request

    @property
    def url(self) -> URL:
        """The URL that was asked.

        Raises:
            RuntimeError: The request has not been set.
        """
        return self.request.url

    @property
    def http_version(self) -> str:
        """The protocol: "HTTP/1.0", "HTTP/1.1" or "HTTP/2"."""
        version: bytes = self.extensions.get("http_version", b"HTTP/1.1")
        return version.decode("ascii", errors="ignore")

    @property
    def reason_phrase(self) -> str:
        """The reason phrase as it came, or the one that belongs to the status."""
        phrase: bytes | None = self.extensions.get("reason_phrase")
        return codes.get_reason_phrase(self.status_code) if phrase is None else phrase.decode("ascii", errors="ignore")

    @property
    def is_informational(self) -> bool:
        """Whether the status is 1xx."""
        return codes.is_informational(self.status_code)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return codes.is_success(self.status_code)

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx. `has_redirect_location` tells whether there is somewhere to go."""
        return codes.is_redirect(self.status_code)

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 4xx."""
        return codes.is_client_error(self.status_code)

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 5xx."""
        return codes.is_server_error(self.status_code)

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return codes.is_error(self.status_code)

    @property
    def has_redirect_location(self) -> bool:
        """Whether this is a redirect that says where to: 301, 302, 303, 307 or 308 with a Location."""
        return self.status_code in _REDIRECTS and "Location" in self.headers

    @property
    def cookies(self) -> Cookies:
        """The cookies that this response sets, on http also those that a client only takes from https.

        Raises:
            RuntimeError: The request has not been set.
        """
        if not hasattr(self, "_cookies"):
            from ._cookies import Cookies

            self.request  # noqa: B018 - without it there is nobody whose cookies these are
            self._cookies = Cookies()
            self._cookies._show_cookies(self)
        return self._cookies

    @property
    def links(self) -> dict[str | None, dict[str, str]]:
        """The links of the Link field (RFC 8288), by `rel`, or by URL where they have none."""
        value = self.headers.get("link")
        if value is None:
            return {}
        from ._link import parse_links

        return parse_links(value)

    def raise_for_status(self) -> Response:
        """Return this response if its status is 2xx.

        Raises:
            HTTPStatusError: It is not. When the content has been read, its beginning is in the error's notes.
            RuntimeError: The request has not been set.
        """
        request = self._request
        if request is None:
            raise RuntimeError(
                "Cannot call `raise_for_status` as the request instance has not been set on this response."
            )
        if self.is_success:
            return self
        kind = _KINDS.get(self.status_code // 100, "Invalid status code")
        message = f"{kind} '{self.status_code} {self.reason_phrase}' for url '{shown_url(request.url)}'"
        if self.has_redirect_location:
            message += f"\nRedirect location: '{_without_password(self.headers['location'])}'"
        message += (
            f"\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/{self.status_code}"
        )
        error = HTTPStatusError(message, request=request, response=self)
        if getattr(self, "_content", b""):
            begin = self._content[:_NOTE_BYTES].decode("utf-8", "replace")
            error.add_note(f"The response's content begins: {begin!r}")
        raise error

    # What the transport tells besides.

    @property
    def elapsed(self) -> dt.timedelta:
        """The time from sending the request until the response was closed.

        It can be set to a timedelta; whoever measures may leave the seconds in `_elapsed` as a float.

        Raises:
            RuntimeError: The response has not been closed, or nobody measured.
        """
        try:
            elapsed = self._elapsed
        except AttributeError:
            raise RuntimeError("'.elapsed' may only be accessed after the response has been read or closed.") from None
        if isinstance(elapsed, int | float):
            import datetime as dt

            self._elapsed = elapsed = dt.timedelta(seconds=elapsed)
        return elapsed

    @elapsed.setter
    def elapsed(self, elapsed: dt.timedelta) -> None:
        self._elapsed = elapsed

    @property
    def num_bytes_downloaded(self) -> int:
        """How many bytes of the body have arrived, before decoding."""
        return self._num_bytes_downloaded

    @property
    def trailers(self) -> Headers:
        """The trailer fields (RFC 9110 §6.5), complete once the body has been read; empty when none came."""
        return Headers(self.extensions.get("trailers"))

    @property
    def informational(self) -> list[tuple[int, Headers]]:
        """The interim responses (RFC 9110 §15.2) that came first, such as 103 Early Hints: status and fields."""
        return [(status, Headers(fields)) for status, fields in self.extensions.get("informational") or ()]

    @property
    def timings(self) -> Timings:
        """How long the phases of the exchange took, in seconds; what was not measured is None."""
        from ._timings import Timings

        return Timings(self.extensions.get("timings") or {})

    @property
    def template(self) -> Any:
        """The template that an application under test rendered, when its test transport tells.

        Raises:
            AttributeError: It does not tell.
        """
        return self._told("template")

    @template.setter
    def template(self, template: Any) -> None:
        self.extensions["template"] = template

    @property
    def context(self) -> Any:
        """The context that an application under test rendered its template with, when its test transport tells.

        Raises:
            AttributeError: It does not tell.
        """
        return self._told("context")

    @context.setter
    def context(self, context: Any) -> None:
        self.extensions["context"] = context

    def _told(self, name: str) -> Any:
        try:
            return self.extensions[name]
        except KeyError:
            raise AttributeError(f"The transport has told no {name!r} for this response") from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code} {self.reason_phrase}]>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.restore, (_pickling.reference(type(self)),), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        left = {"extensions", "stream", "is_closed", "json_decoder", "_given_decoder"}
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.is_closed = True
        self.extensions = {}
        self.stream = UnattachedStream()


def _without_password(location: str) -> str:
    """Return a Location as it came, unless there is a password in it."""
    if "@" not in location:
        return location
    from httpx_urls import URL, InvalidURL

    try:
        return shown_url(URL(location))
    except InvalidURL:
        return "[hidden]"
