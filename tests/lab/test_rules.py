"""The alert rules, and when an alert begins and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import ConfigError
from quell_lab.alerting import Watch, fingerprint, payload
from quell_lab.faults.catalogue import BY_NAME, FAULTS
from quell_lab.faults.releases import DEFECTS, HARMLESS
from quell_lab.faults.settings import WRONG_VALUES
from quell_lab.releases import Patch, Releases, source_of
from quell_lab.roster import MEMBERS, SERVICES, member
from quell_lab.rules import (
    KEEP_S,
    RULES,
    Rule,
    Scrape,
    cpu,
    error_ratio,
    increase,
    latency_mean,
    read_metrics,
    throttled,
)

BY_RULE = {(rule.name, rule.severity): rule for rule in RULES}


def history(*values: dict[str, float], up: bool = True) -> list[Scrape]:
    """One look a second."""
    return [Scrape(at=1000.0 + second, up=up, values=one) for second, one in enumerate(values)]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=10))
def test_an_increase_is_never_negative_whatever_restarts(values: list[float]) -> None:
    assert increase(history(*({"requests": value} for value in values)), "requests") >= 0


@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=9), st.integers(0, 8))
def test_a_restart_loses_only_what_was_not_seen(steps: list[float], cut: int) -> None:
    whole, total = [], 0.0
    for number, step in enumerate(steps):
        total = step if number == cut and number > 0 else total + step
        whole.append({"requests": total})

    found = increase(history(*whole), "requests")
    assert found <= sum(steps[1:]) + 1e-6


def test_gaps_in_the_scrapes_do_not_hide_an_increase() -> None:
    looks = history({"requests": 10.0}, {}, {}, {"requests": 40.0})

    assert increase(looks, "requests") == 30.0


def test_few_requests_or_few_errors_say_nothing_of_a_share() -> None:
    assert error_ratio(history({"requests": 0, "errors": 0}, {"requests": 5, "errors": 5})) is None
    assert error_ratio(history({"requests": 0, "errors": 0}, {"requests": 20, "errors": 3})) == 0.0
    assert error_ratio(history({"requests": 0, "errors": 0}, {"requests": 20, "errors": 10})) == 0.5
    assert latency_mean(history({"seconds_sum": 0, "seconds_count": 0}, {"seconds_sum": 9, "seconds_count": 3})) is None


def test_a_stall_that_is_over_does_not_hold_though_the_whole_window_is_bad() -> None:
    rule = BY_RULE["HighLatency", "error"]
    stalled = [{"seconds_sum": 0.0, "seconds_count": 0.0}]
    for second in range(10):
        took_s = 3.0 if second < 3 else 0.01
        before = stalled[-1]
        stalled.append(
            {"seconds_sum": before["seconds_sum"] + 20 * took_s, "seconds_count": before["seconds_count"] + 20}
        )

    assert latency_mean(history(*stalled)) == pytest.approx(0.907)
    assert rule.holds("edge", history(*stalled))[0] is False
    assert rule.holds("edge", history(*stalled[:5]))[0] is True


def test_an_alert_fires_after_its_time_and_ends_after_a_while_without() -> None:
    rule: Rule = BY_RULE["HighErrorRate", "critical"]
    watch = Watch(rule=rule, service="cart")

    began = [watch.step(at, True, 0.5) for at in (0.0, 1.0, 2.0, 3.0, 4.0)]
    ended = [watch.step(4.0 + after, False, 0.0) for after in (1.0, KEEP_S, KEEP_S + 1)]

    assert began == [False, False, False, True, False]
    assert ended == [False, True, False]
    assert watch.firing_since is None


def test_a_condition_that_comes_and_goes_never_fires() -> None:
    watch = Watch(rule=BY_RULE["HighErrorRate", "critical"], service="cart")

    assert not any(watch.step(float(at), at % 3 != 0, 0.5) for at in range(60))


def test_a_service_that_is_down_is_told_from_one_without_data() -> None:
    rule = BY_RULE["ServiceDown", "critical"]

    assert rule.holds("cart", history({}, up=False)) == (True, 1.0)
    assert rule.holds("cart", history({"requests": 1.0}))[0] is False
    assert rule.holds("cart", [])[0] is False


def test_metrics_are_summed_over_labels_and_errors_told_apart() -> None:
    text = (
        'http_requests_total{service="cart",code="200"} 7\n'
        'http_requests_total{service="cart",code="503"} 2\n'
        'http_requests_total{service="cart",code="404"} 1\n'
        'http_client_requests_total{service="cart",peer="catalog",code="500"} 9\n'
        'process_resident_memory_bytes 1e6\ndb_pool_size{service="cart"} 8\n# HELP x y\n'
    )

    assert read_metrics(text) == {"requests": 10, "errors": 2, "memory": 1e6, "pool_size": 8}


def test_seconds_per_second_need_some_seconds() -> None:
    looks = [Scrape(at=float(at), up=True, values={"cpu": 0.9 * at}) for at in range(12)]

    assert cpu(looks[:4]) is None
    assert cpu(looks) == pytest.approx(0.9)
    assert throttled(looks) is None


def test_a_body_says_firing_while_one_of_its_alerts_does() -> None:
    alert = {"status": "resolved", "labels": {"service": "cart", "alertname": "A"}, "annotations": {}}
    both = payload("cart", [alert, {**alert, "status": "firing"}], external_url="http://x")

    assert both["status"] == "firing"
    assert payload("cart", [alert], external_url="http://x")["status"] == "resolved"
    assert both["commonLabels"] == alert["labels"]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_a_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str]) -> None:
    assert fingerprint(labels) == fingerprint(dict(reversed(labels.items())))
    assert len(fingerprint(labels)) == 16


@pytest.mark.parametrize(("service", "patch"), [*DEFECTS.items(), *HARMLESS.items()])
def test_a_release_that_differs_still_is_code(service: str, patch: Patch) -> None:
    text = source_of(member(service).module)

    assert text.count(patch.old) == 1
    compile(text.replace(patch.old, patch.new), f"{service}.py", "exec")


def test_a_change_that_does_not_fit_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    releases = Releases(tmp_path_factory.mktemp("releases"))

    with pytest.raises(ConfigError, match="does not fit"):
        releases.publish("cart", "cart", "1.0.0", Patch(old="not in there", new=""))


def test_the_roster_and_the_faults_agree() -> None:
    for service, choices in WRONG_VALUES.items():
        for key, value in choices:
            present = member(service).config[key]
            assert type(present) is type(value)
            assert present != value
    for fault in FAULTS:
        assert set(fault.services) <= set(SERVICES)
    assert len(BY_NAME) == len(FAULTS)
    names = [one.name for one in MEMBERS]
    assert all(
        callee in names[: names.index(one.name)] or not member(callee).watched
        for one in MEMBERS
        for callee in one.calls
    )
