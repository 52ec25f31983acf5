"""One fault from injection over its alert and its mending to its undoing, with everything that crossed to Quell."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from quell.evidence.scrape import ScrapeSource, ScrapeTarget
from quell.evidence.source import Scope
from quell.incident.events import Window
from quell_lab.roster import SERVICES
from tests.lab.running import RunningLab, lasting, running_lab, until

FIRST_ALERT_S = 60.0
RESOLVED_S = 45.0
MENDED_S = 5.0
RIGHT_ACTION: dict[str, tuple[str, dict[str, Any]]] = {
    "bad_release": ("roll_back", {}),
    "slow_dependency": ("flag", {"name": "provider", "value": "b"}),
    "pool_leak": ("restart", {}),
    "memory_leak": ("restart", {}),
    "crash_loop": ("flush_cache", {}),
    "bad_config": ("roll_back_config", {}),
    "cpu_burn": ("restart", {}),
    "lock_contention": ("restart", {}),
    "cache_stampede": ("flush_cache", {}),
    "disk_fill": ("clear_disk", {}),
    "noisy_neighbour": ("stop_neighbour", {}),
    "retry_storm": ("flag", {"name": "retries", "value": "off"}),
}
BRINGS: dict[str, tuple[str, ...]] = {
    "bad_release": ("HighErrorRate",),
    "slow_dependency": ("HighLatency",),
    "pool_leak": ("PoolSaturated", "HighErrorRate"),
    "memory_leak": ("MemoryNearLimit",),
    "crash_loop": ("ServiceRestarting", "ServiceDown"),
    "bad_config": ("HighErrorRate",),
    "cpu_burn": ("CPUHigh", "HighLatency"),
    "lock_contention": ("HighLatency",),
    "cache_stampede": ("HighErrorRate", "HighLatency"),
    "disk_fill": ("DiskNearlyFull",),
    "noisy_neighbour": ("CPUThrottlingHigh",),
    "retry_storm": ("HighErrorRate",),
}
LINGER_S = {"retry_storm": 4.0}
"""How much longer than to its first alert a fault is left alone: a storm comes after what set it off."""
AT_ONCE = 3
"""Labs that run side by side: more of them would not leave each other enough time to keep to its own."""


T = TypeVar("T")


@dataclass(kw_only=True)
class Record:
    """What was seen of one fault."""

    fault: str
    truth: dict[str, Any]
    service: str
    before: dict[str, Any]
    first_alert_s: float
    alerts: set[tuple[str, str]]
    broken: dict[str, Any]
    """The services while it was broken."""
    answer: dict[str, Any]
    """What the action answered."""
    mended: dict[str, Any]
    """The drill after it."""
    after: dict[str, Any]
    after_unmended: dict[str, Any]
    """The services after a second run that nobody mended."""
    ended: list[dict[str, Any]]
    crossing: dict[str, str] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    healthy: dict[str, list[float]] = field(default_factory=dict)
    """What Quell derived from the metrics of the service before the fault, by series."""
    series: dict[str, list[float]] = field(default_factory=dict)
    """The same until it was mended."""


@asynccontextmanager
async def watching(lab: RunningLab) -> AsyncIterator[ScrapeSource]:
    """Scrape a lab as Quell does."""
    targets = [ScrapeTarget(service=one["service"], url=one["url"]) for one in lab.told["targets"]]
    source = ScrapeSource(targets, lab.http, clock=time.time, timeout_s=2.0)
    task = asyncio.create_task(source.run())
    try:
        yield source
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _seen(source: ScrapeSource) -> dict[str, dict[str, list[float]]] | None:
    """What every service looks like, once there are enough readings of it."""
    found = {service: await derived(source, service) for service in SERVICES}
    return found if all(len(one.get("cpu_use", ())) >= 5 for one in found.values()) else None


async def derived(source: ScrapeSource, service: str) -> dict[str, list[float]]:
    """The values of every series of a service, by name; series by peer are joined."""
    now = datetime.now(UTC)
    collected = await source.collect(Scope(services=(service,)), Window(start=now - timedelta(minutes=10), end=now))
    found: dict[str, list[float]] = {}
    for one in collected.series:
        found.setdefault(one.name, []).extend(value for value in one.values if value is not None)
    return found


async def settled(lab: RunningLab) -> dict[str, Any]:
    """The services, all up, without what changes by itself."""

    async def look() -> dict[str, Any] | None:
        found = await lab.services()
        return found if all(item["state"] == "up" for item in found.values()) else None

    found = await until(look, "every service up", within_s=15)
    return {name: lasting(item) for name, item in found.items()}


async def play(fault: str, folder: Path) -> Record:
    """Run one fault in a lab of its own."""
    async with running_lab(folder, "--seed", "7") as lab, watching(lab) as source:
        await until(lambda: _served(lab, 40), "healthy traffic", within_s=15)
        before, metrics = await settled(lab), [await lab.metrics()]
        healthy = await until(lambda: _seen(source), "what healthy looks like", within_s=60)
        drill = (await lab.drill("POST", "/drills", {"fault": fault})).raise_for_status().json()
        first_at = await until(
            lambda: _told(lab, fault, drill["service"]), f"an alert of {fault}", within_s=FIRST_ALERT_S
        )
        metrics.append(await lab.metrics())
        broken = await lab.services()
        injected = (await lab.drill("GET", "/drills")).json()["items"][-1]
        await asyncio.sleep(LINGER_S.get(fault, 0.0))
        series = await derived(source, injected["service"])
        path, data = RIGHT_ACTION[injected["inner"]]
        answer = await lab.act(f"/services/{drill['service']}/{path}", data)
        mended = await until(lambda: _mended(lab), f"{fault} mended", within_s=MENDED_S)
        metrics.append(await lab.metrics())
        await until(lambda: "firing" not in lab.capture.firing().values(), "alerts resolved", within_s=RESOLVED_S)
        ended = [(await lab.drill("DELETE", f"/drills/{drill['id']}")).json()]
        after = await settled(lab)
        ended.append(await _not_mended(lab, drill))
        return Record(
            fault=fault,
            truth=injected,
            service=drill["service"],
            before=before,
            first_alert_s=first_at - _seconds(injected["injected_at"]),
            alerts=set(lab.capture.firing()),
            broken=broken,
            answer={"status": answer.status_code, **answer.json()},
            mended=mended,
            after=after,
            after_unmended=await settled(lab),
            ended=ended,
            crossing=crossing(lab, [*metrics, await lab.metrics()]),
            tokens=(lab.told["action_token"], lab.told["drill_token"]),
            healthy=healthy[injected["service"]],
            series=series,
        )


def _told(lab: RunningLab, fault: str, service: str) -> float | None:
    """When the first alert came that such a fault brings: of the service itself, or of failures at its callers."""
    for at, body in lab.capture.bodies:
        for alert in body["alerts"]:
            labels = alert["labels"]
            own = labels["service"] == service or labels["alertname"] == "HighErrorRate"
            if own and labels["alertname"] in BRINGS[fault]:
                return at
    return None


async def _not_mended(lab: RunningLab, drill: dict[str, Any]) -> dict[str, Any]:
    """Run the same fault again, and end it as soon as it is in place."""
    again = {"fault": drill["fault"], "service": drill["service"]}
    second = (await lab.drill("POST", "/drills", again)).raise_for_status().json()
    await until(lambda: _state(lab, "running"), "the second run in place", within_s=10)
    ended: dict[str, Any] = (await lab.drill("DELETE", f"/drills/{second['id']}")).json()
    return ended


async def _served(lab: RunningLab, count: float, service: str = "edge") -> bool:
    return await lab.metric(service, "http_requests_total") >= count


async def _state(lab: RunningLab, state: str) -> bool:
    return bool((await lab.drill("GET", "/drills")).json()["items"][-1]["state"] == state)


async def _mended(lab: RunningLab) -> dict[str, Any] | None:
    drill: dict[str, Any] = (await lab.drill("GET", "/drills")).json()["items"][-1]
    return drill if drill["mended_at"] else None


def crossing(lab: RunningLab, metrics: list[str]) -> dict[str, str]:
    """Everything that Quell could read."""
    logs = sorted((lab.data / "logs").iterdir())
    return {
        "alerts": "\n".join(json.dumps(body) for _, body in lab.capture.bodies),
        "alert headers": json.dumps(lab.capture.headers),
        "metrics": "\n".join(metrics),
        "changes.jsonl": (lab.data / "changes.jsonl").read_text(),
        # The names of its keys are agreed upon; what is in them must say nothing.
        "lab.json": (lab.data / "lab.json").read_text().replace('"drill_token"', ""),
        **{path.name: path.read_text() for path in logs},
    }


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


@dataclass(kw_only=True)
class Deployed:
    """What was seen of a drill with a harmless deploy in it."""

    before: dict[str, Any]
    drill: dict[str, Any]
    second_status: int
    changes: list[dict[str, Any]]
    alerts: set[tuple[str, str]]
    ended: dict[str, Any]
    after: dict[str, Any]
    crossing: dict[str, str]


async def play_deploy(wanted: dict[str, str], folder: Path) -> Deployed:
    """Run a harmless deploy, or a fault after one, until it shows (or 12 requests went through the new release)."""
    async with running_lab(folder, "--seed", "3") as lab:
        before = await settled(lab)
        drill = (await lab.drill("POST", "/drills", wanted)).raise_for_status().json()
        second = await lab.drill("POST", "/drills", wanted)
        await until(lambda: _state(lab, "running"), "the drill in place", within_s=20)
        if wanted["fault"] == "overlay":
            await until(lambda: ("HighErrorRate", "checkout") in lab.capture.firing(), "an alert", within_s=30)
        else:
            seen = await lab.metric(drill["service"], "http_requests_total")
            await until(lambda: _served(lab, seen + 12, drill["service"]), "requests", within_s=15)
        changes = [json.loads(line) for line in (lab.data / "changes.jsonl").read_text().splitlines()]
        ended = (await lab.drill("DELETE", f"/drills/{drill['id']}")).json()
        return Deployed(
            before=before,
            drill=drill,
            second_status=second.status_code,
            changes=changes,
            alerts=set(lab.capture.firing()),
            ended=ended,
            after=await settled(lab),
            crossing=crossing(lab, [await lab.metrics()]),
        )


HARMLESS = {"fault": "harmless_deploy", "service": "payment"}
OVERLAY = {"fault": "overlay", "of": "bad_config", "service": "checkout"}


async def play_all(
    faults: Sequence[str], folder: Callable[[], Path]
) -> tuple[dict[str, Record | BaseException], dict[str, Deployed | BaseException]]:
    """Run several faults and two deploys side by side, each in its own lab; what goes wrong is returned."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(playing: Coroutine[Any, Any, T]) -> T:
        async with room:
            return await playing

    deploys = (one(play_deploy(wanted, folder())) for wanted in (HARMLESS, OVERLAY))
    deployed = asyncio.gather(*deploys, return_exceptions=True)
    plays = asyncio.gather(*(one(play(fault, folder())) for fault in faults), return_exceptions=True)
    return dict(zip(faults, await plays, strict=True)), dict(zip(("harmless", "overlay"), await deployed, strict=True))
