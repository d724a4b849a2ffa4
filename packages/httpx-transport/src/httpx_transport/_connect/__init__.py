"""From an origin to an open connection: name, TCP, TLS."""

from ._connector import Connector

__all__ = ["Connector"]
