"""The bench: what it orders, how it judges, what it counts, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.errors import ConfigError
from quell_bench.lab.record import Account, Act, Run, account_of, judge
from quell_bench.lab.schedule import schedule
from quell_bench.lab.summary import line, percentiles, summarize, table, wilson
from quell_lab.faults.catalogue import BY_NAME, OVERLAY, REAL
from tests.cli.running import environment
from tests.lab.running import alive, group_of, until

DRILL: dict[str, Any] = {
    "id": "d1",
    "fault": "bad_release",
    "inner": "bad_release",
    "service": "cart",
    "decoy": None,
    "cause": "bad_release",
    "actions": ["roll_back"],
    "state": "ended",
    "error": "",
    "started_at": "2026-01-01T00:00:00.000Z",
    "injected_at": "2026-01-01T00:00:01.000Z",
    "mended_at": "2026-01-01T00:00:20.000Z",
    "ended_at": "2026-01-01T00:01:00.000Z",
}


class Telling:
    """Recorded events, one a second, as REST gives them."""

    def __init__(self, first: int = 10) -> None:
        self.events: list[dict[str, Any]] = []
        self._first = first

    def tell(self, kind: str, **data: Any) -> Telling:
        number = len(self.events)
        at = f"2026-01-01T00:00:{number + 5:02d}.500000Z"
        self.events.append({"position": self._first + number, "at": at, "type": kind, "data": data})
        return self

    def opened(self, title: str = "cart: high error rate") -> Telling:
        self.tell("IncidentOpened", incident_id="INC-1", title=title)
        alert = {"name": "HighErrorRate", "service": "cart"}
        return self.tell("AlertGrouped", alert=alert, why="").tell("AlertGrouped", alert=alert, why="")

    def detected(self, verdict: str = "confirmed") -> Telling:
        return self.tell("Detected", finding={"verdict": verdict, "says": "cart first"})

    def diagnosed(self, *pairs: str, abstained: bool = False) -> Telling:
        rows = [
            {"service": pair.split()[0], "cause": pair.split()[1], "probability": 0.5, "title": pair} for pair in pairs
        ]
        return self.tell("Diagnosed", finding={"hypotheses": rows, "abstained": abstained, "says": "so it is"})

    def acted(self, action: str, service: str, verdict: str) -> Telling:
        self.tell("ActionStarted", action=action, target=service)
        self.tell("ActionFinished", action=action, target=service)
        return self.tell("Verified", verdict=verdict, says="")

    def resolved(self, by: str = "agent:resolution") -> Telling:
        self.tell("StateChanged", before="monitoring", after="resolved", by=by)
        return self.tell("ResponseEnded", run=1, outcome="resolved", says="recovered")

    def account(self, *, after: int = 5, incident_id: str = "INC-1") -> Account:
        found = account_of(incident_id, self.events, after=after)
        assert found is not None
        return found


def mended() -> Account:
    told = Telling().opened().detected().diagnosed("cart bad_release", "edge bad_config")
    return told.acted("roll_back", "cart", "recovered").resolved().account()


def judged(*accounts: Account, full_at: Mapping[str, datetime] | None = None, **drill: Any) -> Run:
    return judge({**DRILL, **drill}, accounts, load=1.234, full_at=full_at)


def test_a_fault_that_was_found_and_mended_counts_in_everything() -> None:
    run = judged(mended())

    assert (run.detected, run.cause_first, run.action_fits, run.verified, run.restored) == (True,) * 5
    assert (run.detect_s, run.restore_s) == (4.5, 12.5)
    assert (run.incident, run.position, run.outcome) == ("INC-1", 10, "resolved")
    assert (run.cause, run.action, run.truth) == ("cart bad_release", "roll_back cart", "cart bad_release")
    assert run.incidents[0].alerts == ("HighErrorRate cart",)


@pytest.mark.parametrize(
    ("told", "drill", "wrong"),
    [
        (Telling().opened().detected("no_sign"), {}, {"detected", "cause_first", "action_fits", "restored"}),
        (
            Telling().opened().detected().diagnosed("cart bad_release", abstained=True),
            {},
            {"cause_first", "action_fits", "restored"},
        ),
        (
            Telling().opened().detected().diagnosed("edge bad_release", "cart bad_release"),
            {},
            {"cause_first", "action_fits", "restored"},
        ),
        (
            Telling()
            .opened()
            .detected()
            .diagnosed("cart bad_config")
            .acted("roll_back", "cart", "recovered")
            .resolved(),
            {},
            {"cause_first"},
        ),
        (
            Telling()
            .opened()
            .detected()
            .diagnosed("cart bad_release")
            .acted("restart", "cart", "recovered")
            .resolved(),
            {},
            {"action_fits"},
        ),
        (
            Telling()
            .opened()
            .detected()
            .diagnosed("cart bad_release")
            .acted("roll_back", "edge", "recovered")
            .resolved(),
            {},
            {"action_fits"},
        ),
        (
            Telling()
            .opened()
            .detected()
            .diagnosed("cart bad_release")
            .acted("roll_back", "cart", "recovered")
            .resolved(),
            {"mended_at": None},
            {"restored"},
        ),
        (
            Telling()
            .opened()
            .detected()
            .diagnosed("cart bad_release")
            .acted("roll_back", "cart", "recovered")
            .resolved("person:operator"),
            {},
            {"restored"},
        ),
    ],
    ids=[
        "no sign in the telemetry",
        "diagnosis abstained",
        "second in the list",
        "wrong cause",
        "wrong action",
        "wrong target",
        "ended by time alone",
        "resolved by a person",
    ],
)
def test_what_was_missed_does_not_count(told: Telling, drill: dict[str, Any], wrong: set[str]) -> None:
    run = judged(told.account(), **drill)

    said = {name: getattr(run, name) for name in ("detected", "cause_first", "action_fits", "restored")}
    assert {name for name, hit in said.items() if not hit} == wrong
    assert (run.restore_s is None) == ("restored" in wrong)


def test_a_fault_without_an_incident_is_missed_in_everything() -> None:
    run = judged()

    assert (run.detected, run.detect_s, run.cause, run.action, run.restored) == (False, None, None, None, False)
    assert run.outcome == "no incident"


def test_an_action_that_did_not_help_and_was_taken_back_is_counted() -> None:
    told = Telling().opened().detected().diagnosed("cart pool_exhaustion").acted("restart", "cart", "not_recovered")
    told.tell("ActionUndone", action="restart", target="cart")

    run = judged(told.account())

    assert run.incidents[0].acts == (Act(action="restart", service="cart", ended="undone", verdict="not_recovered"),)
    assert (run.unhelpful, run.undone, run.verified) == (1, 1, False)


def test_an_incident_before_the_injection_is_not_a_detection() -> None:
    run = judged(mended(), injected_at="2026-01-01T00:00:06.000Z")

    assert (run.detected, run.incident) == (False, None)
    assert len(run.incidents) == 1


def test_a_confirmed_incident_counts_before_an_earlier_one_that_was_not() -> None:
    vain = Telling(first=2).opened().detected("no_data").account(after=1, incident_id="INC-0")

    assert judged(vain, mended()).incident == "INC-1"


def test_only_what_was_told_since_the_opening_in_this_run_counts() -> None:
    told = Telling(first=1).opened().detected().diagnosed("edge bad_config").resolved()
    again = len(told.events)
    told.tell("IncidentReopened", by="system:intake", reason="").detected().diagnosed("cart bad_release")

    account = told.account(after=again)

    assert account.position == again + 1
    assert [guess.service for guess in account.hypotheses] == ["cart"]
    assert account.resolved_at is None
    assert account_of("INC-1", told.events, after=again + 1) is None


HARMLESS: dict[str, Any] = {
    "fault": "harmless_deploy",
    "inner": "harmless_deploy",
    "cause": None,
    "actions": [],
    "mended_at": None,
}


@pytest.mark.parametrize(
    ("accounts", "drill", "blamed"),
    [
        ((), HARMLESS, False),
        ((Telling().opened().detected().diagnosed("cart bad_release", abstained=True).account(),), HARMLESS, True),
        ((Telling().opened().detected().diagnosed("edge unknown").account(),), HARMLESS, False),
        (
            (Telling().opened().diagnosed("edge unknown").acted("restart", "edge", "recovered").account(),),
            HARMLESS,
            True,
        ),
        ((mended(),), {"fault": "overlay", "decoy": "edge"}, False),
        ((Telling().opened().detected().diagnosed("edge bad_release").account(),), {"decoy": "edge"}, True),
        (
            (Telling().opened().diagnosed("cart bad_release").acted("roll_back", "edge", "recovered").account(),),
            {"decoy": "edge"},
            True,
        ),
    ],
)
def test_a_harmless_deploy_is_blamed_when_it_is_named_first_or_acted_on(
    accounts: tuple[Account, ...], drill: dict[str, Any], blamed: bool
) -> None:
    run = judged(*accounts, **drill)

    assert run.blamed is blamed
    assert ("BLAMED" in line(run)) is blamed


def test_the_summary_has_shares_of_real_faults_and_numbers_of_the_rest() -> None:
    good, missed = judged(mended()), judged()
    harmless, failed = judged(**HARMLESS), replace(good, injected=False, error="it would not start")

    summary = summarize([good, good, missed, harmless, failed], false_incidents=2, quiet_minutes=10.0)

    assert {name: summary[name] for name in ("detected", "cause_first", "action_fits", "restored")} == dict.fromkeys(
        ("detected", "cause_first", "action_fits", "restored"), 0.6667
    )
    assert (summary["undone"], summary["false_incidents"], summary["quiet_minutes"]) == (0, 2, 10.0)
    assert summary["detect_s"] == {"p50": 4.5, "p95": 4.5}
    assert (summary["runs"], summary["real_runs"], summary["not_injected"], summary["red_herrings"]) == (4, 3, 1, 1)
    assert summary["by_fault"]["bad_release"]["detected"] == 2
    assert "67%" in table(summary)
    assert "false incidents: 2" in table(summary)


def test_the_summary_of_nothing_has_no_numbers() -> None:
    summary = summarize([], false_incidents=0, quiet_minutes=0.0)

    assert summary["detected"] is None
    assert summary["intervals"]["restored"] is None
    assert summary["restore_s"] == {"p50": None, "p95": None}
    assert "all" in table(summary)


@given(of=st.integers(1, 500), data=st.data())
def test_an_interval_holds_its_share_and_narrows_with_more_runs(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))
    low, high = wilson(hits, of) or (2.0, -1.0)
    narrow = wilson(hits * 10, of * 10) or (0.0, 1.0)

    assert 0.0 <= low <= round(hits / of, 4) <= high <= 1.0
    assert narrow[1] - narrow[0] <= high - low


def test_an_interval_agrees_with_the_literature() -> None:
    # Newcombe (1998), table I: 81 of 263, and 0 of 20.
    assert wilson(81, 263) == (0.2553, 0.3662)
    assert wilson(0, 20) == (0.0, 0.1611)


def test_percentiles_lie_between_the_values() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == {"p50": 2.0, "p95": 2.9}


@given(runs=st.integers(1, 6), seed=st.integers())
def test_every_fault_comes_as_often_as_wanted_and_victims_take_turns(runs: int, seed: int) -> None:
    wishes = schedule((), runs=runs, seed=seed)

    alone = [wish for wish in wishes if wish.also is None and wish.missing is None]
    assert schedule((), runs=runs, seed=seed) == wishes
    for name in (*BY_NAME, OVERLAY):
        assert sum(wish.fault == name for wish in alone) == runs
    for fault in BY_NAME.values():
        victims = [wish.service for wish in alone if fault.name in (wish.fault, wish.of)]
        times = [victims.count(service) for service in fault.services]
        assert max(times) - min(times) <= 1
    inner = [wish.of for wish in wishes if wish.fault == OVERLAY]
    assert len(set(inner)) == min(runs, len(REAL))
    assert len(wishes) == runs * (len(BY_NAME) + 3)


def test_only_wanted_faults_come_and_unknown_ones_are_refused() -> None:
    assert {wish.fault for wish in schedule(("pool_leak", "overlay"), runs=2, seed=1)} == {"pool_leak", "overlay"}
    with pytest.raises(ConfigError, match="sabotage"):
        schedule(("sabotage",), runs=1, seed=1)


@pytest.mark.lab
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_it_leaves_no_process_behind_however_it_ends(signum: signal.Signals, tmp_path: Path) -> None:
    words = ("bench", "lab", "--runs", "1", "--quiet-minutes", "0", "--keep", str(tmp_path))
    bench = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quell.cli", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    assert bench.stdout is not None
    try:
        said = await asyncio.wait_for(bench.stdout.readline(), 60)
        lab = json.loads((tmp_path / "quell" / "lab" / "lab.json").read_text())
        everyone = {*group_of(bench.pid), lab["pid"], *group_of(lab["pid"])}
        bench.send_signal(signum)
        code = await asyncio.wait_for(bench.wait(), 40)
    finally:
        if bench.returncode is None:
            os.kill(bench.pid, signal.SIGTERM)

    await until(lambda: not any(map(alive, everyone)), "the end of every process", within_s=30)
    assert b"drills follow" in said
    assert len(everyone) > 8
    assert code != 0
