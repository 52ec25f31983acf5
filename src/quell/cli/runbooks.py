"""`quell runbooks`: show the runbooks in use, and check a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quell.cli.printing import Config, Format, Output, print_rows
from quell.settings import load

runbooks_app = typer.Typer(help="Show the runbooks in use, or check a folder of your own.")


@runbooks_app.callback(invoke_without_command=True)
def list_runbooks(context: typer.Context, config: Config = None, output: Format = Output.TABLE) -> None:
    """Show the runbooks in use, or check a folder of your own."""
    if context.invoked_subcommand is not None:
        return
    from quell.app.runbooks import shelf

    rows = [_row(entry) for entry in shelf(load(config))]
    print_rows(rows, output, ["name", "version", "from", "risk", "causes", "steps"])


@runbooks_app.command("check")
def check_runbooks(
    folder: Annotated[Path, typer.Argument(help="Folder with runbooks, one in each .toml file.")],
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Read a folder of runbooks as `serve` would, and say what is wrong with each file; exit code 2 when any is."""
    from quell.app.runbooks import check

    found = check(folder, load(config))
    rows = [{"file": one.file, "runbook": one.runbook.name, "says": "can be used"} for one in found.entries]
    rows += [{"file": Path(one.file).name, "runbook": "", "key": one.key, "says": one.reason} for one in found.problems]
    print_rows(sorted(rows, key=lambda row: row["file"]), output, ["file", "runbook", "key", "says"])
    if found.problems:
        raise typer.Exit(2)


def _row(entry: Any) -> dict[str, Any]:
    one = entry.runbook
    return {
        "name": one.name,
        "version": one.version,
        "from": entry.origin if one.enabled else f"{entry.origin}, off",
        "risk": one.risk,
        "causes": ", ".join(one.match.causes),
        "steps": ", ".join(step.action for step in one.steps),
        "title": one.title,
        "file": entry.file,
    }
