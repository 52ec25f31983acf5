"""A cache whose entries are of no use, and a disk that fills up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from quell_lab.faults.fault import Break, Fault, Scene
from quell_lab.faults.leaks import Sent, keep_sending
from quell_lab.store import CATEGORIES
from quell_lab.supervisor import INSIDE

AGE_S = 9 * 86400.0
EXPORT_EVERY_S = 0.5

EXPORTS: Mapping[str, Callable[[int], Sent]] = {
    "payment": lambda number: ("GET", f"/statements?ref=m{number}", None),
    "inventory": lambda number: ("GET", f"/export?ref=d{number}", None),
}
"""Each leaves a file of about 400 kB that nobody fetches."""


@asynccontextmanager
async def cache_stampede(scene: Scene, service: str) -> AsyncIterator[Break]:
    """An import put old entries in the cache, to stay: every read finds them stale and asks for all anew."""
    folder = scene.supervisor.data / INSIDE / "cache" / service
    entry = json.dumps({"written_at": time.time() - AGE_S, "pinned": True, "rows": []})
    paths = [folder / f"category-{number}.json" for number in range(CATEGORIES)]
    try:
        for path in paths:
            draft = path.with_suffix(".draft")
            draft.write_text(entry)
            draft.replace(path)
        yield Break(mended=lambda: not any(_is(path, entry) for path in paths))
    finally:
        for path in paths:
            if _is(path, entry):
                path.unlink(missing_ok=True)


def _is(path: Path, entry: str) -> bool:
    """Whether a file is still as it was written."""
    try:
        return path.read_text() == entry
    except FileNotFoundError:
        return False


@asynccontextmanager
async def disk_fill(scene: Scene, service: str) -> AsyncIterator[Break]:
    """Exports are written faster than anybody fetches them, until there is no space for anything."""
    unit = scene.operations.unit(service)
    cleared = unit.cleared
    work = keep_sending(unit, EXPORTS[service], EXPORT_EVERY_S, lambda: unit.cleared > cleared)
    sending = asyncio.get_running_loop().create_task(work)
    try:
        yield Break(mended=lambda: unit.cleared > cleared)
    finally:
        sending.cancel()
        await asyncio.wait({sending})
        if unit.cleared == cleared:
            await scene.operations.clear_disk(service, by="ops")


CACHE_STAMPEDE = Fault(
    name="cache_stampede",
    services=("catalog",),
    cause="cache_stampede",
    actions=("flush_cache",),
    inject=cache_stampede,
)
DISK_FILL = Fault(
    name="disk_fill", services=tuple(EXPORTS), cause="disk_full", actions=("clear_disk",), inject=disk_fill
)
