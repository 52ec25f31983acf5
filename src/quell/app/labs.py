"""Starts the lab beside Quell, or takes up one that an earlier Quell left, and points the settings at it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import structlog

from quell.errors import BadAnswer, ConfigError, Conflict, Unreachable
from quell.gateway.rest import Drill
from quell.settings import Actions, Policy, Rule, Settings, Supervisor, Switch
from quell.settings.telemetry import Evidence, Target

logger = structlog.get_logger()

START_S = 20.0
STOP_S = 6.0

ASKS_FIRST = (Rule(action="switch_flag", service="payment", autonomy="approve"), Rule(autonomy="auto"))
"""The lab's policy: everything by itself, but who takes the customers' money is a person's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab that runs."""

    data: Path
    pid: int
    control_url: str
    drill_token: str
    content: dict[str, Any]

    def point(self, settings: Settings) -> Settings:
        """Return settings that read from this lab and may change it."""
        evidence = Evidence(
            targets=tuple(Target(**target) for target in self.content["targets"]),
            logs=tuple(Path(path) for path in self.content["logs"]),
            changes=Path(self.content["changes"]),
            scrape_interval_s=settings.evidence.scrape_interval_s,
            scrape_keep_s=settings.evidence.scrape_keep_s,
        )
        switches = (
            Switch(flag="provider", values=("a", "b"), dependency="bank"),
            # Calls that nobody repeats: what gets away from a peer that is asked again and again.
            Switch(flag="retries", values=("on", "off"), dependency="inventory"),
        )
        supervisor = Supervisor(url=self.control_url, token=self.content["action_token"], switches=switches)
        given = settings.policy
        policy = given if given.rules else Policy(rules=ASKS_FIRST, default=given.default)
        # The shop's day is ten minutes long, so what is recent there is recent in seconds.
        quick = {"reopen_s": 45.0, "settle_s": 20.0, "flapping_changes": 8, "flapping_window_s": 120.0}
        correlation = settings.correlation.model_copy(update=quick)
        return settings.model_copy(
            update={
                "evidence": evidence,
                "policy": policy,
                "correlation": correlation,
                "actions": Actions(
                    supervisor=supervisor,
                    webhooks=settings.actions.webhooks,
                    allowed_hosts=settings.actions.allowed_hosts,
                    timeout_s=settings.actions.timeout_s,
                ),
            }
        )


class Drills:
    """Asks the lab for drills. Quell's agents never see this: it has a token of its own and records nothing."""

    def __init__(self, lab: Lab, client: httpx.AsyncClient) -> None:
        self._lab = lab
        self._client = client

    async def drill(self) -> Drill | None:
        """Return the drill under way, or None. Raises: UpstreamError: the lab does not answer."""
        drills = (await self._ask("GET", "/drills"))["items"]
        running = next((one for one in drills if one["ended_at"] is None), None)
        return None if running is None else _drill(running)

    async def start_drill(self, *, key: str | None) -> Drill:
        """Start the next drill. Raises: Conflict: one is under way. UpstreamError."""
        return _drill(await self._ask("POST", "/drills", key=key))

    async def _ask(self, method: str, path: str, *, key: str | None = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._lab.drill_token}"}
        if key:
            headers["idempotency-key"] = key
        body: dict[str, str] | None = {} if method == "POST" else None
        try:
            response = await self._client.request(
                method, f"{self._lab.control_url}{path}", headers=headers, json=body, timeout=20
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"the lab does not answer: {type(error).__name__}") from error
        if response.status_code == 409:
            raise Conflict("a drill is under way: the lab runs one at a time")
        if response.is_error:
            raise BadAnswer(f"the lab answered {response.status_code}")
        return dict(response.json())


def _drill(content: dict[str, Any]) -> Drill:
    """Return what a person may know of a drill: not what it breaks."""
    return Drill(
        id=str(content["id"]),
        state=str(content["state"]),
        started_at=datetime.fromisoformat(content["started_at"]),
    )


async def start_lab(settings: Settings, *, quell_url: str) -> Lab:
    """
    Return the lab of this data folder: one that runs already, or a new one.

    It is not a child that dies with us: it goes on while a Quell that was killed starts again.

    Raises: ConfigError: it did not come up.
    """
    data = (settings.data_dir / "lab").absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = await _adopt(data, quell_url)
    if found is not None:
        logger.info("lab_taken_up", pid=found.pid)
        return found
    pid = _spawn(settings, data, quell_url)
    deadline = asyncio.get_running_loop().time() + START_S
    while asyncio.get_running_loop().time() < deadline:
        lab = _read(data)
        if lab is not None:
            return lab
        if not _alive(pid):
            break
        await asyncio.sleep(0.05)
    said = (data / "lab.out").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise ConfigError(f"the lab did not start: {said[-1] if said else f'no word from it within {START_S:g} s'}")


def _spawn(settings: Settings, data: Path, quell_url: str) -> int:
    command = [sys.executable, "-m", "quell_lab", "--data", str(data), "--quell-url", quell_url]
    command += ["--drills", settings.lab.drills, "--end-when-alone", "120"]
    if settings.lab.seed is not None:
        command += ["--seed", str(settings.lab.seed)]
    token = settings.ingest.senders["alertmanager"].token if "alertmanager" in settings.ingest.senders else None
    if token is not None:
        command += ["--token", token.get_secret_value()]
    (data / "quell.url").write_text(quell_url, encoding="utf-8")
    out = os.open(data / "lab.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return os.posix_spawn(
            command[0],
            command,
            dict(os.environ),
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out, 1),
                (os.POSIX_SPAWN_DUP2, out, 2),
            ],
        )
    finally:
        os.close(out)


def _read(data: Path) -> Lab | None:
    try:
        content = json.loads((data / "lab.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return Lab(
        data=data,
        pid=int(content["pid"]),
        control_url=content["control_url"],
        drill_token=content["drill_token"],
        content=content,
    )


def running_lab(data_dir: Path) -> Lab | None:
    """Return the lab that runs for a data folder of Quell's, if there is one."""
    lab = _read(data_dir / "lab")
    return lab if lab is not None and _alive(lab.pid) else None


async def _adopt(data: Path, quell_url: str) -> Lab | None:
    """Return the lab that an earlier Quell left, if it lives and sends its alerts to our address; else end it."""
    lab = _read(data)
    if lab is None or not _alive(lab.pid):
        return None
    headers = {"authorization": f"Bearer {lab.content['action_token']}"}
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            answers = (await client.get(f"{lab.control_url}/services", headers=headers)).is_success
        except httpx.HTTPError:
            answers = False
    address = data / "quell.url"
    if answers and address.exists() and address.read_text(encoding="utf-8") == quell_url:
        return lab
    await stop_lab(lab)
    return None


async def stop_lab(lab: Lab) -> None:
    """End the lab and all its processes."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(lab.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while _alive(lab.pid):  # noqa: ASYNC110 - a process tells nobody but its parent that it ended
                    await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
