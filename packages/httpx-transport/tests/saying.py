"""A peer that says what it is told to, and a pool that must be as before after it: what the tests of safety share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from .conftest import Face, Peer, Server, TestPool, answer_each

Serve = Callable[..., Server]
HALF: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Saying:
    """A script that answers each request with `said`, may end or break the connection, and notes when the client has gone.

    Args:
        said: The answer.
        end: What it does to its connection after that.
        endless: What it says again and again after that, for as long as anybody listens.
    """

    def __init__(self, said: bytes, end: Callable[[Peer], None] | None = None, endless: bytes = b"") -> None:
        self.said, self.end, self.endless = said, end, endless
        self.heard = 0
        self.sent = 0
        self.gone = threading.Semaphore(0)

    def __call__(self, peer: Peer) -> None:
        with contextlib.suppress(ConnectionError):
            while peer.head():
                self.heard += 1
                peer.send(self.said)
                while self.endless:
                    peer.send(self.endless)
                    self.sent += len(self.endless)
                if self.end is not None:
                    self.end(peer)
                    peer.wait_closed()
                    break
        self.gone.release()


def half_close(peer: Peer) -> None:
    peer.sock.shutdown(1)


@contextlib.asynccontextmanager
async def given_back(face: Face, serve: Serve, **options: Any) -> AsyncIterator[TestPool]:
    """Lend a pool of one connection; what was done with it must leave the slot free, at once, for somebody else."""
    async with face.pool(max_connections=1, **options) as pool:
        yield pool
        assert pool.pool.stats()["active"] == pool.pool.stats()["waiting"] == 0
        assert await pool.get(serve(answer_each()).port, extensions={"timeout": {"pool": 0}}) == b"ok"
