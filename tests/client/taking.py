"""Followers of a real client, as tests need them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from quell.client import Client, Cursor, Item
from tests.client.scripted import PATIENCE_S

SOON = 0.01
"""A chance that makes waits short."""


async def take(client: Client, items: list[Item], *channels: str, since: dict[str, Cursor] | None = None) -> None:
    async with aclosing(client.follow(*channels, since=since)) as incoming:
        async for item in incoming:
            items.append(item)  # noqa: PERF401 - the test looks at them as they come


@asynccontextmanager
async def taking(
    client: Client, *channels: str, since: dict[str, Cursor] | None = None
) -> AsyncIterator[tuple[list[Item], asyncio.Task[None]]]:
    """Follow channels for the length of a block, into a list."""
    items: list[Item] = []
    task = asyncio.create_task(take(client, items, *channels, since=since))
    try:
        yield items, task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def first(client: Client, *channels: str, since: dict[str, Cursor] | None = None) -> Item:
    async with asyncio.timeout(PATIENCE_S), client, aclosing(client.follow(*channels, since=since)) as incoming:
        return await anext(incoming)


def offsets(items: list[Item]) -> list[tuple[str, int]]:
    return [(item.channel, item.offset) for item in items]


def since(asked: dict[str, Any]) -> tuple[str, int]:
    return asked["since"]["epoch"], asked["since"]["offset"]
