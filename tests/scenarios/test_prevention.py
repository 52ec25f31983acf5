"""A limit that was going to be reached, and was not: seen before any alert, acted upon, counted once."""

from __future__ import annotations

import pytest

from tests.scenarios.running import RunningQuell, Seen, story, until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


def cases(quell: RunningQuell) -> Seen:
    found: Seen = quell.get("/api/v1/preventions")
    return found


def test_a_filling_disk_is_emptied_before_its_alert_and_counted_once(shop: RunningQuell) -> None:
    before = cases(shop)["drills"]["prevented"]
    shop.breaks("disk_fill", "payment")

    row = until(
        lambda: next((one for one in cases(shop)["items"] if one["state"] == "open"), None),
        "the watch expects the disk to be full",
        within_s=60,
    )
    incident = row["incident_id"]
    assert (row["service"], row["series"], row["drill"]) == ("payment", "disk_use", True)
    assert row["forecast"]["low_s"] <= row["forecast"]["in_s"] <= row["forecast"]["high_s"]

    ended = shop.wait_for(incident, lambda one: one["summary"]["outcome"], "the response has ended", within_s=90)
    causes = [one["cause"] for one in ended["diagnosis"]["hypotheses"]]
    assert causes[:1] == ["disk_full"], story(ended)
    assert [action["action"] for action in ended["actions"]] == ["clear_disk"], story(ended)

    def settled() -> Seen | None:
        return next((one for one in cases(shop)["items"] if one["incident_id"] == incident and one["settled_at"]), None)

    came = until(settled, "the case is settled", within_s=30)
    assert came["state"] == "prevented", came
    assert came["acted_at"] < came["settled_at"]
    sources = {alert["source"] for alert in shop.get("/api/v1/alerts", incident=incident)["items"]}
    assert sources == {"quell-watch"}

    shop.kill()
    shop.start()
    assert cases(shop)["drills"]["prevented"] == before + 1
    settlements = [one for one in shop.events(incident) if one["type"] == "PreventionSettled"]
    assert len(settlements) == 1
