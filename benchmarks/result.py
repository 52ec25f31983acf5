"""What a benchmark found: rows with their aims, the machine, the table and the JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing measured."""

    measured: str
    median: float
    p99: float | str
    """Empty where it was measured too few times to have one."""
    unit: str
    times: int
    """How often it was measured."""
    aim: str
    """For the median; empty where there is none."""
    met: str
    """`yes`, `no`, or empty without an aim."""


def row(measured: str, values: Sequence[float], *, unit: str = "ms", under: float | None = None) -> Row:
    """
    Return the row of one or more measurements.

    Args:
        values: in `unit`, any order.
        under: the aim: the median is below this.
    """
    median = statistics.median(values)
    return Row(
        measured=measured,
        median=median,
        p99=statistics.quantiles(values, n=100, method="inclusive")[98] if len(values) >= 100 else "",
        unit=unit,
        times=len(values),
        aim="" if under is None else f"under {under:g}",
        met="" if under is None else "yes" if median < under else "no",
    )


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def show(rows: Sequence[Row]) -> None:
    """Print the machine and the table."""
    print(", ".join(f"{name} {value}" for name, value in machine().items()) + f", load {os.getloadavg()[0]:.1f}")
    width = max(len(each.measured) for each in rows)
    print(f"{'':{width}} {'median':>9} {'p99':>9} {'':<4} {'times':>6}  {'aim':<10} met")
    for each in rows:
        p99 = each.p99 if isinstance(each.p99, str) else f"{each.p99:,.2f}"
        print(
            f"{each.measured:{width}} {each.median:>9,.2f} {p99:>9} {each.unit:<4} {each.times:>6}  "
            f"{each.aim:<10} {each.met}".rstrip()
        )


def write(path: Path, rows: Sequence[DataclassInstance], **more: Any) -> None:
    """Write the rows, the machine, and what else should be known, as JSON."""
    result = {"machine": machine(), **more, "rows": [asdict(each) for each in rows]}
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
