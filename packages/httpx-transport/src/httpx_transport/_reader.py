"""Closing a response while another task or thread reads it.

A connection may be given to the next request only when nothing waits for its bytes any more: otherwise the reader takes
bytes of the next response, or a part of the content is lost. Both sides therefore compete for one token. It is the single
element of a list, and `pop` decides atomically between threads.

* The reader holds the token while it waits for content, and returns it when it leaves.
* `close` with the token: nothing reads, and the connection may be drained and kept. The token is never returned.
* `close` without it: the lease is detached, so that a response which becomes complete at this very moment cannot give the
  connection back; the stream is aborted, which wakes the reader; and the slot is given back when the reader has left. Until
  then the descriptor stays open, as the reader's thread may be about to poll it.

The slot is given back by whichever comes last. The closer leaves the call in `_pending` and looks for the token again; the
reader returns the token and looks for the call. One of them finds what the other has left, and `pop` lets one of them have it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ._backends import Stream
    from ._pool._lease import Lease

CLOSED: Final = "the response was closed while its content was being read"


class ContentReader:
    """The state of reading one response: whether a reader is at work, and whether the response has been closed.

    Attributes:
        closed: Whether `close` has been called.
    """

    __slots__ = ("_pending", "_token", "closed")

    def __init__(self) -> None:
        self._token = [None]
        self._pending: list[Callable[[], None]] = []
        self.closed = False

    def enter(self) -> str:
        """Begin to read; return why that is impossible, "" where it is not."""
        if self.closed:
            return "the response has been closed"
        try:
            self._token.pop()
        except IndexError:
            return "another task or thread is reading the content"
        return ""

    def leave(self) -> None:
        """End reading, and give the slot back if the response was closed meanwhile."""
        self._token.append(None)
        if self.closed:
            self._give_back()

    def close(self, lease: Lease, stream: Stream) -> bool:
        """Close the response; return whether nothing reads it, so that the caller decides about the connection.

        Args:
            lease: The slot.
            stream: What the reader waits for.
        """
        self.closed = True
        try:
            self._token.pop()
        except IndexError:
            give_back = lease.detach()
            if give_back is not None:
                self._pending.append(give_back)
                stream.abort(CLOSED)
                if self._token:
                    self._give_back()
            return False
        return True

    def _give_back(self) -> None:
        try:
            give_back = self._pending.pop()
        except IndexError:  # the other side has done it
            return
        give_back()
