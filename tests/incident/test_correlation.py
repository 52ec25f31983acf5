"""The rules of grouping, without intake around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import ConfigError
from quell.incident.alert import Alert, AlertStatus, Severity
from quell.incident.correlation import (
    GROUPS_LOOKED_AT,
    PAIRS_PER_GROUP,
    Commonness,
    CorrelationRules,
    Group,
    Groups,
    hints_of,
    incident_number,
    title_of,
    worse,
    worst,
)
from quell.incident.flapping import Flaps
from quell.incident.nearness import Topology

RULES = CorrelationRules()
NOW = 1_000_000.0
AT = datetime(2026, 1, 5, tzinfo=UTC)
TREE = Topology([("edge", "checkout"), ("checkout", "payment"), ("payment", "bank")])


def an_alert(
    name: str = "HighErrorRate",
    service: str | None = "checkout",
    severity: Severity = Severity.CRITICAL,
    summary: str = "",
    **labels: str,
) -> Alert:
    return Alert(
        fingerprint="0" * 16,
        source="test",
        name=name,
        service=service,
        severity=severity,
        severity_raw=severity.value,
        severity_known=True,
        status=AlertStatus.FIRING,
        starts_at=AT,
        received_at=AT,
        labels=labels,
        annotations={"summary": summary} if summary else {},
    )


def groups(*members: Group) -> Groups[Group]:
    found: Groups[Group] = Groups(RULES)
    for member in members:
        found.add(member)
    return found


def a_group(key: str, *services: str, joined_s: float = NOW, **labels: str) -> Group:
    return Group(key=key, joined_s=joined_s, services=dict.fromkeys(services), pairs=dict.fromkeys(labels.items()))


class TestSameService:
    def test_joins_however_long_ago_the_last_alert_was(self) -> None:
        found = groups(a_group("INC-1", "checkout", joined_s=NOW - 9_000)).same_service("checkout", NOW)

        assert [match.group.key for match in found] == ["INC-1"]
        assert found[0].why == "Same service (checkout), 9000 s after the last alert that joined."

    def test_offers_the_incident_that_was_joined_last_first(self) -> None:
        old, new = a_group("INC-1", "checkout", joined_s=NOW - 60), a_group("INC-2", "checkout")

        assert [m.group.key for m in groups(old, new).same_service("checkout", NOW)] == ["INC-2", "INC-1"]

    def test_no_service_is_the_same_as_none(self) -> None:
        assert groups(a_group("INC-1", "checkout")).same_service(None, NOW) == []


class TestNeighbours:
    @pytest.mark.parametrize(
        ("service", "why"),
        [
            ("edge", "edge calls checkout"),
            ("payment", "checkout calls payment"),
            ("bank", "checkout calls payment, which calls bank"),
            ("catalog", None),
            (None, None),
        ],
    )
    def test_are_up_to_two_calls_away_in_either_direction(self, service: str | None, why: str | None) -> None:
        found = groups(a_group("INC-1", "checkout")).neighbouring(service, TREE, NOW)

        assert [match.why for match in found] == (
            [f"Neighbouring service: {why}; 0 s after the last alert that joined."] if why else []
        )

    @pytest.mark.parametrize(("ago_s", "joins"), [(0, True), (300, True), (301, False)])
    def test_join_within_the_window_only(self, ago_s: float, joins: bool) -> None:
        found = groups(a_group("INC-1", "checkout", joined_s=NOW - ago_s)).neighbouring("payment", TREE, NOW)

        assert bool(found) is joins

    @pytest.mark.parametrize(("ago_s", "joins"), [(0, True), (60, True), (61, False)])
    def test_two_calls_away_join_within_a_minute_only(self, ago_s: float, joins: bool) -> None:
        found = groups(a_group("INC-1", "checkout", joined_s=NOW - ago_s)).neighbouring("bank", TREE, NOW)

        assert bool(found) is joins

    def test_services_that_only_share_a_callee_are_no_neighbours(self) -> None:
        assert not Topology([("cart", "store"), ("mail", "store")]).neighbours("cart").get("mail")

    def test_a_service_that_calls_itself_is_no_neighbour_of_itself(self) -> None:
        assert not Topology([("a", "a")]).neighbours("a")


class TestSharedLabels:
    HELD = a_group("INC-1", "checkout", cluster="eu-1", namespace="shop", alertname="Slow")

    @pytest.mark.parametrize(
        ("labels", "joins"),
        [
            ({"cluster": "eu-1", "namespace": "shop"}, True),
            ({"cluster": "eu-1", "alertname": "Slow"}, True),
            ({"alertname": "Slow"}, False),
            ({"cluster": "eu-1"}, False),
            ({"cluster": "eu-2", "namespace": "shop"}, False),
            ({"severity": "critical", "environment": "prod"}, False),
        ],
    )
    def test_take_two_of_those_that_say_something(self, labels: dict[str, str], joins: bool) -> None:
        held = groups(a_group("INC-1", "checkout", severity="critical", environment="prod", **self.HELD_LABELS))

        assert bool(held.sharing(RULES.pairs(labels), NOW)) is joins

    HELD_LABELS = {"cluster": "eu-1", "namespace": "shop", "alertname": "Slow"}  # noqa: RUF012 - read only

    @pytest.mark.parametrize(("ago_s", "joins"), [(0, True), (300, True), (301, False)])
    def test_count_within_the_window_only(self, ago_s: float, joins: bool) -> None:
        held = groups(a_group("INC-1", "checkout", joined_s=NOW - ago_s, cluster="eu-1", namespace="shop"))

        assert bool(held.sharing([("cluster", "eu-1"), ("namespace", "shop")], NOW)) is joins

    def test_say_what_is_shared(self) -> None:
        found = groups(self.HELD).sharing([("cluster", "eu-1"), ("namespace", "shop")], NOW + 12)

        assert found[0].why == "Shares cluster=eu-1 and namespace=shop; 12 s after the last alert that joined."

    def test_a_value_that_everything_carries_ties_nothing_together(self) -> None:
        common = Commonness(2)
        for service in ("a", "b", "c", "a"):
            common.note([("cluster", "eu-1")], service)
        for service in ("a", "b", "a"):
            common.note([("namespace", "shop")], service)

        pairs = [("cluster", "eu-1"), ("namespace", "shop"), ("zone", "unseen")]
        assert common.distinctive(pairs) == pairs[1:]

    def test_what_is_remembered_of_label_values_is_bounded(self) -> None:
        common = Commonness(2, remembered=10)
        for number in range(1_000):
            common.note([("pod", str(number))], "a")

        assert len(common._carriers) == 10

    def test_a_value_seen_all_the_time_is_known_to_be_common_however_many_others_come(self) -> None:
        common = Commonness(2, remembered=10)
        for number in range(1_000):
            common.note([("cluster", "eu-1"), ("pod", str(number))], f"service-{number % 5}")

        assert common.distinctive([("cluster", "eu-1")]) == []

    @pytest.mark.parametrize("label", ["severity", "environment"])
    def test_severity_and_environment_cannot_be_configured(self, label: str) -> None:
        with pytest.raises(ConfigError):
            CorrelationRules(labels=("cluster", label))

    def test_one_label_is_never_enough(self) -> None:
        with pytest.raises(ConfigError):
            CorrelationRules(labels_needed=1)


def test_an_alert_that_comes_late_does_not_draw_the_window_back() -> None:
    held = groups(group := a_group("INC-1", "checkout", joined_s=NOW))

    held.widen(group, "checkout", (), NOW - 200)

    assert group.joined_s == NOW
    assert held.neighbouring("payment", TREE, NOW + 250)


def test_a_group_that_was_removed_is_found_no_more() -> None:
    one, two = a_group("INC-1", "checkout", cluster="x"), a_group("INC-2", "checkout", cluster="x")
    found = groups(one, two)
    found.remove(one)
    found.remove(one)

    assert [m.group.key for m in found.same_service("checkout", NOW)] == ["INC-2"]
    assert "INC-1" not in found
    found.remove(two)
    assert len(found) == 0
    assert not found._by_service
    assert not found._by_pair


class TestHints:
    """An alert without a service is found again by what its sender groups, and in a storm by its name."""

    def alert_of(self, group: str = "g1", name: str = "NoData", **labels: str) -> Alert:
        return replace(an_alert(name, None), labels=labels, group=group)

    def held(self, *alerts: Alert, joined_s: float = NOW, rules: CorrelationRules = RULES) -> Groups[Group]:
        """Return groups that each hold one alert, joined one second after the other."""
        found: Groups[Group] = Groups(rules)
        for number, alert in enumerate(alerts):
            found.add(group := Group(key=f"INC-{number}", joined_s=joined_s + number))
            found.widen(group, None, (), joined_s + number, hints=hints_of(alert))
        return found

    def test_an_alert_with_a_service_has_none(self) -> None:
        assert hints_of(replace(an_alert(), group="g1")) == []
        assert self.held(self.alert_of()).hinted(replace(an_alert("NoData"), group="g1"), NOW) == []
        assert self.held(*[self.alert_of()] * 9).storming(an_alert("NoData"), NOW) == []

    def test_the_same_alert_of_the_same_group_joins_the_latest_first(self) -> None:
        found = self.held(self.alert_of(), self.alert_of(), self.alert_of("g2")).hinted(self.alert_of(), NOW + 11)

        assert [match.group.key for match in found] == ["INC-1", "INC-0"]
        assert found[0].why == (
            "Its sender groups it with alerts that are here, and it is the same alert (NoData) without a service, "
            "10 s after the last that joined."
        )

    @pytest.mark.parametrize(
        ("group", "name", "labels"),
        [
            ("", "NoData", {}),
            ("g2", "NoData", {}),
            ("g1", "Slow", {}),
            *(("g1", "NoData", {place: "eu"}) for place in ("cluster", "region", "datacenter", "environment", "env")),
        ],
    )
    def test_another_group_name_or_place_is_another_thing(self, group: str, name: str, labels: dict[str, str]) -> None:
        assert self.held(self.alert_of()).hinted(self.alert_of(group, name, **labels), NOW) == []

    def test_five_of_one_name_are_a_storm_that_the_next_one_joins_whoever_grouped_them(self) -> None:
        alerts = [self.alert_of(f"g{number}") for number in range(5)]
        found = self.held(*alerts).storming(self.alert_of("g9"), NOW)

        assert [match.group.key for match in found] == ["INC-4", "INC-3", "INC-2", "INC-1", "INC-0"]
        assert found[0].why == "A storm of NoData without a service: 5 incidents have it already."
        assert self.held(*alerts[1:]).storming(self.alert_of("g9"), NOW) == []

    @pytest.mark.parametrize(("ago_s", "storms"), [(300, True), (301, False)])
    def test_a_storm_is_what_joined_within_the_window(self, ago_s: float, storms: bool) -> None:
        held = self.held(*[self.alert_of()] * 5)

        assert bool(held.storming(self.alert_of("g9"), NOW + ago_s)) is storms

    def test_a_storm_goes_by_the_name_of_the_rule_and_a_group_by_that_of_the_alert(self) -> None:
        of_rule = {"alertname": "DatasourceNoData"}
        held = self.held(*(self.alert_of("g1", f"rule {number}", **of_rule) for number in range(5)))

        assert "A storm of DatasourceNoData" in held.storming(self.alert_of("g1", "rule 9", **of_rule), NOW)[0].why
        assert held.hinted(self.alert_of("g1", "rule 9", **of_rule), NOW) == []

    def test_a_group_is_found_by_its_hints_until_it_is_removed(self) -> None:
        hints = dict.fromkeys(hints_of(self.alert_of()))
        held = groups(one := Group(key="INC-1", joined_s=NOW, hints=hints))
        assert held.hinted(self.alert_of(), NOW)

        held.remove(one)
        assert not held._by_hint
        assert len(held) == 0


class TestBounds:
    def test_a_group_learns_so_many_label_values_and_hints_and_no_more(self) -> None:
        held = groups(one := a_group("INC-1", "checkout"))
        more = PAIRS_PER_GROUP + 1
        held.widen(one, None, [("pod", f"{n}") for n in range(more)], NOW, hints=[("g", f"{n}") for n in range(more)])

        assert (len(one.pairs), len(one.hints)) == (512, 512)
        assert (len(held._by_pair), len(held._by_hint)) == (512, 512)

    def test_the_newest_256_of_the_groups_that_hold_a_service_are_looked_at(self) -> None:
        held = groups(*(a_group(f"INC-{number}", "checkout") for number in range(300)))

        found = held.same_service("checkout", NOW)
        assert len(found) == GROUPS_LOOKED_AT == 256
        assert {match.group.key for match in found} == {f"INC-{number}" for number in range(44, 300)}

    def test_a_group_that_holds_many_shared_values_is_found_by_the_rarest_of_them(self) -> None:
        old = a_group("INC-0", cluster="eu-1", namespace="shop", host="h1")
        held = groups(old, *(a_group(f"INC-{number}", cluster="eu-1", namespace="shop") for number in range(1, 300)))

        found = held.sharing([("cluster", "eu-1"), ("namespace", "shop"), ("host", "h1")], NOW)
        assert "INC-0" in {match.group.key for match in found}

    def test_what_a_joining_alert_brings_ties_the_next_one(self) -> None:
        held = groups(one := a_group("INC-1", "checkout"))
        held.widen(one, "payment", [("cluster", "eu-1"), ("namespace", "shop")], NOW + 5)

        assert (list(one.services), one.joined_s) == (["checkout", "payment"], NOW + 5)
        assert held.same_service("payment", NOW + 5)
        assert held.sharing([("cluster", "eu-1"), ("namespace", "shop")], NOW + 5)


def test_a_neighbour_one_call_away_explains_before_one_two_calls_away() -> None:
    """INC-1 holds both; the alert on edge is next to checkout and two calls from payment."""
    found = groups(a_group("INC-1", "payment", "checkout")).neighbouring("edge", TREE, NOW)

    assert [match.why for match in found] == [
        "Neighbouring service: edge calls checkout; 0 s after the last alert that joined."
    ]


def test_a_short_window_holds_for_services_two_calls_away_too() -> None:
    held: Groups[Group] = Groups(CorrelationRules(window_s=20.0))
    held.add(a_group("INC-1", "checkout", joined_s=NOW - 30))

    assert held.neighbouring("bank", TREE, NOW) == []
    assert held.neighbouring("bank", TREE, NOW - 10)


def test_an_alert_with_a_time_before_the_last_one_is_0_s_after_it() -> None:
    found = groups(a_group("INC-1", "checkout")).same_service("checkout", NOW - 5)

    assert found[0].why == "Same service (checkout), 0 s after the last alert that joined."


@pytest.mark.parametrize(
    "wrong",
    [
        {"flap_changes": 1},
        {"labels_needed": 1},
        {"window_s": 0.0},
        {"flap_s": 0.0},
        {"stale_s": 0.0},
        {"threshold": 0.0},
        {"reopen_s": -1.0},
        {"settle_s": -1.0},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CorrelationRules(**wrong)


def test_the_least_that_makes_sense_is_taken() -> None:
    rules = CorrelationRules(
        flap_changes=2, labels_needed=2, window_s=0.5, flap_s=0.5, stale_s=0.5, threshold=0.5, reopen_s=0, settle_s=0
    )

    assert rules.opens(0.5)


def test_the_published_numbers_of_the_rules_are_these() -> None:
    """The docs tell people to count on them."""
    spans = (RULES.window_s, RULES.reopen_s, RULES.settle_s, RULES.flap_s, RULES.early_end_s, RULES.late_s)
    assert spans == (300, 600, 300, 600, 3_600, 60)
    assert (RULES.test_s, RULES.stale_s, RULES.tracked_alerts) == (600, 86_400, 500_000)
    assert (RULES.labels_needed, RULES.storm_after, RULES.common_after, RULES.flap_changes) == (2, 5, 8, 4)
    assert {severity.value: RULES.weight(severity) for severity in Severity} == {
        "critical": 1.0,
        "error": 1.0,
        "warning": 0.5,
        "info": 0.0,
    }
    assert CorrelationRules(weights={}).weight(Severity.CRITICAL) == 0.0


def test_a_label_without_a_value_ties_nothing() -> None:
    assert RULES.pairs({"cluster": "", "namespace": "shop", "pod": "a"}) == [("namespace", "shop")]


class TestThreshold:
    @pytest.mark.parametrize(
        ("severities", "opens"),
        [
            (["critical"], True),
            (["error"], True),
            (["warning"], False),
            (["warning", "warning"], True),
            (["info"] * 100, False),
            (["info", "warning"], False),
        ],
    )
    def test_is_reached_by_weight(self, severities: list[str], opens: bool) -> None:
        assert RULES.opens(sum(RULES.weight(Severity(word)) for word in severities)) is opens

    def test_tenths_add_up_to_one(self) -> None:
        assert RULES.opens(sum([0.1] * 10))


@given(st.lists(st.sampled_from(Severity), min_size=1))
def test_nothing_is_worse_than_the_worst(severities: list[Severity]) -> None:
    alerts = [an_alert(name=str(index), severity=each) for index, each in enumerate(severities)]

    found = worst(alerts)
    assert not any(worse(alert.severity, found.severity) for alert in alerts)
    assert found is next(alert for alert in alerts if alert.severity is found.severity)


class TestTitle:
    @pytest.mark.parametrize(
        ("alert", "title"),
        [
            (an_alert(), "checkout: high error rate"),
            (an_alert(service=None), "High error rate"),
            (an_alert(name="KubePodCrashLooping"), "checkout: kube pod crash looping"),
            (an_alert(name="disk_almost_full"), "checkout: disk almost full"),
            (an_alert(name="API gateway 5xx", service=None), "API gateway 5xx"),
            (an_alert(summary="66.0 % of requests failed over 10 s"), "checkout: high error rate"),
            (an_alert(name="bell\x07", service=None), "bell"),
            (an_alert(name="n" * 200, service=None), "n" * 120),
        ],
    )
    def test_is_the_service_and_the_name_in_words(self, alert: Alert, title: str) -> None:
        assert title_of(alert) == title

    @given(st.text(), st.text(min_size=1), st.text())
    def test_is_one_printable_line_of_bounded_length(self, name: str, service: str, summary: str) -> None:
        title = title_of(an_alert(name=name, service=service, summary=summary))

        assert title.isprintable()
        assert len(title) <= 120


@pytest.mark.parametrize(("text", "number"), [("INC-7", 7), ("INC-007", 7), ("INC-x", 0), ("12", 0), ("INC-", 0)])
def test_the_number_of_an_incident_is_read_from_its_id(text: str, number: int) -> None:
    assert incident_number(text) == number


class TestDrill:
    def test_needs_the_label_on_every_alert(self) -> None:
        drill, real = an_alert(environment="lab"), an_alert()

        assert RULES.is_drill([drill, drill])
        assert not RULES.is_drill([drill, real])
        assert not CorrelationRules(drill_label=None).is_drill([drill])


class TestFlapping:
    def flaps_after(self, *times_s: float) -> Flaps:
        flaps = Flaps()
        for at_s in times_s:
            flaps.change(at_s, RULES)
        return flaps

    @pytest.mark.parametrize(
        ("times_s", "flapping"),
        [
            ((0, 10, 20), False),
            ((0, 10, 20, 30), True),
            ((0, 200, 400, 600), True),
            ((0, 200, 400, 601), False),
            ((0, 5_000, 5_010, 5_020), False),
            ((0, 5_000, 5_010, 5_020, 5_030), True),
        ],
    )
    def test_is_four_changes_within_ten_minutes(self, times_s: tuple[float, ...], flapping: bool) -> None:
        assert self.flaps_after(*times_s).flapping is flapping

    def test_ends_after_the_window_without_a_change(self) -> None:
        flaps = self.flaps_after(0, 10, 20, 30)

        assert flaps.active(630, RULES)
        assert not flaps.active(631, RULES)

    def test_begins_anew_after_it_ended(self) -> None:
        flaps = self.flaps_after(0, 10, 20, 30)
        flaps.said = True
        flaps.change(1_000, RULES)

        assert (flaps.flapping, flaps.said, flaps.changes_s) == (False, False, [1_000])

    @given(st.lists(st.floats(0, 900), max_size=12), st.floats(0, 900))
    def test_what_would_happen_is_what_happens(self, waits_s: list[float], wait_s: float) -> None:
        now_s, flaps = 0.0, Flaps()
        for each in waits_s:
            now_s += each
            flaps.change(now_s, RULES)
        now_s += wait_s

        foreseen = flaps.would_flap(now_s, RULES)
        flaps.change(now_s, RULES)

        assert flaps.active(now_s, RULES) is foreseen
        assert len(flaps.changes_s) <= RULES.flap_changes
