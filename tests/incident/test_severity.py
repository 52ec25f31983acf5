"""What the words of tools for a severity count as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.incident.alert import Severity
from quell.incident.severity import SEVERITY_WORDS, known_severity, plain_word, severity_in


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        (
            "critical",
            "critical, CRITICAL, SEV 0, sev_1, Sev-1, SEV1, S1, s-0, P0, P1, p-1, Priority 1, prio:1, P1 - Critical, "
            "[P1], (critical), 1 - Critical, Severity: critical, Highest, URGENT, Disaster, Blocker, emerg, immediate",
        ),
        ("error", "P2, Sev 2, S2, Major, average, priority-2, ERR"),
        ("warning", "P3, SEV-3, 3 - Moderate, Medium, minor, [warning]"),
        ("info", "P4, p5, sev 4, 5 - Planning, 4 - Low, Lowest, trivial, Information, P4 / low"),
    ],
)
def test_words_count_as_what_their_tools_mean(severity: str, words: str) -> None:
    read = {word: known_severity(word) for word in words.split(", ")}

    assert read == dict.fromkeys(read, Severity(severity))


@pytest.mark.parametrize(
    "word", ["", "1", "0", "5", "weird", "not critical", "non-critical", "P7", "p11", "pager", "sev"]
)
def test_a_word_that_is_not_known_is_not_guessed(word: str) -> None:
    assert known_severity(word) is None


def test_the_worst_of_several_words_counts() -> None:
    assert known_severity("warning/critical") is Severity.CRITICAL


@given(st.sampled_from(sorted(SEVERITY_WORDS)), st.sampled_from(["{}", " {} ", "[{}]", "{}!", "severity={}"]))
def test_every_published_word_is_known_whatever_stands_around_it(word: str, written: str) -> None:
    assert known_severity(written.format(word).upper()) is SEVERITY_WORDS[word]


@given(st.text(max_size=80))
def test_any_text_is_a_severity_or_none(text: str) -> None:
    assert known_severity(text) in {*Severity, None}


def test_the_words_of_a_site_go_first() -> None:
    own = {plain_word("1"): Severity.CRITICAL, plain_word("Wake-somebody"): Severity.CRITICAL, "high": Severity.ERROR}

    assert known_severity("1", own) is Severity.CRITICAL
    assert known_severity("WAKE SOMEBODY", own) is Severity.CRITICAL
    assert severity_in({"severity": "high"}, own) == (Severity.ERROR, "high", True)


@pytest.mark.parametrize(
    ("labels", "severity", "raw", "known"),
    [
        ({"priority": "P1"}, "critical", "P1", True),
        ({"severity": "info", "priority": "P1"}, "info", "info", True),
        ({"severity": "team-red", "priority": "P1"}, "critical", "P1", True),
        ({"severity": "team-red", "priority": "1"}, "error", "team-red", False),
        ({"severity": " "}, "error", "", False),
        ({}, "error", "", False),
    ],
)
def test_it_is_read_from_the_first_label_with_a_known_word(
    labels: dict[str, str], severity: str, raw: str, known: bool
) -> None:
    assert severity_in(labels) == (Severity(severity), raw, known)
