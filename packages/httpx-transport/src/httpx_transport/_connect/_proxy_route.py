"""The way through the proxies of a pool: each is asked, over the stream that reaches it, for the next, the last for the target.

All of it takes place within one deadline; whatever fails, the stream is closed, and nobody is asked instead.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeAlias

from .._backends import AddressInfo, Stream
from .._connection import Origin, peer_name, port_of
from .._errors import ProxyError, connect_failure, explain
from .._trace import Trace
from ._contexts import HTTP_1, shared_ssl_context
from ._proxy import Proxy, sayable
from ._proxy_dialogue import Dialogue
from ._proxy_login import LOGIN_REQUIRED, Login
from ._socks import ask_socks4, ask_socks5
from ._tunnel import ask_for_tunnel

Dial: TypeAlias = Callable[[str, int, float | None], Awaitable[Stream]]
"""What makes a stream to a host and port within so many seconds."""

LookUp: TypeAlias = Callable[[str, int, float | None], Awaitable[list[AddressInfo]]]
"""What returns the addresses of a host, as getaddrinfo does, within so many seconds."""

Left: TypeAlias = Callable[[], float | None]
"""What returns the seconds that are left, None where there is no limit."""


class Route:
    """The proxies of one pool, and who we are to each.

    Args:
        proxies: At least one; the first is connected to.
        clock: What returns seconds.
        look_up: What knows addresses, for proxies that are not to look up names.

    Attributes:
        last: The proxy that knows the target.
        login: Who we are to it.
    """

    __slots__ = ("_clock", "_hops", "_look_up", "last", "login")

    def __init__(self, proxies: tuple[Proxy, ...], clock: Callable[[], float], look_up: LookUp) -> None:
        self._clock = clock
        self._look_up = look_up
        self._hops = [(proxy, Login(proxy)) for proxy in proxies]
        self.last, self.login = self._hops[-1]

    @property
    def kinds(self) -> tuple[str, str]:
        """The first words of the events that tell of connecting, and of TLS with the target."""
        over_socks, to_socks = [proxy.scheme.startswith(b"socks") for proxy in (self.last, self._hops[0][0])]
        return "socks" if to_socks else "connection", "socks" if over_socks else "proxy"

    def peer(self, origin: Origin) -> str:
        """Return how messages call a connection to an origin by this way; a forwarding proxy is the peer itself."""
        names = [proxy.name for proxy, _ in self._hops]
        target = names.pop() if self._forwarded(origin) else peer_name(origin)
        return f"{target} through {' and '.join(names)}" if names else target

    def _forwarded(self, origin: Origin) -> bool:
        """Return whether what is for this origin is given to the last proxy, which `origin` then names."""
        return origin[0] == b"http" and self.last.forwards

    async def connect(self, dial: Dial, origin: Origin, timeout: float | None, trace: Trace | None) -> Stream:
        """Return a stream that leads to an origin; for http, where the last proxy forwards, to that proxy.

        Args:
            dial: What makes the stream to the first proxy.
            origin: Whom to reach. TLS with it is not begun here.
            timeout: Seconds for all of it.
            trace: Who wants to know.

        Raises:
            ConnectTimeout: The time was over.
            ConnectError: A proxy cannot be reached, is not the one that its certificate should name, or broke off.
            ProxyError: A proxy refused, or did not keep to the rules.
        """
        clock = self._clock
        deadline = None if timeout is None else clock() + timeout

        def left() -> float | None:
            return None if deadline is None else max(deadline - clock(), 0.0)

        target = None if self._forwarded(origin) else (origin[1], port_of(origin))
        first, challenged = self._hops[0][0], set[Login]()
        while True:  # once more for each proxy that asks for Digest, which only a new connection is sure to answer
            with _Phase(clock, "connecting to", first.name):
                stream = await dial(first.host.decode("ascii"), first.port, left())
            try:
                if await self._travel(stream, target, left, challenged, trace):
                    return stream
            except BaseException:
                stream.close()
                raise
            stream.close()

    async def _travel(
        self,
        stream: Stream,
        target: tuple[bytes, int] | None,
        left: Left,
        challenged: set[Login],
        trace: Trace | None,
    ) -> bool:
        """Lead the stream on, from the first proxy to the target; return whether it got there, or should try again."""
        following = [*((proxy.host, proxy.port) for proxy, _ in self._hops[1:]), target]
        for (proxy, login), address in zip(self._hops, following, strict=True):
            if proxy.scheme == b"https":
                with _Phase(self._clock, "in the TLS handshake with", proxy.name):
                    await _start_tls(stream, proxy, left())
            if address is None:
                continue
            host, port = address
            asked = peer_name((b"", host, port, None))
            with _Phase(self._clock, "asking", f"{proxy.name} for {asked}"):
                sayable(host)
                dialogue = Dialogue(stream, left)
                if proxy.scheme.startswith(b"socks"):
                    await self._ask_socks(dialogue, proxy, host, port, left, trace)
                elif not await _ask_http(dialogue, login, host, port, challenged):
                    return False
        return True

    async def _ask_socks(
        self, dialogue: Dialogue, proxy: Proxy, host: bytes, port: int, left: Left, trace: Trace | None
    ) -> None:
        handshake = functools.partial(self._shake_hands, dialogue, proxy, host, port, left)
        if trace is None:
            await handshake()
            return
        version = proxy.scheme[5:6].decode("ascii")
        shown = host.decode("ascii")  # and not who we are
        await trace.around(f"socks.setup_socks{version}_connection", handshake, host=shown, port=port)

    async def _shake_hands(self, dialogue: Dialogue, proxy: Proxy, host: bytes, port: int, left: Left) -> None:
        if proxy.scheme in (b"socks4", b"socks5"):  # 4a and 5h leave the name to the proxy
            host = await self._address(host, port, proxy.scheme == b"socks4", left())
        if proxy.scheme.startswith(b"socks4"):
            await ask_socks4(dialogue, proxy.auth[0] if proxy.auth else b"", host, port)
        else:
            await ask_socks5(dialogue, proxy.auth, host, port)
        dialogue.finish()

    async def _address(self, host: bytes, port: int, only_4: bool, timeout: float | None) -> bytes:
        """Return an address of a host: of version 4 if there is one, as nobody tells whether the proxy knows another."""
        found = [str(info[4][0]) for info in await self._look_up(host.decode("ascii"), port, timeout)]
        fit = [address for address in found if ":" not in address] or ([] if only_4 else found)
        if not fit:
            raise OSError("the name has no address that this proxy could be given")
        return fit[0].encode("ascii")


async def _start_tls(stream: Stream, proxy: Proxy, timeout: float | None) -> None:
    """Shake hands with a proxy, which is spoken to in HTTP/1.1."""
    given, hostname = proxy.ssl_context, proxy.host.decode("ascii")
    if given is None or callable(given):
        await stream.start_tls((given or shared_ssl_context)(alpn=HTTP_1), hostname, timeout)
    else:
        await stream.start_tls(given, hostname, timeout, HTTP_1)


async def _ask_http(dialogue: Dialogue, login: Login, host: bytes, port: int, challenged: set[Login]) -> bool:
    """Ask for a tunnel; return whether it is there, False where asking anew, with what was learned, is worth a try."""
    reply = await ask_for_tunnel(dialogue, login, host, port)
    if reply.granted:
        return True
    if reply.status == LOGIN_REQUIRED and login not in challenged and login.learn(reply.fields):
        challenged.add(login)
        return False
    raise ProxyError(str(reply))


class _Phase:
    """A part of the way, in whose words its errors are told; use it in `with`.

    Args:
        clock: Tells seconds.
        doing: What is done, with its preposition.
        peer: With whom.
    """

    __slots__ = ("_clock", "_doing", "_peer", "_started")

    def __init__(self, clock: Callable[[], float], doing: str, peer: str) -> None:
        self._clock = clock
        self._doing = doing
        self._peer = peer

    def __enter__(self) -> None:
        self._started = self._clock()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        seconds = self._clock() - self._started
        if isinstance(exc, ProxyError):
            raise ProxyError(explain(exc, self._doing, self._peer, seconds)) from None
        if isinstance(exc, OSError | ValueError):
            raise connect_failure(exc, self._doing, self._peer, seconds) from exc
