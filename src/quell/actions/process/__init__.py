"""The changes that a supervisor of processes can make, through its control API."""

from quell.actions.process.capacity import FlushCache, ScalePool
from quell.actions.process.change import Impossible, ProcessChange
from quell.actions.process.configuration import FlagSwitch, RollBackConfig, SwitchFlag
from quell.actions.process.host import ClearDisk, StopNeighbour
from quell.actions.process.release import Restart, RollBack
from quell.actions.process.supervisor import Service, SupervisorClient

CHANGES: tuple[type[ProcessChange], ...] = (
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    SwitchFlag,
    FlushCache,
    ClearDisk,
    StopNeighbour,
)
"""Every change there is."""

__all__ = [
    "CHANGES",
    "ClearDisk",
    "FlagSwitch",
    "FlushCache",
    "Impossible",
    "ProcessChange",
    "Restart",
    "RollBack",
    "RollBackConfig",
    "ScalePool",
    "Service",
    "StopNeighbour",
    "SupervisorClient",
    "SwitchFlag",
]
