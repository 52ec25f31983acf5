"""Whether patterns of names can match the same name."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions import patterns
from quell.actions.patterns import common_name, matches_any

PATTERN = st.text(alphabet="ab*?[]!-", max_size=7)
NAME = st.text(alphabet="ab[]!-c", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("given_patterns", "example"),
    [
        (["orders", "orders"], "orders"),
        (["orders", "payment"], None),
        (["orders*", "*-api"], "orders-api"),
        (["orders*", "payment*"], None),
        (["shop-?", "shop-1", "*"], "shop-1"),
        (["*a", "*b"], None),
        (["a*b*c", "*z*", "abz?"], "abzc"),
        (["[a-c]x", "[!a-c]x"], None),
        (["[!a]", "a"], None),
        (["[!a]", "[!b]"], "A"),
        (["[]]", "]"], "]"),
        (["[!]", "[!*"], "[!]"),
        (["*", "*"], "a"),
        (["**", "?*"], "a"),
    ],
)
def test_an_overlap_is_shown_by_the_shortest_name_that_all_match(
    given_patterns: list[str], example: str | None
) -> None:
    assert common_name(given_patterns) == example


@given(one=PATTERN, other=PATTERN)
def test_the_example_is_matched_by_every_pattern(one: str, other: str) -> None:
    example = common_name([one, other])

    assert example is None or (example and fnmatchcase(example, one) and fnmatchcase(example, other))


@given(one=PATTERN, other=PATTERN, name=NAME)
def test_patterns_without_an_example_match_no_name_together(one: str, other: str, name: str) -> None:
    both = fnmatchcase(name, one) and fnmatchcase(name, other)

    assert not both or common_name([one, other]) is not None


def test_what_takes_too_long_to_exclude_counts_as_an_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "STATES", 5)

    assert common_name(["*a*b*c*x", "*a*b*c*y"]) == "*a*b*c*x"


def test_case_matters() -> None:
    assert matches_any("orders", ["payment", "ord*"])
    assert not matches_any("Orders", ["payment", "ord*"])
