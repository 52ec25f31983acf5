"""The name under which each kind of event is written, apart from the name of its class.

What stands here is in logs for ever: a class may be renamed, its wire name may not, and a name that is no longer
written stays for reading. What a log holds as `Detected` has schema 1, what it holds as `Detected@2` schema 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from quell.eventlog.upcasters import UPCASTERS, Upcaster
from quell.incident import events as ev
from quell.incident.events import Event, UnknownEvent

WIRE_NAMES: dict[str, type[Event]] = {
    "IncidentOpened": ev.IncidentOpened,
    "AlertGrouped": ev.AlertGrouped,
    "AlertResolved": ev.AlertResolved,
    "AlertFlapping": ev.AlertFlapping,
    "AlertsNotSent": ev.AlertsNotSent,
    "StateChanged": ev.StateChanged,
    "IncidentAcknowledged": ev.IncidentAcknowledged,
    "SeverityChanged": ev.SeverityChanged,
    "IncidentReopened": ev.IncidentReopened,
    "IncidentMerged": ev.IncidentMerged,
    "NoteAdded": ev.NoteAdded,
    "CauseConfirmed": ev.CauseConfirmed,
    "FalseAlarmDeclared": ev.FalseAlarmDeclared,
    "ResponseStarted": ev.ResponseStarted,
    "PhaseStarted": ev.PhaseStarted,
    "PhaseProgressed": ev.PhaseProgressed,
    "PhaseRetrying": ev.PhaseRetrying,
    "PhaseRecovered": ev.PhaseRecovered,
    "PhaseEnded": ev.PhaseEnded,
    "SourceMissing": ev.SourceMissing,
    "Detected": ev.Detected,
    "Diagnosed": ev.Diagnosed,
    "Predicted": ev.Predicted,
    "BreachForecast": ev.BreachForecast,
    "PreventionSettled": ev.PreventionSettled,
    "PlanProposed": ev.PlanProposed,
    "ApprovalRequested": ev.ApprovalRequested,
    "ActionApproved": ev.ActionApproved,
    "ActionRejected": ev.ActionRejected,
    "ApprovalExpired": ev.ApprovalExpired,
    "ApprovalWithdrawn": ev.ApprovalWithdrawn,
    "ActionStarted": ev.ActionStarted,
    "ActionFinished": ev.ActionFinished,
    "ActionBroke": ev.ActionBroke,
    "Verified": ev.Verified,
    "ActionUndone": ev.ActionUndone,
    "UndoFailed": ev.UndoFailed,
    "TakeBackRequested": ev.TakeBackRequested,
    "TakeBackFailed": ev.TakeBackFailed,
    "Escalated": ev.Escalated,
    "ResponseEnded": ev.ResponseEnded,
    "LookAgainRequested": ev.LookAgainRequested,
    "LookedAgain": ev.LookedAgain,
    "AlertHeld": ev.AlertHeld,
    "AlertSilenced": ev.AlertSilenced,
    "BatchTaken": ev.BatchTaken,
    "BodyRejected": ev.BodyRejected,
    "SilenceCreated": ev.SilenceCreated,
    "SilenceEnded": ev.SilenceEnded,
    "AutonomyOverridden": ev.AutonomyOverridden,
    "ProcessStarted": ev.ProcessStarted,
    "ProcessStopped": ev.ProcessStopped,
    "SourceFailed": ev.SourceFailed,
    "SourceRecovered": ev.SourceRecovered,
    "RequestAccepted": ev.RequestAccepted,
    "PastIncidentsImported": ev.PastIncidentsImported,
    "RecordCorrected": ev.RecordCorrected,
    "AssumptionsSet": ev.AssumptionsSet,
}


@dataclass(frozen=True, slots=True)
class _Kind:
    decoder: msgspec.json.Decoder[Event]
    upcasters: tuple[Upcaster, ...]

    @property
    def schema(self) -> int:
        return 1 + len(self.upcasters)


class Registry:
    """Reads and writes events by their wire names. Immutable once made."""

    def __init__(self, names: Mapping[str, type[Event]], upcasters: Mapping[str, tuple[Upcaster, ...]]) -> None:
        """
        Take the kinds of events.

        Args:
            names: the class of each wire name; of two names of one class the first is written.
            upcasters: by wire name, the steps that lead from schema 1 to the one of today.

        Raises: ValueError: a name that cannot be written, or steps of an event that there is not.
        """
        for name in names:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is no wire name")
        for name in upcasters:
            if name not in names:
                raise ValueError(f"there are steps for {name!r}, of which there is no event")
        self._kinds = {name: _Kind(msgspec.json.Decoder(kind), upcasters.get(name, ())) for name, kind in names.items()}
        self._written: dict[type[Event], str] = {}
        self._types: dict[str, _Kind] = {}
        """By the text that the log holds for it, of the schema of today: the common case, in one look-up."""
        for name, event_type in names.items():
            text = _type_text(name, self._kinds[name].schema)
            self._types[text] = self._kinds[name]
            self._written.setdefault(event_type, text)

    def type_of(self, event: Event) -> str:
        """Return what the log holds as the type of an event. Raises: KeyError: it is of no kind that can be written."""
        return self._written[type(event)]

    def name_of(self, event: Event) -> str:
        """Return an event's wire name without its schema number; of an unknown one, what the log holds as its type."""
        return event.type if isinstance(event, UnknownEvent) else self.type_of(event).partition("@")[0]

    def fields_of(self, event: Event) -> dict[str, Any] | Event:
        """Return what stands beside the name when an event is shown as JSON: of an unknown one, what was written."""
        return event.fields if isinstance(event, UnknownEvent) else event

    def decode(self, type_text: str, body: bytes) -> Event:
        """
        Return the event of a row, lifted to the form of today.

        Raises: KeyError: there is no such kind, or not in that schema: a newer Quell has it. msgspec.DecodeError: the
        body is not JSON. msgspec.ValidationError: it does not fit its type.
        """
        kind = self._types.get(type_text)
        if kind is not None:
            return kind.decoder.decode(body)
        name, _, number = type_text.partition("@")
        kind = self._kinds[name]
        schema = int(number) if number.isdecimal() else 0 if number else 1
        if not 1 <= schema <= kind.schema:
            raise KeyError(type_text)
        return _upcast(kind, schema, body)


def _upcast(kind: _Kind, schema: int, body: bytes) -> Event:
    fields: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    for step in kind.upcasters[schema - 1 :]:
        fields = step(fields)
    # Read from JSON, as what was never lifted is: both go through the same checks.
    return kind.decoder.decode(msgspec.json.encode(fields))


def _type_text(name: str, schema: int) -> str:
    return name if schema == 1 else f"{name}@{schema}"


REGISTRY = Registry(WIRE_NAMES, UPCASTERS)
"""The events of Quell."""
