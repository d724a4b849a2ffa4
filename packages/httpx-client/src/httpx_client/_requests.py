"""Which requests a client makes: from what it is asked for, and from what it has been redirected to. No I/O.

The methods with an underscore are those of 0.28 that other packages call, override or replace; each is really used.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

from httpx_models import AsyncByteStream, Cookies, Headers, RemoteProtocolError, Request, Response, SyncByteStream
from httpx_models.types import CookieTypes, HeaderTypes, RequestContent, RequestData, RequestExtensions, RequestFiles
from httpx_urls import URL, InvalidURL, QueryParams, QueryParamTypes

from ._arguments import converted
from ._auth import Auth, AuthTypes, BasicAuth
from ._config import USE_CLIENT_DEFAULT, Timeout, TimeoutTypes, UseClientDefault
from ._hints import GIVEN_URL
from ._logs import warn_of_lost_query
from ._merging import join_base, loses_query, merge_headers, put_under_query, to_url
from ._redirects import (
    loses_body,
    may_have_credentials,
    read_location,
    redirect_extensions,
    redirect_headers,
    redirect_method,
    redirect_url,
)
from ._settings import Settings

_NO_AUTH = Auth()


class Requests(Settings):
    """Makes the requests of a client."""

    _warned_of_lost_query = False

    if TYPE_CHECKING:

        def _is_forwarded(self, url: URL) -> bool: ...

    def build_request(
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
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Request:
        """Return the request that `request` would send; the arguments are the same.

        Raises:
            InvalidURL: The URL is none.
            LocalProtocolError: The method or a field contains a line break or NUL.
            TypeError: An argument has a type that cannot be used.
        """
        merge = self._merge_headers
        # A request copies what it is given; only somebody else's method must not get hold of the client's own.
        as_they_are = headers is None and type(merge) is MethodType and merge.__func__ is Requests._merge_headers
        request = Request(
            method,
            self._url_for(url, params),
            headers=self._headers if as_they_are else merge(headers),
            content=content,
            data=data,
            files=files,
            json=json,
            extensions=self._extensions_for(extensions, timeout),
            json_encoder=self._json_encoder,
        )
        if not request.url.scheme:
            vars(request)[GIVEN_URL] = str(url if str(self._base_url) in {"", "/"} else request.url)
        if "proxy-authorization" in self._headers:
            self._drop_proxy_credentials(request, headers)
        merged_cookies = self._merge_cookies(cookies)
        if merged_cookies:
            Cookies.set_cookie_header(
                merged_cookies if isinstance(merged_cookies, Cookies) else Cookies(merged_cookies), request
            )
        return request

    def _drop_proxy_credentials(self, request: Request, headers: HeaderTypes | None) -> None:
        """Remove the client's Proxy-Authorization from a request that no proxy reads, unless the caller gave the field."""
        if "proxy-authorization" not in Headers(headers) and not self._is_forwarded(request.url):
            del request.headers["Proxy-Authorization"]

    def _url_for(self, url: URL | str, params: QueryParamTypes | None) -> URL:
        """Return where a request goes. Its own parameters replace the query, the client's are put under it."""
        target = self._merge_url(url)
        merged = self._merge_queryparams(params)
        if merged is None:
            return target
        query = converted("params", QueryParams, merged)
        if params is None:
            return put_under_query(query, target)
        if not self._warned_of_lost_query and loses_query(target, query):
            self._warned_of_lost_query = True
            warn_of_lost_query(target)
        return target.copy_with(params=query)

    def _extensions_for(
        self, extensions: RequestExtensions | None, timeout: TimeoutTypes | UseClientDefault
    ) -> dict[str, Any]:
        limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
        if extensions is None:
            return {"timeout": limits.as_dict()}
        own = converted("extensions", dict[str, Any], extensions)
        own.setdefault("timeout", limits.as_dict())
        return own

    def _merge_url(self, url: URL | str) -> URL:
        target = to_url(url)
        return target if target.is_absolute_url else join_base(self._base_url, target)

    def _merge_headers(self, headers: HeaderTypes | None = None) -> HeaderTypes | None:
        return converted("headers", lambda given: merge_headers(self._headers, given), headers)

    def _merge_cookies(self, cookies: CookieTypes | None = None) -> CookieTypes | None:
        if not cookies:
            return self._cookies
        merged = Cookies(self._cookies)
        merged.update(converted("cookies", Cookies, cookies))
        return merged

    def _merge_queryparams(self, params: QueryParamTypes | None = None) -> QueryParamTypes | None:
        own = self._params
        return own.merge(converted("params", QueryParams, params)) if own else params

    # Before it is sent.

    def _set_timeout(self, request: Request) -> None:
        if "timeout" not in request.extensions:
            request.extensions = {**request.extensions, "timeout": self._timeout.as_dict()}

    def _build_request_auth(
        self, request: Request, auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT
    ) -> Auth:
        if not isinstance(auth, UseClientDefault):
            chosen = self._build_auth(auth)
        else:
            chosen = self._auth if may_have_credentials(request.extensions, request.url) else None
        if chosen is not None:
            return chosen
        if request.url.userinfo:
            return BasicAuth(request.url.username, request.url.password)
        return _NO_AUTH

    # After a redirect.

    def _build_redirect_request(self, request: Request, response: Response) -> Request:
        method = self._redirect_method(request, response)
        url = self._redirect_url(request, response)
        following = Request(
            method,
            url,
            headers=self._redirect_headers(request, url, method),
            stream=self._redirect_stream(request, method),
            extensions=redirect_extensions(request.extensions, request.url, url),
        )
        if may_have_credentials(following.extensions, url):
            self._cookies.set_cookie_header(following)
        else:
            self._cookies.set_cookie_header(following, without_domain=False)
        return following

    def _redirect_method(self, request: Request, response: Response) -> str:
        return redirect_method(request.method, response.status_code)

    def _redirect_url(self, request: Request, response: Response) -> URL:
        locations = [value for name, value in response.headers.raw if name.lower() == b"location"]
        if len(locations) != 1:
            raise RemoteProtocolError(
                f"The response has {len(locations)} Location fields instead of one.", request=request
            )
        try:
            return redirect_url(request.url, read_location(locations[0]))
        except InvalidURL as error:
            raise RemoteProtocolError(f"Invalid URL in location header: {error}.", request=request) from None

    def _redirect_headers(self, request: Request, url: URL, method: str) -> Headers:
        return redirect_headers(request.headers, request.url, url, loses_body=loses_body(request.method, method))

    def _redirect_stream(self, request: Request, method: str) -> SyncByteStream | AsyncByteStream | None:
        return None if loses_body(request.method, method) else request.stream
