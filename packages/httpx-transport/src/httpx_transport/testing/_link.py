"""One connection of a simulated network: two ends, and what is under way between them. It knows bytes, not HTTP.

It behaves as TCP does for its users: bytes arrive in order, no more are under way than the window allows, an end can
stop sending and still receive, and whoever closes without having read everything breaks the connection.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import Final
from zlib import crc32

from ._faults import Dice
from ._scheduler import Scheduler
from ._task import Signal

WINDOW: Final = 65_536  # bytes that one end may send before the other has read any


class End:
    """One end of a connection.

    Args:
        scheduler: Who carries what is sent.
        dice: What happens to it on the way.
        name: Its name in the log.
        place: Which connection it is of, in messages.
        serving: Whether it is the server's.

    Attributes:
        far: The other end.
        closed: Whether it has been closed here.
        watcher: What is called when the far end sends no more, or the connection breaks.
        why: What is said to who uses it after it has been closed.
    """

    __slots__ = (
        "_arrival",
        "_broken",
        "_changed",
        "_dice",
        "_ended",
        "_finished",
        "_lost",
        "_name",
        "_place",
        "_received",
        "_scheduler",
        "_serving",
        "_unacknowledged",
        "_under_way",
        "closed",
        "far",
        "watcher",
        "why",
    )

    far: End

    def __init__(self, scheduler: Scheduler, dice: Dice, name: str, place: str, serving: bool) -> None:
        self._scheduler = scheduler
        self._dice = dice
        self._name = name
        self._place = place
        self._serving = serving
        self._changed = Signal()
        self._received: deque[bytes] = deque()
        self._ended = False  # the far end sends no more
        self._broken = False
        self._finished = False  # we send no more
        self._lost = False  # what we send never arrives
        self._arrival = 0.0  # when the last of what we sent arrives
        self._under_way = 0  # how many deliveries
        self._unacknowledged = 0  # bytes that we sent and the far end has not read
        self.closed = False
        self.watcher: Callable[[], None] | None = None
        self.why = ""

    # What its holder asks.

    def readable(self) -> bool:
        """Return whether `receive` has something to say."""
        return bool(self._received) or self._ended or self._broken or self.closed

    def writable(self) -> bool:
        """Return whether `send` takes something, or has an error to tell."""
        return self._unacknowledged < WINDOW or self._broken or self.closed

    def over(self) -> bool:
        """Return whether the far end sends no more, whatever is still unread."""
        return self._ended or self._broken or self.closed

    def receive(self) -> bytes | None:
        """Return bytes that are here, b"" at the end, None where there are none yet.

        Raises:
            ConnectionResetError: The connection broke, and all that came before has been read.
            OSError: It was closed here.
        """
        if self.closed:
            raise self._gone()
        if self._received:
            data = self._received.popleft()
            self.far.acknowledge(len(data))
            return data
        if self._broken:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return b"" if self._ended else None

    def send(self, data: bytes | memoryview) -> int:
        """Send as many bytes as the window allows; return how many.

        Raises:
            ConnectionResetError: The connection broke.
            BrokenPipeError: This end has been half-closed.
            OSError: It was closed here.
        """
        if self.closed:
            raise self._gone()
        if self._broken:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        if self._finished:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        taken = bytes(data[: WINDOW - self._unacknowledged])
        if taken:
            self._transmit(taken)
        return len(taken)

    async def until(self, ready: Callable[[], bool], what: str, timeout: float | None) -> None:
        """Wait until `ready`, which is asked again whenever something happens here.

        Raises:
            TimeoutError: It was not within `timeout` seconds.
        """
        now = self._scheduler.now
        deadline = None if timeout is None else now + timeout
        while not ready():
            left = None if deadline is None else deadline - self._scheduler.now
            if not await self._changed.wait(f"{what} ({self._place})", left) and not ready():
                raise TimeoutError

    def wake(self) -> None:
        """Let each wait look again at what it waits for."""
        self._changed.fire()

    def finish(self) -> None:
        """Send no more: the far end reads to its end."""
        if not self._finished:
            self._finished = True
            self._scheduler.note(f"{self._name} sends no more")
            self._deliver_after(0.0, self.far.end)

    def close(self) -> None:
        """Send and receive no more; what arrives, or is here and unread, breaks the connection for the far end."""
        if self.closed:
            return
        self.closed = True
        self._scheduler.note(f"{self._name} is closed")
        if self._received:
            self._deliver_after(0.0, self.far.break_off)
        elif not self._finished:
            self._deliver_after(0.0, self.far.end)
        self._received.clear()
        self._changed.fire()

    def reset(self) -> None:
        """Break the connection."""
        self.closed = True
        self._scheduler.note(f"{self._name} resets")
        self._deliver_after(0.0, self.far.break_off)
        self._changed.fire()

    # What arrives.

    def arrive(self, data: bytes) -> None:
        """Take bytes from the far end."""
        if self.closed:
            self.far.break_off()
            return
        self._scheduler.note(f"{self._name} gets {len(data)} bytes {crc32(data):08x}")
        self._received.append(data)
        self._changed.fire()

    def acknowledge(self, size: int) -> None:
        """Note that the far end has read so many bytes."""
        self._unacknowledged -= size
        self._changed.fire()

    def end(self) -> None:
        """Note that the far end sends no more."""
        self._ended = True
        self._tell()

    def break_off(self) -> None:
        """Note that the connection is broken."""
        self._broken = True
        self._tell()

    def _tell(self) -> None:
        self._changed.fire()
        if self.watcher is not None:
            self.watcher()

    def _gone(self) -> OSError:
        if self.why:
            return ConnectionAbortedError(self.why)
        return OSError(errno.EBADF, "the connection was closed while in use")

    # The way between.

    def _transmit(self, data: bytes) -> None:
        self._unacknowledged += len(data)
        passage = self._dice.write(len(data), self._serving)
        self._scheduler.note(f"{self._name} sends {len(data)} bytes {crc32(data):08x}")
        start = 0
        for number, (size, delay) in enumerate(passage.pieces):
            self._carry(data[start : start + size], delay, apart=number > 0)
            start += size
        if passage.fault is not None:
            self._suffer(passage.fault)

    def _carry(self, data: bytes, delay: float, apart: bool) -> None:
        far = self.far
        self._deliver_after(delay, lambda: far.arrive(data), apart)

    def _suffer(self, fault: str) -> None:
        self._scheduler.note(f"{self._name} suffers {fault}")
        if fault == "stall":
            self._lost = True
        elif fault == "reset":
            self._deliver_after(0.0, self.far.break_off)
            self.far._deliver_after(0.0, self.break_off)
            self._lost = self.far._lost = True  # what is sent before the break is noticed must not arrive behind a hole
        else:
            self.finish()

    def _deliver_after(self, delay: float, delivery: Callable[[], None], apart: bool = False) -> None:
        """Let something arrive at the far end, after all that was sent before; `apart` from it even if at once."""
        if self._lost:
            return
        now = self._scheduler.now
        self._arrival = max(self._arrival, now + delay)
        if self._arrival <= now and not self._under_way and not apart:
            delivery()
            return
        self._under_way += 1

        def deliver() -> None:
            self._under_way -= 1
            delivery()

        self._scheduler.call_at(self._arrival, deliver)


def join(scheduler: Scheduler, dice: Dice, number: int, place: str) -> tuple[End, End]:
    """Return the client's and the server's end of a new connection; `place` says which it is."""
    client = End(scheduler, dice, f"client {number}", place, serving=False)
    server = End(scheduler, dice, f"server {number}", place, serving=True)
    client.far, server.far = server, client
    return client, server
