"""The errors of this package. They know how to word what happened, not when it happens.

Each is also the built-in that fits, so that a caller who knows nothing of this package can still catch it.
"""

from __future__ import annotations

from ._tls_advice import advice


class TransportError(Exception):
    """There is no response. The message says what happened, where, and after how long."""


class ConnectTimeout(TransportError, TimeoutError):
    """No usable connection within the connect timeout: name lookup, TCP, proxies and TLS together."""


class ReadTimeout(TransportError, TimeoutError):
    """The peer sent nothing for as long as the read timeout."""


class WriteTimeout(TransportError, TimeoutError):
    """The peer took nothing for as long as the write timeout."""


class PoolTimeout(TransportError, TimeoutError):
    """No connection of the pool became free within the pool timeout."""


class ConnectError(TransportError, ConnectionError):
    """No connection could be made: the name, the address, the port or TLS."""


class ProxyError(TransportError, ConnectionError):
    """A proxy refused to make the connection, or did not keep to the rules. The message says which, and what it answered."""


class ReadError(TransportError, ConnectionError):
    """The connection broke while receiving."""


class WriteError(TransportError, ConnectionError):
    """The connection broke while sending."""


class LocalProtocolError(TransportError, ValueError):
    """We were asked to send what HTTP does not allow, or a body that is not as long as declared."""


class RemoteProtocolError(TransportError):
    """The peer broke HTTP's rules, or closed before the response was complete."""


class UnsupportedProtocol(TransportError, ValueError):
    """A scheme that this transport does not speak."""


class PoolClosed(TransportError, RuntimeError):
    """The pool was closed before the request, or while it waited."""


def explain(what: object, doing: str, peer: str, seconds: float, reused: bool | None = None) -> str:
    """Return one sentence with all the facts.

    Args:
        what: What went wrong, as the system or the codec words it.
        doing: The phase with its preposition: "connecting to", "waiting for the response from".
        peer: Host and port.
        seconds: How long the phase lasted.
        reused: Whether the connection had served before; None where there was none yet.
    """
    duration = f"{seconds:.3g}" if seconds < 100 else f"{seconds:.0f}"
    connection = "" if reused is None else f" on a {'reused' if reused else 'fresh'} connection"
    return f"{what} ({doing} {peer}{connection}, after {duration} s)"


def connect_failure(
    error: OSError | ValueError, doing: str, peer: str, seconds: float
) -> ConnectError | ConnectTimeout:
    """Return the error for a connection that was not made, with all the facts, and with what can be done about a failure of TLS.

    Args:
        error: What went wrong; a name that cannot be encoded is a ValueError.
        doing: The phase with its preposition.
        peer: Host and port.
        seconds: How long the phase lasted.
    """
    if isinstance(error, TimeoutError) and error.errno is None:  # with a number it is the system's own, long, timeout
        return ConnectTimeout(explain("timed out", doing, peer, seconds))
    what = (str(error) or "the connection was lost") + advice(error)  # asyncio may not say
    return ConnectError(explain(what, doing, peer, seconds))
