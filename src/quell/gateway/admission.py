"""
How many HTTP connections there may be, in all and waiting for one address; those past it are refused and counted.

Live connections are counted by the hub, from their handshake on.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from quell.errors import Overloaded

RETRY_S = 1.0
LINGERING = 32
"""Refused connections that are kept for a moment, so that their clients can read why: each holds a file."""
IPV6_PREFIX = 64
"""Of an IPv6 address so many bits name one site, which has all addresses behind them."""


class Part(StrEnum):
    """What a client was waited for in vain."""

    HEAD = "head"
    BODY = "body"
    RESPONSE = "response"
    """It did not take what it was answered."""


class TooManyConnections(Overloaded):
    """No further connection is held."""

    reason = "connections"


class TooManyOfAddress(Overloaded):
    """One address has too many connections of which no whole request has come."""

    reason = "connections_of_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """Bounds on connections of one process."""

    connections: int = 5_000
    """In all, live ones not counted."""
    waiting_per_address: int = 1_000
    """
    From one address, of those that are waited for: their first request, or one that has begun, is not whole. A reverse
    proxy is one address for all behind it, and its requests are whole soon. 0: no bound.
    """


class Admission:
    """The connections of one process."""

    def __init__(self, limits: AdmissionLimits | None = None) -> None:
        self.limits = limits or AdmissionLimits()
        self.open = self.lingering = 0
        self.refused: Counter[str] = Counter()
        """By the reason of the error."""
        self.timed_out: Counter[Part] = Counter()
        self._waiting: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Connections whose request is not whole."""
        return self._waiting.total()

    def enter(self, address: str | None) -> None:
        """
        Count a new connection, which is waited for. One of our own processes has no address and is let in.

        Raises: TooManyConnections, TooManyOfAddress: it must be closed, and not be counted by `leave`.
        """
        if address is not None:
            most, each = self.limits.connections, self.limits.waiting_per_address
            if self.open >= most:
                self._refuse(TooManyConnections(f"{most} connections are open already", retry_after_s=RETRY_S))
            if each and self._waiting[site_of(address)] >= each:
                says = f"{each} connections of this address have sent no whole request yet"
                self._refuse(TooManyOfAddress(says, retry_after_s=RETRY_S))
        self.open += 1
        self.wait_for(address)

    def may_linger(self) -> bool:
        """Return whether a refused connection is kept for a moment; it is counted until `lingering` is lowered."""
        if self.lingering >= LINGERING:
            return False
        self.lingering += 1
        return True

    def leave(self, address: str | None, *, waiting: bool) -> None:
        """Take in that a connection ended, or became a live one."""
        self.open -= 1
        if waiting:
            self.have_heard(address)

    def wait_for(self, address: str | None) -> None:
        """Take in that a request of a connection has begun."""
        self._waiting[site_of(address)] += 1

    def have_heard(self, address: str | None) -> None:
        """Take in that the request that was waited for is whole."""
        site = site_of(address)
        self._waiting[site] -= 1
        if not self._waiting[site]:
            del self._waiting[site]

    def _refuse(self, error: Overloaded) -> None:
        self.refused[error.reason] += 1
        raise error


def site_of(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the prefix of an IPv6 one."""
    if address is None or ":" not in address:
        return address or ""
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, IPV6_PREFIX), strict=False))
