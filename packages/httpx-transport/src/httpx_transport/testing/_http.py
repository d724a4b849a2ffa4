"""The server's side of HTTP/1.1, as little of it as a mock needs: a request to look at, bytes to answer with.

It takes what clients send that keep to the rules, and is no judge of those that do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..interface import Field

if TYPE_CHECKING:
    from ._peer import Peer

Script: TypeAlias = "Callable[[Peer], Awaitable[None]]"
"""What a server does with one connection; the connection is closed when it returns."""


class ServedRequest(NamedTuple):
    """A request as a server got it."""

    method: bytes
    target: bytes
    fields: list[Field]
    content: bytes
    """All of it, without chunk framing."""

    def field(self, name: bytes) -> bytes | None:
        """Return the value of the first field of that name, in any case; None where there is none."""
        return next((value for other, value in self.fields if other.lower() == name.lower()), None)


async def read_head(peer: Peer) -> ServedRequest | None:
    """Read a request up to its content; return None where the client has sent its last."""
    line = await peer.readline()
    if not line:
        return None
    words = line.split(b" ")
    if len(words) != 3:
        raise ValueError(f"this is no request line: {line!r}")
    fields: list[Field] = []
    while field := (await _line(peer)).rstrip(b"\r\n"):
        name, _, value = field.partition(b":")
        fields.append((name, value.strip()))
    return ServedRequest(words[0], words[1], fields, b"")


async def read_content(peer: Peer, request: ServedRequest) -> bytes:
    """Read the content that belongs to a head."""
    if request.field(b"Transfer-Encoding") != b"chunked":
        return await peer.read_exactly(int(request.field(b"Content-Length") or b"0"))
    chunks = []
    while size := int((await _line(peer)).partition(b";")[0], 16):
        chunks.append(await peer.read_exactly(size))
        await _line(peer)
    while (await _line(peer)).rstrip(b"\r\n"):  # trailers
        continue
    return b"".join(chunks)


async def _line(peer: Peer) -> bytes:
    """Return a line that must come."""
    line = await peer.readline()
    if not line:
        raise ConnectionError("the client stopped in the middle of a request")
    return line


def response(content: bytes = b"", status: int = 200, fields: Iterable[Field] = ()) -> bytes:
    """Return the bytes of a response with a Content-Length.

    Args:
        content: What it holds.
        status: Its status code; the reason phrase is the usual one, empty where there is none.
        fields: Further field lines.
    """
    phrases = {member.value: member.phrase.encode() for member in HTTPStatus}
    lines = [b"%b: %b\r\n" % field for field in (*fields, (b"Content-Length", b"%d" % len(content)))]
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, phrases.get(status, b""), b"".join(lines), content)


def answer(reply: bytes | Callable[[ServedRequest], bytes]) -> Script:
    """Return a script that answers every request of a connection, until the client stops.

    Args:
        reply: The bytes to answer with, or what makes them of the request.
    """

    async def script(peer: Peer) -> None:
        while (request := await peer.request()) is not None:
            await peer.send(reply if isinstance(reply, bytes) else reply(request))

    return script
