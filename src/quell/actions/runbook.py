"""
What a runbook is: when it fits, what must hold first, what it does, and how to tell that it helped.

A runbook holds data and nothing that is run: no shell, no template, no expression. Its steps name actions that Quell
has, which know by themselves how they are tried dry, checked and taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from quell.incident.events import Cause

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Risk = Literal["low", "medium", "high"]
Origin = Literal["shipped", "own", "settings"]
"""`own`: a file of the folder that the settings name. `settings`: made from a webhook that names what it mends."""

Name = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Version = Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9.+_-]*$")]
Line = Annotated[str, Field(max_length=300, pattern=r"^\P{C}+$")]
"""One line for a person, without anything that does not show."""
Pattern = Annotated[str, Field(max_length=120, pattern=r"^\P{C}+$")]
"""`*`, `?` and `[...]` match as in file names, and case matters."""
Word = Annotated[str, Field(max_length=120, pattern=r"^\P{C}+$")]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a runbook is for. What is left empty matches anything."""

    __pydantic_config__ = STRICT

    causes: Annotated[tuple[Cause, ...], Field(min_length=1, max_length=len(Cause))]
    services: Patterns = ()
    """Patterns of the name of the service at fault."""
    kinds: Patterns = ()
    """Patterns of the kind of that service, as the settings name kinds."""
    series: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    """One of these left its normal range on that service."""
    labels: Annotated[Mapping[Word, Pattern], Field(max_length=10)] = field(default_factory=dict)
    """An alert of the incident carries all of these. Anybody who sends alerts can write labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What must hold before a runbook that fits is carried out."""

    __pydantic_config__ = STRICT

    min_probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the cause."""
    recent_change: Literal["", "deploy", "config", "flag", "scale", "restart"] = ""
    """The last change of this kind of the service came shortly before the trouble, and was not Quell's."""
    recent_change_s: Annotated[float, Field(ge=10, le=86_400)] = 300.0
    """How shortly."""
    not_within_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """The runbook was not carried out on the service within so long; 0 for no such limit."""
    runs_per_hour: Annotated[int, Field(ge=0, le=1000)] = 0
    """The runbook was carried out less often than this in the last hour, on any service; 0 for no such limit."""
    dependencies_healthy: bool = False
    """Nothing is out of range on any service that the one at fault calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An action of Quell's, and as much of its params as is known beforehand."""

    __pydantic_config__ = STRICT

    action: Word
    params: Annotated[Mapping[Name, Word | int], Field(max_length=10)] = field(default_factory=dict)
    subject: Annotated[str, Field(max_length=64)] = ""
    """The param that is given what exactly diagnosis named beside the service (the dependency, the pool)."""

    def params_for(self, subject: str) -> dict[str, str]:
        """Return the params; the action's dry run names those that they leave open."""
        given = {name: str(value) for name, value in self.params.items()}
        return {**given, self.subject: subject} if self.subject and subject else given


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How to tell whether it helped, beyond what the settings say for any incident."""

    __pydantic_config__ = STRICT

    series: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    """Watched too, as far as they had left their range; what users feel is watched in any case."""
    within_s: Annotated[float, Field(ge=5, le=540)] | None = None
    """No recovery by then is no recovery. A verification is cut off after 600 s."""
    steady: Annotated[int, Field(ge=2, le=60)] | None = None
    """Readings in range, in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One way to mend a cause."""

    __pydantic_config__ = STRICT

    name: Name
    version: Version
    title: Line
    why: Line
    """How it mends the cause: ends a sentence that begins with the action's name."""
    expected: Line
    """The effect one should see."""
    undo: Line
    """How it is taken back; whether Quell can do that is the action's to say."""
    risk: Risk
    match: Match
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=5)]
    """The first that its dry run finds possible is proposed. One that did not help is not followed by the next."""
    weight: Annotated[float, Field(gt=0, le=1)] = 1.0
    """How well it fits beside others for the same cause."""
    when: When = field(default_factory=When)
    verify: Verify = field(default_factory=Verify)
    enabled: bool = True
    """False takes the runbook of this name out of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A runbook and where it is from."""

    runbook: Runbook
    origin: Origin
    file: str = ""
    """Empty for one that is not from a file."""
