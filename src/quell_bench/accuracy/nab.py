"""
`quell bench anomaly`: a part, `StreamDetector`, on the Numenta Anomaly Benchmark, with a scorer of our own.

No incident runs this part: they compare each indicator with the range of its own last minutes (`agents.indicators`).

A detector gives every value a score. Above a threshold it is an alarm. In a labelled window the earliest alarm counts,
more the earlier it comes; a window without one is a miss; alarms outside cost, the more the further they lie behind
the last window. One threshold holds for all series, the one that is best for the profile: the published convention.

Source: Lavin and Ahmad (2015), Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from quell.errors import ConfigError
from quell.signals.series import Array
from quell.signals.stream import StreamDetector
from quell_bench.accuracy.sets.case import expected_layout, folder, load_json, number, rows

NAME = "nab"
MEASURES = "part: StreamDetector, which no incident runs"
"""Written into every report, so that the score is not taken for one of what incidents run."""
PACKED = (".gz", ".xz")

PROBATION_SHARE, PROBATION_MOST = 0.15, 750
"""Alarms in the first so many values of a series do not count: it is still being learned."""

STEEPNESS, FAR = 5.0, 3.0

SHOWN = ("ARTime", "numenta", "contextOSE", "knncad", "randomCutForest", "windowedGaussian")
"""Published detectors that ours is put beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a profile counts."""

    hit: float
    miss: float
    false_alarm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A series and where it is unusual."""

    name: str
    """`realTweets/Twitter_volume_AMZN.csv`."""
    times: Array
    values: Array
    windows: tuple[tuple[int, int], ...]
    """First and last position of each window, rising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """What lowering the threshold to each score changes, over some series."""

    scores: Array
    gains: Array
    windows: int


def series_of(data: Path, part: str) -> list[Labelled]:
    """
    Return the series of a part, by name. A file without an entry in windows.json has no window; an entry without a
    file is left out.

    Raises: ConfigError: the folder is not laid out as expected, or holds no series.
    """
    here = folder(data, NAME, part)
    windows = load_json(here / "windows.json")
    found = []
    for path in sorted((here / "data").glob("*/*.csv*")):
        name = f"{path.parent.name}/{path.name.removesuffix(path.suffix) if path.suffix in PACKED else path.name}"
        with expected_layout(str(path)):
            found.append(_read(path, name, windows.get(name, ())))
    if not found:
        raise ConfigError(f"{here / 'data'}: no series: <folder>/<name>.csv, plain or packed, is expected")
    return found


def profiles_of(data: Path) -> dict[str, Weights]:
    """Return the weights of each profile. Raises: ConfigError."""
    with expected_layout(str(data / NAME / "profiles.json")):
        return {
            name: Weights(
                hit=float(of["CostMatrix"]["tpWeight"]),
                miss=float(of["CostMatrix"]["fnWeight"]),
                false_alarm=float(of["CostMatrix"]["fpWeight"]),
            )
            for name, of in load_json(data / NAME / "profiles.json").items()
        }


def scaled_sigmoid(place: float) -> float:
    """
    Return what an alarm is worth at a place.

    Args:
        place: -1 at the start of a window, 0 at its end, 1 a window's length behind it.

    Returns: from 0.9866 at the start over 0 at the end to -1 far behind.
    """
    return -1.0 if place > FAR else 2 / (1 + float(np.exp(STEEPNESS * place))) - 1


def gains_of(series: Labelled, scores: Array, weights: Weights) -> Gains:
    """
    Return what is won or lost as the threshold falls, score by score, for one series.

    Args:
        scores: (n,) one for each value of the series.
    """
    worth, window = _worth(series)
    counts = np.arange(series.values.size) >= min(int(PROBATION_SHARE * series.values.size), PROBATION_MOST)
    outside = counts & (window < 0)
    at, gain = [scores[outside]], [worth[outside] * weights.false_alarm]
    for number_ in range(len(series.windows)):
        inside = np.flatnonzero(counts & (window == number_))
        order = inside[np.argsort(-scores[inside], kind="stable")]
        best = np.maximum.accumulate(worth[order]) / scaled_sigmoid(-1.0) * weights.hit
        at.append(scores[order])
        gain.append(np.diff(best, prepend=-weights.miss))
    return Gains(scores=np.concatenate(at), gains=np.concatenate(gain), windows=len(series.windows))


def best_threshold(parts: Sequence[Gains], weights: Weights) -> tuple[float, float]:
    """
    Return (normalised score, threshold) of the threshold that is best over all parts.

    Normalised is 0 for a detector that never raises an alarm and 100 for one that is perfect.
    """
    scores, gains = (np.concatenate([getattr(part, name) for part in parts]) for name in ("scores", "gains"))
    order = np.argsort(-scores, kind="stable")
    total = np.cumsum(gains[order])
    last = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    place = int(np.argmax(total[last]))
    windows = sum(part.windows for part in parts)
    if not windows or total[last][place] <= 0:
        return 0.0, 1.0
    return _normalised(float(total[last][place]), windows, weights), float(scores[order][last][place])


def score_at(parts: Iterable[Gains], threshold: float) -> tuple[float, int]:
    """Return (what was won over raising no alarm, windows) at a threshold."""
    kept = list(parts)
    return sum(float(part.gains[part.scores >= threshold].sum()) for part in kept), sum(part.windows for part in kept)


def _normalised(won: float, windows: int, weights: Weights) -> float:
    return 100 * won / (windows * (weights.hit + weights.miss))


def _worth(series: Labelled) -> tuple[Array, np.typing.NDArray[np.int64]]:
    """Return what an alarm at each value is worth, unweighted, and the window it lies in, -1 for none."""
    size = series.values.size
    worth, window = np.full(size, -1.0), np.full(size, -1, dtype=np.int64)
    for i, (first, last) in enumerate(series.windows):
        width = last - first + 1
        window[first : last + 1] = i
        worth[first : last + 1] = [scaled_sigmoid(-(last - at + 1) / width) for at in range(first, last + 1)]
        end = series.windows[i + 1][0] if i + 1 < len(series.windows) else size
        worth[last + 1 : end] = [scaled_sigmoid((at - last) / max(width - 1, 1)) for at in range(last + 1, end)]
    return worth, window


def measure(data: Path, part: str) -> dict[str, Any]:
    """Run the detector over every series and return the report, as the command writes it. Raises: ConfigError."""
    every, profiles = series_of(data, part), profiles_of(data)
    scores, took_us = [], []
    for series in every:
        detector, began = StreamDetector(), time.perf_counter()
        told = zip(series.times.tolist(), series.values.tolist(), strict=True)
        scores.append(np.array([detector.update(at, value) for at, value in told]))
        took_us.append(1e6 * (time.perf_counter() - began) / max(series.values.size, 1))
    report: dict[str, Any] = {"measures": MEASURES, "set": NAME, "part": part, "series": len(every)}
    report["points"] = sum(series.values.size for series in every)
    report["microseconds_per_point"] = round(statistics.median(took_us), 2)
    crossed, thresholds, by_series = {}, {}, {}
    for name, weights in profiles.items():
        gains = [gains_of(series, given, weights) for series, given in zip(every, scores, strict=True)]
        best, threshold = best_threshold(gains, weights)
        report[name], thresholds[name] = round(best, 2), round(threshold, 4)
        crossed[name] = round(_left_out(every, gains, weights), 2)
        if name == "standard":
            by_series = _by_series(every, gains, threshold)
    published = load_json(data / NAME / "published_scores.json") if _has_published(data) else {}
    return {
        **report,
        "cross_validated": crossed,
        "thresholds": thresholds,
        "by_series": by_series,
        "published": {who: published[who] for who in SHOWN if who in published},
    }


def _has_published(data: Path) -> bool:
    return (data / NAME / "published_scores.json").exists()


def _left_out(every: Sequence[Labelled], gains: Sequence[Gains], weights: Weights) -> float:
    """Return the score when each folder is judged at the threshold that is best for the others."""
    folders = [series.name.split("/")[0] for series in every]
    won, windows = 0.0, 0
    for one in sorted(set(folders)):
        others = [part for part, where in zip(gains, folders, strict=True) if where != one]
        if not others:
            continue
        _, threshold = best_threshold(others, weights)
        more, of = score_at((part for part, where in zip(gains, folders, strict=True) if where == one), threshold)
        won, windows = won + more, windows + of
    return _normalised(won, windows, weights) if windows else 0.0


def _by_series(every: Sequence[Labelled], gains: Sequence[Gains], threshold: float) -> dict[str, Any]:
    return {
        series.name: {"windows": part.windows, "won": round(score_at([part], threshold)[0], 3)}
        for series, part in zip(every, gains, strict=True)
    }


def _read(path: Path, name: str, windows: Sequence[Sequence[str]]) -> Labelled:
    body = [row for i, row in enumerate(rows(path)) if i and len(row) >= 2]
    times = np.array([_seconds(row[0]) for row in body], dtype=np.float64)
    places = []
    for start, end in windows:
        first = int(np.searchsorted(times, _seconds(start)))
        last = int(np.searchsorted(times, _seconds(end), side="right")) - 1
        if first <= last:
            places.append((first, last))
    return Labelled(
        name=name,
        times=times,
        values=np.array([number(row[1]) for row in body], dtype=np.float64),
        windows=tuple(sorted(places)),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a person reads it."""
    names = ("standard", "reward_low_FP_rate", "reward_low_FN_rate")
    lines = [
        report["measures"],
        f"nab/{report['part']}: {report['series']} series, {report['points']:,} points, "
        f"{report['microseconds_per_point']:.1f} µs a point (median)",
        f"{'':<44}{'standard':>10}{'low FP':>10}{'low FN':>10}",
        _line("StreamDetector", report, names),
        _line("StreamDetector, threshold of other folders", report["cross_validated"], names),
    ]
    lines += [_line(f"{who} (published, all 58)", scores, names) for who, scores in report["published"].items()]
    return "\n".join(lines)


def _line(name: str, scores: Mapping[str, Any], names: Sequence[str]) -> str:
    return f"{name:<44}" + "".join(f"{scores[one]:>10.1f}" if one in scores else f"{'':>10}" for one in names)
