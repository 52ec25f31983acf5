"""docs/metrics.md: what every business metric means, and how often it is right (benchmarks/results/outcomes.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pages.table import GENERATED, table
from quell.outcomes.definitions import DEFINITIONS, Definition

INTRO = """
# Business metrics

What the executives' page, `GET /api/v1/outcomes` and `quell export outcomes` say, and when they say nothing. Times of
incidents are heavy-tailed: the mean of a week moves by more than 10 % in nearly every week with nothing changed, so
each figure comes with its interval, the number of incidents that it rests on, and a word for what it is worth.

t0 is the start of the impact, td its detection, ta its acknowledgement, tm the end of the impact, tr the closing.
Each knows whether a machine, an import or a person recorded it.
"""

RIGHT = """
## How often they are right

From `make bench-outcomes`, on populations whose truth is known: made-up ones of many shapes, and the durations of
public incidents of GitHub (4 years). A sample is drawn, the figure asked for as the product does, and compared.
"""

NOT_MEASURED = "*Not measured: run `make bench-outcomes`.*\n"

COVERAGE = """
### Intervals

Share of the 95 % intervals that hold the truth, by the number of incidents. By kind: restored by Quell or by a person.
"""
CENSORING = """
### Open incidents

The same, with {share:.1%} of the incidents still open: they begin evenly over a window and one looks at its end. The
bias is that of the capped mean; leaving the open ones out would bias it by about a third.
"""
BADGES = """
### The weekly word, with nothing changed

Share of {weeks}-week quarters in which any weekly decision says improved or worse, {quarters} quarters each; the aim is
{aim} at most. Weekly counts vary {dispersion:g} times as much as by chance alone. In brackets: weeks with a decision.
"""
ALIKE = """
Incidents that resemble their neighbours are harder, and outside the aim. Days are covered by shuffling whole days. A
factor that a whole week shares cannot be told from a change by eight weeks of data, however many incidents they hold:
"""
POWER = """
### The weekly word, with a change

Share of decisions that say improved when all later durations are so many times the earlier ones, {decisions} decisions
each; last, the median of the ratio that the decision itself says would show in 4 of 5 cases.
"""
MONEY = """
### Savings

{windows} windows each. Without a saving: the share that claims one (P(S > 0) >= {claimed_at}; aim {aim}). With
durations times {ratio:g}: the share that claims it, and those in which the range holds the true amount. Periods
differ by a log-normal factor with a standard deviation of {period_sd:g} in logs; the true price of a minute is drawn
from the customer's range.
"""


def page(results: Path) -> str:
    """Return docs/metrics.md."""
    parts = [GENERATED, INTRO.strip(), ""]
    parts += ["## Figures", "", *(_told(one) for one in DEFINITIONS.values() if not one.method)]
    parts += ["## Methods", "", *(_told(one) for one in DEFINITIONS.values() if one.method)]
    return "\n".join([*parts, measured(results)])


def _told(one: Definition) -> str:
    lines = [
        f"### {one.title}",
        "",
        f"`{one.key}`: {one.formula}",
        "",
        f"- Reads: {one.reads}",
        f"- Says nothing when: {one.says_nothing_when}",
    ]
    if one.sources:
        lines.append(f"- Sources: {'; '.join(one.sources)}.")
    return "\n".join([*lines, ""])


def measured(results: Path) -> str:
    """Return the tables of what was simulated, or that nothing was."""
    path = results / "outcomes.json"
    if not path.exists():
        return f"{RIGHT.strip()}\n\n{NOT_MEASURED}"
    found = json.loads(path.read_text(encoding="utf-8"))
    seed = f"Seed {found['seed']}, {found['replicates']} replicates; made again, it gives the same."
    parts = [RIGHT.strip(), seed, COVERAGE.strip(), _coverage(found["coverage"])]
    censoring, badges = found["censoring"], found["badges"]
    parts += [CENSORING.strip().format(share=censoring["open_share"]), _coverage(censoring["by_population"], bias=True)]
    parts += [BADGES.strip().format(**badges), _badges(badges["by_population"])]
    parts += [ALIKE.strip(), _badges(badges["neighbours_alike"])]
    parts += [POWER.strip().format(**found["power"]), _power(found["power"])]
    parts += [MONEY.strip().format(**found["money"]), _money(found["money"]["by_population"])]
    speed = found["speed"]
    parts.append(f"The decision and the line over {speed['incidents']:,} incidents take {speed['trend_ms']:g} ms.\n")
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


FIGURES = {
    "median": "Median",
    "geometric_mean": "Geometric mean",
    "capped_mean": "Capped mean",
    "capped_mean_stratified": "By kind",
}


def _coverage(found: Mapping[str, Mapping[str, Mapping[str, float]]], *, bias: bool = False) -> str:
    rows = [
        (
            name,
            n,
            *(_share(cell.get(key)) for key in FIGURES),
            *([f"{100 * cell['capped_mean_bias']:+.1f} %"] if bias else []),
        )
        for name, by_n in found.items()
        for n, cell in by_n.items()
    ]
    head = ("Durations", "Incidents", *FIGURES.values(), *(["Bias"] if bias else []))
    return table(head, rows, right=range(1, len(head)))


def _badges(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    volumes = list(next(iter(found.values())))
    rows = [
        (name, *(f"{cells[v]['false']:.3f} ({cells[v]['decided']:.0%})" for v in volumes))
        for name, cells in found.items()
    ]
    return table(("Durations", *(f"{volume} a week" for volume in volumes)), rows, right=range(1, len(volumes) + 1))


def _power(found: Mapping[str, Any]) -> str:
    ratios = [f"{ratio:g}" for ratio in found["ratios"]]
    rows = [
        (name, volume, *(f"{cell['improved'][ratio]:.2f}" for ratio in ratios), cell["detectable"] or "none")
        for name, cells in found["by_population"].items()
        for volume, cell in cells.items()
    ]
    head = ("Durations", "A week", *(f"x {ratio}" for ratio in ratios), "Would show")
    return table(head, rows, right=range(1, len(head)))


MONEY_COLUMNS = {
    "claimed_without": "Claimed without",
    "holds_95_without": "95 % holds 0",
    "claimed_with": "Claimed with",
    "holds_80_with": "80 % holds",
    "holds_95_with": "95 % holds",
}


def _money(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    rows = list(_money_rows(found))
    return table(("Durations", "Compared with", *MONEY_COLUMNS.values()), rows, right=range(2, 7))


def _money_rows(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[Sequence[object]]:
    for name, settings in found.items():
        for setting, cell in settings.items():
            yield name, setting, *(_share(cell[key]) for key in MONEY_COLUMNS)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
