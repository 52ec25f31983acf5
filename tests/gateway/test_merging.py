"""Merges at once: a decision over two incidents holds only while both stand where they were looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quell.application.caller import Caller, Principal
from quell.application.commands import Command, Commands, Merge, Resolve
from quell.errors import Conflict
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog, Write
from quell.eventlog.projections.board import Wanted
from quell.eventlog.projections.models import ReadModels
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident.events import State, incident_stream
from quell.incident.state import ENDED, Incident
from tests.eventlog.given import now
from tests.fakes.event_log import MemoryEventLog
from tests.projections.given import opened

COUNT = 5
merges = st.tuples(
    st.integers(1, COUNT), st.integers(1, COUNT), st.sampled_from(["merge", "merge", "merge", "resolve"])
)

CALLER = Caller(principal=Principal())


async def open_all(log: EventLog, count: int = COUNT) -> list[str]:
    ids = [f"INC-{number}" for number in range(1, count + 1)]
    await log.append([Write(stream=incident_stream(one), events=[opened(one)]) for one in ids])
    return ids


async def at_once(commands: Commands, wanted: Sequence[tuple[str, Command]]) -> list[object]:
    """Do all of it at the same time; return the row or the error of each."""
    return await asyncio.gather(
        *(commands.do(one, command, caller=CALLER) for one, command in wanted), return_exceptions=True
    )


async def stand(log: EventLog, ids: Sequence[str]) -> dict[str, Incident]:
    incidents = Incidents(log)
    return {one: await incidents.load(one) for one in ids}


async def test_of_two_incidents_merged_into_each_other_at_once_one_stays_and_one_caller_gets_a_conflict(
    tmp_path: Path,
) -> None:
    log = await SqliteEventLog.open(tmp_path / "log.db", clock=now)
    commands = Commands(log, Incidents(log), clock=now)
    for _ in range(10):
        # Numbers go on: each round has two incidents of its own.
        first, second = f"INC-{log.head + 1}", f"INC-{log.head + 2}"
        await log.append([Write(stream=incident_stream(one), events=[opened(one)]) for one in (first, second)])

        answers = await at_once(
            commands,
            [(first, Merge(into=second, reason="same")), (second, Merge(into=first, reason="same"))],
        )

        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        found = await stand(log, [first, second])
        assert [type(error).__mro__[1] for error in refused] == [Conflict]
        assert sorted(incident.state is State.MERGED for incident in found.values()) == [False, True]
        (kept,) = [incident.id for incident in found.values() if incident.open]
        models = ReadModels()
        models.apply_all(await log.read(limit=10_000))
        rows, _ = models.board.page(Wanted(), after=None, limit=100)
        assert kept in {row.id for row in rows}
    await log.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(merges, min_size=2, max_size=8))
def test_whatever_is_merged_and_resolved_at_once_no_incident_is_in_a_circle(
    wanted: list[tuple[int, int, str]],
) -> None:
    async def run() -> None:
        log = MemoryEventLog(clock=now)
        ids = await open_all(log)
        # Each command comes through a process of its own, with nothing in memory that another one knows.
        doing = [
            Commands(log, Incidents(log), clock=now).do(
                f"INC-{one}",
                Resolve(reason="over") if what == "resolve" else Merge(into=f"INC-{into}", reason="same"),
                caller=CALLER,
            )
            for one, into, what in wanted
        ]
        answers = await asyncio.gather(*doing, return_exceptions=True)

        found = await stand(log, ids)
        assert all(isinstance(answer, Conflict) for answer in answers if isinstance(answer, BaseException))
        for incident in found.values():
            seen = [incident.id]
            while (into := found[seen[-1]].merged_into) is not None:
                assert into not in seen
                seen.append(into)
            assert found[seen[-1]].state is not State.MERGED

    asyncio.run(run())


@pytest.mark.parametrize("meanwhile", ["resolved", "merged"])
async def test_a_merge_into_one_that_ended_while_it_was_decided_is_a_conflict_that_says_so(meanwhile: str) -> None:
    log = MemoryEventLog(clock=now)
    await open_all(log)
    commands, others = (Commands(log, Incidents(log), clock=now) for _ in range(2))
    ending: Command = Resolve(reason="over") if meanwhile == "resolved" else Merge(into="INC-3", reason="same")
    log.gate = asyncio.Event()

    # It stands first in the turn of the log and ends INC-2 after the merge has looked at it.
    ends = asyncio.create_task(others.do("INC-2", ending, caller=CALLER))
    merges = asyncio.create_task(commands.do("INC-1", Merge(into="INC-2", reason="same"), caller=CALLER))
    await asyncio.sleep(0)
    log.gate.set()
    await ends

    with pytest.raises(Conflict, match=f"INC-2 is {meanwhile} and cannot take in INC-1"):
        await merges
    assert (await Incidents(log).load("INC-1")).state not in ENDED


async def test_a_chain_of_merges_at_once_ends_in_the_one_that_is_open() -> None:
    log = MemoryEventLog(clock=now)
    ids = await open_all(log, 3)
    commands = Commands(log, Incidents(log), clock=now)

    await at_once(commands, [("INC-1", Merge(into="INC-2", reason="a")), ("INC-2", Merge(into="INC-3", reason="b"))])

    found = await stand(log, ids)
    assert found["INC-3"].open
    assert found["INC-2"].merged_into == "INC-3"
    assert found["INC-1"].merged_into in ("INC-2", None)


async def test_a_merge_into_itself_is_a_conflict() -> None:
    log = MemoryEventLog(clock=now)
    await open_all(log, 1)

    with pytest.raises(Conflict, match="cannot be merged into itself"):
        await Commands(log, Incidents(log), clock=now).do("INC-1", Merge(into="INC-1", reason="same"), caller=CALLER)
