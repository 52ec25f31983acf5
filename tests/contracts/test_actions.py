"""One suite over every adapter that changes something, against a real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from quell.actions.action import Action, Target
from quell.actions.hosts import AllowedHosts
from quell.actions.http import HttpAction, HttpActionSpec, HttpCall
from quell.actions.process import (
    ClearDisk,
    FlagSwitch,
    FlushCache,
    Restart,
    RollBack,
    RollBackConfig,
    ScalePool,
    StopNeighbour,
    SupervisorClient,
    SwitchFlag,
)
from quell.errors import ActionFailed, BadAnswer, QuellError, RateLimited, TimedOut, Unreachable
from tests.actions.control_api import TOKEN, ControlApi, Trouble

SHORT_S = 0.35
"""Time for an answer where a test waits for one that never comes."""
MAX_BYTES = 20_000

State = dict[str, dict[str, Any]]


def supervisor(api: ControlApi, client: httpx.AsyncClient, timeout_s: float) -> SupervisorClient:
    return SupervisorClient(
        client, api.base_url, TOKEN, timeout_s, settle_s=timeout_s / 2, poll_s=0.02, max_bytes=MAX_BYTES
    )


def webhook(api: ControlApi, client: httpx.AsyncClient, timeout_s: float) -> HttpAction:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def call(method: str, path: str, body: dict[str, object] | None = None) -> HttpCall:
        return HttpCall(method=method, url=api.base_url + path, headers=headers, body=body, timeout_s=timeout_s)

    spec = HttpActionSpec(
        name="change_bank",
        services=("payment",),
        run=call("POST", "/services/payment/flag", {"name": "provider", "value": "{bank}"}),
        dry_run=call("POST", "/dry/payment", {"value": "{bank}"}),
        verify=call("GET", "/is/payment/provider/b"),
        undo=call("POST", "/services/payment/flag", {"name": "provider", "value": "a"}),
        undo_is="The other bank is taken again.",
        expected="payments go through",
        risk="fees",
        params=("bank",),
        max_bytes=MAX_BYTES,
        settle_s=timeout_s / 2,
    )
    return HttpAction(spec, client, AllowedHosts([httpx.URL(api.base_url).netloc.decode()]), poll_s=0.02)


Build = Callable[[ControlApi, httpx.AsyncClient, float], Action]


def on_supervisor(kind: Callable[[SupervisorClient], Action]) -> Build:
    return lambda api, client, timeout_s: kind(supervisor(api, client, timeout_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    build: Build
    target: Target
    value: Callable[[State], Any]
    """What of the state the action changes."""
    before: str
    """How a dry run's step writes the value before."""


SWITCHES = [FlagSwitch(flag="provider", values=("a", "b"), dependency="bank")]
PAYMENT = Target(service="payment")

CASES = [
    Case(
        name="restart",
        build=on_supervisor(Restart),
        target=PAYMENT,
        value=lambda s: s["payment"]["pid"],
        before="4001 →",
    ),
    Case(
        name="roll_back",
        build=on_supervisor(RollBack),
        target=Target(service="payment", params={"to": "1.4.1"}),
        value=lambda s: s["payment"]["version"],
        before="1.5.0 → 1.4.1",
    ),
    Case(
        name="roll_back_config",
        build=on_supervisor(RollBackConfig),
        target=PAYMENT,
        value=lambda s: s["payment"]["config"],
        before="bank_timeout_ms 1 → 2000",
    ),
    Case(
        name="scale_pool",
        build=on_supervisor(ScalePool),
        target=PAYMENT,
        value=lambda s: s["payment"]["pool_size"],
        before="8 → 16",
    ),
    Case(
        name="switch_flag",
        build=on_supervisor(lambda client: SwitchFlag(client, switches=SWITCHES)),
        target=Target(service="payment", params={"dependency": "bank"}),
        value=lambda s: s["payment"]["flags"],
        before="a → b",
    ),
    Case(
        name="flush_cache",
        build=on_supervisor(FlushCache),
        target=Target(service="catalog"),
        value=lambda s: s["catalog"]["cache_entries"],
        before="12 → 0",
    ),
    Case(
        name="clear_disk",
        build=on_supervisor(ClearDisk),
        target=PAYMENT,
        value=lambda s: s["payment"]["disk_used_bytes"],
        before="20 MB on its disk →",
    ),
    Case(
        name="stop_neighbour",
        build=on_supervisor(StopNeighbour),
        target=PAYMENT,
        value=lambda s: s["payment"]["neighbours"],
        before="sales-report on its host →",
    ),
    Case(
        name="webhook",
        build=webhook,
        target=Target(service="payment", params={"bank": "b"}),
        value=lambda s: s["payment"]["flags"],
        before="a -> b",
    ),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


@pytest.fixture
async def api() -> AsyncIterator[ControlApi]:
    async with ControlApi().serving() as serving:
        yield serving


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as shared:
        yield shared


@pytest.fixture
def action(case: Case, api: ControlApi, client: httpx.AsyncClient) -> Action:
    return case.build(api, client, 10.0)


@pytest.fixture
def hasty(case: Case, api: ControlApi, client: httpx.AsyncClient) -> Action:
    """The action with little patience."""
    return case.build(api, client, SHORT_S)


async def pinned(action: Action, target: Target) -> Target:
    """The target as a plan holds it."""
    return Target(service=target.service, params=(await action.dry_run(target)).params)


async def test_a_dry_run_changes_nothing_and_names_the_values_before_and_after(
    case: Case, api: ControlApi, action: Action
) -> None:
    before = api.snapshot()

    dry = await action.dry_run(case.target)

    assert dry.possible, dry.reason
    assert any(case.before in step for step in dry.steps), dry.steps
    assert api.snapshot() == before
    assert not api.changed


async def test_an_action_says_what_it_is_to_a_person(case: Case, action: Action) -> None:
    assert action.name
    assert action.expected
    assert action.risk
    assert action.undo_is
    assert action.blast_radius(case.target)[0] == case.target.service


async def test_a_run_is_in_place_afterwards_and_not_before(case: Case, api: ControlApi, action: Action) -> None:
    target = await pinned(action, case.target)
    before = case.value(api.snapshot())
    assert not await action.verify(target)

    done = await action.run(target, key="k1")

    assert done.output
    assert case.value(api.snapshot()) != before
    assert await action.verify(target)
    assert api.keys == ["k1"]


async def test_a_second_run_with_the_same_key_changes_nothing_more(case: Case, api: ControlApi, action: Action) -> None:
    first = await action.run(case.target, key="k1")
    after = api.snapshot()

    second = await action.run(case.target, key="k1")

    assert second.undo_params == first.undo_params
    assert api.snapshot() == after
    assert len(api.changed) == 1


async def test_a_process_that_was_killed_after_the_run_repeats_it_with_the_same_answer(
    case: Case, api: ControlApi, client: httpx.AsyncClient, action: Action
) -> None:
    target = await pinned(action, case.target)
    first = await action.run(target, key="k1")
    after = api.snapshot()

    second = await case.build(api, client, 10.0).run(target, key="k1")

    assert second.undo_params == first.undo_params
    assert api.snapshot() == after
    assert len(api.changed) == 1


async def test_undo_restores_what_was_or_says_that_it_cannot(case: Case, api: ControlApi, action: Action) -> None:
    target = await pinned(action, case.target)
    before = case.value(api.snapshot())
    done = await action.run(target, key="k1")

    if not action.reversible:
        with pytest.raises(ActionFailed, match="cannot be undone"):
            await action.undo(target, done.undo_params, key="k1")
        assert "cannot be" in action.undo_is
        return
    await action.undo(target, done.undo_params, key="k1")
    once = len(api.changed)
    await action.undo(target, done.undo_params, key="k1")

    assert case.value(api.snapshot()) == before
    assert not await action.verify(target)
    assert len(api.changed) == once


async def test_whether_it_can_be_taken_back_is_told_without_changing_anything(
    case: Case, api: ControlApi, action: Action
) -> None:
    target = await pinned(action, case.target)
    before = await action.undo_check(target, {})
    done = await action.run(target, key="k1")
    after, changed = api.snapshot(), list(api.changed)

    there = await action.undo_check(target, done.undo_params)

    assert not before.possible
    assert there.possible is action.reversible, there.reason
    assert (api.snapshot(), api.changed) == (after, changed)
    if action.reversible:
        await action.undo(target, done.undo_params, key="k1")
        gone = await action.undo_check(target, done.undo_params)
        assert (gone.possible, bool(gone.reason)) == (False, True)


async def test_the_first_call_is_the_one_that_makes_the_change(case: Case, api: ControlApi, action: Action) -> None:
    target = await pinned(action, case.target)
    calls = action.calls(target)

    await action.run(target, key="k1")

    made = [f"{method} {api.base_url}{path}" for method, path in api.asked if path.startswith("/services/")]
    assert made == [calls[0]]
    assert all(TOKEN not in call for call in calls)
    assert any("takes it back" in call for call in calls) is action.reversible


async def test_a_service_that_nobody_knows_is_refused(case: Case, api: ControlApi, action: Action) -> None:
    stranger = Target(service="nobody", params=(await pinned(action, case.target)).params)

    dry, back = await action.dry_run(stranger), await action.undo_check(stranger, {})
    with pytest.raises(ActionFailed):
        await action.run(stranger, key="k1")

    assert (dry.possible, back.possible) == (False, False)
    assert not api.changed


async def test_a_process_that_knows_only_the_plan_can_undo(
    case: Case, api: ControlApi, client: httpx.AsyncClient, action: Action
) -> None:
    if not action.reversible:
        assert not (await action.dry_run(case.target)).undo_params
        return
    target = await pinned(action, case.target)
    before = case.value(api.snapshot())
    await action.run(target, key="k1")

    await case.build(api, client, 10.0).undo(target, {}, key="k2")

    assert case.value(api.snapshot()) == before


async def test_a_run_that_fails_half_way_is_not_called_done(case: Case, api: ControlApi, action: Action) -> None:
    target = await pinned(action, case.target)
    api.trouble = Trouble.FAILED_HALF_WAY

    with pytest.raises(ActionFailed, match="not in place"):
        await action.run(target, key="k1")

    assert not await action.verify(target)


async def test_a_run_that_fails_before_it_began_leaves_all_as_it_was(
    case: Case, api: ControlApi, action: Action
) -> None:
    before = api.snapshot()
    api.trouble = Trouble.FAILED_BEFORE

    with pytest.raises(ActionFailed, match="500"):
        await action.run(case.target, key="k1")

    assert api.snapshot() == before


@pytest.mark.parametrize("trouble", [Trouble.MADE_NO_ANSWER, Trouble.MADE_LATE_NO_ANSWER], ids=lambda t: t.name)
async def test_a_run_whose_answer_never_comes_is_done_when_the_state_shows_it(
    case: Case, api: ControlApi, hasty: Action, trouble: Trouble
) -> None:
    api.trouble = trouble

    done = await hasty.run(case.target, key="k1")

    assert "is in place" in done.output
    assert len(api.changed) == 1


async def test_a_run_whose_answer_never_comes_has_failed_when_the_state_shows_nothing(
    case: Case, api: ControlApi, hasty: Action
) -> None:
    api.trouble = Trouble.NOT_MADE_NO_ANSWER
    begun = time.monotonic()

    with pytest.raises(ActionFailed, match="no answer within"):
        await hasty.run(case.target, key="k1")

    assert not api.changed
    assert time.monotonic() - begun < 20 * SHORT_S


async def test_a_run_of_which_nothing_can_be_found_out_may_be_tried_again(
    case: Case, api: ControlApi, hasty: Action
) -> None:
    api.trouble = Trouble.NO_ANSWER_TO_ANYTHING

    with pytest.raises(TimedOut) as caught:
        await hasty.run(case.target, key="k1")

    assert caught.value.retryable


@pytest.mark.parametrize(
    "trouble", [Trouble.MADE_NO_JSON, Trouble.MADE_NO_HTTP, Trouble.MADE_BROKEN_OFF], ids=lambda t: t.name
)
async def test_a_change_with_an_unreadable_answer_is_made_once_and_found_out(
    case: Case, api: ControlApi, action: Action, trouble: Trouble
) -> None:
    before = case.value(api.snapshot())
    api.trouble = trouble

    done = await action.run(case.target, key="k1")

    assert done.output.isprintable()
    assert case.value(api.snapshot()) != before
    assert len(api.changed) == 1


async def test_an_answer_without_end_is_cut(case: Case, api: ControlApi, action: Action) -> None:
    api.trouble = Trouble.MADE_ENDLESS

    done = await action.run(case.target, key="k1")

    assert len(done.output) < 2_000
    assert api.sent_bytes < 50_000_000


async def test_being_asked_to_wait_changes_nothing_and_may_be_tried_again(
    case: Case, api: ControlApi, action: Action
) -> None:
    api.trouble = Trouble.ASKED_TO_WAIT

    with pytest.raises(RateLimited) as caught:
        await action.run(case.target, key="k1")

    assert caught.value.retryable
    assert not api.changed


@pytest.mark.parametrize(
    "reads", [b"\x00\x01 nothing of the kind\r\n\r\n", b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"]
)
async def test_a_state_that_cannot_be_read_is_an_upstream_error(
    case: Case, api: ControlApi, action: Action, reads: bytes
) -> None:
    target = await pinned(action, case.target)
    api.reads = reads

    with pytest.raises(BadAnswer):
        await action.dry_run(case.target)
    with pytest.raises(BadAnswer):
        await action.verify(target)


async def test_a_refused_connection_is_an_upstream_error(case: Case, client: httpx.AsyncClient) -> None:
    async with ControlApi().serving() as gone:
        action = case.build(gone, client, 10.0)
        target = await pinned(action, case.target)
    closed = case.build(gone, client, 10.0)

    with pytest.raises(Unreachable) as run:
        await closed.run(target, key="k")
    with pytest.raises(Unreachable):
        await closed.verify(target)

    assert run.value.retryable


async def test_no_message_holds_a_credential(case: Case, api: ControlApi, action: Action) -> None:
    api.trouble = Trouble.FAILED_HALF_WAY

    with pytest.raises(QuellError) as caught:
        await action.run(case.target, key="k1")

    assert TOKEN not in str(caught.value)
