"""
Writes a fixture: a log as the Quell of today writes it, and everything that it is folded into.

    python -m tests.eventlog.released.record NAME [LOG]

Without a log (the file of a Quell that is not running) one with every kind of event is made. Run by hand, before a
change of how events are written; a fixture is never made again.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import tempfile
from pathlib import Path

from quell.eventlog.log import Recorded, Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident import events as ev
from tests.eventlog.anything import Anything
from tests.eventlog.released.shown import shown

FOLDER = Path(__file__).parent
SEED, EVENTS = 11, 700


async def made(path: Path) -> None:
    """Write a log with every kind of event."""
    records = [one for one in Anything(SEED).log(EVENTS) if not isinstance(one.event, ev.UnknownEvent)]
    times = iter(record.at for record in records)
    log = await SqliteEventLog.open(path, clock=lambda: next(times))
    for record in records:
        await log.append(
            [Write(stream=record.stream, events=[record.event])], key=f"made/{record.stream}/{record.offset}"
        )
    await log.close()


async def whole(path: Path) -> list[Recorded]:
    """Read all of a log."""
    log = await SqliteEventLog.open(path, clock=lambda: sys.exit("a fixture is only read"))
    records: list[Recorded] = []
    while page := await log.read(after=len(records), limit=1_000):
        records += page
    await log.close()
    return records


async def main(name: str, source: Path | None) -> None:
    """Write the two files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        if source is None:
            await made(path)
        else:
            path.write_bytes(source.read_bytes())
        records = await whole(path)
        (FOLDER / f"{name}.db.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    folded = json.dumps(shown(records), sort_keys=True).encode()
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(folded, mtime=0))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]) if sys.argv[2:] else None))
