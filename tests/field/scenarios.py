"""What happens to a site: each scenario breaks services for real, one after the other, and yields what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.field.job import Job, job_of, mend_by_hand
from tests.field.site import Site, Spec

PAIR = (Spec(name="orders", label="code"), Spec(name="billing", label="status"))
"""Two services that have nothing to do with each other."""
CHAIN = (Spec(name="front", label="status", calls="stock"), Spec(name="stock", label="code"))
"""One calls the other, and no metric of it tells."""


def _one(site: Site, name: str, share: float, *, after_s: float = 0.0) -> Iterator[Job]:
    site.quiet(for_s=after_s)
    site.breaks(name, share)
    yield job_of(site, name)
    mend_by_hand(site, name)


def _either_label(site: Site) -> Iterator[Job]:
    yield from _one(site, "billing", 1.0)
    yield from _one(site, "billing", 0.55, after_s=15)
    yield from _one(site, "orders", 0.6)


def _after_3_min(site: Site) -> Iterator[Job]:
    yield from _one(site, "orders", 0.6)
    yield from _one(site, "orders", 1.0, after_s=180)


def _deployed(site: Site) -> Iterator[Job]:
    for name, other in (("orders", "billing"), ("billing", "orders")):
        site.record_change(other, before="1.0.0", after="1.1.0")
        site.record_change(name, before="2.0.0", after="2.1.0")
        yield from _one(site, name, 0.6)


def _chain(site: Site) -> Iterator[Job]:
    yield from _one(site, "stock", 1.0)
    yield from _one(site, "front", 0.55)


def _both(site: Site) -> Iterator[Job]:
    site.breaks("orders", 0.6)
    site.breaks("billing", 0.8)
    yield job_of(site, "orders")
    yield job_of(site, "billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A site, and what happens to it."""

    name: str
    specs: tuple[Spec, ...]
    play: Callable[[Site], Iterator[Job]]

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The calls that the settings name."""
        return tuple((spec.name, spec.calls) for spec in self.specs if spec.calls is not None)


SCENARIOS = (
    Scenario(name="label status, again after 15 s, then label code", specs=PAIR, play=_either_label),
    Scenario(name="again after 3 minutes", specs=PAIR, play=_after_3_min),
    Scenario(name="deploy records of both", specs=PAIR, play=_deployed),
    Scenario(name="one calls the other", specs=CHAIN, play=_chain),
    Scenario(name="two unrelated failures at once", specs=PAIR, play=_both),
)
"""The first is the short form that every test run plays."""
