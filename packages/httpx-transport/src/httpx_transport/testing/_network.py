"""The simulated network as a test sees it: servers, faults, pools, tasks, and a run. It only puts the parts together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ._backend import SimulatedBackend
from ._faults import Dice, Faults
from ._http import Script
from ._pool import SimulatedPool
from ._scheduler import Deadlock, Scheduler
from ._task import Task

if TYPE_CHECKING:
    from .._settings import Resolver
    from ..interface import ProxyTypes

T = TypeVar("T")


class Network:
    """A network in memory, with a clock of its own: what happens in it is the same every time.

    Args:
        seed: What faults are drawn from. The same seed, servers and requests give the same log, line for line.
        faults: How often what goes wrong; None is never, which makes the network a mock.

    Raises:
        ValueError: Something in `faults` is no probability.
    """

    def __init__(self, seed: int = 0, faults: Faults | None = None) -> None:
        self._dice = Dice(seed, Faults() if faults is None else faults)
        self._scheduler = Scheduler(self._dice.turn)
        self._backend = SimulatedBackend(self._scheduler, self._dice, {})
        self._started = 0
        self._running = False

    @property
    def now(self) -> float:
        """Virtual seconds since the network was made."""
        return self._scheduler.now

    @property
    def log(self) -> list[str]:
        """What has happened so far, a line each, with the time; two runs were the same if their logs are."""
        return self._scheduler.log.copy()  # a script that is collected with its network may still add to its own

    @property
    def connections(self) -> int:
        """How many connections have been made so far."""
        return self._backend.made

    @property
    def open_streams(self) -> list[str]:
        """The client's ends of connections that are open, in words, the oldest first."""
        return [repr(stream) for stream in self._backend.open]

    @property
    def faults(self) -> Faults:
        """How often what goes wrong; may be set, for all that happens from then on."""
        return self._dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._dice.faults = faults.check()

    def serve(self, host: str, port: int, script: Script, *, alpn: str | None = None) -> None:
        """Let connections to `host` and `port` be served by `script`, each by a call of its own.

        A name without any server is not found; a port without a server is refused. `https` differs from `http` in that
        `Peer.server_name` is set: nothing is encrypted.

        Args:
            host: A name or address, as URLs have it, in any case.
            port: The port.
            script: An `async def` that takes a `Peer`. What it raises, other than that the client has gone, `run` raises.
            alpn: What TLS agrees on as the next protocol, such as `h2`; None is no agreement.
        """
        self._backend.servers[host.lower(), port] = script
        self._backend.protocols[host.lower(), port] = alpn

    def pool(
        self,
        *,
        max_connections: int | None = 100,
        max_keepalive_connections: int | None = 20,
        keepalive_expiry: float | None = 5.0,
        timeout: float | None = 5.0,
        retries: int = 0,
        resolver: Resolver | None = None,
        max_connections_per_origin: int | None = None,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
    ) -> SimulatedPool:
        """Return a pool whose connections are in this network. TLS is only pretended, so there is no `ssl_context`.

        Args:
            max_connections: How many connections may be open at once; None is no limit.
            max_keepalive_connections: How many of them may be idle; None is no limit.
            keepalive_expiry: Virtual seconds for which a connection may be idle; None is no limit.
            timeout: Virtual seconds for each phase that a request's `timeout` extension does not name; None is no
                limit.
            retries: How often making a connection is tried again: at once, after 0.5 virtual seconds, 1, 2, and so on.
            resolver: Called with host and port for each connection: it returns names of servers, or pairs of name and
                port.
            max_connections_per_origin: How many of the connections may be open to one origin; None is no limit.
        http1: Whether HTTP/1.1 may be spoken.
        http2: Whether HTTP/2 may be spoken, to https origins that agree by ALPN; with `http1=False` to all, http ones
            too (RFC 9113 §3.3). It needs the extra `http2`.
            proxy: As for `ConnectionPool`; the proxies are servers of this network.
        """
        return SimulatedPool(
            self._backend,
            max_connections=max_connections,
            max_keepalive_connections=max_keepalive_connections,
            keepalive_expiry=keepalive_expiry,
            timeout=timeout,
            retries=retries,
            resolver=resolver,
            max_connections_per_origin=max_connections_per_origin,
            http1=http1,
            http2=http2,
            proxy=proxy,
        )

    def start(
        self,
        coroutine: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        cancel_at: int | None = None,
        cancel_late: bool = False,
    ) -> Task[T]:
        """Let a coroutine run beside the caller; return its task, to be awaited or cancelled.

        Args:
            coroutine: What runs. All that it awaits must be of this network.
            name: Its name in the log and in messages.
            cancel_at: Which of its waits, counted from 1, ends by `Cancelled`; `Task.steps` tells how many there are.
            cancel_late: Whether the cancellation takes the place of what ends the wait (bytes that have come, a
                connection that became free) instead of coming before it.
        """
        self._started += 1
        name = f"task {self._started}" if name is None else name
        return self._scheduler.spawn(coroutine, name, cancel_at=cancel_at, cancel_late=cancel_late)

    async def gather(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        """Run coroutines beside each other; return their results in order. If one fails, the others are cancelled."""
        tasks = [self.start(coroutine) for coroutine in coroutines]
        try:
            while not all(task.done for task in tasks) and not any(task.error is not None for task in tasks):
                await self._scheduler.ends.wait("the end of its tasks")
            for task in tasks:
                if task.error is not None:
                    raise task.error
            return [task.result() for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                await task.ended()

    async def sleep(self, seconds: float) -> None:
        """Wait for so many virtual seconds, which takes no time; 0 lets everything else run that can."""
        await self._scheduler.sleep(seconds)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, and return what it returns. Tasks that are then unfinished are cancelled.

        Connections and their servers are kept for the next run.

        Raises:
            Deadlock: Nothing can happen any more; the message says who waits for what.
            RuntimeError: The network runs already.
            BaseException: What a script raised; else what the coroutine raised; else a task that nobody awaits.
        """
        if self._running:
            coroutine.close()
            raise RuntimeError("this network runs already: use start or gather for further coroutines")
        self._running = True
        main = self._scheduler.spawn(coroutine, "main")
        try:
            try:
                self._scheduler.run(main)
            finally:
                self._scheduler.stop()
        except Deadlock as deadlock:
            self._raise_unheard(main, deadlock)
            raise
        finally:
            self._running = False
        self._raise_unheard(main, main.error)
        return main.result()

    def _raise_unheard(self, main: Task[Any], cause: BaseException | None) -> None:
        """Raise what a script, or where `main` did not fail a task, failed with and nobody has heard of."""
        failures = self._scheduler.failures
        failures.pop(main, None)
        unheard = [error for task, error in failures.items() if task.serving or main.error is None]
        failures.clear()
        if unheard:
            raise unheard[0] from cause
