"""Bad days of the live channel, with many clients: the stalled, the broken, the herd, and all of them together."""

from __future__ import annotations

import asyncio
import json
import os
import random
import tracemalloc
from collections.abc import Callable

import pytest
import uvloop

from quell.gateway.bounds import Bounds
from quell.gateway.protocol import Limits
from tests.gateway.crowd import CONTINUED, PING, TEXT, Followed, Member, digest, masked
from tests.gateway.live_server import Desk, new_desk, serving, until

SOAK_S = float(os.environ.get("QUELL_SOAK_S", "8"))
"""`QUELL_SOAK_S=300` makes the long run."""


async def gather(members: list[Member], *, at_once: int = 200) -> None:
    """Connect everyone, so many at a time."""
    for start in range(0, len(members), at_once):
        await asyncio.gather(*[member.connect() for member in members[start : start + at_once]])
    await until(lambda: all(member.settled for member in members), "everyone has an answer")


def caught_up(members: list[Member], desk: Desk, *names: str) -> Callable[[], bool]:
    rooms = [(name, desk.hub.room(name).channel) for name in names]
    return lambda: all(member.known[name].offset == channel.offset for member in members for name, channel in rooms)


def test_fifty_stalled_clients_among_a_thousand_cost_the_others_nothing_and_memory_is_bounded() -> None:
    uvloop.run(stalled_among_many())  # on the loop that Quell runs on


async def stalled_among_many() -> None:
    bounds = Bounds(ring_bytes=100_000)
    async with serving(new_desk(bounds=bounds)) as desk:
        stalled = [Member(desk.port, ("events",), keeps=False, takes_bytes=4_096) for _ in range(50)]
        lively = [Member(desk.port, ("events",), keeps=False) for _ in range(950)]
        members = stalled + lively
        await gather(members)
        for member in stalled:
            assert member.transport is not None
            member.transport.pause_reading()
        tracemalloc.start()
        held, before = [], tracemalloc.get_traced_memory()[0]
        for number in range(12):
            for part in range(40):
                desk.happen({"number": number * 40 + part, "text": "x" * 600})
            await until(caught_up(lively, desk, "events"), "the lively have everything")
            held.append(desk.hub.queue_bytes)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        behind = desk.hub.lagging
        for member in stalled:
            assert member.transport is not None
            member.transport.resume_reading()
        await until(caught_up(stalled, desk, "events"), "the stalled are back")

    assert [member.errors for member in members if member.errors] == []
    assert all(member.known["events"].snapshots == 1 for member in lively)
    assert all(member.known["events"].snapshots == 2 for member in stalled)
    assert behind == 50
    assert desk.hub.counts.resets == 50
    assert max(held) < 50 * 2 * bounds.piece_bytes, "at most a frame or two for each who is stalled"
    assert grown < bounds.ring_bytes + 50 * 3 * bounds.piece_bytes, f"{grown} bytes held"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([masked(b"{nonsense")], 4500),
        ([masked(b"\xff\xfe\x00", opcode=TEXT)], 4500),
        ([masked(b'{"type":"ping"}', mask=False)], 1002),
        ([masked(b'{"type":"ping"}', opcode=3)], 1002),
        ([masked(b"x", opcode=CONTINUED)], 1002),
        ([masked(b"x" * 126, opcode=PING)], 1002),
        ([masked(b" " * 300_000)], 1009),
        ([masked(b" " * 40_000, fin=False)] + [masked(b" " * 40_000, opcode=CONTINUED, fin=False)] * 10, 1009),
        ([masked(b"p", opcode=PING)] * 400, 4504),
    ],
    ids=["garbage", "not UTF-8", "unmasked", "unknown opcode", "nothing to continue", "long ping", "oversized",
         "oversized in fragments", "flood of pings"],
)  # fmt: skip
async def test_who_breaks_the_rules_is_told_why_and_the_others_notice_nothing(frames: list[bytes], code: int) -> None:
    async with serving(new_desk()) as desk:
        broken, other = Member(desk.port, ("events",)), Member(desk.port, ("events",))
        await gather([broken, other])
        assert broken.transport is not None
        for frame in frames:
            broken.transport.write(frame)
        await until(lambda: broken.closed_with is not None, "it is told")
        await until(lambda: len(desk.hub.connections) == 1, "its socket is gone")
        desk.happen("still here")
        await until(lambda: other.known["events"].told == ["still here"], "the other hears")

    assert broken.closed_with == code
    assert desk.hub.counts.closes[code] == 1


async def test_a_message_in_fragments_and_pings_between_them_is_understood() -> None:
    async with serving(new_desk()) as desk:
        member = Member(desk.port, ())
        await member.connect()
        await until(lambda: member.opened, "it is open")
        member.known["events"] = Followed()
        wish = json.dumps({"type": "subscribe", "channel": "events"}).encode()
        assert member.transport is not None
        member.transport.write(masked(wish[:10], fin=False) + masked(b"?", opcode=PING))
        member.transport.write(masked(wish[10:20], opcode=CONTINUED, fin=False) + masked(wish[20:], opcode=CONTINUED))
        await until(lambda: member.settled, "it is answered")

    assert member.errors == []


async def test_a_client_that_goes_in_the_middle_of_a_frame_leaves_nothing_behind() -> None:
    async with serving(new_desk()) as desk:
        member = Member(desk.port, ("events",))
        await gather([member])
        assert member.transport is not None
        member.transport.write(masked(b'{"type":"subscribe","channel":"incidents"}')[:9])
        member.drop()
        await until(lambda: not desk.hub.connections, "it is forgotten")

    assert desk.hub.subscriptions == 0


async def test_a_thousand_that_come_back_at_once_to_a_new_process_have_missed_nothing() -> None:
    desk = new_desk()
    async with serving(desk):
        members = [Member(desk.port, ("events", "incidents")) for _ in range(1_000)]
        for number in range(30):
            desk.happen(number)
            desk.change(f"INC-{number % 7}", {"id": f"INC-{number % 7}", "n": number})
        await gather(members)
        port = desk.port
        for member in members:
            member.drop()
    again = new_desk(epoch="e2")
    again.happened, again.rows = list(desk.happened), dict(desk.rows)
    async with serving(again, port=port):
        again.happen("new")
        again.change("INC-1", {"id": "INC-1", "n": "new"})
        await gather(members, at_once=1_000)
        await until(caught_up(members, again, "events", "incidents"), "everyone is back")

    assert [member.errors for member in members if member.errors] == []
    assert {member.known["incidents"].digest() for member in members} == {digest(again.rows)}


async def test_jumps_of_the_clock_on_the_wall_disturb_nobody() -> None:
    desk = new_desk(limits=Limits(heartbeat_s=0.05, silence_s=0.5, messages_burst=10_000))
    real = desk.hub.now
    async with serving(desk):
        member = Member(desk.port, ("events",))
        await gather([member])
        for hours in (5, -9, 0):
            desk.hub.now = lambda hours=hours: real().replace(year=2026 + hours)  # type: ignore[misc]
            desk.happen(hours)
            await until(caught_up([member], desk, "events"), "it hears")
            pings = member.bytes_in
            await until(lambda pings=pings: member.bytes_in > pings + 200, "the heart goes on beating")

        closes = dict(desk.hub.counts.closes)

    assert member.known["events"].told == [5, -9, 0]
    assert closes == {}
    assert desk.hub.counts.latency_s.sum_s >= 0


@pytest.mark.timeout(SOAK_S + 120)
def test_after_a_soak_with_random_disconnects_everyone_knows_what_the_server_knows() -> None:
    uvloop.run(soak())


async def soak() -> None:
    """Runs for QUELL_SOAK_S seconds: publishes, drops, stalls and reconnects, then compares every state by its hash."""
    dice = random.Random(7)
    bounds = Bounds(ring_events=400, conflate_past=20)
    async with serving(new_desk(bounds=bounds)) as desk:
        members = [Member(desk.port, ("incidents", "events"), keeps=False) for _ in range(100)]
        await gather(members)
        loop = asyncio.get_running_loop()
        ends, number = loop.time() + SOAK_S, 0
        drops = stalls = 0
        while loop.time() < ends:
            for _ in range(dice.randrange(1, 40)):
                number += 1
                key = f"INC-{dice.randrange(30)}"
                desk.change(key, {"id": key, "n": number, "pad": "x" * dice.randrange(2_000)}, urgent=number % 50 == 0)
                desk.happen(number)
            member = dice.choice(members)
            if member.transport is None:
                await member.connect()
            elif dice.random() < 0.5:
                drops += 1
                member.drop()
            else:
                stalls += 1
                member.transport.pause_reading()
                loop.call_later(dice.random(), _resume, member)
            await asyncio.sleep(dice.random() * 0.01)
        for member in members:
            if member.transport is None:
                await member.connect()
        await until(caught_up(members, desk, "incidents", "events"), "everyone has caught up")
        digests = {member.known["incidents"].digest() for member in members}
        counts = desk.hub.counts

    print(f"{SOAK_S:.0f} s, {number} events, {drops} drops, {stalls} stalls, {counts.deliveries} deliveries")
    print(f"{counts.resumes} resumes, {counts.lost} lost, {counts.conflated} conflated, {counts.resets} resets")
    assert [member.errors for member in members if member.errors] == []
    assert digests == {digest(desk.rows)}
    assert drops
    assert stalls
    assert counts.resumes


def _resume(member: Member) -> None:
    if member.transport is not None:
        member.transport.resume_reading()
