"""The tree of everything that can go wrong, in one place.

It knows which error is a kind of which, and how an error keeps its request and response through a pickle. It must not
know how a message comes about.

    HTTPError
    ├── RequestError
    │   ├── TransportError
    │   │   ├── TimeoutException: ConnectTimeout, ReadTimeout, WriteTimeout, PoolTimeout
    │   │   ├── NetworkError: ConnectError, ReadError, WriteError, CloseError
    │   │   ├── ProtocolError: LocalProtocolError, RemoteProtocolError
    │   │   ├── ProxyError
    │   │   └── UnsupportedProtocol
    │   ├── DecodingError
    │   └── TooManyRedirects
    └── HTTPStatusError
    CookieConflict
    StreamError (a RuntimeError): StreamConsumed, StreamClosed, ResponseNotRead, RequestNotRead
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _pickling

if TYPE_CHECKING:
    from ._request import Request
    from ._response import Response


class _Picklable(Exception):
    """An exception that survives a pickle with everything it holds, whatever its constructor asks for."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.restore, (_pickling.reference(type(self)), self.args), self.__dict__


class HTTPError(_Picklable):
    """Whatever went wrong with a request: the sending failed, or `raise_for_status()` did not like the answer.

    Args:
        message: What happened, in a sentence.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._request: Request | None = None

    @property
    def request(self) -> Request:
        """The request that was being sent.

        Raises:
            RuntimeError: Nobody has set it.
        """
        if self._request is None:
            raise RuntimeError("The .request property has not been set.")
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request


class RequestError(HTTPError):
    """The request could not be sent, or its response could not be received.

    Args:
        message: What happened, in a sentence.
        request: The request that was being sent, when it is known.
    """

    def __init__(self, message: str, *, request: Request | None = None) -> None:
        super().__init__(message)
        self._request = request


class TransportError(RequestError):
    """Something failed on the way between this process and the server."""


class TimeoutException(TransportError):
    """A time limit ran out."""


class ConnectTimeout(TimeoutException):
    """No connection could be made within the limit."""


class ReadTimeout(TimeoutException):
    """No data arrived within the limit."""


class WriteTimeout(TimeoutException):
    """No data could be sent within the limit."""


class PoolTimeout(TimeoutException):
    """No connection of the pool became free within the limit."""


class NetworkError(TransportError):
    """The network failed."""


class ConnectError(NetworkError):
    """A connection could not be made."""


class ReadError(NetworkError):
    """Data could not be received."""


class WriteError(NetworkError):
    """Data could not be sent."""


class CloseError(NetworkError):
    """A connection could not be closed."""


class ProtocolError(TransportError):
    """HTTP itself was violated."""


class LocalProtocolError(ProtocolError):
    """What was to be sent is no valid HTTP: a header with a line break, a body shorter than its Content-Length."""


class RemoteProtocolError(ProtocolError):
    """What the server sent is no valid HTTP."""


class ProxyError(TransportError):
    """The proxy would not serve us."""


class UnsupportedProtocol(TransportError):
    """The URL's scheme is none that can be sent."""


class DecodingError(RequestError):
    """The response's content is malformed in its Content-Encoding, ends too early, or grows over a limit."""


class TooManyRedirects(RequestError):
    """More redirects came than are followed."""


class HTTPStatusError(HTTPError):
    """The response's status is no success: what `Response.raise_for_status()` raises.

    Args:
        message: What the server answered.
        request: The request that was sent.
        response: The answer.
    """

    def __init__(self, message: str, *, request: Request, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response


class CookieConflict(_Picklable):
    """A cookie was asked for by name, and several have that name: say which domain or path is meant.

    Args:
        message: Which name.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class StreamError(_Picklable, RuntimeError):
    """A body was used in a way that its state forbids: a mistake in the program, not of the network.

    Args:
        message: What was wrong.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class StreamConsumed(StreamError):
    """A body was to be streamed a second time, and can only be streamed once.

    A response's content can be streamed once. A generator that was given as a request's content can be sent once: it
    cannot follow a redirect that keeps the content, or be sent again by an auth flow.
    """

    def __init__(self) -> None:
        super().__init__("Attempted to read or stream some content, but the content has already been streamed.")


class StreamClosed(StreamError):
    """A body was to be streamed after it was closed."""

    def __init__(self) -> None:
        super().__init__("Attempted to read or stream content, but the stream has been closed.")


class ResponseNotRead(StreamError):
    """The content of a response was asked for before `read()` was called."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or "Attempted to access streaming response content, without having called `read()`.")


class RequestNotRead(StreamError):
    """The content of a request was asked for before `read()` was called."""

    def __init__(self) -> None:
        super().__init__("Attempted to access streaming request content, without having called `read()`.")
