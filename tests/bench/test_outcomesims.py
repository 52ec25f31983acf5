"""The simulations of the weekly word and of savings, and the page that is made from them, on few replicates."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import outcomes
from quell.outcomes.savings import Counterfactual
from quell.outcomes.trend import Word
from quell_bench.outcomes import badges, money, power
from quell_bench.outcomes.populations import Population

ROOT = Path(__file__).parents[2]


def population(name: str = "made for a test") -> Population:
    rng = np.random.default_rng(1)
    return Population(name=name, duration_s=np.exp(7.5 + 1.2 * rng.standard_normal(2_000)))


def test_weekly_counts_are_twice_as_variable_as_by_chance_alone() -> None:
    began = badges.arrivals(4_000, 10, np.random.default_rng(2))
    counts = np.bincount(((began - badges.MONDAY.timestamp()) // badges.WEEK_S).astype(int), minlength=4_000)

    assert counts.mean() == pytest.approx(10, rel=0.03)
    assert counts.var() / counts.mean() == pytest.approx(2, rel=0.1)


def test_a_quiet_quarter_has_thirteen_words() -> None:
    words = badges.quarter(population(), 25, np.random.default_rng(3))

    assert len(words) == 13
    assert Word.NOT_ENOUGH not in words


def test_false_words_are_rare_in_quiet_quarters() -> None:
    """60 quarters: with a true rate of 0.08, more than 12 come in fewer than 1 of 1,000 such tests."""
    found = badges.run([population()], replicates=60, seed=4, volumes=(15,), workers=1)

    cell = found["by_population"]["made for a test"]["15"]
    assert cell["false"] <= 12 / 60
    assert cell["decided"] > 0.9
    assert len(found["neighbours_alike"]) == len(badges.UNLIKE)


def test_the_same_seed_gives_the_same_table_with_any_number_of_processes() -> None:
    given: dict[str, Any] = {"replicates": 2, "seed": 5, "volumes": (15,)}

    assert badges.run([population()], workers=1, **given) == badges.run([population()], workers=2, **given)


def test_a_larger_change_is_seen_more_often() -> None:
    found = power.run([population()], replicates=20, seed=6, volumes=(25,), workers=1)

    cell = found["by_population"]["made for a test"]["25"]
    assert cell["improved"]["0.35"] > 0.9 > 0.4 > cell["improved"]["0.8"]
    assert 0.35 < cell["detectable"] < 0.8


def test_the_table_of_savings_tells_a_saving_from_none() -> None:
    setting = money.Setting(name="half", kind=Counterfactual.HOLD_OUT, treated=300, compared=300)

    found = money.run([population()], replicates=40, seed=7, settings=(setting,), workers=1)

    cell = found["by_population"]["made for a test"]["half"]
    assert cell["claimed_without"] <= 0.15
    assert cell["claimed_with"] > 0.5
    assert cell["holds_95_with"] > 0.8


def test_the_benchmark_writes_what_the_page_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outcomes.populations, "made_up", lambda: (population("log-normal 1.1"),))
    for module, sizes in ((badges, (15,)), (power, (15,))):
        monkeypatch.setattr(module.run, "__kwdefaults__", {**module.run.__kwdefaults__, "volumes": sizes})
    file = tmp_path / "outcomes.json"
    monkeypatch.setattr(sys, "argv", ["outcomes", "--replicates", "2", "--workers", "1", "--json", str(file)])
    outcomes.main()

    found = json.loads(file.read_text(encoding="utf-8"))
    assert {"coverage", "badges", "power", "money", "censoring", "speed"} <= set(found)
    assert "a false word in a quiet quarter" in capsys.readouterr().out

    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from pages import metrics

    page = metrics.page(tmp_path)
    assert "| log-normal 1.1 |" in page
    assert "Not measured" not in page
    assert "Not measured" in metrics.page(tmp_path / "nothing")
