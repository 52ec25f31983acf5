"""What a silence keeps back, and which silences are refused."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.errors import Malformed
from quell.incident.events import Matcher, SilenceCreated
from quell.ingest.alertmanager import Alertmanager
from quell.ingest.pattern import Pattern
from quell.ingest.silences import Silence, Silences, create_silence
from tests.ingest.given import START, alert, body_of


def a_silence(*matchers: str, hours: float = 1) -> SilenceCreated:
    return create_silence(
        silence_id="S1",
        matchers=[
            Matcher(**re.match(r"(?P<label>[\w.]*)(?P<op>=~|!~|!=|=|\?)(?P<value>.*)", m).groupdict()) for m in matchers
        ],
        starts_at=START,
        ends_at=START + timedelta(hours=hours),
        by="person:ada",
        comment="known",
        now=START,
    )


def covers(silence: SilenceCreated, **labels: str) -> bool:
    body = body_of(alert("HighErrorRate", **labels))
    (parsed,) = Alertmanager().parse(body, START).alerts
    return Silence(silence).covers(parsed, START.timestamp())


@pytest.mark.parametrize(
    ("matchers", "covered"),
    [
        (["service=checkout"], True),
        (["service=payment"], False),
        (["service=check"], False),
        (["service=~check.*"], True),
        (["service=~check"], False),
        (["service=~payment|checkout"], True),
        (["service=checkout", "pod!=a"], True),
        (["service=checkout", "pod!="], False),
        (["service=checkout", "severity!~warn.*|info"], True),
        (["service=checkout", "severity!~crit.*"], False),
        (["service=checkout", "severity=warning"], False),
    ],
)
def test_all_matchers_must_hold_on_the_whole_value(matchers: list[str], covered: bool) -> None:
    assert covers(a_silence(*matchers)) is covered


def test_a_silence_covers_from_its_start_until_just_before_its_end() -> None:
    silence = Silence(a_silence("service=checkout"))
    (parsed,) = Alertmanager().parse(body_of(alert()), START).alerts
    covered = [silence.covers(parsed, START.timestamp() + offset_s) for offset_s in (-1, 0, 3_599, 3_600)]

    assert covered == [False, True, True, False]


@pytest.mark.parametrize(
    "matchers",
    [
        [],
        ["service!=x"],
        ["service!~x"],
        ["service="],
        ["service=~.*"],
        ["service=~.+"],
        ["service=~"],
        ["service=~checkout|"],
        ["service=~[^x]*", "severity!=critical"],
    ],
)
def test_a_silence_that_is_about_everything_is_refused(matchers: list[str]) -> None:
    with pytest.raises(Malformed):
        a_silence(*matchers)


@pytest.mark.parametrize(
    "matchers", [["service?x"], ["=x"], ["service=" + "x" * 2_000], ["service=~("], ["service=a"] * 21]
)
def test_a_matcher_that_cannot_be_read_is_refused(matchers: list[str]) -> None:
    with pytest.raises(Malformed):
        a_silence(*matchers)


@pytest.mark.parametrize("hours", [0, -1, 24 * 367])
def test_a_silence_needs_a_time_that_makes_sense(hours: float) -> None:
    with pytest.raises(Malformed):
        a_silence("service=checkout", hours=hours)


@pytest.mark.parametrize(
    ("matcher", "names"),
    [
        ("service=checkout", True),
        ("alertname=HighErrorRate", True),
        ("job=checkout", True),
        ("service=~checkout|payment", True),
        ("service=~check.*", False),
        ("cluster=eu-1", False),
        ("severity=critical", False),
    ],
)
def test_a_silence_names_its_alerts_by_alertname_or_service_alone(matcher: str, names: bool) -> None:
    assert Silence(a_silence(matcher)).names_its_alerts is names


def test_a_silence_in_the_log_that_cannot_be_read_silences_nothing() -> None:
    silences = Silences()
    silences.add(
        SilenceCreated(
            silence_id="S1",
            matchers=(Matcher(label="a", op="=~", value="(?<x>a)"),),
            starts_at=START,
            ends_at=START + timedelta(hours=1),
            by="person:ada",
            comment="",
        )
    )

    assert len(silences) == 0


class TestPattern:
    @pytest.mark.parametrize(
        ("text", "fits", "fits_not"),
        [
            ("a", ["a"], ["", "b", "aa"]),
            ("^a$", ["a"], ["^a$"]),
            ("", [""], ["a"]),
            ("a|b|", ["a", "b", ""], ["ab"]),
            ("a+b*c?", ["a", "aab", "abbc"], ["b", "ac c"]),
            ("(ab)+", ["ab", "abab"], ["aba", ""]),
            ("(?:a|b){2,3}", ["ab", "bab"], ["a", "abab"]),
            ("a{0}", [""], ["a"]),
            ("a{2,}", ["aa", "aaaa"], ["a"]),
            (r"\d+\.\w", ["12.x", "1._"], ["12x", "a.b"]),
            (r"[^-\s]+", ["ab"], ["a-", "a b"]),
            ("[]a-c]+", ["]abc"], ["d"]),
            ("pod-.*-(api|web)", ["pod-7-api", "pod--web"], ["pod-api"]),
            ("a.c", ["abc", "a\u00e9c"], ["a\nc"]),
            ("a*?b", ["aab"], ["a"]),
        ],
    )
    def test_matches_the_whole_value(self, text: str, fits: list[str], fits_not: list[str]) -> None:
        pattern = Pattern(text)

        assert [value for value in fits if not pattern.matches(value)] == []
        assert [value for value in fits_not if pattern.matches(value)] == []

    @pytest.mark.parametrize(
        "text",
        [
            "(", ")", "a)", "[", "[a", "*a", "a**", "a*+", "a{", "a{2", "a{3,2}", "a{x}", "\\", r"\1", r"(a)\1",
            "(?=a)", "(?i)a", "(?P<n>a)", "a$b", "[b-a]", r"[\d-z]",
            "(" * 20 + "a" + ")" * 20, "a{999}{999}", "x" * 257,
            "((a{99}){99}){99}", "(((((){999}){999}){999}){999}){999}",
        ],
    )  # fmt: skip
    def test_refuses_what_it_cannot_do_in_linear_time_and_space(self, text: str) -> None:
        began = time.process_time()
        with pytest.raises(Malformed):
            Pattern(text)
        assert time.process_time() - began < 1

    @pytest.mark.parametrize("text", ["(a*)*b", "(a|a)*(a|aa)+c", "(.*a){20}", "(a?){100}a{100}"])
    def test_takes_no_longer_for_patterns_that_make_others_backtrack(self, text: str) -> None:
        pattern, value = Pattern(text), "a" * 1_023 + "!"
        began = time.process_time()

        assert not pattern.matches(value)
        assert time.process_time() - began < 1

    @settings(max_examples=300)
    @given(
        st.lists(
            st.sampled_from([*"abc.|()*+?1", "{2}", "{1,3}", "{0,}", r"\d", r"\w", "[a-c]", "[^a]", "(?:", r"\."]),
            max_size=8,
        ),
        st.lists(st.text("abc1. -", max_size=6), min_size=5, max_size=5),
    )
    def test_agrees_with_the_standard_library_wherever_it_takes_the_pattern(
        self, parts: list[str], values: list[str]
    ) -> None:
        text = "".join(parts)
        try:
            pattern = Pattern(text)
        except Malformed:
            return
        theirs = re.compile(text, re.ASCII)

        assert [pattern.matches(value) for value in values] == [bool(theirs.fullmatch(value)) for value in values]
