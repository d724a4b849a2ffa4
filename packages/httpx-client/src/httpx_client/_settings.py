"""What a client has been told: the settings that every request starts from, and whether it is open. No I/O."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from httpx_models import Cookies, Headers, supported_codings
from httpx_models.types import CookieTypes, DefaultEncoding, HeaderTypes, JSONDecoder, JSONEncoder
from httpx_urls import URL, QueryParams, QueryParamTypes

from .__about__ import __version__
from ._arguments import able, checked, converted, function, switch
from ._auth import Auth, AuthTypes, build_auth
from ._config import DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG, Timeout, TimeoutTypes
from ._merging import merge_headers, with_trailing_slash

USER_AGENT: Final = f"python-httpx/{__version__}"

EventHook = Callable[..., Any]
"""What is called with each request before it is sent, or with each response when it has come."""


class ClientState(enum.Enum):
    """Where a client stands in its life."""

    UNOPENED = 1
    """Nothing has been sent yet."""

    OPENED = 2
    """It has sent something, or is used in `with`."""

    CLOSED = 3
    """It has been closed, and stays closed."""


_EVENTS: Final = ("request", "response")

OPENED: Final = ClientState.OPENED  # asked of every request, and a member is slow to find


class Settings:
    """The settings of a client; the arguments are those of `Client`."""

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[EventHook]] | None = None,
        base_url: URL | str = "",
        trust_env: bool = True,
        default_encoding: DefaultEncoding = "utf-8",
        json_encoder: JSONEncoder | None = None,
        json_decoder: JSONDecoder | None = None,
        max_decoded_size: int | None = None,
        max_decoded_ratio: float | None = None,
    ) -> None:
        self.base_url = base_url
        self.auth = auth
        self.params = params
        self.headers = headers
        self.cookies = cookies
        self.timeout = timeout
        self.event_hooks = event_hooks or {}
        self.follow_redirects: bool = switch("follow_redirects", follow_redirects)
        self.max_redirects: int = checked("max_redirects", max_redirects, int, "an int")
        self._trust_env: bool = switch("trust_env", trust_env)
        self._default_encoding: DefaultEncoding = default_encoding
        if not isinstance(default_encoding, str):
            function("default_encoding", default_encoding)
        self._json_encoder: JSONEncoder | None = able("json_encoder", json_encoder, "__call__")
        self._json_decoder: JSONDecoder | None = able("json_decoder", json_decoder, "__call__")
        self._max_decoded_size = _limit("max_decoded_size", max_decoded_size)
        self._max_decoded_ratio = _limit("max_decoded_ratio", max_decoded_ratio)
        self._state = ClientState.UNOPENED

    @property
    def is_closed(self) -> bool:
        """Whether the client has been closed."""
        return self._state is ClientState.CLOSED

    @property
    def trust_env(self) -> bool:
        """Whether proxies and certificates that the environment names are used."""
        return self._trust_env

    @property
    def timeout(self) -> Timeout:
        """How long each phase of a request may take. It can be set to anything that `Timeout` takes."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = Timeout(timeout)

    @property
    def event_hooks(self) -> dict[str, list[EventHook]]:
        """What is called with each "request" and each "response": two lists, which can be changed or set.

        Raises:
            TypeError: What is set is no mapping of lists of functions.
            ValueError: What is set has another key.
        """
        return self._event_hooks

    @event_hooks.setter
    def event_hooks(self, event_hooks: Mapping[str, list[EventHook]]) -> None:
        checked("event_hooks", event_hooks, Mapping, "a dict of lists of functions")
        for kind in event_hooks:
            if kind not in _EVENTS:
                raise ValueError(
                    f"Unknown key {kind!r} in 'event_hooks': the events are {' and '.join(map(repr, _EVENTS))}"
                )
        self._event_hooks = {
            kind: converted(f"event_hooks[{kind!r}]", _functions, event_hooks.get(kind, ())) for kind in _EVENTS
        }

    @property
    def auth(self) -> Auth | None:
        """How requests prove who sends them. It can be set to anything that `auth=` takes."""
        return self._auth

    @auth.setter
    def auth(self, auth: AuthTypes | None) -> None:
        self._auth = self._build_auth(auth)

    @property
    def base_url(self) -> URL:
        """What stands before relative URLs; it ends in "/". It can be set to a URL or a str."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: URL | str) -> None:
        self._base_url = self._enforce_trailing_slash(converted("base_url", URL, url))

    @property
    def headers(self) -> Headers:
        """The fields of every request. What is set goes over the defaults."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderTypes | None) -> None:
        defaults = Headers(
            {
                "Accept": "*/*",
                "Accept-Encoding": ", ".join(supported_codings()),
                "Connection": "keep-alive",
                "User-Agent": USER_AGENT,
            }
        )
        self._headers = converted("headers", lambda given: merge_headers(defaults, given), headers)

    @property
    def cookies(self) -> Cookies:
        """The cookies: those that were given, and those that responses have set since."""
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: CookieTypes | None) -> None:
        self._cookies = converted("cookies", Cookies, cookies)

    @property
    def params(self) -> QueryParams:
        """The query parameters of every request. They can be set to anything that `QueryParams` takes."""
        return self._params

    @params.setter
    def params(self, params: QueryParamTypes | None) -> None:
        self._params = converted("params", QueryParams, params)

    def _enforce_trailing_slash(self, url: URL) -> URL:
        return with_trailing_slash(url)

    def _build_auth(self, auth: AuthTypes | None) -> Auth | None:
        return build_auth(auth)


def _functions(hooks: Iterable[EventHook]) -> list[EventHook]:
    """Return a list of functions."""
    for hook in hooks:
        if not callable(hook):
            raise TypeError(f"functions are needed, not {type(hook)}")
    return list(hooks)


def _limit(name: str, value: Any) -> Any:
    """Return a number, or None for no limit."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f'Invalid "{name}" argument: a number or None is needed, not {type(value)}')
    if value is not None and not value > 0:
        raise ValueError(f"{name!r} must be more than zero, or None for no limit, not {value!r}")
    return value
