"""A whole `quell serve` in a process of its own, and a small HTTP client that costs little beside it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

START_S = 60.0
STOP_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A Quell that answers."""

    port: int
    pid: int
    ready_s: float
    """From the start of the process until `/readyz` said 200."""

    @property
    def resident_mb(self) -> float:
        """Memory it holds now, in 10^6 bytes."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(shown.stdout) * 1024 / 1e6


@contextmanager
def serving(data: Path) -> Iterator[Running]:
    """Start `quell serve` with its defaults on a data folder; end it afterwards."""
    arguments = [str(Path(sys.executable).parent / "quell"), "serve", "--port", "0", "--data", str(data)]
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        said = re.search(r"http://[^/]*:(\d+)/", process.stdout.readline())
        if said is None:
            sys.exit("quell serve did not start")
        port = int(said[1])
        _wait_until_ready(port, began + START_S)
        yield Running(port=port, pid=process.pid, ready_s=time.perf_counter() - began)
    finally:
        stop(process)


def environment() -> dict[str, str]:
    """Return ours, quiet, and with bytecode kept as it is where Quell is installed: a first start writes it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"QUELL_LOG_LEVEL": "error"}


def _wait_until_ready(port: int, deadline: float) -> None:
    while time.perf_counter() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=START_S):
                return
        except urllib.error.HTTPError:
            time.sleep(0.005)
    sys.exit(f"quell serve was not ready after {START_S:.0f} s")


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process we started."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Line:
    """One keep-alive HTTP connection, a request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024 * 1024))

    async def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        return await self._ask("GET", path, b"")

    async def post(self, path: str, content: object) -> Any:
        """Send JSON and return the JSON of the answer."""
        return await self._ask("POST", path, json.dumps(content).encode())

    async def _ask(self, method: str, path: str, body: bytes) -> Any:
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        self._writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        answer = await self._reader.readexactly(length)
        if not lines[0].startswith(b"http/1.1 2"):
            sys.exit(f"{method} {path} was answered {lines[0].decode()}: {answer[:500].decode(errors='replace')}")
        return json.loads(answer)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()
