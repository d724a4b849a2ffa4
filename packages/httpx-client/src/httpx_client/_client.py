"""The blocking face of the client: signatures, docstrings, one call. State is `_settings`'s, the work `_exchange`'s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from httpx_models import Request, Response
from httpx_models.types import (
    CookieTypes,
    DefaultEncoding,
    HeaderTypes,
    JSONDecoder,
    JSONEncoder,
    RequestContent,
    RequestData,
    RequestExtensions,
    RequestFiles,
)
from httpx_urls import URL, QueryParamTypes

from ._arguments import switch
from ._auth import Auth, AuthTypes
from ._config import (
    DEFAULT_LIMITS,
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    USE_CLIENT_DEFAULT,
    CertTypes,
    Limits,
    Proxy,
    ProxyTypes,
    TimeoutTypes,
    UseClientDefault,
)
from ._deprecations import deprecated
from ._exchange import enter, exchange, exchange_once, exchange_with_auth, exchange_with_redirects, leave, shut
from ._mounts import URLPattern
from ._ports import BLOCKING, run
from ._routing import BaseClient, route
from ._settings import EventHook
from ._streaming import ResponseContext
from ._transports import BaseTransport, HTTPTransport

if TYPE_CHECKING:
    import ssl


class Client(BaseClient):
    """Sends requests over connections that are kept and used again. Any number of threads may share one.

    Nothing is opened before the first request. Close it with `close`, or use it in `with`.

    Args:
        auth: How requests prove who sends them: (user name, password), a function that changes a request, or an `Auth`.
        params: Query parameters for every request, under those that a URL has.
        headers: Fields for every request; a request's own of the same name replace them.
        cookies: Cookies to begin with.
        verify: Whom to trust on https: True, certifi's roots; False, everybody; or a TLS context. (A path is deprecated.)
        cert: A client certificate, as a path or (certificate, key, password). Deprecated: load it into a TLS context.
        trust_env: Whether proxies and certificates that the environment names are used.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken.
        proxy: Through which proxy everything is sent.
        mounts: Transports by URL pattern, "https://" or "all://*example.org"; None stands for the default one.
        timeout: Seconds for each phase of a request, or a `Timeout`; None is no limit.
        follow_redirects: Whether redirects are followed.
        limits: How many connections are kept, and for how long.
        max_redirects: How many redirects are followed in a row.
        event_hooks: What is called with each "request" before it is sent and each "response" when its head has come.
        base_url: What stands before relative URLs.
        transport: What to send through, instead of a pool of connections.
        default_encoding: The encoding of text whose charset a response does not give: its name, or a function from the
            content to its name.
        proxies: Deprecated: use `proxy` or `mounts`.
        app: Deprecated: use `transport=WSGITransport(app=...)`.
        json_encoder: What writes `json=` of requests, such as `orjson.dumps`.
        json_decoder: What `response.json()` calls.
        max_decoded_size: How many bytes a response's content may have once it is decoded; None is no limit.
        max_decoded_ratio: How many times the bytes received the decoded content may have; None is no limit.

    Raises:
        InvalidURL: `base_url`, or the proxy's, is none.
        OSError: A path that was given cannot be read.
        TypeError: An argument has a type that cannot be used; the message names it.
        ValueError: An argument has a value that cannot be used.
    """

    _transport: BaseTransport
    _mounts: dict[URLPattern, BaseTransport | None]

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
        mounts: Mapping[str, BaseTransport | None] | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[EventHook]] | None = None,
        base_url: URL | str = "",
        transport: BaseTransport | None = None,
        default_encoding: DefaultEncoding = "utf-8",
        proxies: ProxyTypes | Mapping[str, ProxyTypes | None] | None = None,
        app: Callable[..., Any] | None = None,
        json_encoder: JSONEncoder | None = None,
        json_decoder: JSONDecoder | None = None,
        max_decoded_size: int | None = None,
        max_decoded_ratio: float | None = None,
    ) -> None:
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
            json_encoder=json_encoder,
            json_decoder=json_decoder,
            max_decoded_size=max_decoded_size,
            max_decoded_ratio=max_decoded_ratio,
        )
        for_app = None if app is None else self._transport_for_app(app)
        self._connect(
            transport=for_app if transport is None else transport,
            mounts=mounts,
            proxy=proxy,
            proxies=proxies,
            method="handle_request",
            verify=verify,
            cert=cert,
            trust_env=trust_env,
            http1=http1,
            http2=http2,
            limits=limits,
        )

    def request(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a request; return its response, read to the end.

        Args:
            method: The method, in any case.
            url: Where to; relative to the client's `base_url`.
            content: The body: bytes, str, a binary file, an iterable of bytes.
            data: The body: the fields of a form.
            files: The body: the files of a form, by field name.
            json: The body: anything that can be written as JSON.
            params: Query parameters, over the client's; they replace the query of the URL.
            headers: Fields, over the client's.
            cookies: Cookies for this request. Deprecated: set them on the client.
            auth: How to prove who sends it, instead of the client's; None: not at all, unless the URL has credentials.
            follow_redirects: Whether redirects are followed, instead of the client's.
            timeout: Seconds, or a `Timeout`, instead of the client's; None is no limit.
            extensions: What else the transport shall know.

        Raises:
            InvalidURL: The URL is none.
            RequestError: There is no response; the subclass says why.
            RuntimeError: The client has been closed.
            StreamConsumed: The body would have to be sent twice, and can be sent only once.
            TypeError: An argument has a type that cannot be used; the message names it.
        """
        if cookies is not None:
            deprecated(
                "Setting per-request cookies=<...> is being deprecated, because the expected behaviour on cookie "
                "persistence is ambiguous. Set cookies directly on the client instance instead."
            )
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        return self.send(request, auth=auth, follow_redirects=follow_redirects)

    def stream(
        self,
        method: str,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> ResponseContext:
        """Return the context of a response that is not read; the request is sent when `with` begins.

        The arguments are those of `request`, as are the errors.
        """
        return ResponseContext(
            self,
            {"auth": auth, "follow_redirects": follow_redirects},
            method=method,
            url=url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )

    def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Send a request as it is; return its response.

        Args:
            request: What to send; `build_request` makes one with the client's settings.
            stream: Leave the response unread; the caller reads and closes it.
            auth: As for `request`.
            follow_redirects: As for `request`.

        Raises:
            RequestError: There is no response; the subclass says why.
            RuntimeError: The client has been closed.
            StreamConsumed: The body would have to be sent twice, and can be sent only once.
            TypeError: An argument has a type that cannot be used; the message names it.
        """
        scheme, follow = self._begin(request, auth, follow_redirects)
        return run(exchange(self, BLOCKING, request, scheme, follow, switch("stream", stream)))

    def get(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a GET request; the rest as `request`."""
        return self.request(
            "GET",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def options(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send an OPTIONS request; the rest as `request`."""
        return self.request(
            "OPTIONS",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def head(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a HEAD request; the rest as `request`."""
        return self.request(
            "HEAD",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def post(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a POST request; the rest as `request`."""
        return self.request(
            "POST",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def put(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PUT request; the rest as `request`."""
        return self.request(
            "PUT",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def patch(
        self,
        url: URL | str,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PATCH request; the rest as `request`."""
        return self.request(
            "PATCH",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def delete(
        self,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a DELETE request; the rest as `request`."""
        return self.request(
            "DELETE",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def close(self) -> None:
        """Close the transports, and their connections. Closing twice is allowed."""
        if self._end():
            run(shut(self, BLOCKING))

    def __enter__(self) -> Self:
        self._open()
        run(enter(self, BLOCKING))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._end()
        run(leave(self, BLOCKING, (exc_type, exc_value, traceback)))

    # What others override, call or replace. Each is what the exchange really uses.

    def _init_transport(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        transport: BaseTransport | None = None,
    ) -> BaseTransport:
        if transport is not None:
            return transport
        return HTTPTransport(verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits)

    def _init_proxy_transport(
        self,
        proxy: Proxy,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> BaseTransport:
        return HTTPTransport(
            verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2, limits=limits, proxy=proxy
        )

    def _transport_for_app(self, app: Callable[..., Any]) -> BaseTransport:
        from ._transports import WSGITransport

        deprecated(
            "The 'app' shortcut is now deprecated. Use the explicit style 'transport=WSGITransport(app=...)' instead."
        )
        return WSGITransport(app=app)

    def _transport_for_url(self, url: URL) -> BaseTransport:
        return route(self._mounts, self._transport, url)

    def _send_handling_auth(
        self, request: Request, auth: Auth, follow_redirects: bool, history: list[Response]
    ) -> Response:
        return run(exchange_with_auth(self, BLOCKING, request, auth, follow_redirects, history))

    def _send_handling_redirects(self, request: Request, follow_redirects: bool, history: list[Response]) -> Response:
        return run(exchange_with_redirects(self, BLOCKING, request, follow_redirects, history))

    def _send_single_request(self, request: Request) -> Response:
        return run(exchange_once(self, BLOCKING, request))


BLOCKING.ours = frozenset({Client._send_handling_auth, Client._send_handling_redirects, Client._send_single_request})
