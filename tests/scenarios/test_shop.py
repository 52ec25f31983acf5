"""Real faults in a real shop, without a browser: a person says no, and nothing that crosses over names a fault."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.running import RunningQuell, Seen

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

WORDS = r"overlay|inject|\bfaults?\b|chaos|harmless|decoy|victim|sabotage|poison"
"""What only the lab says. Quell's own words for causes are left out where Quell speaks."""


def test_a_plan_that_a_person_rejects_is_not_carried_out(shop: RunningQuell) -> None:
    before = len(shop.changes())
    shop.breaks("slow_dependency", "payment")
    incident = shop.wait_for_incident()
    asked = shop.wait_for(incident, lambda detail: detail["summary"]["wants"] == "approve", "a person is asked")

    path, plan = f"/api/v1/incidents/{incident}/reject", asked["plan"]["id"]
    stale = shop.post(path, {"plan_id": "0" * 8, "reason": "not this one"})
    assert stale.status_code == 409
    shop.post(path, {"plan_id": plan, "reason": "the other bank is closed", "by": "person:ada"}).raise_for_status()
    detail = shop.wait_for(incident, lambda detail: detail["summary"]["outcome"], "the response has ended")

    assert (detail["summary"]["outcome"], detail["summary"]["wants"]) == ("escalated", "take_over")
    assert "rejected by person:operator (says: ada)" in detail["escalation"]["reason"]
    assert len(shop.changes()) == before
    assert detail["actions"] == []
    assert shop.post(f"/api/v1/incidents/{incident}/approve", {"plan_id": plan}).status_code == 409


def told_by_the_shop(event: Seen) -> list[Any]:
    """Return what an event holds that came from outside: alerts, log lines, changes, series and queries."""
    data = event["data"]
    pieces = (data.get("finding") or {}).get("evidence", [])
    outside = [[piece[part] for part in ("query", "patterns", "changes", "series", "edges")] for piece in pieces]
    return [data.get("alert"), data.get("alerts"), data.get("body"), data.get("detail"), data.get("output"), outside]


def test_nothing_that_crosses_from_the_shop_names_a_fault_or_a_drill(shop: RunningQuell) -> None:
    if not shop.metrics_while_broken:
        shop.breaks("bad_release", "inventory")
        shop.wait_for(shop.wait_for_incident(), lambda detail: detail["summary"]["outcome"], "its end", within_s=60)
    names = [fault["fault"].replace("_", "[ _-]?") for fault in shop.faults()]
    forbidden = re.compile("|".join([*names, WORDS]), re.IGNORECASE)
    exported = shop.exported()
    log_files = sorted(Path(shop.lab["logs"][0]).parent.iterdir())
    ids = [event["stream"].removeprefix("incident/") for event in exported if event["type"] == "IncidentOpened"]
    crossing = {
        "alerts and evidence": json.dumps([told_by_the_shop(event) for event in exported]),
        "alerts over REST": json.dumps(shop.get("/api/v1/alerts", limit=200)["items"]),
        "metrics": "\n".join(shop.metrics_while_broken),
        "changes": Path(shop.lab["changes"]).read_text(),
        "lab.json": json.dumps(shop.lab).replace("drill_token", ""),
        **{path.name: path.read_text() for path in log_files},
    }

    found = {where: forbidden.findall(text) for where, text in crossing.items()}
    assert {where: hits for where, hits in found.items() if hits} == {}
    everything = json.dumps([exported, [shop.events(one) for one in ids]])
    secrets = [shop.lab["drill_token"], shop.lab["action_token"], *(drill["id"] for drill in shop.drills())]
    assert [secret for secret in secrets if secret in everything] == []
    assert re.findall(WORDS, everything, re.IGNORECASE) == []
    assert ids
    assert "http_requests_total" in crossing["metrics"]
