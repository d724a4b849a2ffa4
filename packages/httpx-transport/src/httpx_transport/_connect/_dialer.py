"""From a host and a port to a stream: whom to ask for addresses, where to connect from, what to tell the socket.

It knows neither origins nor TLS.
"""

from __future__ import annotations

from collections.abc import Awaitable

from .._backends import AddressInfo, Attempt, Backend, Stream
from .._settings import Settings
from ._addresses import plan, read_resolved


class Dialer:
    """Makes streams for a pool.

    Args:
        backend: How I/O is done.
        settings: The pool's.

    Attributes:
        local_address: The address to connect from; None is any.
        uds: The Unix domain socket to connect to, whatever the host; None is none.
        socket_options: What each socket is told before it connects.
    """

    __slots__ = ("_backend", "_family", "_resolver", "local_address", "socket_options", "uds")

    def __init__(self, backend: Backend, settings: Settings) -> None:
        self._backend = backend
        self._resolver = settings.resolver
        self._family: int | None = None  # that worked last, where there was a choice
        self.local_address = settings.local_address
        self.uds = settings.uds
        self.socket_options = settings.socket_options

    async def dial(self, host: str, port: int, timeout: float | None, timings: dict[str, float]) -> Stream:
        """Return a stream to a host within `timeout` seconds; note in `timings` how long its name took.

        Raises:
            TimeoutError: The time was over.
            OSError: There is no such name, or none of its addresses answers.
            TypeError, ValueError: The resolver's answer makes no sense.
        """
        clock = self._backend.clock
        started = clock()
        if self.uds is not None:
            attempts = [Attempt(self._backend.unix_address(self.uds), None, 0.0)]
        else:
            attempts = await self._plan(host, port, timeout)
            timings["dns"] = clock() - started
        left = None if timeout is None else max(timeout - (clock() - started), 0.0)
        stream = await self._backend.connect(attempts, self.socket_options, left)
        self._remember(attempts, stream)
        return stream

    async def _plan(self, host: str, port: int, timeout: float | None) -> list[Attempt]:
        found = await self.resolve(host, port, timeout)
        local: list[AddressInfo] = []
        if self.local_address is not None:
            local = await self._backend.resolve(self.local_address, 0, timeout)
        return plan(found, local, self._family)

    async def resolve(self, host: str, port: int, timeout: float | None) -> list[AddressInfo]:
        """Return the addresses of a host within `timeout` seconds, from the resolver if there is one.

        Raises:
            TimeoutError: The time was over.
            OSError: There is no such name.
            TypeError, ValueError: The resolver's answer makes no sense.
        """
        if self._resolver is None:
            return await self._backend.resolve(host, port, timeout)
        answer = self._resolver(host, port)
        if isinstance(answer, Awaitable):
            answer = await self._backend.within(answer, timeout)
        found: list[AddressInfo] = []
        for address in read_resolved(answer, port):
            if len(address) == 2:
                numeric = self._backend.numeric(*address)
                if not numeric:
                    raise ValueError(f"the resolver's answer for {host!r} is no IP address: {address[0]!r}")
                found += numeric
            else:
                found.append(address)
        return found

    def _remember(self, attempts: list[Attempt], stream: Stream) -> None:
        """Note which family has worked, for the next time that there is a choice."""
        if any(attempt.address[0] != attempts[0].address[0] for attempt in attempts):
            reached = stream.get_extra_info("server_addr")
            found = (attempt.address[0] for attempt in attempts if attempt.address[4][:2] == reached)
            self._family = next(found, self._family)
