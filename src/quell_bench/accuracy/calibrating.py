"""`quell bench calibration`: whether a probability that an incident prints comes true as often as it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quell.errors import ConfigError
from quell.signals.calibration import LEAST_PAIRS, Calibration
from quell.signals.scoring import brier, coverage_curve, ece, reliability
from quell_bench.accuracy.rca import FOLDERS, PATH, SETS, Answer, answer, incidents_of, recording_of
from quell_bench.accuracy.recording import Recording
from quell_bench.accuracy.sets.case import Incident


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An incident, what was recorded of it, and what a new site's agents said."""

    set: str
    incident: Incident
    recording: Recording
    answer: Answer


def asked_of(data: Path, part: str) -> list[Asked]:
    """Return the answers to all incidents of all sets that have this part. Raises: ConfigError: none has."""
    there = [name for name in SETS if (data / FOLDERS[name] / part).is_dir()]
    if not there:
        raise ConfigError(f"{data}: no set has a part {part!r}; DIR holds the sets as {', '.join(FOLDERS.values())}")
    found = []
    for name in there:
        for incident in incidents_of(name, data, part):
            recording = recording_of(name, incident)
            said = answer(name, incident, recording)
            found.append(Asked(set=name, incident=incident, recording=recording, answer=said))
    return found


def measure(data: Path, part: str) -> dict[str, Any]:
    """
    Return the report, as the command writes it. Raises: ConfigError.

    The figures are of a new site, which has no map of its own. `cross_validated` asks the agents again with the map
    that the other sets teach, as at a site that has learned from other systems than the one judged.
    """
    every = asked_of(data, part)
    answers = [one.answer for one in every]
    learned = _left_out(every)
    printed = _printed(answers)
    return {
        "path": PATH,
        "part": part,
        "cases": len(answers),
        "right": sum(one.right for one in answers),
        **_judge(answers),
        "cross_validated": None if learned is None else _judge(learned),
        "reliability": [dataclasses.asdict(one) for one in reliability(*printed)] if printed[0] else [],
        "curve": [dataclasses.asdict(one) for one in coverage_curve(*printed)] if printed[0] else [],
    }


def _printed(answers: Sequence[Answer]) -> tuple[list[float], list[bool]]:
    """Return the probabilities that are printed, and whether each came true."""
    found = [(one.probability, one.right) for one in answers if one.probability is not None]
    return [probability for probability, _ in found], [right for _, right in found]


def _judge(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return how good the printed probabilities are, the share that is stood behind, and the share wrong of that."""
    probabilities, right = _printed(answers)
    made = [one.right for one in answers if not one.abstained]
    return {
        "printed": len(probabilities),
        "brier": round(brier(probabilities, right), 4) if probabilities else None,
        "ece": round(ece(probabilities, right), 4) if probabilities else None,
        "coverage": round(len(made) / len(answers), 4),
        "error_at_coverage": round(1 - sum(made) / len(made), 4) if made else None,
    }


def _left_out(every: Sequence[Asked]) -> list[Answer] | None:
    """Return the answers with the map that all other sets teach; None when those are too few to teach."""
    maps = {name: _fit([one.answer for one in every if one.set != name]) for name in {one.set for one in every}}
    if any(learned is None for learned in maps.values()):
        return None
    return [answer(one.set, one.incident, one.recording, calibration=maps[one.set]) for one in every]


def _fit(answers: Sequence[Answer]) -> Calibration | None:
    """Return the map that answers teach; None when there are too few."""
    said = [one for one in answers if one.probability is not None]
    if len(said) < LEAST_PAIRS:
        return None
    return Calibration.fit([one.score for one in said], [one.right for one in said])


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a person reads it."""
    lines = [
        f"{report['part']}: {report['cases']} incidents, {report['right']} right in first place",
        f"measured: {report['path']}",
        f"{'':<36}{'printed':>8}{'Brier':>8}{'ECE':>8}{'named':>8}{'wrong':>8}",
        _line("a new site", report),
        _line("with the map of the other sets", report["cross_validated"] or {}),
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
        return f"{name:<36}too few incidents of other sets"
    cells = [
        f"{'n/a':>8}" if row[key] is None else f"{row[key]:>8.3f}"
        for key in ("brier", "ece", "coverage", "error_at_coverage")
    ]
    return f"{name:<36}{row['printed']:>8}" + "".join(cells)
