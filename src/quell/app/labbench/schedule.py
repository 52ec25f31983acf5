"""Which faults happen to whom, and in which order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quell.errors import ConfigError

HARMLESS = "harmless_deploy"
OVERLAY = "overlay"


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


def schedule(known: Sequence[Mapping[str, Any]], wanted: Sequence[str], *, runs: int, seed: int) -> tuple[Wish, ...]:
    """
    Return every drill in the order in which to run it, shuffled; victims take turns.

    Args:
        known: what the lab says of its faults: `fault`, `services`, and for `overlay` what it can be `of`.
        wanted: names of faults; empty for all.
        runs: of each fault.

    Raises: ConfigError: the lab has no fault of a wanted name.
    """
    rng = random.Random(seed)  # noqa: S311 - an order, no secret
    by_name = {str(row["fault"]): row for row in known}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise ConfigError(f"the lab has no fault {', '.join(missing)}; it has {', '.join(by_name)}")
    victims = {name: _turns(row["services"], rng) for name, row in by_name.items() if row["services"]}
    inner = _turns(by_name[OVERLAY]["of"], rng) if OVERLAY in by_name else iter(())
    wishes = []
    for name in dict.fromkeys(wanted or by_name):
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
