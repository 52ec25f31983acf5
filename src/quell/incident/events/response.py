"""What happens in an incident's response, in the stream `incident/<id>`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from quell.incident.events.findings import Detection, Diagnosis, Forecast, Plan, Prediction, Reading
from quell.incident.events.words import Outcome, Phase, PhaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStarted:
    """The agents began; `run` counts responses of this incident from 1."""

    run: int
    why: str = ""
    """Why they look again at what an earlier run handed over; empty for every other run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """An agent began a phase."""

    phase: Phase
    agent: str
    attempt: int
    timeout_s: float
    expected_s: float | None
    """Median of past runs of this phase; None while there are too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseProgressed:
    """Items done of items known."""

    phase: Phase
    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRetrying:
    """An attempt failed and another follows."""

    phase: Phase
    attempt: int
    """The attempt that failed, from 1."""
    error: str
    reason: str
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRecovered:
    """A later attempt succeeded."""

    phase: Phase
    attempt: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """A phase came to its end."""

    phase: Phase
    agent: str
    state: PhaseState
    took_s: float
    attempts: int
    says: str
    word: str
    """What the response branched on: `confirmed`, `proposed`, `failed` ..."""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMissing:
    """A source gave nothing for this incident; what follows rests on less."""

    source: str
    reason: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """Detection's finding."""

    finding: Detection


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """Diagnosis' finding."""

    finding: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Prediction's finding."""

    finding: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachForecast:
    """The standing watch expects a limit to be reached: a prevention case begins."""

    forecast: Forecast
    value: float
    """Of the series when it was forecast, in the unit of its limit."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreventionSettled:
    """How a prevention case came out; there is one for each case."""

    outcome: Outcome
    says: str
    value_at_forecast: float
    value: float | None
    """When it was settled; None when it could not be read."""
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProposed:
    """Resolution chose an action."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A person is wanted."""

    plan_id: str
    expires_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionApproved:
    """A person, or policy, said yes to exactly this plan."""

    plan_id: str
    by: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRejected:
    """A person said no."""

    plan_id: str
    by: str
    reason: str
    typed_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    """Nobody answered in time."""

    plan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn:
    """Nobody needs to answer any more; a yes that comes at the same moment changes nothing."""

    plan_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStarted:
    """The change is about to be made; `key` makes it happen once."""

    plan_id: str
    action: str
    target: str
    key: str
    undo_params: dict[str, str] = field(default_factory=dict)
    """The state before, so that a change that breaks half-way can be undone too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFinished:
    """The change was made."""

    plan_id: str
    action: str
    target: str
    output: str
    undo_params: dict[str, str]
    """What the action needs to undo itself, kept so that a restart can still undo."""
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBroke:
    """The change did not complete; what it had done so far is in `output`."""

    plan_id: str
    action: str
    target: str
    error: str
    output: str = ""


def is_verified(verdict: str, credit: str) -> bool:
    """
    Return whether a fix is verified: the one meaning of the word, wherever it is shown or counted.

    Everything that was out of range is steadily back in it, and that is the doing of what was changed. What comes after
    may take it back: an alert that joins again, or a reopening.
    """
    return verdict == "recovered" and credit == "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """
    The verdict on a fix: `recovered`, `in_part` (the service that was changed shows no trouble of its own any more, and
    another does), `not_recovered`, `worse` or `unknown` (could not look).
    """

    verdict: str
    says: str
    readings: tuple[Reading, ...]
    took_s: float
    credit: str = "action"
    """
    Whose a recovery is: `action`, `unclear` when something that the action cannot have touched came back as well, or
    `none` when nothing was changed. Only what is the action's counts in its record.
    """
    credit_says: str = ""

    @property
    def helped(self) -> bool | None:
        """Whether the fix helped, as its record counts it; None where that cannot be said."""
        if self.verdict == "recovered":
            return True if is_verified(self.verdict, self.credit) else None
        return False if self.verdict in ("not_recovered", "worse") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUndone:
    """The change was taken back: by the agents because it did not help, or because a person asked for it."""

    plan_id: str
    action: str
    target: str
    output: str
    by: str = ""
    """The person who asked for it; empty when the agents did it."""
    request: int = 0
    """Number of that person's request; 0 when the agents did it."""
    typed_name: str = ""
    """The name that was typed beside the principal: unproven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFailed:
    """The change could not be taken back: a person must look."""

    plan_id: str
    action: str
    target: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackRequested:
    """A person wants a change that Quell made taken back; it is carried out once this is recorded."""

    plan_id: str
    action: str
    target: str
    request: int
    """Number of it among those of the incident, from 1."""
    key: str
    """Makes the change go back once."""
    by: str
    reason: str
    typed_name: str = ""
    """The name that the person gave: a note that nothing proves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackFailed:
    """What a person wanted taken back could not be; it may be asked for again."""

    plan_id: str
    action: str
    target: str
    request: int
    error: str
    begun: bool
    """False: nothing was changed; True: it was tried, and something may have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Quell hands over to a person and says what it knows and lacks."""

    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseEnded:
    """The agents are done with this run: `resolved`, `helped_in_part`, `escalated`, `superseded` or `failed`."""

    run: int
    outcome: str
    says: str
    look_again_at: datetime | None = None
    """When they look again by themselves, because they found no sign or no cause; None when they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgainRequested:
    """A person wants the agents to look again."""

    by: str
    reason: str = ""
    typed_name: str = ""
    """The name that was typed beside the principal: unproven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAgain:
    """
    The agents looked once more at what they had handed over for want of a sign or a cause.

    This one event is all that a look leaves which finds nothing new; with `news` a whole response follows.
    """

    why: str
    """What made them look: `after 30 s`, `2 alerts joined`, `prometheus answers again`."""
    verdict: str
    """`no_sign`, `no_data`, `abstained`, `found` or `failed`."""
    says: str
    news: bool = False
    look_again_at: datetime | None = None
