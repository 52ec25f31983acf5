from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.eventlog.projections import quantities as q


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.35, "350 ms"),
        (2.04, "2.0 s"),
        (12.4, "12 s"),
        (59.97, "1 min"),
        (261, "4 min 21 s"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (-3, "-3.0 s"),
    ],
)
def test_a_duration_is_said_in_units_that_fit(seconds: float, said: str) -> None:
    assert q.say_duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.42, "ratio", "42 %"),
        (0.001, "ratio", "0.1 %"),
        (0.25, "s", "250 ms"),
        (44_040_192, "bytes", "42 MiB"),
        (64, "connections", "64 connections"),
        (1234.5, "1/s", "1,234 1/s"),
        (None, "s", "no value"),
        (float("nan"), "ratio", "no value"),
        (3, "", "3"),
    ],
)
def test_a_value_is_said_with_its_unit(value: float | None, unit: str, said: str) -> None:
    assert q.say_value(value, unit) == said


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_nothing_is_said_to_be_certain_that_is_not(probability: float) -> None:
    assert q.say_share(probability) not in {"0 %", "100 %"}


def test_rare_kinds_are_counted_together() -> None:
    assert q.say_counts({"a": 5, "b": 3, "c": 2, "d": 1}, total=12, kinds=5) == "5 a, 3 b, 2 c and 2 of 2 other kinds"
    assert q.say_counts({"a": 1}, total=1, kinds=1) == "1 a"
