"""Follows a running Quell, and gives it commands, over disconnects and restarts; `docs/client.md`."""

from quell.client.connection import Client
from quell.client.effects import (
    CatchingUp,
    Connecting,
    Event,
    Item,
    Live,
    Reconnecting,
    Refused,
    Snapshot,
    State,
)
from quell.client.wire import Cursor

__all__ = [
    "CatchingUp",
    "Client",
    "Connecting",
    "Cursor",
    "Event",
    "Item",
    "Live",
    "Reconnecting",
    "Refused",
    "Snapshot",
    "State",
]
