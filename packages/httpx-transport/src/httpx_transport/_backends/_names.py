"""From a host's name to addresses by the system's means, which block: what must not wait for them, and what need not."""

from __future__ import annotations

import socket
import threading

from ._interface import AddressInfo


def numeric(host: str, port: int) -> list[AddressInfo] | None:
    """Return what a host that is an address itself resolves to, None for a name. Never waits."""
    if not (host[-1:].isdigit() or ":" in host):  # all forms of addresses that the system knows
        return None
    try:
        return list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST))
    except (OSError, UnicodeError):  # Python's IDNA refuses labels that are too long
        return None


def look_up(host: str, port: int) -> list[AddressInfo]:
    """Return a name's addresses, however long that takes.

    Raises:
        OSError: There is no such name.
    """
    # Called as `socket.create_connection` calls it: programs and tests replace it with functions that take no more.
    return list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))


def look_up_within(host: str, port: int, timeout: float | None) -> list[AddressInfo]:
    """Return a name's addresses within `timeout` seconds.

    The system cannot be interrupted, so a thread of its own waits for it, and is abandoned when the time is over. Where no
    thread can be started (at the system's limit, or while the interpreter ends) the caller waits, for longer if need be.

    Raises:
        TimeoutError: The time was over.
        OSError: There is no such name.
    """
    if timeout is None:
        return look_up(host, port)
    found: list[AddressInfo] = []
    failures: list[Exception] = []
    done = threading.Event()

    def run() -> None:
        try:
            found.extend(look_up(host, port))
        except Exception as error:  # noqa: BLE001 - it is the caller's
            failures.append(error)
        done.set()

    try:
        threading.Thread(target=run, name=f"look up {host}", daemon=True).start()
    except RuntimeError:
        return look_up(host, port)
    if not done.wait(min(timeout, threading.TIMEOUT_MAX)):
        raise TimeoutError
    if failures:
        raise failures[0]
    return found


def unix_address(path: str) -> AddressInfo:
    """Return the address of a Unix domain socket.

    Raises:
        OSError: This system has none.
    """
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise OSError("this system has no Unix domain sockets")
    return family, socket.SOCK_STREAM, 0, "", path
