from __future__ import annotations

import pytest

from quell.eventlog.projections.agents import AgentHealth, nearest_rank
from quell.incident import events as ev
from quell.incident.events import Phase, PhaseState
from tests.projections.given import Told, ended, opened, started

OK, FAILED, LATE, ABSTAINED = PhaseState.COMPLETED, PhaseState.FAILED, PhaseState.TIMED_OUT, PhaseState.ABSTAINED


def after(*states: PhaseState, phase: Phase = Phase.DIAGNOSE) -> AgentHealth:
    told = Told()
    told.incident(opened(), *(ended(phase, state, took_s=n + 1.0) for n, state in enumerate(states)))
    return told.models.agents.health(ev.AGENT_OF[phase])


def test_nothing_is_known_of_an_agent_that_never_ran() -> None:
    for health in Told().models.agents.all():
        assert health.state == "unknown"
        assert health.median_s is None
        assert health.says == "has not run yet"


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((OK,), "healthy"),
        ((ABSTAINED, ABSTAINED), "healthy"),
        ((FAILED,), "failing"),
        ((OK, FAILED), "degraded"),
        ((OK, FAILED, LATE, FAILED), "failing"),
        ((FAILED, LATE, FAILED, OK), "degraded"),
        ((FAILED, *(OK,) * 9), "degraded"),
        ((FAILED, *(OK,) * 10), "healthy"),
    ],
)
def test_the_latest_phases_decide_how_an_agent_is(states: tuple[PhaseState, ...], state: str) -> None:
    assert after(*states).state == state


def test_the_counts_are_of_the_last_hundred_phases() -> None:
    health = after(*(FAILED,) * 30, *(OK,) * 90, *(LATE,) * 3, ABSTAINED)

    assert (health.failed, health.completed, health.timed_out, health.abstained) == (6, 90, 3, 1)
    assert health.says.startswith("91 of 100 phases came to a result; 6 failed, 3 timed out; 1 abstained")
    assert health.last_error == "it broke"


def test_no_duration_is_told_before_the_fifth_run() -> None:
    assert after(OK, OK, OK, OK).median_s is None
    assert after(OK, OK, OK, OK, OK).median_s == 3.0
    assert after(OK, OK, OK, OK, OK).p95_s == 5.0


def test_the_estimate_of_a_phase_is_the_median_of_runs_that_came_to_a_result() -> None:
    told = Told()
    told.incident(opened(), *(ended(Phase.VERIFY, OK, took_s=s) for s in (10, 30, 20, 40)))
    told.incident(ended(Phase.VERIFY, LATE, took_s=600))
    assert told.models.phase_median(Phase.VERIFY) is None

    told.incident(ended(Phase.VERIFY, ABSTAINED, took_s=50))
    assert told.models.phase_median(Phase.VERIFY) == 30
    assert told.models.phase_median(Phase.ACT) is None


def test_a_running_phase_names_its_incident_until_it_ends() -> None:
    told = Told()
    told.incident(opened("INC-7"), started(Phase.DETECT), incident_id="INC-7")
    assert told.models.agents.health("detection").running == ("INC-7",)
    assert "first time, on INC-7" in told.models.agents.health("detection").says

    told.incident(ended(Phase.DETECT), incident_id="INC-7")
    assert told.models.agents.health("detection").running == ()


def test_a_response_that_was_cut_off_leaves_nothing_running() -> None:
    told = Told()
    told.incident(opened(), started(Phase.DETECT))

    changes = told.incident(ev.ResponseEnded(run=1, outcome="superseded", says="a person resolved it"))

    assert changes.agents == {"detection"}
    assert told.models.agents.health("detection").running == ()


def test_waiting_for_a_person_says_nothing_of_the_agent_that_asked() -> None:
    told = Told()
    told.incident(opened(), started(Phase.APPROVE), ended(Phase.APPROVE, ABSTAINED, took_s=900))

    assert told.models.agents.health("resolution").state == "unknown"
    assert told.models.agents.outcomes["resolution", Phase.APPROVE, ABSTAINED] == 1


def test_an_agent_that_retries_is_degraded_until_the_phase_ends() -> None:
    told = Told()
    told.incident(opened(), ended(Phase.DETECT), started(Phase.DETECT))
    told.incident(ev.PhaseRetrying(phase=Phase.DETECT, attempt=1, error="no", reason="timed_out", wait_s=1))
    assert told.models.agents.health("detection").state == "degraded"

    told.incident(started(Phase.DETECT, 2), ended(Phase.DETECT))
    assert told.models.agents.health("detection").state == "healthy"


@pytest.mark.parametrize(("n", "rank"), [(1, 1), (5, 5), (20, 19), (100, 95)])
def test_the_nearest_rank_is_a_value_that_was_measured(n: int, rank: int) -> None:
    assert nearest_rank([float(value) for value in range(1, n + 1)], 0.95) == rank
