"""A real HTTP server that stands in for a vendor's API: it answers by path, and does the bad things on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.evidence.endpoint import Behaviour, hangs, says

PAYLOADS = Path(__file__).parent.parent / "payloads"
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    body: Any = None
    """Bytes as they are, else JSON."""
    status: str = "200 OK"
    content: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def behaviour(self) -> Behaviour:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return says(body, status=self.status, headers={"Content-Type": self.content, **self.headers})


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text())


def page(status: str = "200 OK") -> Reply:
    return Reply(body=PAGE, status=status, content="text/html")


class Vendor:
    """Answers with `answer` until `trouble` is set; keeps what it was asked."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.trouble: Behaviour | None = None
        self.asked: list[Request] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def __aenter__(self) -> Vendor:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await asyncio.gather(*(task for task in self._open.values() if task), return_exceptions=True)
            await self._server.wait_closed()

    def is_garbled(self) -> None:
        self.trouble = page().behaviour()

    def stalls(self) -> None:
        self.trouble = hangs

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                request = await _read(reader)
                self.asked.append(request)
                await (self.trouble or self.answer(request).behaviour())(writer)
                await writer.drain()
        self._open.pop(writer, None)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method=method, path=parts.path, query=query, headers=headers, body=body)
