"""One request and what comes of it, written once for both clients: auth flow, redirects, hooks, transport, cookies.

Code that has a colour is behind the port. Between the layers stand methods of the client: one that others have replaced is
called, one that is still ours is passed by, for it would only come back here. What a layer decides is decided by pure
functions elsewhere.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol

from httpx_models import RemoteProtocolError, Request, RequestError, Response, TooManyRedirects, UnsupportedProtocol

from ._auth import Auth
from ._deadline import TimeLimits, inherit_limits, start_deadline, update_deadline
from ._hints import explain_relative_url
from ._logs import log_response, without_credentials
from ._redirects import refuse_scheme

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from httpx_urls import URL

    from ._ports import Leaving, Port


class Face(Protocol):
    """What the exchange asks of a client. Where a call returns Any, it is what the client's port knows to await."""

    max_redirects: int
    _event_hooks: dict[str, list[Callable[..., Any]]]

    def _send_handling_auth(
        self, request: Request, auth: Auth, follow_redirects: bool, history: list[Response]
    ) -> Any: ...

    def _send_handling_redirects(self, request: Request, follow_redirects: bool, history: list[Response]) -> Any: ...

    def _send_single_request(self, request: Request) -> Any: ...

    def _transport_for_url(self, url: URL) -> Any: ...

    def _transports(self) -> list[Any]: ...

    def _build_redirect_request(self, request: Request, response: Response) -> Request: ...

    def _take_in(self, response: Response) -> None: ...


async def exchange(
    client: Face, port: Port, request: Request, auth: Auth, follow_redirects: bool, stream: bool
) -> Response:
    """Send a request; return its response, read to the end unless it is to be streamed.

    Args:
        client: Whose settings hold.
        port: How code of this colour is called.
        request: What to send.
        auth: How to prove who sends it.
        follow_redirects: Whether to go where redirects lead.
        stream: Whether the caller reads the response himself.

    Raises:
        RequestError: There is no response, or not all of it; the error knows its request.
    """
    start_deadline(request, port.clock)
    ours = port.ours
    send: Any = client._send_handling_auth
    response: Response
    if type(send) is not MethodType or send.__func__ not in ours:
        response = await port.call(send, request, auth=auth, follow_redirects=follow_redirects, history=[])
    elif type(auth) is Auth and type(send := client._send_handling_redirects) is MethodType and send.__func__ in ours:
        # A flow that sends what it is given needs no layer of its own.
        response = await exchange_with_redirects(client, port, request, follow_redirects, [])
    else:
        response = await exchange_with_auth(client, port, request, auth, follow_redirects, [])
    if not stream:
        try:
            await port.read(response)
        except BaseException:
            await port.close(response)
            raise
    return response


async def exchange_with_auth(
    client: Face, port: Port, request: Request, auth: Auth, follow_redirects: bool, history: list[Response]
) -> Response:
    """Send each request that an auth flow yields; return the last response, not read.

    Args:
        client: Whose settings hold.
        port: How code of this colour is called.
        request: What the caller wants to send.
        auth: Whose flow it is.
        follow_redirects: Whether to go where redirects lead.
        history: The responses that led here.

    Raises:
        RequestError: There is no response.
        RuntimeError: The flow yielded no request.
    """
    send = client._send_handling_redirects
    limits = request.extensions.get("timeout")
    flow = port.flow(auth, request)
    try:
        following = await port.step(flow, None)
        if following is None:
            raise RuntimeError(f"The auth flow of {type(auth).__name__} yielded no request")
        while True:
            inherit_limits(following, limits)
            response: Response = await port.call(send, following, follow_redirects=follow_redirects, history=history)
            try:
                following = await port.step(flow, response)
                if following is None:
                    return response
                await port.keep(response)
            except BaseException:
                await port.close(response)
                raise
            history = [*response.history, response]
    finally:
        await port.end(flow)


async def exchange_with_redirects(
    client: Face, port: Port, request: Request, follow_redirects: bool, history: list[Response]
) -> Response:
    """Send a request, and those to which redirects lead if they are to be followed; return the last response, not read.

    Args:
        client: Whose settings hold: how many redirects, which hooks.
        port: How code of this colour is called.
        request: What to send.
        follow_redirects: Whether to go where redirects lead.
        history: The responses that led here.

    Raises:
        RemoteProtocolError: A redirect leads to what is no URL.
        RequestError: There is no response.
        TooManyRedirects: There are more than the client allows.
        UnsupportedProtocol: A redirect leads away from the web.
    """
    while True:
        if len(history) > client.max_redirects:
            raise TooManyRedirects(
                f"Exceeded maximum allowed redirects. The limit is max_redirects={client.max_redirects}; "
                f"the last Location leads to '{without_credentials(request.url)}'.",
                request=request,
            )
        for hook in client._event_hooks["request"]:
            await port.hook(hook, request)
        send = client._send_single_request
        if type(send) is MethodType and send.__func__ in port.ours:
            response = await exchange_once(client, port, request)
        else:
            response = await port.call(send, request)
        try:
            for hook in client._event_hooks["response"]:
                await port.hook(hook, response)
            response.history = list(history)
            if not response.has_redirect_location:
                return response
            if not follow_redirects:
                response.next_request = _next_request(client, request, response)
                return response
            following = client._build_redirect_request(request, response)
            _refuse_scheme(request, following)
            await port.keep(response)
        except BaseException:
            await port.close(response)
            raise
        history = [*history, response]
        request = following


async def exchange_once(client: Face, port: Port, request: Request) -> Response:
    """Send one request through the transport that is there for its URL; return its response, not read.

    Args:
        client: Whose transports, cookies and settings are used.
        port: How code of this colour is called.
        request: What to send.

    Raises:
        RequestError: There is no response; the error knows its request.
    """
    transport = client._transport_for_url(request.url)
    started = port.clock()
    if type(request.extensions.get("timeout")) is TimeLimits:
        update_deadline(request, started)
    try:
        response = await port.send(transport, request)
    except RequestError as error:
        error.request = request
        if isinstance(error, UnsupportedProtocol) and not request.url.scheme:
            error.args = (f"{error} {explain_relative_url(request)}",)
        raise
    if not isinstance(response, Response):
        raise TypeError(f"A transport must return a Response, but {type(transport)} returned {type(response)}")
    response.request = request
    port.watch(response, started)
    try:
        client._take_in(response)
        log_response(request, response)
    except BaseException:
        await port.close(response)
        raise
    return response


async def enter(client: Face, port: Port) -> None:
    """Enter the contexts of a client's transports; if one fails, leave those that were entered.

    Args:
        client: Whose transports.
        port: How code of this colour is called.
    """
    entered = []
    try:
        for transport in client._transports():
            await port.enter(transport)
            entered.append(transport)
    except BaseException as error:
        for transport in reversed(entered):
            await port.leave(transport, (type(error), error, error.__traceback__))
        raise


async def leave(client: Face, port: Port, leaving: Leaving) -> None:
    """Leave the contexts of all of a client's transports, whatever happens to one of them.

    Args:
        client: Whose transports.
        port: How code of this colour is called.
        leaving: Why.
    """
    await _each(client._transports(), lambda transport: port.leave(transport, leaving))


async def shut(client: Face, port: Port) -> None:
    """Close all of a client's transports, whatever happens to one of them.

    Args:
        client: Whose transports.
        port: How code of this colour is called.
    """
    await _each(client._transports(), port.shut)


async def _each(transports: list[Any], work: Callable[[Any], Awaitable[Any]]) -> None:
    """Do something to each transport; raise the first error when all have had their turn."""
    failed: BaseException | None = None
    for transport in transports:
        try:
            await work(transport)
        except BaseException as error:  # noqa: BLE001 - it is raised below
            failed = failed or error
    if failed is not None:
        raise failed


def _next_request(client: Face, request: Request, response: Response) -> Request | None:
    """Return the request to which a redirect leads, None if its Location is no URL: nobody asked to go there."""
    try:
        return client._build_redirect_request(request, response)
    except RemoteProtocolError:
        return None


def _refuse_scheme(request: Request, following: Request) -> None:
    try:
        refuse_scheme(request.url, following.url)
    except RequestError as error:
        error.request = following
        raise
