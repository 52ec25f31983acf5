"""A small service with a stock client library and nothing else: what is said of it when most of its requests fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from quell.agents.case import Case, Telemetry, gather
from quell.agents.detection import detect
from quell.agents.diagnosis import diagnose
from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.incident.alert import Severity
from quell.incident.events import Cause, Change, Window
from tests.agents.shop import alert
from tests.evidence.endpoint import Endpoint, says

START = 1_700_000_000
LABELS = ["status", "code"]
Failing = Sequence[tuple[int, int]]


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(START + second, UTC)


async def watched(label: str, failing: Failing, *, until: int, ratio: float) -> Telemetry:
    """Return what a second-by-second watch saw of two services; orders fails in some stretches, seconds."""
    now, counts = float(START), {"orders": {"200": 0, "500": 0}, "stock": {"200": 0, "500": 0}}
    endpoints = {name: await Endpoint().start() for name in counts}
    async with httpx.AsyncClient(trust_env=False) as client:
        targets = [ScrapeTarget(service=name, url=one.url) for name, one in endpoints.items()]
        source = ScrapeSource(targets, client, clock=lambda: now)
        for second in range(until):
            now = START + second
            bad = round(20 * ratio) if any(start <= second < end for start, end in failing) else 0
            for name, wrong in (("orders", bad), ("stock", 0)):
                counts[name]["200"] += 20 - wrong
                counts[name]["500"] += wrong
                lines = (f'http_requests_total{{{label}="{status}"}} {n}' for status, n in counts[name].items())
                endpoints[name].behaviour = says("\n".join(lines) + "\n")
            await source.scrape_once()
        window = Window(start=moment(-600), end=moment(until))
        telemetry = await gather([source], window)
    for one in endpoints.values():
        await one.stop()
    return telemetry


def case_of(service: str, *, fired: int, now: int, earlier: Failing = ()) -> Case:
    one = alert(service, "HighErrorRate", moment(fired), Severity.CRITICAL)
    return Case(
        incident_id="INC-1",
        alerts=(one,),
        first_at=moment(fired),
        now=moment(now),
        earlier=tuple(Window(start=moment(start), end=moment(end)) for start, end in earlier),
    )


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("ratio", [0.55, 1.0])
@pytest.mark.parametrize(
    ("failing", "fired", "earlier"),
    [
        ([(90, 120)], 100, []),
        ([(3, 60)], 50, []),
        ([(0, 90)], 70, []),
        ([(60, 100), (115, 140)], 125, [(70, 100)]),
        ([(40, 90), (270, 300)], 280, [(50, 90)]),
    ],
    ids=["a past", "a past of seconds", "no past", "again after 15 s", "again after 3 minutes"],
)
async def test_it_is_confirmed_and_never_called_normal(
    label: str, ratio: float, failing: Failing, fired: int, earlier: Failing
) -> None:
    until = failing[-1][1]
    telemetry = await watched(label, failing, until=until, ratio=ratio)

    found = detect(case_of("orders", fired=fired, now=until, earlier=earlier), telemetry)

    assert found.verdict == "confirmed"
    assert found.services == ("orders",)
    assert found.indicators[0].worst == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("label", LABELS)
async def test_with_a_deploy_record_the_release_is_named_and_without_one_only_the_service(label: str) -> None:
    telemetry = await watched(label, [(90, 120)], until=120, ratio=0.6)
    case = case_of("orders", fired=100, now=120)
    deploy = Change(at=moment(88), service="orders", kind="deploy", what="release", before="1.0", after="1.1", by="ci")

    recorded = diagnose(case, replace(telemetry, changes=(deploy,)), moment(90))
    silent = diagnose(case, telemetry, moment(90))

    assert (recorded.hypotheses[0].service, recorded.hypotheses[0].cause) == ("orders", Cause.BAD_RELEASE)
    assert not recorded.abstained
    assert {one.service for one in silent.hypotheses} == {"orders"}
    assert (silent.hypotheses[0].cause, silent.abstained) == (Cause.UNKNOWN, False)
    assert silent.hypotheses[0].probability < recorded.hypotheses[0].probability
    assert "what it calls is not known, and may be the cause" in {one.says for one in silent.hypotheses[0].against}
    assert "no links of orders are known" in silent.says


@pytest.mark.parametrize("label", LABELS)
async def test_the_other_service_is_never_blamed_for_it(label: str) -> None:
    telemetry = await watched(label, [(90, 120)], until=120, ratio=0.6)
    released = Change(
        at=moment(88), service="orders", kind="deploy", what="release", before="1.0", after="1.1", by="ci"
    )

    found = diagnose(case_of("stock", fired=100, now=120), replace(telemetry, changes=(released,)), moment(90))

    assert (found.hypotheses, found.abstained) == ((), True)
    assert [one.service for one in found.elsewhere] == ["orders"]


async def test_an_alert_long_after_the_failures_ended_is_not_refuted() -> None:
    telemetry = await watched("status", [(60, 90)], until=200, ratio=0.6)

    found = detect(case_of("orders", fired=150, now=200), telemetry)

    assert (found.verdict, "normal" in found.says) == ("no_data", False)
