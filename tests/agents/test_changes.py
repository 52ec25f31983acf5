"""Several changes in a row: which of them the trouble began with, and what to go back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from quell.actions.catalog import BackTo
from quell.actions.policy import Policy
from quell.agents.changes import changes_of, configuration_to_go_back_to, release_to_go_back_to
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.agents.indicators import measure
from quell.agents.resolution import Means, plan
from quell.incident.events import Cause, Change, Plan
from tests.actions.test_catalog import SHIPPED
from tests.agents.shop import NOW, Shop, case
from tests.agents.test_resolution import Change as Act


@dataclass
class Told:
    """Payment's changes, and when it failed, in seconds ago."""

    changes: list[Change] = field(default_factory=list)
    failed: Sequence[tuple[float, float]] = ((20, 0),)

    def release(self, ago_s: float, before: str, after: str, *, by: str = "ci", kind: str = "deploy") -> Told:
        what = "release" if kind == "deploy" else "timeout_ms"
        at = NOW - timedelta(seconds=ago_s)
        self.changes.append(Change(at=at, service="payment", kind=kind, what=what, before=before, after=after, by=by))
        return self

    def shop(self) -> Shop:
        shop = Shop(changes=list(self.changes))
        for since_s, until_s in self.failed:
            shop.failed("payment", 0.6, since_s=since_s, until_s=until_s)
        return shop


def onset(ago_s: float) -> datetime:
    return NOW - timedelta(seconds=ago_s)


def blamed(told: Told, *, began_s: float) -> list[str]:
    measured = measure(told.shop().telemetry(), case(("payment",), first_at=onset(began_s - 5)))
    return [one.subject for one in changes_of(told.changes, measured, "payment", onset(began_s))]


def back_to(told: Told, *, began_s: float) -> BackTo:
    measured = measure(told.shop().telemetry(), case(("payment",), first_at=onset(began_s - 5)))
    return release_to_go_back_to(told.changes, measured, "payment")


def test_of_two_releases_the_one_that_the_trouble_began_after_is_blamed_and_the_last_healthy_one_is_gone_back_to() -> (
    None
):
    told = Told(failed=((60, 0),)).release(62, "1.4", "1.5").release(30, "1.5", "1.6")

    assert blamed(told, began_s=60) == ["release 1.5 (was 1.4)"]
    assert back_to(told, began_s=60) == BackTo(version="1.4")


def test_a_second_release_right_on_top_of_the_trouble_is_not_blamed() -> None:
    # The second is within what a change may be recorded late; the trouble was there before it.
    told = Told(failed=((30, 0),)).release(55, "1.4", "1.5").release(22, "1.5", "1.6")

    assert blamed(told, began_s=30) == ["release 1.5 (was 1.4)"]
    assert back_to(told, began_s=30) == BackTo(version="1.4")


def test_a_release_that_was_well_until_the_next_one_is_not_blamed_and_is_what_to_go_back_to() -> None:
    told = Told().release(120, "1.4", "1.5").release(22, "1.5", "1.6")

    assert blamed(told, began_s=20) == ["release 1.6 (was 1.5)"]
    assert back_to(told, began_s=20) == BackTo(version="1.5", is_before_last=True)


def test_a_failed_request_or_two_of_a_quiet_service_do_not_make_a_release_sick() -> None:
    # One failure is seen in five readings, each taken over five seconds.
    told = Told().release(22, "1.5", "1.6")
    shop = told.shop().failed("payment", 0.05, since_s=36, until_s=30)
    measured = measure(shop.telemetry(), case(("payment",)))

    assert release_to_go_back_to(told.changes, measured, "payment").version == "1.5"


def test_a_release_that_failed_every_other_time_is_not_known_to_be_well() -> None:
    told = Told().release(22, "1.5", "1.6")
    shop = told.shop().failed("payment", 0.4, since_s=36, until_s=28)
    measured = measure(shop.telemetry(), case(("payment",)))

    assert release_to_go_back_to(told.changes, measured, "payment").version == ""


def test_two_releases_too_close_to_tell_apart_are_both_weighed() -> None:
    told = Told().release(27, "1.4", "1.5").release(22, "1.5", "1.6")

    assert blamed(told, began_s=20) == ["release 1.5 (was 1.4)", "release 1.6 (was 1.5)"]
    assert back_to(told, began_s=20) == BackTo(version="1.4")


def test_a_release_that_was_taken_back_is_not_blamed_however_short_it_ran() -> None:
    told = Told().release(27, "1.4", "1.5").release(22, "1.5", "1.4", by="quell")

    assert blamed(told, began_s=20) == []


def test_a_release_that_runs_again_and_fails_is_not_gone_back_to() -> None:
    # 1.4 was well at first; put back in place of 1.5 it fails, too.
    told = Told(failed=((100, 0),)).release(160, "1.4", "1.5").release(80, "1.5", "1.4").release(40, "1.4", "1.6")

    assert back_to(told, began_s=100).version == ""


def test_what_was_never_seen_healthy_is_not_gone_back_to() -> None:
    told = Told(failed=((400, 0),)).release(22, "1.5", "1.6")

    found = back_to(told, began_s=20)

    assert found.version == ""
    assert "no release of payment was seen healthy before the trouble" in found.why_not


def test_without_any_recorded_release_nothing_is_gone_back_to() -> None:
    assert "no release of payment is recorded" in back_to(Told(), began_s=20).why_not


@pytest.mark.parametrize(("failed", "well"), [(((20, 0),), True), (((60, 0),), False)])
def test_a_configuration_is_gone_back_to_only_where_it_was_healthy(
    failed: Sequence[tuple[float, float]], well: bool
) -> None:
    told = Told(failed=failed).release(62, "800", "5", kind="config").release(22, "5", "6", kind="config")
    measured = measure(told.shop().telemetry(), case(("payment",), first_at=onset(15)))

    assert configuration_to_go_back_to(told.changes, measured, "payment").is_before_last is well


def test_a_release_an_hour_ago_is_weighed_where_memory_fills_and_not_where_answers_fail() -> None:
    told = Told().release(2400, "1.4", "1.5")
    leaking = Shop(changes=told.changes).since_onset("payment", "memory_bytes", 92e6, slope=True)
    failing = told.shop()

    slow, quick = (diagnose(case(("payment",)), one.telemetry(), one.onset) for one in (leaking, failing))

    assert (slow.hypotheses[0].cause, slow.hypotheses[1].cause) == (Cause.MEMORY_LEAK, Cause.BAD_RELEASE)
    assert Cause.BAD_RELEASE not in {one.cause for one in quick.hypotheses}


async def planned(told: Told, *, began_s: float, action: Act) -> Plan | str:
    given, telemetry = case(("payment",), first_at=onset(began_s - 5)), told.shop().telemetry()
    detection = detect(given, telemetry)
    diagnosis = diagnose(given, telemetry, detection.onset)
    assert diagnosis.hypotheses[0].cause is Cause.BAD_RELEASE
    means = Means(
        actions={action.name: action},
        policy=Policy(),
        runbooks=SHIPPED,
        kind_of=lambda service: "service",
        records=lambda kind: {},
        verify_within_s=90,
        steady_s=6,
    )

    async def progress(done: int, total: int, what: str) -> None:
        assert done <= total

    return await plan(given, telemetry, detection, diagnosis, means, progress)


class ToRelease(Act):
    """A roll-back that is told where to."""

    takes: ClassVar[Mapping[str, str]] = {"to": ".*"}


TWO = Told(failed=((60, 0),)).release(62, "1.4", "1.5").release(30, "1.5", "1.6")


async def test_a_plan_names_the_release_that_was_healthy_and_not_the_one_before() -> None:
    tried: list[dict[str, str]] = []

    class Tried(ToRelease):
        async def dry_run(self, target):  # type: ignore[no-untyped-def]
            tried.append(dict(target.params))
            return await super().dry_run(target)

    assert isinstance(await planned(TWO, began_s=60, action=Tried("roll_back")), Plan)
    assert tried == [{"to": "1.4"}]


async def test_a_roll_back_that_cannot_be_told_where_to_is_not_offered_when_the_one_before_is_bad_too() -> None:
    found = await planned(TWO, began_s=60, action=Act("roll_back"))

    assert isinstance(found, str)
    assert "roll_back goes to what was there before, and that was not healthy: 1.4 was" in found
