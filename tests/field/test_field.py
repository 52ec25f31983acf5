"""
What somebody meets who tries Quell on services of his own, with the docs alone.

Whatever happens, Quell names the service at fault or says that it does not know; it never acts on another one, and it
never calls a service normal of whose requests half fail. `make field` plays every scenario, every test run the first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.field.job import Job
from tests.field.scenarios import SCENARIOS, Scenario
from tests.field.site import Site
from tests.scenarios.running import story
from tests.scenarios.test_real_prometheus import MISSING

pytestmark = [
    pytest.mark.lab,
    pytest.mark.xdist_group("field"),
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        bool(MISSING), reason=f"{' and '.join(MISSING)} missing: apt-get install {' '.join(MISSING)} brings it"
    ),
]

PAST_S = 45.0
PLAYED = SCENARIOS if "QUELL_FIELD" in os.environ else SCENARIOS[:1]


def assert_no_harm(job: Job) -> None:
    """The right service or an honest "I do not know", and never "normal" while half of the requests fail."""
    found, plan = job.detail["detection"], job.detail["plan"]
    assert found["verdict"] != "no_sign", story(job.detail)
    assert "normal range" not in found["says"], story(job.detail)
    assert job.named in (None, job.name), story(job.detail)
    assert set(job.acted_on) <= {job.name}, story(job.detail)
    assert plan is None or (plan["target"], plan["action"]) == (job.name, f"restart-{job.name}"), story(job.detail)


@pytest.mark.parametrize("scenario", PLAYED, ids=lambda one: one.name)
def test_the_service_at_fault_or_nobody_is_named_and_nothing_else_is_touched(
    tmp_path: Path, scenario: Scenario
) -> None:
    jobs = []
    with Site(tmp_path, scenario.specs, edges=scenario.edges).open(known_s=PAST_S) as site:
        for job in scenario.play(site):
            assert_no_harm(job)
            jobs.append(job)

    assert any(job.whole for job in jobs), "\n".join(story(job.detail) for job in jobs)
