"""h11 as the judge of every response that the fast path does not take: 1xx, HTTP/1.0, folds, until-close, and errors.

h11 is asked about the response only: it is told of a request that had the same method and the same wish to close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from .._errors import RemoteProtocolError
from ..interface import Field
from ._faults import reworded, shown_status_line
from ._grammar import MAX_HEAD, MAX_INFORMATIONAL

if TYPE_CHECKING:
    import h11


Informational: TypeAlias = tuple[int, list[Field]]
"""A 1xx response: status, fields."""


class Judge:
    """One response, read by h11.

    Args:
        method: The request's method.
        close: Whether the request said `Connection: close`.
        upgrade: Whether the request offered another protocol.

    Attributes:
        final: Status, reason, version and fields of the final response, once they have arrived.
        informational: Status and fields of each 1xx response before it.
        trailers: The trailer fields, once complete.
        complete: Whether the response has arrived to its end.
        reusable: Whether, when complete, the connection may serve again.
        switched: Whether another protocol begins behind the head: after a 101, or a 2xx to CONNECT.
        surplus: What came behind the head when it does.
    """

    __slots__ = ("_connection", "complete", "final", "informational", "reusable", "surplus", "switched", "trailers")

    def __init__(self, method: bytes, close: bool, upgrade: bool = False) -> None:
        import h11

        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        fields = [(b"Host", b"-"), (b"Connection", b"close" if close else b"keep-alive")]
        if upgrade:
            fields.append((b"Upgrade", b"-"))
        self._connection.send(h11.Request(method=method, target=b"-", headers=fields))
        self._connection.send(h11.EndOfMessage())
        self.final: tuple[int, bytes, bytes, list[Field]] | None = None
        self.informational: list[Informational] = []
        self.trailers: list[Field] = []
        self.complete = False
        self.reusable = False
        self.switched = False
        self.surplus = b""

    def feed(self, data: bytes) -> bytes:
        """Take what came from the wire, b"" being its end; return the content in it.

        Raises:
            RemoteProtocolError: h11 says so, or the version is none of HTTP/1.
        """
        import h11

        content: list[bytes] = []
        fault = ""
        try:
            self._connection.receive_data(data)
            while not self.complete:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    break
                if event is h11.PAUSED:  # no more HTTP here
                    self.complete = self.switched = True
                    self.surplus = self._connection.trailing_data[0]
                elif isinstance(event, h11.Data):
                    content.append(bytes(event.data))
                elif isinstance(event, h11.Response):
                    self._accept(event)
                elif isinstance(event, h11.EndOfMessage):
                    self._finish(event)
                else:  # all that is left in a response
                    self._note(cast("h11.InformationalResponse", event))
        except h11.RemoteProtocolError as error:
            fault = self._word(error)
        if fault:  # raised here, so that h11's own error, which quotes the response, is not its context
            raise RemoteProtocolError(fault)
        return b"".join(content)

    def _accept(self, event: h11.Response) -> None:
        if event.http_version not in (b"1.0", b"1.1"):
            raise RemoteProtocolError(f"HTTP/{event.http_version.decode('ascii')} on a connection that speaks HTTP/1.1")
        self._finalize(event)

    def _finalize(self, event: h11.Response | h11.InformationalResponse) -> None:
        fields = list(event.headers.raw_items())
        self.final = (event.status_code, bytes(event.reason), b"HTTP/" + event.http_version, fields)

    def _note(self, event: h11.InformationalResponse) -> None:
        if event.status_code == 101:  # h11 has checked that it was offered
            self._finalize(event)
            return
        if len(self.informational) == MAX_INFORMATIONAL:
            raise RemoteProtocolError(f"more than {MAX_INFORMATIONAL} informational responses to one request")
        self.informational.append((event.status_code, list(event.headers.raw_items())))

    def _finish(self, event: h11.EndOfMessage) -> None:
        import h11

        self.complete = True
        self.trailers += event.headers.raw_items()
        surplus, closed = self._connection.trailing_data
        done = self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE
        self.reusable = done and not surplus and not closed

    def _word(self, error: h11.RemoteProtocolError) -> str:
        """Return what h11 complains of, or what a peer did that closed before there was a head."""
        received, closed = self._connection.trailing_data
        if self.final is not None or not closed:
            return reworded(str(error))
        if not received:
            return "Server disconnected without sending a response."
        return f"Server disconnected in the middle of the response head: {shown_status_line(received)}"
