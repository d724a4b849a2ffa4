"""Asking an HTTP proxy for a tunnel: CONNECT (RFC 9110 §9.3.6). It knows heads, and no connection but the one it is given.

The answer's content is never read, and its Content-Length and Transfer-Encoding say nothing where it is 2xx.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from .._errors import ProxyError
from .._http11 import RequestEncoder
from .._http11._grammar import HEAD_END, MAX_HEAD, MAX_INFORMATIONAL, TOKEN, VALUE
from ..interface import Field
from ._proxy import sayable

if TYPE_CHECKING:
    from ._proxy_dialogue import Dialogue
    from ._proxy_login import Login

# RFC 9112 §4, §5, once lines end by LF alone (§2.2) and folds are undone (§5.2).
_HEAD: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: (%b))?\n((?>(?:%b:%b\n)*))\n" % (VALUE, TOKEN, VALUE))
_FIELD: Final = re.compile(rb"([^:]++):[ \t]*+([^\n]*+)\n")
_FOLD: Final = re.compile(rb"[ \t]*+\n[ \t]++")
_LONGEST_REASON: Final = 100  # characters of it that a message shows


class Reply(NamedTuple):
    """A proxy's final answer."""

    status: int
    reason: str
    fields: list[Field]

    @property
    def granted(self) -> bool:
        """Whether the stream now leads to the target."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.status} {self.reason}".rstrip()


async def ask_for_tunnel(dialogue: Dialogue, login: Login, host: bytes, port: int) -> Reply:
    """Ask for a tunnel to `host` and `port`; return the answer, with nothing of what followed its head.

    Raises:
        ProxyError: The answer is not HTTP/1, too long, or followed by what nobody asked for.
        LocalProtocolError: The host could be taken for more than a host.
        TimeoutError: There was no time left.
        OSError: The connection broke.
    """
    authority = b"%b:%d" % (sayable(host), port)
    fields = [(b"Host", authority), (b"Accept", b"*/*"), *login.fields(b"CONNECT", authority)]
    await dialogue.say(RequestEncoder().encode(b"CONNECT", authority, fields))
    received = b""
    for _ in range(MAX_INFORMATIONAL + 1):
        searched = 0
        while not (end := HEAD_END.search(received, searched)):
            if len(received) > MAX_HEAD:
                raise ProxyError(f"its answer is longer than {MAX_HEAD} bytes")
            searched = max(len(received) - 2, 0)  # an end may have begun
            received += await dialogue.hear()
        reply, received = _read(received[: end.end()]), received[end.end() :]
        if reply.granted:
            dialogue.finish(received)
        if reply.status >= 200 or reply.status == 101:
            return reply
    raise ProxyError(f"it sent more than {MAX_INFORMATIONAL} informational answers")


def _read(head: bytes) -> Reply:
    match = _HEAD.fullmatch(_FOLD.sub(b" ", head.replace(b"\r\n", b"\n")))
    if match is None:
        raise ProxyError("its answer is not HTTP/1")
    reason = (match[2] or b"").decode("latin-1").strip()
    fields = [(name, value.rstrip(b" \t")) for name, value in _FIELD.findall(match[3])]
    return Reply(int(match[1]), reason[:_LONGEST_REASON], fields)
