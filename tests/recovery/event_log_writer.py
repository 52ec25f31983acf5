"""
Appends to an event log as fast as it can until it is killed.

    python -m tests.recovery.event_log_writer

Each line of standard input, `PATH ROUND SEED`, forks one writer; both write lines to standard output: the parent
`pid N` and, once the writer has ended, `ended N`; the writer `open` and, for each acknowledged append,
`ack KEY FIRST LAST`.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident.events import NoteAdded

TASKS = 8


def say(line: str) -> None:
    # One write of less than PIPE_BUF is there whole or not at all.
    os.write(1, f"{line}\n".encode())


def writes(key: str, chance: random.Random) -> list[Write]:
    """One to four events over one to three streams; each event says which of how many it is."""
    size = chance.choice((1, 1, 2, 4))
    streams = [f"s{chance.randrange(5)}" for _ in range(size)]
    return [
        Write(stream=stream, events=[NoteAdded(by=f"{key} {i} {size}", text="x" * chance.randrange(2000))])
        for i, stream in enumerate(streams)
    ]


async def append_on(log: SqliteEventLog, name: str, chance: random.Random) -> None:
    count = 0
    while True:
        key = f"{name}/{count}"
        appended = await log.append(writes(key, chance), key=key)
        say(f"ack {key} {appended.first} {appended.last}")
        count += 1


async def write_on(path: Path, number: str, seed: str) -> None:
    log = await SqliteEventLog.open(path, clock=lambda: datetime.now(UTC))
    say("open")
    tasks = [append_on(log, f"{number}/{task}", random.Random(f"{seed} {task}")) for task in range(TASKS)]
    await asyncio.gather(*tasks)


def main() -> None:
    for line in sys.stdin:
        path, number, seed = line.split()
        pid = os.fork()
        if pid == 0:
            asyncio.run(write_on(Path(path), number, seed))
        say(f"pid {pid}")
        os.waitpid(pid, 0)
        say(f"ended {pid}")


if __name__ == "__main__":
    main()
