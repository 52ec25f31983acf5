from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from quell.errors import StorageFull, Unreachable
from quell.evidence.source import Collected, Scope
from quell.gateway.frames import Frame
from quell.gateway.health import queue_probe, sockets_probe, workflow_probe
from quell.gateway.live import Hub
from quell.incident import events as ev
from quell.incident.events import EvidenceKind, Phase, PhaseState, Window
from tests.fakes.event_log import MemoryEventLog
from tests.gateway.site import Clock, Site, open_site
from tests.projections.given import batch, ended, opened, whole_response


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


async def parts(site: Site) -> dict[str, dict[str, Any]]:
    report = await site.get("/dashboard/health/detailed")
    return {part["name"]: part for part in report["components"]}


class Telemetry:
    """A source that answers or not."""

    name = "scrape"
    kinds = (EvidenceKind.METRIC,)

    def __init__(self) -> None:
        self.answers = True
        self.asked = 0

    async def collect(self, scope: Scope, window: Window) -> Collected:
        raise NotImplementedError

    async def check(self) -> str:
        self.asked += 1
        if not self.answers:
            raise Unreachable("scrape: none of 7 targets answers")
        return "7 of 7 targets answer"


async def test_a_new_process_is_alive_ready_and_claims_nothing_of_agents_that_never_ran(site: Site) -> None:
    assert await site.get("/healthz") == {"state": "alive"}
    assert await site.get("/readyz") == {"state": "ready"}
    overall = await site.get("/dashboard/health")
    assert overall == {"state": "ok", "says": "2 components well, 4 not heard of yet"}
    assert (await parts(site))["diagnosis"]["state"] == "unknown"


async def test_a_store_that_cannot_be_written_makes_the_process_unready_and_it_recovers() -> None:
    clock = Clock()
    log = MemoryEventLog(clock=clock)
    site = Site(log, clock)
    log.failures.append(StorageFull("no space is left"))

    response = await site.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["detail"] == "no space is left"
    assert response.headers["retry-after"] == "5"
    assert (await parts(site))["event log"]["state"] == "down"
    assert (await site.get("/dashboard/health"))["state"] == "down"

    log.failures.clear()
    clock.ahead += timedelta(seconds=2)
    assert (await site.client.get("/readyz")).status_code == 200
    await site.client.aclose()


async def test_a_process_that_still_reads_what_happened_before_is_not_ready() -> None:
    clock = Clock()
    log = MemoryEventLog(clock=clock)
    site = Site(log, clock)
    await site.log.append([_write(opened())])

    response = await site.client.get("/readyz")
    assert response.status_code == 503
    assert "1 event to go" in response.json()["detail"]

    site.models.apply_all(await log.read())
    assert (await site.client.get("/readyz")).status_code == 200
    await site.client.aclose()


async def test_read_models_that_stand_still_behind_the_log_make_it_unready() -> None:
    clock = Clock()
    log = MemoryEventLog(clock=clock)
    site = Site(log, clock)
    assert (await site.client.get("/readyz")).status_code == 200
    await log.append([_write(opened())])

    assert (await site.client.get("/readyz")).status_code == 200
    clock.ahead += timedelta(seconds=6)
    response = await site.client.get("/readyz")

    assert response.status_code == 503
    assert "stuck 1 event behind the log" in response.json()["detail"]
    await site.client.aclose()


def _write(*events: ev.Event) -> Any:
    from quell.eventlog.log import Write

    return Write(stream="incident/INC-1", events=events)


async def test_an_agent_that_fails_degrades_the_whole_and_says_since_when(site: Site) -> None:
    before = (await parts(site))["diagnosis"]["since"]
    await site.record("INC-1", opened(), ended(Phase.DIAGNOSE, PhaseState.FAILED))

    part = (await parts(site))["diagnosis"]
    overall = await site.get("/dashboard/health")

    assert part["state"] == "down"
    assert part["since"] > before
    assert (await parts(site))["diagnosis"]["since"] == part["since"]
    assert overall["state"] == "degraded"
    assert "diagnosis: 0 of 1 phase came to a result" in overall["says"]


async def test_a_source_is_asked_itself_and_not_more_than_every_five_seconds(tmp_path: Path) -> None:
    source = Telemetry()
    async with open_site(tmp_path, sources=[source]) as site:
        assert (await parts(site))["scrape"]["says"] == "7 of 7 targets answer"
        source.answers = False
        assert (await parts(site))["scrape"]["state"] == "ok"
        assert source.asked == 1

        site.clock.ahead += timedelta(seconds=6)
        assert (await parts(site))["scrape"]["state"] == "down"
        assert source.asked == 2


async def test_a_target_of_a_source_that_failed_is_a_component_until_it_answers(site: Site) -> None:
    await site.tell("system", ev.SourceFailed(source="scrape/cart", reason="timed_out", detail="no answer within 2 s"))
    assert (await parts(site))["scrape/cart"]["says"] == "no answer within 2 s"

    await site.tell("system", ev.SourceRecovered(source="scrape/cart", after_s=9))
    assert (await parts(site))["scrape/cart"]["state"] == "ok"


@pytest.mark.parametrize(("waiting", "state"), [(0, "ok"), (60, "degraded"), (100, "down")])
async def test_a_queue_is_as_well_as_it_is_empty(tmp_path: Path, waiting: int, state: str) -> None:
    async with open_site(tmp_path, probes=[queue_probe(lambda: waiting, bound=100)]) as site:
        part = (await parts(site))["event log queue"]

    assert part["state"] == state
    assert part["measured"] == {"waiting": waiting, "bound": 100}


class StillLine:
    """A socket that takes everything and hears nothing."""

    blocked, held_bytes = False, 0

    def push(self, frame: Frame) -> bool:
        return True

    def rouse(self) -> None:
        return


async def test_live_connections_and_responses_are_measured(tmp_path: Path) -> None:
    hub = Hub(epoch="e", server="0.1.0")
    hub.connect(StillLine())
    probes = [sockets_probe(hub), workflow_probe(running=lambda: 3, waiting=lambda: 9, at_once=4)]
    async with open_site(tmp_path, probes=probes) as site:
        found = await parts(site)

    assert found["live connections"]["measured"]["connections"] == 1
    assert found["live connections"]["state"] == "ok"
    assert found["responses"]["state"] == "degraded"
    assert found["responses"]["says"] == "3 under way, 9 waiting for their turn, 4 at a time"


async def test_metrics_are_what_happened_and_hold_no_ids(site: Site) -> None:
    await site.record("INC-4711", *whole_response("INC-4711"))
    await site.tell(ev.INTAKE_STREAM, batch(grouped=3, duplicate=2))

    response = await site.client.get("/metrics")
    values = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert values["quell_incidents", (("severity", "SEV1"), ("state", "resolved"))] == 1
    assert values["quell_incidents", (("severity", "SEV1"), ("state", "investigating"))] == 0
    assert values["quell_intake_alerts_total", (("source", "alertmanager"), ("stage", "duplicate"))] == 2
    phases = (("agent", "diagnosis"), ("outcome", "completed"), ("phase", "diagnose"))
    assert values["quell_phases_total", phases] == 1
    assert values["quell_phase_seconds_bucket", (("le", "2.5"), ("phase", "detect"))] == 1
    assert values["quell_phase_seconds_bucket", (("le", "1.0"), ("phase", "detect"))] == 0
    assert values["quell_phase_seconds_count", (("phase", "detect"),)] == 1
    assert values["quell_eventlog_events_total", ()] == site.log.head
    assert values["quell_agent_state", (("agent", "prediction"), ("state", "unknown"))] == 1
    assert "INC-" not in response.text
