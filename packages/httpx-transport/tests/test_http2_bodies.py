"""Request bodies that can be iterated once, over HTTP/2: they are begun when there is a stream, and not before."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import h2.events
import pytest

from httpx_transport._http2 import Http2Connection

from .conftest import Face, Server
from .test_http2_pool import PRIOR, Speaker, echo, speaking

Serve = Callable[..., Server]


class OneShot:
    """A body that can be had once: iterated again it is gone."""

    def __init__(self, face: Face, *chunks: bytes) -> None:
        self.chunks = face.body(chunks)
        self.begun = False

    def once(self) -> Any:
        assert not self.begun, "the body was iterated before"
        self.begun = True
        return self.chunks


class OneShotIterable(OneShot):
    def __iter__(self) -> Any:
        return self.once()


class OneShotAsyncIterable(OneShot):
    def __aiter__(self) -> Any:
        return self.once()


def one_shot(face: Face, *chunks: bytes) -> OneShot:
    return (OneShotIterable if face.name == "blocking" else OneShotAsyncIterable)(face, *chunks)


def test_a_body_is_not_begun_before_there_is_a_stream(
    face: Face, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(speaking(echo))
    open_stream, rooms = Http2Connection.open, [False, True]

    def open_second(self: Http2Connection, *arguments: Any, **options: Any) -> Any:
        return open_stream(self, *arguments, **options) if rooms.pop(0) else None

    monkeypatch.setattr(Http2Connection, "open", open_second)

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            assert await pool.get(server.port, method=b"POST", body=one_shot(face, b"a", b"b")) == b"ab"

    face.run(scenario)
    assert rooms == []


def test_a_refused_request_whose_body_was_not_begun_is_sent_again(face: Face, serve: Serve) -> None:
    connections = itertools.count(1)

    def refuse_first(speaker: Speaker) -> None:
        if next(connections) == 1:
            speaker.h2.reset_stream(speaker.next(h2.events.RequestReceived).stream_id, 7)
            speaker.flush()
            speaker.next(h2.events.ConnectionTerminated)
            return
        stream = speaker.next(h2.events.RequestReceived).stream_id
        speaker.h2.send_headers(stream, [(b":status", b"100")])
        speaker.flush()
        speaker.respond(speaker.request(), speaker.bodies[stream])

    server = serve(speaking(refuse_first))

    async def scenario() -> None:
        async with face.pool(**PRIOR) as pool:
            headers = [(b"Expect", b"100-continue")]
            body = one_shot(face, b"a", b"b")
            assert await pool.get(server.port, method=b"POST", headers=headers, body=body) == b"ab"

    face.run(scenario)
