"""The HTTP/2 codec beside a naive model, with h2 as a server that answers in any order and any pieces."""

from __future__ import annotations

from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from httpx_transport._http2 import Codec, Stream

from .frames import HOST, OK, drain

_MAX_STREAMS = h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS
_WINDOW = h2.settings.SettingCodes.INITIAL_WINDOW_SIZE


class Model:
    """What a stream should be, in the words of its two ends."""

    def __init__(self) -> None:
        self.uploaded = b""  # taken by the codec
        self.arrived = b""  # seen by the server
        self.said = b""  # sent by the server
        self.heard = b""  # taken from the codec
        self.request_ended = self.answered = self.response_ended = self.over = False


class Connection(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.codec = Codec()
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        self.server = h2.connection.H2Connection(config)
        self.server.initiate_connection()
        self.models: dict[Stream, Model] = {}
        self.to_client = b""
        self.carry_up()
        self.carry_down(10**9)
        self.carry_up()

    def some(self, number: int) -> tuple[Stream, Model]:
        return list(self.models.items())[number % len(self.models)]

    @rule(body=st.booleans())
    def request(self, body: bool) -> None:
        if self.codec.room() and len(self.models) < 12:
            stream = self.codec.open(b"POST", b"https", b"/", HOST, end=not body)
            self.models[stream] = Model()
            self.models[stream].request_ended = not body

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 11), size=st.sampled_from([0, 1, 5_000, 70_000]), end=st.booleans())
    def upload(self, number: int, size: int, end: bool) -> None:
        stream, model = self.some(number)
        if not model.request_ended:
            content = bytes([number]) * size
            taken = self.codec.send(stream, content, end=end)
            if not model.over:
                model.uploaded += content[:taken]
                model.request_ended = end and taken == size

    @rule()
    def carry_up(self) -> None:
        for event in self.server.receive_data(drain(self.codec)):
            models = {stream.number: model for stream, model in self.models.items()}
            if isinstance(event, h2.events.DataReceived):
                models[event.stream_id].arrived += event.data
                if event.flow_controlled_length:
                    self.server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.to_client += self.server.data_to_send()

    @rule(size=st.sampled_from([1, 7, 20_000, 10**9]))
    def carry_down(self, size: int) -> None:
        piece, self.to_client = self.to_client[:size], self.to_client[size:]
        if piece:
            self.codec.feed(piece)

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 11), size=st.sampled_from([0, 1, 5_000, 40_000]), end=st.booleans())
    def answer(self, number: int, size: int, end: bool) -> None:
        stream, model = self.some(number)
        known = stream.number <= self.server.highest_inbound_stream_id
        if not known or model.response_ended or model.over:
            return
        try:
            if not model.answered:
                self.server.send_headers(stream.number, OK)
                model.answered = True
            size = min(size, self.server.local_flow_control_window(stream.number))
            content = bytes([number]) * size
            for start in range(0, size, 16_384):
                self.server.send_data(stream.number, content[start : start + 16_384])
            if end:
                self.server.end_stream(stream.number)
        except h2.exceptions.StreamClosedError:
            return
        model.said += content
        model.response_ended = end
        self.to_client += self.server.data_to_send()

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 11))
    def read(self, number: int) -> None:
        stream, model = self.some(number)
        model.heard += self.codec.take(stream)

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 11))
    def give_up(self, number: int) -> None:
        stream, model = self.some(number)
        self.codec.reset(stream)
        model.over = True

    @rule(limit=st.sampled_from([0, 1, 3, 100]), window=st.sampled_from([10, 65_535, 200_000]))
    def change_settings(self, limit: int, window: int) -> None:
        self.carry_up()  # what the peer has been told of counts, and not what is on its way
        changed: dict[Any, int] = {_MAX_STREAMS: limit, _WINDOW: window}
        if any(not model.over and not model.request_ended for model in self.models.values()):
            del changed[
                _WINDOW
            ]  # as a server, h2 takes an empty DATA frame amiss where it has made its window negative
        self.server.update_settings(changed)
        self.to_client += self.server.data_to_send()
        self.carry_down(10**9)
        self.carry_up()

    @invariant()
    def nothing_is_lost_and_nobody_is_broken(self) -> None:
        assert self.codec.failure is None
        for stream, model in self.models.items():
            if not model.over:
                assert stream.failure is None
                assert model.said.startswith(model.heard)
                assert model.uploaded.startswith(model.arrived)
            if stream.complete and not model.over:
                assert model.heard + b"".join(stream._ready) == model.said

    def teardown(self) -> None:
        """Let all that is under way arrive: what was said is what is heard."""
        if self.to_client:
            self.carry_down(10**9)
        for _ in range(3):
            self.carry_up()
            self.carry_down(10**9)
        self.nothing_is_lost_and_nobody_is_broken()
        for stream, model in self.models.items():
            model.heard += self.codec.take(stream)
            if not model.over:
                assert model.heard == model.said
                assert model.arrived == model.uploaded
                assert stream.complete == model.response_ended
        over = [m for m in self.models.values() if m.over or (m.response_ended and m.request_ended)]
        assert self.codec.live() == len(self.models) - len(over)


TestConnection = Connection.TestCase
TestConnection.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
