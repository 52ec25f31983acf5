"""A real HTTP server whose one page does what a test tells it to, also the bad things."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

TEXT = "text/plain; version=0.0.4"

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Endpoint:
    """Serves `behaviour` at `url` until it is stopped; counts how often it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = 0
        self.behaviour: Behaviour = says("up 1\n")
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> Endpoint:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/metrics"
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await asyncio.gather(*(task for task in self._open.values() if task), return_exceptions=True)
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                await self.behaviour(writer)
                await writer.drain()
                if writer.is_closing():
                    break
        self._open.pop(writer)
        writer.close()


def says(body: str | bytes, *, status: str = "200 OK", headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer in full."""
    content = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": TEXT, "Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)

    return behave


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    await writer.wait_closed()


async def drips(writer: asyncio.StreamWriter) -> None:
    """Promise much and send one byte at a time, for ever."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {TEXT}\r\nContent-Length: 1000000\r\n\r\n".encode())
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"#")
            await writer.drain()
            await asyncio.sleep(0.01)


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    """Close the connection without an answer."""
    writer.transport.abort()


async def floods(writer: asyncio.StreamWriter) -> None:
    """Send without end."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {TEXT}\r\nConnection: close\r\n\r\n".encode())
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()
