"""Talking to a proxy that listens badly: what is said in pieces, and what comes meanwhile."""

from __future__ import annotations

from typing import Any, cast

import pytest

from httpx_transport import ProxyError
from httpx_transport._backends import Bytes, Stream
from httpx_transport._connect._proxy_dialogue import Dialogue
from httpx_transport.blocking import run


class Narrow:
    """A stream that takes a byte at a time, and says something between."""

    def __init__(self, *says: bytes | None) -> None:
        self.says = list(says)
        self.taken = b""
        self.limits: list[Any] = []

    def send(self, data: Bytes) -> int:
        self.taken += bytes(data[:1])
        return 1

    async def wait(self, readable: bool, writable: bool, timeout: float | None) -> tuple[bool, bool]:
        assert readable
        assert writable
        self.limits.append(timeout)
        return bool(self.says), True

    def receive(self) -> bytes | None:
        return self.says.pop(0)

    async def read(self, timeout: float | None) -> bytes:
        return b"later"


def dialogue(stream: Narrow) -> Dialogue:
    return Dialogue(cast("Stream", stream), lambda: 3.0)


def test_all_of_it_is_said_and_what_comes_meanwhile_is_kept() -> None:
    stream = Narrow(b"ea", None, b"rly")
    talk = dialogue(stream)
    run(talk.say(b"hello"))
    assert stream.taken == b"hello"
    assert stream.limits == [3.0] * 4
    assert run(talk.hear_exactly(7)) == b"earlyla"
    with pytest.raises(ProxyError, match="^3 bytes came before anything was asked of the target$"):
        talk.finish()


def test_a_proxy_that_goes_while_we_speak() -> None:
    with pytest.raises(ProxyError, match="^the connection was closed in the middle of the handshake$"):
        run(dialogue(Narrow(b"")).say(b"hello"))


def test_a_proxy_that_only_talks() -> None:
    with pytest.raises(ProxyError, match="^it sent more than 65536 bytes before it was asked anything$"):
        run(dialogue(Narrow(bytes(65_536), b"x")).say(b"hello"))


def test_a_proxy_that_goes_when_all_is_said() -> None:
    with pytest.raises(ProxyError, match="^the connection was closed right after the handshake$"):
        dialogue(Narrow(b"")).finish()
    dialogue(Narrow(None)).finish()
