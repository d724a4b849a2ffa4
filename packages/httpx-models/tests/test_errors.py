"""The tree of errors: who is a kind of whom, and that each survives a pickle with what it holds."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import httpx_models
from httpx_models import (
    CookieConflict,
    HTTPError,
    HTTPStatusError,
    ReadTimeout,
    Request,
    RequestError,
    RequestNotRead,
    Response,
    ResponseNotRead,
    StreamClosed,
    StreamConsumed,
    StreamError,
)

TREE = {
    "HTTPError": "Exception",
    "RequestError": "HTTPError",
    "TransportError": "RequestError",
    "TimeoutException": "TransportError",
    "ConnectTimeout": "TimeoutException",
    "ReadTimeout": "TimeoutException",
    "WriteTimeout": "TimeoutException",
    "PoolTimeout": "TimeoutException",
    "NetworkError": "TransportError",
    "ConnectError": "NetworkError",
    "ReadError": "NetworkError",
    "WriteError": "NetworkError",
    "CloseError": "NetworkError",
    "ProtocolError": "TransportError",
    "LocalProtocolError": "ProtocolError",
    "RemoteProtocolError": "ProtocolError",
    "ProxyError": "TransportError",
    "UnsupportedProtocol": "TransportError",
    "DecodingError": "RequestError",
    "TooManyRedirects": "RequestError",
    "HTTPStatusError": "HTTPError",
    "CookieConflict": "Exception",
    "StreamError": "RuntimeError",
    "StreamConsumed": "StreamError",
    "StreamClosed": "StreamError",
    "ResponseNotRead": "StreamError",
    "RequestNotRead": "StreamError",
}
WITH_REQUEST = [name for name in TREE if issubclass(getattr(httpx_models, name), RequestError)]


@pytest.mark.parametrize(("name", "parent"), TREE.items())
def test_the_tree(name: str, parent: str) -> None:
    error = getattr(httpx_models, name)
    assert parent in {base.__name__ for base in error.__mro__[1:]}
    assert name in httpx_models.__all__


def test_nothing_else_is_an_error_here() -> None:
    found = {
        n for n in httpx_models.__all__ if isinstance(e := getattr(httpx_models, n), type) and issubclass(e, Exception)
    }
    assert found == set(TREE)


@pytest.mark.parametrize("name", WITH_REQUEST)
def test_a_request_error_survives_a_pickle(name: str) -> None:
    request = Request("POST", "https://example.org/", content=b"body")
    error = getattr(httpx_models, name)("what happened", request=request)
    error.add_note("a note")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == "what happened"
        assert twin.request.url == "https://example.org/"
        assert twin.request.content == b"body"
        assert twin.__notes__ == ["a note"]


def test_a_request_can_be_missing_and_can_be_set() -> None:
    error = ReadTimeout("slow")
    with pytest.raises(RuntimeError, match=r"The \.request property has not been set\."):
        error.request  # noqa: B018
    request = Request("GET", "https://example.org/")
    error.request = request
    assert error.request is request
    assert HTTPError("x")._request is None


def test_a_status_error_survives_a_pickle() -> None:
    request = Request("GET", "https://example.org/")
    response = Response(503, request=request, text="later")
    with pytest.raises(HTTPStatusError) as caught:
        response.raise_for_status()
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value)
    assert twin.response.status_code == 503
    assert twin.response.text == "later"
    assert twin.request.method == "GET"
    assert twin.__notes__ == caught.value.__notes__


@pytest.mark.parametrize("name", ["StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead"])
def test_stream_errors_survive_a_pickle(name: str) -> None:
    error = getattr(httpx_models, name)()
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert isinstance(twin, RuntimeError)


def test_the_messages_of_stream_errors() -> None:
    assert str(StreamConsumed()) == (
        "Attempted to read or stream some content, but the content has already been streamed."
    )
    assert str(StreamClosed()) == "Attempted to read or stream content, but the stream has been closed."
    read = "without having called `read()`."
    assert str(ResponseNotRead()) == f"Attempted to access streaming response content, {read}"
    assert str(RequestNotRead()) == f"Attempted to access streaming request content, {read}"
    assert str(ResponseNotRead("It is longer than kept.")) == "It is longer than kept."
    assert str(StreamError("odd")) == "odd"


def test_a_cookie_conflict_survives_a_pickle() -> None:
    assert str(pickle.loads(pickle.dumps(CookieConflict("Multiple")))) == "Multiple"


class OwnError(RequestError):
    """An error of somebody else's, whose constructor wants something else."""

    def __init__(self, code: int, *, hint: str) -> None:
        super().__init__(f"code {code}")
        self.hint = hint


def test_a_subclass_survives_a_pickle_whatever_its_constructor_wants() -> None:
    twin: Any = pickle.loads(pickle.dumps(OwnError(7, hint="try again")))
    assert type(twin) is OwnError
    assert str(twin) == "code 7"
    assert twin.hint == "try again"
