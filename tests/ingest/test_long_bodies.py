"""
What a body costs grows with its length and not with its square, and a long one lets everything else have its turn.

Nothing is timed here: lines of our code that were run are counted. benchmarks/ingest.py has the times.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest

from quell.errors import StorageFull
from quell.incident import events as ev
from quell.incident.events import Matcher
from quell.ingest.silences import create_silence
from quell.ingest.way import SLICE
from tests.ingest.given import Desk, alert, body_of, ended, new_desk
from tests.ingest.snapshot import snapshot

Kind = Callable[[int], dict[str, Any]]
HUB = frozenset(("gateway", f"service-{n}") for n in range(40))

BODIES: dict[str, Kind] = {
    "infos of one service": lambda n: alert("Scaled", "ads", "info", pod=f"p{n}"),
    "warnings of one service": lambda n: alert("Slow", "ads", "warning", pod=f"p{n}"),
    "infos of no service": lambda n: alert("Scaled", None, "info", pod=f"p{n}"),
    "infos of no service in one cluster": lambda n: alert("Scaled", None, "info", cluster="eu", host=f"h{n}"),
    "criticals of no service": lambda n: alert("Gone", None, host=f"h{n}"),
    "criticals of as many services": lambda n: alert("Down", f"service-{n}", cluster="eu", namespace=f"ns{n % 90}"),
    "services behind one": lambda n: alert("Down", f"service-{n % 40}", "info", pod=f"p{n}"),
}
SENT: dict[str, Callable[[Kind, int], list[list[dict[str, Any]]]]] = {
    "firing": lambda kind, count: [[kind(n) for n in range(count)]],
    "firing and ended": lambda kind, count: [[*map(kind, range(count))], [ended(kind(n)) for n in range(count)]],
    "flapping": lambda kind, count: [
        [each for n in range(count) for _ in range(3) for each in (kind(n), ended(kind(n)))],
        [kind(n) for n in range(count)],
    ],
}


class Lines:
    """Counts the lines of intake and of the rules that are run."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Lines:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, what: str, arg: object) -> Any:
        path = frame.f_code.co_filename
        return self._ran if "/quell/ingest/" in path or "/quell/incident/" in path else None

    def _ran(self, frame: FrameType, what: str, arg: object) -> Any:
        self.count += what == "line"
        return self._ran


async def lines_of(kind: Kind, sent: str, count: int, *, silences: int = 0) -> int:
    desk = await new_desk(topology=HUB)
    for number in range(silences):
        await silence(desk, number)
    with Lines() as lines:
        for body in SENT[sent](kind, count):
            await desk.intake.take("alertmanager", {}, body_of(*body), desk.clock())
    return lines.count


async def silence(desk: Desk, number: int) -> None:
    created = create_silence(
        silence_id=f"S{number}",
        matchers=[Matcher(label="host", op="=", value=f"away-{number}")],
        starts_at=desk.clock(),
        ends_at=desk.clock() + timedelta(hours=1),
        by="person:ada",
        comment="",
        now=desk.clock(),
    )
    await desk.others_append(ev.SILENCE_STREAM, created)


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("kind", BODIES)
async def test_four_times_the_alerts_cost_about_four_times_as_much(kind: str, sent: str) -> None:

    few, many = [await lines_of(BODIES[kind], sent, count) for count in (300, 1_200)]

    assert many < 4.5 * few


async def test_what_an_alert_costs_does_not_grow_with_the_silences_of_other_alerts() -> None:
    kind = BODIES["criticals of no service"]

    few, many = [await lines_of(kind, "firing", 50, silences=count) for count in (1, 100)]

    assert many < 1.1 * few


async def test_everything_else_gets_its_turn_while_a_long_body_is_decided() -> None:
    desk = await new_desk()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await desk.send(*(alert("Slow", "ads", "info", pod=str(n)) for n in range(SLICE * 10)))
    beside.cancel()

    assert turns >= 10


async def test_a_request_that_comes_in_the_midst_of_another_is_decided_after_all_of_it() -> None:
    desk = await new_desk()
    long = [alert("Down", f"service-{n}") for n in range(SLICE * 3)]

    first, second = await asyncio.gather(desk.send(*long), desk.send(alert("Down", "late")))

    assert second.incidents == (f"INC-{len(long) + 1}",)
    assert len(first.incidents) == len(long)
    restarted = await new_desk(desk.clock, log=desk.log)
    assert snapshot(restarted.intake) == snapshot(desk.intake)


async def test_what_others_append_meanwhile_is_taken_in_once_all_of_it_is_decided() -> None:
    desk = await new_desk()
    await desk.send(alert("Down", "ads"))
    infos = [alert("Slow", "ads", "info", pod=str(n)) for n in range(SLICE * 3)]
    sending = asyncio.create_task(desk.send(*infos))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await desk.resolve("INC-1")
    taken = await sending

    # The incident was resolved while its alerts joined: somebody has to look at it again.
    assert taken.incidents == ("INC-1",)
    assert [event.by for event in await desk.of(ev.IncidentReopened)] == ["system:intake"]


async def test_a_body_whose_ground_is_lost_meanwhile_is_written_after_it() -> None:
    desk = await new_desk()
    desk.log.failures.append(StorageFull("no space left"))  # type: ignore[attr-defined]
    lost = asyncio.create_task(desk.send(alert("Down", "ads")))
    await asyncio.sleep(0)

    taken = await desk.send(*(alert("Slow", "ads", "error", pod=str(n)) for n in range(SLICE * 3)))
    with pytest.raises(StorageFull):
        await lost

    assert (taken.counts.opening, taken.incidents) == (0, ("INC-1",))
    assert len(await desk.of(ev.IncidentOpened)) == 1
    restarted = await new_desk(desk.clock, log=desk.log)
    assert snapshot(restarted.intake) == snapshot(desk.intake)


async def test_half_a_decision_is_not_built_upon() -> None:
    desk = await new_desk()
    sending = asyncio.create_task(desk.send(*(alert("Down", f"service-{n}") for n in range(SLICE * 3))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    taken = await desk.send(alert("Down", "service-1"))

    assert (taken.counts.opening, taken.incidents) == (1, ("INC-1",))
