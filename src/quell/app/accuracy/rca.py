"""`quell bench rca`: how often the service at fault is first, among the first three, the first five."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quell.app.accuracy.sets import nezha, petshop
from quell.app.accuracy.sets.case import Incident, expected_layout
from quell.errors import ConfigError
from quell.signals.fusion import locate
from quell.signals.scoring import wilson

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

BLANK: Mapping[str, Any] = {"measures": None, "edges": (), "symptom": None, "spans": None, "lines": ()}
"""What can be withheld from an observation, and what is put in its place."""

DEEPEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Quell said of one incident."""

    id: str
    set: str
    system: str
    fault_type: str
    truth: str
    said: tuple[str, ...]
    """The first five."""
    rank: int
    """Of the truth, from 1; 0 when it is not among the candidates."""
    share: float
    """Of the first, before calibration."""
    seconds: float


def incidents_of(name: str, data: Path, part: str) -> list[Incident]:
    """Return the incidents of a set. Raises: ConfigError: there is no such set, part or file, or it is empty."""
    if name not in SETS:
        raise ConfigError(f"there is no set {name!r}: {', '.join(SETS)}")
    with expected_layout(f"{data}: {name}/{part}"):
        found = SETS[name](data, part)
    if not found:
        raise ConfigError(f"{data}: no incident in {name}/{part}")
    return found


def answer(name: str, incident: Incident, without: Sequence[str] = ()) -> Answer:
    """Read an incident and rank its services; only the ranking is timed. Raises: ConfigError."""
    with expected_layout(f"{name}: {incident.id}"):
        seen = dataclasses.replace(incident.read(), **{part: BLANK[part] for part in without})
    began = time.perf_counter()
    found = locate(seen)
    seconds = time.perf_counter() - began
    order = [suspect.service for suspect in found]
    return Answer(
        id=incident.id,
        set=name,
        system=incident.system,
        fault_type=incident.fault_type,
        truth=incident.truth,
        said=tuple(order[:DEEPEST]),
        rank=order.index(incident.truth) + 1 if incident.truth in order else 0,
        share=found[0].share if found else 0.0,
        seconds=seconds,
    )


def measure(name: str, data: Path, part: str, *, without: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return the report of a set, as the command writes it.

    Args:
        without: what is withheld, to see what remains: keys of `BLANK`.

    Raises: ConfigError.
    """
    if unknown := [word for word in without if word not in BLANK]:
        raise ConfigError(f"cannot leave out {', '.join(unknown)}: {', '.join(BLANK)}")
    answers = [answer(name, incident, without) for incident in incidents_of(name, data, part)]
    return {
        "set": name,
        "part": part,
        "without": list(without),
        **tops(answers),
        "seconds_per_case": round(statistics.median(one.seconds for one in answers), 4),
        "by_type": _by(answers, lambda one: one.fault_type),
        "by_system": _by(answers, lambda one: one.system),
        "published_top_1": dict(PUBLISHED[name]),
        "answers": [
            {"id": one.id, "truth": one.truth, "rank": one.rank, "said": one.said, "share": round(one.share, 4)}
            for one in answers
        ],
    }


def tops(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return top-1, top-3, top-5, their average over the first five places and the 95 % interval of top-1."""
    count = len(answers)

    def within(places: int) -> float:
        return sum(1 <= one.rank <= places for one in answers) / count

    low, high = wilson(sum(one.rank == 1 for one in answers), count)
    return {
        "cases": count,
        "top_1": round(within(1), 4),
        "top_3": round(within(3), 4),
        "top_5": round(within(5), 4),
        "avg_5": round(statistics.fmean(within(places) for places in range(1, DEEPEST + 1)), 4),
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
        f"{'':<28}{'n':>4}{'top-1':>8}{'top-3':>8}{'top-5':>8}{'avg@5':>8}   95 % of top-1",
        _line("all", report),
    ]
    lines += [_line(f"fault {kind}", row) for kind, row in report["by_type"].items()]
    lines += [_line(f"system {system}", row) for system, row in report["by_system"].items()]
    lines += [f"{f'published: {who}':<40}{share:>8.3f}" for who, share in report["published_top_1"].items()]
    return "\n".join(lines)


def _line(name: str, row: Mapping[str, Any]) -> str:
    shares = "".join(f"{row[key]:>8.3f}" for key in ("top_1", "top_3", "top_5", "avg_5"))
    return f"{name:<28}{row['cases']:>4}{shares}   {row['top_1_low95']:.2f} to {row['top_1_high95']:.2f}"
