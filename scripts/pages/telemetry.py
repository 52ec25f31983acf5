"""The tables of docs/evidence.md: which metrics Quell knows, and what it holds for out of range."""

from __future__ import annotations

from pages.table import code, table
from quell.agents.indicators import KINDS
from quell.evidence.derive import DURATIONS, LEVELS, RATES, REQUESTS


def metrics() -> str:
    """Return the table of metrics by the series they become."""
    rows = [
        (
            code(name),
            "counter by status",
            _both(f"{prefix}request_rate", f"{prefix}error_ratio"),
            _labels(by),
            "1/s",
        )
        for name, (prefix, by) in REQUESTS.items()
    ]
    rows += [
        (code(name), "histogram, or summary", _both(f"{series}_mean", f"{series}_p99"), _labels(by), "s")
        for name, (series, by) in DURATIONS.items()
    ]
    rows += [(code(name), "counter", code(series), "", unit) for name, (series, unit) in RATES.items()]
    rows += [(code(name), "taken as it is", code(series), "", unit) for name, (series, unit) in LEVELS.items()]
    return table(["Metric", "Kind", "Becomes", "Apart by", "Unit"], rows)


def _both(one: str, other: str) -> str:
    return f"{code(one)}, {code(other)}"


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(code(name) for name in names)


def indicators() -> str:
    """Return the table of indicators."""
    rows = [
        (
            code(kind.name),
            kind.says,
            kind.bad_when,
            f"{kind.least:g} {kind.unit}".strip() + (f" and {100 * kind.share:g} % of normal" if kind.share else ""),
            "yes" if kind.symptom else "no: helps to find the cause",
        )
        for kind in KINDS
    ]
    return table(["Indicator", "What it is", "Bad when", "A departure counts from", "Felt by users"], rows)
