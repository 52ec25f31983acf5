"""Reads a file of past incidents row by row and sends what is good; what is held does not grow with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from quell.cli.posting import AT_ONCE, Answer, NotTaken, Sender
from quell.errors import ConfigError, InputError
from quell.ingest.past.reading import Reader, Rejected, Taken
from quell.ingest.past.shapes import Opened

BAD_SHOWN = 20

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True, kw_only=True)
class Counts:
    """What the server said of what was sent."""

    imported: int = 0
    known: int = 0


@dataclass(slots=True, kw_only=True)
class Refusals:
    """Rows that cannot be imported: all are counted and written, the first are kept."""

    file: BinaryIO | None
    count: int = 0
    first: list[Rejected] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, one: Rejected, place: str) -> None:
        """Take one in. Raises: ConfigError: it cannot be written."""
        self.count += 1
        self.reasons[one.reason] += 1
        if len(self.first) < BAD_SHOWN:
            self.first.append(one)
        if self.file is None:
            return
        try:
            self.file.write(_encode({place: one.place, "id": one.id, "reason": one.says, "row": one.raw}) + b"\n")
        except OSError as error:
            raise ConfigError(f"{self.file.name} cannot be written: {error.strerror or error}") from error


def go_through(read: Opened, reader: Reader, sender: Sender, refused: Refusals, counts: Counts) -> None:
    """
    Read all rows, and send them in batches.

    Raises: ConfigError: the file cannot be read to its end, or the server takes no more; what was read before is sent.
    """
    batch: list[Taken] = []
    try:
        for one in reader.read(read.rows):
            if isinstance(one, Rejected):
                refused.add(one, read.place)
                continue
            batch.append(one)
            if len(batch) == AT_ONCE:
                _send(batch, reader, sender, refused, counts, read.place)
                batch = []
    except InputError as error:
        _send(batch, reader, sender, refused, counts, read.place)
        raise ConfigError(f"{error}; {reader.rows} rows before that were read") from error
    _send(batch, reader, sender, refused, counts, read.place)


def _send(batch: list[Taken], reader: Reader, sender: Sender, refused: Refusals, counts: Counts, place: str) -> None:
    if not batch:
        return
    try:
        answer = sender.send([one.past for one in batch])
    except NotTaken as error:
        taken = counts.imported + counts.known
        done = f"; {taken} incidents were taken before, and are skipped when this is run again" if taken else ""
        raise ConfigError(f"{error}{done}") from error
    if answer is None:
        return
    counts.imported += answer.imported
    counts.known += answer.known
    for row, reason in _refused(answer, batch):
        reader.kinds[row.past.kind] -= 1
        refused.add(Rejected(place=row.place, id=row.past.id, reason=reason, says=reason, raw=row.raw), place)


def _refused(answer: Answer, batch: list[Taken]) -> Iterator[tuple[Taken, str]]:
    """Yield what the server did not take."""
    for index, reason in answer.rejected:
        if 0 <= index < len(batch):
            yield batch[index], reason
