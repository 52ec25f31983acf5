"""The tables and pictures of docs/accuracy.md, from benchmarks/results/accuracy-*.json and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pages.table import table

SETS = {
    "petshop": ("PetShop", "5-minute metrics and call graph"),
    "nezha_tt": ("Nezha TrainTicket", "logs, traces and 1-minute metrics"),
    "nezha_ob": ("Nezha OnlineBoutique", "1-minute metrics only"),
}
"""By name in the results: what it is called, and what there is to look at."""

KEPT_APART = {"petshop": (0.06, 0.765), "nezha_tt": (0.22, 0.652), "nezha_ob": (0.53, 0.600)}
"""
Top-1 on incidents that were kept apart, as measured by others: of what incidents ran, and of the ranker that none runs.

No command here makes these: the incidents are not ours to see. They are of the code of 0.1.0, before `quell bench rca`
measured what incidents run.
"""

CHANGES = {
    "early-2": "alert two readings early",
    "early-1": "alert one reading early",
    "late-1": "alert one reading late",
    "late-2": "alert two readings late",
    "missing": "a fifth of the values missing",
    "renamed": "services renamed",
    "unit": "times in milliseconds",
}
"""By the word of `--perturb`."""

WITHHELD = {
    "measures": "metrics",
    "edges": "the call graph",
    "symptom": "knowing what raised the alert",
    "spans": "traces",
    "lines": "logs",
}

PROFILES = {
    "standard": "Standard",
    "reward_low_FP_rate": "Reward few false alarms",
    "reward_low_FN_rate": "Reward few misses",
}

NOT_MEASURED = "*Not measured: run `make bench-accuracy`.*"


def rca(results: Path) -> str:
    """Return whom the diagnosis that incidents run names on each public set, beside what was published."""
    rows: list[Sequence[object]] = []
    for name, (title, given) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        rows.append((f"**{title}**, {given}", *_shares(found), _ece(found), f"{found['confirmed']:.2f}"))
    return table((*HEAD, "ECE", "Detection confirms the alert"), rows, right=range(1, 10))


HEAD = (
    "Set",
    "Incidents",
    "Top-1",
    "95 % of top-1",
    "Top-3",
    "Stands behind it, right",
    "Stands behind it, wrong",
    "Names no cause",
)


def seen_and_apart(results: Path) -> str:
    """Return top-1 on what was looked at and on what was kept apart, beside the best published one."""
    rows: list[Sequence[object]] = []
    for name, (title, _) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        product, ranker = KEPT_APART[name]
        rows.append((title, f"{found['top_1']:.2f}", f"{product:.2f}", f"{ranker:.3f}", _published(found)))
    head = (
        "Top-1",
        "What incidents run, seen part",
        "The same, kept apart (by others, 0.1.0)",
        "Ranker part that no incident runs, kept apart (by others)",
        "Published, whole set",
    )
    return table(head, rows, right=(1, 2, 3))


def _published(found: Mapping[str, Any]) -> str:
    published = sorted(found["published_top_1"].items(), key=lambda pair: -pair[1])
    return ", ".join(f"{who} {share:.3f}" for who, share in published)


def rca_by(results: Path) -> str:
    """Return the same by kind of fault and by system."""
    rows = []
    for name, (title, *_) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        rows += [
            (f"{title}: {kind.replace('_', ' ')}", *_shares(row))
            for group in (found["by_type"], found["by_system"])
            for kind, row in group.items()
        ]
    return table(("Fault or system", *HEAD[1:]), rows, right=range(1, 8))


def perturbed(results: Path) -> str:
    """Return top-1, and how often a wrong service is stood behind, when the incidents are given otherwise."""
    rows = []
    found = {name: _read(results, f"accuracy-{name}") for name in SETS}
    if any(one is None for one in found.values()):
        return NOT_MEASURED
    told = {name: one for name, one in found.items() if one is not None}
    rows.append(("as recorded", *(_top_and_wrong(one) for one in told.values())))
    for word, says in CHANGES.items():
        if all(word in one["perturbed"] for one in told.values()):
            rows.append((says, *(_top_and_wrong(one["perturbed"][word]) for one in told.values())))
    head = ("Top-1 / stands behind a wrong one", *(SETS[name][0] for name in told))
    return table(head, rows, right=range(1, 1 + len(told)))


def _top_and_wrong(row: Mapping[str, Any]) -> str:
    return f"{row['top_1']:.2f} / {row['confident_wrong']:.2f}"


def without(results: Path) -> str:
    """Return what remains when a part of the telemetry is withheld."""
    rows = []
    for path in sorted(results.glob("accuracy-*-without-*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        whole = _read(results, f"accuracy-{found['set']}")
        if whole is None:
            return NOT_MEASURED
        names = " and ".join(WITHHELD[part] for part in found["without"])
        rows.append((SETS[found["set"]][0], names, f"{found['top_1']:.2f}", f"{whole['top_1']:.2f}"))
    return table(("Set", "Without", "Top-1", "With all"), rows, right=(2, 3)) if rows else NOT_MEASURED


def anomaly(results: Path) -> str:
    """Return the NAB scores of a part beside the leaderboard."""
    found = _read(results, "accuracy-nab")
    if found is None:
        return NOT_MEASURED
    rows: list[Sequence[object]] = [
        (f"**StreamDetector**, {found['series']} of 58 series", *(f"{found[profile]:.1f}" for profile in PROFILES))
    ]
    if "cross_validated" in found:
        rows.append(
            ("StreamDetector, thresholds chosen without the folder judged", *_crossed(found["cross_validated"]))
        )
    for who, scores in found.get("published", {}).items():
        rows.append((f"{who} (published, all 58)", *(f"{scores[profile]:.1f}" for profile in PROFILES)))
    speed = f"\n{found['microseconds_per_point']:.1f} µs a point (median), {found['points']:,} points.\n"
    return table(("NAB score; a part, which no incident runs", *PROFILES.values()), rows, right=(1, 2, 3)) + speed


def _crossed(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [f"{found[profile]:.1f}" if profile in found else "" for profile in PROFILES]
    return [f"{found:.1f}", "", ""]


def calibration(results: Path) -> str:
    """Return what a stated probability is worth."""
    found = _read(results, "accuracy-calibration")
    if found is None:
        return NOT_MEASURED
    told = [("As a new site prints it", found)]
    if found["cross_validated"] is not None:
        told.append(("With the map that the other two sets teach", found["cross_validated"]))
    rows = [
        (
            name,
            row["printed"],
            _or_none(row["brier"], "{:.3f}"),
            _or_none(row["ece"], "{:.3f}"),
            f"{100 * row['coverage']:.0f} %",
            _or_none(row["error_at_coverage"], "{:.0f} %", times=100),
        )
        for name, row in told
    ]
    head = (
        f"{found['cases']} incidents of three sets",
        "Print a probability",
        "Brier",
        "ECE",
        "Stands behind a cause",
        "Wrong service among those",
    )
    return table(head, rows, right=range(1, 6))


def scale(results: Path) -> str:
    """Return how seconds and memory grow with the number of services."""
    found = _read(results, "accuracy-scale")
    if found is None:
        return NOT_MEASURED
    rows = [
        (
            f"{one['services']:,}",
            f"{one['series']:,}",
            f"{one['points'] / 1e6:.1f} million",
            f"{one['seconds']:.2f}",
            f"{one['mb']:.0f}",
            "yes" if one["right"] else "no",
        )
        for one in found["by_size"]
    ]
    grown = found["growth"]
    head = ("Services", "Series", "Points", "Seconds", "MB, data included", "Fault found")
    says = f"\nTime grows with services to the power of {grown['seconds']}, memory to {grown['mb']}.\n" if grown else ""
    return table(head, rows, right=range(6)) + says


def short(results: Path) -> str:
    """Return the short version for README."""
    rows = []
    for name, (title, given) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        who, share = max(found["published_top_1"].items(), key=lambda pair: pair[1])
        rows.append(
            (
                f"{title} ({given})",
                f"{100 * found['top_1']:.0f} % of {found['cases']}",
                f"{100 * KEPT_APART[name][0]:.0f} %",
                f"{100 * found['named_right']:.0f} %",
                f"{100 * found['confident_wrong']:.0f} %",
                f"{100 * found['abstained']:.0f} %",
                f"{100 * share:.0f} % ({who})",
            )
        )
    head = (
        "Public incidents, as an incident runs them",
        "Service at fault in first place, seen part",
        "The same, kept apart (by others, 0.1.0)",
        "Stands behind the right one",
        "Stands behind a wrong one",
        "Names no cause",
        "Best published first place",
    )
    return table(head, rows, right=range(1, 7))


def reliability_picture(results: Path) -> str:
    """Return an SVG of how often what was said came true, with counts; it reads on white and on black."""
    found = _read(results, "accuracy-calibration")
    bins = found["reliability"] if found else []
    size, edge = 320, 44
    side = size - 2 * edge

    def x(share: float) -> str:
        return f"{edge + side * share:.1f}"

    def y(share: float) -> str:
        return f"{size - edge - side * share:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#6b7280">',
        "<title>Reliability: how often what was said came true</title>",
        f'<rect x="{edge}" y="{edge}" width="{side}" height="{side}" fill="none" stroke="#9ca3af"/>',
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#9ca3af" stroke-dasharray="4 4"/>',
    ]
    for share in (0, 0.5, 1):
        parts.append(f'<text x="{x(share)}" y="{size - edge + 16}" text-anchor="middle">{100 * share:.0f} %</text>')
        parts.append(f'<text x="{edge - 6}" y="{y(share)}" dy="4" text-anchor="end">{100 * share:.0f} %</text>')
    for one in bins:
        at = x(one["mean_probability"])
        parts.append(
            f'<line x1="{at}" y1="{y(one["low95"])}" x2="{at}" y2="{y(one["high95"])}" stroke="#3b82f6" '
            'stroke-width="2"/>'
        )
        radius = 3 + min(one["count"], 80) ** 0.5 / 2
        parts.append(f'<circle cx="{at}" cy="{y(one["share_right"])}" r="{radius:.1f}" fill="#3b82f6"/>')
        parts.append(f'<text x="{at}" y="{y(one["low95"])}" dy="14" text-anchor="middle">{one["count"]}</text>')
    parts.append(f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">said</text>')
    parts.append(f'<text x="12" y="{edge - 14}">came true (bars: 95 %, numbers: incidents)</text>')
    return "\n".join([*parts, "</svg>", ""])


def _shares(found: Mapping[str, Any]) -> list[object]:
    shares = [f"{found[key]:.2f}" for key in ("top_3", "named_right", "confident_wrong", "abstained")]
    return [found["cases"], f"{found['top_1']:.2f}", _interval(found), *shares]


def _ece(found: Mapping[str, Any]) -> str:
    return _or_none(found["ece"], "{:.2f}")


def _or_none(value: float | None, form: str, *, times: float = 1) -> str:
    return "n/a" if value is None else form.format(times * value)


def _interval(found: Mapping[str, Any]) -> str:
    return f"{100 * found['top_1_low95']:.0f} to {100 * found['top_1_high95']:.0f} %"


def _read(results: Path, name: str) -> Mapping[str, Any] | None:
    path = results / f"{name}.json"
    if not path.exists():
        return None
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


PARTS = {
    "rca": rca,
    "seen-and-apart": seen_and_apart,
    "rca-by": rca_by,
    "perturbed": perturbed,
    "without": without,
    "calibration": calibration,
    "anomaly": anomaly,
    "scale": scale,
}
"""The marked places of docs/accuracy.md, and what fills them."""
