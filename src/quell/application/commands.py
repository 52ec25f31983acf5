"""
What people do to incidents, whichever way it comes in: each is decided by `quell.incident.decisions` and appended.

A command with an idempotency key happens once; a repeat answers with the incident as it stands.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from quell.application.authorization import EVERYBODY_MAY, Authorizer, Permission
from quell.application.caller import Caller
from quell.application.faults import say_faults
from quell.application.requests import Request, Requests
from quell.errors import Conflict, Malformed, NotFound
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog
from quell.eventlog.projections.views import IncidentSummary, summary_of
from quell.incident import decisions
from quell.incident.actor import Actor, with_typed_name
from quell.incident.alert import IncidentSeverity
from quell.incident.events import Cause, Event
from quell.incident.state import Incident


def clean_text(text: str) -> str:
    """Return text without control and invisible characters, line breaks and tabs kept."""
    hidden = {"Cc", "Cf", "Co", "Cs"}
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in hidden).strip()


def with_words(text: str) -> str:
    """Return a text as it is. Raises: ValueError: nothing in it can be read."""
    if not clean_text(text):
        raise ValueError("it is blank")
    return text


Text = Annotated[str, Field(max_length=4_000)]
Reason = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(with_words)]
Named = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(with_words)]
"""What somebody names; never blank."""
Id = Annotated[str, Field(min_length=1, max_length=100)]
By = Annotated[str | None, Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a decision may look at besides the incident."""

    actor: Actor
    now: datetime
    into: Incident | None = None
    """The other incident of a merge."""

    @property
    def by(self) -> str:
        """The principal; the name that was typed is added to the events afterwards."""
        return self.actor.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(ABC):
    """Something a person does."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    by: By = None
    """What the person typed as their name: kept as a note. Who does it is the caller's principal, whatever it says."""
    permission: ClassVar[Permission] = Permission.RESPOND
    """What the caller must be allowed."""

    @abstractmethod
    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Return the events to append. Raises: Conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    """Take an incident; the first who does keeps it."""

    note: Text = ""
    take_over: bool = False
    """Take it from whoever has it."""

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Take the incident over."""
        return decisions.acknowledge(
            incident, actor=context.actor, note=clean_text(self.note), take_over=self.take_over
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """Say yes to exactly this plan."""

    permission: ClassVar[Permission] = Permission.DECIDE

    plan_id: Id

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Say yes to its plan."""
        return decisions.approve(incident, self.plan_id, by=context.by, now=context.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    """Say no to exactly this plan."""

    permission: ClassVar[Permission] = Permission.DECIDE

    plan_id: Id
    reason: Reason

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Say no to its plan."""
        reason = clean_text(self.reason)
        return decisions.reject(incident, self.plan_id, by=context.by, reason=reason, now=context.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(Command):
    """Have a change that Quell made taken back; it is carried out after this is recorded."""

    permission: ClassVar[Permission] = Permission.DECIDE

    plan_id: Id
    reason: Reason

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Ask for a change to be taken back."""
        return decisions.take_back(incident, self.plan_id, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Command):
    """Declare that the service is restored."""

    reason: Reason
    false_alarm: bool = False
    """Nothing was ever wrong: what the agents found is counted by that."""

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Say that it is over."""
        reason = clean_text(self.reason)
        return decisions.resolve(incident, by=context.by, reason=reason, false_alarm=self.false_alarm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """File a resolved incident."""

    reason: Text = "closed"

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Close it."""
        return decisions.close(incident, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """Take up an incident that had ended."""

    reason: Reason

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Open it again."""
        return decisions.reopen(incident, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain(Command):
    """Have the agents look again."""

    reason: Text = ""

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Have the agents look again."""
        return decisions.look_again(incident, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Command):
    """Make an incident part of another that is open."""

    into: Id
    reason: Reason

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Make it a part of another one."""
        into = context.into or incident  # nothing was loaded beside it: it is the incident itself
        return decisions.merge(incident, into, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSeverity(Command):
    """Say how bad it is."""

    severity: IncidentSeverity
    reason: Reason

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Give it another severity."""
        return decisions.change_severity(incident, self.severity, by=context.by, reason=clean_text(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Command):
    """Write something down."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Write something down."""
        text = clean_text(self.text)
        if not text:
            raise Malformed("a note needs words")
        return decisions.add_note(incident, by=context.by, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCause(Command):
    """Say what it was: what diagnosis named is counted as right or wrong by that."""

    service: Named | None = None
    """At fault; left out with the cause: none of the causes that were named."""
    cause: Cause | None = None
    """What about it; left out when it is not known."""

    def decide(self, incident: Incident, context: Context) -> list[Event]:
        """Say what it was."""
        service = clean_text(self.service) if self.service is not None else None
        return decisions.confirm_cause(incident, service=service, cause=self.cause, by=context.by)


COMMANDS: Mapping[str, type[Command]] = {
    "acknowledge": Acknowledge,
    "approve": Approve,
    "reject": Reject,
    "take_back": TakeBack,
    "resolve": Resolve,
    "close": Close,
    "reopen": Reopen,
    "look_again": LookAgain,
    "merge": Merge,
    "severity": ChangeSeverity,
    "note": Note,
    "cause": ConfirmCause,
}
"""What can be done, by the name it has on the wire."""

_READERS: Mapping[str, TypeAdapter[Command]] = {name: TypeAdapter(kind) for name, kind in COMMANDS.items()}


def read_command(name: str, args: Mapping[str, Any]) -> Command:
    """Return a command as it came in. Raises: NotFound: no such command. Malformed: its arguments do not fit."""
    reader = _READERS.get(name)
    if reader is None:
        raise NotFound(f"there is no command {name[:50]!r}; known: {', '.join(COMMANDS)}")
    try:
        return reader.validate_python(dict(args))
    except ValidationError as error:
        raise Malformed(f"{name}: {say_faults(error.errors())}") from error


class Commands:
    """Carries out what people do."""

    def __init__(
        self,
        log: EventLog,
        incidents: Incidents,
        *,
        clock: Callable[[], datetime],
        authorizer: Authorizer = EVERYBODY_MAY,
    ) -> None:
        self._requests, self._authorizer = Requests(log), authorizer
        self._incidents = incidents
        self._clock = clock

    async def run(
        self, name: str, incident_id: str, args: Mapping[str, Any], key: str, caller: Caller
    ) -> IncidentSummary:
        """Do what came over a live connection; as `do`."""
        return await self.do(incident_id, read_command(name, args), caller=caller, key=key)

    async def do(
        self, incident_id: str, command: Command, *, caller: Caller, key: str | None = None
    ) -> IncidentSummary:
        """
        Carry out a command and return the incident's row after it.

        Args:
            caller: who does it.
            key: idempotency key of the caller; it counts for this command on this incident.

        Raises: NotFound. Forbidden: the caller may not. Conflict: the incident does not allow it. KeyReused: the key
            stands for another request. StorageError.
        """
        _check_id(incident_id)
        actor = caller.actor(command.by)
        self._authorizer.authorize(actor, command.permission, f"incident/{incident_id}")
        request = Request.of(f"command/{type(command).__name__}/{incident_id}", key, command)
        whole_key, beside = (request.key, [request.write()]) if request else (None, [])

        def decide(incident: Incident, into: Incident | None = None) -> list[Event]:
            context = Context(actor=actor, now=self._clock(), into=into)
            return with_typed_name(command.decide(incident, context), actor)

        try:
            if isinstance(command, Merge) and command.into != incident_id:
                _check_id(command.into)
                self._authorizer.authorize(actor, command.permission, f"incident/{command.into}")
                incident = await self._incidents.change_beside(
                    incident_id, command.into, decide, key=whole_key, beside=beside
                )
            else:
                incident = await self._incidents.change(incident_id, decide, key=whole_key, beside=beside)
        except Conflict:
            if request is None or not await self._requests.happened(request):
                raise
            return summary_of(await self._incidents.load(incident_id))
        if request is not None:
            await self._requests.happened(request)
        return summary_of(incident)


def _check_id(incident_id: str) -> None:
    """Refuse what cannot be an id before it names a stream."""
    known = incident_id.isascii() and all(c.isalnum() or c in "._-" for c in incident_id)
    if not known or not 0 < len(incident_id) <= 100:
        raise NotFound(f"there is no incident {incident_id[:100]!r}")
