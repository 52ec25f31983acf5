"""Releases with and without a defect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.releases import Patch

DEFECTS: Mapping[str, Patch] = {
    "catalog": Patch(
        old='RATES = {"EUR": 1.0, "SEK": 0.088, "GBP": 1.17}',
        new='RATES = {"EUR": 1.0, "sek": 0.088, "gbp": 1.17}',
    ),
    "inventory": Patch(old="SHELVES[number % len(SHELVES)]", new="SHELVES[number % 12]"),
    "cart": Patch(
        old='off_cents = discount["cents"] if discount is not None else 0',
        new='off_cents = discount["cents"]',
    ),
    "checkout": Patch(
        old="SHIPPING_CENTS.get(country, SHIPPING_ELSEWHERE_CENTS)",
        new="SHIPPING_CENTS[country]",
    ),
    "payment": Patch(old='SCHEMES.get(card[0], "other")', new="SCHEMES[card[0]]"),
}
"""What a developer could have got wrong: each raises for a share of the requests."""

HARMLESS: Mapping[str, Patch] = {
    "catalog": Patch(old="FEATURED = 6", new="FEATURED = 8"),
    "inventory": Patch(old="RESTOCK_EVERY_S = 15.0", new="RESTOCK_EVERY_S = 20.0"),
    "cart": Patch(old="MAX_QUANTITY = 20", new="MAX_QUANTITY = 25"),
    "checkout": Patch(old='"FR": 690', new='"FR": 650'),
    "payment": Patch(old="SLOW_S = 0.25", new="SLOW_S = 0.3"),
    "edge": Patch(old='text="Pages seen by customers."', new='text="Pages shown to customers."'),
}
"""Changes that break nothing."""


@asynccontextmanager
async def released(scene: Scene, service: str, patch: Patch) -> AsyncIterator[str]:
    """Have a new release of a service run for the length of a block; the block gets its version."""
    operations, supervisor = scene.operations, scene.supervisor
    unit = operations.unit(service)
    version = supervisor.releases.next_version(service, scene.rng)
    supervisor.releases.publish(service, unit.member.module, version, patch)
    try:
        await operations.deploy(service, version, by="ci")
        yield version
    finally:
        if unit.version == version:
            await operations.roll_back(service, by="ops")


@asynccontextmanager
async def bad_release(scene: Scene, service: str) -> AsyncIterator[Break]:
    """The next release raises for a share of its requests."""
    unit = scene.operations.unit(service)
    async with released(scene, service, DEFECTS[service]) as version:
        yield Break(mended=lambda: unit.version != version)


@asynccontextmanager
async def harmless_deploy(scene: Scene, service: str) -> AsyncIterator[Break]:
    """The next release is as good as the one before."""
    async with released(scene, service, HARMLESS[service]):
        yield Break(mended=None)


BAD_RELEASE = Fault(
    name="bad_release",
    services=tuple(DEFECTS),
    cause="bad_release",
    actions=("roll_back",),
    inject=bad_release,
)
HARMLESS_DEPLOY = Fault(
    name="harmless_deploy", services=tuple(HARMLESS), cause=None, actions=(), inject=harmless_deploy
)
