"""The pool whose requests go through proxies: what a proxy has to be told, and what only a proxy may be told.

It knows requests; connecting through proxies is the route's.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

from .._backends import Backend
from .._connect._proxy import sayable
from .._connect._proxy_login import AUTHORIZATION, LOGIN_REQUIRED
from .._extensions import read_options, shortened
from .._schemes import DEFAULT_PORTS
from .._settings import Settings
from ..interface import Field, RawURL
from ._pool import Answer, Pool


class ProxiedPool(Pool):
    """A pool whose connections go through proxies.

    Where the last proxy forwards, a request for an http target becomes one to that proxy, so that all of them share its
    connections. All others are sent through tunnels as they are, but for credentials that are the proxy's alone.

    Args:
        backend: How I/O is done.
        settings: With at least one proxy.
    """

    def __init__(self, backend: Backend, settings: Settings) -> None:
        super().__init__(backend, settings)
        self._route = self._connector.go_through(settings.proxies)

    async def handle(
        self,
        method: bytes,
        url: RawURL,
        headers: list[Field],
        body: Iterable[bytes] | AsyncIterable[bytes] | bytes,
        extensions: dict[str, Any],
    ) -> Answer:
        """Send a request, as `Pool.handle` does; once more where the last proxy asks for Digest and the body allows it."""
        own = any(name.lower() == AUTHORIZATION for name, _ in headers)
        if url[0] != b"http" or not self._route.last.forwards:
            kept = [field for field in headers if field[0].lower() != AUTHORIZATION] if own else headers
            return await super().handle(method, url, kept, body, extensions)
        began = self._clock()
        forwarded = self._forwarded(method, url, read_options(extensions, None).target)
        answer = await super().handle(method, forwarded, self._fields(method, forwarded, headers), body, extensions)
        status, fields, exchange, _ = answer
        if own or status != LOGIN_REQUIRED or not self._route.login.learn(fields) or not isinstance(body, bytes):
            return answer
        if exchange.whole() is None:
            await exchange.close()
        left = shortened(extensions, self._clock() - began)
        return await super().handle(method, forwarded, self._fields(method, forwarded, headers), body, left)

    def _forwarded(self, method: bytes, url: RawURL, said: bytes | None) -> RawURL:
        """Return where a request for an http target is sent, and its target there (RFC 9112 §3.2.2, §3.2.4).

        Args:
            method: Its method; CONNECT has a form of its own.
            url: What is to be reached.
            said: The target that the caller asks for by extension; it is not touched.

        Raises:
            LocalProtocolError: The host could be taken for more than a host.
        """
        scheme, host, port, target = url
        proxy = self._route.last
        if said is not None:
            target = said
        elif method != b"CONNECT" and target[:1] in (b"/", b"*"):
            authority = sayable(host)
            if port is not None and port != DEFAULT_PORTS[scheme]:
                authority += b":%d" % port
            target = b"http://%b%b" % (authority, b"" if target == b"*" else target)
        return scheme, proxy.host, proxy.port, target

    def _fields(self, method: bytes, url: RawURL, headers: list[Field]) -> list[Field]:
        """Return the fields with those for the proxy, but for names that the caller has given himself."""
        given = {name.lower() for name, _ in headers}
        added = self._route.login.fields(method, url[3])
        return headers + [field for field in added if field[0].lower() not in given]
