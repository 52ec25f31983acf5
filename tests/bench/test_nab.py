"""The scorer of the Numenta Anomaly Benchmark, on cases computed by hand, and the score on the public part."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from quell.errors import ConfigError
from quell_bench.accuracy.nab import (
    Labelled,
    Weights,
    best_threshold,
    gains_of,
    measure,
    scaled_sigmoid,
    score_at,
    series_of,
)
from tests.bench.test_accuracy import PUBLIC, needs_public

STANDARD = Weights(hit=1.0, miss=1.0, false_alarm=0.11)


def labelled(size: int, *windows: tuple[int, int]) -> Labelled:
    return Labelled(name="f/s.csv", times=np.arange(size, dtype=float), values=np.zeros(size), windows=windows)


def scored(series: Labelled, *alarms: int) -> float:
    scores = np.zeros(series.values.size)
    scores[list(alarms)] = 1.0
    won, windows = score_at([gains_of(series, scores, STANDARD)], 1.0)
    return 100 * won / (windows * 2)


@pytest.mark.parametrize(
    ("place", "worth"), [(-1.0, 0.98661), (0.0, 0.0), (1.0, -0.98661), (3.1, -1.0), (-0.5, 0.84828)]
)
def test_an_alarm_is_worth_what_the_paper_says(place: float, worth: float) -> None:
    assert scaled_sigmoid(place) == pytest.approx(worth, abs=1e-5)


def test_no_alarm_is_0_and_every_window_at_its_start_is_100() -> None:
    series = labelled(1000, (400, 499), (700, 799))

    assert scored(series) == 0
    assert scored(series, 400, 700) == pytest.approx(100)


def test_a_later_alarm_in_a_window_is_worth_less() -> None:
    series = labelled(1000, (400, 499))

    early, late = scored(series, 420), scored(series, 480)

    assert 50 < late < early < 100
    assert late == pytest.approx(50 * (1 + (2 / (1 + math.exp(-5 * 20 / 100)) - 1) / scaled_sigmoid(-1)))


def test_only_the_best_alarm_of_a_window_counts() -> None:
    series = labelled(1000, (400, 499))

    assert scored(series, 420, 430, 480) == scored(series, 420)


def test_an_alarm_outside_costs_more_the_further_it_lies_behind() -> None:
    series = labelled(1000, (400, 499))

    near, far, before = (scored(series, 400, at) for at in (505, 900, 300))

    assert 100 > near > far
    assert far == pytest.approx(100 - 0.11 / 2 * 100)
    assert before == far


def test_alarms_while_a_series_is_learned_do_not_count() -> None:
    assert scored(labelled(1000, (400, 499)), 100, 149) == 0
    assert scored(labelled(1000, (400, 499)), 150) < 0


def test_the_best_threshold_is_the_best_of_all() -> None:
    rng = np.random.default_rng(2)
    series = [labelled(1000, (300, 350), (600, 700)), labelled(500)]
    scores = [rng.random(1000), rng.random(500)]
    parts = [gains_of(one, given, STANDARD) for one, given in zip(series, scores, strict=True)]

    best, threshold = best_threshold(parts, STANDARD)

    tried = [score_at(parts, at)[0] for at in np.unique(np.concatenate(scores))]
    assert best == pytest.approx(100 * max(*tried, 0) / 4)
    assert 100 * score_at(parts, threshold)[0] / 4 == pytest.approx(best)


def part(folder: Path) -> Path:
    """Write a part with one packed series, one entry without a file and one file without an entry."""
    data = folder / "nab" / "dev" / "data" / "made"
    data.mkdir(parents=True)
    lines = ["timestamp,value"]
    lines += [f"2026-01-{1 + i // 288:02d} {i % 288 * 5 // 60:02d}:{i % 12 * 5:02d}:00,{i % 7}" for i in range(1000)]
    with gzip.open(data / "packed.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    (data / "plain.csv").write_text("\n".join(lines), encoding="utf-8")
    windows = {
        "made/packed.csv": [["2026-01-03 00:00:00.000000", "2026-01-03 02:00:00.000000"]],
        "made/gone.csv": [["2026-01-03 00:00:00.000000", "2026-01-03 02:00:00.000000"]],
    }
    (folder / "nab" / "dev" / "windows.json").write_text(json.dumps(windows), encoding="utf-8")
    weights = {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11, "tnWeight": 1.0}
    profiles = {"standard": {"CostMatrix": weights}}
    (folder / "nab" / "profiles.json").write_text(json.dumps(profiles), encoding="utf-8")
    return folder


def test_a_part_is_read_packed_or_plain_and_with_entries_missing(tmp_path: Path) -> None:
    every = series_of(part(tmp_path), "dev")

    assert [(one.name, one.windows) for one in every] == [("made/packed.csv", ((576, 600),)), ("made/plain.csv", ())]


def test_a_part_without_series_or_with_a_broken_one_is_one_line(tmp_path: Path) -> None:
    data = part(tmp_path)
    (data / "nab" / "dev" / "data" / "made" / "plain.csv").write_text("timestamp,value\nyesterday,1", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"plain\.csv"):
        series_of(data, "dev")
    with pytest.raises(ConfigError, match="no such folder"):
        series_of(data, "heldout")


@needs_public
def test_the_score_on_the_public_part_is_as_good_as_is_said() -> None:
    report = measure(PUBLIC, "dev")

    assert report["standard"] >= 60
    assert report["cross_validated"]["standard"] >= 55
    assert report["published"]["windowedGaussian"]["standard"] < report["standard"]
