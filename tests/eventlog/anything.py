"""Logs in any state that a writer can produce: events of every type with any values, in any order, at any time."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from random import Random
from typing import Any, get_args, get_origin, get_type_hints

from quell.errors import Malformed, StorageCorrupt
from quell.eventlog.codec import decode, encode
from quell.eventlog.log import Recorded
from quell.eventlog.registry import WIRE_NAMES
from quell.incident import events as ev
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Event
from quell.outcomes.record import Origin, RestoredBy

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
ENDS_OF_TIME = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
INCIDENTS = ("INC-1", "INC-2", "INC-3", "INC-4", "INC-5", "INC-12", "INC-44")
WORDS = ("", "cart", "pay", "P1", "E1", "recovered", "worse", "silence-1", "<b>", "\u202ex\x00", "INC-2", "x" * 300)
NUMBERS = (0, 1, -1, 2, 5, 600, 2**31, 2**53)
MEASURES = (0.0, 1.0, -1.0, 0.5, 1e-12, 30.0, 1e18, -1e300, 1.7976931348623157e308)
STREAMS = (ev.INTAKE_STREAM, ev.SYSTEM_STREAM, ev.OUTCOME_STREAM, ev.SILENCE_STREAM, ev.AUTONOMY_STREAM)
OF_OUTCOMES = (ev.PastIncidentsImported, ev.RecordCorrected, ev.AssumptionsSet)
"""What only one part writes, to one stream; the other events are put into any, as no writer should."""
KINDS: Sequence[type[Event]] = (*WIRE_NAMES.values(), ev.UnknownEvent)
FREQUENT: Sequence[type[Event]] = (
    ev.IncidentOpened, ev.AlertGrouped, ev.AlertGrouped, ev.AlertResolved, ev.PhaseStarted, ev.PhaseProgressed,
    ev.StateChanged, ev.IncidentReopened, ev.IncidentMerged, ev.ResponseStarted,
)  # fmt: skip
"""What makes an incident live, so that the other events find something to change."""


class Anything:
    """Makes values of any type that events have, from a seed; few enough words that they meet again."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._imported: dict[str, ev.PastIncident] = {}
        self._checked: Mapping[Any, Callable[[], object]] = {
            ev.PastIncidentsImported: self._import,
            ev.RecordCorrected: self._correction,
            ev.AssumptionsSet: self._assumptions,
        }
        """Those whose values are checked before they are written."""
        self._plain: Mapping[Any, Callable[[], object]] = {
            str: lambda: self.random.choice(WORDS),
            int: lambda: self.random.choice(NUMBERS),
            float: lambda: self.random.choice(MEASURES),
            bool: lambda: self.random.random() < 0.5,
            datetime: self.moment,
            type(None): lambda: None,
        }

    def moment(self) -> datetime:
        if self.random.random() < 0.05:
            return self.random.choice(ENDS_OF_TIME)
        return START + timedelta(seconds=self.random.choice([-90_000, -60, 0, 0.001, 1, 30, 3_600, 1e7]))

    def value(self, kind: Any) -> Any:
        """Return a value of an annotated type. Raises: TypeError: events have none of this type so far."""
        if kind in self._plain:
            return self._plain[kind]()
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self.random.choice(list(kind))
        if kind in self._checked:
            return self._checked[kind]()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return self._fields(kind)
        return self._generic(kind)

    def _fields(self, kind: type, /, **given: object) -> Any:
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind) if field.name not in given]
        return kind(**given, **{name: self.value(hints[name]) for name in names})

    def _import(self) -> ev.PastIncidentsImported:
        source = self.random.choice(["statuspage", "jira"])
        made = tuple(self._past_incident() for _ in range(self.random.randrange(4)))
        for past in made:
            self._imported.setdefault(f"{source}/{past.id}", past)
        return ev.PastIncidentsImported(source=source, incidents=made, by="person:ada")

    def _past_incident(self) -> ev.PastIncident:
        first = START - timedelta(hours=self.random.choice([1, 30, 2_000, 100_000]))
        restored = first + timedelta(seconds=self.random.choice([1, 600, 90_000, 1e8]))
        made = self._fields(
            ev.PastIncident,
            id=f"P{self.random.randrange(12)}",
            kind=str(self.random.choice(list(Origin))),
            restored_by=str(self.random.choice(list(RestoredBy))),
            severity=self.random.choice(["", *IncidentSeverity]),
            started_at=first,
            detected_at=first,
            restored_at=self.random.choice([None, restored]),
        )
        assert isinstance(made, ev.PastIncident)
        return made

    def _correction(self) -> ev.RecordCorrected:
        possible = {
            "kind": str(self.random.choice(list(Origin))),
            "restored_by": str(self.random.choice(list(RestoredBy))),
            "restored_at": self.random.choice(["", (START - timedelta(minutes=1)).isoformat()]),
            "service": self.random.choice(WORDS),
        }
        changes = {name: value for name, value in possible.items() if self.random.random() < 0.5}
        incident_id = self.random.choice([*INCIDENTS, *self._imported])
        before = self._imported.get(incident_id)
        made = self._fields(ev.RecordCorrected, incident_id=incident_id, changes=changes, before=before)
        assert isinstance(made, ev.RecordCorrected)
        return made

    def _assumptions(self) -> ev.AssumptionsSet:
        low = self.random.choice([None, 1.0, 250.0])
        made = self._fields(
            ev.AssumptionsSet,
            cost_per_minute_low=low,
            cost_per_minute_high=low and low * 3,
            running_cost_month=self.random.choice([None, 0.0, 900.0]),
            cost_cap=self.random.choice([None, 0.0, 5.0]),
            target_s={"SEV1": 600.0} if low else {},
        )
        assert isinstance(made, ev.AssumptionsSet)
        return made

    def _generic(self, kind: Any) -> Any:
        origin, args = get_origin(kind), get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return self.value(self.random.choice(args))
        if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
            return tuple(self.value(args[0]) for _ in range(self.random.randrange(3)))
        if origin is tuple:
            return tuple(self.value(one) for one in args)
        if origin is dict or origin is Mapping:
            return {self.value(args[0]): self.value(args[1]) for _ in range(self.random.randrange(3))}
        raise TypeError(f"no value of {kind} can be made yet")

    def event(self, kind: type[Event]) -> Event | None:
        """Return an event as the log gives it back; None when the log would not keep it."""
        if kind is ev.UnknownEvent:
            return ev.UnknownEvent(type="Invented@3", fields={"text": self.random.choice(WORDS)})
        try:
            return decode(*encode(self.value(kind)))
        except (Malformed, StorageCorrupt, ValueError):
            return None

    def log(self, events: int) -> list[Recorded]:
        """Return a log of at most so many events, mostly of few incidents; its clock may step back."""
        at, offsets, recorded = START, dict[str, int](), list[Recorded]()
        for _ in range(events):
            kind = self.random.choice(FREQUENT if self.random.random() < 0.5 else KINDS)
            incident_id = self.random.choice(INCIDENTS)
            stream = self._stream(kind, incident_id)
            event = self.event(kind)
            if event is None:
                continue
            if isinstance(event, ev.IncidentOpened):
                event = dataclasses.replace(event, incident_id=incident_id)
            at += timedelta(seconds=self.random.choice([0, 0, 0.5, 20, 4_000, -7, -4_000]))
            offsets[stream] = offsets.get(stream, 0) + 1
            recorded.append(
                Recorded(position=len(recorded) + 1, stream=stream, offset=offsets[stream], at=at, event=event)
            )
        return recorded

    def _stream(self, kind: type[Event], incident_id: str) -> str:
        if kind in OF_OUTCOMES:
            return ev.OUTCOME_STREAM
        if kind is not ev.IncidentOpened and self.random.random() < 0.2:
            return self.random.choice(STREAMS)
        return ev.incident_stream(incident_id)
