"""A real HTTP server that behaves like a supervisor's control API, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any

TOKEN = "action-token-0123456789"

SERVICES: dict[str, dict[str, Any]] = {
    "payment": {
        "version": "1.5.0",
        "previous_version": "1.4.1",
        "state": "up",
        "pid": 4001,
        "restarts": 0,
        "pool_size": 8,
        "flags": {"provider": "a"},
        "config": {"bank_timeout_ms": 1, "merchant": "shop"},
        "config_revision": 2,
        "previous_config": {"bank_timeout_ms": 2000, "merchant": "shop"},
        "cache_entries": None,
        "disk_used_bytes": 20_000_000,
        "disk_quota_bytes": 25_000_000,
        "neighbours": ["sales-report"],
    },
    "catalog": {
        "version": "1.8.0",
        "previous_version": None,
        "state": "up",
        "pid": 4002,
        "restarts": 3,
        "pool_size": 8,
        "flags": {},
        "config": {"page_size": 12},
        "config_revision": 1,
        "previous_config": None,
        "cache_entries": 12,
    },
}


class Trouble(Enum):
    """How the server treats a change it is asked for."""

    NONE = auto()
    MADE_NO_ANSWER = auto()
    NOT_MADE_NO_ANSWER = auto()
    NO_ANSWER_TO_ANYTHING = auto()
    MADE_LATE_NO_ANSWER = auto()
    FAILED_BEFORE = auto()
    FAILED_HALF_WAY = auto()
    MADE_NO_JSON = auto()
    MADE_NO_HTTP = auto()
    MADE_ENDLESS = auto()
    MADE_BROKEN_OFF = auto()
    ASKED_TO_WAIT = auto()


Reply = tuple[int, bytes]


class ControlApi:
    """The server's state; `changed` has one line for each change that was really made."""

    def __init__(self) -> None:
        self.services = copy.deepcopy(SERVICES)
        self.changed: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.trouble = Trouble.NONE
        self.reads: bytes | None = None
        """What reads are answered with instead of the state."""
        self.base_url = ""
        self.sent_bytes = 0
        self.redirect = ""
        self._answers: dict[str, Reply] = {}
        self._closing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None] | None] = set()
        self._revisions: dict[str, list[dict[str, Any]]] = {
            name: [service["previous_config"] or {}, service["config"]] for name, service in self.services.items()
        }

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return the state as it is now."""
        return copy.deepcopy(self.services)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ControlApi]:
        """Serve on a port from the system until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._closing.set()
            server.close()
            for writer in self._writers:
                writer.close()
            await asyncio.gather(*(task for task in self._serving if task is not None), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._writers.add(writer)
        self._serving.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._serving.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append((method, path))
        body = json.loads(raw) if raw else {}
        if self.redirect and path != "/elsewhere":
            await self._write(writer, (307, b"{}"), location=self.redirect)
            return True
        if headers.get("authorization") != f"Bearer {TOKEN}":
            await self._write(writer, _problem(401, "who are you?"))
            return True
        if method == "GET" or path.startswith("/dry/"):
            return await self._read(writer, path)
        self.bodies.append(body)
        return await self._change(writer, path, body, headers.get("idempotency-key", ""))

    async def _read(self, writer: asyncio.StreamWriter, path: str) -> bool:
        if self.trouble is Trouble.NO_ANSWER_TO_ANYTHING and self._answers:
            await self._closing.wait()
            return False
        if self.reads is not None:
            writer.write(self.reads)
            await writer.drain()
            return False
        if path == "/services":
            items = [{"name": name, **service} for name, service in self.services.items()]
            await self._write(writer, (200, json.dumps({"items": items, "more": 1}).encode()))
        elif path.startswith("/dry/"):
            await self._write(writer, (200, b"provider a -> b"))
        else:  # /is/payment/provider/b
            _, _, name, flag, value = path.split("/")
            there = self.services[name]["flags"].get(flag) == value
            await self._write(writer, (200, b"yes") if there else (404, b"no"))
        return True

    async def _change(self, writer: asyncio.StreamWriter, path: str, body: dict[str, Any], key: str) -> bool:
        trouble = self.trouble
        if trouble is Trouble.ASKED_TO_WAIT:
            await self._write(writer, _problem(429, "not so fast"))
            return True
        self.keys.append(key)
        name, verb = path.removeprefix("/services/").split("/")
        if trouble in {Trouble.NOT_MADE_NO_ANSWER, Trouble.MADE_LATE_NO_ANSWER}:
            if trouble is Trouble.MADE_LATE_NO_ANSWER:
                await self._until_read_again()
                self._once(name, verb, body, key)
            await self._closing.wait()
            return False
        if trouble is Trouble.FAILED_BEFORE:
            await self._write(writer, _problem(500, "no idea"))
            return True
        if trouble is Trouble.FAILED_HALF_WAY:
            self._half(name, verb, body)
            await self._write(writer, _problem(504, "it did not come up"))
            return True
        reply = self._once(name, verb, body, key)
        if trouble in {Trouble.MADE_NO_ANSWER, Trouble.NO_ANSWER_TO_ANYTHING}:
            await self._closing.wait()
            return False
        if trouble is Trouble.MADE_NO_JSON:
            reply = (200, b"<html>\x00\xff done</html>")
        elif trouble is Trouble.MADE_NO_HTTP:
            writer.write(b"\x16\x03\x01 what?\r\n\r\n")
            await writer.drain()
            return False
        elif trouble is Trouble.MADE_ENDLESS:
            await self._endless(writer)
            return False
        elif trouble is Trouble.MADE_BROKEN_OFF:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
            await writer.drain()
            return False
        await self._write(writer, reply)
        return True

    async def _until_read_again(self) -> None:
        reads = len(self.asked)
        while len(self.asked) <= reads:
            await asyncio.sleep(0.01)

    async def _endless(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        block = b"x" * 65_536
        while not self._closing.is_set() and self.sent_bytes < 200_000_000:
            writer.write(b"%x\r\n%s\r\n" % (len(block), block))
            await writer.drain()
            self.sent_bytes += len(block)

    async def _write(self, writer: asyncio.StreamWriter, reply: Reply, *, location: str = "") -> None:
        status, body = reply
        extra = f"location: {location}\r\n" if location else ""
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{extra}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    def _once(self, name: str, verb: str, body: dict[str, Any], key: str) -> Reply:
        if key and key in self._answers:
            return self._answers[key]
        reply = self._make(name, verb, body)
        self._answers[key] = reply
        return reply

    def _make(self, name: str, verb: str, body: dict[str, Any]) -> Reply:
        service = self.services.get(name)
        if service is None:
            return _problem(404, f"no service {name}")
        before = copy.deepcopy(service)
        if verb in {"roll_back", "deploy"}:
            wanted = body.get("to", body.get("version", service["previous_version"]))
            if wanted == service["version"]:
                return _problem(409, f"{name} already runs {wanted}")
            # As a supervisor that keeps a list of releases: none is left before the oldest.
            service["previous_version"] = service["version"] if verb == "deploy" else None
            service["version"] = wanted
        elif verb == "roll_back_config":
            if len(self._revisions[name]) < 2:
                return _problem(409, "no revision before")
            self._revisions[name].pop()
            service["config"], service["previous_config"] = dict(self._revisions[name][-1]), None
        elif verb == "set_config":
            service["previous_config"] = dict(service["config"])
            service["config"][body["key"]] = body["value"]
            self._revisions[name].append(dict(service["config"]))
        elif verb == "scale_pool":
            service["pool_size"] = body["size"]
        elif verb == "flag":
            service["flags"][body["name"]] = body["value"]
        elif verb == "flush_cache":
            service["cache_entries"] = 0
        elif verb == "clear_disk":
            service["disk_used_bytes"] = 90_000
        elif verb == "stop_neighbour":
            service["neighbours"] = []
        elif verb != "restart":
            return _problem(404, f"no {verb}")
        if verb in {"restart", "roll_back", "deploy"}:
            service["pid"] = (service["pid"] or 4000) + 100
        service["state"] = "up"
        self.changed.append(f"{name} {verb}")
        answer = {"before": str(before), "after": str(service), "output": f"{verb} of {name} is done"}
        return 200, json.dumps(answer).encode()

    def _half(self, name: str, verb: str, body: dict[str, Any]) -> None:
        if verb == "roll_back":
            self.services[name].update(version=body["to"], state="crashed", pid=None)
        elif verb == "restart":
            self.services[name].update(state="crashed", pid=None)


def _problem(status: int, detail: str) -> Reply:
    return status, json.dumps({"type": "about:blank", "status": status, "detail": detail}).encode()
