"""
Runs one response on DBOS in a chain of processes, each killed with SIGKILL right after a step of it is durable, or,
for a step written as `before STEP`, after the step has recorded what it did and before the engine has noted its word.

    python -m tests.recovery.responder FOLDER HELPED STEP[,STEP...]

The last process is not killed. Prints one JSON line: how it ended and how many processes it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from quell.workflow.dbos import AfterStep, DbosEngine
from tests.workflow.stage import ScriptedAgents, open_incident, stage


def kill_now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(step: str | None) -> AfterStep:
    def after(workflow: str, name: str) -> None:
        if name == step:
            kill_now()

    return after


def chain_of_kills(points: Sequence[str], serve: Callable[[str | None], None]) -> int:
    """Run a process for each point, which must die by SIGKILL, and one more; return how many died."""
    kills = 0
    for point in [*points, None]:
        child = os.fork()
        if child == 0:
            serve(point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if point is not None and not killed:
            sys.exit(f"the process that should have died at {point!r} ended with status {status}")
        kills += killed
    return kills


async def serve(folder: Path, helped: str, step: str | None) -> None:
    async with stage(folder, agents=ScriptedAgents(helped=helped)) as on:
        await open_incident(on.log)
        if step == "in act":
            on.action.after_change = kill_now
        early = (step or "").removeprefix("before ") if step and step.startswith("before ") else None
        engine = DbosEngine(
            folder / "workflows.db", on.workflow, after_work=kill_after(early), after_step=kill_after(step)
        )
        await engine.launch()
        await engine.start("INC-1")
        async with asyncio.timeout(30):
            while (incident := await on.incidents.load("INC-1")).outcome is None or step is not None:
                await asyncio.sleep(0.02)  # a process that is to die waits for that, also past the end
        await engine.stop()
        events = [type(record.event).__name__ for record in await on.log.read_stream("incident/INC-1")]
        end = {"outcome": incident.outcome, "state": incident.state, "done": on.action.done, "events": events}
        (folder / "end.json").write_text(json.dumps(end))


def main() -> None:
    folder, helped, steps = Path(sys.argv[1]), sys.argv[2], [step for step in sys.argv[3].split(",") if step]
    kills = chain_of_kills(steps, lambda step: asyncio.run(serve(folder, helped, step)))
    print(json.dumps({"kills": kills, **json.loads((folder / "end.json").read_text())}))


if __name__ == "__main__":
    main()
