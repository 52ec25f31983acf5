"""Resolution: an action that fits, tried dry, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from quell.actions.action import Done, DryRun, Target
from quell.actions.policy import Policy, PolicyRule
from quell.actions.runbook import Match, Runbook, Step, Verify, When
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.agents.resolution import Means, action_barred, plan, plan_id, run_barred
from quell.app.runbooks import in_use, shelf
from quell.eventlog.projections.history import RunbookRun
from quell.incident.events import Autonomy, Cause, Checks, Plan, TrackRecord
from quell.settings import Settings
from tests.agents.shop import Shop, case

SHIPPED = in_use(shelf(Settings()))


class Change:
    """An action that says what it would do and does nothing."""

    reversible = True
    expected, risk, undo_is = "it works again", "low", "put back"

    def __init__(self, name: str, *, refuses: str = "", services: tuple[str, ...] = ("*",), to: str = "1.4.2") -> None:
        self.name = name
        self.services = services
        self._refuses = refuses
        self._to = to

    async def dry_run(self, target: Target) -> DryRun:
        steps = (f"{self.name} {target.service}",)
        return DryRun(possible=not self._refuses, steps=steps, reason=self._refuses, params={"to": self._to})

    def covers(self, service: str) -> bool:
        return any(fnmatchcase(service, pattern) for pattern in self.services)

    def calls(self, target: Target) -> tuple[str, ...]:
        return (f"POST http://hooks.test/{self.name}?to={target.params.get('to', '')}",)

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        return (target.service,)

    async def run(self, target: Target, *, key: str) -> Done:
        raise AssertionError("planning changes nothing")

    async def verify(self, target: Target) -> bool:
        raise AssertionError("planning changes nothing")

    async def undo_check(self, target: Target, undo_params: Mapping[str, str]) -> DryRun:
        raise AssertionError("planning changes nothing")

    async def undo(self, target: Target, undo_params: Mapping[str, str], *, key: str) -> Done:
        raise AssertionError("planning changes nothing")


ALL = ("restart", "roll_back", "roll_back_config", "scale_pool", "switch_flag", "flush_cache")


async def planned(
    shop: Shop,
    *,
    actions: tuple[Change, ...] = tuple(Change(name) for name in ALL),
    policy: Policy | None = None,
    records: Mapping[tuple[str, Cause], TrackRecord] | None = None,
    runbooks: Sequence[Runbook] = SHIPPED,
) -> Plan | str:
    given, telemetry = case(("payment", "checkout")), shop.telemetry()
    detection = detect(given, telemetry)
    diagnosis = diagnose(given, telemetry, detection.onset)
    means = Means(
        actions={action.name: action for action in actions},
        policy=policy or Policy(),
        runbooks=runbooks,
        kind_of=lambda service: "service",
        records=lambda kind: records or {},
        verify_within_s=90,
        steady_s=6,
    )

    async def progress(done: int, total: int, what: str) -> None:
        return

    return await plan(given, telemetry, detection, diagnosis, means, progress)


def bad_release() -> Shop:
    return Shop().failing("payment").change("payment", "deploy")


def full_pool() -> Shop:
    shop = Shop().failing("payment", 0.3).slow("payment", 1.0)
    return shop.since_onset("payment", "pool_in_use", 8).since_onset("payment", "pool_timeouts_rate", 4)


async def test_a_bad_release_is_rolled_back_under_the_policy_of_its_service() -> None:
    found = await planned(bad_release(), policy=Policy([PolicyRule(service="payment", autonomy=Autonomy.AUTO)]))

    assert isinstance(found, Plan)
    assert (found.action, found.target, found.autonomy) == ("roll_back", "payment", Autonomy.AUTO)
    assert found.params == {"to": "1.4.2"}
    assert found.steps == ("roll_back payment",)
    assert "share of requests that fail under 3" in found.expected


async def test_without_a_rule_a_person_approves_first() -> None:
    found = await planned(bad_release())

    assert isinstance(found, Plan)
    assert found.autonomy is Autonomy.APPROVE


async def test_an_action_that_is_not_possible_gives_way_to_the_next_that_fits() -> None:
    actions = (Change("restart", refuses="it restarts already"), Change("scale_pool"))

    found = await planned(full_pool(), actions=actions)

    assert isinstance(found, Plan)
    assert found.action == "scale_pool"


async def test_when_nothing_is_possible_each_reason_is_said() -> None:
    found = await planned(bad_release(), actions=(Change("roll_back", refuses="there is no release before"),))

    assert isinstance(found, str)
    assert "there is no release before" in found


async def test_an_action_with_a_bad_record_gives_way_to_one_that_helped() -> None:
    records = {
        ("restart", Cause.POOL_EXHAUSTION): TrackRecord(helped=0, tried=12),
        ("scale_pool", Cause.POOL_EXHAUSTION): TrackRecord(helped=9, tried=9),
    }

    fresh, experienced = await planned(full_pool()), await planned(full_pool(), records=records)

    assert isinstance(fresh, Plan)
    assert isinstance(experienced, Plan)
    assert (fresh.action, experienced.action) == ("restart", "scale_pool")
    assert experienced.record == TrackRecord(helped=9, tried=9)


async def test_a_webhook_that_the_settings_name_for_a_cause_is_proposed_for_it() -> None:
    hook = {"url": "http://pager/", "services": ["payment"], "causes": ["bad_release"]}
    settings = Settings.model_validate({"actions": {"webhooks": {"page_the_release_team": hook}}})

    found = await planned(bad_release(), actions=(Change("page_the_release_team"),), runbooks=in_use(shelf(settings)))

    assert isinstance(found, Plan)
    assert found.action == "page_the_release_team"


def hooks(**webhooks: dict[str, Any]) -> Sequence[Runbook]:
    """The runbooks in use with these webhooks in the settings."""
    return in_use(shelf(Settings.model_validate({"actions": {"webhooks": webhooks}})))


def hook(*services: str) -> dict[str, Any]:
    return {"url": "http://hooks/", "services": services, "causes": ["bad_release"]}


@pytest.mark.parametrize("first", ["payment", "orders"])
async def test_of_two_webhooks_for_the_same_cause_only_that_of_the_service_at_fault_is_proposed(first: str) -> None:
    of = {"a_restart": first, "b_restart": "orders" if first == "payment" else "payment"}
    actions = tuple(Change(name, services=(service,)) for name, service in of.items())

    found = await planned(
        bad_release(), actions=actions, runbooks=hooks(**{name: hook(service) for name, service in of.items()})
    )

    assert isinstance(found, Plan)
    assert (of[found.action], found.target) == ("payment", "payment")


async def test_without_an_action_for_the_service_at_fault_nothing_is_proposed() -> None:
    found = await planned(
        bad_release(),
        actions=(Change("restart_orders", services=("orders",)),),
        runbooks=[*hooks(restart_orders=hook("orders")), bounce(match=RELEASE, steps=(Step(action="restart_orders"),))],
    )

    assert isinstance(found, str)
    assert "held back: bounce: restart_orders is not for payment" in found


RELEASE = Match(causes=(Cause.BAD_RELEASE,))


def two_of_equal_score() -> list[Runbook]:
    return [
        bounce(name=name, match=RELEASE, steps=(Step(action=action),))
        for name, action in (("one", "restart_one"), ("two", "restart_two"))
    ]


async def test_of_two_actions_that_nothing_tells_apart_none_is_proposed() -> None:
    found = await planned(
        bad_release(), actions=(Change("restart_one"), Change("restart_two")), runbooks=two_of_equal_score()
    )

    assert isinstance(found, str)
    assert found.startswith("two actions fit and nothing tells them apart: restart_one (one), restart_two (two)")


async def test_of_two_actions_of_equal_score_the_only_one_that_is_possible_is_proposed() -> None:
    actions = (Change("restart_one", refuses="it restarts already"), Change("restart_two"))

    found = await planned(bad_release(), actions=actions, runbooks=two_of_equal_score())

    assert isinstance(found, Plan)
    assert found.action == "restart_two"


async def test_two_runbooks_that_would_do_the_same_are_no_choice() -> None:
    twice = [bounce(name=name, match=RELEASE) for name in ("one", "two")]

    found = await planned(bad_release(), actions=(Change("restart"),), runbooks=twice)

    assert isinstance(found, Plan)
    assert (found.action, found.runbook) == ("restart", "one")


async def test_the_plan_shows_each_call_filled_in() -> None:
    found = await planned(bad_release())

    assert isinstance(found, Plan)
    assert found.calls == ("POST http://hooks.test/roll_back?to=1.4.2",)


async def test_an_action_that_is_no_longer_what_the_plan_showed_is_not_carried_out() -> None:
    found = await planned(bad_release())
    assert isinstance(found, Plan)
    now = {"roll_back": Change("roll_back")}

    assert action_barred(found, now) == ""
    assert "no action roll_back any more" in action_barred(found, {})
    assert "roll_back is not for payment" in action_barred(found, {"roll_back": Change("roll_back", services=("x",))})
    assert "would now call POST http://hooks.test/other" in action_barred(found, {"roll_back": Change("other")})
    assert (
        action_barred(replace(found, calls=()), {"roll_back": Change("other")}) == ""
    )  # planned before calls were kept


@pytest.mark.parametrize(
    "shop",
    [Shop(), Shop().failing("payment", 0.05)],
    ids=["nothing is wrong", "no explanation stands out"],
)
async def test_what_diagnosis_does_not_stand_behind_is_not_acted_on(shop: Shop) -> None:
    assert isinstance(await planned(shop), str)


async def test_a_plan_that_would_do_something_else_has_another_id() -> None:
    found = await planned(bad_release())
    assert isinstance(found, Plan)

    runbook, does = (found.runbook, found.runbook_version), (*found.steps, *found.calls)
    ids = {
        plan_id(found.action, found.target, found.params, does, runbook=runbook),
        plan_id(found.action, "checkout", found.params, does, runbook=runbook),
        plan_id("restart", found.target, found.params, does, runbook=runbook),
        plan_id(found.action, found.target, {"to": "1.4.1"}, does, runbook=runbook),
        plan_id(found.action, found.target, found.params, ("another step", *found.calls), runbook=runbook),
        plan_id(found.action, found.target, found.params, (*found.steps, "POST elsewhere"), runbook=runbook),
        plan_id(found.action, found.target, found.params, does, runbook=("another", found.runbook_version)),
        plan_id(found.action, found.target, found.params, does, runbook=(found.runbook, "another")),
    }

    assert len(ids) == 8
    assert found.id in ids
    assert replace(found, title="x").id == found.id


def bounce(**more: Any) -> Runbook:
    """A runbook of one's own against a full pool."""
    given: dict[str, Any] = {
        "name": "bounce",
        "version": "7",
        "title": "Restart it",
        "why": "gives the connections back",
        "expected": "connections are free again",
        "undo": "nothing to take back",
        "risk": "low",
        "match": Match(causes=(Cause.POOL_EXHAUSTION,), services=("payment",)),
        "steps": (Step(action="restart"),),
    }
    return Runbook(**{**given, **more})


async def test_the_plan_names_its_runbook_why_it_was_chosen_and_what_came_second() -> None:
    found = await planned(full_pool(), runbooks=[*SHIPPED, bounce()])

    assert isinstance(found, Plan)
    assert (found.runbook, found.runbook_version, found.action) == ("bounce", "7", "restart")
    assert found.expected.startswith("connections are free again; ")
    assert found.choice.startswith("bounce scores 0.")
    assert "next is restart-full-pool with 0." in found.choice
    assert "held back: roll-back-leaking-release: payment got no deploy within 3600 s" in found.choice


async def test_what_was_tried_dry_in_vain_before_is_said_on_the_plan() -> None:
    found = await planned(full_pool(), actions=(Change("restart", refuses="it restarts already"), Change("scale_pool")))

    assert isinstance(found, Plan)
    assert found.runbook == "widen-full-pool"
    assert "not possible: restart: it restarts already" in found.choice


async def test_the_next_step_of_a_runbook_is_proposed_when_the_one_before_is_not_possible() -> None:
    both = bounce(steps=(Step(action="restart"), Step(action="scale_pool", params={"size": 16})))

    found = await planned(
        full_pool(), actions=(Change("restart", refuses="no"), Change("scale_pool")), runbooks=[*SHIPPED, both]
    )

    assert isinstance(found, Plan)
    assert (found.runbook, found.action, found.params["size"]) == ("bounce", "scale_pool", "16")


async def test_a_runbook_held_back_by_a_pre_condition_leaves_its_reason_where_nothing_else_fits() -> None:
    found = await planned(full_pool(), runbooks=[bounce(when=When(min_probability=1.0))])

    assert isinstance(found, str)
    assert "held back: bounce: a probability of 0." in found


async def test_how_a_runbook_wants_to_be_verified_is_on_its_plan() -> None:
    wanted = Verify(series=("pool_use",), within_s=30, steady=4)

    found, plain = await planned(full_pool(), runbooks=[bounce(verify=wanted)]), await planned(full_pool())

    assert isinstance(found, Plan)
    assert isinstance(plain, Plan)
    assert found.checks == Checks(series=("pool_use",), within_s=30, steady=4)
    assert "within 30 s" in found.expected
    assert found.verified_by.endswith("4 s in range")
    assert plain.checks is None


async def test_limits_count_again_when_a_plan_is_carried_out() -> None:
    limited = bounce(when=When(not_within_s=600))
    found = await planned(full_pool(), runbooks=[limited])
    now = case(("payment",)).now
    other = RunbookRun(
        at=now - timedelta(seconds=100), runbook="bounce", service="payment", incident_id="INC-9", plan_id="x"
    )

    assert isinstance(found, Plan)
    assert run_barred(found, [limited], [], now=now) == ""
    assert "it ran on payment 100 s ago" in run_barred(found, [limited], [other], now=now)
    assert "no longer in use" in run_barred(found, SHIPPED, [], now=now)
    assert run_barred(replace(found, runbook=""), SHIPPED, [other], now=now) == ""
