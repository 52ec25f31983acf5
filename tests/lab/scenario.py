"""One fault from injection over its alert and its mending to its undoing, with everything that crossed to Quell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.lab.running import RunningLab, running_lab, until

FIRST_ALERT_S = 45.0
RESOLVED_S = 45.0
MENDED_S = 5.0
VOLATILE = ("pid", "restarts", "cache_entries")
RIGHT_ACTION: dict[str, tuple[str, dict[str, Any]]] = {
    "bad_release": ("roll_back", {}),
    "slow_dependency": ("flag", {"name": "provider", "value": "b"}),
    "pool_leak": ("restart", {}),
    "memory_leak": ("restart", {}),
    "crash_loop": ("flush_cache", {}),
    "bad_config": ("roll_back_config", {}),
}
BRINGS: dict[str, tuple[str, ...]] = {
    "bad_release": ("HighErrorRate",),
    "slow_dependency": ("HighLatency",),
    "pool_leak": ("PoolSaturated", "HighErrorRate"),
    "memory_leak": ("MemoryNearLimit",),
    "crash_loop": ("ServiceRestarting", "ServiceDown"),
    "bad_config": ("HighErrorRate",),
}


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


async def settled(lab: RunningLab) -> dict[str, Any]:
    """The services, all up, without what changes by itself."""

    async def look() -> dict[str, Any] | None:
        found = await lab.services()
        return found if all(item["state"] == "up" for item in found.values()) else None

    found = await until(look, "every service up", within_s=15)
    return {name: {k: v for k, v in item.items() if k not in VOLATILE} for name, item in found.items()}


async def play(fault: str, folder: Path) -> Record:
    """Run one fault in a lab of its own."""
    async with running_lab(folder, "--seed", "7") as lab:
        await until(lambda: _served(lab, 40), "healthy traffic", within_s=15)
        before, metrics = await settled(lab), [await lab.metrics()]
        drill = (await lab.drill("POST", "/drills", {"fault": fault})).raise_for_status().json()
        first_at = await until(
            lambda: _told(lab, fault, drill["service"]), f"an alert of {fault}", within_s=FIRST_ALERT_S
        )
        metrics.append(await lab.metrics())
        broken = await lab.services()
        injected = (await lab.drill("GET", "/drills")).json()["items"][-1]
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
    plays = asyncio.gather(*(play(fault, folder()) for fault in faults), return_exceptions=True)
    deploys = (play_deploy(wanted, folder()) for wanted in (HARMLESS, OVERLAY))
    deployed = await asyncio.gather(*deploys, return_exceptions=True)
    return dict(zip(faults, await plays, strict=True)), dict(zip(("harmless", "overlay"), deployed, strict=True))
