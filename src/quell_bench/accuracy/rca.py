"""`quell bench rca`: how often the diagnosis that incidents run names the service at fault of a public incident."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quell.errors import ConfigError
from quell.signals.calibration import Calibration
from quell.signals.scoring import ece, wilson
from quell_bench.accuracy.looking import Findings, look
from quell_bench.accuracy.perturbing import CHANGES
from quell_bench.accuracy.recording import Recording
from quell_bench.accuracy.sets import nezha, petshop
from quell_bench.accuracy.sets.case import Incident, expected_layout

PATH = "Team.detect, then Team.diagnose: what an incident runs"
"""Written into every report, so that no number can be taken for one of something else."""

SETS: Mapping[str, Callable[[Path, str], list[Incident]]] = {
    "petshop": petshop.incidents,
    "nezha_tt": nezha.train_ticket,
    "nezha_ob": nezha.boutique,
}

FOLDERS: Mapping[str, str] = {"petshop": petshop.NAME, "nezha_tt": nezha.TRAIN_TICKET, "nezha_ob": nezha.BOUTIQUE}
"""Where each lies below DIR."""

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "petshop": {"graph traversal (PetShop paper)": 0.654},
    "nezha_tt": {"Nezha": 0.867, "MicroRCA": 0.200, "MicroRank": 0.156, "PDiagnose": 0.089},
    "nezha_ob": {"MicroRCA": 0.161, "MicroScope": 0.125},
}
"""Top-1 as published, on the whole sets (ours are parts of them)."""

BLANK: Mapping[str, Mapping[str, Any]] = {
    "measures": {"series": ()},
    "edges": {"edges": ()},
    "symptom": {"service": None},
    "spans": {"spans": ()},
    "lines": {"lines": ()},
}
"""What can be withheld from a recording, and what is put in its place."""

DEEPEST = 5
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the agents said of one incident."""

    id: str
    set: str
    system: str
    fault_type: str
    truth: str
    verdict: str
    """Detection's."""
    said: tuple[str, ...]
    """Services of the hypotheses in their order, each once."""
    rank: int
    """Of the truth among them, from 1; 0 when it is not named."""
    probability: float | None
    """As printed, of the first hypothesis; None where there is none."""
    score: float
    """The same before any calibration; 0 where there is none."""
    abstained: bool
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the first hypothesis names the service at fault, stood behind or not."""
        return self.rank == 1

    @property
    def confident_wrong(self) -> bool:
        """Whether it stands behind another service: the worst that can be said."""
        return not self.abstained and not self.right


def incidents_of(name: str, data: Path, part: str) -> list[Incident]:
    """Return the incidents of a set. Raises: ConfigError: there is no such set, part or file, or it is empty."""
    if name not in SETS:
        raise ConfigError(f"there is no set {name!r}: {', '.join(SETS)}")
    with expected_layout(f"{data}: {name}/{part}"):
        found = SETS[name](data, part)
    if not found:
        raise ConfigError(f"{data}: no incident in {name}/{part}")
    return found


def recording_of(name: str, incident: Incident, without: Sequence[str] = ()) -> Recording:
    """Read an incident, less what is withheld. Raises: ConfigError."""
    with expected_layout(f"{name}: {incident.id}"):
        recording = incident.read()
    withheld = {field: blank for part in without for field, blank in BLANK[part].items()}
    return dataclasses.replace(recording, **withheld)


def answer(
    name: str,
    incident: Incident,
    recording: Recording,
    *,
    perturb: str | None = None,
    calibration: Calibration | None = None,
) -> Answer:
    """
    Let the agents work on a recording of an incident; only their work is timed.

    Args:
        perturb: a key of `CHANGES`.

    Raises: ConfigError.
    """
    change, called = CHANGES[perturb] if perturb is not None else (None, None)
    seen = recording if change is None else change(recording)
    truth = incident.truth if called is None else called(incident.truth)
    began = time.perf_counter()
    found = look(seen, calibration=calibration)
    return _answer(name, incident, truth, found, time.perf_counter() - began)


def _answer(name: str, incident: Incident, truth: str, found: Findings, seconds: float) -> Answer:
    hypotheses = found.diagnosis.hypotheses
    said = tuple(dict.fromkeys(one.service for one in hypotheses))
    return Answer(
        id=incident.id,
        set=name,
        system=incident.system,
        fault_type=incident.fault_type,
        truth=truth,
        verdict=found.detection.verdict,
        said=said,
        rank=said.index(truth) + 1 if truth in said else 0,
        probability=hypotheses[0].probability if hypotheses else None,
        score=(hypotheses[0].score or 0.0) if hypotheses else 0.0,
        abstained=found.diagnosis.abstained,
        seconds=seconds,
    )


def measure(
    name: str, data: Path, part: str, *, without: Sequence[str] = (), perturb: Sequence[str] = ()
) -> dict[str, Any]:
    """
    Return the report of a set, as the command writes it.

    Args:
        without: what is withheld, to see what remains: keys of `BLANK`.
        perturb: what else is tried, each with all incidents anew: keys of `CHANGES`, or `all`.

    Raises: ConfigError.
    """
    tried = _checked(without, perturb)
    answers: list[Answer] = []
    changed: dict[str, list[Answer]] = {word: [] for word in tried}
    for incident in incidents_of(name, data, part):
        recording = recording_of(name, incident, without)
        answers.append(answer(name, incident, recording))
        for word in tried:
            changed[word].append(answer(name, incident, recording, perturb=word))
    return {
        "path": PATH,
        "set": name,
        "part": part,
        "without": list(without),
        **tops(answers),
        "seconds_per_case": round(statistics.median(one.seconds for one in answers), 4),
        "by_type": _by(answers, lambda one: one.fault_type),
        "by_system": _by(answers, lambda one: one.system),
        "perturbed": {word: tops(of) for word, of in changed.items()},
        "published_top_1": dict(PUBLISHED[name]),
        "answers": [_told(one) for one in answers],
    }


def _checked(without: Sequence[str], perturb: Sequence[str]) -> tuple[str, ...]:
    """Return what is tried. Raises: ConfigError: a word is none."""
    if unknown := [word for word in without if word not in BLANK]:
        raise ConfigError(f"cannot leave out {', '.join(unknown)}: {', '.join(BLANK)}")
    tried = tuple(CHANGES) if ALL in perturb else tuple(perturb)
    if unknown := [word for word in tried if word not in CHANGES]:
        raise ConfigError(f"cannot perturb by {', '.join(unknown)}: {ALL}, {', '.join(CHANGES)}")
    return tried


def _told(one: Answer) -> dict[str, Any]:
    probability = None if one.probability is None else round(one.probability, 4)
    return {
        "id": one.id,
        "truth": one.truth,
        "verdict": one.verdict,
        "rank": one.rank,
        "said": list(one.said),
        "probability": probability,
        "abstained": one.abstained,
    }


def tops(answers: Sequence[Answer]) -> dict[str, Any]:
    """
    Return shares of all incidents, with the 95 % interval of top-1.

    `top_1` and `top_3` ask what comes first, and among the first three services, whether it is stood behind or not;
    `named_right` and `confident_wrong` what is stood behind; `abstained` is the rest. `ece` is of the probabilities
    that are printed, None where none is; `printed` is how many there are.
    """
    count = len(answers)

    def share(found: Iterable[bool]) -> float:
        return round(sum(found) / count, 4)

    def within(places: int) -> float:
        return sum(1 <= one.rank <= places for one in answers) / count

    low, high = wilson(sum(one.right for one in answers), count)
    printed = [(one.probability, one.right) for one in answers if one.probability is not None]
    return {
        "cases": count,
        "top_1": share(one.right for one in answers),
        "top_3": share(1 <= one.rank <= 3 for one in answers),
        "top_5": share(1 <= one.rank <= DEEPEST for one in answers),
        "avg_5": round(statistics.fmean(within(places) for places in range(1, DEEPEST + 1)), 4),
        "named_right": share(one.right and not one.abstained for one in answers),
        "confident_wrong": share(one.confident_wrong for one in answers),
        "abstained": share(one.abstained for one in answers),
        "confirmed": share(one.verdict == "confirmed" for one in answers),
        "printed": len(printed),
        "ece": round(ece([p for p, _ in printed], [right for _, right in printed]), 4) if printed else None,
        "top_1_low95": round(low, 4),
        "top_1_high95": round(high, 4),
    }


def _by(answers: Iterable[Answer], key: Callable[[Answer], str]) -> dict[str, Any]:
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(key(one), []).append(one)
    return {name: tops(group) for name, group in sorted(groups.items())}


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a person reads it."""
    head = f"{report['set']}/{report['part']}"
    if report["without"]:
        head += f" without {', '.join(report['without'])}"
    lines = [
        f"{head}: {report['cases']} incidents, {1000 * report['seconds_per_case']:.0f} ms each (median)",
        f"measured: {report['path']}",
        f"{'':<28}{'n':>4}{'top-1':>8}{'top-3':>8}{'named':>8}{'wrong':>8}{'silent':>8}{'ECE':>8}   95 % of top-1",
        _line("all", report),
    ]
    lines += [_line(f"fault {kind}", row) for kind, row in report["by_type"].items()]
    lines += [_line(f"system {system}", row) for system, row in report["by_system"].items()]
    lines += [_line(f"perturbed: {word}", row) for word, row in report["perturbed"].items()]
    lines += [f"{f'published: {who}':<40}{share:>8.3f}" for who, share in report["published_top_1"].items()]
    lines.append("named, wrong: stood behind and right, stood behind and wrong; silent: no cause is stood behind")
    return "\n".join(lines)


def _line(name: str, row: Mapping[str, Any]) -> str:
    keys = ("top_1", "top_3", "named_right", "confident_wrong", "abstained")
    shares = "".join(f"{row[key]:>8.3f}" for key in keys)
    error = f"{'n/a':>8}" if row["ece"] is None else f"{row['ece']:>8.3f}"
    return f"{name:<28}{row['cases']:>4}{shares}{error}   {row['top_1_low95']:.2f} to {row['top_1_high95']:.2f}"
