"""The tables and pictures of docs/accuracy.md, from benchmarks/results/accuracy-*.json and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pages.table import table

SETS = {
    "petshop": ("PetShop", "metrics and call graph", 0.88),
    "nezha_tt": ("Nezha TrainTicket", "logs, traces and metrics", 0.87),
    "nezha_ob": ("Nezha OnlineBoutique", "metrics only", 0.60),
}
"""By name in the results: what it is called, what there is to look at, and the aim."""

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
    """Return how often the service at fault comes first on each public set, beside what was published."""
    rows: list[Sequence[object]] = []
    for name, (title, given, aim) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        rows.append((f"**{title}**, {given}: **Quell**", found["cases"], *_tops(found), _interval(found), aim))
        published = sorted(found["published_top_1"].items(), key=lambda pair: -pair[1])
        rows += [(f"{title}: {who} (published, whole set)", "", share, "", "", "", "", "") for who, share in published]
    head = ("The service at fault", "Incidents", "Top-1", "Top-3", "Top-5", "Avg@5", "95 % of top-1", "Aim of top-1")
    return table(head, rows, right=range(1, 8))


def rca_by(results: Path) -> str:
    """Return the same by kind of fault and by system."""
    rows = []
    for name, (title, *_) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        rows += [
            (f"{title}: {kind.replace('_', ' ')}", row["cases"], *_tops(row), _interval(row))
            for group in (found["by_type"], found["by_system"])
            for kind, row in group.items()
        ]
    head = ("Fault or system", "Incidents", "Top-1", "Top-3", "Top-5", "Avg@5", "95 % of top-1")
    return table(head, rows, right=range(1, 7))


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
    """Return the NAB scores beside the leaderboard."""
    found = _read(results, "accuracy-nab")
    if found is None:
        return NOT_MEASURED
    rows: list[Sequence[object]] = [
        (f"**Quell** ({found['series']} series)", *(f"{found[profile]:.1f}" for profile in PROFILES))
    ]
    if "cross_validated" in found:
        rows.append(("Quell, thresholds chosen without the folder judged", *_crossed(found["cross_validated"])))
    for who, scores in found.get("published", {}).items():
        rows.append((f"{who} (published, all 58)", *(f"{scores[profile]:.1f}" for profile in PROFILES)))
    speed = f"\n{found['microseconds_per_point']:.1f} µs a point (median), {found['points']:,} points.\n"
    return table(("NAB score", *PROFILES.values()), rows, right=(1, 2, 3)) + speed


def _crossed(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [f"{found[profile]:.1f}" if profile in found else "" for profile in PROFILES]
    return [f"{found:.1f}", "", ""]


def calibration(results: Path) -> str:
    """Return what a stated probability is worth."""
    found = _read(results, "accuracy-calibration")
    if found is None:
        return NOT_MEASURED
    told = (
        ("As shipped", found),
        ("Fitted without the system judged", found["cross_validated"]),
        ("Without calibration", found["uncalibrated"]),
    )
    rows = [
        (
            name,
            f"{row['brier']:.3f}",
            f"{row['ece']:.3f}",
            f"{100 * row['coverage']:.0f} %",
            "n/a" if row["error_at_coverage"] is None else f"{100 * row['error_at_coverage']:.0f} %",
        )
        for name, row in told
    ]
    head = (f"{found['cases']} incidents of three sets", "Brier", "ECE", "Answered", "Wrong among those")
    return table(head, rows, right=range(1, 5))


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
    for name, (title, given, _) in SETS.items():
        found = _read(results, f"accuracy-{name}")
        if found is None:
            return NOT_MEASURED
        who, share = max(found["published_top_1"].items(), key=lambda pair: pair[1])
        rows.append(
            (
                f"{title} ({given}): service at fault in first place",
                f"{100 * found['top_1']:.0f} % of {found['cases']}",
                _interval(found),
                f"{100 * share:.0f} % ({who})",
            )
        )
    nab, worth = _read(results, "accuracy-nab"), _read(results, "accuracy-calibration")
    if nab is not None:
        best = max(nab.get("published", {}).items(), key=lambda pair: pair[1]["standard"], default=None)
        beside = f"{best[1]['standard']:.1f} ({best[0]})" if best else ""
        rows.append((f"NAB, standard profile, {nab['series']} series", f"{nab['standard']:.1f}", "", beside))
    if worth is not None:
        rows.append((f"Expected calibration error, {worth['cases']} incidents", f"{worth['ece']:.3f}", "", ""))
    return table(("Public data, no LLM", "Quell", "95 % interval", "Best published"), rows, right=(1, 2, 3))


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


def _tops(found: Mapping[str, Any]) -> list[str]:
    return [f"{found[key]:.3f}" for key in ("top_1", "top_3", "top_5", "avg_5")]


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
    "rca-by": rca_by,
    "without": without,
    "calibration": calibration,
    "anomaly": anomaly,
    "scale": scale,
}
"""The marked places of docs/accuracy.md, and what fills them."""
