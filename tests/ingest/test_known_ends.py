"""Which firings are known to be over, for how long, and of how many alerts; and which alert an end may be of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quell.incident.alert import Alert, AlertStatus, Severity
from quell.incident.correlation import CorrelationRules
from quell.incident.events import EarlyEnd
from quell.ingest.ends import End, KnownEnds, end_of, seconds
from quell.ingest.firing import LOOKED_AT, Firing
from quell.ingest.tracks import Track, Waiting

RULES = CorrelationRules()
AT = datetime(2026, 1, 5, tzinfo=UTC)
ZERO_S = AT.timestamp()


def at(after_s: float) -> datetime:
    return AT + timedelta(seconds=after_s)


def alert(
    fingerprint: str = "a",
    *,
    began_s: float | None = 0.0,
    ended_s: float | None = None,
    key: str = "",
    name: str = "PumpStopped",
    source: str = "test",
    org: str = "",
    **labels: str,
) -> Alert:
    """Return an alert that was received after 1000 s; without a beginning the receipt stands in."""
    received_at = at(1_000)
    return Alert(
        fingerprint=fingerprint,
        source=source,
        name=name,
        service=None,
        severity=Severity.CRITICAL,
        severity_raw="critical",
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=received_at if began_s is None else at(began_s),
        received_at=received_at,
        ends_at=None if ended_s is None else at(ended_s),
        labels=labels,
        sender_key=key,
        org=org,
    )


def knowing(end: End, *, fired: bool = False, rules: CorrelationRules = RULES) -> KnownEnds:
    """Return what knows one end of the alert `a`, noted at 0 s."""
    known = KnownEnds(rules)
    known.note("a", end, 0.0, fired=fired)
    return known


class TestAKnownEnd:
    @pytest.mark.parametrize(("fired", "until_s"), [(False, 3_600.0), (True, 60.0)])
    def test_is_known_for_an_hour_and_for_a_minute_where_the_firing_was(self, fired: bool, until_s: float) -> None:
        end, late = End(ZERO_S, ZERO_S + 5), alert(began_s=0)
        known = knowing(end, fired=fired)

        assert (known.knows("a", end, until_s), known.is_over(late, until_s)) == (True, True)
        assert (known.knows("a", end, until_s + 1), known.is_over(late, until_s + 1)) == (False, False)
        assert (known.knows("b", end, 0.0), known.is_over(alert("b", began_s=0), 0.0)) == (False, False)

    @pytest.mark.parametrize(
        ("heard", "asked", "so"),
        [
            (End(10, 20), End(10, 20), True),
            (End(10, 20), End(10, 30), True),
            (End(10, 20), End(9, 30), True),
            (End(10, 20), End(11, 20), False),
            (End(None, 20), End(None, 20), True),
            (End(None, 20), End(None, 21), False),
            (End(None, 20), End(10, 20), False),
            (End(10, 20), End(None, 20), False),
            (End(10, None), End(10, 20), True),
        ],
    )
    def test_covers_itself_and_the_ends_of_earlier_firings(self, heard: End, asked: End, so: bool) -> None:
        assert knowing(heard).knows("a", asked, 0.0) is so

    @pytest.mark.parametrize(
        ("began_s", "ended_s", "firing_s", "over"),
        [
            (10, 20, 9, True),
            (10, 20, 10, True),
            (10, 20, 11, True),
            (10, 20, 20, False),
            (10, 20, 21, False),
            (None, 20, 19, True),
            (None, 20, 20, False),
            (10, None, 10, True),
            (10, None, 11, False),
            (10, 20, None, False),
        ],
    )
    def test_is_that_of_firings_that_began_before_it(
        self, began_s: float | None, ended_s: float | None, firing_s: float | None, over: bool
    ) -> None:
        end = seconds(
            EarlyEnd(
                starts_at=None if began_s is None else at(began_s), ended_at=None if ended_s is None else at(ended_s)
            )
        )

        assert knowing(end).is_over(alert(began_s=firing_s), 0.0) is over

    @pytest.mark.parametrize(("late_s", "kept_s"), [(60.0, 3_600.0), (7_200.0, 7_200.0)])
    def test_is_forgotten_once_it_can_matter_no_more(self, late_s: float, kept_s: float) -> None:
        known = knowing(End(0, 5), rules=CorrelationRules(late_s=late_s))
        known.prune(kept_s)
        kept = len(known)
        known.prune(kept_s + 1)

        assert (kept, len(known)) == (1, 0)

    def test_past_the_bound_the_one_heard_of_longest_ago_is_forgotten(self) -> None:
        known = KnownEnds(CorrelationRules(tracked_alerts=2))
        for number, fingerprint in enumerate("abca"):
            known.note(fingerprint, End(0, 5), float(number), fired=False)
        known.prune(4.0)

        assert [name for name in "abc" if known.knows(name, End(0, 5), 4.0)] == ["a", "c"]


@pytest.mark.parametrize(
    ("began_s", "ended_s", "end"),
    [
        (0, 5, EarlyEnd(starts_at=at(0), ended_at=at(5))),
        (0, None, EarlyEnd(starts_at=at(0), ended_at=None)),
        (None, 5, EarlyEnd(starts_at=None, ended_at=at(5))),
        (None, None, None),
        (0, 2_000, EarlyEnd(starts_at=at(0), ended_at=at(1_000))),
    ],
)
def test_an_end_is_what_its_sender_says_and_no_later_than_its_receipt(
    began_s: float | None, ended_s: float | None, end: EarlyEnd | None
) -> None:
    assert end_of(alert(began_s=began_s, ended_s=ended_s)) == end


class TestWhichAlertAnEndIsOf:
    def firing(self, *alerts: Alert) -> Firing:
        firing = Firing(RULES)
        for one in alerts:
            firing.add(one)
        return firing

    def test_what_its_sender_calls_it_goes_before_everything_else(self) -> None:
        firing = self.firing(alert("a", key="k1", pod="x"), alert("b", key="k2", pod="x"))

        assert firing.ended_by(alert("z", key="k2", name="Renamed", began_s=None, pod="y")) == ["b"]

    @pytest.mark.parametrize(
        "of_another", [{"source": "other"}, {"org": "2"}, {"sender_key": "k9", "starts_at": at(1_000)}]
    )
    def test_of_another_sender_organisation_or_key_it_is_none(self, of_another: dict[str, Any]) -> None:
        firing = self.firing(alert("a", key="k1", pod="x"))

        assert firing.ended_by(replace(alert("z", key="k1", pod="x"), **of_another)) == []

    @pytest.mark.parametrize(
        ("fired", "ended", "fits"),
        [
            ({}, {}, True),
            ({"severity": "critical"}, {"severity": "warning"}, True),
            ({"priority": "1"}, {}, True),
            ({"team": "water"}, {}, True),
            ({}, {"team": "water"}, True),
            ({"team": "water"}, {"team": "fire"}, False),
            ({"pod": "x"}, {"pod": "x"}, True),
            ({"pod": "x"}, {}, False),
            ({}, {"pod": "x"}, False),
            ({"service": "a"}, {"service": "b"}, False),
            ({"host": "h"}, {}, False),
            ({"tenant": "t", "severity": "critical"}, {"severity": "warning"}, False),
        ],
    )
    def test_only_labels_may_differ_that_change_or_name_no_thing(
        self, fired: dict[str, str], ended: dict[str, str], fits: bool
    ) -> None:
        firing = self.firing(replace(alert("a"), labels=fired))

        assert firing.ended_by(replace(alert("z"), labels=ended)) == (["a"] if fits else [])

    def test_name_and_beginning_must_be_the_same_and_known(self) -> None:
        firing = self.firing(alert("a"), alert("b", began_s=None, name="Unsaid"))

        assert firing.ended_by(alert("z", name="Other")) == []
        assert firing.ended_by(alert("z", began_s=1)) == []
        assert firing.ended_by(alert("z", name="Unsaid", began_s=None)) == []

    def test_of_more_than_16_that_began_at_one_moment_it_cannot_be_told(self) -> None:
        ones = [alert(f"{number}", pod=f"p{number}") for number in range(17)]
        end = alert("z", pod="p3")

        assert self.firing(*ones[:LOOKED_AT]).ended_by(end) == ["3"]
        assert len(self.firing(*ones).ended_by(end)) == 17

    def test_what_no_longer_fires_is_not_found_and_leaves_nothing(self) -> None:
        firing = self.firing(alert("a", key="k1"), alert("b"), alert("c", began_s=None))
        for fingerprint in "abc":
            firing.remove(fingerprint)
            firing.remove(fingerprint)

        assert firing.ended_by(alert("z", key="k1")) == []
        assert (firing._by_key, firing._by_start, firing._places) == ({}, {}, {})

    def test_an_alert_that_fires_anew_is_found_by_its_new_beginning_alone(self) -> None:
        firing = self.firing(alert("a"), alert("a", began_s=9))

        assert firing.ended_by(alert("z")) == []
        assert firing.ended_by(alert("z", began_s=9)) == ["a"]

    def test_a_key_that_another_alert_has_taken_over_stays_with_it(self) -> None:
        firing = self.firing(alert("a", key="k1"), alert("b", key="k1"))
        firing.remove("a")

        assert firing.ended_by(alert("z", key="k1", began_s=None)) == ["b"]


def track(*, firing: bool = True, started_s: float | None = 10.0) -> Track:
    return Track(
        kind=("PumpStopped", None),
        severity=Severity.CRITICAL,
        firing=firing,
        seen_s=0.0,
        group="INC-1",
        waiting=False,
        started_s=None if started_s is None else ZERO_S + started_s,
    )


class TestATrack:
    @pytest.mark.parametrize(
        ("known_s", "said_s", "later"), [(10, 11, True), (10, 10, False), (10, None, False), (None, 11, False)]
    )
    def test_begins_later_where_both_beginnings_are_known(
        self, known_s: float | None, said_s: float | None, later: bool
    ) -> None:
        assert track(started_s=known_s).begins_later(alert(began_s=said_s)) is later

    @pytest.mark.parametrize(
        ("known_s", "began_s", "ended_s", "after"),
        [
            (10, 5, 9, True),
            (10, 5, 10, False),
            (10, 10, 9, False),
            (10, 5, None, False),
            (10, None, 9, False),
            (None, 5, 9, False),
        ],
    )
    def test_begins_after_a_firing_that_was_begun_and_over_before(
        self, known_s: float | None, began_s: float | None, ended_s: float | None, after: bool
    ) -> None:
        assert track(started_s=known_s).begins_after(alert(began_s=began_s, ended_s=ended_s)) is after

    def test_flaps_once_it_has_changed_four_times_and_one_that_fires_changes_no_more_by_firing(self) -> None:
        one = track(firing=False)
        assert (one.flaps_at(0.0, RULES), one.would_flap(0.0, RULES)) == (False, False)
        for number in range(3):
            one.change(number % 2 == 0, float(number), RULES)
        assert (one.firing, one.would_flap(3.0, RULES)) == (True, False)
        one.change(False, 3.0, RULES)
        assert (one.firing, one.flaps_at(4.0, RULES), one.would_flap(4.0, RULES)) == (False, True, True)

    def test_would_flap_where_the_next_firing_is_the_fourth_change(self) -> None:
        one = track()
        for number in range(3):
            one.change(number % 2 == 1, float(number), RULES)

        assert (one.firing, one.flaps_at(3.0, RULES), one.would_flap(3.0, RULES)) == (False, False, True)


def test_what_waits_weighs_as_much_without_one_of_them() -> None:
    one = Waiting(key="w", joined_s=0.0, alerts={"a": (alert("a"), 0.5), "b": (alert("b"), 0.25)}, weight=0.75)

    assert [one.weight_without(name) for name in ("a", "b", "c")] == [0.25, 0.5, 0.75]
