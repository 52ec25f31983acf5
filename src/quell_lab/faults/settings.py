"""Wrong values, a slow bank, and a bad file on disk."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from quell.errors import TimedOut
from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.roster import Setting
from quell_lab.supervisor import INSIDE, Revision

SLOW_MS = 1900
CATALOG_BACK_S = 8.0

WRONG_VALUES: Mapping[str, tuple[tuple[str, Setting], ...]] = {
    "checkout": (("payment_timeout_ms", 3), ("tax_table", "2026")),
    "cart": (("catalog_timeout_ms", 0), ("currency", "EURO")),
    "payment": (("bank_timeout_ms", 2), ("merchant", "shop-eu7")),
}
"""What a person could have typed: seconds for milliseconds, 0 for "no limit", a table that is not there, a slip."""


@asynccontextmanager
async def bad_config(scene: Scene, service: str) -> AsyncIterator[Break]:
    """A configuration value is wrong, so that calls fail."""
    unit = scene.operations.unit(service)
    key, value = scene.rng.choice(WRONG_VALUES[service])
    try:
        await scene.operations.set_config(service, key, value, by="ops")
        yield Break(mended=lambda: unit.config[key] != value)
    finally:
        if unit.config[key] == value:
            await scene.operations.roll_back_config(service, by="ops")


@asynccontextmanager
async def slow_dependency(scene: Scene, service: str) -> AsyncIterator[Break]:
    """The bank in use takes seconds; the other one is well."""
    supervisor, unit = scene.supervisor, scene.operations.unit(service)
    provider = unit.flags["provider"]
    bank = supervisor.units[f"bank-{provider}"]
    usual = bank.revisions
    try:
        bank.revisions = [Revision(number=0, values={"extra_ms": SLOW_MS})]
        await supervisor.settle(bank)
        yield Break(mended=lambda: unit.flags["provider"] != provider)
    finally:
        bank.revisions = usual
        await supervisor.settle(bank)


@asynccontextmanager
async def crash_loop(scene: Scene, service: str) -> AsyncIterator[Break]:
    """An entry in the cache on disk has a row without a price; whoever reads it ends."""
    unit = scene.operations.unit(service)
    path = scene.supervisor.data / INSIDE / "cache" / service / "category-8.json"
    row = {"id": 65, "name": "Article 065", "category": 8, "price_cents": None, "currency": "EUR"}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"written_at": time.time(), "rows": [{**row, "discount_cents": None}]}))
    try:
        draft.replace(path)
        yield Break(mended=lambda: not path.exists() and unit.state == "up")
    finally:
        path.unlink(missing_ok=True)
        # A process that read the entry just before may still end; it comes back by itself.
        unit.hurry.set()
        try:
            async with asyncio.timeout(CATALOG_BACK_S):
                await unit.seated.wait()
        except TimeoutError as error:
            raise TimedOut(f"{service} did not come back within {CATALOG_BACK_S:.0f} s") from error


BAD_CONFIG = Fault(
    name="bad_config",
    services=tuple(WRONG_VALUES),
    cause="bad_config",
    actions=("roll_back_config",),
    inject=bad_config,
)
SLOW_DEPENDENCY = Fault(
    name="slow_dependency",
    services=("payment",),
    cause="slow_dependency",
    actions=("switch_flag",),
    inject=slow_dependency,
)
CRASH_LOOP = Fault(
    name="crash_loop", services=("catalog",), cause="crash_loop", actions=("flush_cache",), inject=crash_loop
)
