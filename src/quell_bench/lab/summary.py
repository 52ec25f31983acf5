"""What all runs together say: shares with their intervals, times, and a table for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from quell_bench.lab.record import Run

Z95 = 1.959963984540054
"""Two-sided 95 % of a normal distribution."""

SHARES: Mapping[str, Callable[[Run], bool]] = {
    "detected": lambda run: run.detected,
    "cause_first": lambda run: run.cause_first,
    "action_fits": lambda run: run.action_fits,
    "verified": lambda run: run.verified,
    "restored": lambda run: run.restored,
}
"""Of the runs in which something was really broken."""


def wilson(hits: int, of: int) -> tuple[float, float] | None:
    """
    Wilson's 95 % interval of a share; None when nothing was tried.

    Source: Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if of == 0:
        return None
    share, square = hits / of, Z95 * Z95
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z95 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Return p50 and p95 (linear between the two nearest), None without values."""
    if not values:
        return {"p50": None, "p95": None}
    return {name: round(float(np.percentile(values, level)), 3) for name, level in (("p50", 50), ("p95", 95))}


def summarize(runs: Sequence[Run], *, false_incidents: int, quiet_minutes: float) -> dict[str, Any]:
    """
    Return the numbers of all runs.

    A run that the lab could not inject counts nowhere but in `not_injected`; `undone` is a number of actions.

    Args:
        false_incidents: opened, or opened again, in quiet time.
    """
    injected = [run for run in runs if run.injected]
    real = [run for run in injected if run.real]
    hits = {name: sum(map(test, real)) for name, test in SHARES.items()}
    red = [run for run in injected if not run.real or run.decoy is not None]
    return {
        **{name: round(count / len(real), 4) if real else None for name, count in hits.items()},
        "undone": sum(run.undone for run in injected),
        "false_incidents": false_incidents,
        "detect_s": percentiles([run.detect_s for run in real if run.detect_s is not None]),
        "restore_s": percentiles([run.restore_s for run in real if run.restore_s is not None]),
        "runs": len(injected),
        "real_runs": len(real),
        "not_injected": len(runs) - len(injected),
        "unhelpful_actions": sum(run.unhelpful for run in injected),
        "red_herrings": len(red),
        "red_herring_blamed": sum(run.blamed for run in red),
        "red_herring_incidents": sum(len(run.incidents) for run in red if not run.real),
        "quiet_minutes": quiet_minutes,
        "intervals": {name: wilson(count, len(real)) for name, count in hits.items()},
        "by_fault": _by_fault(real),
    }


def _by_fault(real: Sequence[Run]) -> dict[str, dict[str, int]]:
    """Return how many of the runs of each fault did what."""
    names = dict.fromkeys(sorted(run.fault for run in real))
    return {
        name: {
            "runs": sum(run.fault == name for run in real),
            **{share: sum(test(run) for run in real if run.fault == name) for share, test in SHARES.items()},
        }
        for name in names
    }


def line(run: Run) -> str:
    """Return one line on a run."""
    name = f"{run.inner} on {run.service}" + (f" after a deploy of {run.decoy}" if run.decoy else "")
    name += f" and {run.also}" if run.also else ""
    name += f" without {run.missing}" if run.missing else ""
    if not run.injected:
        return f"{name}: not injected: {run.error}"
    if not run.real:
        blamed = "BLAMED" if run.blamed else "not blamed"
        return f"{name}: {blamed}, {len(run.incidents)} incidents"
    said = [
        f"detected after {run.detect_s:.1f} s" if run.detect_s is not None else "NOT DETECTED",
        f"cause {'right' if run.cause_first else f'WRONG ({run.cause})'}",
        f"action {run.action}" + ("" if run.action_fits else " (DOES NOT FIT)"),
        f"restored after {run.restore_s:.1f} s" if run.restore_s is not None else f"NOT RESTORED ({run.outcome})",
    ]
    if run.decoy is not None and run.blamed:
        said.append("DECOY BLAMED")
    if run.also is not None:
        said.append(f"the second {'named' if run.also_named else 'NOT NAMED'}, {_mended(run)}")
    return f"{name}: {', '.join(said)}"


def _mended(run: Run) -> str:
    return "both mended" if run.mended and run.also_mended else "NOT BOTH MENDED"


def table(summary: Mapping[str, Any]) -> str:
    """Return the numbers as a table."""
    head = ("fault", "runs", *SHARES)
    rows = [(name, *(str(row[key]) for key in ("runs", *SHARES))) for name, row in summary["by_fault"].items()]
    total = ("all", str(summary["real_runs"]), *(_percent(summary[name]) for name in SHARES))
    spans = ("95 % interval", "", *(_span(summary["intervals"][name]) for name in SHARES))
    lines = [head, *rows, total, spans]
    widths = [max(len(one[place]) for one in lines) for place in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(one, widths, strict=True)).rstrip() for one in lines]
    return "\n".join([*text, "", *_sentences(summary)])


def _sentences(summary: Mapping[str, Any]) -> list[str]:
    times = [
        f"{what} p50 {_seconds(summary[key]['p50'])}, p95 {_seconds(summary[key]['p95'])}"
        for what, key in (("detected", "detect_s"), ("restored", "restore_s"))
    ]
    return [
        f"from injection: {'; '.join(times)}",
        f"actions that did not help: {summary['unhelpful_actions']}, undone: {summary['undone']}",
        f"red herrings: {summary['red_herrings']}, blamed: {summary['red_herring_blamed']}",
        f"quiet minutes: {summary['quiet_minutes']:g}, false incidents: {summary['false_incidents']}",
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _span(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.0%}-{interval[1]:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
