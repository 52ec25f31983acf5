"""The agents together: how the runbook that was carried out has a say in whether it helped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from quell.agents.detection import detect
from quell.agents.resolution import Means
from quell.agents.team import Team
from quell.agents.verification import Patience
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Checks, Detection, Diagnosis, Verified
from quell.incident.fold import fold
from quell.incident.state import ActionRun, Incident
from tests.agents.shop import EDGES, NOW, Shop, ShopSource, alert, case
from tests.agents.test_verification import START, Clock, ScriptedMetrics, out_of_range
from tests.projections.given import PLAN


def no_means() -> Means:
    raise AssertionError("verification plans nothing")


async def steady_of(checks: Checks | None, *, done: bool) -> int:
    """Return how many steady readings a recovery took."""
    incident = Incident(
        id="INC-1", title="payment fails", severity=IncidentSeverity.SEV2, opened_at=START, updated_at=START
    )
    incident.detection = Detection(verdict="confirmed", says="payment fails", indicators=(out_of_range(),))
    incident.plan = replace(PLAN, checks=checks)
    if done:
        incident.actions.append(
            ActionRun(plan_id=PLAN.id, action=PLAN.action, target=PLAN.target, key="k", started_at=START)
        )
    team = Team(
        [ScriptedMetrics(lambda at: 0.01)],
        clock=Clock(),
        disturbed=lambda incident_id: (),
        means=no_means,
        patience=Patience(every_s=0.0, steady=3),
    )
    told: list[int] = []

    async def progress(done: int, total: int, what: str) -> None:
        told.append(total)

    verdict = await team.verify(incident, progress)
    assert verdict.verdict == "recovered"
    return told[-1]


def edge_fails(**known: Any) -> Incident:
    incident = Incident(
        id="INC-1", title="edge fails", severity=IncidentSeverity.SEV2, opened_at=NOW, updated_at=NOW, **known
    )
    incident.alerts = {one.fingerprint: one for one in (alert("edge"), alert("checkout"))}
    incident.firing = set(incident.alerts)
    return incident


def team_of(shop: Shop, edges: Sequence[tuple[str, str]] = EDGES) -> Team:
    return Team(
        [ShopSource(shop, edges)],
        clock=Clock(NOW),
        disturbed=lambda incident_id: (),
        means=no_means,
        patience=Patience(within_s=3, every_s=0.0, steady=2, worse=1),
    )


async def verified(shop: Shop, changed: str, edges: Sequence[tuple[str, str]] = EDGES) -> Verified:
    """Return the verdict on a change of a service while the shop is as it is, all of it out of range before."""
    found = detect(case(("edge", "checkout")), Shop().failing("payment").telemetry())
    incident = edge_fails(detection=found)
    incident.plan = replace(PLAN, target=changed)
    incident.actions.append(ActionRun(plan_id=PLAN.id, action="restart", target=changed, key="k", started_at=NOW))
    team = team_of(shop, edges)

    async def progress(done: int, total: int, what: str) -> None:
        assert done <= total

    return await team.verify(incident, progress)


async def test_a_fix_helped_in_part_when_what_is_wrong_now_is_not_its_services_own() -> None:
    # Checkout was changed and fails all the same: payment does, which it calls.
    verdict = await verified(Shop().failing("payment"), "checkout")

    assert verdict.verdict == "in_part"
    assert verdict.says.startswith("checkout shows no trouble of its own any more, payment does; not recovered within")
    assert verdict.helped is None


@pytest.mark.parametrize(("run", "whose"), [(1, "none"), (2, "action")])
async def test_a_recovery_is_credited_only_to_what_its_own_response_changed(run: int, whose: str) -> None:
    incident = edge_fails(detection=Detection(verdict="confirmed", says="", indicators=(out_of_range(),)))
    incident.run, incident.plan = 2, PLAN
    restart = ActionRun(plan_id=PLAN.id, action="restart", target="payment", key="k", started_at=START, run=run)
    incident.actions.append(replace(restart, state="done", ended_at=START))
    team = Team(
        [ScriptedMetrics(lambda at: 0.01)],
        clock=Clock(),
        disturbed=lambda incident_id: (),
        means=no_means,
        patience=Patience(every_s=0.0, steady=3),
    )

    async def progress(done: int, total: int, what: str) -> None:
        assert done <= total

    verdict = await team.verify(incident, progress)

    assert (verdict.verdict, verdict.credit) == ("recovered", whose)


async def test_trouble_that_no_link_leads_to_does_not_make_it_in_part() -> None:
    # Edge fails still, checkout was changed; payment fails too, and has no link to either.
    edges = (("edge", "checkout"),)
    shop = Shop().since_onset("edge", "error_ratio", 0.001).since_onset("payment", "error_ratio", 0.6)

    assert (await verified(shop, "checkout", edges)).verdict != "in_part"


@pytest.mark.parametrize(
    ("shop", "changed"),
    [
        (Shop().failing("payment"), "payment"),
        (Shop().failing("payment", 0.2).failing("checkout", 0.4), "checkout"),
        (Shop().failing("payment").without("checkout"), "checkout"),
    ],
    ids=["its own", "its own and another's", "nobody knows"],
)
async def test_a_fix_whose_service_is_still_in_trouble_did_not_help(shop: Shop, changed: str) -> None:
    verdict = await verified(shop, changed)

    assert verdict.verdict == "not_recovered"
    assert verdict.helped is False


async def test_a_cause_that_is_none_of_its_own_trouble_is_still_there_too() -> None:
    # Checkout retries its calls to payment, which bears three times its requests: nothing of checkout's own fails.
    shop = Shop().failing("payment").since_onset("checkout", "retry_ratio", 2.0, peer="payment")
    shop.since_onset("payment", "request_rate", 60.0)

    assert (await verified(shop, "checkout")).verdict == "not_recovered"


@pytest.mark.parametrize(
    ("edges", "word"),
    [((("edge", "checkout"), ("edge", "payment")), "in_part"), (EDGES, "worse")],
    ids=["what it cannot have touched", "what it calls"],
)
async def test_what_got_worse_speaks_against_a_fix_that_can_have_touched_it(
    edges: Sequence[tuple[str, str]], word: str
) -> None:
    # Checkout was changed; payment got worse, and edge with it, which calls it.
    shop = Shop().calling("edge", "payment").since_onset("payment", "error_ratio", 0.9)
    shop.since_onset("edge", "error_ratio", 0.9).since_onset("edge", "client_error_ratio", 0.9, peer="payment")

    verdict = await verified(shop, "checkout", edges)

    assert verdict.verdict == word


@pytest.mark.parametrize(
    ("checks", "done", "steady"),
    [
        (Checks(steady=5), True, 5),
        (Checks(steady=5), False, 3),
        (Checks(within_s=30), True, 3),
        (None, True, 3),
    ],
    ids=["carried out", "not carried out", "says nothing of it", "no checks"],
)
async def test_the_runbook_that_was_carried_out_says_how_steady_a_recovery_must_be(
    checks: Checks | None, done: bool, steady: int
) -> None:
    assert await steady_of(checks, done=done) == steady


def at(seconds_ago: float) -> datetime:
    return NOW - timedelta(seconds=seconds_ago)


def twice_failed(first: tuple[float, float], *, reopened: bool, fingerprint: str = "HighLatency/payment") -> Incident:
    """Return an incident whose alert fired in a stretch, seconds ago, ended, and fires again since 10 s ago."""
    again = replace(alert("payment", "HighLatency", at(10)), fingerprint=fingerprint)
    before = replace(again, starts_at=at(first[0]), received_at=at(first[0]))
    ended = [ev.StateChanged(before=ev.State.INVESTIGATING, after=ev.State.RESOLVED, by="quell", reason="it is over")]
    told: list[tuple[datetime, ev.Event]] = [
        (at(first[0]), opened_now()),
        (at(first[0]), ev.AlertGrouped(alert=before, why="first")),
        (at(first[1]), ev.AlertResolved(fingerprint=fingerprint, name="HighLatency", ended_at=at(first[1]))),
    ]
    if reopened:
        told += [(at(first[1]), one) for one in ended]
        told.append((at(10), ev.IncidentReopened(by="alert", reason="it fires again")))
    told.append((at(10), ev.AlertGrouped(alert=again, why="again")))
    incident = fold(told)
    assert incident is not None
    return incident


def opened_now() -> ev.IncidentOpened:
    return ev.IncidentOpened(
        incident_id="INC-1",
        title="payment is slow",
        severity=IncidentSeverity.SEV2,
        service="payment",
        reason="",
        drill=False,
    )


@pytest.mark.parametrize("reopened", [True, False], ids=["reopened", "went on"])
@pytest.mark.parametrize("first", [(135.0, 35.0), (300.0, 200.0)], ids=["15 s before", "3 min before"])
async def test_a_second_failure_does_not_learn_the_first_as_normal(first: tuple[float, float], reopened: bool) -> None:
    shop = Shop()
    for name, level in (("latency_mean", 0.8), ("latency_p99", 1.6)):
        shop.since_onset("payment", name, level).was("payment", name, level, since_s=first[0], until_s=first[1])
    team = Team(
        [ShopSource(shop)],
        clock=Clock(NOW),
        disturbed=lambda incident_id: (),
        means=no_means,
        patience=Patience(),
        looks=1,
    )

    async def progress(done: int, total: int, what: str) -> None:
        assert done <= total

    found = await team.detect(twice_failed(first, reopened=reopened), progress)

    assert found.verdict == "confirmed"
    assert {one.service for one in found.indicators} == {"payment"}


async def test_links_of_the_settings_and_open_incidents_reach_the_diagnosis() -> None:
    incident = fold([(at(10), opened_now()), (at(10), ev.AlertGrouped(alert=alert("edge"), why="first"))])
    assert incident is not None
    shop = Shop().since_onset("payment", "error_ratio", 0.6).change("payment", "deploy")

    async def progress(done: int, total: int, what: str) -> None:
        assert done <= total

    async def diagnosed(edges: Sequence[tuple[str, str]]) -> ev.Diagnosis:
        team = Team(
            [ShopSource(shop, ())],
            clock=Clock(NOW),
            disturbed=lambda incident_id: (),
            means=no_means,
            patience=Patience(),
            edges=lambda: edges,
            open_on=lambda incident_id: {"payment": "INC-9"} if incident_id == "INC-1" else {},
            looks=1,
        )
        return await team.diagnose(incident, progress)

    assert (await diagnosed([("edge", "payment")])).hypotheses[0].service == "payment"
    assert [one.incident_id for one in (await diagnosed([])).elsewhere] == ["INC-9"]


NOT_SURE = Diagnosis(hypotheses=(), none_of_these=0.9, abstained=True, says="no cause stands out")


@pytest.mark.parametrize(
    ("shop", "known", "verdict", "diagnosed"),
    [
        (Shop(), {}, "no_sign", False),
        (Shop(), {"diagnosis": NOT_SURE}, "no_sign", False),
        (Shop().failing("payment"), {}, "confirmed", False),
        (Shop().failing("payment"), {"diagnosis": NOT_SURE}, "confirmed", True),
    ],
    ids=["calm", "calm by now", "trouble that is new", "trouble that was known"],
)
async def test_a_glance_diagnoses_where_the_last_response_came_so_far_and_trouble_shows(
    shop: Shop, known: dict[str, Any], verdict: str, diagnosed: bool
) -> None:
    found, diagnosis = await team_of(shop).glance(edge_fails(**known))

    assert (found.verdict, diagnosis is not None) == (verdict, diagnosed)
