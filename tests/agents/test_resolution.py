"""Resolution: an action that fits, tried dry, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from quell.actions.action import Done, DryRun, Target
from quell.actions.catalog import FITS, Fit
from quell.actions.policy import Policy, PolicyRule
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.agents.resolution import Means, plan, plan_id
from quell.incident.events import Autonomy, Cause, Plan, TrackRecord
from tests.agents.shop import Shop, case


class Change:
    """An action that says what it would do and does nothing."""

    reversible = True
    expected, risk, undo_is = "it works again", "low", "put back"

    def __init__(self, name: str, *, refuses: str = "") -> None:
        self.name = name
        self._refuses = refuses

    async def dry_run(self, target: Target) -> DryRun:
        steps = (f"{self.name} {target.service}",)
        return DryRun(possible=not self._refuses, steps=steps, reason=self._refuses, params={"to": "1.4.2"})

    def blast_radius(self, target: Target) -> tuple[str, ...]:
        return (target.service,)

    async def run(self, target: Target, *, key: str) -> Done:
        raise AssertionError("planning changes nothing")

    async def verify(self, target: Target) -> bool:
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
    fits: Mapping[Cause, tuple[Fit, ...]] = FITS,
) -> Plan | str:
    given, telemetry = case(("payment", "checkout")), shop.telemetry()
    detection = detect(given, telemetry)
    diagnosis = diagnose(given, telemetry, detection.onset)
    means = Means(
        actions={action.name: action for action in actions},
        policy=policy or Policy(),
        records=records or {},
        fits=fits,
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
    fits = {Cause.BAD_RELEASE: (Fit(action="page_the_release_team", why="is what the settings name for it"),)}

    found = await planned(bad_release(), actions=(Change("page_the_release_team"),), fits=fits)

    assert isinstance(found, Plan)
    assert found.action == "page_the_release_team"


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

    ids = {
        plan_id(found.action, found.target, found.params, found.steps),
        plan_id(found.action, "checkout", found.params, found.steps),
        plan_id("restart", found.target, found.params, found.steps),
        plan_id(found.action, found.target, {"to": "1.4.1"}, found.steps),
        plan_id(found.action, found.target, found.params, ("another step",)),
    }

    assert len(ids) == 5
    assert found.id in ids
    assert replace(found, title="x").id == found.id
