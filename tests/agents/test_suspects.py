"""Whom an incident may be about: what its alerts name and what is linked to that, and never what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.agents.case import Telemetry
from quell.agents.diagnosis import diagnose
from quell.agents.suspects import suspects_of
from quell.incident.events import Cause, Diagnosis
from tests.agents.shop import Shop, alert, case

Edges = Sequence[tuple[str, str]]


def linked(shop: Shop, edges: Edges) -> Telemetry:
    return replace(shop.telemetry(), edges=tuple(edges))


def explained(shop: Shop, *services: str, edges: Edges, **over: object) -> Diagnosis:
    return diagnose(case(services, **over), linked(shop, edges), shop.onset)


def failing_alone(service: str) -> Shop:
    return Shop().since_onset(service, "error_ratio", 0.6)


def reasons(found: Diagnosis) -> str:
    return "; ".join(argument.says for argument in found.hypotheses[0].in_favour)


@pytest.mark.parametrize(
    ("named", "edges", "suspects"),
    [
        (("b",), [("a", "b"), ("b", "c"), ("c", "d")], {"a", "b", "c", "d"}),
        (("c",), [("a", "b"), ("b", "c")], {"b", "c"}),
        (("b",), [("a", "b"), ("a", "x")], {"a", "b"}),
        (("b",), [("x", "y")], {"b"}),
        (("b", "x"), [("b", "c"), ("x", "y")], {"b", "c", "x", "y"}),
        (("b",), [("b", "c"), ("c", "b")], {"b", "c"}),
    ],
    ids=["callees of callees", "the nearest callers", "not what a caller calls", "no link", "two named", "a circle"],
)
def test_suspects_are_what_is_named_what_it_calls_and_who_calls_it(
    named: tuple[str, ...], edges: Edges, suspects: set[str]
) -> None:
    assert suspects_of(case(named), ("a", "b", "c", "d", "x", "y"), edges).services == suspects


def test_a_service_without_a_link_takes_no_blame_and_its_trouble_is_named_beside() -> None:
    shop = failing_alone("payment").change("payment", "deploy")

    found = explained(shop, "edge", edges=[("edge", "checkout")], open_on={"payment": "INC-7"})

    assert (found.hypotheses, found.abstained) == ((), True)
    (other,) = found.elsewhere
    assert (other.service, other.incident_id) == ("payment", "INC-7")
    assert other.says == "payment: share of requests that fail 60 %; INC-7 is open on it"
    assert found.says.endswith("other trouble at this time that no known link leads to: payment (INC-7)")


def test_trouble_beside_takes_nothing_from_the_cause_and_is_no_second_one() -> None:
    shop = failing_alone("checkout").change("checkout", "deploy").since_onset("payment", "error_ratio", 0.9)

    found = explained(shop, "checkout", edges=[("edge", "checkout")])

    assert (found.hypotheses[0].service, found.hypotheses[0].cause) == ("checkout", Cause.BAD_RELEASE)
    assert {one.service for one in found.hypotheses} == {"checkout"}
    assert [one.service for one in found.elsewhere] == ["payment"]


def test_what_is_linked_is_not_elsewhere() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")

    found = explained(shop, "edge", edges=[("edge", "checkout"), ("checkout", "payment")])

    assert (found.hypotheses[0].service, found.hypotheses[0].cause) == ("payment", Cause.BAD_RELEASE)
    assert found.elsewhere == ()


def test_without_a_known_link_only_the_services_of_the_alerts_are_looked_at_and_that_is_said() -> None:
    shop = Shop().failing("payment").change("payment", "deploy")

    found = explained(shop, "checkout", edges=())

    assert {one.service for one in found.hypotheses} <= {"checkout"}
    assert [one.service for one in found.elsewhere] == ["edge", "payment"]
    assert "no links of checkout are known, so nothing else was looked at" in found.says


def test_nothing_is_stood_behind_where_alerts_name_no_service() -> None:
    shop = failing_alone("payment").change("payment", "deploy")
    nameless = replace(alert("payment", "Backlog"), service=None)

    found = explained(shop, "edge", edges=[("checkout", "payment")], alerts=(nameless,))

    assert found.abstained
    assert found.hypotheses[0].service == "payment"
    assert found.hypotheses[0].probability < 0.5
    assert "the alerts name no service" in found.says


def test_nothing_it_calls_explains_it_is_said_where_all_that_it_calls_was_measured() -> None:
    found = explained(failing_alone("checkout"), "checkout", edges=[("edge", "checkout"), ("checkout", "payment")])

    assert (found.hypotheses[0].cause, found.abstained) == (Cause.UNKNOWN, False)
    assert "60 % of its requests fail and nothing it calls explains it" in reasons(found)


@pytest.mark.parametrize("make", [failing_alone, lambda one: Shop().since_onset(one, "latency_mean", 0.9)])
def test_a_service_is_not_blamed_for_something_of_its_own_where_what_it_calls_was_not_measured(
    make: object,
) -> None:
    shop = make("checkout")  # type: ignore[operator]

    found = explained(shop, "checkout", edges=[("checkout", "payment"), ("checkout", "redis")])

    assert found.abstained
    assert found.hypotheses[0].cause is Cause.UNKNOWN
    assert found.hypotheses[0].probability == pytest.approx(0.49)
    assert "of what it calls, redis was not measured" in reasons(found)
    assert "nothing it calls" not in reasons(found)
    assert sum(one.probability for one in found.hypotheses) + found.none_of_these == pytest.approx(1, abs=0.001)


def test_a_caller_is_not_blamed_beside_a_callee_in_trouble_where_the_calls_between_them_were_not_measured() -> None:
    shop = failing_alone("payment").since_onset("edge", "error_ratio", 0.3)

    found = explained(shop, "payment", edges=[("payment", "edge")])

    assert found.hypotheses[0].service == "edge"
    payment = next(one for one in found.hypotheses if one.service == "payment")
    assert payment.probability <= 0.49
    said = "; ".join(argument.says for argument in payment.in_favour)
    assert "edge is in trouble too, and the calls to it were not measured" in said
    assert "nothing it calls" not in said


def test_that_nothing_is_known_of_what_it_calls_speaks_against_a_service_and_is_said() -> None:
    alone = explained(failing_alone("checkout"), "checkout", edges=[])
    linked = explained(failing_alone("checkout"), "checkout", edges=[("edge", "checkout"), ("checkout", "payment")])

    assert (alone.hypotheses[0].cause, alone.abstained) == (Cause.UNKNOWN, False)
    assert alone.hypotheses[0].probability < linked.hypotheses[0].probability
    assert "what it calls is not known" in reasons(alone)
    assert "nothing it calls" not in reasons(alone)


def test_a_cause_with_evidence_of_its_own_is_stood_behind_all_the_same() -> None:
    edges = [("checkout", "redis")]

    released = explained(failing_alone("checkout").change("checkout", "deploy"), "checkout", edges=edges)
    down = explained(Shop().since_onset("checkout", "up", 0.0), "checkout", edges=edges)

    assert (released.hypotheses[0].cause, released.abstained) == (Cause.BAD_RELEASE, False)
    assert (down.hypotheses[0].cause, down.abstained) == (Cause.UNKNOWN, False)
    assert "not measured, and called by checkout: redis" in released.says


def test_elsewhere_is_bounded() -> None:
    shop = Shop()
    for number in range(30):
        shop._set(f"other-{number:02}", "up", "", 0 * shop.times)

    assert len(explained(shop, "edge", edges=()).elsewhere) == 8


NAMES = st.sampled_from(["edge", "checkout", "payment", "bank", "redis"])


@settings(max_examples=40, deadline=None)
@given(
    named=st.lists(NAMES, min_size=1, max_size=2, unique=True),
    edges=st.lists(st.tuples(NAMES, NAMES), max_size=5, unique=True),
    sick=st.lists(st.sampled_from(["edge", "checkout", "payment"]), max_size=3, unique=True),
)
def test_no_hypothesis_names_a_service_that_no_link_leads_to(
    named: list[str], edges: list[tuple[str, str]], sick: list[str]
) -> None:
    shop = Shop()
    for service in sick:
        shop.since_onset(service, "error_ratio", 0.7).change(service, "deploy")

    found = explained(shop, *named, edges=edges)

    suspects = suspects_of(case(named), (), edges).services
    assert {one.service for one in found.hypotheses} <= suspects
    assert {one.service for one in found.elsewhere} == set(sick) - suspects
