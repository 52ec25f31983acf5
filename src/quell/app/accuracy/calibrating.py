"""`quell bench calibration`: whether a stated probability comes true as often as it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quell.app.accuracy.rca import FOLDERS, SETS, Answer, answer, incidents_of
from quell.errors import ConfigError
from quell.signals.builtin import LOCATE
from quell.signals.calibration import LEAST_PAIRS, Calibration
from quell.signals.scoring import brier, coverage_curve, ece, reliability

ERROR_RATE = 0.1
"""Quell answers where it expects to be wrong at most this often, and abstains elsewhere."""


def answers_of(data: Path, part: str) -> list[Answer]:
    """Return the answers to all incidents of all sets that have this part. Raises: ConfigError: none has."""
    there = [name for name in SETS if (data / FOLDERS[name] / part).is_dir()]
    if not there:
        raise ConfigError(f"{data}: no set has a part {part!r}; DIR holds the sets as {', '.join(FOLDERS.values())}")
    return [answer(name, incident) for name in there for incident in incidents_of(name, data, part)]


def measure(data: Path, part: str) -> dict[str, Any]:
    """
    Return the report, as the command writes it. Raises: ConfigError.

    `cross_validated` fits the map on all systems but one and judges it on the one left out, in turn.
    """
    answers = answers_of(data, part)
    shipped = [LOCATE.apply(one.share) for one in answers]
    right = [one.rank == 1 for one in answers]
    fitted, left_out = _fit(answers), _left_out(answers)
    return {
        "part": part,
        "cases": len(answers),
        "right": sum(right),
        **_judge(shipped, right),
        "cross_validated": None if left_out is None else _judge(left_out, right),
        "uncalibrated": _judge([one.share for one in answers], right),
        "reliability": [dataclasses.asdict(one) for one in reliability(shipped, right)],
        "curve": [dataclasses.asdict(one) for one in coverage_curve(shipped, right)],
        "fitted": None if fitted is None else dataclasses.asdict(fitted),
    }


def _judge(probabilities: Sequence[float], right: Sequence[bool]) -> dict[str, Any]:
    made = [outcome for p, outcome in zip(probabilities, right, strict=True) if p >= 1 - ERROR_RATE]
    return {
        "brier": round(brier(probabilities, right), 4),
        "ece": round(ece(probabilities, right), 4),
        "coverage": round(len(made) / len(right), 4),
        "error_at_coverage": round(1 - sum(made) / len(made), 4) if made else None,
    }


def _fit(answers: Sequence[Answer]) -> Calibration | None:
    """Return the map that answers teach; None when there are too few."""
    if len(answers) < LEAST_PAIRS:
        return None
    return Calibration.fit([one.share for one in answers], [one.rank == 1 for one in answers])


def _left_out(answers: Sequence[Answer]) -> list[float] | None:
    """Return the probability of each answer by the map of all other systems; None when those are too few to teach."""
    maps = {
        system: _fit([other for other in answers if other.system != system])
        for system in {one.system for one in answers}
    }
    found = [fit.apply(one.share) for one in answers if (fit := maps[one.system]) is not None]
    return found if len(found) == len(answers) else None


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a person reads it."""
    lines = [
        f"{report['part']}: {report['cases']} incidents, {report['right']} right in first place",
        f"{'':<36}{'Brier':>8}{'ECE':>8}{'coverage':>10}{'error':>8}",
        _line("as shipped", report),
        _line("fitted without the system judged", report["cross_validated"] or {}),
        _line("without calibration", report["uncalibrated"]),
        "",
        f"{'said':<14}{'n':>4}{'right':>8}   95 %",
    ]
    lines += [
        f"{one['low']:.1f} to {one['high']:.1f}    {one['count']:>4}{one['share_right']:>8.2f}   "
        f"{one['low95']:.2f} to {one['high95']:.2f}"
        for one in report["reliability"]
    ]
    return "\n".join(lines)


def _line(name: str, row: Mapping[str, Any]) -> str:
    if not row:
        return f"{name:<36}too few incidents of other systems"
    error = "     n/a" if row["error_at_coverage"] is None else f"{row['error_at_coverage']:>8.3f}"
    return f"{name:<36}{row['brier']:>8.3f}{row['ece']:>8.3f}{row['coverage']:>10.2f}{error}"
