"""The lot that holds plans out: it falls as often as it should, the same every time, and only on what would be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quell.agents.lot import drawn, hold_out
from quell.incident.events import Autonomy
from tests.projections.given import PLAN


def test_the_lot_falls_on_the_share_that_was_asked_for() -> None:
    fell = sum(drawn(f"INC-{number}", 0.2) for number in range(5_000))

    assert 880 < fell < 1_120  # 1,000 and four standard deviations of 28
    assert not any(drawn(f"INC-{number}", 0.0) for number in range(500))


def test_a_plan_that_is_held_out_is_recommended_only_and_says_why() -> None:
    held = next(plan for number in range(50) if (plan := hold_out(PLAN, f"INC-{number}", 0.5)).held_out)

    assert held.autonomy is Autonomy.RECOMMEND
    assert held.autonomy_reason.startswith("Held out by lot (50% of incidents)")
    assert "payment needs a person" in held.autonomy_reason


@pytest.mark.parametrize("autonomy", [Autonomy.OBSERVE, Autonomy.RECOMMEND])
def test_a_plan_that_nobody_would_carry_out_takes_no_part(autonomy: Autonomy) -> None:
    plan = replace(PLAN, autonomy=autonomy)

    assert all(hold_out(plan, f"INC-{number}", 0.5) == plan for number in range(50))
