"""
Has a change taken back on DBOS in a chain of processes, each killed with SIGKILL at a point; the last one is not.

    python -m tests.recovery.take_back_responder FOLDER POINT[,POINT...]

A point is `asked` (the request is recorded and nothing begun), `in undo` (the change has gone back and nobody was
told), or a step after which the process is killed. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from quell.incident import decisions
from quell.workflow.dbos import DbosEngine
from quell.workflow.takeback import PendingTakeBacks
from tests.recovery.responder import chain_of_kills, kill_after, kill_now
from tests.workflow.stage import Stage, open_incident, stage


async def _asked(on: Stage) -> None:
    incident = await on.incidents.load("INC-1")
    if incident.outcome and not incident.take_backs:
        await on.incidents.change(
            "INC-1", lambda one: decisions.take_back(one, "p1", by="person:anna", reason="not wanted")
        )


async def serve(folder: Path, point: str | None) -> None:
    async with stage(folder) as on:
        await open_incident(on.log)
        engine = DbosEngine(folder / "workflows.db", on.workflow, after_step=kill_after(point))  # type: ignore[arg-type]
        if point == "in undo":
            on.action.after_undo = kill_now
        await engine.launch()
        await engine.start("INC-1")
        async with asyncio.timeout(30):
            while not (await on.incidents.load("INC-1")).outcome:
                await asyncio.sleep(0.02)
            await _asked(on)
            if point == "asked":
                kill_now()
            pending = PendingTakeBacks()
            for record in await on.log.read_stream("incident/INC-1"):
                pending.apply(record)
            for workflow in pending.workflows:
                await engine.start(workflow)
            while (await on.incidents.load("INC-1")).take_backs[0].ended_at is None or point is not None:
                await asyncio.sleep(0.02)
        await engine.stop()
        events = [type(record.event).__name__ for record in await on.log.read_stream("incident/INC-1")]
        incident = await on.incidents.load("INC-1")
        end = {"state": incident.actions[-1].state, "done": on.action.done, "events": events}
        (folder / "end.json").write_text(json.dumps(end))


def main() -> None:
    folder, points = Path(sys.argv[1]), [point for point in sys.argv[2].split(",") if point]
    kills = chain_of_kills(points, lambda point: asyncio.run(serve(folder, point)))
    print(json.dumps({"kills": kills, **json.loads((folder / "end.json").read_text())}))


if __name__ == "__main__":
    main()
