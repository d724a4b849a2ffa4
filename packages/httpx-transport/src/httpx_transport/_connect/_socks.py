"""Asking a SOCKS proxy for the target: SOCKS 4 and 4a, SOCKS 5 (RFC 1928, RFC 1929). socksio is the codec.

It knows the order and the sizes of the messages, and no connection but the one it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._errors import ProxyError

if TYPE_CHECKING:
    from socksio import SOCKS4ARequest, SOCKS4Request

    from ._proxy_dialogue import Dialogue

_ANSWERS_4: Final = {
    b"\x5b": "Request rejected or failed",
    b"\x5c": "Request rejected: it cannot ask who we are",
    b"\x5d": "Request rejected: we are said to be somebody else",
}
_ANSWERS_5: Final = {
    b"\x01": "General SOCKS server failure",
    b"\x02": "Connection not allowed by ruleset",
    b"\x03": "Network unreachable",
    b"\x04": "Host unreachable",
    b"\x05": "Connection refused",
    b"\x06": "TTL expired",
    b"\x07": "Command not supported",
    b"\x08": "Address type not supported",
}
_ADDRESS_SIZES: Final = {b"\x01": 4, b"\x04": 16}  # bytes, by kind
_LONGEST_NAME: Final = 255


async def ask_socks4(dialogue: Dialogue, user: bytes, host: bytes, port: int) -> None:
    """Ask a SOCKS 4 proxy for `host`, an IPv4 address, or by SOCKS 4a a name, and `port`.

    Raises:
        ProxyError: It refused, or does not speak SOCKS 4.
        ValueError: An IPv6 address.
        TimeoutError: There was no time left.
        OSError: The connection broke.
    """
    request = _request4(host, port).dumps(user or b"-")
    await dialogue.say(request if user else request[:8] + request[9:])  # socksio insists on a user, SOCKS 4 does not
    answer = await dialogue.hear_exactly(8)
    if answer[:1] != b"\0":
        raise ProxyError(f"its answer is not SOCKS 4: {answer!r}")
    if answer[1:2] != b"\x5a":
        raise ProxyError(
            f"Proxy Server could not connect: {_ANSWERS_4.get(answer[1:2], f'SOCKS 4 answer {answer[1]}')}."
        )


def _request4(host: bytes, port: int) -> SOCKS4Request | SOCKS4ARequest:
    from socksio import SOCKS4ARequest, SOCKS4Command, SOCKS4Request, SOCKSError

    if b":" in host:
        raise ValueError("SOCKS 4 knows no IPv6 addresses")
    try:
        return SOCKS4Request.from_address(SOCKS4Command.CONNECT, (host, port))
    except SOCKSError:  # it is a name
        return SOCKS4ARequest.from_address(SOCKS4Command.CONNECT, (host, port))


async def ask_socks5(dialogue: Dialogue, auth: tuple[bytes, bytes] | None, host: bytes, port: int) -> None:
    """Ask a SOCKS 5 proxy for `host`, a name or an address, and `port`.

    Raises:
        ProxyError: It refused, accepts none of our ways to log in, or does not speak SOCKS 5.
        ValueError: The name is longer than 255 bytes.
        TimeoutError: There was no time left.
        OSError: The connection broke.
    """
    from socksio import SOCKS5Command, SOCKS5CommandRequest

    if len(host) > _LONGEST_NAME:
        raise ValueError(f"a name may have {_LONGEST_NAME} bytes in SOCKS 5")
    await _log_in(dialogue, auth)
    await dialogue.say(SOCKS5CommandRequest.from_address(SOCKS5Command.CONNECT, (host, port)).dumps())
    answer = await dialogue.hear_exactly(4)
    if answer[:1] != b"\5":
        raise ProxyError(f"its answer is not SOCKS 5: {answer!r}")
    if answer[1:2] != b"\0":  # not every proxy says the rest then
        raise ProxyError(
            f"Proxy Server could not connect: {_ANSWERS_5.get(answer[1:2], f'SOCKS 5 answer {answer[1]}')}."
        )
    kind = answer[3:]
    size = (await dialogue.hear_exactly(1))[0] if kind == b"\3" else _ADDRESS_SIZES.get(kind)
    if size is None:
        raise ProxyError(f"its answer is not SOCKS 5: it has an address of kind {answer[3]}")
    await dialogue.hear_exactly(size + 2)  # where it connects from: nobody needs to know


async def _log_in(dialogue: Dialogue, auth: tuple[bytes, bytes] | None) -> None:
    """Agree on a way to log in, and do it (RFC 1928 §3, RFC 1929)."""
    from socksio import SOCKS5AuthMethod, SOCKS5AuthMethodsRequest, SOCKS5UsernamePasswordRequest

    ways = [SOCKS5AuthMethod.NO_AUTH_REQUIRED]
    if auth is not None:
        ways.insert(0, SOCKS5AuthMethod.USERNAME_PASSWORD)
    await dialogue.say(SOCKS5AuthMethodsRequest(ways).dumps())
    answer = await dialogue.hear_exactly(2)
    if answer[:1] != b"\5":
        raise ProxyError(f"its answer is not SOCKS 5: {answer!r}")
    if answer[1] not in [way.value[0] for way in ways]:
        tried = "no authentication" if auth is None else "username/password, or no authentication"
        raise ProxyError(f"it accepts none of the methods that were offered: {tried}")
    if auth is not None and answer[1]:
        await dialogue.say(SOCKS5UsernamePasswordRequest(*auth).dumps())
        answer = await dialogue.hear_exactly(2)
        if answer[1]:
            raise ProxyError("Invalid username/password")
