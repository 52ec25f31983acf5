"""docs/asyncapi.json describes the messages that the live channel really has."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest

from quell.eventlog.projections.models import ReadModels
from quell.gateway import protocol as p
from quell.gateway.broadcast import Broadcaster
from quell.gateway.health import Component
from quell.gateway.live import Hub
from tests.docs.shelf import ROOT

sys.path.append(str(ROOT / "scripts"))

from pages import asyncapi  # the script's own modules lie beside it

DOCUMENT = json.loads((ROOT / "docs/asyncapi.json").read_text(encoding="utf-8"))
SHAPES = (*get_args(p.ClientMessage), *get_args(p.ServerMessage))
AT = datetime(2026, 1, 2, tzinfo=UTC)

EXAMPLES: list[msgspec.Struct] = [
    p.Subscribe(channel="incidents"),
    p.Subscribe(channel="incidents", since=p.Since(epoch="8c1f", offset=42)),
    p.Unsubscribe(channel="incidents"),
    p.ClientPing(id=1),
    p.ClientPong(),
    p.Command(id="k", name="note", incident_id="INC-1", args={"text": "hm"}),
    p.Hello(version=1, epoch="8c1f", server="0.1.0", heartbeat_s=5.0),
    p.Subscribed(channel="events", epoch="8c1f", offset=7, recovered=True, behind=3),
    p.Subscribed(channel="events", epoch="8c1f", offset=7, recovered=False, snapshot=msgspec.Raw(b'{"items":[]}')),
    p.EventMessage(channel="incidents", offset=9, after=7, key="INC-1", kind="incident", ts=AT, data={}),
    p.EventMessage(channel="events", offset=8, kind="entry", ts=AT, data=None),
    p.Reset(channel="events", epoch="8c1f", offset=9000),
    p.Ping(ts=AT),
    p.Pong(id="1"),
    p.Reply(id="k", ok=True, data={}),
    p.ErrorMessage(code="not_found", message="there is no such channel", channel="x"),
]


def refs(node: Any) -> Iterator[str]:
    """Yield every reference below a node."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from refs(child)


def test_every_reference_leads_somewhere() -> None:
    for ref in refs(DOCUMENT):
        place = DOCUMENT
        for step in ref.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_every_message_and_every_close_code_is_there() -> None:
    names = {shape.__name__ for shape in SHAPES}

    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert set(DOCUMENT["components"]["messages"]) == names
    assert set(DOCUMENT["channels"]["live"]["messages"]) == names
    assert {one["code"] for one in DOCUMENT["x-close-codes"]} == {int(code) for code in p.CloseCode}
    assert {type(example).__name__ for example in EXAMPLES} == names


class Noted(Hub):
    """A hub that remembers which channels were opened."""

    def __init__(self) -> None:
        super().__init__(epoch="8c1f", server="0.1.0")
        self.opened: set[tuple[str, str]] = set()

    def state_channel(self, name: str, **options: Any) -> None:
        self.opened.add((name, "state"))
        super().state_channel(name, **options)

    def stream_channel(self, name: str, **options: Any) -> None:
        self.opened.add((name, "stream"))
        super().stream_channel(name, **options)


class NobodyLooks:
    """Knows of no components."""

    async def components(self) -> tuple[Component, ...]:
        return ()


def test_the_channels_told_are_the_channels_there_are() -> None:
    hub = Noted()
    Broadcaster(hub, ReadModels(), NobodyLooks(), log_epoch="8c1f")

    assert {(one["name"], one["kind"]) for one in DOCUMENT["x-channels"]} == hub.opened
    assert all(one["snapshot"] for one in DOCUMENT["x-channels"])


def test_a_page_without_a_table_of_channels_is_an_error() -> None:
    with pytest.raises(ValueError, match="no table of channels"):
        asyncapi.channels("# The live channel\n")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_what_goes_over_the_wire_is_as_described(example: msgspec.Struct) -> None:
    said = json.loads(p.encode(example))
    schema = {"$ref": f"#/components/schemas/{type(example).__name__}", "components": DOCUMENT["components"]}
    validator = jsonschema_rs.validator_for(schema)

    assert list(validator.iter_errors(said)) == []
    assert not validator.is_valid({**said, "type": "other"})
    assert not validator.is_valid({name: value for name, value in said.items() if name != "type"})
