"""Which services are near each other: who calls whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Near(NamedTuple):
    """How a service is connected to another."""

    says: str
    direct: bool
    """One call away; else there is one service between them on the way of a request."""


class Topology:
    """Who calls whom, one call away or two along the way of a request: trouble travels from callee to caller."""

    def __init__(self, edges: Collection[tuple[str, str]] = ()) -> None:
        callees: dict[str, list[str]] = {}
        for caller, callee in sorted(set(edges)):
            if caller != callee:
                callees.setdefault(caller, []).append(callee)
        self._near: dict[str, dict[str, Near]] = {}
        for caller, called in callees.items():
            for callee in called:
                self._join(caller, callee, Near(f"{caller} calls {callee}", direct=True))
        for caller, called in callees.items():
            for middle in called:
                for callee in callees.get(middle, ()):
                    says = f"{caller} calls {middle}, which calls {callee}"
                    self._join(caller, callee, Near(says, direct=False))

    def _join(self, one: str, other: str, near: Near) -> None:
        if one != other:
            self._near.setdefault(one, {}).setdefault(other, near)
            self._near.setdefault(other, {}).setdefault(one, near)

    def neighbours(self, service: str) -> Mapping[str, Near]:
        """Return the services near one, and how they are connected."""
        return self._near.get(service, {})
