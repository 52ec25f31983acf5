"""`quell import incidents`: take over incidents of the past from a file that another tool exported."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from zoneinfo import ZoneInfo

import typer

from quell.cli.asking import LOCAL, Token, Url
from quell.cli.printing import Format, Output
from quell.errors import ConfigError
from quell.ingest.past.checks import check_source
from quell.ingest.past.dates import read_format
from quell.ingest.past.fields import LACKING, read_mapping
from quell.ingest.past.shapes import Shape, opened

import_app = typer.Typer(help="Take over what other tools recorded.", no_args_is_help=True)


@import_app.callback()
def about_imports() -> None:
    """Take over what other tools recorded."""


@import_app.command("incidents")
def import_incidents(
    file: Annotated[Path, typer.Argument(help="CSV, JSON or JSON lines.")],
    source: Annotated[str, typer.Option(help="Names the tool or the export; an id counts once in a source.")],
    shape: Annotated[Shape, typer.Option("--format", help="What the file looks like.")] = Shape.AUTO,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="field=column; in JSON a dotted path. May be given again.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Where times without a zone were written, such as Europe/Berlin.")
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(help="day-first, month-first, or a pattern such as '%d/%b/%y %I:%M %p' or 'dd/MMM/yy h:mm a'."),
    ] = None,
    url: Url = LOCAL,
    token: Token = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check all of it, and change nothing.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="File for the rows that cannot be imported, as JSON lines with the reason.")
    ] = None,
    output: Format = Output.TABLE,
) -> None:
    """Import incidents of the past; those imported before are skipped. Exit code 1 when rows were bad."""
    from quell.cli.importing import Counts, Refusals, go_through
    from quell.cli.posting import Sender
    from quell.ingest.past.reading import Reader, look_through

    mapping = read_mapping(mapped or ())
    dates = read_format(date_format)
    with opened(file, shape, mapping) as looked_at:
        dates, lacks = look_through(looked_at.rows, dates)
    reader = Reader(now=datetime.now(UTC), zone=_zone(time_zone), dates=dates, lacks=lacks)
    counts = Counts()
    with contextlib.ExitStack() as stack:
        refused = Refusals(file=stack.enter_context(_writing(rejected, file)))
        sender = stack.enter_context(
            Sender.to(url, source=check_source(source), token=token, dry_run=dry_run, pause=time.sleep)
        )
        read = stack.enter_context(opened(file, shape, mapping))
        go_through(read, reader, sender, refused, counts)
    summary = {
        "file": str(file),
        "format": read.shape,
        "source": source,
        "dry_run": dry_run,
        "rows": reader.rows,
        "imported": reader.kinds.total() if sender.silent else counts.imported,
        "known": None if sender.silent else counts.known,
        "not_asked": sender.silent,
        "rejected": refused.count,
        "kinds": dict(reader.kinds),
        "reasons": dict(refused.reasons.most_common()),
        "lacks": {name: LACKING[name] for name in lacks},
        "notices": dict(reader.notices.most_common()),
        "first_rejected": [{read.place: one.place, "id": one.id, "says": one.says} for one in refused.first],
    }
    print(json.dumps(summary, indent=2) if output is Output.JSON else "\n".join(_said(summary, read.place)))
    raise typer.Exit(1 if refused.count else 0)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # an unknown zone is a KeyError, a path out of it a ValueError
        raise ConfigError(f"there is no time zone {name[:60]!r}") from error


@contextlib.contextmanager
def _writing(rejected: Path | None, read: Path) -> Iterator[BinaryIO | None]:
    if rejected is None:
        yield None
        return
    try:
        if rejected.exists() and rejected.samefile(read):
            raise ConfigError(f"--rejected {rejected} is the file that is read")
        with rejected.open("wb") as file:
            yield file
    except OSError as error:
        raise ConfigError(f"{rejected} cannot be written: {error.strerror or error}") from error


def _said(summary: dict[str, Any], place: str) -> Iterator[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary["kinds"].items() if count)
    dry = summary["dry_run"]
    yield f"{summary['file']}: {summary['format']}, source {summary['source']}{'; dry run' if dry else ''}"
    yield f"{summary['rows']:>9}  rows"
    yield f"{summary['imported']:>9}  {'would be imported' if dry else 'imported'}"
    if summary["known"] is None:
        yield f"{'?':>9}  known already; that could not be asked: {summary['not_asked']}"
    else:
        yield f"{summary['known']:>9}  known already"
    yield f"{summary['rejected']:>9}  rejected"
    yield from (f"{count:>9}    {reason}" for reason, count in summary["reasons"].items())
    if kinds:
        yield f"Those that are not rejected: {kinds}"
    yield from (f"This file has no column for {name}, so {says}." for name, says in summary["lacks"].items())
    yield from (f"{count:>9}  {notice}" for notice, count in summary["notices"].items())
    for one in summary["first_rejected"]:
        yield f"{place} {one[place]}  {one['id'] or '-'}  {one['says']}"
    more = summary["rejected"] - len(summary["first_rejected"])
    if more > 0:
        yield f"and {more} more; --rejected FILE writes them all"
