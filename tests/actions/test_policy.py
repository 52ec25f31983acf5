"""What Quell may do by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.policy import Policy, PolicyRule, allows
from quell.incident.events import Autonomy

RULES = (
    PolicyRule(action="flush_cache", service="catalog", autonomy=Autonomy.APPROVE),
    PolicyRule(action="*", service="payment", autonomy=Autonomy.RECOMMEND),
    PolicyRule(action="roll_*", service="c*", autonomy=Autonomy.AUTO),
    PolicyRule(action="restart", service="[ab]?", autonomy=Autonomy.OBSERVE),
)


@pytest.mark.parametrize(
    ("action", "service", "autonomy", "says"),
    [
        ("flush_cache", "catalog", Autonomy.APPROVE, "rule 1 (action flush_cache, service catalog)"),
        ("roll_back", "payment", Autonomy.RECOMMEND, "rule 2 (action *, service payment)"),
        ("roll_back_config", "cart", Autonomy.AUTO, "rule 3 (action roll_*, service c*)"),
        ("restart", "b1", Autonomy.OBSERVE, "rule 4 (action restart, service [ab]?)"),
        ("restart", "cart", Autonomy.APPROVE, "no rule matches restart on cart"),
        ("roll_back", "Cart", Autonomy.APPROVE, "no rule matches"),
        ("roll_back", "payment\n", Autonomy.APPROVE, "no rule matches"),
        ("roll_back", "*", Autonomy.APPROVE, "no rule matches"),
    ],
)
def test_the_first_rule_that_matches_decides_and_is_named(
    action: str, service: str, autonomy: Autonomy, says: str
) -> None:
    decision = Policy(RULES).decide(action, service)

    assert decision.autonomy is autonomy
    assert says in decision.reason


def test_without_rules_a_person_approves() -> None:
    decision = Policy().decide("restart", "edge")

    assert decision.autonomy is Autonomy.APPROVE
    assert decision.reason == "A person approves first: no rule matches restart on edge, so the default holds."


names = st.text(max_size=12)
rules = st.lists(
    st.builds(
        PolicyRule,
        action=st.sampled_from(["*", "restart", "roll_*", "?*", "[!r]*"]),
        service=st.sampled_from(["*", "cart", "c*", "[abc]*"]),
        autonomy=st.sampled_from(Autonomy),
    ),
    max_size=6,
)


@given(rules=rules, action=names, service=names, default=st.sampled_from(Autonomy))
def test_the_decision_is_that_of_the_first_matching_rule_or_the_default(
    rules: list[PolicyRule], action: str, service: str, default: Autonomy
) -> None:
    matching = [rule.autonomy for rule in rules if rule.matches(action, service)]

    decision = Policy(rules, default).decide(action, service)

    assert decision.autonomy is (matching[0] if matching else default)
    assert decision.reason.endswith(".")


@given(rules=rules, more=rules, action=names, service=names)
def test_rules_after_a_match_change_nothing(
    rules: list[PolicyRule], more: list[PolicyRule], action: str, service: str
) -> None:
    catch_all = [*rules, PolicyRule(autonomy=Autonomy.AUTO)]

    assert Policy(catch_all).decide(action, service) == Policy([*catch_all, *more]).decide(action, service)


@given(service=st.text(min_size=200, max_size=400))
def test_a_reason_stays_short_whatever_a_service_is_called(service: str) -> None:
    assert len(Policy().decide("restart", service).reason) < 250


@pytest.mark.parametrize(
    ("autonomy", "proposes", "runs", "asks"),
    [
        (Autonomy.OBSERVE, False, False, False),
        (Autonomy.RECOMMEND, True, False, False),
        (Autonomy.APPROVE, True, True, True),
        (Autonomy.AUTO, True, True, False),
    ],
)
def test_each_autonomy_allows_what_it_says(autonomy: Autonomy, proposes: bool, runs: bool, asks: bool) -> None:
    decision = Policy(default=autonomy).decide("restart", "edge")

    assert (decision.proposes, decision.runs, decision.asks) == (proposes, runs, asks)


@given(a=st.sampled_from(Autonomy), b=st.sampled_from(Autonomy), c=st.sampled_from(Autonomy))
def test_autonomies_are_in_one_order(a: Autonomy, b: Autonomy, c: Autonomy) -> None:
    assert allows(a, b) or allows(b, a)
    assert not (allows(a, b) and allows(b, a)) or a is b
    assert not (allows(a, b) and allows(b, c)) or allows(a, c)


@pytest.mark.parametrize(
    ("earned", "ceiling", "level"),
    [
        (Autonomy.RECOMMEND, Autonomy.AUTO, Autonomy.RECOMMEND),
        (Autonomy.AUTO, Autonomy.AUTO, Autonomy.AUTO),
        (Autonomy.AUTO, Autonomy.APPROVE, Autonomy.APPROVE),
    ],
)
def test_what_is_earned_holds_up_to_what_the_rule_allows(earned: Autonomy, ceiling: Autonomy, level: Autonomy) -> None:
    rule = PolicyRule(autonomy=ceiling, earned=True)
    policy = Policy([rule], standing=lambda action, service: (earned, f"{action} on {service} helped often"))

    decision = policy.decide("restart", "cart")

    assert decision.autonomy is level
    assert "restart on cart helped often" in decision.reason
    assert ("allows no more" in decision.reason) == (level is not earned)


def test_without_a_record_nothing_is_earned() -> None:
    assert Policy([PolicyRule(autonomy=Autonomy.AUTO, earned=True)]).decide("restart", "cart").autonomy is (
        Autonomy.RECOMMEND
    )


@pytest.mark.parametrize(
    ("word", "holds"),
    [(None, Autonomy.AUTO), (Autonomy.OBSERVE, Autonomy.OBSERVE), (Autonomy.AUTO, Autonomy.AUTO)],
)
def test_a_persons_word_that_allows_less_counts_over_any_rule(word: Autonomy | None, holds: Autonomy) -> None:
    policy = Policy([PolicyRule(autonomy=Autonomy.AUTO)], overridden=lambda action, service: word)

    assert policy.decide("restart", "cart").autonomy is holds


def test_a_persons_word_that_allows_more_than_the_rule_does_not_count() -> None:
    policy = Policy([PolicyRule(autonomy=Autonomy.APPROVE)], overridden=lambda action, service: Autonomy.AUTO)

    assert policy.decide("restart", "cart").autonomy is Autonomy.APPROVE
