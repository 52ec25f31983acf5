"""A Quell of its own with a lab beside it, and the two interfaces through which a bench looks at them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from signal import SIGTERM
from typing import Any

import httpx

from quell.app.labs import Lab, running_lab, stop_lab
from quell.errors import BadAnswer, ConfigError, TimedOut, Unreachable
from quell.linkage import die_with_parent

START_S = 120.0
STOP_S = 20.0
ASK_S = 15.0
END_DRILL_S = 60.0
PAGE = 500

CONFIG = """\
log_level = "warning"

[lab]
seed = {seed}

[[policy.rules]]
autonomy = "auto"
"""
"""Everything by itself: what people would decide is not what is measured."""


RESOURCES: Mapping[str, tuple[str, str]] = {
    "memory_use": ("process_resident_memory_bytes", "process_memory_limit_bytes"),
    "pool_use": ("db_pool_in_use", "db_pool_size"),
    "disk_use": ("disk_used_bytes", "disk_quota_bytes"),
}
"""What a service can use up: the metric of what is used, and of what there is."""
_METERS = frozenset(name for pair in RESOURCES.values() for name in pair)
USED_UP = 0.97


class Stage:
    """What the bench sees of a running Quell and its lab."""

    def __init__(self, process: Process, url: str, lab: Lab, client: httpx.AsyncClient) -> None:
        self._process, self._url, self._lab, self._client = process, url, lab, client

    async def head(self) -> int:
        """Return the position of Quell's newest event."""
        return int((await self._quell("/server"))["head"])

    async def incidents(self) -> list[dict[str, Any]]:
        """Return the row of every incident, the oldest first."""
        rows = await self._pages("/incidents", state="all")
        return sorted(rows, key=lambda row: str(row["opened_at"]))

    async def events(self, incident_id: str) -> list[dict[str, Any]]:
        """Return everything recorded of an incident, in order."""
        rows: list[dict[str, Any]] = []
        while True:
            page = await self._quell(f"/incidents/{incident_id}/events", after=len(rows), limit=PAGE)
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows

    async def firing(self) -> list[str]:
        """Return the alerts that fire, as `name service`."""
        return [f"{row['name']} {row['service']}" for row in await self._pages("/alerts", status="firing")]

    async def resolve(self, incident_id: str) -> None:
        """End an incident as the person would to whom it was handed over."""
        path = f"/incidents/{incident_id}/resolve"
        # 409: it ended meanwhile, which is what was wanted.
        await self._ask("POST", f"{self._url}/api/v1{path}", body={"reason": "the drill was ended"}, fine=(409,))

    async def _pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self._quell(path, limit=PAGE, **params, **cursor)
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows
            cursor = {"cursor": page["next_cursor"]}

    async def _quell(self, path: str, **params: Any) -> dict[str, Any]:
        return await self._ask("GET", f"{self._url}/api/v1{path}", params=params)

    async def start_drill(self, body: Mapping[str, str]) -> str:
        """Begin a drill; return its id."""
        return str((await self._drills("POST", "/drills", dict(body)))["id"])

    async def drill(self, drill_id: str) -> dict[str, Any]:
        """Return the lab's record of a drill."""
        for row in (await self._drills("GET", "/drills"))["items"]:
            if row["id"] == drill_id:
                return dict(row)
        raise BadAnswer(f"the lab knows nothing of the drill {drill_id} that it began")

    async def end_drill(self, drill_id: str) -> dict[str, Any]:
        """End a drill, undo what is left of it, and return the lab's record."""
        return await self._drills("DELETE", f"/drills/{drill_id}")

    async def unwell(self) -> list[str]:
        """Return the services that are not up."""
        headers = {"authorization": f"Bearer {self._lab.content['action_token']}"}
        found = await self._ask("GET", f"{self._lab.control_url}/services", headers=headers)
        return [str(row["name"]) for row in found["items"] if row["state"] != "up"]

    async def used_up(self, service: str) -> list[str]:
        """Return which resources of a service are used up now, by their series; none when it cannot be asked."""
        url = next((target["url"] for target in self._lab.content["targets"] if target["service"] == service), None)
        if url is None:
            return []
        try:
            text = (await self._send("GET", url)).text
        except Unreachable:
            return []
        held = {name: float(number) for name, number in map(_sample, text.splitlines()) if name in _METERS}
        return [
            series
            for series, (part, whole) in RESOURCES.items()
            if held.get(whole) and held.get(part, 0.0) >= USED_UP * held[whole]
        ]

    async def served(self) -> float:
        """Return how many requests of customers the shop has answered so far."""
        edge = next(target["url"] for target in self._lab.content["targets"] if target["service"] == "edge")
        response = await self._send("GET", edge)
        lines = [line for line in response.text.splitlines() if line.startswith("http_requests_total{")]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    async def _drills(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._lab.drill_token}"}
        return await self._ask(method, f"{self._lab.control_url}{path}", body=body, headers=headers)

    async def _ask(self, method: str, url: str, *, fine: tuple[int, ...] = (), **options: Any) -> dict[str, Any]:
        response = await self._send(method, url, **options)
        if response.is_error and response.status_code not in fine:
            raise BadAnswer(f"{method} {url} was answered with {response.status_code}: {response.text[:300]}")
        return dict(response.json())

    async def _send(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        if self._process.returncode is not None:
            raise Unreachable(f"Quell ended by itself with exit code {self._process.returncode}")
        timeout_s = END_DRILL_S if method == "DELETE" else ASK_S
        try:
            return await self._client.request(method, url, json=body, headers=headers, params=params, timeout=timeout_s)
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {url}: {type(error).__name__} {error}") from error


def _sample(line: str) -> tuple[str, str]:
    """Return (metric, value) of a line of Prometheus text without time."""
    name, _, number = line.rpartition(" ")
    return name.partition("{")[0], number


@contextlib.asynccontextmanager
async def staged(folder: Path, *, seed: int) -> AsyncIterator[Stage]:
    """
    Have a Quell with a lab for the length of a block; afterwards none of their processes is left.

    Args:
        folder: for its log and the lab's files; what Quell says on stderr is in `quell.err` there.

    Raises: ConfigError: it did not start. TimedOut: it was not ready in time.
    """
    data = folder / "quell"
    config, said = folder / "bench.toml", folder / "quell.err"
    config.write_text(CONFIG.format(seed=seed), encoding="utf-8")
    with said.open("wb") as errors:
        process = await _start(config, data, errors.fileno())
    try:
        url = await _ready(process, said)
        lab = running_lab(data)
        if lab is None:
            raise ConfigError(f"Quell runs at {url}, and there is no lab in {data}")
        async with httpx.AsyncClient(trust_env=False) as client:
            yield Stage(process, url, lab, client)
    finally:
        await _stop(process, data)


async def _start(config: Path, data: Path, errors: int) -> Process:
    # Its own session, so that Ctrl-C reaches only us and everything is ended in order; tied to us all the same.
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("QUELL_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quell.cli", "serve", "--lab", "--drills", "none"),
        *("--port", "0", "--data", str(data), "--config", str(config)),
        stdout=PIPE,
        stderr=errors,
        env=environment,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, os.getpid(), signum=SIGTERM),
    )


async def _ready(process: Process, said: Path) -> str:
    """Return the address that Quell prints once it can be used."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            async for text in process.stdout:
                _, ready, address = text.decode().partition("ready: ")
                if ready:
                    return address.strip().removesuffix("/").removesuffix("/ops")
            await process.wait()
    except TimeoutError as error:
        raise TimedOut(f"Quell was not ready within {START_S:g} s") from error
    raise ConfigError(f"Quell did not start (exit code {process.returncode}): {_last_line(said)}")


def _last_line(path: Path) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:])


async def _stop(process: Process, data: Path) -> None:
    """End Quell, and the lab too if Quell could not do that any more."""
    lab = running_lab(data)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    if lab is not None:
        await stop_lab(lab)
