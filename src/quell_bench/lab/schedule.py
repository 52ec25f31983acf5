"""Which faults happen to whom, and in which order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from quell.errors import ConfigError
from quell_bench.lab.record import MISSING_SOURCE, TWO_AT_ONCE
from quell_lab.drills import SOURCES
from quell_lab.faults.catalogue import BY_NAME, OVERLAY, REAL

T = TypeVar("T")
Victim = tuple[str, str]
"""(fault, service)."""

PAIRS: tuple[tuple[Victim, Victim], ...] = (
    (("bad_release", "catalog"), ("slow_dependency", "payment")),
    (("pool_leak", "inventory"), ("bad_config", "checkout")),
    (("memory_leak", "catalog"), ("disk_fill", "payment")),
    (("lock_contention", "payment"), ("bad_release", "cart")),
    (("cpu_burn", "catalog"), ("bad_config", "payment")),
)
"""Two that neither hide nor feed each other: each can be seen at its own service."""

BLIND: tuple[Victim, ...] = (
    ("bad_release", "cart"),
    ("bad_config", "payment"),
    ("slow_dependency", "payment"),
    ("lock_contention", "inventory"),
)
"""What still shows at the callers when the service's own telemetry does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A drill to ask the lab for."""

    fault: str
    service: str
    of: str | None = None
    """With `overlay`: the fault that follows a harmless deploy of another service."""
    also: str | None = None
    also_service: str | None = None
    """A second fault at the same time, and its service."""
    missing: str | None = None
    """What of the victim's telemetry does not come."""

    def body(self) -> dict[str, str]:
        """Return it as the lab wants to be asked."""
        more = {"of": self.of, "also": self.also, "also_service": self.also_service, "missing": self.missing}
        return {"fault": self.fault, "service": self.service, **{name: value for name, value in more.items() if value}}


def schedule(wanted: Sequence[str], *, runs: int, seed: int) -> tuple[Wish, ...]:
    """
    Return every drill in the order in which to run it, shuffled; victims take turns.

    Args:
        wanted: names of faults, `two_at_once` and `missing_source` among them; empty for all.
        runs: of each.

    Raises: ConfigError: the lab has no fault of a wanted name.
    """
    known = (*BY_NAME, OVERLAY, TWO_AT_ONCE, MISSING_SOURCE)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ConfigError(f"the lab has no fault {', '.join(missing)}; it has {', '.join(known)}")
    rng = random.Random(seed)  # noqa: S311 - an order, no secret
    victims = {fault.name: _turns(fault.services, rng) for fault in BY_NAME.values()}
    inner = _turns([fault.name for fault in REAL], rng)
    pairs, blind = _turns(PAIRS, rng), _turns(BLIND, rng)
    sources = _turns(SOURCES, rng)
    wishes = []
    for name in dict.fromkeys(wanted or known):
        for _ in range(runs):
            if name == TWO_AT_ONCE:
                wishes.append(_pair(next(pairs)))
            elif name == MISSING_SOURCE:
                fault, service = next(blind)
                wishes.append(Wish(fault=fault, service=service, missing=next(sources)))
            else:
                of = next(inner) if name == OVERLAY else None
                wishes.append(Wish(fault=name, service=next(victims[of or name]), of=of))
    rng.shuffle(wishes)
    return tuple(wishes)


def _pair(pair: tuple[Victim, Victim]) -> Wish:
    (fault, service), (also, also_service) = pair
    return Wish(fault=fault, service=service, also=also, also_service=also_service)


def _turns(names: Sequence[T], rng: random.Random) -> Iterator[T]:
    """Yield items for ever: each once in a chance order, then again in that order."""
    order = list(names)
    rng.shuffle(order)
    while True:
        yield from order
