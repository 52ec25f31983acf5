"""Populations of incident durations to draw samples from: a file's, or made-up ones of many shapes."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import stats

from quell.errors import Malformed, TooLarge

Array = npt.NDArray[np.float64]

COLUMN = "duration_minutes"
MAINTENANCE = "maintenance"
FEWEST_ROWS = 10
LARGEST_BYTES = 200 * 2**20
POINTS = 100_000
"""A made-up population is so many evenly spaced quantiles of its distribution."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """All incidents there are; samples are drawn from it with replacement."""

    name: str
    duration_s: Array
    by_person: npt.NDArray[np.bool_] | None = None
    """Which are restored by a person, where that is known."""
    left_out: int = 0
    """Rows of the file that are not in it."""


def read(path: Path, *, maintenance: bool = False) -> Population:
    """
    Take a CSV file's column `duration_minutes` as the population.

    Left out and counted: rows without a duration, of zero, or (unless `maintenance`) marked as maintenance.
    Raises: Malformed: no such file, no such column, a negative or unreadable duration, fewer than 10 rows. TooLarge.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TooLarge(f"{path}: more than {LARGEST_BYTES // 2**20} MB")
        with path.open(encoding="utf-8-sig", newline="") as file:
            minutes, left_out = _minutes(path, csv.DictReader(file), maintenance=maintenance)
    except OSError as error:
        raise Malformed(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"{path}: not a CSV file: {error}") from error
    if len(minutes) < FEWEST_ROWS:
        raise Malformed(f"{path}: {len(minutes)} durations, of at least {FEWEST_ROWS} ({left_out} rows left out)")
    return Population(name=path.name, duration_s=np.array(minutes) * 60.0, left_out=left_out)


def _minutes(path: Path, rows: csv.DictReader[str], *, maintenance: bool) -> tuple[list[float], int]:
    if COLUMN not in (rows.fieldnames or ()):
        raise Malformed(f"{path}: no column {COLUMN}")
    minutes: list[float] = []
    left_out = 0
    for row in rows:
        text = (row[COLUMN] or "").strip()
        planned = (row.get(MAINTENANCE) or "").strip().lower() in ("1", "true", "yes")
        if not text or (planned and not maintenance):
            left_out += 1
            continue
        try:
            value = float(text)
        except ValueError as error:
            raise Malformed(f"{path}: line {rows.line_num}: {text[:40]!r} is not a number") from error
        if not math.isfinite(value) or value < 0:
            raise Malformed(f"{path}: line {rows.line_num}: a duration of {text[:40]} minutes")
        if value == 0:
            left_out += 1
            continue
        minutes.append(value)
    return minutes, left_out


def made_up() -> tuple[Population, ...]:
    """Shapes that durations of incidents have, or might have; typical ones take 40 minutes."""
    lognormal = {f"log-normal {sigma}": stats.lognorm(sigma, scale=40.0) for sigma in (1.1, 1.6)}
    pareto = {f"Pareto {alpha}": stats.pareto(alpha, scale=10.0) for alpha in (1.5, 1.1)}
    others = {
        "Weibull 0.5": stats.weibull_min(0.5, scale=60.0),
        "Weibull 1.5": stats.weibull_min(1.5, scale=60.0),
        "gamma 0.5": stats.gamma(0.5, scale=100.0),
        "log-logistic 1.2": stats.fisk(1.2, scale=40.0),
        "uniform": stats.uniform(1.0, 120.0),
    }
    shapes = {**lognormal, **pareto, **others}
    plain = tuple(Population(name=name, duration_s=_spread(shape, POINTS) * 60.0) for name, shape in shapes.items())
    base = _spread(lognormal["log-normal 1.1"], POINTS)
    rounded = tuple(
        Population(name=f"rounded to {step} min", duration_s=np.maximum(np.round(base / step), 1.0) * step * 60.0)
        for step in (5, 15, 30)
    )
    return (*plain, *rounded, _mixture(0.3), _mixture(0.5), _mixture(0.15))


def _mixture(share: float) -> Population:
    """Mended in about 5 minutes by Quell, or in about 3 hours by a person."""
    people = round(POINTS * share)
    quick = _spread(stats.lognorm(0.6, scale=5.0), POINTS - people)
    slow = _spread(stats.lognorm(0.9, scale=180.0), people)
    return Population(
        name=f"{share:.0%} by a person",
        duration_s=np.concatenate([quick, slow]) * 60.0,
        by_person=np.arange(POINTS) >= POINTS - people,
    )


def _spread(shape: stats.rv_continuous, count: int) -> Array:
    return np.asarray(shape.ppf((np.arange(count) + 0.5) / count))
