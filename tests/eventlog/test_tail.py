from __future__ import annotations

import asyncio

import pytest

from quell.eventlog.log import Recorded
from quell.eventlog.tail import Tail
from tests.eventlog.given import note, now


def recorded(first: int, last: int) -> list[Recorded]:
    return [
        Recorded(position=position, stream="a", offset=position, at=now(), event=note(str(position)))
        for position in range(first, last + 1)
    ]


def positions(found: list[Recorded] | None) -> list[int] | None:
    return None if found is None else [record.position for record in found]


def test_a_new_tail_holds_nothing_of_the_past() -> None:
    tail = Tail(head=5, max_events=10, max_bytes=1000)

    assert tail.after(5, limit=10) == []
    assert tail.after(99, limit=10) == []
    assert tail.after(4, limit=10) is None


def test_a_tail_gives_what_it_holds_and_none_for_what_it_dropped() -> None:
    tail = Tail(head=0, max_events=10, max_bytes=1000)
    for position in range(1, 31):
        tail.extend(recorded(position, position), [1])

    held = [position for position in range(30) if tail.after(position, limit=100) is not None]
    assert held == list(range(held[0], 30))
    assert 5 <= len(held) <= 10
    assert positions(tail.after(27, limit=100)) == [28, 29, 30]
    assert positions(tail.after(27, limit=2)) == [28, 29]


def test_a_tail_is_bounded_in_bytes_too() -> None:
    tail = Tail(head=0, max_events=1000, max_bytes=100)
    for position in range(1, 51):
        tail.extend(recorded(position, position), [40])

    assert tail.after(47, limit=10) is None
    assert positions(tail.after(48, limit=10)) == [49, 50]


@pytest.mark.parametrize("max_bytes", [1, 10**9])
def test_a_batch_over_the_bounds_is_held_until_the_next_one(max_bytes: int) -> None:
    tail = Tail(head=0, max_events=4, max_bytes=max_bytes)
    tail.extend(recorded(1, 3), [10] * 3)
    tail.extend(recorded(4, 20), [10] * 17)
    assert positions(tail.after(3, limit=100)) == list(range(4, 21))
    assert tail.after(2, limit=100) is None

    tail.extend(recorded(21, 21), [10])
    assert tail.after(15, limit=100) is None
    assert positions(tail.after(20, limit=100)) == [21]


async def test_growing_and_closing_wake_all_who_wait() -> None:
    tail = Tail(head=0, max_events=4, max_bytes=100)
    waiting = [asyncio.create_task(tail.grown()) for _ in range(3)]
    await asyncio.sleep(0)
    tail.extend(recorded(1, 1), [1])
    await asyncio.gather(*waiting)

    waiting = [asyncio.create_task(tail.grown()) for _ in range(3)]
    await asyncio.sleep(0)
    tail.close()
    await asyncio.gather(*waiting)
    await tail.grown()
