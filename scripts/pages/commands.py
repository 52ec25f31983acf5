"""docs/cli.md: the help of every command, as `quell` prints it."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator

import typer
import typer.main

from pages.table import GENERATED
from quell.cli import app
from quell_lab.run import main as lab_main

WIDTH = 100

INTRO = """
# The command line

`make setup` puts `quell` into `.venv/bin`. Exit codes: 0 done; 1 it ran and the answer is bad; 2 it could not run, and
one line on stderr says why. Answers of commands with `--output json` are made for programs.
"""


def every_command() -> Iterator[tuple[str, typer.Context]]:
    """Yield each command's name and context, those of groups before their own commands."""
    root = typer.main.get_command(app)
    yield from _walk(typer.Context(root, info_name="quell", terminal_width=WIDTH, max_content_width=WIDTH), "quell")


def page() -> str:
    """Return docs/cli.md."""
    parts = [GENERATED, INTRO.strip(), ""]
    for name, context in every_command():
        says = _help_of_lab() if name == "quell lab" else context.command.get_help(context)
        parts.append(f"## `{name}`\n\n```text\n{_stripped(says)}\n```\n")
    return "\n".join(parts)


def _walk(context: typer.Context, name: str) -> Iterator[tuple[str, typer.Context]]:
    yield name, context
    group = context.command
    for each in getattr(group, "commands", {}).values():
        inner = type(context)(each, info_name=each.name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH)
        yield from _walk(inner, f"{name} {each.name}")


def _help_of_lab() -> str:
    """Return the help of the lab, which reads its own command line by itself; the usage line is ours."""
    said = io.StringIO()
    kept = {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    try:
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            lab_main(["--help"])
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    _, _, rest = said.getvalue().partition("\n\n")
    return f"Usage: quell lab [OPTIONS]\n\n{rest}"


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
