"""Through what a client's requests go: which transport for which URL, and what those that it makes itself are told.

It knows transports as things that are chosen, opened and closed. It must not know how they send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from httpx_models import Request, Response
from httpx_urls import URL, InvalidURL

from ._arguments import able, checked, converted, switch
from ._auth import Auth, AuthTypes
from ._config import Limits, Proxy, ProxyTypes, UseClientDefault
from ._deprecations import deprecated
from ._environment import get_environment_proxies
from ._mounts import URLPattern
from ._requests import Requests
from ._settings import OPENED, ClientState
from ._transports._unusable import UnusableProxyTransport

if TYPE_CHECKING:
    from ._config import CertTypes

T = TypeVar("T")


def route(mounts: Mapping[URLPattern, T | None], default: T, url: URL) -> T:
    """Return the transport of the first pattern that matches a URL, the default one where it is None or nothing matches.

    Args:
        mounts: Transports by pattern, the most specific first.
        default: The transport for everything else.
        url: Where a request goes.
    """
    for pattern, transport in mounts.items():
        if pattern.matches(url):
            return default if transport is None else transport
    return default


class BaseClient(Requests):
    """What `Client` and `AsyncClient` have in common: all but the colour."""

    _transport: Any
    _mounts: dict[URLPattern, Any]

    def _connect(
        self,
        *,
        transport: Any,
        mounts: Mapping[str, Any] | None,
        proxy: ProxyTypes | None,
        proxies: ProxyTypes | Mapping[str, ProxyTypes | None] | None,
        method: str,
        **settings: Any,
    ) -> None:
        """Make the transports, through the hooks that others override; nothing is opened.

        Args:
            transport: The one for everything that no pattern matches, None to make it.
            mounts: Transports by pattern.
            proxy: Through which proxy everything goes.
            proxies: The same, or by pattern, in the words of 0.27.
            method: What a transport of this colour must have.
            settings: What `_init_transport` and `_init_proxy_transport` are told: verify, cert, trust_env, http1, http2,
                limits.
        """
        able("transport", transport, method)
        checked("limits", settings["limits"], Limits, "Limits")
        mapped = self._proxies(proxy, proxies, allow_env_proxies=self._trust_env and transport is None)
        self._transport = self._init_transport(**settings, transport=transport)
        patterns: dict[URLPattern, Any] = {
            URLPattern(key): None if value is None else self._proxied_transport(value, settings)
            for key, value in mapped.items()
        }
        for key, mounted in checked("mounts", mounts or {}, Mapping, "a dict of transports by pattern").items():
            patterns[converted("mounts", URLPattern, key)] = able(f"mounts[{key!r}]", mounted, method)
        self._mounts = dict(sorted(patterns.items(), key=lambda item: item[0]))

    def _proxied_transport(self, proxy: Proxy, settings: dict[str, Any]) -> Any:
        """Return the transport through a proxy. One that the environment names, and that is of no use, fails when it is used.

        Raises:
            ImportError: The proxy of an argument is a SOCKS proxy, and the extra `socks` is not installed.
            ValueError: The proxy of an argument has a value that cannot be used.
        """
        if not isinstance(proxy, EnvironmentProxy):
            return self._init_proxy_transport(proxy=proxy, **settings)
        if proxy.flaw:
            return UnusableProxyTransport(proxy.flaw)
        try:
            return self._init_proxy_transport(proxy=proxy, **settings)
        except (ImportError, ValueError) as error:
            return UnusableProxyTransport(proxy.describe(error))

    def _proxies(
        self,
        proxy: ProxyTypes | None,
        proxies: ProxyTypes | Mapping[str, ProxyTypes | None] | None,
        *,
        allow_env_proxies: bool,
    ) -> dict[str, Proxy | None]:
        """Return the proxies by pattern, those of the deprecated argument too."""
        if proxies is None:
            return self._get_proxy_map(proxy, allow_env_proxies)
        deprecated("The 'proxies' argument is now deprecated. Use 'proxy' or 'mounts' instead.")
        if proxy is not None:
            raise RuntimeError("Use either `proxy` or 'proxies', not both.")
        if isinstance(proxies, Mapping):
            return {key: None if value is None else _proxy("proxies", value) for key, value in proxies.items()}
        return {"all://": _proxy("proxies", proxies)}

    def _get_proxy_map(self, proxy: ProxyTypes | None, allow_env_proxies: bool) -> dict[str, Proxy | None]:
        if proxy is not None:
            return {"all://": _proxy("proxy", proxy)}
        if not allow_env_proxies:
            return {}
        return {
            key: None if value is None else EnvironmentProxy(f"{key.removesuffix('://').upper()}_PROXY", value)
            for key, value in get_environment_proxies().items()
        }

    def _is_forwarded(self, url: URL) -> bool:
        """Return whether a proxy may read the fields of a request for a URL: not in a tunnel; a foreign transport may have one."""
        transport = route(self._mounts, self._transport, url)
        proxied: bool | None = getattr(transport, "_proxied", None)
        return proxied is None or (proxied and url.scheme == "http")

    # Each face says what it makes.

    def _init_transport(
        self,
        verify: Any,
        cert: CertTypes | None,
        trust_env: bool,
        http1: bool,
        http2: bool,
        limits: Limits,
        transport: Any,
    ) -> Any:
        raise NotImplementedError

    def _init_proxy_transport(
        self,
        proxy: Proxy,
        verify: Any,
        cert: CertTypes | None,
        trust_env: bool,
        http1: bool,
        http2: bool,
        limits: Limits,
    ) -> Any:
        raise NotImplementedError

    # From the first request to the end.

    def _begin(
        self, request: Request, auth: AuthTypes | UseClientDefault | None, follow_redirects: bool | UseClientDefault
    ) -> tuple[Auth, bool]:
        """Return how a request is to be sent, from the arguments and the client's own settings.

        Raises:
            RuntimeError: The client has been closed.
            TypeError: An argument has a type that cannot be used.
        """
        checked("request", request, Request, "a Request")
        if self._state is not OPENED:
            if self._state is ClientState.CLOSED:
                raise RuntimeError("Cannot send a request, as the client has been closed.")
            self._state = OPENED
        self._set_timeout(request)
        follow = self.follow_redirects
        if type(follow_redirects) is not UseClientDefault:
            follow = switch("follow_redirects", follow_redirects)
        return self._build_request_auth(request, auth), follow

    def _take_in(self, response: Response) -> None:
        """Keep the cookies that a response sets, and give it the client's settings."""
        self._cookies.extract_cookies(response)
        response.default_encoding = self._default_encoding
        if self._json_decoder is not None:
            response.json_decoder = self._json_decoder
        if self._max_decoded_size is not None:
            response.max_decoded_size = self._max_decoded_size
        if self._max_decoded_ratio is not None:
            response.max_decoded_ratio = self._max_decoded_ratio

    def _open(self) -> None:
        """Note that the client is used in `with`.

        Raises:
            RuntimeError: It has been opened or closed before.
        """
        if self._state is ClientState.OPENED:
            raise RuntimeError("Cannot open a client instance more than once.")
        if self._state is ClientState.CLOSED:
            raise RuntimeError("Cannot reopen a client instance, once it has been closed.")
        self._state = ClientState.OPENED

    def _end(self) -> bool:
        """Note that the client is closed; return whether it was not."""
        was_open = self._state is not ClientState.CLOSED
        self._state = ClientState.CLOSED
        return was_open

    def pool_stats(self) -> dict[str, int]:
        """Return what the client's pools hold now: `connections`, of which `active` and `idle`, and requests `waiting`."""
        total = {"connections": 0, "active": 0, "idle": 0, "waiting": 0}
        for transport in self._transports():
            if hasattr(transport, "pool_stats"):
                for name, count in transport.pool_stats().items():
                    total[name] = total.get(name, 0) + count
        return total

    def _transports(self) -> list[Any]:
        """Return all transports, each once."""
        distinct = {id(one): one for one in (self._transport, *self._mounts.values()) if one is not None}
        return list(distinct.values())


class EnvironmentProxy(Proxy):
    """A proxy that an environment variable names, and which may be of no use.

    Args:
        variable: The variable's name.
        url: Its value.

    Attributes:
        flaw: Why it cannot be used, "" if it can.
    """

    def __init__(self, variable: str, url: str) -> None:
        self._variable = variable
        self.flaw = ""
        try:
            super().__init__(url)
        except (InvalidURL, ValueError) as error:
            super().__init__("http://unusable.invalid")
            self.flaw = self.describe(error)

    def describe(self, error: Exception) -> str:
        """Return a message that names the variable; errors about proxies hold no credentials."""
        return f"{error} (in the environment, {self._variable})"


def _proxy(name: str, proxy: Any) -> Proxy:
    """Return the proxy that an argument means."""
    if isinstance(proxy, Proxy):
        return proxy
    checked(name, proxy, (str, URL), "a URL, a str or a Proxy")
    return Proxy(url=proxy)
