"""Text from outside, before it is kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.ingest.bounds import AlertBounds
from quell.ingest.text import clean, clean_all


@pytest.mark.parametrize(
    ("text", "lines", "kept"),
    [
        ("plain text, \u00e9\u4e2d\U0001f600", False, "plain text, \u00e9\u4e2d\U0001f600"),
        ("bell\x07 nul\x00 esc\x1b[31m", False, "bell nul esc[31m"),
        ("left\u202eright\u200b", False, "leftright"),
        ("one\ntwo\tthree", False, "onetwothree"),
        ("one\ntwo\tthree\r", True, "one\ntwo\tthree"),
    ],
)
def test_what_cannot_be_seen_goes(text: str, lines: bool, kept: str) -> None:
    assert clean(text, most=100, lines=lines) == kept


@given(st.text(max_size=60), st.integers(8, 40), st.booleans())
def test_cleaned_text_is_bounded_and_holds_nothing_hidden(text: str, most: int, lines: bool) -> None:
    kept = clean(text, most=most, lines=lines)

    assert len(kept) <= most
    hidden = {c for c in kept if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}
    assert hidden <= (set("\n\t") if lines else set())
    assert clean(kept, most=most, lines=lines) == kept


TEXTS = st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=40), max_size=5)


@given(TEXTS, TEXTS)
def test_the_quick_answer_is_the_slow_one(labels: dict[str, str], annotations: dict[str, str]) -> None:
    bounds = AlertBounds(label_characters=20, annotation_characters=30)

    slow = clean_all(labels, most=20), clean_all(annotations, most=30, lines=True), ()
    assert bounds.fit(labels, annotations) == slow


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://example.com/a?b=c", True),
        ("http://prometheus:9090/graph", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://example.com/\x00", False),
        ("https://example.com/" + "x" * 3_000, False),
        ("//example.com", False),
    ],
)
def test_only_web_links_are_kept(link: str, kept: bool) -> None:
    assert AlertBounds().link_of(link) == (link if kept else None)
