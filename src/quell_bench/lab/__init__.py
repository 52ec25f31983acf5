"""Breaks a real shop again and again and counts what Quell detects, explains and mends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from quell import __version__
from quell.errors import QuellError, TimedOut
from quell_bench.lab.agents import agents, blind, pairs, phases, sheet
from quell_bench.lab.record import Account, Run, account_of, judge
from quell_bench.lab.schedule import Wish, schedule
from quell_bench.lab.stage import Stage, staged
from quell_bench.lab.summary import line, summarize, table

WARM_UP_S = 30.0
"""Healthy traffic before anything is broken."""
CALM_S = 50.0
"""Calm between two drills: longer than the lab's incidents can be opened again."""
CALM_WITHIN_S = 400.0
INJECT_WITHIN_S = 60.0
RESPOND_WITHIN_S = 165.0
"""From the start of a drill; the lab itself ends it after 180 s."""
GIVE_UP_S = 60.0
"""After injection, when every incident so far has been handed over or none was opened."""
LATE_S = 100.0
"""After injection, when no incident has been opened at all."""
HARMLESS_S = 60.0
"""How long a harmless deploy is watched."""
NOTICE_S = 2.0
"""The lab looks five times a second whether the cause is gone."""
LOOK_S = 0.5

Say = Callable[[str], object]
Row = dict[str, Any]
"""Of the list of incidents."""


async def bench(
    *,
    runs: int,
    quiet_minutes: float,
    faults: Sequence[str],
    seed: int,
    say: Say,
    folder: Path | None = None,
) -> dict[str, Any]:
    """
    Start a Quell with its lab, break the lab, and return what was seen: `summary` of one fault at a time, `agents`
    one by one, `phases_s`, `pairs` of faults, `missing_source`, `runs`, `machine`, `started_at`.

    Args:
        runs: of each fault.
        faults: only these, `two_at_once` and `missing_source` among them; empty for all.
        say: gets a line for each run, and the table.
        folder: keeps the log of Quell; without it everything is deleted at the end.

    Raises: ConfigError: there is no such fault, or Quell does not start. UpstreamError: Quell or the lab is gone.
    """
    # Told to end, we end as by Ctrl-C: everything that was started is stopped first.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    started_at, wishes = datetime.now(UTC), schedule(faults, runs=runs, seed=seed)
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quell-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        async with staged(folder, seed=seed) as stage:
            series = _Series(stage, say)
            await series.run(wishes, quiet_minutes)
    alone = [run for run in series.judged if run.also is None and run.missing is None]
    summary = summarize(alone, false_incidents=len(series.false), quiet_minutes=series.quiet_minutes)
    more = {
        "agents": agents(series.judged, quiet=series.false),
        "phases_s": phases(alone),
        "pairs": pairs(series.judged),
        "missing_source": blind(series.judged),
    }
    say(table(summary))
    say(sheet(more))
    report = {
        "summary": summary,
        **more,
        "runs": [asdict(run) for run in series.judged],
        "false_incidents": [asdict(account) for account in series.false],
        "between_runs": [asdict(account) for account in series.between],
        "ended_early": series.ended_early,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "quell": __version__},
        "started_at": started_at.isoformat(),
        "took_s": round((datetime.now(UTC) - started_at).total_seconds(), 1),
    }
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return plain


class _Series:
    """All drills, one after the other, and what was seen of them."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage, self._say = stage, say
        self.judged: list[Run] = []
        self.false: list[Account] = []
        """Incidents opened in quiet time."""
        self.between: list[Account] = []
        """Incidents opened after a drill and before the next, while the shop was left alone."""
        self.quiet_minutes = 0.0
        self.ended_early = ""

    async def run(self, wishes: Sequence[Wish], quiet_minutes: float) -> None:
        """Run them; what was seen so far is kept when the shop does not come to rest any more."""
        self._say(f"Quell and its lab are up; {len(wishes)} drills follow {WARM_UP_S:g} s of healthy traffic")
        try:
            await self._calm(WARM_UP_S)
            for number, wish in enumerate(wishes, start=1):
                run = await self._drill(wish)
                self.judged.append(run)
                self._say(f"[{number}/{len(wishes)}] {line(run)}")
                ended, at = await self._stage.head(), datetime.now(UTC)
                await self._calm(CALM_S)
                self.between += await self._opened(after=ended, at=at)
            await self._quiet(quiet_minutes)
        except QuellError as error:
            if not self.judged:
                raise
            self.ended_early = str(error)
            self._say(f"ended early: {error}")

    async def _drill(self, wish: Wish) -> Run:
        stage, loop = self._stage, asyncio.get_running_loop()
        before, at, began = await stage.head(), datetime.now(UTC), loop.time()
        full_at: dict[str, datetime] = {}
        drill_id = await stage.start_drill(wish.body())
        try:
            await self._injected(drill_id)
            injected = loop.time()
            while loop.time() - began < RESPOND_WITHIN_S:
                await asyncio.sleep(LOOK_S)
                for series in await stage.used_up(wish.service):
                    full_at.setdefault(series, datetime.now(UTC))
                if await self._over(drill_id, await self._touched(at), since_s=loop.time() - injected):
                    break
        finally:
            drill = await stage.end_drill(drill_id)
        accounts = await self._opened(after=before, at=at)
        return judge(drill, accounts, load=os.getloadavg()[0], full_at=full_at)

    async def _injected(self, drill_id: str) -> None:
        """Wait until the fault is in place, or until the lab gave up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INJECT_WITHIN_S):
                while (await self._stage.drill(drill_id))["state"] == "starting":  # noqa: ASYNC110 - another process
                    await asyncio.sleep(LOOK_S)

    async def _over(self, drill_id: str, rows: Sequence[Row], *, since_s: float) -> bool:
        """Whether nothing more is to be seen of a drill."""
        drill = await self._stage.drill(drill_id)
        if drill["state"] in ("ended", "failed"):
            return True
        if any(row["responding"] or row["outcome"] in (None, "helped_in_part") for row in rows):
            return False
        if drill["cause"] is None:
            return since_s >= HARMLESS_S
        if any(row["outcome"] == "resolved" for row in rows):
            await asyncio.sleep(NOTICE_S)
            drill = await self._stage.drill(drill_id)
            faults = [drill, *([drill["also"]] if drill["also"] else [])]
            return all(one["mended_at"] is not None for one in faults) or since_s >= GIVE_UP_S
        return since_s >= (GIVE_UP_S if rows else LATE_S)

    async def _touched(self, at: datetime) -> list[Row]:
        """Return the rows of incidents to which anything happened since a time."""
        return [row for row in await self._stage.incidents() if datetime.fromisoformat(row["updated_at"]) >= at]

    async def _opened(self, *, after: int, at: datetime) -> list[Account]:
        """Return the incidents that were opened, or opened again, after a position that was reached at a time."""
        told = [(row["id"], await self._stage.events(row["id"])) for row in await self._touched(at)]
        accounts = [account_of(incident_id, events, after=after) for incident_id, events in told]
        return sorted((one for one in accounts if one is not None), key=lambda one: one.position)

    async def _calm(self, for_s: float) -> None:
        """
        Wait until for some time no alert fired, no incident was open, every service was up and customers were served.

        Incidents that were handed over are ended once their alerts are: a person would do that.

        Raises: TimedOut: the shop did not come to rest.
        """
        loop = asyncio.get_running_loop()
        began = since = loop.time()
        served = await self._stage.served()
        while loop.time() - since < for_s:
            restless = await self._restless()
            if restless:
                since, served = loop.time(), await self._stage.served()
            if loop.time() - began > CALM_WITHIN_S + for_s:
                raise TimedOut(f"the shop did not come to rest within {CALM_WITHIN_S:g} s: {', '.join(restless)}")
            await asyncio.sleep(2 * LOOK_S)
        if await self._stage.served() <= served:
            raise TimedOut(f"no customer was served for {for_s:g} s")

    async def _restless(self) -> list[str]:
        """Return what is not calm."""
        found = [f"{name} is not up" for name in await self._stage.unwell()]
        firing = await self._stage.firing()
        found += [f"{name} fires" for name in firing]
        for row in await self._stage.incidents():
            if row["state"] not in ("resolved", "closed", "merged"):
                found.append(f"{row['id']} is {row['state']}")
                if not firing and not row["responding"]:
                    await self._stage.resolve(row["id"])
        return found

    async def _quiet(self, minutes: float) -> None:
        """Leave the shop alone; every incident that is opened now is a false one."""
        before, at = await self._stage.head(), datetime.now(UTC)
        end = asyncio.get_running_loop().time() + 60 * minutes
        if minutes:
            self._say(f"{minutes:g} quiet minutes")
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 10.0))
            self.false = await self._opened(after=before, at=at)
        self.quiet_minutes = minutes
