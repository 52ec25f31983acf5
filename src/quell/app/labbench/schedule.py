"""Which faults happen to whom, and in which order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quell.errors import ConfigError
from quell.lab.faults.catalogue import BY_NAME, OVERLAY, REAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A drill to ask the lab for."""

    fault: str
    service: str
    of: str | None = None
    """With `overlay`: the fault that follows a harmless deploy of another service."""

    def body(self) -> dict[str, str]:
        """Return it as the lab wants to be asked."""
        return {"fault": self.fault, "service": self.service, **({"of": self.of} if self.of else {})}


def schedule(wanted: Sequence[str], *, runs: int, seed: int) -> tuple[Wish, ...]:
    """
    Return every drill in the order in which to run it, shuffled; victims take turns.

    Args:
        wanted: names of faults; empty for all.
        runs: of each fault.

    Raises: ConfigError: the lab has no fault of a wanted name.
    """
    known = (*BY_NAME, OVERLAY)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ConfigError(f"the lab has no fault {', '.join(missing)}; it has {', '.join(known)}")
    rng = random.Random(seed)  # noqa: S311 - an order, no secret
    victims = {fault.name: _turns(fault.services, rng) for fault in BY_NAME.values()}
    inner = _turns([fault.name for fault in REAL], rng)
    wishes = []
    for name in dict.fromkeys(wanted or known):
        for _ in range(runs):
            of = next(inner) if name == OVERLAY else None
            wishes.append(Wish(fault=name, service=next(victims[of or name]), of=of))
    rng.shuffle(wishes)
    return tuple(wishes)


def _turns(names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield names for ever: each once in a chance order, then again in that order."""
    order = list(names)
    rng.shuffle(order)
    while True:
        yield from order
