"""Two webhooks of which one mends the service at fault and one hits a healthy one; a fix that a person takes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from quell.settings import Actions, Policy, Rule, Settings, Webhook
from tests.actions.control_api import TOKEN
from tests.scenarios.running import story
from tests.scenarios.small_shop import BAD, GOOD, Caller, Seen, SmallShop


class ShopOfWebhooks(SmallShop):
    """The small shop without a supervisor: a webhook for payment, and one for catalog that comes first by name."""

    def __init__(self, folder: Path, *, mends_payment: bool) -> None:
        super().__init__(folder)
        self.mends_payment = mends_payment

    def _settings(self) -> Settings:
        base = f"{self.control.base_url}/services"
        wanted = {"a_catalog": f"{base}/catalog/restart", "b_payment": f"{base}/payment/roll_back"}
        webhooks = {
            name: Webhook(url=url, services=(name.partition("_")[2],), causes=("bad_release",), token=TOKEN)  # type: ignore[arg-type]
            for name, url in wanted.items()
            if self.mends_payment or name == "a_catalog"
        }
        allowed = (urlsplit(self.control.base_url).netloc,)
        given = super()._settings()
        return given.model_copy(
            update={
                "policy": Policy(rules=(Rule(autonomy="approve"),)),
                "actions": Actions(webhooks=webhooks, allowed_hosts=allowed),
            }
        )


async def wants(caller: Caller, what: str, *, within_s: float = 60) -> Seen:
    """Wait until the first incident wants a person for something; return all that is known of it."""
    async with asyncio.timeout(within_s):
        while True:
            incidents = (await caller.get("/api/v1/incidents"))["items"]
            if incidents and incidents[0]["wants"] == what:
                detail: Seen = await caller.get(f"/api/v1/incidents/{incidents[0]['id']}")
                return detail
            await asyncio.sleep(0.05)


async def test_after_approval_the_webhook_of_the_service_at_fault_is_called_and_no_other(tmp_path: Path) -> None:
    shop = ShopOfWebhooks(tmp_path, mends_payment=True)
    async with shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails()
        asked = await wants(caller, "approve")
        plan = asked["plan"]
        await caller.http.post("/api/v1/incidents/INC-1/approve", json={"plan_id": plan["id"]})
        detail = await caller.ended(within_s=60)

    assert (plan["action"], plan["target"]) == ("b_payment", "payment"), story(asked)
    assert plan["calls"] == [f"POST {shop.control.base_url}/services/payment/roll_back"]
    assert shop.control.changed == ["payment roll_back"], story(detail)
    assert shop.control.bodies == [{"service": "payment"}]
    assert shop.control.services["payment"]["version"] == GOOD


async def test_with_a_webhook_for_another_service_only_nothing_is_offered_and_nothing_called(tmp_path: Path) -> None:
    shop = ShopOfWebhooks(tmp_path, mends_payment=False)
    async with shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails()
        detail = await caller.ended(within_s=60)

    assert detail["plan"] is None
    assert detail["summary"]["wants"] == "take_over"
    assert detail["escalation"]["reason"].startswith("no action that Quell has mends this"), story(detail)
    assert shop.control.changed == []


@pytest.fixture
def small_shop(tmp_path: Path) -> SmallShop:
    return SmallShop(tmp_path)


async def taken_back(caller: Caller, *, within_s: float = 20) -> Seen:
    """Wait until a request to take the first change back has ended; return the incident."""
    async with asyncio.timeout(within_s):
        while True:
            detail: Seen = await caller.get("/api/v1/incidents/INC-1")
            kinds = {entry["type"] for entry in detail["timeline"]}
            if kinds & {"ActionUndone", "TakeBackFailed"}:
                return detail
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("moved_on", [False, True])
async def test_a_fix_that_resolved_an_incident_is_taken_back_while_it_still_applies(
    small_shop: SmallShop, moved_on: bool
) -> None:
    async with small_shop.open() as quell:
        caller = Caller(quell)
        await caller.payment_fails()
        detail = await caller.ended(within_s=60)
        assert detail["summary"]["outcome"] == "resolved", story(detail)
        if moved_on:
            small_shop.control.services["payment"]["version"] = "1.6.0"
        body = {"plan_id": detail["actions"][0]["plan_id"], "reason": "1.5.0 has a fix that we need"}
        answer = await caller.http.post("/api/v1/incidents/INC-1/take_back", json=body)
        detail = await taken_back(caller)

    assert answer.status_code == 200, answer.text
    assert detail["summary"]["state"] == "resolved"
    (run,) = detail["actions"]
    if moved_on:
        assert small_shop.control.changed == ["payment roll_back"]
        assert (run["state"], run["can_take_back"]) == ("done", True)
        assert "somebody has changed payment since: it runs release 1.6.0" in run["take_back_says"]
    else:
        assert small_shop.control.changed == ["payment roll_back", "payment deploy"]
        assert small_shop.control.services["payment"]["version"] == BAD
        assert (run["state"], run["can_take_back"]) == ("undone", False)
        assert "was taken back for operator" in detail["timeline"][-1]["title"]
