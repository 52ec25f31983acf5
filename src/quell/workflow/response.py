"""
The response to one incident, top to bottom.

Each line is a step that survives a restart; the words it branches on are what the steps returned. What a step does
is in `work.py`, what an agent thinks is in `quell.agents`.
"""

from __future__ import annotations

from quell.errors import QuellError
from quell.workflow.engine import Step
from quell.workflow.work import ResponseWork


async def respond(step: Step, work: ResponseWork) -> str:
    """Respond; a response that breaks says so and hands over, so that nobody waits for it."""
    try:
        return await _respond(step, work)
    except QuellError as error:
        reason = f"{type(error).__name__}: {error}"
    return await step("give_up", lambda: work.give_up(reason))


async def _respond(step: Step, work: ResponseWork) -> str:
    """
    Detect > diagnose > predict > plan > approve > act > verify > resolve, or undo and hand over to a person.

    What helped in part is kept, and another run looks for what else is wrong.
    """
    if await step("begin", work.begin) == "superseded":
        return "superseded"

    if await step("detect", work.detect) in ("no_sign", "superseded"):
        return await step("hand_over", work.hand_over)

    await step("diagnose", work.diagnose)
    await step("predict", work.predict)

    if await step("plan", work.plan) != "proposed":
        return await step("hand_over", work.hand_over)

    answer = await step("approve", work.approve)
    if answer == "recovered":
        if await step("verify", work.verify) == "recovered":
            return await step("resolve", work.resolve)
        return await step("hand_over", work.hand_over)
    if answer != "approved":
        return await step("hand_over", work.hand_over)

    helped = await step("verify", work.verify) if await step("act", work.act) == "done" else "no"
    if helped == "recovered":
        return await step("resolve", work.resolve)
    if helped == "in_part":
        return await step("go_on", work.go_on)

    await step("undo", work.undo)
    return await step("hand_over", work.hand_over)
