"""`quell outcomes`: how incidents went, in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from quell.cli.asking import LOCAL, Token, Url, ask
from quell.cli.printing import Format, Output, print_rows
from quell.outcomes.record import Origin
from quell.outcomes.wording import between, duration


class Window(StrEnum):
    """Incidents that began in so many days up to now."""

    WEEK = "7d"
    FOUR_WEEKS = "28d"
    QUARTER = "90d"
    YEAR = "365d"
    ALL = "all"


class Group(StrEnum):
    """What incidents are told apart by."""

    SEVERITY = "severity"
    SERVICE = "service"
    TEAM = "team"
    RESTORED_BY = "restored_by"


def outcomes(
    window: Annotated[Window, typer.Option(help="Incidents that began in so many days up to now.")] = (
        Window.FOUR_WEEKS
    ),
    kind: Annotated[Origin, typer.Option(help="Which incidents; the kinds never mix.")] = Origin.REAL,
    by: Annotated[Group | None, typer.Option(help="Tell them apart by this, too.")] = None,
    url: Url = LOCAL,
    token: Token = None,
    output: Format = Output.TABLE,
) -> None:
    """Say how incidents went, with intervals: the figures of the executives' page, from a running Quell."""
    params = {"window": window.value, "kind": kind.value, "by": by.value if by else ""}
    report = ask("GET", f"{url.rstrip('/')}/api/v1/outcomes", token=token, params=params)
    if output is Output.JSON:
        print(json.dumps(report, indent=2))
        return
    print(f"{report['sentence']['text']}\n")
    columns = ["figure", "value", "interval", "n", "open", "confidence", "says"]
    print_rows([_row(figure["title"], figure) for figure in report["figures"]], output, columns)
    if report["strata"]:
        print()
        rows = [
            {"stratum": one["name"] or "not known", **_row(figure["title"], figure)}
            for one in report["strata"]
            for figure in one["figures"]
            if figure["estimate"]["n"]
        ]
        print_rows(rows, output, ["stratum", *columns])
    print()
    print("\n".join(_footnotes(report)))


def _row(title: str, figure: dict[str, Any]) -> dict[str, Any]:
    estimate = figure["estimate"]
    return {
        "figure": title,
        "value": _worded(estimate["value"], estimate["unit"]) or "not known",
        "interval": _interval(estimate),
        "n": estimate["n"] if figure["k"] is None else f"{figure['k']} of {estimate['n']}",
        "open": estimate["open"],
        "confidence": figure["confidence"].replace("_", " "),
        "says": estimate["says"],
    }


def _interval(estimate: dict[str, Any]) -> str:
    value, low, high, unit = (estimate[name] for name in ("value", "low", "high", "unit"))
    if value is None or low is None:
        return ""
    level = f"{100 * estimate['level']:.3g} %: "
    if unit == "s":
        return level + between(low, high, value)
    ends = _worded(low, unit).removesuffix(" %"), _worded(high, unit)
    return level + (f"{ends[0]} to {ends[1]}" if high is not None else f"{_worded(low, unit)} or more")


def _worded(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "s":
        return duration(value)
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:.2f}" if unit == "ratio" else f"{value:,.2f} {unit}"


def _footnotes(report: dict[str, Any]) -> Iterator[str]:
    counts, quality = report["counts"], report["quality"]
    yield _listed("Counted: ", {name: n for name, n in counts.items() if name != "restored_by"})
    yield _listed("Restored by: ", counts["restored_by"])
    if quality["value"] is None:
        yield f"Quality of the records: {quality['says'] or 'not known'}"
    else:
        worst = f"; worst: {quality['worst']}" if quality["worst"] else ""
        yield f"Quality of the records: {quality['value']:.2f} of 1{worst}"
    for one in report["excluded"]:
        yield f"Left out: {one['n']:,} {one['why']}"
    if others := {name: n for name, n in report["others"].items() if n}:
        yield _listed("Of other kinds in this window, never mixed: ", others)
    yield f"As of {report['as_of'][:19].replace('T', ' ')} UTC; how each is computed: docs/metrics.md"


def _listed(first: str, counted: dict[str, int]) -> str:
    return first + ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counted.items())
