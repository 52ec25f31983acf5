"""The agents together: how the runbook that was carried out has a say in whether it helped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quell.agents.resolution import Means
from quell.agents.team import Team
from quell.agents.verification import Patience
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Checks, Detection
from quell.incident.state import ActionRun, Incident
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
