"""Which strata of two groups are compared, and which are joined before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quell.outcomes.matching import matched
from quell.outcomes.survival import Durations

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20), max_size=6)


def group(sizes: dict[str, int]) -> dict[str, Durations]:
    """Return a stratum of so many ended incidents for each name."""
    return {name: Durations(ended_s=np.full(size, 60.0), open_s=np.zeros(0)) for name, size in sizes.items()}


def names(first: dict[str, int], second: dict[str, int]) -> list[tuple[str, ...]]:
    return [pair.names for pair in matched(group(first), group(second))]


def test_the_smallest_joins_the_next_larger_and_the_large_ones_stay_by_themselves() -> None:
    assert names({"a": 40, "b": 2, "c": 9, "d": 30}, {"a": 40, "b": 2, "c": 9, "d": 30}) == [("a",), ("b", "c"), ("d",)]


def test_small_is_what_has_few_in_one_of_the_groups_however_many_are_in_the_other() -> None:
    assert names({"a": 100, "b": 8, "c": 20}, {"a": 1, "b": 8, "c": 20}) == [("a", "b"), ("c",)]


def test_joining_goes_on_until_each_has_enough_and_keeps_the_order_of_names() -> None:
    sizes = {"a": 1, "b": 3, "c": 20, "d": 2}

    assert names(sizes, sizes) == [("a", "d", "b"), ("c",)]


def test_of_equally_few_the_ones_with_fewer_in_all_join_first() -> None:
    first, second = {"a": 50, "b": 3, "c": 4, "d": 5}, {"a": 3, "b": 3, "c": 3, "d": 5}

    assert names(first, second) == [("a", "d"), ("b", "c")]


def test_six_in_each_group_are_enough_and_five_are_not() -> None:
    assert names({"a": 6, "b": 6}, {"a": 6, "b": 6}) == [("a",), ("b",)]
    assert names({"a": 6, "b": 5}, {"a": 6, "b": 6}) == [("a", "b")]


@given(counts, counts)
def test_every_incident_is_in_exactly_one_pair_and_each_has_enough_or_there_is_but_one(
    first: dict[str, int], second: dict[str, int]
) -> None:
    pairs = matched(group(first), group(second))

    assert sum(pair.first.ended_s.size for pair in pairs) == sum(first.values())
    assert sum(pair.second.ended_s.size for pair in pairs) == sum(second.values())
    assert len(pairs) <= 1 or min(pair.smaller for pair in pairs) >= 6
