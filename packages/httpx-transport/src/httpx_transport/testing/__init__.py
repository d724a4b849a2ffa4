"""A network in memory for tests: a virtual clock, servers as scripts, and faults that a seed decides.

>>> from httpx_transport.testing import Network, answer, response
>>> network = Network()
>>> network.serve("example.org", 80, answer(response(b"hello")))

Nothing of it opens a socket, starts a thread or waits: five seconds pass at once, and the same seed gives the same run.
`httpx_transport.testing.conformance`, which is imported by itself, checks other people's transports over real sockets.
"""

from ._faults import Faults
from ._http import Script, ServedRequest, answer, response
from ._network import Network
from ._peer import Peer
from ._pool import SimulatedPool
from ._scheduler import Deadlock
from ._task import Cancelled, Task

__all__ = [
    "Cancelled",
    "Deadlock",
    "Faults",
    "Network",
    "Peer",
    "Script",
    "ServedRequest",
    "SimulatedPool",
    "Task",
    "answer",
    "response",
]
