"""`quell take-back` against a server, with a webhook whose undo really is called."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from quell.eventlog.log import Write
from quell.eventlog.sqlite import SqliteEventLog
from quell.incident import events as ev
from quell.incident.events import Event, incident_stream
from tests.cli.running import Server, only_line, quell, serving, until
from tests.gateway.site import Clock
from tests.projections.given import PLAN, whole_response

WHAT = {"plan_id": PLAN.id, "action": PLAN.action, "target": PLAN.target}


class Hooks:
    """A server of webhooks that keeps what it was sent; a path in `refused` answers 500."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str, Any]] = []
        self.refused: set[str] = set()
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                hooks.calls.append(("POST", self.path, self.headers.get("idempotency-key", ""), body))
                self.send_response(500 if self.path in hooks.refused else 200)
                self.end_headers()
                self.wfile.write(b"no" if self.path in hooks.refused else b"1.5.0 runs again")

            def log_message(self, *words: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.netloc = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    hooks = Hooks()
    yield hooks
    hooks.server.shutdown()
    hooks.server.server_close()


def settings(folder: Path, hooks: Hooks) -> str:
    url = f"http://{hooks.netloc}"
    (folder / "quell.toml").write_text(
        f'[watch]\nenabled = false\n[actions]\nallowed_hosts = ["{hooks.netloc}"]\n[actions.webhooks.roll_back]\n'
        f'url = "{url}/run"\nundo_url = "{url}/undo"\nservices = ["payment"]\n'
    )
    return str(folder / "quell.toml")


def recorded(folder: Path, *more: Event) -> Path:
    """Return a data folder whose log holds an incident that a change of payment had resolved, and more."""

    async def write() -> None:
        log = await SqliteEventLog.open(folder / "data" / "log.db", clock=Clock())
        events = [
            replace(one, plan=replace(one.plan, action="roll_back", params={}))
            if isinstance(one, ev.PlanProposed)
            else replace(one, undo_params={})
            if isinstance(one, ev.ActionFinished)
            else one
            for one in whole_response()
        ]
        await log.append([Write(stream=incident_stream("INC-1"), events=[*events, *more])])
        await log.close()

    (folder / "data").mkdir()
    asyncio.run(write())
    return folder / "data"


def take_back(server: Server, folder: Path, *words: str) -> Any:
    return quell("take-back", "INC-1", "--plan", PLAN.id, "--url", server.url, *words, cwd=folder)


def test_a_change_is_taken_back_and_what_came_of_it_is_printed(tmp_path: Path, hooks: Hooks) -> None:
    data, config = recorded(tmp_path), settings(tmp_path, hooks)
    hooks.refused.add("/undo")
    with serving(tmp_path, "server", "--config", config, data=data) as server:
        refused = take_back(server, tmp_path, "--reason", "not wanted", "--output", "json")
        hooks.refused.clear()
        done = take_back(server, tmp_path, "--reason", "not wanted", "--output", "json")
        again = only_line(take_back(server, tmp_path, "--reason", "once more"))
        unknown = only_line(
            quell("take-back", "INC-9", "--plan", "x", "--reason", "y", "--url", server.url, cwd=tmp_path)
        )

    assert (refused.returncode, done.returncode) == (1, 0), (refused, done)
    (failed,), (row,) = json.loads(refused.stdout), json.loads(done.stdout)
    assert (failed["state"], "answered 500" in failed["says"]) == ("failed", True)
    assert (row["state"], row["action"], row["says"]) == ("undone", "roll_back payment", "1.5.0 runs again")
    assert hooks.calls == [
        ("POST", "/undo", "k/undo/undo", {"service": "payment"}),
        ("POST", "/undo", "k/undo/2/undo", {"service": "payment"}),
    ]
    assert "it was taken back already for operator" in again
    assert "there is no incident" in unknown


def test_a_request_that_a_dead_process_left_is_carried_out_by_the_next(tmp_path: Path, hooks: Hooks) -> None:
    asked = ev.TakeBackRequested(**WHAT, request=1, key="k/undo", by="person:anna", reason="not wanted")
    data, config = recorded(tmp_path, asked), settings(tmp_path, hooks)
    with serving(tmp_path, "server", "--config", config, data=data) as server:
        (run,) = until(
            lambda: [one for one in server.get("/incidents/INC-1")["actions"] if one["state"] == "undone"],
            "the change is taken back",
        )

    assert run["taken_back_by"] == "person:anna"
    assert hooks.calls == [("POST", "/undo", "k/undo/undo", {"service": "payment"})]
