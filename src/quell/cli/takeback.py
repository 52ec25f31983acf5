"""`quell take-back`: have a change that Quell made taken back, and wait for what comes of it."""

from __future__ import annotations

import time
import uuid
from typing import Annotated
from urllib.parse import quote

import typer

from quell.cli.asking import LOCAL, IncidentId, Token, Url, ask
from quell.cli.printing import Format, Output, print_rows

LOOK_EVERY_S = 0.2
ENDS = {"ActionUndone": ("undone", "output"), "TakeBackFailed": ("failed", "error")}
"""By the event that ends a request: the word for it, and which field says more."""


def take_back(
    incident: IncidentId,
    plan: Annotated[str, typer.Option(help="Plan by which the change was made; the incident shows it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log.")],
    url: Url = LOCAL,
    token: Token = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for what comes of it.")] = 60.0,
    output: Format = Output.TABLE,
) -> None:
    """Take back a change that Quell made; exit code 1 when that failed or has not ended, 2 when Quell refuses."""
    place = f"{url.rstrip('/')}/api/v1/incidents/{quote(incident, safe='')}"
    body = {"plan_id": plan, "reason": reason}
    ask("POST", f"{place}/take_back", token=token, key=uuid.uuid4().hex, json=body)
    row = _awaited(place, plan, token, wait)
    print_rows([{"incident": incident, "plan": plan, **row}], output, ["incident", "plan", "action", "state", "says"])
    if row["state"] != "undone":
        raise typer.Exit(1)


def _awaited(place: str, plan: str, token: str | None, wait_s: float) -> dict[str, str]:
    """Return what came of the newest request for a plan; `waiting` when it has not ended in time."""
    end, after = time.monotonic() + wait_s, 0
    waits = {"state": "waiting", "says": "it is asked for, and has not ended yet"}
    request, row = None, {"action": "", **waits}
    while True:
        page = ask("GET", f"{place}/events", token=token, params={"after": after, "limit": 1000})
        for one in page["items"]:
            after, told = one["offset"], one["data"]
            if one["type"] == "TakeBackRequested" and told["plan_id"] == plan:
                request, row = told["request"], {"action": f"{told['action']} {told['target']}", **waits}
            elif one["type"] in ENDS and request is not None and told.get("request") == request:
                word, says = ENDS[one["type"]]
                row = {**row, "state": word, "says": told[says]}
        if page["next_cursor"] is None:
            if row["state"] != "waiting" or time.monotonic() >= end:
                return row
            time.sleep(LOOK_EVERY_S)
