"""The command line in processes of its own: commands that end, and servers that run until a test ends them."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from quell.cli import main

PATIENCE_S = 60.0
T = TypeVar("T")


def environment(**more: str) -> dict[str, str]:
    """What a command inherits: nothing of Quell's but what the test says, and a narrow terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("QUELL_")}
    return {**kept, "COLUMNS": "80", "PYTHONUNBUFFERED": "1", **more}


def quell(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "quell.cli", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def refusal(monkeypatch: pytest.MonkeyPatch, *words: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command in this process, where it must refuse with exit code 2; return its one line on stderr."""
    for name in [name for name in os.environ if name.upper().startswith("QUELL_")]:
        monkeypatch.delenv(name)
    for name, value in (env or {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["quell", *words])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main()
    return only_line(subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue()))


def only_line(ended: subprocess.CompletedProcess[str]) -> str:
    """Return what a command that refused said, which is one line on stderr."""
    assert ended.returncode == 2, ended
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("quell: ")
    return lines[0]


def until(look: Callable[[], T], what: str, *, within_s: float = PATIENCE_S) -> T:
    """Wait until a look gives something, and return it."""
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.02)
    return found


class Command:
    """A command that runs until it is ended; what it says goes to files."""

    def __init__(self, folder: Path, name: str, *words: str, files: int | None = None, **env: str) -> None:
        """Start it; `files` is how many files and sockets it may have open."""
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "quell.cli", *words],
                cwd=folder,
                env=environment(**env),
                stdout=out,
                stderr=err,
            )
        if files is not None:
            # Before it has read its own limit: an interpreter takes longer to start than this call.
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, files))

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def says(self, text: str) -> str:
        """Wait for a text on its output, and return all of it."""

        def look() -> str:
            assert self.process.poll() is None or text in self.out, f"it ended: {self.err[-2000:]}"
            return self.out if text in self.out else ""

        return until(look, f"{text!r} on the output")

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE_S)


class Server(Command):
    """`quell serve` on a port of the system's choice."""

    def __init__(self, folder: Path, name: str, *words: str, data: Path, files: int | None = None, **env: str) -> None:
        self.data = data
        super().__init__(folder, name, "serve", "--port", "0", "--data", str(data), *words, files=files, **env)

    def ready(self) -> Server:
        said = self.says("ready: ")
        self.url = said.partition("ready: ")[2].split("/ops")[0].strip()
        until(lambda: httpx.get(f"{self.url}/readyz").status_code == 200, "ready")
        return self

    def get(self, path: str, **params: Any) -> Any:
        return httpx.get(f"{self.url}/api/v1{path}", params=params, timeout=20).raise_for_status().json()

    def send(self, *alerts: dict[str, Any]) -> httpx.Response:
        return httpx.post(f"{self.url}/ingest/alerts", json={"alerts": list(alerts)}, timeout=20)


@contextlib.contextmanager
def serving(
    folder: Path, name: str = "server", *words: str, data: Path | None = None, files: int | None = None, **env: str
) -> Iterator[Server]:
    """Have a server for the length of a block."""
    server = Server(folder, name, *words, data=data or folder / "data", files=files, **env)
    try:
        yield server.ready()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
