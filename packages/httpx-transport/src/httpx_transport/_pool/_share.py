"""What one origin has of the pool's slots, and who waits for more of them. Data only: slots and queue decide."""

from __future__ import annotations

from collections import OrderedDict

from .._backends import Event
from .._connection import Connection, Origin


class Share:
    """The slots that one origin has.

    Args:
        origin: Whose they are.

    Attributes:
        taken: How many of them there are.
        idle: The connections in those that nobody holds, the one used last at the end.
        waiting: Who waits for one, the longest first.
        queued: Whether it has its place in the queue of origins.
        void: Whether the slots are nobody's any more: they were another process's.
    """

    __slots__ = ("idle", "origin", "queued", "taken", "void", "waiting")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.taken = 0
        self.idle: dict[Connection, None] = {}
        self.waiting: OrderedDict[Waiter, None] = OrderedDict()
        self.queued = False
        self.void = False


class Waiter:
    """A request in the queue for a slot.

    Args:
        origin: Whom it wants to reach.
        event: Set when it has been served.

    Attributes:
        share: Of whose slots it waits for one, once it is in the queue.
        number: Its place in the order of all who ever waited.
        connection: What is in the slot that it was given, if anything is.
        served: Whether it was given one.
    """

    __slots__ = ("connection", "event", "number", "origin", "served", "share")

    share: Share

    def __init__(self, origin: Origin, event: Event) -> None:
        self.origin = origin
        self.event = event
        self.number = 0
        self.connection: Connection | None = None
        self.served = False
