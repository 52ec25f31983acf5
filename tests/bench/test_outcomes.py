"""`quell bench outcomes`: populations, the cut of time, and what the coverage counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from quell.cli import app
from quell.errors import ConfigError, Malformed
from quell_bench.outcomes import coverage
from quell_bench.outcomes.command import bench, numbers
from quell_bench.outcomes.populations import Population, made_up, read
from tests.cli.running import refusal


def population(seed: int = 1) -> Population:
    rng = np.random.default_rng(seed)
    return Population(name="made for a test", duration_s=np.exp(7.5 + 1.2 * rng.standard_normal(5000)))


def file(folder: Path, *rows: str, head: str = "id,duration_minutes,maintenance") -> Path:
    path = folder / "past.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


GOOD = [f"{i},{5 + i},0" for i in range(20)]


def test_a_file_is_its_column_of_minutes_in_seconds(tmp_path: Path) -> None:
    assert read(file(tmp_path, *GOOD)).duration_s.tolist() == [60.0 * (5 + i) for i in range(20)]


def test_rows_without_a_duration_of_zero_and_of_maintenance_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(file(tmp_path, *GOOD, "a,,0", "b,0,0", "c,50,1"))

    assert (found.duration_s.size, found.left_out) == (20, 3)
    assert read(file(tmp_path, *GOOD, "c,50,1"), maintenance=True).duration_s.size == 21


@pytest.mark.parametrize(
    ("rows", "head", "says"),
    [
        (GOOD, "id,minutes,maintenance", "no column duration_minutes"),
        ([*GOOD, "x,-4,0"], "id,duration_minutes,maintenance", "line 22: a duration of -4 minutes"),
        ([*GOOD, "x,nan,0"], "id,duration_minutes,maintenance", "a duration of nan minutes"),
        ([*GOOD, "x,soon,0"], "id,duration_minutes,maintenance", "'soon' is not a number"),
        (GOOD[:9], "id,duration_minutes,maintenance", "9 durations, of at least 10"),
    ],
)
def test_a_file_that_is_no_population_is_refused(tmp_path: Path, rows: list[str], head: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        read(file(tmp_path, *rows, head=head))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"duration_minutes\n\xff\xfe\x00\n")

    for path in (tmp_path / "none.csv", binary, tmp_path):
        with pytest.raises(Malformed):
            read(path)


def test_the_window_leaves_the_share_open_that_was_asked_for() -> None:
    found = coverage.measure([population()], sizes=[50], replicates=200, seed=1, open_share=0.2, workers=1)

    assert found[0].open == pytest.approx(0.2, abs=0.02)


def test_leaving_open_incidents_out_is_shown_beside_counting_them() -> None:
    found = coverage.measure([population()], sizes=[100], replicates=60, seed=1, open_share=0.1, workers=1)[0]

    assert found.bias_left_out < -0.2
    assert abs(found.bias) < 0.1


def test_the_same_seed_gives_the_same_table() -> None:
    one, other = (coverage.measure([population()], sizes=[10, 20], replicates=20, seed=4, workers=1) for _ in range(2))

    assert one == other


def test_an_interval_that_misses_is_counted_as_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    real = coverage.median
    monkeypatch.setattr(coverage, "median", lambda sample: replace(real(sample), low=1e9, high=2e9))

    found = coverage.measure([population()], sizes=[20], replicates=20, seed=1, workers=1)
    assert found[0].coverage["median"] == 0.0
    assert found[0].coverage["geometric_mean"] > 0.7


def test_a_figure_that_says_nothing_is_counted_apart() -> None:
    equal = Population(name="all alike", duration_s=np.full(100, 300.0))

    found = coverage.measure([equal], sizes=[20], replicates=10, seed=1, workers=1)
    assert found[0].without["capped_mean"] == 1.0
    assert np.isnan(found[0].coverage["capped_mean"])


def test_the_report_of_a_file_is_coverage_by_number_and_figure(tmp_path: Path) -> None:
    said: list[str] = []
    options = {"replicates": 10, "sizes": (10, 20), "maintenance": False, "seed": 1, "workers": 1}
    report = bench(file(tmp_path, *GOOD, "c,50,1"), open_share=0.0, say=said.append, **options)

    assert set(report) == {"10", "20"}
    assert set(report["10"]) == {"median", "geometric_mean", "capped_mean"}
    assert "1 rows left out" in said[0]


def test_with_open_incidents_the_report_gives_the_bias_and_says_which_are_open(tmp_path: Path) -> None:
    said: list[str] = []
    options = {"replicates": 10, "sizes": (20,), "maintenance": False, "seed": 1, "workers": 1}
    report = bench(file(tmp_path, *GOOD), open_share=0.1, say=said.append, **options)

    assert "capped_mean_bias" in report["20"]
    assert "one looks at its end" in said[1]


def test_made_up_populations_have_the_median_they_are_made_with() -> None:
    found = {one.name: coverage.truths(one)["median"] / 60 for one in made_up()}

    assert found["log-normal 1.6"] == pytest.approx(40, rel=0.01)
    assert found["Pareto 1.5"] == pytest.approx(10 * 2 ** (1 / 1.5), rel=0.01)
    assert len(found) == len(made_up())


def test_a_mixture_is_measured_with_its_label_too() -> None:
    mixture = next(one for one in made_up() if one.by_person is not None)

    assert coverage.STRATIFIED in coverage.measure([mixture], sizes=[30], replicates=10, seed=1, workers=1)[0].coverage


def test_the_command_refuses_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("bench", "outcomes", "--durations", str(file(tmp_path, *GOOD, head="a,b,c")))

    assert "no column duration_minutes" in refusal(monkeypatch, *words)


@pytest.mark.parametrize("wrong", ["5", "ten", "", "200000", "10,,20"])
def test_sizes_that_cannot_be_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="--sizes"):
        numbers(wrong)


def test_the_command_writes_its_json(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    words = ["bench", "outcomes", "--durations", str(file(tmp_path, *GOOD)), "--replicates", "10", "--sizes", "10"]
    done = CliRunner().invoke(app, [*words, "--json", str(out)])

    assert done.exit_code == 0, done.output
    assert set(json.loads(out.read_text())) == {"10"}
