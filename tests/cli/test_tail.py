"""What `quell tail` says of messages, one by one."""

from __future__ import annotations

from typing import Any

from quell.cli import _Teller
from quell.client import Event


def entry(text: str, *, position: int = 7) -> dict[str, Any]:
    return {
        "position": position,
        "at": "2026-12-01T06:00:00Z",
        "incident_id": "INC-1",
        "agent": "diagnosis",
        "title": "Diagnosis begins",
        "text": text,
    }


def lines(*told: Any) -> list[str]:
    teller = _Teller()
    return [
        teller.line(Event(kind="entry", data=data, channel="events", epoch="e", offset=1, key=None, ts=""))
        for data in told
    ]


def test_an_entry_is_said_once_and_then_only_what_is_new_in_it() -> None:
    said = lines(
        entry("It ends in 60 s at most."),
        entry("It ends in 60 s at most."),
        entry("It ends in 60 s at most.\n1 of 3: logs"),
        {"entry": entry("It ends in 60 s at most.\n1 of 3: logs"), "changes": {}},
        entry("It ends in 60 s at most.\n2 of 3: traces"),
        entry("It ends in 60 s at most.", position=8),
    )

    head = "06:00:00  diagnosis    INC-1     "
    first = f"{head}Diagnosis begins It ends in 60 s at most."
    assert said == [first, "", f"{head}1 of 3: logs", "", f"{head}2 of 3: traces", first]


def test_a_change_without_an_entry_is_said_as_it_is() -> None:
    assert lines({"entry": None, "changes": {"state": "open"}}) == [
        'entry  {"entry": null, "changes": {"state": "open"}}'
    ]
