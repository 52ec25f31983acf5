"""The private line between the supervisor and each process: JSON lines over a socket pair, no port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quell.errors import BadAnswer, TimedOut, Unreachable

ASK_S = 3.0
MAX_LINE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Everything a new process is told."""

    key: int
    name: str
    module: str
    version: str
    source: str
    """File with the release's code; empty for the customers."""
    data: str
    logs: str
    port: int
    peers: dict[str, int]
    """Ports of the services it calls."""
    config: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    pool_size: int | None = None
    memory_limit_bytes: int | None = None
    disk_quota_bytes: int | None = None
    hidden: tuple[str, ...] = ()
    """Telemetry that does not come: `metrics`, `logs`."""
    seed: int = 0


class Line:
    """The supervisor's end: asks, and waits for the answer."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._writer: asyncio.StreamWriter | None = None
        self._reader_task: asyncio.Task[None] | None = None

    async def open(self, sock: socket.socket) -> None:
        """Take the socket into use."""
        reader, self._writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_LINE)
        self._reader_task = asyncio.get_running_loop().create_task(self._read(reader))

    async def ask(self, do: str, **values: object) -> dict[str, Any]:
        """Give an order and return the answer. Raises: Unreachable, TimedOut, BadAnswer."""
        assert self._writer is not None
        self._count += 1
        number = self._count
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._writer.write(msgspec.json.encode({"id": number, "do": do, "with": values}) + b"\n")
            await self._writer.drain()
            async with asyncio.timeout(ASK_S):
                return await answer
        except TimeoutError as error:
            raise TimedOut(f"the process did not carry out {do!r} within {ASK_S:.0f} s") from error
        except ConnectionError as error:
            raise Unreachable(f"the process ended before it carried out {do!r}") from error
        finally:
            self._answers.pop(number, None)

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        if self._reader_task is not None:
            self._reader_task.cancel()
            await asyncio.wait({self._reader_task})

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Hand answers to those who wait for them, until the process is gone."""
        try:
            while line := await reader.readline():
                self._take(msgspec.json.decode(line))
        except ConnectionError:
            pass
        finally:
            lost = Unreachable("the process ended")
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.set_exception(lost)
            if not self.ready.done():
                self.ready.set_exception(lost)
                self.ready.exception()

    def _take(self, message: Mapping[str, Any]) -> None:
        """Take one message."""
        if message.get("ready"):
            if not self.ready.done():
                self.ready.set_result(None)
            return
        waiting = self._answers.get(message["id"])
        if waiting is None or waiting.done():
            return
        if "error" in message:
            waiting.set_exception(BadAnswer(message["error"]))
        else:
            waiting.set_result(message["ok"])


Take = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Carries out one order: (do, with) -> answer."""


async def obey(sock: socket.socket, take: Take) -> None:
    """The process's end: say that it is ready, then carry out orders until the supervisor hangs up."""
    reader, writer = await asyncio.open_unix_connection(sock=sock, limit=MAX_LINE)
    writer.write(b'{"ready":true}\n')
    try:
        while line := await reader.readline():
            order = msgspec.json.decode(line)
            try:
                reply = {"id": order["id"], "ok": await take(order["do"], order["with"])}
            except (LookupError, ValueError, TypeError) as error:
                reply = {"id": order["id"], "error": f"{type(error).__name__}: {error}"}
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()
