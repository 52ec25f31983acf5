"""What each change of a process refuses, names and takes back."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.action import Target
from quell.actions.process import (
    FlagSwitch,
    FlushCache,
    Impossible,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    Service,
    SupervisorClient,
    SwitchFlag,
)
from quell.actions.process.supervisor import SERVICE_NAME
from quell.errors import ActionFailed, BadAnswer
from tests.actions.control_api import TOKEN, ControlApi, Trouble

SWITCHES = [FlagSwitch(flag="provider", values=("a", "b"), dependency="bank")]
PAYMENT = Target(service="payment")
BACK = Target(service="payment", params={"to": "1.4.1"})
"""For a roll-back, which goes nowhere that is not named."""
CATALOG = Target(service="catalog")


@pytest.mark.parametrize("name", ["search", "", "..", "../drills", "payment/restart?x=", "payment ", "PAYMENT", "a\nb"])
async def test_a_service_that_the_supervisor_does_not_run_is_never_asked_for(
    name: str, api: ControlApi, supervisor: SupervisorClient
) -> None:
    action = Restart(supervisor)

    dry = await action.dry_run(Target(service=name))
    with pytest.raises(ActionFailed, match="no service named"):
        await action.run(Target(service=name), key="k")

    assert not dry.possible
    assert set(api.asked) == {("GET", "/services")}


async def test_a_listed_name_that_would_leave_its_path_is_refused(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    api.services["../drills"] = api.services["payment"]

    with pytest.raises(ActionFailed, match="no name of a service"):
        await Restart(supervisor).run(Target(service="../drills"), key="k")

    assert not api.keys


@given(st.text())
def test_a_name_that_may_stand_in_a_path_never_leaves_it(name: str) -> None:
    if SERVICE_NAME.fullmatch(name):
        url = httpx.URL(f"http://host/services/{name}/restart")

        assert url.raw_path == f"/services/{name}/restart".encode()
        assert name not in {".", ".."}


async def test_a_roll_back_to_no_named_release_is_impossible(supervisor: SupervisorClient) -> None:
    # Payment ran a release before this one, which may be as bad: it is not taken for want of another.
    dry = await RollBack(supervisor).dry_run(PAYMENT)

    assert not dry.possible
    assert dry.reason == "no release is named to go back to from 1.5.0 of payment"


async def test_a_roll_back_of_configuration_without_an_earlier_revision_is_impossible(
    supervisor: SupervisorClient,
) -> None:
    dry = await RollBackConfig(supervisor).dry_run(CATALOG)

    assert not dry.possible
    assert "no revision of its configuration before" in dry.reason


async def test_a_roll_back_to_a_revision_that_differs_in_nothing_is_impossible(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    api.services["payment"]["previous_config"] = dict(api.services["payment"]["config"])

    dry = await RollBackConfig(supervisor).dry_run(PAYMENT)

    assert not dry.possible


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (CATALOG, "no flag that chooses another party"),
        (Target(service="payment", params={"dependency": "inventory"}), "for 'inventory'"),
        (Target(service="payment", params={"dependency": "bankrupt"}), "for 'bankrupt'"),
        (Target(service="payment", params={"name": "colour", "value": "b"}), "no flag 'colour'"),
        (Target(service="payment", params={"name": "provider", "value": "c"}), "may be one of a, b"),
        (Target(service="payment", params={"name": "provider", "value": "a"}), "no other value"),
    ],
)
async def test_a_flag_that_cannot_be_switched_is_said(
    target: Target, reason: str, supervisor: SupervisorClient
) -> None:
    dry = await SwitchFlag(supervisor, switches=SWITCHES).dry_run(target)

    assert not dry.possible
    assert reason in dry.reason


@pytest.mark.parametrize("said", ["bank", "Bank", "bank-a", "the calls to bank are slow", "payment → bank"])
async def test_the_flag_of_a_dependency_is_found_by_what_telemetry_calls_it(
    said: str, supervisor: SupervisorClient
) -> None:
    dry = await SwitchFlag(supervisor, switches=SWITCHES).dry_run(
        Target(service="payment", params={"dependency": said})
    )

    assert dry.possible, dry.reason
    assert dry.params["value"] == "b"


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"size": "0"}, "1 to 64"),
        ({"size": "65"}, "1 to 64"),
        ({"size": "many"}, "whole number"),
        ({"size": "8"}, "has 8 connections"),
    ],
)
async def test_a_pool_size_that_is_not_allowed_is_said(
    params: dict[str, str], reason: str, supervisor: SupervisorClient
) -> None:
    dry = await ScalePool(supervisor).dry_run(Target(service="payment", params=params))

    assert not dry.possible
    assert reason in dry.reason


@given(size=st.integers(1, 200), factor=st.floats(1.0, 10.0), cap=st.integers(1, 100))
def test_a_pool_is_never_scaled_past_its_cap_nor_to_the_size_it_has(size: int, factor: float, cap: int) -> None:
    never_asked = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
    action = ScalePool(SupervisorClient(never_asked, "http://none", "", 1.0), factor=factor, max_size=cap)
    now = Service(name="cart", version="1", state="up", pool_size=size)

    try:
        wanted = int(action.pin(now, {})["size"])
    except Impossible:
        return

    assert 1 <= wanted <= cap
    assert wanted != size


async def test_a_plan_is_refused_when_a_third_release_runs_by_now(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    action = RollBack(supervisor)
    plan = Target(service="payment", params=(await action.dry_run(BACK)).params)
    api.services["payment"]["version"] = "1.6.0"

    with pytest.raises(ActionFailed, match=r"somebody has changed payment since: it runs release 1\.6\.0"):
        await action.run(plan, key="k")

    assert not api.changed


@pytest.mark.parametrize("kind", [RollBack, RollBackConfig, ScalePool, SwitchFlag])
async def test_undo_does_not_overwrite_what_somebody_else_has_done_meanwhile(
    kind: type[RollBack] | type[RollBackConfig] | type[ScalePool] | type[SwitchFlag],
    api: ControlApi,
    supervisor: SupervisorClient,
) -> None:
    action = SwitchFlag(supervisor, switches=SWITCHES) if kind is SwitchFlag else kind(supervisor)
    done = await action.run(BACK if kind is RollBack else PAYMENT, key="k")
    api.services["payment"].update(
        version="1.6.0", pool_size=40, flags={"provider": "c"}, config={"bank_timeout_ms": 7, "merchant": "shop"}
    )
    by_hand = api.snapshot()

    with pytest.raises(ActionFailed, match="somebody has changed payment since"):
        await action.undo(PAYMENT, done.undo_params, key="k")

    assert api.snapshot() == by_hand


async def test_a_roll_back_that_failed_half_way_can_be_undone(api: ControlApi, supervisor: SupervisorClient) -> None:
    action = RollBack(supervisor)
    dry = await action.dry_run(BACK)
    api.trouble = Trouble.FAILED_HALF_WAY
    with pytest.raises(ActionFailed, match=r"payment is crashed, release 1\.4\.1"):
        await action.run(BACK, key="k")
    api.trouble = Trouble.NONE

    await action.undo(BACK, dry.undo_params, key="k")

    assert api.services["payment"]["version"] == "1.5.0"
    assert api.services["payment"]["state"] == "up"


async def test_a_conflict_with_a_change_that_is_in_place_is_no_failure(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    plan = Target(service="payment", params=(await RollBack(supervisor).dry_run(BACK)).params)
    await RollBack(supervisor).run(plan, key="first")

    done = await RollBack(supervisor).run(plan, key="second")

    assert "is in place" in done.output
    assert done.undo_params == {"from": "1.4.1", "to": "1.5.0"}


async def test_a_roll_back_of_configuration_does_not_go_two_steps_when_its_key_was_forgotten(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    plan = Target(service="payment", params=(await RollBackConfig(supervisor).dry_run(PAYMENT)).params)
    await RollBackConfig(supervisor).run(plan, key="first")

    done = await RollBackConfig(supervisor).run(plan, key="second")

    assert api.changed == ["payment roll_back_config"]
    assert "in place already" in done.output


async def test_an_undo_of_configuration_says_what_it_had_set_when_it_broke(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    api.services["payment"]["previous_config"] = {"bank_timeout_ms": 2000, "merchant": "shop", "region": "eu"}
    dry = await RollBackConfig(supervisor).dry_run(PAYMENT)
    api.services["payment"]["config"] = {"bank_timeout_ms": 2000, "merchant": "shop", "region": "eu"}

    with pytest.raises(ActionFailed, match="cannot unset a value; set before that: bank_timeout_ms = 1"):
        await RollBackConfig(supervisor).undo(PAYMENT, dry.undo_params, key="k")


async def test_undo_without_anything_kept_says_so(supervisor: SupervisorClient) -> None:
    with pytest.raises(ActionFailed, match="was not kept"):
        await RollBack(supervisor).undo(PAYMENT, {}, key="k")


async def test_a_dry_run_of_a_plan_that_is_in_place_already_is_not_possible(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    plan = Target(service="payment", params=(await RollBack(supervisor).dry_run(BACK)).params)
    await RollBack(supervisor).run(plan, key="k")

    dry = await RollBack(supervisor).dry_run(plan)

    assert not dry.possible
    assert "in place already" in dry.reason


async def test_a_replaced_process_is_felt_by_its_callers_and_a_flag_is_not(supervisor: SupervisorClient) -> None:
    callers = {"payment": ("checkout", "edge")}

    restart = Restart(supervisor, callers=lambda service: callers[service])
    flag = SwitchFlag(supervisor, switches=SWITCHES, callers=lambda service: callers[service])

    assert restart.blast_radius(PAYMENT) == ("payment", "checkout", "edge")
    assert flag.blast_radius(PAYMENT) == ("payment",)


async def test_a_flushed_cache_that_has_filled_up_again_counts_as_flushed(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    action = FlushCache(supervisor)
    plan = Target(service="catalog", params=(await action.dry_run(CATALOG)).params)
    assert not await action.verify(plan)
    await action.run(plan, key="k")

    api.services["catalog"]["cache_entries"] = 12

    assert await action.verify(plan)


async def test_a_crashed_service_whose_cache_is_not_known_can_be_flushed(
    api: ControlApi, supervisor: SupervisorClient
) -> None:
    api.services["catalog"].update(state="crashed", pid=None, cache_entries=None)

    dry = await FlushCache(supervisor).dry_run(CATALOG)

    assert dry.steps == ("catalog: cache of unknown → 0 entries",)


async def test_a_service_without_a_cache_cannot_be_flushed(supervisor: SupervisorClient) -> None:
    dry = await FlushCache(supervisor).dry_run(PAYMENT)

    assert dry.reason == "payment has no cache"


async def test_a_wrong_token_is_said_without_the_token(api: ControlApi, client: httpx.AsyncClient) -> None:
    action = Restart(SupervisorClient(client, api.base_url, "not-the-token", 10.0))

    with pytest.raises(BadAnswer, match="answered 401, who are you") as caught:
        await action.dry_run(PAYMENT)

    assert "not-the-token" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"items": 3}',
        b'{"items": [{"name": "payment"}]}',
        b'{"items": [{"name": "payment", "version": 3, "state": "up"}]}',
        b'{"items": [{"name": "pay\xff"}]}',
    ],
)
async def test_a_listing_that_is_none_is_a_bad_answer(
    body: bytes, api: ControlApi, supervisor: SupervisorClient
) -> None:
    api.reads = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

    with pytest.raises(BadAnswer, match="cannot be read"):
        await Restart(supervisor).dry_run(PAYMENT)


async def test_a_listing_over_the_limit_is_a_bad_answer(api: ControlApi, client: httpx.AsyncClient) -> None:
    narrow = SupervisorClient(client, api.base_url, TOKEN, 10.0, max_bytes=100)

    with pytest.raises(BadAnswer, match="longer than the limit of 100 bytes"):
        await Restart(narrow).dry_run(PAYMENT)
